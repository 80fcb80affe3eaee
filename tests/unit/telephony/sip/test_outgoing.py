"""Calls that we make: two agents on a link that loses what it is told to."""

from __future__ import annotations

import itertools

import pytest

from telephony.errors import TransportError
from telephony.sip.call import CallState
from telephony.sip.core import AgentSettings
from telephony.sip.digest import Account
from telephony.sip.events import (
    AgentEvent,
    ByeReceived,
    CallEstablished,
    CallFailed,
    CallOffered,
    CallRinging,
    Cancelled,
)
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import Request, parse, respond
from telephony.sip.outgoing import OutgoingCall
from telephony.sip.user_agent import UserAgent
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Line, Link, agent

A, B = "10.0.0.1", "10.0.0.2"


def link(**settings: object) -> Link:
    return Link({A: agent("a", A), B: agent("b", B, **settings)})


def dial(one: Link, account: Account | None = None) -> OutgoingCall:
    call = one.agents[A].dial(Uri.parse(f"sip:1000@{B}"), Address.parse(f'"Ann" <sip:ann@{A}>'), account=account)
    call.start(OFFER, one.now)
    return call


def answering(one: Link) -> None:
    def on_event(host: str, event: AgentEvent) -> None:
        if isinstance(event, CallOffered):
            event.call.ring(one.now)
            event.call.accept(ANSWER, one.now)

    one.on_event = on_event


def test_a_call_from_invite_to_bye() -> None:
    one = link()
    answering(one)
    call = dial(one)
    one.settle()
    assert one.words() == ["INVITE", "100", "180", "200", "ACK"]
    (established,) = one.of(A, CallEstablished)
    assert isinstance(established, CallEstablished) and established.answer == ANSWER
    call.bye(one.now)
    one.settle()
    assert one.words()[-2:] == ["BYE", "200"]
    assert len(one.of(B, ByeReceived)) == 1
    one.run(100.0)
    for host in (A, B):
        core = one.agents[host].core
        assert (len(core.calls), len(core.transactions), len(core.timers), core.active) == (0, 0, 0, 0)


@pytest.mark.parametrize("pattern", list(itertools.product([False, True], repeat=6)))
def test_whatever_of_the_first_six_messages_is_lost_the_call_comes_up_once_and_ends(pattern: tuple[bool, ...]) -> None:
    one = link()
    answering(one)
    numbers = itertools.count()
    one.lose = lambda line: (n := next(numbers)) < len(pattern) and pattern[n]
    call = dial(one)
    one.run(33.0)
    assert len(one.of(A, CallEstablished)) == len(one.of(B, CallEstablished)) == len(one.of(B, CallOffered)) == 1
    start = len(one.lines)
    one.lose = lambda line: len(one.lines) - start in (1, 3)
    call.bye(one.now)
    one.run(40.0)
    assert len(one.of(B, ByeReceived)) == 1
    assert one.agents[A].calls == one.agents[B].calls == 0


def test_every_repeated_2xx_is_acknowledged_again() -> None:
    one = link()
    answering(one)
    one.lose = lambda line: line.word == "ACK" and len(one.times("ACK")) < 4
    dial(one)
    one.run(10.0)
    assert one.times("200", B) == one.times("ACK", A) == [0.0, 0.5, 1.5, 3.5]
    acks = {bytes(line.message) for line in one.lines if line.word == "ACK"}
    assert len(acks) == 1
    assert len(one.of(A, CallEstablished)) == 1


def test_busy_is_reported_once_and_acknowledged() -> None:
    one = link()
    one.on_event = lambda host, event: event.call.reject(486, one.now) if isinstance(event, CallOffered) else None
    one.lose = lambda line: line.word == "ACK" and len(one.times("ACK")) < 2
    dial(one)
    one.run(40.0)
    (failed,) = one.of(A, CallFailed)
    assert isinstance(failed, CallFailed) and (failed.status, failed.reason) == (486, "Busy Here")
    assert one.times("486") == [0.0, 0.5]
    assert one.agents[A].calls == 0


def test_nobody_there() -> None:
    one = link()
    one.lose = lambda line: True
    dial(one)
    one.run(40.0)
    (failed,) = one.of(A, CallFailed)
    assert isinstance(failed, CallFailed) and failed.status == 408
    assert one.times("INVITE") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


def test_unreachable_fails_at_once() -> None:
    one = link()
    dial(one)
    one.agents[A].unreachable("udp", B, 5060, one.now)
    one.settle()
    (failed,) = one.of(A, CallFailed)
    assert isinstance(failed, CallFailed) and failed.status == 503


def test_a_ringing_call_is_cancelled() -> None:
    one = link()
    one.on_event = lambda host, event: event.call.ring(one.now) if isinstance(event, CallOffered) else None
    call = dial(one)
    one.settle()
    assert len(one.of(A, CallRinging)) == 1
    call.cancel(one.now)
    one.run(40.0)
    assert len(one.of(B, Cancelled)) == 1
    (failed,) = one.of(A, CallFailed)
    assert isinstance(failed, CallFailed) and failed.status == 487
    assert one.words().count("CANCEL") == 1


def test_cancel_waits_for_a_provisional_response() -> None:
    """RFC 3261 §9.1: before one, a CANCEL could overtake its INVITE."""
    one = link()
    one.lose = lambda line: line.word == "100" and len(one.times("100")) < 2
    call = dial(one)
    one.settle()
    call.cancel(one.now)
    one.settle()
    assert "CANCEL" not in one.words()
    one.run(1.0)
    assert one.times("CANCEL") == [0.5]


