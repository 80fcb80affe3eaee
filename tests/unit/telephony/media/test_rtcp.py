from __future__ import annotations

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpRrPacket, RtcpSdesPacket, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from telephony.media.outgoing import Outgoing
from telephony.media.rtcp import INTERVAL, MAX_BYTES, ReportBlock, Reporter, SenderInfo, is_rtcp, parse, pause, report
from telephony.media.rtp import Reception

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


def test_who_sent_nothing_gives_a_receiver_report_and_a_good_bye_at_the_end() -> None:
    data = report(7, None, BLOCK, b"me", bye=True)
    receiver, description, bye = RtcpPacket.parse(data)
    assert isinstance(receiver, RtcpRrPacket) and isinstance(description, RtcpSdesPacket) and isinstance(bye, RtcpByePacket)
    assert (receiver.ssrc, receiver.reports[0].jitter, bye.sources) == (7, 40, [7])
    assert parse(data).bye and parse(data).blocks == (BLOCK,) and parse(data).sent_at == 0
    assert is_rtcp(data) and not is_rtcp(b"\x80\x00" + bytes(20)) and not is_rtcp(b"\x80\xc8")


def test_reports_are_spread_around_their_interval() -> None:
    assert [pause(chance) for chance in (0.0, 0.5, 1.0)] == [INTERVAL / 2, INTERVAL, INTERVAL * 1.5]
    assert pause(0.5, first=True) == INTERVAL / 2


class Side:
    """One end of a stream, on a clock of the test's; `wall` is off by half an hour."""

    def __init__(self, ssrc: int, ahead: float) -> None:
        self.out = Outgoing(ssrc, 100, 1000, lambda packet: None)
        self.reception = Reception()
        self.reporter = Reporter()
        self.ahead = ahead

    def hear(self, other: Side, packets: range, now: float) -> None:
        for number in packets:
            self.reception.arrived(number & 0xFFFF, number * 160, other.out.ssrc, now + number * 0.02)
            other.out.send_frame(0, bytes(160), now + number * 0.02)

    def compose(self, now: float, **more: bool) -> bytes:
        return self.reporter.compose((self.out, self.reception), now=now, wall=now + self.ahead, **more)

    def take(self, data: bytes, now: float) -> None:
        self.reporter.heard(data, self.out.ssrc, now=now, wall=now + self.ahead)


def test_both_sides_know_loss_and_the_way_there_and_back() -> None:
    near, far = Side(1, 1800.0), Side(2, 0.0)
    far.hear(near, range(65500, 65510), 0.0)
    far.compose(1311.0)
    far.hear(near, range(65510, 65550), 0.0)
    far.reception.arrived(20, 65556 * 160, 1, 1312.0)  # six are missing, after the wrap
    first = near.compose(1320.0)
    far.take(first, 1320.04)
    near.take(far.compose(1322.0), 1322.06)
    assert near.reporter.round_trip == pytest.approx(0.1, abs=0.001)
    block = near.reporter.block
    assert block is not None
    assert (block.cumulative_lost, block.fraction_lost, block.highest_sequence) == (6, 6 * 256 // 47, 65536 + 20)
    near.take(far.compose(1325.0), 1325.0)
    assert near.reporter.block is not None and near.reporter.block.fraction_lost == 0, "none since the report before"


def test_a_report_says_what_was_sent_only_where_something_was() -> None:
    near, far = Side(1, 0.0), Side(2, 0.0)
    assert near.compose(1.0)[1] == 201
    far.hear(near, range(3), 1.0)
    data = near.compose(2.0)
    (sender, _) = RtcpPacket.parse(data)
    assert isinstance(sender, RtcpSrPacket)
    assert (sender.sender_info.packet_count, sender.sender_info.octet_count) == (3, 480)
    assert sender.sender_info.rtp_timestamp == 1000 + 2 * 160 + int((2.0 - 1.04) * 8000)
    assert near.compose(3.0)[1] == 201
    assert parse(near.compose(4.0, bye=True)).bye


def test_a_report_about_others_or_of_another_age_measures_nothing() -> None:
    near = Side(1, 0.0)
    near.take(report(2, None, BLOCK), 10.0)
    assert near.reporter.block is None and near.reporter.round_trip is None
    near.take(report(2, None, ReportBlock(1, 0, 0, 0, 0, last_report=5, delay=0)), 10.0)
    assert near.reporter.block is not None and near.reporter.round_trip is None


def test_no_more_is_read_than_a_datagram_holds() -> None:
    assert len(parse(report(1, None, BLOCK) * 100).blocks) <= MAX_BYTES // 24


@given(st.binary(max_size=200))
def test_any_bytes_are_heard(data: bytes) -> None:
    one = Reporter()
    one.heard(data, 5, now=1.0, wall=1.0)
    assert one.round_trip is None or 0 <= one.round_trip <= 30


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    assert len(parse(data).blocks) <= 200


@given(st.integers(0, 60))
def test_cut_reports_are_read(length: int) -> None:
    whole = report(1, SenderInfo(wall=0.0, timestamp=0, packets=0, octets=0), BLOCK)
    assert set(parse(whole[:length]).blocks) <= {BLOCK}
