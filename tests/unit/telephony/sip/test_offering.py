"""Our own offers within a dialog: re-INVITE, glare, delayed offers, challenges (RFC 3261 §14.1)."""

from __future__ import annotations

import pytest

from telephony.errors import Misuse
from telephony.sip.call import CallState
from telephony.sip.digest import Account
from telephony.sip.events import AgentEvent, CallEstablished, CallLost, ReOfferAnswered, ReOffered
from telephony.sip.grammar import Uri
from telephony.sip.message import Request, respond
from tests.unit.telephony.sip.calls import ANN, A, B, Talk
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Script, request
from tests.unit.telephony.sip.test_call import answered, offered, within

TARGET = Uri.parse("sip:1000@10.0.0.9:5099")
HOLD = OFFER + b"a=sendonly\r\n"


def accepting(talk: Talk, body: bytes = ANSWER) -> None:
    def on_event(host: str, event: AgentEvent) -> None:
        if isinstance(event, ReOffered):
            event.call.accept_reoffer(body, talk.link.now)

    talk.on_event = on_event


def results(talk: Talk, host: str) -> list[tuple[int, bytes]]:
    return [(one.status, one.answer) for one in talk.link.of(host, ReOfferAnswered) if isinstance(one, ReOfferAnswered)]


@pytest.mark.parametrize("host", [A, B])
def test_an_offer_of_ours_is_answered_from_either_end(host: str) -> None:
    talk = Talk()
    accepting(talk)
    talk.fresh()
    (talk.call if host == A else talk.far).reoffer(lambda: HOLD, talk.link.now)
    assert talk.fresh() == ["INVITE", "100", "200", "ACK"]
    assert results(talk, host) == [(200, ANSWER)]


def test_a_refused_offer_changes_nothing() -> None:
    talk = Talk()
    talk.on_event = lambda host, event: event.call.refuse_reoffer(488, talk.link.now) if isinstance(event, ReOffered) else None
    talk.call.reoffer(lambda: HOLD, talk.link.now)
    talk.link.settle()
    assert results(talk, A) == [(488, b"")]
    assert talk.call.state is CallState.UP


def test_of_offers_that_wait_only_the_last_is_made() -> None:
    talk = Talk()
    talk.fresh()
    made: list[str] = []

    def compose(name: str) -> bytes:
        made.append(name)
        return OFFER

    for name in ("first", "second", "third"):
        talk.call.reoffer(lambda name=name: compose(name), talk.link.now)  # type: ignore[misc]
    talk.link.settle()
    talk.far.accept_reoffer(ANSWER, talk.link.now)
    talk.link.settle()
    talk.far.accept_reoffer(ANSWER, talk.link.now)
    talk.link.settle()
    assert made == ["first", "third"]
    assert results(talk, A) == [(200, ANSWER)] * 2


def test_glare_both_offer_at_once_and_both_come_through() -> None:
    """§14.1: whoever made the Call-ID waits 2.1 to 4 s, the other end at most 2 s."""
    talk = Talk()
    accepting(talk)
    talk.fresh()
    for call in (talk.call, talk.far):
        call.reoffer(lambda: HOLD, talk.link.now)
    assert talk.fresh().count("491") == 2
    talk.link.run(5.0)
    invites = [(line.source, line.at - 100.0) for line in talk.link.lines if line.word == "INVITE"]
    assert [source for source, _ in invites] == [B, A]
    assert invites[0][1] <= 2.0 and 2.1 <= invites[1][1] <= 4.0
    assert results(talk, A) == results(talk, B) == [(200, ANSWER)]


def test_an_offer_that_meets_491_for_ever_is_given_up() -> None:
    script = Script()
    call = answered(script)
    call.reoffer(lambda: OFFER, script.now)
    tries = 0
    for _ in range(20):
        invites = [one for one in script.sent() if isinstance(one, Request) and one.method == "INVITE"]
        for invite in invites:
            tries += 1
            script.send(bytes(respond(invite, 491)))
        script.now = max(script.now, min(script.agent.next_deadline(), script.now + 4))
        script.agent.handle_timer(script.now)
    assert tries == 5
    assert ReOfferAnswered in [type(event) for event in script.agent.drain_events()]


