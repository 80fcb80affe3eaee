"""What is kept of a call's messages, how much of it, and what of it is shown."""

from __future__ import annotations

import struct
import time
from dataclasses import replace

import pytest

from telephony.sip import hep, pcap
from telephony.sip.flow import Flow
from telephony.sip.ladder import ladder
from telephony.sip.trace import Trace, Traced, TraceSettings, redacted, without_keys
from tests.unit.telephony.sip.peers import CLIENT, OFFER, Script, request

SMALL = TraceSettings(budget=65_536)
REFUSED = b"SIP/2.0 401 Unauthorized\r\nCall-ID: %b\r\n\r\n"
RINGING = b"SIP/2.0 180 Ringing\r\nCall-ID: %b\r\n\r\n"


def invite(call_id: str) -> bytes:
    return request("INVITE", call_id=call_id, body=OFFER)


def test_a_call_is_kept_in_order_both_ways() -> None:
    trace = Trace()
    trace.note(1.0, False, CLIENT, invite("a"))
    trace.note(1.1, True, CLIENT, RINGING % b"a")
    trace.note(1.2, False, CLIENT, invite("b"))
    assert [(one.at, one.sent) for one in trace.of("a")] == [(1.0, False), (1.1, True)]
    assert [(call_id, count) for call_id, _, count in trace.calls()] == [("a", 2), ("b", 1)]
    assert trace.of("none") == []


@pytest.mark.parametrize("line", ["Call-ID: a", "CALL-ID :a", "i: a", "I:a"])
def test_a_call_id_is_found_in_any_spelling(line: str) -> None:
    trace = Trace()
    trace.note(1.0, False, CLIENT, f"BYE sip:x SIP/2.0\r\n{line}\r\n\r\n".encode())
    trace.note(1.0, False, CLIENT, b"garbage")
    trace.note(1.0, False, CLIENT, b"BYE sip:x SIP/2.0\r\nCall-ID: \r\n\r\n")
    assert len(trace.of("a")) == 1 and len(trace) == 1


def test_the_budget_holds_and_scanners_push_out_no_call() -> None:
    trace = Trace(SMALL)
    for number in range(20):
        trace.note(1.0, False, CLIENT, invite(f"real{number}"))
        trace.note(1.0, True, CLIENT, RINGING % f"real{number}".encode())
    for number in range(5000):
        trace.note(2.0, False, CLIENT, invite(f"scan{number}"))
        trace.note(2.0, True, CLIENT, REFUSED % f"scan{number}".encode())
        assert trace.octets <= SMALL.budget
    assert all(len(trace.of(f"real{number}")) == 2 for number in range(20))
    assert trace.dropped > 9000 and len(trace.of("scan4999")) == 2


def test_one_endless_call_keeps_its_first_message_and_its_last() -> None:
    trace = Trace(TraceSettings(most_of_call=50))
    for number in range(1000):
        trace.note(float(number), True, CLIENT, request("OPTIONS", call_id="a", cseq=number + 1))
    kept = trace.of("a")
    assert len(kept) == 50 and kept[0].at == 0.0 and kept[-1].at == 999.0
    trace.clear()
    assert trace.octets == 0 and len(trace) == 0


def test_it_can_be_switched_off() -> None:
    trace = Trace(TraceSettings(enabled=False))
    trace.note(1.0, False, CLIENT, invite("a"))
    assert len(trace) == 0
    trace.enabled = True
    trace.note(1.0, False, CLIENT, invite("a"))
    assert len(trace) == 1
    with pytest.raises(ValueError):
        TraceSettings(budget=10)


def test_a_message_costs_little() -> None:
    """Bounds are wide: the machine is shared. docs/performance.md has the figures."""
    trace, data, count = Trace(), invite("a"), 5000
    begin = time.process_time()
    for _ in range(count):
        trace.note(1.0, False, CLIENT, data)
    assert (time.process_time() - begin) / count < 20e-6


def test_no_secret_is_shown() -> None:
    data = (
        b"REGISTER sip:x SIP/2.0\r\nAuthorization:\tDigest username=\"bob\",nonce=\"n0nce\", cnonce=c123,response=\"r3sp\",\r\n"
        b"\topaque=\"0paque\"\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"n0nce\"\r\nSubject: nonce=shown\r\n\r\n"
        b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:S3cretS3cret|2^20\r\na=ice-pwd:pa55word\r\na=ice-ufrag:shown\r\n"
    )  # fmt: skip
    shown = redacted(data)
    for secret in (b"n0nce", b"c123", b"r3sp", b"0paque", b"S3cret", b"pa55word"):
        assert secret not in shown
    for word in (b'username="bob"', b"nonce=shown", b"AES_CM_128_HMAC_SHA1_80", b"|2^20", b"ice-ufrag:shown"):
        assert word in shown
    assert redacted(b"garbage") == b"garbage"


