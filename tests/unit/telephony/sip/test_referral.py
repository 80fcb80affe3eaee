"""REFER both ways, and what Replaces names (RFC 3515, 3891, 3892, 4488)."""

from __future__ import annotations

import pytest

from telephony.errors import MalformedMessage
from telephony.sip.call import CallState
from telephony.sip.dialog import Dialog
from telephony.sip.digest import Account
from telephony.sip.events import CallOffered, ReferProgress, ReferReceived
from telephony.sip.grammar import Address, Uri
from telephony.sip.incoming import IncomingCall
from telephony.sip.message import Request, Response, respond
from telephony.sip.replaces import ReferTo, Replaces
from tests.unit.telephony.sip.calls import A, B, Talk
from tests.unit.telephony.sip.peers import OFFER, Script, request
from tests.unit.telephony.sip.test_call import answered, within

TO_BOB = "Refer-To: <sip:bob@example.com>\r\n"
BOB = ReferTo(Uri.parse("sip:bob@example.com"))


def refer(call: IncomingCall, cseq: int = 2, headers: str = TO_BOB) -> bytes:
    return within(call, "REFER", cseq, headers=headers)


def asked(script: Script) -> ReferReceived:
    (event,) = script.agent.drain_events()
    assert isinstance(event, ReferReceived)
    return event


def notices(sent: list[Response | Request]) -> list[tuple[str, str]]:
    """Status line and state of each NOTIFY."""
    return [
        (one.body.decode().strip(), one.headers.get("subscription-state").partition(";")[0])
        for one in sent
        if isinstance(one, Request) and one.method == "NOTIFY"
    ]


def accept(script: Script, sent: list[Response | Request]) -> None:
    for one in sent:
        if isinstance(one, Request):
            script.send(bytes(respond(one, 200)))


# --- the far end asks us


def test_a_transfer_is_taken_told_of_and_ended() -> None:
    script = Script()
    call = answered(script)
    assert script.send(refer(call, headers=TO_BOB + "Referred-By: <sip:me@10.0.0.9>\r\n")) == []
    event = asked(script)
    assert (str(event.target.uri), event.target.replaces, event.referred_by) == ("sip:bob@example.com", "", "<sip:me@10.0.0.9>")
    call.report(100, script.now)
    sent = script.sent()
    assert [one.status for one in sent if isinstance(one, Response)] == [202]
    assert notices(sent) == [("SIP/2.0 100 Trying", "active")]
    notify = sent[-1]
    assert (notify.headers.get("event"), notify.content_type) == ("refer", "message/sipfrag")
    accept(script, sent)
    for status, state in ((180, "active"), (200, "terminated")):
        call.report(status, script.now)
        sent = script.sent()
        assert [found for _, found in notices(sent)] == [state]
        accept(script, sent)
    call.report(486, script.now)
    assert script.sent() == [], "the subscription is over"
    assert call.state is CallState.UP, "whoever asked hangs up himself"


def test_a_transfer_that_is_refused_has_no_subscription() -> None:
    script = Script()
    call = answered(script)
    script.send(refer(call))
    call.report(603, script.now)
    assert [one.status for one in script.sent() if isinstance(one, Response)] == [603]


def test_nobody_decides_in_time() -> None:
    script = Script()
    call = answered(script)
    script.send(refer(call))
    assert [(at, one.status) for at, one in script.run(10.0) if isinstance(one, Response)] == [(4.0, 603)]
    call.report(200, script.now)
    assert script.sent() == []


def test_a_transfer_that_takes_too_long_is_told_so() -> None:
    script = Script()
    call = answered(script)
    script.send(refer(call))
    call.report(100, script.now)
    accept(script, script.sent())
    found = [one for _, one in script.run(181.0)]
    assert ("SIP/2.0 408 Request Timeout", "terminated") in notices(found)


def test_a_far_end_that_wants_no_notice_gets_none() -> None:
    """RFC 4488."""
    script = Script()
    call = answered(script)
    script.send(refer(call, headers=TO_BOB + "Refer-Sub: false\r\nRequire: norefersub\r\n"))
    call.report(180, script.now)
    (response,) = script.sent()
    assert isinstance(response, Response) and (response.status, response.headers.get("refer-sub")) == (202, "false")
    call.report(200, script.now)
    assert script.sent() == []


def test_one_transfer_at_a_time_and_the_second_is_named() -> None:
    script = Script()
    call = answered(script)
    script.send(refer(call))
    assert script.statuses(refer(call, 3)) == [491]
    call.report(603, script.now)
    script.sent()
    script.agent.drain_events()
    script.send(refer(call, 4))
    call.report(100, script.now)
    assert script.sent()[-1].headers.get("event") == "refer;id=4"


