"""Reliable provisional responses and early media (RFC 3262), from both sides."""

from __future__ import annotations

import pytest

from telephony.errors import Misuse
from telephony.sip.call import CallState
from telephony.sip.events import AgentEvent, CallEstablished, CallLost, CallOffered, CallRinging, ReOfferAnswered, ReOffered
from telephony.sip.incoming import IncomingCall
from telephony.sip.message import Response
from tests.unit.telephony.sip.calls import A, B, Talk
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Script, request

RELIABLE = "Supported: 100rel\r\n"


def progressed(call: IncomingCall, now: float) -> None:
    call.progress(ANSWER, now)


def offered(script: Script, headers: str = RELIABLE, body: bytes = OFFER) -> IncomingCall:
    script.send(request(headers=headers, body=body))
    (event,) = script.agent.drain_events()
    assert isinstance(event, CallOffered)
    return event.call


def prack(call: IncomingCall, response: Response, *, cseq: int = 2, body: bytes = b"", rack: str = "") -> bytes:
    text = f"RAck: {rack or response.headers.get('rseq') + ' 1 INVITE'}\r\n"
    return request("PRACK", branch=f"z9hG4bKp{cseq}", cseq=cseq, to_tag=call.tag, headers=text, body=body)


def only(script: Script) -> Response:
    (found,) = script.sent()
    assert isinstance(found, Response)
    return found


def test_early_media_is_acknowledged_and_the_answer_comes_again_with_200() -> None:
    talk = Talk(progressed)
    assert talk.fresh() == ["INVITE", "100", "183", "PRACK", "200"]
    (ringing,) = talk.link.of(A, CallRinging)
    assert isinstance(ringing, CallRinging) and (ringing.status, ringing.answer) == (183, ANSWER)
    talk.far.accept(ANSWER, talk.link.now)
    assert talk.fresh() == ["200", "ACK"]
    (established,) = talk.link.of(A, CallEstablished)
    assert isinstance(established, CallEstablished) and established.answer == ANSWER
    talk.call.bye(talk.link.now)
    assert talk.nothing_left()


def test_183_is_repeated_with_doubling_pauses_until_its_prack() -> None:
    script = Script()
    call = offered(script)
    call.progress(ANSWER, script.now)
    first = only(script)
    assert first.headers.get("require") == "100rel" and first.body == ANSWER
    assert [at for at, _ in script.run(8.0)] == [0.5, 1.5, 3.5, 7.5]
    assert script.statuses(prack(call, first)) == [200]
    assert script.run(25.0) == []


def test_without_prack_the_call_is_refused_with_504() -> None:
    script = Script()
    call = offered(script)
    call.progress(ANSWER, script.now)
    script.sent()
    sent = script.run(32.5)
    finals = [(at, one.status) for at, one in sent if isinstance(one, Response) and one.status >= 300]
    assert finals[0] == (32.0, 504)
    assert [type(event) for event in script.agent.drain_events()] == [CallLost]
    assert script.agent.calls == 0


def test_a_caller_who_does_not_know_100rel_gets_183_once() -> None:
    script = Script()
    call = offered(script, "")
    call.progress(ANSWER, script.now)
    response = only(script)
    assert (response.status, response.body, "rseq" in response.headers) == (183, ANSWER, False)
    assert script.run(30.0) == []


def test_who_requires_100rel_gets_even_ringing_reliably_and_one_at_a_time() -> None:
    script = Script()
    call = offered(script, "Require: 100rel\r\n")
    call.ring(script.now)
    ringing = only(script)
    call.progress(ANSWER, script.now)
    assert script.sent() == []
    answers = [one for one in script.send(prack(call, ringing)) if isinstance(one, Response)]
    assert sorted(one.status for one in answers) == [183, 200]
    progress = next(one for one in answers if one.status == 183)
    assert int(progress.headers.get("rseq")) == int(ringing.headers.get("rseq")) + 1


def test_the_200_waits_for_the_prack_of_a_183_with_sdp() -> None:
    script = Script()
    call = offered(script)
    call.progress(ANSWER, script.now)
    progress = only(script)
    call.accept(ANSWER, script.now)
    assert script.sent() == [] and call.state is CallState.OFFERED
    with pytest.raises(Misuse):
        call.ring(script.now)
    answers = [one for one in script.send(prack(call, progress)) if isinstance(one, Response)]
    assert [(one.status, one.cseq[1]) for one in answers] == [(200, "PRACK"), (200, "INVITE")]
    assert answers[1].body == progress.body


@pytest.mark.parametrize("rack", ["1 1 INVITE", "x", "", "99999999999 1 INVITE", "0 1 PRACK"])
def test_a_prack_for_something_else_gets_481(rack: str) -> None:
    script = Script()
    call = offered(script)
    call.progress(ANSWER, script.now)
    assert script.statuses(prack(call, only(script), rack=rack or " ")) == [481]
    assert [one.status for _, one in script.run(0.6) if isinstance(one, Response)] == [183]