def test_the_ladder_of_a_call() -> None:
    script, trace = Script(), Trace()
    data = request("INVITE", call_id="a", body=OFFER)
    trace.note(100.0, False, CLIENT, data)
    for answer in script.send(data):
        trace.note(100.25, True, CLIENT, bytes(answer))
    trace.note(100.5, False, CLIENT, data)
    rungs = ladder(trace.of("a")) + ladder([Traced(0.0, True, CLIENT, b"")])
    assert [(rung.after, rung.sent, rung.word, rung.repeated) for rung in rungs] == [
        (0.0, False, "INVITE", False), (0.25, True, "100 Trying", False), (0.5, False, "INVITE", True),
        (0.0, True, "", False),
    ]  # fmt: skip
    assert rungs[0].peer == "udp 10.0.0.9:5099" and rungs[0].cseq == "1 INVITE"
    assert rungs[0].detail == "sip:1000@10.0.0.2; SDP audio 4000 RTP/AVP 0 8 101"
    hostile = Traced(0.0, True, replace(CLIENT, host="2001:db8::1"), b"BYE sip:\x1b[2J@x SIP/2.0\r\nReason: Q.850\r\n\r\n")
    (rung,) = ladder([hostile])
    assert rung.detail == "sip:?[2J@x; reason: Q.850", "nothing that a terminal would obey"
    assert rung.peer == "udp [2001:db8::1]:5099"


V6 = Flow("tcp", "2001:db8::9", 5099, "2001:db8::2", 5060)
NAMED = Flow("udp", "pbx.example.com", 5099, "10.0.0.2", 5060)


def folded(data: bytes) -> int:
    """The Internet checksum, written the other way round: by words (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1])) + (data[-1] << 8 if len(data) % 2 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize("flow", [CLIENT, V6, NAMED])
@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("size", [0, 1, 300, 65_536])
def test_ip_and_udp_headers_are_sound(flow: Flow, sent: bool, size: int) -> None:
    packet = pcap.datagram(Traced(0.0, sent, flow, b"x" * size))
    if flow is V6:
        assert packet[0] >> 4 == 6 and int.from_bytes(packet[4:6], "big") == len(packet) - 40
        addresses, udp = packet[8:40], packet[40:]
    else:
        assert int.from_bytes(packet[2:4], "big") == len(packet) <= 65_535
        assert folded(packet[:20]) == 0xFFFF
        addresses, udp = packet[12:20], packet[20:]
    assert folded(addresses + struct.pack("!HH", 17, len(udp)) + udp) == 0xFFFF
    ports = struct.unpack("!HH", udp[:4])
    assert ports == ((5060, 5099) if sent else (5099, 5060))


def chunks(packet: bytes) -> dict[int, bytes]:
    """A HEP3 packet as its receiver reads it."""
    assert packet[:4] == b"HEP3" and int.from_bytes(packet[4:6], "big") == len(packet)
    found, at = {}, 6
    while at < len(packet):
        vendor, kind, length = struct.unpack_from("!HHH", packet, at)
        assert vendor == 0 and length >= 6
        found[kind] = packet[at + 6 : at + length]
        at += length
    assert at == len(packet)
    return found


def test_a_hep_packet_says_who_when_and_what() -> None:
    data = invite("a")
    got = chunks(hep.packet(Traced(0.0, False, CLIENT, data), 1_700_000_000.25, 7, "secret", "node-1"))
    assert got[15] == data and got[17] == b"a" and got[14] == b"secret" and got[19] == b"node-1"
    assert (got[1], got[2], got[11]) == (b"\x02", b"\x11", b"\x01")
    assert (got[3], got[4]) == (bytes([10, 0, 0, 9]), bytes([10, 0, 0, 2]))
    assert (got[7], got[8]) == ((5099).to_bytes(2, "big"), (5060).to_bytes(2, "big"))
    assert struct.unpack("!II", got[9] + got[10]) == (1_700_000_000, 250_000)
    got = chunks(hep.packet(Traced(0.0, True, V6, data), 0.0, 7))
    assert (got[1], got[2], len(got[5])) == (b"\x0a", b"\x06", 16) and got[5].endswith(b"\x02") and 14 not in got
    assert len(chunks(hep.packet(Traced(0.0, True, NAMED, data * 300), 0.0, 7))[15]) <= 65_535


@pytest.mark.parametrize(
    ("kind", "body", "kept"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", b"Signal=?\r\nDuration=160\r\n"),
        ("application/dtmf-relay", b"Duration=160\r\nSignal = 11", b"Duration=160\r\nSignal = ??"),
        ("application/dtmf", b"7\r\n", b"?\r\n"),
        ("application/sdp", b"v=0\r\n", b"v=0\r\n"),
    ],
)
def test_the_keys_of_an_info_are_kept_by_nobody(kind: str, body: bytes, kept: bytes) -> None:
    trace = Trace()
    head = b"INFO sip:a@b SIP/2.0\r\nCall-ID: secret-1\r\nContent-Type: " + kind.encode() + b"\r\n\r\n"
    trace.note(1.0, False, CLIENT, head + body)
    assert [one.data for one in trace.of("secret-1")] == [head + kept]
    assert without_keys(b"MESSAGE" + head[4:] + body) == b"MESSAGE" + head[4:] + body
