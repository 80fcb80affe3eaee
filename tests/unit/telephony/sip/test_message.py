from __future__ import annotations

import time

import pytest
import sipmessage
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import MalformedMessage
from telephony.sip.message import MAX_BYTES, Headers, Request, Response, parse, respond

INVITE = (
    b"INVITE sip:1000@pbx SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKa, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb\r\n"
    b"VIA: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKc\r\n"
    b'f: "Ann"\r\n <sip:ann@x>;tag=1\r\nt: <sip:1000@pbx>\r\ni: abc@x\r\nCSEQ:  7   INVITE\r\nm: <sip:ann@10.0.0.1>\r\n'
    b"Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\nc: application/sdp\r\nl: 4\r\n\r\nv=0\nEXTRA"
)


def invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    message.check()
    return message


def test_compact_odd_case_and_folded_headers() -> None:
    message = invite()
    assert message.sender.display == "Ann"
    assert (message.call_id, message.cseq, message.content_type) == ("abc@x", (7, "INVITE"), "application/sdp")
    assert message.via.branch == "z9hG4bKa"
    assert message.contact is not None and message.contact.uri.user == "ann"


def test_a_body_is_cut_to_content_length_and_a_short_one_is_an_error() -> None:
    assert invite().body == b"v=0\n"
    with pytest.raises(MalformedMessage):
        parse(INVITE.replace(b"l: 4", b"l: 400")).check()


def test_a_response_copies_what_it_must() -> None:
    answer = respond(invite(), 180, tag="mine", source=("192.0.2.9", 4444))
    text = bytes(answer)
    assert [line for line in text.decode().split("\r\n") if line.startswith("Via")] == [
        "Via: SIP/2.0/UDP 10.0.0.1:5060;rport=4444;branch=z9hG4bKa;received=192.0.2.9",
        "Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb",
        "Via: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKc",
    ]
    assert answer.headers.all("record-route") == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert answer.recipient.tag == "mine"
    assert text.endswith(b"Content-Length: 0\r\n\r\n")


def test_trying_has_no_tag_and_a_final_failure_no_record_route() -> None:
    assert respond(invite(), 100, tag="mine").recipient.tag == ""
    assert not respond(invite(), 486, tag="mine").headers.all("record-route")


def test_octets_that_are_not_utf_8_come_back_unchanged() -> None:
    message = parse(INVITE.replace(b'"Ann"', b'"\xff\xfe"'))
    assert isinstance(message, Request)
    assert b'"\xff\xfe"' in bytes(respond(message, 200, tag="t"))


def test_a_request_survives_both_parsers() -> None:
    """sipmessage, an independent parser, reads from our bytes what we read."""
    ours = parse(bytes(invite()))
    theirs = sipmessage.Message.parse(bytes(invite()))
    assert isinstance(ours, Request) and isinstance(theirs, sipmessage.Request)
    assert (theirs.method, theirs.call_id, theirs.body) == (ours.method, ours.call_id, ours.body)
    assert theirs.via[0].host == ours.via.host
    assert theirs.from_address.name == ours.sender.display


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"hello\r\n\r\n", 400),
        (b"INVITE sip:a@b SIP/2.0\r\nno colon\r\n\r\n", 400),
        (b"INVITE sip:a@b SIP/2.0\r\nbad name: x\r\n\r\n", 400),
        (b"SIP/2.0 99 x\r\n\r\n", 400),
        (b"x" * (MAX_BYTES + 1), 513),
        (b"OPTIONS sip:a@b SIP/2.0\r\n" + b"a: b\r\n" * 4000 + b"\r\n", 513),
        (b"OPTIONS sip:a@b SIP/2.0\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 513),
    ],
)
def test_what_is_no_message_or_beyond_the_limits(data: bytes, status: int) -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse(data)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"SIP/2.0\r\nv:", b"SIP/7.0\r\nv:", 505),
        (b"CSEQ:  7   INVITE", b"CSeq: 7 BYE", 400),
        (b"l: 4", b"l: 4\r\nContent-Length: 4", 400),
        (b"INVITE sip:1000@pbx SIP/2.0", b"INVITE  sip:1000@pbx SIP/2.0", 400),
        (b"CSEQ:  7   INVITE", b"CSeq: 2147483648 INVITE", 400),
        (b"i: abc@x", b"X: y", 400),
        (b"t: <sip:1000@pbx>", b"t: <sip:1000@pbx", 400),
        (b"i: abc@x", b"i: abc@x\r\nCall-ID: other", 400),
        (b"INVITE sip:1000@pbx", b"INVITE nobodyKnows:x", 416),
    ],
)
def test_what_can_be_read_but_breaks_a_rule(old: bytes, new: bytes, status: int) -> None:
    message = parse(INVITE.replace(old, new, 1))
    with pytest.raises(MalformedMessage) as caught:
        message.check()
    assert caught.value.status == status


def test_headers_are_found_in_any_case_and_removed() -> None:
    headers = Headers({"X-One": ["1"]})
    headers.add("x-one", "2")
    assert headers.all("X-ONE") == ["1", "2"]
    headers.set("X-one")
    assert "x-one" not in headers and headers.get("x-one", "none") == "none"


def test_hostile_messages_cost_little() -> None:
    started = time.process_time()
    for filler in (b"Via: " + b";a" * 3000, b"To: " + b'"' * 8000, b"From: " + b"<" * 8000, b"Contact: " + b"a," * 4000):
        data = b"OPTIONS sip:a@b SIP/2.0\r\n" + (filler + b"\r\n") * 7 + b"\r\n"
        try:
            parse(data).check()
        except MalformedMessage:
            continue
        raise AssertionError("accepted")
    assert time.process_time() - started < 0.2


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_bytes_make_the_parser_fail_otherwise(data: st.DataObject) -> None:
    mutated = bytearray(INVITE)
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        message = parse(bytes(mutated))
        message.check()
    except MalformedMessage as error:
        assert 400 <= error.status < 600
    else:
        if isinstance(message, Request):
            assert isinstance(parse(bytes(respond(message, 200, tag="t", source=("1.2.3.4", 5)))), Response)
