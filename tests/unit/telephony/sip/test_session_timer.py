"""Session timers (RFC 4028): the arithmetic as tables, then two agents on a fake clock."""

from __future__ import annotations

import pytest

from telephony.errors import MalformedMessage
from telephony.sip.call import CallState
from telephony.sip.events import AgentEvent, CallLost, CallOffered, ReOffered
from telephony.sip.message import Headers, Request, Response, respond
from telephony.sip.session_timer import Terms, TooShort, as_client, as_server
from tests.unit.telephony.sip.calls import A, B, Talk
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Script, request
from tests.unit.telephony.sip.test_call import answered, within


def headers(text: str, supported: str = "timer", least: str = "") -> Headers:
    found = Headers({"supported": [supported]})
    if text:
        found.set("session-expires", text)
    if least:
        found.set("min-se", least)
    return found


@pytest.mark.parametrize(
    ("text", "supported", "least", "wish", "expected"),
    [
        ("1800", "timer", "", 1800, Terms(1800, False)),
        ("1800;refresher=uas", "timer", "", 1800, Terms(1800, True)),
        ("3600;refresher=uac", "100rel, timer", "", 1800, Terms(1800, False)),
        ("3600", "timer", "2400", 1800, Terms(2400, False)),
        ("120", "timer", "", 0, Terms(120, False)),
        ("", "timer", "", 1800, Terms(1800, False)),
        ("", "timer", "", 0, None),
        ("", "", "", 1800, None),
        ("1800", "", "", 1800, None),
        ("30", "", "", 1800, None),
        ("99999999999", "timer", "", 1800, None),
    ],
)
def test_what_a_request_and_our_settings_come_to(
    text: str, supported: str, least: str, wish: int, expected: Terms | None
) -> None:
    if text == "99999999999":
        with pytest.raises(MalformedMessage):
            as_server(headers(text, supported, least), wish, 90)
        return
    assert as_server(headers(text, supported, least), wish, 90) == expected


def test_within_a_session_who_refreshed_goes_on() -> None:
    assert as_server(headers("600"), 1800, 90, Terms(600, True)) == Terms(600, True)
    assert as_server(headers(""), 1800, 90, Terms(600, False)) == Terms(600, False)
    assert as_server(headers("600;refresher=uac"), 1800, 90, Terms(600, True)) == Terms(600, False)


def test_a_session_that_is_too_short_is_refused() -> None:
    with pytest.raises(TooShort):
        as_server(headers("89"), 1800, 90)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("x", None),
        ("1800", Terms(1800, True)),
        ("1800;refresher=uac", Terms(1800, True)),
        ("1800;refresher=uas", Terms(1800, False)),
        ("10", Terms(90, True)),
    ],
)
def test_what_an_answer_comes_to(text: str, expected: Terms | None) -> None:
    assert as_client(headers(text)) == expected


def test_when_to_refresh_and_when_to_give_up() -> None:
    assert (Terms(1800, True).refresh_after, Terms(1800, True).expires_after) == (900.0, 1768.0)
    assert Terms(90, False).expires_after == 60.0


def test_the_caller_refreshes_by_update_at_half_the_time() -> None:
    talk = Talk()
    talk.fresh()
    talk.link.run(3000.0)
    assert talk.link.times("UPDATE", A) == [900.0, 1800.0, 2700.0]
    assert not talk.link.times("UPDATE", B)
    assert talk.call.state is talk.far.state is CallState.UP
    talk.call.bye(talk.link.now)
    assert talk.nothing_left()


def test_a_far_end_without_update_is_refreshed_by_an_invite_that_changes_nothing() -> None:
    def on_event(host: str, event: AgentEvent) -> None:
        if isinstance(event, ReOffered):
            event.call.accept_reoffer(ANSWER, talk.link.now)

    talk = Talk()
    talk.on_event = on_event
    talk.call.peer_updates = False
    talk.fresh()
    talk.link.run(901.0)
    invite = next(line.message for line in talk.link.lines if line.word == "INVITE")
    assert invite.body == OFFER and invite.headers.get("session-expires") == "1800;refresher=uac"