def test_an_update_or_invite_that_crosses_our_offer_gets_491() -> None:
    script = Script()
    call = answered(script)
    call.reoffer(lambda: OFFER, script.now)
    script.sent()
    assert script.statuses(within(call, "INVITE", 2, body=OFFER)) == [491]
    assert script.statuses(within(call, "UPDATE", 3, body=OFFER)) == [491]
    assert script.statuses(within(call, "UPDATE", 4)) == [200], "a mere refresh crosses nothing"


def test_our_delayed_offer_is_answered_in_ack() -> None:
    talk = Talk()
    accepting(talk)
    talk.fresh()
    talk.call.reoffer(lambda: b"", talk.link.now)
    assert talk.fresh() == ["INVITE", "100", "200", "ACK"]
    assert results(talk, B) == [(200, ANSWER)]


def test_a_call_without_an_offer_takes_theirs_and_answers_in_ack() -> None:
    talk = Talk(lambda call, now: call.accept(OFFER, now), offer=b"")
    (event,) = talk.link.of(A, ReOffered)
    assert isinstance(event, ReOffered) and event.offer == OFFER
    talk.link.run(3.0)
    assert talk.words().count("200") == 3, "nothing is acknowledged before we have an answer"
    talk.call.accept_reoffer(ANSWER, talk.link.now)
    talk.link.settle()
    (established,) = talk.link.of(B, CallEstablished)
    assert isinstance(established, CallEstablished) and established.answer == ANSWER
    assert talk.call.state is CallState.UP and len(talk.link.of(A, CallEstablished)) == 1


def test_a_call_whose_offer_we_cannot_take_is_acknowledged_and_ended() -> None:
    talk = Talk(lambda call, now: call.accept(OFFER, now), offer=b"")
    talk.call.refuse_reoffer(488, talk.link.now)
    talk.link.settle()
    assert talk.words()[-3:] == ["ACK", "BYE", "200"]
    assert talk.nothing_left()


@pytest.mark.parametrize("status", [408, 481])
def test_a_far_end_that_no_longer_knows_the_call_ends_it(status: int) -> None:
    script = Script()
    call = answered(script)
    call.reoffer(lambda: OFFER, script.now)
    (invite,) = script.sent()
    assert isinstance(invite, Request)
    sent = script.send(bytes(respond(invite, status)))
    assert [one.method for one in sent if isinstance(one, Request)] == ["ACK", "BYE"]
    assert [type(event) for event in script.agent.drain_events()] == [CallLost]


def test_a_lost_ack_of_our_offer_is_repeated() -> None:
    talk = Talk()
    accepting(talk)
    talk.fresh()
    talk.link.lose = lambda line: line.word == "ACK" and talk.words().count("ACK") < 3
    talk.far.reoffer(lambda: HOLD, talk.link.now)
    talk.link.run(5.0)
    assert talk.words().count("ACK") == 3
    assert results(talk, B) == [(200, ANSWER)]


def test_a_bye_during_our_offer_ends_it_all() -> None:
    talk = Talk()
    talk.call.reoffer(lambda: HOLD, talk.link.now)
    talk.link.settle()
    talk.far.bye(talk.link.now)
    talk.link.settle()
    assert (talk.call.state, talk.far.state) == (CallState.ENDED, CallState.ENDED)
    with pytest.raises(Misuse):
        talk.call.reoffer(lambda: HOLD, talk.link.now)
    assert talk.nothing_left()


def test_challenges_within_the_dialog_are_met_and_the_count_goes_up() -> None:
    """Each of our requests may be challenged: INVITE, then re-INVITE and BYE carry credentials unasked (§22.3)."""
    account = Account("ann", "secret")
    talk = Talk(there={"trusted": lambda flow: False, "credentials": lambda user: account}, account=account)
    accepting(talk)
    talk.call.reoffer(lambda: HOLD, talk.link.now)
    talk.link.settle()
    talk.call.bye(talk.link.now)
    talk.link.settle()
    sent = [line.message for line in talk.link.lines if line.source == A]
    proofs = [one.headers.get("authorization") for one in sent if one.start_line.startswith(("INVITE", "BYE"))]
    counts = [int(proof.rpartition("nc=")[2], 16) for proof in proofs[1:]]
    assert proofs[0] == "" and len(counts) == 3 and counts == sorted(set(counts))


