"""The interpreter alone, on a fake clock: pyVoIP's side by hand, the PBX's side by another user agent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.gateway.phone_account.interpreter import Interpreter
from telephony.gateway.phone_account.notes import (
    Alerting,
    Dialled,
    Established,
    KeyPressed,
    Line,
    Offered,
    Over,
    RegistrationChanged,
    SessionChanged,
)
from telephony.gateway.phone_account.registration import WAIT
from telephony.sip.digest import Account
from telephony.sip.flow import Flow
from telephony.sip.message import Request, Response, parse, respond

HERE, THERE = ("127.0.0.1", 5062), ("127.0.0.2", 5060)
ACCOUNT = Account("4000", "secret")
SDP = "Content-Type: application/sdp\r\n"


class Rig:
    """An interpreter, what it sent to the PBX, and what it told both others."""

    def __init__(self) -> None:
        counter = itertools.count(1)
        self.interpreter = Interpreter(
            ACCOUNT,
            "4000",
            "pbx.test",
            Flow("udp", *THERE, *HERE),
            max_calls=4,
            token=lambda: f"{next(counter):016x}",
            secret=bytes(32),
        )
        self.now = 100.0

    def wire(self) -> list[Request | Response]:
        return [parse(one.data) for one in self.interpreter.drain_wire()]

    def phone(self) -> list[Request | Response]:
        found = [parse(one) for one in self.interpreter.to_phone]
        self.interpreter.to_phone.clear()
        return found

    def notes(self) -> list[Line]:
        found = list(self.interpreter.notes)
        self.interpreter.notes.clear()
        return found

    def note(self, kind: type[Any]) -> Any:
        return next(one for one in self.notes() if isinstance(one, kind))

    def comes(self, message: str | bytes | Response, host: str = THERE[0]) -> None:
        data = message.encode() if isinstance(message, str) else bytes(message)
        self.interpreter.from_wire(data, host, THERE[1], self.now)

    def says(self, message: str) -> None:
        self.interpreter.from_phone(message.encode(), self.now)

    def passes(self, seconds: float) -> None:
        until = self.now + seconds
        while (deadline := self.interpreter.next_deadline()) <= until:
            self.now = max(self.now, deadline)
            self.interpreter.handle_timer(self.now)
        self.now = until


def sdp(direction: str = "sendrecv", formats: str = "0 96", more: str = "", port: int = 40000) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio {port} RTP/AVP {formats}\r\n"
        f"a=rtpmap:96 telephone-event/8000\r\na={direction}\r\n{more}"
    )


def request(method: str, cseq: int, body: str = "", tag: str = "", branch: str = "", extra: str = "") -> str:
    to = f";tag={tag}" if tag else ""
    return (
        f"{method} sip:4000@127.0.0.1:5062 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK{branch or method}{cseq}\r\n"
        f'From: "Ann \\"A\\" <x>" <sip:ann@pbx.test>;tag=a\r\nTo: <sip:4000@pbx.test>{to}\r\nCall-ID: c1\r\n'
        f"CSeq: {cseq} {method}\r\nContact: <sip:ann@127.0.0.2:5060>\r\n{extra}{SDP if body else ''}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def phone_says_ok(call_id: str, port: int = 30000) -> str:
    body = (
        f"v=0\r\no=pyVoIP 7 9 IN IP4 127.0.0.1\r\ns=pyVoIP\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 96\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=sendrecv\r\n"
    )
    return (
        f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKdialect\r\nFrom: <sip:far@127.0.0.1>;tag=far\r\n"
        f"To: <sip:line@127.0.0.1>;tag=x\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n"
        f"{SDP}Content-Length: {len(body)}\r\n\r\n{body}"
    )


def taken(rig: Rig, body: str = "") -> tuple[str, str]:
    """A call that came in and was answered: its key, and our tag."""
    rig.comes(request("INVITE", 1, body or sdp()))
    key = rig.note(Offered).key
    rig.interpreter.take(key)
    invite = rig.phone()[-1]
    assert invite.call_id == key
    rig.says(phone_says_ok(key))
    tag = rig.wire()[-1].recipient.tag
    rig.comes(request("ACK", 1, tag=tag))
    rig.notes()
    return key, tag


def test_an_offered_call_tells_pyvoip_nothing_of_the_far_ends_own_text() -> None:
    rig = Rig()
    rig.comes(request("INVITE", 1, sdp(more="m=video 5000 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n")))
    offered = rig.note(Offered)
    assert (offered.user, offered.display, offered.called) == ("ann", 'Ann "A" <x>', "4000")
    assert rig.phone() == [], "pyVoIP waits until the parent has a port"
    rig.interpreter.take(offered.key)
    raw = bytes(rig.interpreter.to_phone[0])
    assert b"ann" not in raw and b"video" not in raw and b"m=audio 40000 RTP/AVP 0 96" in raw


def test_what_is_said_to_pyvoip_is_what_it_can_read() -> None:
    """A contract with pyVoIP 1.6.8: its own parser reads the dialect."""
    import pyVoIP.VoIP  # noqa: F401 - before pyVoIP.SIP, which imports it in a circle
    from pyVoIP import SIP

    rig = Rig()
    rig.comes(request("INVITE", 1, sdp()))
    key = rig.note(Offered).key
    rig.interpreter.take(key)
    message = SIP.SIPMessage(rig.interpreter.to_phone.popleft())
    assert (message.method, message.headers["Call-ID"], message.body["m"][0]["port"]) == ("INVITE", key, 40000)
    assert message.body["m"][0]["methods"] == ["0", "96"]
    rig.comes(request("CANCEL", 1, branch="INVITE"))
    assert SIP.SIPMessage(rig.interpreter.to_phone.popleft()).method == "BYE"


def test_the_answer_refuses_other_streams_and_mirrors_the_direction() -> None:
    rig = Rig()
    rig.comes(request("INVITE", 1, sdp("sendonly", more="m=video 5000 RTP/AVP 99\r\n")))
    key = rig.note(Offered).key
    rig.interpreter.take(key)
    rig.wire()
    rig.says(phone_says_ok(key))
    answer = rig.wire()[0]
    assert isinstance(answer, Response) and answer.status == 200
    assert (
        b"a=recvonly" in answer.body and b"m=video 0 RTP/AVP 99" in answer.body and b"m=audio 30000 RTP/AVP 0 96" in answer.body
    )
    assert answer.headers.get("contact") == "<sip:4000@127.0.0.1:5062>"


def test_a_retransmitted_invite_is_one_call_and_the_answer_is_repeated_until_the_ack() -> None:
    """pyVoIP alone begins anew, doubles its packets, and says 200 once."""
    rig = Rig()
    for _ in range(3):
        rig.comes(request("INVITE", 1, sdp()))
    key = rig.note(Offered).key
    rig.interpreter.take(key)
    rig.wire()
    rig.says(phone_says_ok(key))
    assert len(rig.phone()) == 1
    rig.wire()
    rig.passes(1.6)
    again = [one for one in rig.wire() if isinstance(one, Response) and one.status == 200]
    assert len(again) == 2
    rig.comes(request("ACK", 1, tag=again[0].recipient.tag))
    assert isinstance(rig.note(Established), Established)
    rig.passes(5)
    assert rig.wire() == []


def test_a_cancelled_call_is_over() -> None:
    rig = Rig()
    rig.comes(request("INVITE", 1, sdp()))
    key = rig.note(Offered).key
    rig.interpreter.take(key)
    rig.wire()
    rig.comes(request("CANCEL", 1, branch="INVITE"))
    assert [one.status for one in rig.wire() if isinstance(one, Response)] == [200, 487]
    assert rig.note(Over).how == "cancelled"
    rig.says(phone_says_ok(key))
    assert rig.wire() == [], "pyVoIP's late answer goes nowhere"


def test_hold_and_resume_without_pyvoip() -> None:
    rig = Rig()
    key, tag = taken(rig)
    rig.phone()
    for number, (asked, answering) in enumerate(
        (("sendonly", b"a=recvonly"), ("inactive", b"a=inactive"), ("sendrecv", b"a=sendrecv"))
    ):
        rig.comes(request("INVITE", 2 + number, sdp(asked), tag))
        answer = rig.wire()[-1]
        assert isinstance(answer, Response) and answer.status == 200 and answering in answer.body
        assert b"o=pyVoIP 7 %d " % (10 + number) in answer.body
        rig.comes(request("ACK", 2 + number, tag=tag))
        assert rig.note(SessionChanged) == SessionChanged(key, sdp(asked))
    assert rig.phone() == []
    rig.comes(request("INVITE", 9, sdp(formats="18"), tag))
    assert [one.status for one in rig.wire() if isinstance(one, Response)][-1] == 488


@pytest.mark.parametrize(("body", "status"), [(sdp(formats="8 96"), 488), (sdp(port=0), 488), ("rubbish", 400)])
def test_offers_that_pyvoip_cannot_carry_never_reach_it(body: str, status: int) -> None:
    rig = Rig()
    rig.comes(request("INVITE", 1, body))
    assert [one.status for one in rig.wire() if isinstance(one, Response)][-1] == status
    assert rig.phone() == [] and rig.interpreter.calls == 0


def test_a_delayed_offer() -> None:
    rig = Rig()
    rig.comes(request("INVITE", 1))
    offered = rig.note(Offered)
    assert offered.sdp == ""
    rig.interpreter.take(offered.key)
    rig.says(phone_says_ok(offered.key))
    tag = rig.wire()[-1].recipient.tag
    rig.comes(request("ACK", 1, sdp(), tag))
    assert rig.note(Established).sdp == sdp()


def test_methods_that_pyvoip_leaves_without_an_answer() -> None:
    rig = Rig()
    _, tag = taken(rig)
    rig.comes(request("OPTIONS", 5))
    rig.comes(
        request("INFO", 6, tag=tag).replace("Content-Length: 0", "Content-Type: application/dtmf-relay\r\nContent-Length: 8")
        + "Signal=5"
    )
    rig.comes(request("PUBLISH", 7))
    assert [one.status for one in rig.wire() if isinstance(one, Response)] == [200, 200, 405]
    assert rig.note(KeyPressed).digit == "5"


def dial(rig: Rig, number: str = "0049123") -> tuple[str, Request]:
    """pyVoIP calls: the key, and the INVITE that the PBX sees."""
    rig.interpreter.expect("k1", number, "Desk")
    body = sdp().replace("127.0.0.2", "127.0.0.1")
    rig.says(
        "INVITE sip:k1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKp\r\nMax-Forwards: 70\r\n"
        "Contact: <sip:4000@127.0.0.1:5060>\r\nTo: <sip:k1@127.0.0.1>\r\nFrom: <sip:4000@127.0.0.1>;tag=p\r\n"
        f"Call-ID: py1\r\nCSeq: 1 INVITE\r\n{SDP}Content-Length: {len(body)}\r\n\r\n{body}"
    )
    sent = next((one for one in rig.wire() if isinstance(one, Request)), None)
    assert sent is not None
    return "k1", sent


def answered(invite: Request, status: int, body: str = "", **headers: str) -> Response:
    values = {"Contact": "<sip:0049123@127.0.0.2:5070>", **headers}
    if body:
        values["Content-Type"] = "application/sdp"
    return respond(invite, status, tag="b", headers=values, body=body.encode())


def test_pyvoip_has_its_100_at_once_and_the_ack_has_the_right_tag() -> None:
    rig = Rig()
    _, invite = dial(rig)
    assert invite.target == "sip:0049123@pbx.test" and invite.sender.uri.user == "4000" and invite.sender.display == "Desk"
    assert [one.status for one in rig.phone() if isinstance(one, Response)] == [100]
    assert isinstance(rig.note(Dialled), Dialled)
    rig.comes(answered(invite, 180))
    assert rig.notes() == [Alerting("k1")]
    rig.comes(answered(invite, 200, sdp(), **{"Record-Route": "<sip:127.0.0.2:5060;lr>"}))
    ack = rig.wire()[0]
    assert isinstance(ack, Request) and (ack.method, ack.recipient.tag) == ("ACK", "b")
    assert ack.target == "sip:0049123@127.0.0.2:5070" and ack.headers.get("route") == "<sip:127.0.0.2:5060;lr>"
    assert rig.notes() == [Established("k1", sdp())]
    assert [one.status for one in rig.phone() if isinstance(one, Response)] == [200]
    rig.interpreter.release("k1", 603, rig.now)
    bye = rig.wire()[0]
    assert isinstance(bye, Request) and bye.method == "BYE" and bye.cseq[0] == invite.cseq[0] + 1
    assert [one.method for one in rig.phone() if isinstance(one, Request)] == ["BYE"]


def test_a_challenged_invite_is_sent_again_with_sha_256_and_qop() -> None:
    rig = Rig()
    _, invite = dial(rig)
    rig.comes(answered(invite, 407, **{"Proxy-Authenticate": 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"'}))
    ack, again = rig.wire()
    assert isinstance(again, Request) and again.method == "INVITE" and again.cseq[0] == invite.cseq[0] + 1
    assert "algorithm=SHA-256" in again.headers.get("proxy-authorization") and isinstance(ack, Request)


@pytest.mark.parametrize("status", [404, 486, 503, 603])
def test_every_refusal_ends_a_call_of_ours(status: int) -> None:
    rig = Rig()
    _, invite = dial(rig)
    rig.comes(answered(invite, status))
    assert rig.note(Over).status == status and rig.interpreter.calls == 0
    assert [one.status for one in rig.phone() if isinstance(one, Response)][-1] == 503, "what pyVoIP takes for an end"


def test_a_call_of_ours_is_given_up_with_cancel() -> None:
    rig = Rig()
    _, invite = dial(rig)
    rig.comes(answered(invite, 180))
    rig.interpreter.release("k1", 603, rig.now)
    assert [one.method for one in rig.wire() if isinstance(one, Request)] == ["CANCEL"]


def test_an_answer_without_our_codec_ends_the_call() -> None:
    rig = Rig()
    _, invite = dial(rig)
    rig.comes(answered(invite, 200, sdp(formats="8")))
    assert [one.method for one in rig.wire() if isinstance(one, Request)] == ["ACK", "BYE"]
    assert rig.note(Over).status == 488


REGISTER = (
    "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKr\r\nFrom: <sip:4000@127.0.0.1>;tag=r\r\n"
    "To: <sip:4000@127.0.0.1>\r\nCall-ID: r1\r\nCSeq: 3 REGISTER\r\nExpires: 120\r\nContent-Length: 0\r\n\r\n"
)


def registering(rig: Rig) -> Request:
    rig.says(REGISTER)
    sent = rig.wire()[0]
    assert isinstance(sent, Request) and sent.method == "REGISTER" and sent.target == "sip:pbx.test"
    return sent


def test_registers_with_the_challenge_and_tells_for_how_long() -> None:
    rig = Rig()
    sent = registering(rig)
    rig.comes(answered(sent, 401, **{"WWW-Authenticate": 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"'}))
    again = rig.wire()[0]
    assert isinstance(again, Request) and again.cseq[0] == 2 and again.call_id == sent.call_id
    assert "SHA-256" in again.headers.get("authorization")
    rig.comes(answered(again, 200, Contact="<sip:x@9.9.9.9>;expires=7, <sip:4000@127.0.0.1:5062>;expires=90"))
    assert rig.notes() == [RegistrationChanged(200, "OK", 90)]
    told = rig.phone()
    assert [(one.status, one.call_id, one.cseq) for one in told if isinstance(one, Response)] == [(200, "r1", (3, "REGISTER"))]


def test_an_interval_too_brief_is_made_longer() -> None:
    rig = Rig()
    rig.comes(answered(registering(rig), 423, **{"Min-Expires": "300"}))
    assert rig.wire()[0].headers.get("expires") == "300"


def test_a_wrong_password_is_told_after_one_more_try() -> None:
    rig = Rig()
    sent: Request | Response = registering(rig)
    for _ in range(3):
        assert isinstance(sent, Request)
        rig.comes(answered(sent, 401, **{"WWW-Authenticate": 'Digest realm="r", nonce="n"'}))
        sent = next(iter(rig.wire()), sent)
    assert rig.note(RegistrationChanged).status == 401
    assert [one.status for one in rig.phone() if isinstance(one, Response)] == [403]


def test_a_silent_pbx_is_told_before_pyvoip_loses_patience() -> None:
    rig = Rig()
    registering(rig)
    rig.passes(WAIT - 0.1)
    assert rig.notes() == []
    rig.passes(0.2)
    assert rig.note(RegistrationChanged).status == 408
    assert [one.status for one in rig.phone() if isinstance(one, Response)] == [403]


def test_strangers_are_not_heard() -> None:
    rig = Rig()
    rig.comes(request("INVITE", 1, sdp()), host="127.0.0.9")
    assert rig.wire() == [] and rig.notes() == [] and rig.interpreter.strangers == 1


def test_no_more_calls_than_allowed() -> None:
    rig = Rig()
    for number in range(5):
        rig.comes(request("INVITE", 1, sdp(), branch=f"b{number}").replace("Call-ID: c1", f"Call-ID: c{number}"))
    assert [one.status for one in rig.wire() if isinstance(one, Response)].count(503) == 1
    assert rig.interpreter.calls == 4


def chopped() -> Iterator[bytes]:
    for message in (request("INVITE", 1, sdp()), REGISTER, phone_says_ok("in-1")):
        data = message.encode()
        yield from (data[:at] for at in range(0, len(data), 7))


def test_half_messages_from_either_side_cost_nothing() -> None:
    rig = Rig()
    for data in chopped():
        rig.comes(data)
        rig.interpreter.from_phone(data, rig.now)
        rig.interpreter.drain_wire()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300)), max_size=5))
def test_no_bytes_raise(messages: list[tuple[bool, bytes]]) -> None:
    rig = Rig()
    for from_wire, data in messages:
        if from_wire:
            rig.comes(data)
        else:
            rig.interpreter.from_phone(data, rig.now)
