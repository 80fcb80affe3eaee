"""Calls that come in, with a far end written by hand."""

from __future__ import annotations

import pytest

from telephony.errors import Misuse
from telephony.sip.call import CallState
from telephony.sip.events import (
    AgentEvent,
    ByeReceived,
    CallEstablished,
    CallLost,
    CallOffered,
    Cancelled,
    InfoDigit,
    ReOfferAnswered,
    ReOffered,
)
from telephony.sip.incoming import IncomingCall
from telephony.sip.message import Request, Response, respond
from tests.unit.telephony.sip.peers import ANSWER, CLIENT, OFFER, Script, request


def offered(script: Script, data: bytes = b"", **values: object) -> IncomingCall:
    script.send(data or request(body=OFFER, **values))  # type: ignore[arg-type]
    (event,) = script.agent.drain_events()
    assert isinstance(event, CallOffered)
    return event.call


def answered(script: Script) -> IncomingCall:
    call = offered(script)
    call.accept(ANSWER, script.now)
    script.sent()
    script.send(request("ACK", branch="z9hG4bKack", to_tag=call.tag))
    assert isinstance(script.agent.drain_events()[0], CallEstablished)
    return call


def within(call: IncomingCall, method: str, cseq: int, **values: object) -> bytes:
    return request(method, branch=f"z9hG4bK{method}{cseq}", cseq=cseq, to_tag=call.tag, **values)  # type: ignore[arg-type]


def events(script: Script) -> list[AgentEvent]:
    return script.agent.drain_events()


def statuses(messages: list[Response | Request]) -> list[int]:
    return [one.status for one in messages if isinstance(one, Response)]


def test_trying_comes_at_once_and_a_retransmission_makes_no_second_call() -> None:
    script = Script()
    invite = request(body=OFFER)
    assert script.statuses(invite) == [100]
    call = script.agent.drain_events()[0].call  # type: ignore[union-attr]
    assert isinstance(call, IncomingCall)
    call.ring(script.now)
    (first,) = script.sent()
    (again,) = script.send(invite)
    assert bytes(first) == bytes(again) and first.recipient.tag == call.tag
    call.accept(ANSWER, script.now)
    (okay,) = script.sent()
    (repeated,) = script.send(invite)
    assert bytes(okay) == bytes(repeated) and isinstance(okay, Response) and okay.recipient.tag == call.tag
    assert not events(script) and script.agent.calls == 1


def test_2xx_is_resent_until_ack() -> None:
    script = Script()
    call = offered(script)
    call.accept(ANSWER, script.now)
    script.sent()
    resent = script.run(8.0)
    assert [(at, one.status) for at, one in resent if isinstance(one, Response)] == [
        (0.5, 200), (1.5, 200), (3.5, 200), (7.5, 200),
    ]  # fmt: skip
    script.send(request("ACK", branch="z9hG4bKack", to_tag=call.tag))
    assert script.run(60.0) == []
    assert call.state is CallState.UP


def test_an_ack_on_the_branch_of_its_invite_counts_whatever_its_tag() -> None:
    """pyVoIP makes up a new To tag for its ACK; a call must not end 32 s later for that."""
    script = Script()
    call = offered(script)
    call.accept(ANSWER, script.now)
    script.sent()
    script.send(request("ACK", to_tag="invented"))
    assert script.run(60.0) == []
    assert call.state is CallState.UP


def test_without_ack_the_call_is_ended_by_bye() -> None:
    script = Script()
    call = offered(script)
    call.accept(ANSWER, script.now)
    sent = script.run(33.0)
    byes = [(at, one) for at, one in sent if isinstance(one, Request)]
    assert byes[0][0] == 32.0 and byes[0][1].method == "BYE" and "408" in byes[0][1].headers.get("reason")
    assert [type(event) for event in events(script)] == [CallLost]
    assert script.agent.calls == 0


def test_everything_is_forgotten_in_the_end() -> None:
    script = Script()
    call = answered(script)
    script.send(within(call, "BYE", 2))
    script.run(100.0)
    assert len(script.agent.core.calls) == 0 and len(script.agent.core.transactions) == 0
    assert len(script.agent.core.timers) == 0


def test_bye_and_its_retransmission_get_200() -> None:
    script = Script()
    call = answered(script)
    bye = within(call, "BYE", 2, headers="Reason: Q.850;cause=16\r\n")
    assert script.statuses(bye) == [200]
    assert script.statuses(bye) == [200]
    assert [event.detail for event in events(script) if isinstance(event, ByeReceived)] == ["Q.850;cause=16"]
    assert script.statuses(within(call, "BYE", 3)) == [200], "the dialog lingers"


def test_cancel_gets_200_and_the_invite_487() -> None:
    script = Script()
    call = offered(script)
    cancel = request("CANCEL")
    answers = script.send(cancel)
    assert [(one.status, one.cseq[1]) for one in answers if isinstance(one, Response)] == [(200, "CANCEL"), (487, "INVITE")]
    assert {one.recipient.tag for one in answers} == {call.tag}
    assert isinstance(events(script)[0], Cancelled)
    assert script.statuses(cancel) == [200]
    assert script.send(request("ACK", to_tag=call.tag)) == []
    assert script.run(60.0) == []