def test_prack_without_anything_to_acknowledge_gets_481() -> None:
    script = Script()
    call = offered(script, "")
    assert script.statuses(request("PRACK", cseq=2, branch="z9hG4bKp", to_tag=call.tag, headers="RAck: 1 1 INVITE\r\n")) == [
        481
    ]


def test_a_prack_with_a_new_offer_is_answered_in_its_200() -> None:
    script = Script()
    call = offered(script)
    call.progress(ANSWER, script.now)
    assert script.send(prack(call, only(script), body=OFFER)) == []
    (event,) = script.agent.drain_events()
    assert isinstance(event, ReOffered) and event.offer == OFFER
    call.accept_reoffer(ANSWER, script.now)
    response = only(script)
    assert (response.status, response.cseq[1], response.body) == (200, "PRACK", ANSWER)


def test_cancel_ends_a_call_with_early_media() -> None:
    script = Script()
    call = offered(script)
    call.progress(ANSWER, script.now)
    script.sent()
    assert sorted(script.statuses(request("CANCEL"))) == [200, 487]
    assert 183 not in [one.status for _, one in script.run(5.0) if isinstance(one, Response)]


def test_update_moves_early_media_once_it_is_acknowledged() -> None:
    """RFC 3311 §5.2: before that, 500 with Retry-After."""
    talk = Talk(lambda call, now: call.ring(now))
    talk.call.reoffer(lambda: OFFER, talk.link.now)
    assert "UPDATE" not in talk.fresh(), "no answer yet: nothing may be offered"
    talk.far.progress(ANSWER, talk.link.now)
    talk.link.settle()
    talk.on_event = lambda host, event: (
        event.call.accept_reoffer(ANSWER, talk.link.now) if isinstance(event, ReOffered) else None
    )
    talk.call.reoffer(lambda: OFFER, talk.link.now)
    assert talk.fresh()[-2:] == ["UPDATE", "200"]
    assert [event.status for event in talk.link.of(A, ReOfferAnswered) if isinstance(event, ReOfferAnswered)] == [200]
    assert talk.call.state is CallState.DIALING


def test_an_early_update_before_our_answer_gets_500() -> None:
    script = Script()
    call = offered(script)
    (response,) = script.send(request("UPDATE", branch="z9hG4bKu", cseq=2, to_tag=call.tag, body=OFFER))
    assert isinstance(response, Response) and response.status == 500 and response.headers.get("retry-after")


def test_a_lost_183_and_a_lost_prack_are_repeated() -> None:
    talk = Talk(lambda call, now: None)
    lost: list[str] = []

    def lose(line: object) -> bool:
        word = getattr(line, "word", "")
        if word in ("183", "PRACK") and word not in lost:
            lost.append(word)
            return True
        return False

    talk.link.lose = lose
    talk.far.progress(ANSWER, talk.link.now)
    talk.link.run(5.0)
    assert lost == ["183", "PRACK"]
    assert len(talk.link.of(A, CallRinging)) == 1, "told once, however often it came"
    talk.far.accept(ANSWER, talk.link.now)
    talk.link.settle()
    assert talk.call.state is CallState.UP


def test_an_offer_that_comes_in_183_is_answered_in_prack() -> None:
    """A delayed offer with early media: INVITE without SDP, offer in 183, answer in PRACK (RFC 3262 §5)."""

    def on_event(host: str, event: AgentEvent) -> None:
        if isinstance(event, ReOffered) and host == A:
            event.call.accept_reoffer(ANSWER, talk.link.now)

    talk = Talk(lambda call, now: None, offer=b"")
    talk.on_event = on_event
    talk.far.progress(OFFER, talk.link.now)
    talk.link.settle()
    (answered,) = talk.link.of(B, ReOfferAnswered)
    assert isinstance(answered, ReOfferAnswered) and answered.answer == ANSWER
    talk.far.accept(OFFER, talk.link.now)
    talk.link.settle()
    assert (talk.call.state, talk.far.state) == (CallState.UP, CallState.UP)
    assert talk.words().count("ACK") == 1


def test_hanging_up_while_the_answer_waits_for_a_prack_turns_the_call_away() -> None:
    script = Script()
    call = offered(script)
    call.progress(ANSWER, script.now)
    script.sent()
    call.accept(ANSWER, script.now)
    call.bye(script.now)
    assert only(script).status == 480 and script.agent.calls == 0


def test_who_left_the_offer_to_us_and_wants_it_reliably_hears_of_the_answer_only() -> None:
    """RFC 3262 §5: the first reliable response would have to hold the offer."""
    script = Script()
    call = offered(script, "Require: 100rel\r\n", b"")
    call.ring(script.now)
    assert script.sent() == []
    call.accept(OFFER, script.now)
    assert only(script).body == OFFER
