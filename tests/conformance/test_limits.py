"""What a stranger, or a far end gone bad, can make us keep or do: counted or measured, one test for each.

Memory is what Python allocated (tracemalloc), after everything has had its time to go away.
"""

from __future__ import annotations

import functools
import gc
import random
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from telephony.errors import PeerFault
from telephony.media.codec import Codec
from telephony.media.jitter import JitterBuffer
from telephony.media.rtp import compose
from telephony.media.stream import MediaStream
from telephony.media.two_channel import LEFT, FarClock, Timeline
from telephony.net.dtls import Handshake, Identity
from telephony.net.srtp import Srtp
from telephony.sip.core import AgentSettings
from telephony.sip.digest import Account, Authenticator, credentials
from telephony.sip.events import CallOffered
from telephony.sip.flow import Flow
from telephony.sip.grammar import REMEMBERED, Address, Uri, Via
from telephony.sip.incoming import IncomingCall
from telephony.sip.message import MAX_BYTES, MAX_HEADERS, Response
from telephony.sip.sdp import MAX_BYTES as MAX_SDP
from telephony.sip.sdp import Description
from tests.unit.telephony.sip.peers import ANSWER, CLIENT, OFFER, Script, request

KB = 1024
VOICE = b"\xff" * 160
MEMORIES = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]


def forget() -> None:
    """Empty every memory of functools: bounded, and measured by itself below."""
    for one in MEMORIES:
        one.cache_clear()


@contextmanager
def growth() -> Iterator[Callable[[], int]]:
    """Octets that are allocated more than when it began."""
    forget()
    gc.collect()
    tracemalloc.start()
    try:

        def grown() -> int:
            forget()
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        yield grown
    finally:
        tracemalloc.stop()


def invite(number: int, **values: object) -> bytes:
    return request("INVITE", branch=f"z9hG4bK{number}", call_id=f"c{number}", from_tag=f"f{number}", body=OFFER, **values)  # type: ignore[arg-type]


def answered(script: Script, number: int = 1) -> IncomingCall:
    """A call that is up."""
    script.send(invite(number))
    (call,) = [event.call for event in script.agent.drain_events() if isinstance(event, CallOffered)]
    call.accept(ANSWER, script.now)
    (ok,) = script.sent()
    assert isinstance(ok, Response) and ok.status == 200
    script.send(
        request("ACK", branch=f"z9hG4bKa{number}", call_id=f"c{number}", from_tag=f"f{number}", to_tag=ok.recipient.tag)
    )
    script.agent.drain_events()
    return call


# Without any proof of who they are


