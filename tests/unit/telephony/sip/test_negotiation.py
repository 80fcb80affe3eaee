from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import MalformedMessage, Misuse, NoCommonCodec, TelephonyError
from telephony.media.codec import Codec
from telephony.sip.negotiation import Agreement, MediaPolicy, Negotiation
from telephony.sip.sdp import Description

HEAD = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"


def ours() -> Negotiation:
    return Negotiation("10.0.0.2", 6000, 77)


EVERYTHING = MediaPolicy((Codec.OPUS, Codec.G722, Codec.PCMA, Codec.PCMU), comfort_noise=True, rtcp=True)
BROWSER = (
    "m=audio 4000 RTP/AVP 96 9 0 13 110 126\r\na=mid:voice\r\na=rtcp-mux\r\na=rtpmap:96 opus/48000/2\r\n"
    "a=fmtp:96 minptime=10;useinbandfec=1\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n"
)


def speaking(*codecs: Codec, own_order: bool = False) -> Negotiation:
    return Negotiation("10.0.0.2", 6000, 77, MediaPolicy(codecs, own_order))


def offer(media: str = "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", head: str = HEAD) -> bytes:
    return (head + media).encode()


def agreed(one: Negotiation) -> Agreement:
    assert one.agreement is not None
    return one.agreement


def test_the_first_codec_of_the_offer_that_we_know_is_answered_alone() -> None:
    one = ours()
    answer = one.answer(offer()).decode()
    assert "m=audio 6000 RTP/AVP 8 101\r\n" in answer and "a=sendrecv" in answer and "a=ptime:20" in answer
    assert agreed(one) == Agreement(Codec.PCMA, 8, 101, "10.0.0.1", 4000, False, rtcp_port=4001)


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


def test_our_later_offer_keeps_every_stream_of_theirs_in_its_place() -> None:
    """RFC 3264 §8: an offer never has fewer m= lines than the session so far, nor another order or name."""
    one = ours()
    group = HEAD + "a=group:BUNDLE film voice\r\n"
    one.answer(offer("m=video 4002 RTP/AVP 97\r\na=mid:film\r\nm=audio 4000 RTP/AVP 0\r\na=mid:voice\r\n", group))
    later = one.offer(direction="sendonly")
    assert b"a=group:BUNDLE voice\r\n" in later
    found = Description.parse(later).media
    assert [(media.kind, media.port, media.value("mid")) for media in found] == [("video", 0, "film"), ("audio", 6000, "voice")]
    assert found[1].direction == "sendonly"
    one.take_answer(offer("m=video 0 RTP/AVP 97\r\nm=audio 4010 RTP/AVP 0\r\na=recvonly\r\n"))
    assert (agreed(one).section, agreed(one).port, agreed(one).direction) == (1, 4010, "sendonly")
    again = Description.parse(one.offer()).media
    assert [media.kind for media in again] == ["video", "audio"]


def test_a_later_offer_passes_over_an_audio_stream_that_was_turned_away() -> None:
    one = ours()
    one.answer(offer("m=audio 4004 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\n"))
    one.offer()
    one.take_answer(offer("m=audio 0 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\n"))
    assert (agreed(one).section, agreed(one).port) == (1, 4000)


def test_our_offer_and_its_answer() -> None:
    one = ours()
    assert b"m=audio 6000 RTP/AVP 0 8 101\r\n" in one.offer()
    result = one.take_answer(offer("m=audio 4000 RTP/AVP 8\r\n"))
    assert (result.codec, result.telephone_event) == (Codec.PCMA, None)
    assert b"m=audio 6000 RTP/AVP 8 0 101\r\n" in one.offer(), "the codec in use comes first"


