from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.errors import MalformedMessage, NoCommonCodec, PeerFault
from telephony.gateway.webrtc_sdp import MAX_CANDIDATES, IceDescription, offer_text, parse_answer
from telephony.media.codec import Codec

DIGEST = ":".join(["AB"] * 32)
CANDIDATE = "1 1 udp 2122260223 127.0.0.1 50000 typ host"

CHROMIUM_ANSWER = f"""v=0\r
o=- 4611731400430051336 2 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0\r
a=msid-semantic: WMS\r
m=audio 50000 UDP/TLS/RTP/SAVPF 0 101\r
c=IN IP4 127.0.0.1\r
a=rtcp:9 IN IP4 0.0.0.0\r
a=candidate:{CANDIDATE} generation 0 network-id 1\r
a=ice-ufrag:EsAw\r
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r
a=ice-options:trickle\r
a=fingerprint:sha-256 {DIGEST}\r
a=setup:active\r
a=mid:0\r
a=sendrecv\r
a=msid:- 0b1e\r
a=rtcp-mux\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:101 telephone-event/8000\r
a=ssrc:3 cname:x\r
"""


def test_offer_is_complete_and_names_only_what_we_carry() -> None:
    ice = IceDescription("abcd", "p" * 22, (("sha-256", DIGEST),), (CANDIDATE,))
    lines = offer_text(ice, session=7, ssrc=99).split("\r\n")
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 0 111 101 110" in lines
    assert {"a=rtpmap:111 opus/48000/2", f"a=fmtp:111 {Codec.OPUS.fmtp}", "a=rtpmap:110 telephone-event/48000"} <= set(lines)
    assert f"a=candidate:{CANDIDATE}" in lines
    assert "a=end-of-candidates" in lines
    assert "a=setup:actpass" in lines
    assert lines[-1] == ""


def test_answer_of_chromium_is_read() -> None:
    answer = parse_answer(CHROMIUM_ANSWER)
    assert answer.ice.ufrag == "EsAw"
    assert answer.ice.fingerprints == (("sha-256", DIGEST),)
    assert answer.ice.candidates == (f"{CANDIDATE} generation 0 network-id 1",)
    assert (answer.browser_is_client, answer.codec, answer.telephone_event) == (True, Codec.PCMU, 101)


@pytest.mark.parametrize(
    ("payloads", "codec", "event"),
    [
        ("111 0 101 110", Codec.OPUS, 110),
        ("111 101", Codec.OPUS, 101),
        ("0 111 110 101", Codec.PCMU, 101),
        ("111", Codec.OPUS, None),
    ],
)
def test_the_first_codec_of_the_answer_is_spoken(payloads: str, codec: Codec, event: int | None) -> None:
    answer = parse_answer(CHROMIUM_ANSWER.replace("SAVPF 0 101", f"SAVPF {payloads}"))
    assert (answer.codec, answer.telephone_event) == (codec, event)


def test_an_offer_of_one_codec_takes_no_other() -> None:
    ice = IceDescription("abcd", "p" * 22, (("sha-256", DIGEST),), (CANDIDATE,))
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111 110" in offer_text(ice, session=7, ssrc=9, codecs=(Codec.OPUS,))
    with pytest.raises(NoCommonCodec):
        parse_answer(CHROMIUM_ANSWER, (Codec.OPUS,))


def test_answer_without_events() -> None:
    assert parse_answer(CHROMIUM_ANSWER.replace("SAVPF 0 101", "SAVPF 0")).telephone_event is None


def test_candidates_beyond_the_limit_are_ignored() -> None:
    more = f"a=candidate:{CANDIDATE}\r\n" * 60
    assert len(parse_answer(CHROMIUM_ANSWER + more).ice.candidates) == MAX_CANDIDATES


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0\r\n", ""),
        ("a=rtcp-mux\r\n", ""),
        ("a=setup:active", "a=setup:actpass"),
        ("a=ice-ufrag:EsAw", "a=ice-ufrag:E w!"),
        ("a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "a=ice-pwd:short"),
        (f"a=fingerprint:sha-256 {DIGEST}\r\n", ""),
        (DIGEST, "not-hex"),
        ("m=audio", "m=video"),
        ("m=audio 50000 UDP/TLS/RTP/SAVPF 0 101", "m=audio"),
        ("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nm=audio"),
    ],
)
def test_what_is_no_answer_is_refused(old: str, new: str) -> None:
    assert old in CHROMIUM_ANSWER
    with pytest.raises(MalformedMessage):
        parse_answer(CHROMIUM_ANSWER.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("m=audio 50000", "m=audio 0"), ("SAVPF 0 101", "SAVPF 101")])
def test_refused_audio_is_no_common_codec(old: str, new: str) -> None:
    with pytest.raises(NoCommonCodec):
        parse_answer(CHROMIUM_ANSWER.replace(old, new))


def test_huge_answers_are_refused() -> None:
    with pytest.raises(MalformedMessage, match="characters"):
        parse_answer(CHROMIUM_ANSWER + "a=x\r\n" * 5000)
    with pytest.raises(MalformedMessage, match="lines"):
        parse_answer(CHROMIUM_ANSWER + "a=x\r\n" * 500)


@given(st.integers(0, len(CHROMIUM_ANSWER)), st.integers(0, len(CHROMIUM_ANSWER)), st.text(max_size=40))
def test_damaged_answers_raise_only_peer_faults(start: int, end: int, filling: str) -> None:
    damaged = CHROMIUM_ANSWER[: min(start, end)] + filling + CHROMIUM_ANSWER[max(start, end) :]
    try:
        answer = parse_answer(damaged)
    except PeerFault:
        return
    assert len(answer.ice.ufrag) >= 4