def test_a_far_end_that_refuses_to_listen_is_told_no_more() -> None:
    script = Script()
    call = answered(script)
    script.send(refer(call))
    call.report(100, script.now)
    notify = script.sent()[-1]
    assert isinstance(notify, Request)
    script.send(bytes(respond(notify, 481)))
    call.report(200, script.now)
    assert script.sent() == []


def test_the_far_end_ends_its_subscription() -> None:
    script = Script()
    call = answered(script)
    script.send(refer(call))
    call.report(100, script.now)
    accept(script, script.sent())
    sent = script.send(within(call, "SUBSCRIBE", 3, headers="Event: refer\r\nExpires: 0\r\n"))
    assert isinstance(sent[0], Response) and sent[0].status == 200
    assert [state for _, state in notices(sent)] == ["terminated"]
    assert script.statuses(within(call, "SUBSCRIBE", 4, headers="Event: refer\r\n")) == [489]
    assert script.statuses(within(call, "SUBSCRIBE", 5, headers="Event: presence\r\n")) == [489]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", 400),
        (TO_BOB + TO_BOB, 400),
        ("Refer-To: nonsense\r\n", 400),
        ("Refer-To: <sip:x@y?Replaces=nothing>\r\n", 400),
        ("Refer-To: <mailto:x@y>\r\n", 416),
        ("Refer-To: <sip:x@y;method=BYE>\r\n", 603),
    ],
)
def test_a_malformed_order_is_refused(headers: str, status: int) -> None:
    script = Script()
    call = answered(script)
    assert script.statuses(refer(call, headers=headers)) == [status]
    assert not script.agent.drain_events()


def test_an_end_of_the_call_ends_the_order() -> None:
    script = Script()
    call = answered(script)
    script.send(refer(call))
    call.bye(script.now)
    assert sorted(type(one).__name__ for one in script.sent()) == ["Request", "Response"]
    call.report(200, script.now)
    assert script.sent() == []


def test_only_a_far_end_that_is_trusted_or_proven_sends_us_elsewhere() -> None:
    open_now = True
    script = Script(trusted=lambda flow: open_now, credentials=lambda user: Account("me", "pw"))
    call = answered(script)
    open_now = False
    (challenge,) = script.send(refer(call))
    assert isinstance(challenge, Response) and challenge.status == 401
    assert not script.agent.drain_events()
    call.authenticated_user = "me"
    script.send(refer(call, 3))
    asked(script)


def test_a_proven_far_end_elsewhere_has_to_prove_itself_again() -> None:
    script = Script(trusted=lambda flow: False)
    assert script.statuses(request("REFER", headers=TO_BOB)) == [403]


# --- we ask the far end


def test_we_send_a_far_end_elsewhere_and_hear_how_it_goes() -> None:
    talk = Talk()
    talk.fresh()
    assert talk.call.refer(BOB, talk.link.now)
    assert not talk.call.refer(BOB, talk.link.now), "one at a time"
    talk.link.settle()
    sent = next(line.message for line in talk.link.lines if line.word == "REFER")
    assert sent.headers.get("refer-to") == "<sip:bob@example.com>" and "ann@10.0.0.1" in sent.headers.get("referred-by")
    for status in (100, 180, 200):
        talk.far.report(status, talk.link.now)
        talk.link.settle()
    found = [event.status for event in talk.link.of(A, ReferProgress) if isinstance(event, ReferProgress)]
    assert found == [100, 100, 180, 200]
    assert not talk.call.transferred, "it is over"
    talk.call.bye(talk.link.now)
    assert talk.nothing_left()


def test_a_bye_after_the_order_was_taken_means_that_it_was_done() -> None:
    talk = Talk()
    talk.call.refer(BOB, talk.link.now)
    talk.link.settle()
    talk.far.report(100, talk.link.now)
    talk.link.settle()
    talk.far.bye(talk.link.now)
    talk.link.settle()
    assert talk.call.transferred


def test_a_refused_order() -> None:
    talk = Talk()
    talk.call.refer(BOB, talk.link.now)
    talk.link.settle()
    talk.far.report(403, talk.link.now)
    talk.link.settle()
    assert [event.status for event in talk.link.of(A, ReferProgress) if isinstance(event, ReferProgress)] == [403]
    assert talk.call.refer(BOB, talk.link.now), "another may follow"


