from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import MalformedMessage, Misuse, NoCommonCodec, TelephonyError
from telephony.media.codec import Codec
from telephony.sip.negotiation import Agreement, Negotiation
from telephony.sip.sdp import Description

HEAD = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"


def ours() -> Negotiation:
    return Negotiation("10.0.0.2", 6000, 77)


def offer(media: str = "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", head: str = HEAD) -> bytes:
    return (head + media).encode()


def agreed(one: Negotiation) -> Agreement:
    assert one.agreement is not None
    return one.agreement


def test_the_first_codec_of_the_offer_that_we_know_is_answered_alone() -> None:
    one = ours()
    answer = one.answer(offer()).decode()
    assert "m=audio 6000 RTP/AVP 8 101\r\n" in answer and "a=sendrecv" in answer and "a=ptime:20" in answer
    assert agreed(one) == Agreement(Codec.PCMA, 8, 101, "10.0.0.1", 4000, False)


def test_a_dynamic_number_for_g711_is_kept() -> None:
    one = ours()
    answer = one.answer(offer("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 pcmu/8000/1\r\n"))
    assert b"a=rtpmap:97 PCMU/8000" in answer and b"telephone-event" not in answer
    assert (agreed(one).payload_type, agreed(one).telephone_event) == (97, None)


@pytest.mark.parametrize(
    "media",
    [
        "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 x\r\n",
        "m=audio 4000 RTP/AVP 18 9\r\n",
        "m=video 4000 RTP/AVP 0\r\n",
        "m=audio 0 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n",
        "",
    ],
)
def test_what_we_cannot_answer_is_488_and_savp_is_never_answered_as_avp(media: str) -> None:
    with pytest.raises(NoCommonCodec) as caught:
        ours().answer(offer(media))
    assert caught.value.status == 488


def test_other_streams_are_turned_away_in_their_place() -> None:
    answer = ours().answer(offer("m=video 4002 RTP/AVP 97\r\nm=audio 4004 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\n"))
    assert [(media.kind, media.port, media.protocol) for media in Description.parse(answer).media] == [
        ("video", 0, "RTP/AVP"),
        ("audio", 0, "RTP/SAVP"),
        ("audio", 6000, "RTP/AVP"),
    ]


@pytest.mark.parametrize(
    ("extra", "direction", "held", "receiving"),
    [
        ("a=sendonly\r\n", "recvonly", True, True),
        ("a=inactive\r\n", "inactive", True, False),
        ("a=recvonly\r\n", "sendonly", False, False),
        ("c=IN IP4 0.0.0.0\r\n", "sendrecv", True, True),
    ],
)
def test_hold_in_all_its_forms(extra: str, direction: str, held: bool, receiving: bool) -> None:
    one = ours()
    answer = one.answer(offer(f"m=audio 4000 RTP/AVP 0\r\n{extra}"))
    assert f"a={direction}\r\n".encode() in answer
    assert (agreed(one).held, agreed(one).sending, agreed(one).receiving) == (held, not held, receiving)


def test_the_version_counts_changes_and_only_changes() -> None:
    one = ours()
    versions = []
    for body in (offer(), offer(), offer("m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n"), offer()):
        versions.append(Description.parse(one.answer(body)).origin.split()[:3])
    assert versions == [["-", "77", "1"], ["-", "77", "1"], ["-", "77", "2"], ["-", "77", "3"]]


def test_our_offer_and_its_answer() -> None:
    one = ours()
    assert b"m=audio 6000 RTP/AVP 0 8 101\r\n" in one.offer()
    result = one.take_answer(offer("m=audio 4000 RTP/AVP 8\r\n"))
    assert (result.codec, result.telephone_event) == (Codec.PCMA, None)
    assert b"m=audio 6000 RTP/AVP 8 0 101\r\n" in one.offer(), "the codec in use comes first"


def test_an_answer_without_our_codecs_or_without_an_offer() -> None:
    one = ours()
    with pytest.raises(Misuse):
        one.take_answer(offer())
    one.offer()
    for media in ("m=audio 0 RTP/AVP 0\r\n", "m=audio 4000 RTP/AVP 18\r\n"):
        with pytest.raises(NoCommonCodec):
            one.take_answer(offer(media))


def test_a_stream_without_an_address_is_malformed() -> None:
    with pytest.raises(MalformedMessage):
        ours().answer(offer("m=audio 4000 RTP/AVP 0\r\n", "v=0\r\n"))


LINES = [
    "m=audio 1 RTP/AVP 0 8",
    "m=audio 2 RTP/AVP x 0 200 ²",
    "m=video 3 RTP/SAVP 0",
    "a=rtpmap:0 ",
    "a=rtpmap:8 pcma",
    "a=rtpmap:0 PCMU/٨٠٠٠",
    "a=rtpmap:101 telephone-event/8000",
    "a=sendonly",
    "a=",
    "b=AS:64",
    "c=IN IP4 0.0.0.0",
    "c=IN IP4 host.example",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_every_answer_answers_every_section(lines: list[str]) -> None:
    body = ("v=0\r\n" + "".join(f"{line}\r\n" for line in lines)).encode()
    try:
        answer = ours().answer(body)
    except TelephonyError as error:
        assert error.status in (400, 488)
        return
    sections = Description.parse(answer).media
    assert len(sections) == len(Description.parse(body).media)
    assert sum(media.port != 0 for media in sections) == 1