def test_cancel_after_the_answer_is_too_late_and_the_call_stays() -> None:
    script = Script()
    call = answered(script)
    assert script.statuses(request("CANCEL")) == [481]
    assert call.state is CallState.UP and not events(script)
    assert script.statuses(request("CANCEL", branch="z9hG4bKother")) == [481]


def test_a_rejection_is_resent_until_its_ack() -> None:
    script = Script()
    call = offered(script)
    call.reject(486, script.now)
    assert statuses(script.sent()) == [486]
    assert [at for at, _ in script.run(2.0)] == [0.5, 1.5]
    script.send(request("ACK", to_tag=call.tag))
    assert script.run(60.0) == []


def test_long_ringing_is_said_again_each_minute() -> None:
    script = Script()
    call = offered(script)
    call.ring(script.now)
    script.sent()
    assert [at for at, _ in script.run(130.0)] == [60.0, 120.0]


def test_a_merged_request_is_482() -> None:
    script = Script()
    offered(script)
    assert script.statuses(request(branch="z9hG4bKother", body=OFFER)) == [482]
    assert script.agent.calls == 1


def test_delayed_offer_takes_the_answer_from_the_ack() -> None:
    script = Script()
    call = offered(script, request())
    call.accept(OFFER, script.now)
    (okay,) = script.sent()
    assert okay.body == OFFER and okay.content_type == "application/sdp"
    script.send(request("ACK", branch="z9hG4bKack", to_tag=call.tag, body=ANSWER))
    (event,) = events(script)
    assert isinstance(event, CallEstablished) and event.answer == ANSWER


def test_hold_by_re_invite_follows_contact_and_ack() -> None:
    script = Script()
    call = answered(script)
    reinvite = within(call, "INVITE", 2, body=OFFER, contact="<sip:me@10.0.0.77:5099>")
    assert script.statuses(reinvite) == [100]
    (event,) = events(script)
    assert isinstance(event, ReOffered) and event.offer == OFFER
    call.accept_reoffer(ANSWER, script.now)
    assert statuses(script.sent()) == [200]
    assert script.statuses(reinvite) == [200]
    script.send(request("ACK", branch="z9hG4bKack2", cseq=2, to_tag=call.tag))
    assert script.run(60.0) == []
    call.bye(script.now)
    (bye,) = script.sent()
    assert isinstance(bye, Request) and bye.target == "sip:me@10.0.0.77:5099"


def test_a_re_invite_without_an_offer_gets_ours() -> None:
    script = Script()
    call = answered(script)
    script.send(within(call, "INVITE", 2))
    assert isinstance(events(script)[0], ReOffered)
    call.accept_reoffer(OFFER, script.now)
    script.send(request("ACK", branch="z9hG4bKack2", cseq=2, to_tag=call.tag, body=ANSWER))
    (event,) = events(script)
    assert isinstance(event, ReOfferAnswered) and event.answer == ANSWER


def test_overlapping_offers() -> None:
    """RFC 3261 §14.2: 500 with Retry-After while one is open, 491 while our 200 has no ACK."""
    script = Script()
    call = answered(script)
    script.send(within(call, "INVITE", 2, body=OFFER))
    (second,) = script.send(within(call, "INVITE", 3, body=OFFER))
    assert isinstance(second, Response) and second.status == 500 and second.headers.get("retry-after")
    call.accept_reoffer(ANSWER, script.now)
    script.sent()
    assert script.statuses(within(call, "INVITE", 4, body=OFFER)) == [491]


def test_a_refused_re_invite_leaves_the_call_up() -> None:
    script = Script()
    call = answered(script)
    script.send(within(call, "INVITE", 2, body=OFFER))
    call.refuse_reoffer(488, script.now)
    assert statuses(script.sent()) == [488]
    assert call.state is CallState.UP
    with pytest.raises(Misuse):
        call.refuse_reoffer(488, script.now)


def test_bye_while_a_re_invite_is_open_answers_both() -> None:
    script = Script()
    call = answered(script)
    script.send(within(call, "INVITE", 2, body=OFFER))
    assert sorted(script.statuses(within(call, "BYE", 3))) == [200, 487]


def test_update_refreshes_at_once_or_offers() -> None:
    script = Script()
    call = answered(script)
    assert script.statuses(within(call, "UPDATE", 2)) == [200]
    assert script.statuses(within(call, "UPDATE", 3, body=OFFER)) == []
    assert isinstance(events(script)[0], ReOffered)
    call.accept_reoffer(ANSWER, script.now)
    (okay,) = script.sent()
    assert okay.body == ANSWER
    assert script.run(60.0) == [], "an UPDATE has no ACK to wait for"