@pytest.mark.parametrize(
    ("headers", "body", "answer", "heard"),
    [
        ("Event: refer\r\nSubscription-State: active\r\n", b"SIP/2.0 180 Ringing\r\n", 200, [180]),
        ("Event: refer;id=7\r\nSubscription-State: active\r\n", b"SIP/2.0 200 OK", 200, [200]),
        ("Event: refer\r\nSubscription-State: terminated;reason=timeout\r\n", b"SIP/2.0 100 Trying\r\n", 200, [408]),
        ("Event: refer\r\nSubscription-State: terminated\r\n", b"", 200, [408]),
        ("Event: refer\r\nSubscription-State: active\r\n", b"SIP/2.0 999 x", 400, []),
        ("Event: refer\r\n", b"what", 400, []),
        ("Event: presence\r\n", b"", 489, []),
    ],
)
def test_what_a_notice_says(headers: str, body: bytes, answer: int, heard: list[int]) -> None:
    script = Script()
    call = answered(script)
    call.refer(BOB, script.now)
    script.sent()
    typed = headers + ("Content-Type: message/sipfrag;version=2.0\r\n" if body else "")
    assert script.statuses(within(call, "NOTIFY", 2, headers=typed, body=body)) == [answer]
    assert [event.status for event in script.agent.drain_events() if isinstance(event, ReferProgress)] == heard


def test_a_notice_nobody_asked_for() -> None:
    script = Script()
    call = answered(script)
    assert script.statuses(within(call, "NOTIFY", 2, headers="Event: refer\r\n", body=b"SIP/2.0 200 OK")) == [481]


def test_silence_after_202_is_a_failure_in_the_end() -> None:
    script = Script()
    call = answered(script)
    call.refer(BOB, script.now)
    (sent,) = script.sent()
    assert isinstance(sent, Request)
    script.send(bytes(respond(sent, 202)))
    script.run(181.0)
    assert [event.status for event in script.agent.drain_events() if isinstance(event, ReferProgress)] == [100, 408]


# --- Replaces


def test_replaces_and_refer_to_are_read_and_written() -> None:
    wanted = Replaces("a@b", "x", "y", early_only=True)
    assert Replaces.parse(str(wanted)) == wanted
    target = ReferTo(Uri.parse("sip:bob@example.com;transport=tcp"), str(wanted))
    assert str(target) == ("<sip:bob@example.com;transport=tcp?Replaces=a%40b%3Bto-tag%3Dx%3Bfrom-tag%3Dy%3Bearly-only>")
    assert ReferTo.parse(str(target)) == target


@pytest.mark.parametrize("text", ["", "x", "x;to-tag=1", "x;from-tag=1", ";to-tag=1;from-tag=2", "x;to-tag=;from-tag=2"])
def test_a_replaces_that_names_nothing(text: str) -> None:
    with pytest.raises(MalformedMessage):
        Replaces.parse(text)


def replacing(call: IncomingCall, text: str = "", early: bool = False) -> bytes:
    assert call.dialog is not None
    text = text or f"{call.call_id};to-tag={call.tag};from-tag={call.dialog.remote_tag}" + (";early-only" if early else "")
    return request(branch="z9hG4bKnew", call_id="c2", headers=f"Replaces: {text}\r\nRequire: replaces\r\n", body=OFFER)


def test_a_call_takes_the_place_of_another() -> None:
    script = Script()
    call = answered(script)
    assert script.statuses(replacing(call)) == [100]
    (event,) = script.agent.drain_events()
    assert isinstance(event, CallOffered) and event.call.replaces is call


def test_what_cannot_be_replaced() -> None:
    script = Script()
    call = answered(script)
    assert script.statuses(replacing(call, early=True)) == [486]
    assert script.statuses(replacing(call, f"{call.call_id};to-tag={call.tag};from-tag=other")) == [481]
    assert script.statuses(replacing(call, "c9;to-tag=1;from-tag=2")) == [481]
    assert script.statuses(replacing(call, "a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2")) == [400]
    assert script.statuses(replacing(call, "broken")) == [400]
    call.bye(script.now)
    script.sent()
    assert script.statuses(replacing(call)) == [603]


def test_a_call_that_rings_here_cannot_be_replaced_one_that_we_make_can() -> None:
    talk = Talk(lambda call, now: call.ring(now))
    far, near = talk.far, talk.call
    talk.link.settle()
    assert near.dialog is not None and far.dialog is not None
    for call, agent, expected in ((far, B, "481"), (near, A, "100")):
        talk.link.lines.clear()
        wanted = Replaces(call.call_id, call.tag, call.dialog.remote_tag if call.dialog else "", early_only=True)
        other = talk.link.agents[B if agent == A else A]
        asking = {"Replaces": str(wanted), "Require": "replaces"}
        from_there = other.dial(Uri.parse(f"sip:x@{agent}"), Address.parse("<sip:x@example.com>"), headers=asking)
        from_there.start(OFFER, talk.link.now)
        talk.link.settle()
        assert talk.link.lines[1].word == expected


def test_replaces_as_the_far_end_of_a_dialog_needs_it() -> None:
    call = answered(Script())
    assert isinstance(call.dialog, Dialog)
    assert str(Replaces.towards(call.dialog)) == f"c1;to-tag=ft;from-tag={call.tag}"