STRANGE: dict[str, Callable[[int], bytes]] = {
    "INVITE without credentials": invite,
    "REGISTER without credentials": lambda n: request("REGISTER", branch=f"z9hG4bK{n}", call_id=f"c{n}"),
    "OPTIONS": lambda n: request("OPTIONS", branch=f"z9hG4bK{n}", call_id=f"c{n}"),
    "BYE of no dialog": lambda n: request("BYE", branch=f"z9hG4bK{n}", call_id=f"c{n}", to_tag="x"),
    "CANCEL of no INVITE": lambda n: request("CANCEL", branch=f"z9hG4bK{n}", call_id=f"c{n}"),
    "ACK of nothing": lambda n: request("ACK", branch=f"z9hG4bK{n}", call_id=f"c{n}", to_tag="x"),
    "SUBSCRIBE": lambda n: request("SUBSCRIBE", branch=f"z9hG4bK{n}", call_id=f"c{n}", headers="Event: presence\r\n"),
    "REFER out of the blue": lambda n: request(
        "REFER", branch=f"z9hG4bK{n}", call_id=f"c{n}", headers="Refer-To: <sip:a@b>\r\n"
    ),
    "another method": lambda n: request(f"M{n}", branch=f"z9hG4bK{n}", call_id=f"c{n}"),
    "response to nothing": lambda n: (
        f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{n}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
        f"Call-ID: c{n}\r\nCSeq: 1 INVITE\r\n\r\n"
    ).encode(),
    "garbage": lambda n: struct.pack("!I", n) * 100,
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_stranger_leaves_nothing_behind(kind: str) -> None:
    """Hundreds of them: no transaction, no call, no timer, no memory."""
    script = Script(trusted=lambda flow: False)
    for number in range(50):
        script.send(STRANGE[kind](number))
    with growth() as grown:
        for number in range(50, 450):
            script.send(STRANGE[kind](number))
            script.now += 0.001
        script.agent.drain_events()
        assert grown() < 40 * KB
    core = script.agent.core
    assert (len(core.transactions), len(core.calls), core.active, len(core.timers)) == (0, 0, 0, 0)
    if kind not in ("OPTIONS", "ACK of nothing"):
        assert script.agent.refused.total() == 450, "every refusal is counted by its reason"


# Size of one message


@pytest.mark.parametrize(
    "data",
    [
        b"OPTIONS sip:a SIP/2.0\r\n" + b"A: b\r\n" * (MAX_HEADERS * 4),
        b"OPTIONS sip:a SIP/2.0\r\nSubject: " + b"a" * 60_000 + b"\r\n\r\n",
        b"x" * (MAX_BYTES * 4),
        invite(1) + b"\xff" * 60_000,
    ],
    ids=["headers", "line", "message", "after the body"],
)
def test_a_message_beyond_the_limits_costs_a_look_at_its_size(data: bytes) -> None:
    script = Script(trusted=lambda flow: False)
    script.send(data)
    with growth() as grown:
        begin = time.process_time()
        for _ in range(100):
            script.send(data)
        assert (time.process_time() - begin) / 100 < 0.01
        assert grown() < 64 * KB


def test_a_description_beyond_the_limits_is_refused() -> None:
    for body in (b"v=0\r\n" + b"a=x\r\n" * 2000, OFFER + b"m=audio 4 RTP/AVP 0\r\n" * 50, b"v=0\r\ns=" + b"x" * MAX_SDP):
        with pytest.raises(PeerFault):
            Description.parse(body)


# Those who may call


def test_calls_are_bounded_and_counted() -> None:
    script = Script(max_calls=50)
    for number in range(500):
        script.send(invite(number))
    assert script.agent.calls == 50 and script.agent.refused["call limit"] == 450


def test_a_ringing_call_keeps_little() -> None:
    """Of the 1,000 calls of a busy node: 100 MB would be too much."""
    script = Script()
    for number in range(20):
        script.send(invite(number))
    with growth() as grown:
        for number in range(20, 120):
            script.send(invite(number))
        script.agent.drain_events()
        assert grown() / 100 < 32 * KB


BURDEN = b"x" * 30_000
WITHIN: dict[str, dict[str, object]] = {
    "INFO": {"headers": "Content-Type: application/dtmf-relay\r\n", "body": b"Signal=5\r\n"},
    "OPTIONS": {},
    "UPDATE": {"body": OFFER},
    "REFER": {"headers": "Refer-To: <sip:a@b>\r\n"},
    "NOTIFY": {"headers": "Event: refer\r\nSubscription-State: active\r\n"},
    "SUBSCRIBE": {"headers": "Event: refer\r\n"},
    "MESSAGE": {"headers": "Content-Type: text/plain\r\n", "body": BURDEN},
    "PRACK": {"headers": "RAck: 1 1 INVITE\r\n"},
}


@pytest.mark.parametrize("method", WITHIN)
def test_what_a_caller_sends_within_a_call_is_gone_with_it(method: str) -> None:
    """Three hundred requests of each method: bounded while they come, all gone a minute after the call."""
    script = Script()
    answered(script, 1)
    with growth() as grown:
        call = answered(script, 2)
        for number in range(300):
            script.send(
                request(
                    method, branch=f"z9hG4bKw{number}", cseq=number + 10, call_id="c2", from_tag="f2", to_tag=call.tag,
                    **WITHIN[method],  # type: ignore[arg-type]
                )
            )  # fmt: skip
            for event in script.agent.drain_events():
                if type(event).__name__ == "ReOffered":
                    call.refuse_reoffer(488, script.now)
            script.run(0.2)
        assert len(script.agent.core.transactions) < 200
        script.send(request("BYE", branch="z9hG4bKend", cseq=5000, call_id="c2", from_tag="f2", to_tag=call.tag))
        script.run(300.0)
        script.agent.drain_events()
        del call
        assert grown() < 200 * KB
    assert script.agent.calls == 1 and len(script.agent.core.transactions) == 0


def test_registrations_are_bounded() -> None:
    """A phone registers contact after contact; accounts are those of the settings."""
    account = Account("6001", "pw")
    script = Script(credentials=lambda user: account if user == "6001" else None, trusted=lambda flow: False)
    statuses = []
    for number in range(30):
        (challenge,) = script.send(request("REGISTER", branch=f"z9hG4bKc{number}", call_id=f"r{number}"))
        assert isinstance(challenge, Response)
        header = credentials(challenge.headers.all("www-authenticate"), "REGISTER", "sip:x", account, "c")
        data = request(
            "REGISTER", branch=f"z9hG4bKr{number}", call_id=f"r{number}", uri="sip:6001@10.0.0.2",
            headers=f"Authorization: {header}\r\n", contact=f"<sip:6001@10.0.0.9:{6000 + number}>",
        )  # fmt: skip
        statuses += script.statuses(data)
    assert statuses == [200] * AgentSettings().max_bindings + [503] * (30 - AgentSettings().max_bindings)


def test_nonces_cost_nothing_until_they_prove_right_and_then_little() -> None:
    numbers = iter(range(10**6))
    server, account = Authenticator("r", b"s", lambda: f"t{next(numbers)}"), Account("u", "p")
    with growth() as grown:
        for _ in range(5000):
            server.challenges(1.0)
        assert grown() < 16 * KB
    (_, challenge) = server.challenges(1.0)
    for count in range(1, 4):
        header = credentials([challenge], "REGISTER", "sip:x", account, "c", {} if count == 1 else {"n": count})
        if count == 1:
            server.verify(header, "REGISTER", lambda user: account, 1.0)
        else:
            with pytest.raises(PeerFault):  # replayed
                server.verify(header, "REGISTER", lambda user: account, 1.0)


# Media


def stream() -> tuple[MediaStream, list[object]]:
    heard: list[object] = []
    one = MediaStream(ssrc=1, sequence=1, timestamp=1, transmit=len, on_digit=heard.append, on_playback=lambda *_: None)
    one.configure(Codec.PCMU, 0, 101)
    one.listener = lambda frame: heard.append(len(frame))
    return one, heard


@pytest.mark.parametrize("jump", [0x10000, 0x7FFFFFFF, 0x80000000, 0xF0000000, 0xFFFFFFFF])
def test_a_far_timestamp_costs_nothing(jump: int) -> None:
    """pyVoIP allocates 600 MB for one. Here at most 200 ms are filled in."""
    one, heard = stream()
    for number in range(5):
        one.receive(compose(0, False, number, number * 160, 7, VOICE), number * 0.02)
    before = len(heard)
    with growth() as grown:
        one.receive(compose(0, False, 5, (640 + jump) & 0xFFFFFFFF, 7, VOICE), 0.1)
        assert len(heard) - before <= 12 and grown() < 64 * KB


def test_far_timestamps_cost_a_jitter_buffer_and_a_recording_nothing() -> None:
    buffer, clock, line = JitterBuffer(), FarClock(), Timeline()
    stamps = [0, 160, 0x7FFFFFFF, 320, 0xFFFFFF00, 0x80000001, 480] * 200
    with growth() as grown:
        for number, stamp in enumerate(stamps):
            buffer.put(Codec.PCMU, VOICE, number & 0xFFFF, stamp, number % 5, number * 0.02)
            buffer.get(number * 0.02)
            place = clock.place(stamp, 8000, number % 5, number * 160, 160)
            line.put(LEFT, place, np.zeros(160, np.int16))
            line.take(number * 160 - 16_000)
        assert buffer.depth <= 64 and grown() < 128 * KB
    assert abs(line.given - len(stamps) * 160) < 32_000, "a recording is as long as the clock says, not as timestamps say"


def test_ten_thousand_ssrcs_keep_nothing() -> None:
    one, heard = stream()
    one.listener = lambda frame: None
    for number in range(100):
        one.receive(compose(0, False, number, number * 160, number, VOICE), number * 0.02)
    with growth() as grown:
        for number in range(10_000):
            one.receive(compose(0, False, number & 0xFFFF, number * 160, number * 7919, VOICE), number * 0.001)
        assert grown() < 16 * KB
    assert not heard


def test_keys_that_never_end_are_one_key() -> None:
    """RFC 4733 events: 10,000 packets of one event, then 1,000 events of one packet each."""
    one, heard = stream()
    one.listener = None
    for number in range(10_000):
        one.receive(compose(101, False, number & 0xFFFF, 160, 7, struct.pack("!BBH", 5, 10, number & 0xFFFF)), number * 0.02)
    assert heard == ["5"]
    with growth() as grown:
        for number in range(1000):
            one.receive(compose(101, True, number, 1000 + number * 160, 7, b"\x05\x8a\x00\xa0"), 300.0 + number * 0.001)
            heard.clear()
        assert grown() < 16 * KB


def test_flows_of_any_source_are_forgotten() -> None:
    """OPTIONS from 1,000 addresses."""
    script = Script(trusted=lambda flow: False)
    with growth() as grown:
        for number in range(1000):
            flow: Flow = replace(CLIENT, host=f"10.{number >> 8}.{number & 255}.1")
            script.send(request("OPTIONS", branch=f"z9hG4bK{number}"), flow)
        assert grown() < 64 * KB


# What libraries keep in C is seen in the process's size alone


def resident() -> int:
    """Octets of this process in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc of Linux")
def test_forged_srtp_keeps_nothing() -> None:
    """20,000 packets of as many SSRCs, none of them signed with the key."""
    srtp = Srtp("AES_CM_128_HMAC_SHA1_80", bytes(30), bytes(30))
    for number in range(2000):
        srtp.unprotect(compose(0, False, number, number, number, VOICE))
    before = resident()
    for number in range(20_000):
        assert srtp.unprotect(compose(0, False, number & 0xFFFF, number, 10_000 + number, VOICE)) is None
    assert resident() - before < 2 << 20 and srtp.rejected == 22_000


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc of Linux")
@pytest.mark.parametrize("epoch", [0, 1, 9])
def test_a_handshake_that_never_ends_keeps_little(epoch: int) -> None:
    """10,000 DTLS records that lead nowhere: garbage, halves of a hello, records of another epoch."""
    shake = Handshake(Identity(), (("sha-256", "00"),), client=False)
    dice = random.Random(6347)

    def record(number: int) -> bytes:
        body = b"\x01\x00\x10\x00" + (number & 0xFFFF).to_bytes(2, "big") + dice.randbytes(1000)
        return struct.pack("!BHHHIH", 22, 0xFEFD, epoch, 0, number, len(body)) + body

    for number in range(1000):
        shake.receive(record(number))
    before = resident()
    for number in range(1000, 11_000):
        shake.receive(record(number))
        for _ in shake.output():
            pass
    assert resident() - before < 4 << 20 and shake.keys is None


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc of Linux")
def test_what_is_remembered_of_headers_is_bounded() -> None:
    """The longest ones that are remembered, more of them than are, in every header that is."""
    forget()
    before = resident()
    for number in range(4500):
        long = f"{number:05}" + "".join(f";{letter}{number}=1" for letter in "abcdefghijkl")
        Uri.parse(f"sip:{number:05}@h{long}"[:REMEMBERED])
        Address.parse(f"<sip:{number:05}@h>;t{long}"[:REMEMBERED])
        Via.parse(f"SIP/2.0/UDP h;branch={long}"[:REMEMBERED])
    assert resident() - before < 64 << 20
    forget()