@pytest.mark.parametrize(
    ("kind", "body", "status", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", 200, "5"),
        ("application/dtmf-relay", b"Signal= #\r\nDuration=160", 200, "#"),
        ("Application/DTMF", b"*", 200, "*"),
        ("application/dtmf", b"11", 200, "#"),
        ("application/dtmf-relay", b"Signal=long", 400, None),
        ("application/xml", b"<x/>", 415, None),
        ("", b"", 200, None),
    ],
)
def test_keys_by_info(kind: str, body: bytes, status: int, digit: str | None) -> None:
    script = Script()
    call = answered(script)
    data = within(call, "INFO", 2, headers=f"Content-Type: {kind}\r\n" if kind else "", body=body)
    assert script.statuses(data) == [status]
    assert script.statuses(data) == [status], "a retransmission is answered but is no second key"
    assert [event.digit for event in events(script) if isinstance(event, InfoDigit)] == ([digit] if digit else [])


def test_within_a_dialog_order_tags_and_methods_are_checked() -> None:
    script = Script()
    call = answered(script)
    assert script.statuses(within(call, "INFO", 5)) == [200]
    assert script.statuses(within(call, "INFO", 4)) == [500]
    assert script.statuses(within(call, "INFO", 6, from_tag="stranger")) == [481]
    assert script.statuses(within(call, "INFO", 7, call_id="other")) == [481]
    assert script.statuses(within(call, "OPTIONS", 8)) == [200]
    assert script.statuses(within(call, "MESSAGE", 9)) == [405]
    assert script.statuses(within(call, "INFO", 10, headers="Require: x\r\n")) == [420]
    assert call.state is CallState.UP


def test_a_bye_before_the_answer_ends_both() -> None:
    script = Script()
    call = offered(script)
    call.ring(script.now)
    script.sent()
    assert sorted(script.statuses(within(call, "BYE", 2))) == [200, 487]
    assert isinstance(events(script)[0], ByeReceived)


def test_our_requests_follow_the_route_set() -> None:
    """RFC 3261 §12.1.1 and §16.12.1.1: Record-Route in order, loose routing."""
    script = Script()
    call = offered(script, headers="Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:p1.example;lr>\r\n")
    call.accept(ANSWER, script.now)
    script.sent()
    script.send(request("ACK", branch="z9hG4bKack", to_tag=call.tag))
    call.bye(script.now)
    (outgoing,) = script.agent.core.outbox
    (bye,) = script.sent()
    assert isinstance(bye, Request)
    assert bye.target == "sip:me@10.0.0.9:5099"
    assert bye.headers.all("route") == ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]
    assert (outgoing.flow.host, outgoing.flow.port) == ("p2.example", 0)  # the port that its SRV records tell


def test_a_far_end_behind_a_nat_is_answered_where_it_spoke_from() -> None:
    script = Script()
    call = offered(script, contact="<sip:me@192.168.1.5:5060>")
    call.accept(ANSWER, script.now)
    script.send(request("ACK", branch="z9hG4bKack", to_tag=call.tag))
    call.bye(script.now)
    (outgoing,) = script.agent.core.outbox
    assert outgoing.flow == CLIENT


def test_over_tcp_requests_take_the_same_connection() -> None:
    script = Script()
    script.over("tcp")
    call = offered(script, request(body=OFFER).replace(b"/UDP", b"/TCP"))
    call.accept(ANSWER, script.now)
    (okay,) = script.sent()
    assert okay.contact is not None and okay.contact.uri.transport == "tcp"
    script.send(request("ACK", branch="z9hG4bKack", to_tag=call.tag))
    call.bye(script.now)
    (outgoing,) = script.agent.core.outbox
    assert outgoing.flow.connection == 7


def test_commands_in_the_wrong_state_are_our_misuse() -> None:
    script = Script()
    call = answered(script)
    with pytest.raises(Misuse):
        call.ring(script.now)
    with pytest.raises(Misuse):
        call.accept(b"", script.now)
    with pytest.raises(Misuse):
        call.reject(486, script.now)
    call.bye(script.now)
    with pytest.raises(Misuse):
        call.bye(script.now)


@pytest.mark.parametrize(("status", "stands"), [(200, True), (405, True), (481, False), (408, False), (None, False)])
def test_a_far_end_without_voice_is_asked_whether_the_call_stands(status: int | None, stands: bool) -> None:
    """RFC 3261 §12.2.1.2: 481, 408 or no answer at all end the dialog."""
    script = Script()
    call = answered(script)
    call.probe(script.now)
    call.probe(script.now)
    (options,) = script.sent()
    assert isinstance(options, Request) and options.method == "OPTIONS" and options.recipient.tag == "ft"
    if status is None:
        script.run(33.0)
    else:
        script.send(bytes(respond(options, status)))
    assert [type(event) for event in events(script)] == ([] if stands else [CallLost])
    assert call.state is (CallState.UP if stands else CallState.ENDED)
