from __future__ import annotations

from aiortc.rtp import RtcpPacket, RtcpSdesPacket, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from telephony.gateway.rtcp import ReportBlock, SenderInfo, parse, report

BLOCK = ReportBlock(ssrc=5, fraction_lost=12, cumulative_lost=-3, highest_sequence=70000, jitter=40, last_report=9, delay=65536)


def test_report_is_read_by_another_implementation() -> None:
    data = report(0xDEADBEEF, SenderInfo(wall=1.5, timestamp=160, packets=2, octets=320), BLOCK)
    sender, description = RtcpPacket.parse(data)
    assert isinstance(sender, RtcpSrPacket)
    assert isinstance(description, RtcpSdesPacket)
    assert sender.ssrc == 0xDEADBEEF
    assert sender.sender_info.ntp_timestamp == (2208988801 << 32) + (1 << 31)
    assert (sender.sender_info.rtp_timestamp, sender.sender_info.packet_count, sender.sender_info.octet_count) == (160, 2, 320)
    assert (sender.reports[0].ssrc, sender.reports[0].packets_lost, sender.reports[0].highest_sequence) == (5, -3, 70000)
    assert description.chunks[0].items == [(1, b"hotline")]


def test_what_is_sent_is_read_back() -> None:
    peer = parse(report(1, SenderInfo(wall=0.0, timestamp=0, packets=0, octets=0), BLOCK))
    assert peer.blocks == (BLOCK,)
    assert peer.sent_at == (2208988800 & 0xFFFF) << 16


def test_report_without_block() -> None:
    assert parse(report(1, SenderInfo(wall=0.0, timestamp=0, packets=0, octets=0), None)).blocks == ()


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    assert len(parse(data).blocks) <= 200


@given(st.integers(0, 60))
def test_cut_reports_are_read(length: int) -> None:
    whole = report(1, SenderInfo(wall=0.0, timestamp=0, packets=0, octets=0), BLOCK)
    assert set(parse(whole[:length]).blocks) <= {BLOCK}
