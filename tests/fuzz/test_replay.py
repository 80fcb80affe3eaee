"""Every input that fuzzing kept, again; what Hypothesis makes of the same targets; and time that grows with the input."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import CUT, TARGETS

CORPUS = Path(__file__).parent / "corpus"
GROWTH = 8.0
"""Most that four times the input may cost; six is what linear work comes to, the rest is the shared machine."""
NOTICED = 0.004
"""Seconds below which a time is noise."""


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_read_again(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs, f"tests/fuzz/corpus/{name} is empty: `make fuzz` keeps what it finds"
    for path in inputs:
        TARGETS[name].run(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_what_hypothesis_makes_is_read(name: str) -> None:
    target = TARGETS[name]
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())][:40]
    pieces = st.one_of(st.sampled_from(target.sentences), st.sampled_from(seeds), st.binary(max_size=20))

    @settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(pieces, max_size=8), st.integers(0, 400), st.integers(0, 400))
    def reads(parts: list[bytes], start: int, end: int) -> None:
        whole = b"".join(parts)
        target.run(whole[: -end or None])
        target.run(whole[start:])

    reads()


def header(name: str, value: Callable[[int], str]) -> Callable[[int], bytes]:
    def made(size: int) -> bytes:
        return (
            f"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\n"
            f"Call-ID: c\r\nCSeq: 1 OPTIONS\r\n{name}: {value(size)}\r\n\r\n"
        ).encode()

    return made


SDP = b"v=0\r\nc=IN IP4 1.1.1.1\r\n"
GROWING: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "commas": ("sip_message", header("Contact", lambda size: "<sip:a@b>," * (size // 10))),
    "quotes": ("sip_message", header("Contact", lambda size: '"' * size)),
    "backslashes": ("sip_message", header("Contact", lambda size: '"' + "\\" * size)),
    "brackets": ("sip_message", header("Route", lambda size: "<" * size)),
    "parameters": ("sip_message", header("Via", lambda size: "SIP/2.0/UDP a" + ";a" * (size // 2))),
    "folds": ("sip_message", header("Subject", lambda size: "a\r\n " * (size // 4))),
    "headers": ("sip_message", lambda size: b"OPTIONS sip:a SIP/2.0\r\n" + b"A: b\r\n" * (size // 6) + b"\r\n"),
    "blanks": ("sip_message", header("Subject", lambda size: " " * size)),
    "garbage": ("user_agent", lambda size: b"\xff" * size),
    "attributes": ("sdp", lambda size: SDP + b"m=audio 4 RTP/AVP 0\r\n" + b"a=rtpmap:0 x/1\r\n" * (size // 16)),
    "streams": ("sdp", lambda size: SDP + b"m=audio 4 RTP/AVP 0\r\n" * (size // 21)),
    "payload types": ("sdp", lambda size: SDP + b"m=audio 4 RTP/AVP" + b" 0" * (size // 2) + b"\r\n"),
    "keys": ("sdes_keys", lambda size: b"1 AES_CM_128_HMAC_SHA1_80 inline:x\n" * (size // 36)),
    "packets": ("rtp_packets", lambda size: CUT.join([b"\x80\x00" + bytes(10) + b"v" * (size // 32)] * 32)),
    "blocks": ("rtcp_packets", lambda size: b"\x80\xc9\x00\x01\x00\x00\x00\x01" * (size // 8)),
    "pings": ("framing", lambda size: b"\r\n" * (size // 2)),
    "half a head": ("framing", lambda size: b"A: b\r\n" * (size // 6)),
    "lengths": ("framing", lambda size: b"\r\nl:" * (size // 4)),
    "digest": ("digest_headers", lambda size: b"Digest " + b'a="b\\"",' * (size // 8)),
    "digest quotes": ("digest_headers", lambda size: b'Digest a="' + b"\\" * size),
    "users": ("words", lambda size: b"sip:" + b"%40" * (size // 3) + b"@x"),
    "ats": ("words", lambda size: b"sip:" + b"@" * size),
    "history": ("call_headers", lambda size: b"<sip:a@b>;index=1," * (size // 18)),
    "hex": ("call_headers", lambda size: b"00" * (size // 2) + b";encoding=hex"),
    "credentials": ("door", lambda size: b"\r\nCall-ID: a\r\nAuthorization: " + b"nonce=" * (size // 6)),
    "many credentials": ("door", lambda size: b"\r\nCall-ID: a" + b"\r\nAuthorization: nonce" * (size // 21)),
    "crypto": ("door", lambda size: b"\r\nCall-ID: a\r\n\r\n" + b"a=crypto:" * (size // 9)),
}  # fmt: skip


@pytest.mark.parametrize("name", GROWING)
def test_four_times_the_input_costs_four_times_the_time(name: str) -> None:
    target, make = GROWING[name]
    run = TARGETS[target].run
    small, large = make(4_000), make(16_000)
    for _ in range(3):
        quick, slow = _seconds(run, small), _seconds(run, large)
        if slow <= max(NOTICED, GROWTH * quick):
            return
    pytest.fail(f"{len(small)} octets take {quick * 1000:.1f} ms, {len(large)} take {slow * 1000:.1f} ms")


@pytest.mark.parametrize("name", GROWING)
def test_no_datagram_holds_up_the_media(name: str) -> None:
    """The largest datagram there is takes less than two packet times."""
    target, make = GROWING[name]
    assert _seconds(TARGETS[target].run, make(65_000)) < 0.2


def _seconds(run: Callable[[bytes], None], data: bytes) -> float:
    times = []
    for _ in range(3):
        begin = time.process_time()
        run(data)
        times.append(time.process_time() - begin)
    return min(times)