def test_a_challenged_bye_is_sent_again_with_credentials() -> None:
    script = Script()
    call = script.agent.dial(TARGET, ANN, account=Account("ann", "secret"))
    call.start(OFFER, script.now)
    (invite,) = script.sent()
    assert isinstance(invite, Request)
    script.send(bytes(respond(invite, 200, tag="far", headers={"Contact": "<sip:1000@10.0.0.9:5099>"}, body=ANSWER)))
    call.bye(script.now)
    (bye,) = script.sent()
    assert isinstance(bye, Request)
    challenge = 'Digest realm="x", nonce="n1", algorithm=MD5, qop="auth"'
    (again,) = script.send(bytes(respond(bye, 407, headers={"Proxy-Authenticate": challenge})))
    assert isinstance(again, Request) and again.method == "BYE" and again.cseq[0] == bye.cseq[0] + 1
    assert 'nonce="n1"' in again.headers.get("proxy-authorization")
    assert script.send(bytes(respond(again, 407, headers={"Proxy-Authenticate": challenge}))) == [], "refused is refused"


def test_bye_waits_for_the_ack_of_our_200() -> None:
    """§15: no BYE before the ACK, or 64*T1."""
    script = Script()
    call = offered(script)
    call.accept(ANSWER, script.now)
    script.sent()
    call.bye(script.now)
    assert call.state is CallState.ENDED and script.agent.calls == 0 and script.agent.core.leaving == 1
    assert [getattr(one, "status", 0) for _, one in script.run(1.0)] == [200], "the 200 is still repeated"
    (bye,) = script.send(request("ACK", branch="z9hG4bKa", to_tag=call.tag))
    assert isinstance(bye, Request) and bye.method == "BYE" and script.agent.core.leaving == 0
    script.send(bytes(respond(bye, 200)))
    assert script.run(100.0) == [] and not script.agent.core.calls


def test_bye_goes_out_in_the_end_though_no_ack_comes() -> None:
    script = Script()
    call = offered(script)
    call.accept(ANSWER, script.now)
    call.bye(script.now)
    byes = [at for at, one in script.run(33.0) if isinstance(one, Request)]
    assert byes[0] == 32.0


def test_both_hang_up_before_the_ack() -> None:
    script = Script()
    call = offered(script)
    call.accept(ANSWER, script.now)
    script.sent()
    call.bye(script.now)
    assert script.statuses(request("BYE", branch="z9hG4bKb", cseq=2, to_tag=call.tag)) == [200]
    assert script.run(100.0) == [] and not script.agent.core.calls and not script.agent.drain_events()


def test_a_carrier_that_challenges_our_bye_within_its_own_call() -> None:
    script = Script()
    call = answered(script)
    call.vouch(Account("us", "secret"))
    call.bye(script.now)
    (bye,) = script.sent()
    assert isinstance(bye, Request)
    challenge = 'Digest realm="carrier", nonce="n1", algorithm=SHA-256, qop="auth"'
    (again,) = script.send(bytes(respond(bye, 401, headers={"WWW-Authenticate": challenge})))
    assert again.cseq == (bye.cseq[0] + 1, "BYE") and 'username="us"' in again.headers.get("authorization")


def test_a_far_end_that_never_decides_about_our_offer() -> None:
    """A re-INVITE that got 100 has no timer of its own (§17.1.1.2)."""
    script = Script()
    call = answered(script)
    call.reoffer(lambda: OFFER, script.now)
    (invite,) = script.sent()
    assert isinstance(invite, Request)
    script.send(bytes(respond(invite, 100)))
    script.run(70.0)
    assert [event.status for event in script.agent.drain_events() if isinstance(event, ReOfferAnswered)] == [408]
    assert call.up and len(script.agent.core.transactions) == 0
    call.reoffer(lambda: OFFER, script.now)
    (invite,) = script.sent()
    assert isinstance(invite, Request)
    script.send(bytes(respond(invite, 183)))
    call.bye(script.now)
    script.run(100.0)
    assert len(script.agent.core.transactions) == len(script.agent.core.timers) == len(script.agent.core.calls) == 0