def test_a_far_end_that_vanishes_is_given_bye_before_the_session_expires() -> None:
    talk = Talk()
    talk.fresh()
    talk.link.lose = lambda line: True
    talk.link.run(2000.0)
    assert talk.link.times("BYE", B)[0] == 1768.0
    assert [type(event) for event in talk.link.of(B, CallLost)] == [CallLost]
    assert len(talk.link.of(A, CallLost)) == 1, "its own refresh found nobody"
    assert talk.nothing_left()


def test_422_tells_the_least_and_the_call_is_made_again_with_it() -> None:
    talk = Talk(here={"session_expires": 90}, there={"min_se": 600, "session_expires": 600})
    assert talk.words() == ["INVITE", "422", "ACK", "INVITE", "100", "200", "ACK"]
    assert talk.call.refreshing.terms == Terms(600, True)
    assert talk.far.refreshing.terms == Terms(600, False)


def test_a_422_that_asks_for_nothing_longer_ends_the_call() -> None:
    script = Script()
    call = Talk().call
    assert not call.refreshing.lengthen(Response(422, Headers({"min-se": ["90"]})))
    assert not call.refreshing.lengthen(Response(422, Headers({"min-se": ["4000000"]})))
    assert call.refreshing.lengthen(Response(422, Headers({"min-se": ["4000"]})))
    assert script.agent.calls == 0


def test_the_answer_states_the_terms_and_requires_the_timer_of_the_one_who_refreshes() -> None:
    script = Script()
    script.send(request(headers="Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n", body=OFFER))
    (event,) = script.agent.drain_events()
    assert isinstance(event, CallOffered)
    event.call.accept(ANSWER, script.now)
    (response,) = script.sent()
    assert response.headers.get("session-expires") == "600;refresher=uac"
    assert response.headers.get("require") == "timer" and "timer" in response.headers.tokens("supported")


def test_too_short_and_malformed_sessions_are_refused_before_anything_is_kept() -> None:
    script = Script()
    (response,) = script.send(request(headers="Supported: timer\r\nSession-Expires: 30\r\n", body=OFFER))
    assert isinstance(response, Response) and (response.status, response.headers.get("min-se")) == (422, "90")
    assert script.statuses(request(headers="Supported: timer\r\nSession-Expires: soon\r\n", body=OFFER)) == [400]
    assert script.agent.refused["session timer"] == 1 and not script.agent.core.calls


def test_within_the_dialog_too() -> None:
    script = Script()
    call = answered(script)
    short = "Supported: timer\r\nSession-Expires: 30\r\n"
    assert script.statuses(within(call, "UPDATE", 2, headers=short)) == [422]
    assert script.statuses(within(call, "UPDATE", 3, headers="Session-Expires: x\r\n")) == [400]
    (response,) = script.send(within(call, "UPDATE", 4, headers="Supported: timer\r\nSession-Expires: 200;refresher=uac\r\n"))
    assert response.headers.get("session-expires") == "200;refresher=uac"
    sent = script.run(170.0)
    assert next((at, one.method) for at, one in sent if isinstance(one, Request)) == (168.0, "BYE")


def test_our_refresh_that_meets_a_challenge_or_a_refusal_keeps_the_deadline() -> None:
    script = Script()
    script.send(request(headers="Supported: timer\r\nAllow: UPDATE\r\nSession-Expires: 200;refresher=uas\r\n", body=OFFER))
    (event,) = script.agent.drain_events()
    assert isinstance(event, CallOffered)
    event.call.accept(ANSWER, script.now)
    script.sent()
    script.send(request("ACK", branch="z9hG4bKa", to_tag=event.call.tag))
    ((at, update),) = script.run(100.2)
    assert isinstance(update, Request) and (at, update.method) == (100.0, "UPDATE")
    script.send(bytes(respond(update, 503)))
    at, bye = next((at, one) for at, one in script.run(80.0) if isinstance(one, Request))
    assert bye.method == "BYE" and at == pytest.approx(67.8)