def test_our_offer_lists_codecs_noise_and_keys_at_each_clock() -> None:
    lines = Negotiation("10.0.0.2", 6000, 77, EVERYTHING).offer().decode().split("\r\n")
    assert lines[5:] == [
        "m=audio 6000 RTP/AVP 111 9 8 0 13 102 101",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=20;useinbandfec=1",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:13 CN/8000",
        "a=rtpmap:102 telephone-event/48000",
        "a=fmtp:102 0-15",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=rtcp-mux",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


@pytest.mark.parametrize(
    ("codecs", "own_order", "numbers"),
    [
        ((Codec.PCMU, Codec.G722, Codec.OPUS), False, "96 110"),
        ((Codec.PCMU, Codec.G722, Codec.OPUS), True, "0 126"),
        ((Codec.G722,), False, "9 126"),
    ],
)
def test_the_codec_is_the_first_of_theirs_or_of_ours_with_keys_at_its_clock(
    codecs: tuple[Codec, ...], own_order: bool, numbers: str
) -> None:
    answer = speaking(*codecs, own_order=own_order).answer(offer(BROWSER)).decode()
    assert f"m=audio 6000 RTP/AVP {numbers}\r\n" in answer


def test_opus_is_answered_under_the_number_of_the_offer_with_our_own_parameters() -> None:
    one = Negotiation("10.0.0.2", 6000, 77, EVERYTHING)
    answer = one.answer(offer(BROWSER))
    assert b"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 minptime=20;useinbandfec=1\r\n" in answer
    assert (agreed(one).codec, agreed(one).parameters) == (Codec.OPUS, "minptime=10;useinbandfec=1")
    assert b"m=audio 6000 RTP/AVP 96 9 8 0 13 110 126" in one.offer(), "a number keeps its meaning (RFC 3264 §8.3.2)"


def test_a_number_that_the_far_end_used_is_not_given_another_meaning() -> None:
    one = Negotiation("10.0.0.2", 6000, 77, EVERYTHING)
    one.answer(offer("m=audio 4000 RTP/AVP 8 101 111\r\na=rtpmap:101 opus/48000/2\r\na=rtpmap:111 speex/8000\r\n"))
    assert b"m=audio 6000 RTP/AVP 8 101 9 0 13 96 102\r\na=rtpmap:8 PCMA" in one.offer()


def test_keys_at_another_clock_are_better_than_none() -> None:
    one = speaking(Codec.OPUS)
    one.answer(offer("m=audio 4000 RTP/AVP 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"))
    assert agreed(one).telephone_event == 101


@pytest.mark.parametrize(("wanted", "expected"), [(True, 13), (False, None)])
def test_comfort_noise_only_where_it_is_wanted(wanted: bool, expected: int | None) -> None:
    one = Negotiation("10.0.0.2", 6000, 77, MediaPolicy((Codec.PCMU,), comfort_noise=wanted))
    answer = one.answer(offer("m=audio 4000 RTP/AVP 0 13\r\n"))
    assert agreed(one).comfort_noise == expected and (b"a=rtpmap:13 CN/8000" in answer) is wanted


def test_stereo_opus_is_asked_for_by_its_name_alone() -> None:
    with pytest.raises(NoCommonCodec):
        speaking(Codec.OPUS).answer(offer("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000\r\n"))
    with pytest.raises(NoCommonCodec):
        speaking(Codec.PCMU).answer(offer("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000/2\r\n"))


def test_one_offer_may_name_fewer_codecs_and_only_these_are_taken() -> None:
    one = speaking(Codec.PCMU, Codec.PCMA)
    assert b"m=audio 6000 RTP/AVP 8 101\r\n" in one.offer(codecs=(Codec.PCMA,))
    with pytest.raises(NoCommonCodec):
        one.take_answer(offer("m=audio 4000 RTP/AVP 0\r\n"))
    assert b"m=audio 6000 RTP/AVP 0 8 101\r\n" in one.offer(codecs=()), "by default it is all of them"


def test_our_own_hold_stands_until_we_end_it() -> None:
    one = ours()
    one.answer(offer())
    assert b"a=sendonly" in one.offer(direction="sendonly")
    assert agreed(one).direction == "sendrecv", "an offer alone changes nothing"
    held = one.take_answer(offer("m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n"))
    assert (held.direction, held.sending, held.receiving, held.held) == ("sendonly", True, False, False)
    assert b"a=sendonly" in one.answer(offer()), "the far end's refresh does not end our hold"
    assert b"a=inactive" in one.answer(offer("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n")), "both hold"
    one.offer(direction="sendrecv")
    assert one.take_answer(offer()).direction == "sendrecv"


def test_a_bundle_of_one_and_the_names_of_streams_are_repeated() -> None:
    group = HEAD + "a=group:BUNDLE voice film\r\n"
    one = Negotiation("10.0.0.2", 6000, 77, EVERYTHING)
    answer = one.answer(offer(BROWSER + "m=video 4000 RTP/AVP 97\r\na=mid:film\r\n", group)).decode()
    assert "a=group:BUNDLE voice\r\n" in answer
    assert "a=mid:voice\r\na=rtcp-mux\r\n" in answer and "m=video 0 RTP/AVP 97\r\na=mid:film\r\n" in answer
    assert agreed(one).rtcp_mux
    assert b"BUNDLE" not in one.answer(offer(BROWSER))


@pytest.mark.parametrize(
    ("line", "port"),
    [("", 4001), ("a=rtcp:4711 IN IP4 10.0.0.1", 4711), ("a=rtcp-mux", 4000), ("a=rtcp:0", 4001), ("a=rtcp:²", 4001)],
)
def test_where_reports_go(line: str, port: int) -> None:
    one = Negotiation("10.0.0.2", 6000, 77, EVERYTHING)
    one.answer(offer(f"m=audio 4000 RTP/AVP 0\r\n{line}\r\n"))
    assert agreed(one).rtcp_port == port


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
    "m=audio 4 RTP/AVP 96 9 13 101",
    "a=rtpmap:96 opus/48000/2",
    "a=fmtp:96 ;;=",
    "a=mid:a b",
    "a=mid:1",
    "a=rtcp:99999",
    "a=group:BUNDLE 1",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_every_answer_answers_every_section(lines: list[str]) -> None:
    body = ("v=0\r\n" + "".join(f"{line}\r\n" for line in lines)).encode()
    try:
        answer = Negotiation("10.0.0.2", 6000, 77, EVERYTHING).answer(body)
    except TelephonyError as error:
        assert error.status in (400, 488)
        return
    sections = Description.parse(answer).media
    assert len(sections) == len(Description.parse(body).media)
    assert sum(media.port != 0 for media in sections) == 1
