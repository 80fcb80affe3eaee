from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import MalformedMessage
from telephony.sip.sdp import Description, rejected

TEXT = (
    "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\na=sendonly\r\n"
    "m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\n"
    "m=video 4002/2 RTP/AVP 97\r\nc=IN IP6 2001:db8::1\r\na=inactive\r\n"
)


def test_session_values_hold_for_each_section_unless_it_has_its_own() -> None:
    audio, video = Description.parse(TEXT.encode()).media
    assert (audio.host, audio.direction) == ("10.0.0.1", "sendonly")
    assert (audio.value("rtpmap"), audio.values("rtpmap"), audio.value("mid")) == (
        "96 opus/48000/2",
        ("96 opus/48000/2",),
        None,
    )
    assert (video.host, video.port, video.direction) == ("2001:db8::1", 4002, "inactive")
    assert audio.held and rejected(video) == "m=video 0 RTP/AVP 97\r\n"


def test_bare_line_feeds_are_taken() -> None:
    assert Description.parse(TEXT.replace("\r\n", "\n").encode()).media[0].port == 4000


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"v=1\r\n", b"v=0\r\nbroken", b"v=0\r\nm=audio\r\n", b"v=0\r\nm=audio x RTP/AVP 0\r\n",
     b"v=0\r\nm=audio 70000 RTP/AVP 0\r\n", b"v=0\r\nc=IN IP9 x\r\n", b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * 17,
     b"v=0\r\n" + b"a=x\r\n" * 600, b"v=0\r\n" + b"x" * 40_000],
)  # fmt: skip
def test_malformed_descriptions_are_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        Description.parse(body)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(TEXT)))
def test_no_body_makes_the_parser_fail_otherwise(noise: bytes, at: int) -> None:
    body = TEXT.encode()[:at] + noise + TEXT.encode()[at:]
    try:
        media = Description.parse(body).media
    except MalformedMessage as error:
        assert error.status == 400
    else:
        assert all(0 <= one.port <= 65535 and one.kind for one in media)
