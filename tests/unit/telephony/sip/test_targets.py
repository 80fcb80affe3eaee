"""Where a call is tried: servers in their order, 3xx, forks (RFC 3261 §8.1.3.4, §13.2.2.4, RFC 3263 §4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from telephony.sip.call import CallState
from telephony.sip.events import CallEstablished, CallFailed, CallRinging, PeerBusy
from telephony.sip.flow import Flow
from telephony.sip.grammar import Uri
from telephony.sip.message import Headers, Request, Response, parse, respond
from telephony.sip.outgoing import OutgoingCall
from telephony.sip.targets import Target, Targets
from tests.unit.telephony.sip.calls import ANN
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Script

BOB = Uri.parse("sip:bob@example.com")


def flow(host: str) -> Flow:
    return Flow("udp", host, 5060, "10.0.0.2", 5060)


class Dialling:
    """A call of ours to several servers, each written by hand."""

    def __init__(self, *hosts: str, follow: bool = False, offer: bytes = OFFER, **values: object) -> None:
        self.script = Script()
        self.call: OutgoingCall = self.script.agent.dial(
            BOB,
            ANN,
            candidates=[flow(host) for host in hosts],
            follow=(lambda uri: flow(uri.host)) if follow else None,
            **values,  # type: ignore[arg-type]
        )
        self.call.start(offer, self.script.now)
        self.sent = self.outgoing()

    def outgoing(self) -> list[tuple[str, Request | Response]]:
        return [(one.flow.host, parse(one.data)) for one in self.script.agent.drain_output()]

    def answer(self, status: int, *, tag: str = "t1", invite: Request | None = None, body: bytes = b"", **headers: Any) -> None:
        """Answer the last INVITE, or `invite`; what is sent then stands in `sent`."""
        asked = invite or self.invite
        values = {name.replace("_", "-"): value for name, value in headers.items()}
        if 100 < status < 300:
            values.setdefault("Contact", f"<sip:{tag}@10.9.9.9>")
        if body:
            values["Content-Type"] = "application/sdp"
        self.script.agent.receive(bytes(respond(asked, status, tag=tag, headers=values, body=body)), flow("x"), self.script.now)
        self.sent = self.outgoing()

    @property
    def invite(self) -> Request:
        return self.call.invite

    def words(self) -> list[str]:
        return [f"{one.method} {host}" for host, one in self.sent if isinstance(one, Request)]

    def pass_time(self, seconds: float) -> list[str]:
        self.sent = []
        end = self.script.now + seconds
        while (deadline := self.script.agent.next_deadline()) <= end:
            self.script.now = max(deadline, self.script.now)
            self.script.agent.handle_timer(self.script.now)
            self.sent += self.outgoing()
        self.script.now = end
        return self.words()

    def events(self) -> list[object]:
        return list(self.script.agent.drain_events())


def test_the_next_server_is_tried_after_503() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    assert call.words() == ["INVITE 10.1.1.1"]
    first = call.invite
    call.answer(503, Retry_After="30 (maintenance)")
    assert call.words() == ["ACK 10.1.1.1", "INVITE 10.1.1.2"]
    assert call.invite.cseq[0] == first.cseq[0] + 1 and call.invite.via.branch != first.via.branch
    (busy,) = call.events()
    assert isinstance(busy, PeerBusy) and (busy.flow.host, busy.seconds) == ("10.1.1.1", 30)
    call.answer(200, body=ANSWER)
    assert isinstance(call.events()[0], CallEstablished)


@pytest.mark.parametrize(("value", "seconds"), [("", 0), ("x", 0), ("7;duration=3", 7), ("9999999", 0), ("999999", 86400)])
def test_how_long_a_peer_wants_to_be_left_alone(value: str, seconds: int) -> None:
    call = Dialling("10.1.1.1")
    named: dict[str, Any] = {"Retry_After": value} if value else {}
    call.answer(503, **named)
    assert [event.seconds for event in call.events() if isinstance(event, PeerBusy)] == [seconds]


def test_a_silent_server_is_left_after_four_seconds() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    assert "INVITE 10.1.1.2" in call.pass_time(4.1)
    assert not call.call.heard
    call.answer(180)
    assert call.call.heard


def test_an_answer_of_a_server_that_was_left_is_acknowledged_and_ended() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    first = call.invite
    call.pass_time(4.1)
    call.answer(180, invite=first)
    assert call.words() == ["CANCEL 10.1.1.1"]
    call.answer(200, invite=first, tag="late", body=ANSWER)
    assert [word.split()[0] for word in call.words()] == ["ACK", "BYE"]
    assert not call.call.up and not call.call.over
    call.answer(200, tag="good", body=ANSWER)
    assert call.call.up


def test_a_server_that_rings_is_not_left() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    call.answer(180)
    assert call.pass_time(30.0) == []


def test_nothing_can_be_sent_to_the_first_server() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    call.script.agent.unreachable("udp", "10.1.1.1", 5060, call.script.now)
    call.sent = call.outgoing()
    assert call.words() == ["INVITE 10.1.1.2"]


def test_the_last_server_decides() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    call.answer(503)
    call.events()
    call.answer(503)
    assert [event.status for event in call.events() if isinstance(event, CallFailed)] == [503]


@pytest.mark.parametrize("status", [404, 486, 500, 603])
def test_other_refusals_count_at_once(status: int) -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    call.answer(status)
    assert [event.status for event in call.events() if isinstance(event, CallFailed)] == [status]


def test_giving_up_tries_nobody_else() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2")
    call.call.cancel(call.script.now)
    call.answer(503)
    assert "INVITE 10.1.1.2" not in call.words()
    assert [event.status for event in call.events() if isinstance(event, CallFailed)] == [503]


# --- 3xx


def test_a_redirection_is_followed_in_the_order_of_q() -> None:
    call = Dialling("10.1.1.1", follow=True)
    call.answer(302, Contact="<sip:c@10.2.2.3>;q=0.2, <sip:b@10.2.2.2>;q=0.7, <mailto:x@y>, broken<")
    assert call.words()[-1] == "INVITE 10.2.2.2" and call.invite.target == "sip:b@10.2.2.2"
    call.answer(408)
    assert call.words()[-1] == "INVITE 10.2.2.3"
    assert call.invite.headers.get("to") == "<sip:bob@example.com>"


def test_a_redirection_is_not_followed_unless_that_was_asked_for() -> None:
    call = Dialling("10.1.1.1")
    call.answer(302, Contact="<sip:b@10.2.2.2>")
    assert [event.status for event in call.events() if isinstance(event, CallFailed)] == [302]


def test_redirections_in_a_circle_end() -> None:
    call = Dialling("10.1.1.1", follow=True)
    call.answer(302, Contact="<sip:b@10.2.2.2>")
    call.answer(302, Contact="<sip:bob@example.com>, <sip:b@10.2.2.2>")
    assert [event.status for event in call.events() if isinstance(event, CallFailed)] == [302]


def test_at_most_five_redirections() -> None:
    call = Dialling("10.1.1.1", follow=True)
    for number in range(5):
        call.answer(301, Contact=f"<sip:{number}@10.2.2.2>")
    call.answer(301, Contact="<sip:6@10.2.2.2>")
    assert [event.status for event in call.events() if isinstance(event, CallFailed)] == [301]


def test_whom_we_may_not_call_is_left_out() -> None:
    targets = Targets([Target(BOB, flow("a"))], lambda uri: None if uri.host == "premium" else flow(uri.host))
    assert targets.next() is not None
    response = Response(302, Headers({"contact": ["<sip:x@premium>;q=1, <sip:x@fine>;q=0.1, <sip:y@fine>;q=nan;x"]}))
    assert targets.redirected(response)
    assert [str(one.uri) for one in (targets.next(), targets.next()) if one] == ["sip:x@fine", "sip:y@fine"]


def test_headers_of_the_owner_go_into_each_try_but_not_over_ours() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2", headers={"User-To-User": "x;encoding=hex", "Call-ID": "mine", "Via": "mine"})
    for _ in range(2):
        assert call.invite.headers.get("user-to-user") == "x;encoding=hex"
        assert call.invite.call_id != "mine" and call.invite.via.host == "10.0.0.2"
        call.answer(503)


# --- forks


def reliable(number: int) -> dict[str, Any]:
    return {"Require": "100rel", "RSeq": str(number)}


def test_each_branch_is_acknowledged_by_itself() -> None:
    call = Dialling("10.1.1.1")
    call.answer(183, tag="one", body=ANSWER, **reliable(5))
    (_, prack) = call.sent[0]
    assert prack.headers.get("rack") == "5 1 INVITE" and prack.recipient.tag == "one" and prack.cseq[0] == 2
    call.answer(183, tag="two", body=ANSWER, **reliable(90))
    (_, prack) = call.sent[0]
    assert prack.headers.get("rack") == "90 1 INVITE" and prack.recipient.tag == "two" and prack.cseq[0] == 2
    assert len([event for event in call.events() if isinstance(event, CallRinging)]) == 2
    call.answer(200, tag="two", body=ANSWER)
    assert [one.recipient.tag for _, one in call.sent] == ["two"]
    assert call.call.dialog is not None and call.call.dialog.local_cseq == 2
    call.answer(200, tag="one", body=ANSWER)
    assert [one.method for _, one in call.sent if isinstance(one, Request)] == ["ACK", "BYE"]


def test_a_reliable_response_out_of_order_or_again_is_not_acknowledged() -> None:
    call = Dialling("10.1.1.1")
    call.answer(180, **reliable(5))
    assert call.words() == ["PRACK 10.9.9.9"]
    for number in (5, 4, 7):
        call.answer(183, **reliable(number))
        assert call.sent == []
    call.answer(183, **reliable(6))
    assert call.words() == ["PRACK 10.9.9.9"]


def test_branches_beyond_the_bound_are_not_heard() -> None:
    call = Dialling("10.1.1.1")
    for number in range(12):
        call.answer(180, tag=f"t{number}", **reliable(1))
    assert len([event for event in call.events() if isinstance(event, CallRinging)]) == 8


def test_a_branch_that_is_not_heard_may_refresh_but_changes_nothing() -> None:
    call = Dialling("10.1.1.1")
    for tag in ("one", "two"):
        call.answer(183, tag=tag, body=ANSWER, **reliable(1))
    dialog = call.call.dialog
    assert dialog is not None and dialog.remote_tag == "two"
    for method, body, expected in (("UPDATE", b"", 200), ("UPDATE", OFFER, 488), ("BYE", b"", 488)):
        text = (
            f"{method} sip:ann@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK{method}{len(body)}\r\n"
            f"From: <sip:bob@example.com>;tag=one\r\nTo: <sip:ann@10.0.0.1>;tag={call.call.tag}\r\n"
            f"Call-ID: {call.call.call_id}\r\nCSeq: {7 + expected} {method}\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        call.script.agent.receive(text.encode() + body, flow("10.9.9.9"), call.script.now)
        ((_, response),) = call.outgoing()
        assert isinstance(response, Response) and response.status == expected
    assert call.call.state is CallState.DIALING


def test_everything_is_forgotten_in_the_end() -> None:
    call = Dialling("10.1.1.1", "10.1.1.2", follow=True)
    call.pass_time(4.1)
    call.answer(302, Contact="<sip:b@10.2.2.2>")
    call.answer(486)
    call.pass_time(200.0)
    core = call.script.agent.core
    assert (len(core.calls), len(core.transactions), len(core.timers), core.active) == (0, 0, 0, 0)