def test_a_far_end_that_is_gone_while_it_rings_leaves_nothing_behind() -> None:
    """RFC 3261 §9.1: 64*T1 after the CANCEL the client gives the transaction up, which has no timer of its own."""
    one = link()
    one.on_event = lambda host, event: event.call.ring(one.now) if isinstance(event, CallOffered) else None
    call = dial(one)
    one.settle()
    one.lose = lambda line: True
    call.cancel(one.now)
    one.run(100.0)
    (failed,) = one.of(A, CallFailed)
    assert isinstance(failed, CallFailed) and failed.reason == "no answer to CANCEL"
    assert len(one.agents[A].core.transactions) == one.agents[A].calls == 0


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    one = link()
    answering(one)
    call = dial(one)
    call.cancel(one.now)
    one.run(40.0)
    assert {"ACK", "BYE"} <= set(one.words(A))
    assert not one.of(A, CallEstablished) and len(one.of(A, CallFailed)) == 1
    assert one.agents[B].calls == one.agents[A].calls == 0


def test_a_second_branch_that_answers_is_acknowledged_and_ended() -> None:
    one = link()
    answering(one)
    call = dial(one)
    one.settle()
    invite = next(line.message for line in one.lines if line.word == "INVITE")
    assert isinstance(invite, Request)
    forked = respond(invite, 200, tag="fork", headers={"Contact": "<sip:x@10.0.0.3>", "Content-Type": "application/sdp"})
    one.agents[A].receive(bytes(forked), Flow("udp", B, 5060, A, 5060), one.now)
    one.agents[A].receive(bytes(forked), Flow("udp", B, 5060, A, 5060), one.now)
    one.settle()
    sent = [line.message for line in one.lines if line.source == A and line.message.recipient.tag == "fork"]
    assert [one.method for one in sent if isinstance(one, Request)] == ["ACK", "BYE", "ACK"]
    assert call.state is CallState.UP


@pytest.mark.parametrize("lost", [[], ["401"], ["ACK"]])
def test_a_challenge_is_answered(lost: list[str]) -> None:
    account = Account("ann", "secret")
    one = link(trusted=lambda flow: False, credentials=lambda user: account if user == "ann" else None)
    answering(one)
    once = list(lost)
    one.lose = lambda line: line.word in once and not once.remove(line.word)  # type: ignore[func-returns-value]
    dial(one, account)
    one.run(5.0)
    assert len(one.of(A, CallEstablished)) == 1
    (offered,) = one.of(B, CallOffered)
    assert isinstance(offered, CallOffered) and offered.call.authenticated_user == "ann"
    assert offered.call.invite.cseq[0] == 2


def test_a_wrong_password_ends_after_one_try() -> None:
    one = link(trusted=lambda flow: False, credentials=lambda user: Account("ann", "other"))
    dial(one, Account("ann", "secret"))
    one.run(40.0)
    (failed,) = one.of(A, CallFailed)
    assert isinstance(failed, CallFailed) and failed.status == 401
    assert one.words(A).count("INVITE") == 2


def test_the_route_set_of_a_call_we_make_is_reversed() -> None:
    """RFC 3261 §12.1.2, and §12.2.1.1 for a strict router in front."""
    one = link()
    call = dial(one)
    one.settle()
    invite = next(line.message for line in one.lines if line.word == "INVITE")
    assert isinstance(invite, Request)
    answer = respond(invite, 200, tag="t", headers={"Contact": "<sip:x@far.example>"}, body=ANSWER)
    answer.headers.set("record-route", "<sip:p2.example;lr>, <sip:p1.example>")
    one.agents[A].receive(bytes(answer), Flow("udp", B, 5060, A, 5060), one.now)
    outgoing = one.agents[A].drain_output()[-1]
    ack = parse(outgoing.data)
    assert isinstance(ack, Request)
    assert (ack.target, ack.headers.all("route")) == ("sip:p1.example", ["<sip:p2.example;lr>", "<sip:x@far.example>"])
    assert outgoing.flow.host == "p1.example" and call.state is CallState.UP


def test_a_2xx_without_contact_fails_the_call() -> None:
    one = link()
    dial(one)
    one.settle()
    invite = next(line.message for line in one.lines if line.word == "INVITE")
    assert isinstance(invite, Request)
    one.agents[A].receive(bytes(respond(invite, 200, tag="t")), Flow("udp", B, 5060, A, 5060), one.now)
    one.settle()
    (failed,) = one.of(A, CallFailed)
    assert isinstance(failed, CallFailed) and failed.status == 502


def test_a_transport_without_a_listener_is_refused() -> None:
    only = UserAgent(AgentSettings(), lambda: "t", b"s", {"udp": (A, 5060)})
    for text in ("sip:x@y;transport=tcp", "sips:x@y", "sip:x@y;transport=ws"):
        with pytest.raises(TransportError):
            only.dial(Uri.parse(text), Address.parse("sip:me@here"))
    assert only.calls == 0


def test_the_link_itself_loses_what_it_is_told_to() -> None:
    one = link()
    one.lose = lambda line: isinstance(line, Line)
    dial(one)
    one.settle()
    assert [line.lost for line in one.lines] == [True]
