"""A far end that has a call may send what it likes in it, in any order: nothing raises, nothing is kept beyond its bounds."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import Misuse
from telephony.sip.events import CallOffered, ReferReceived, ReOffered
from telephony.sip.incoming import IncomingCall
from telephony.sip.message import Request, parse, respond
from telephony.sip.replaces import ReferTo
from tests.unit.telephony.sip.calls import ANN, A
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Script, request
from tests.unit.telephony.sip.test_targets import BOB, flow

HEADERS = st.sampled_from(
    [
        "",
        "Refer-To: <sip:x@y>\r\n",
        "Refer-To: <sip:x@y?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n",
        "Refer-To: sip:x@y, sip:z@y\r\nRefer-Sub: false\r\n",
        'Refer-To: "<" sip:\r\n',
        "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n",
        "Event: refer\r\nSubscription-State: active\r\nContent-Type: message/sipfrag\r\n",
        "Event: refer\r\nExpires: x\r\n",
        "Event: refer\r\nExpires: 0\r\n",
        "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n",
        "Supported: timer\r\nSession-Expires: -1\r\n",
        "Supported: timer\r\nMin-SE: 99999999999999\r\nSession-Expires: 4294967296\r\n",
        "RAck: 1 1 INVITE\r\n",
        "RAck: \r\n",
        "Require: 100rel\r\nRSeq: 1\r\n",
        "Require: timer, replaces\r\nReplaces: ;;;\r\n",
        "Contact: <sip:other@10.0.0.9>\r\n",
        "Retry-After: x;;(\r\n",
        "Min-SE: \r\n",
    ]
)
METHODS = st.sampled_from(
    ["INVITE", "UPDATE", "PRACK", "REFER", "NOTIFY", "SUBSCRIBE", "INFO", "OPTIONS", "ACK", "CANCEL", "BYE"]
)
BODIES = st.sampled_from([b"", OFFER, b"SIP/2.0 200 OK\r\n", b"SIP/2.0 1", b"\xff\x00"])
DEEDS = st.sampled_from(
    ["nothing", "progress", "accept", "bye", "reoffer", "refer", "report", "answer", "refuse", "time", "ages"]
)
STEP = st.tuples(METHODS, HEADERS, BODIES, DEEDS, st.integers(100, 699))


def act(script: Script, call: IncomingCall, deed: str) -> None:
    """What an owner may do, wherever it stands; what its state does not allow raises Misuse, and that is its own fault."""
    deeds: dict[str, Callable[[], object]] = {
        "progress": lambda: call.progress(ANSWER, script.now),
        "accept": lambda: call.accept(ANSWER, script.now),
        "bye": lambda: call.bye(script.now),
        "reoffer": lambda: call.reoffer(lambda: OFFER, script.now),
        "refer": lambda: call.refer(ReferTo(BOB), script.now),
        "report": lambda: call.report(180, script.now),
        "answer": lambda: call.accept_reoffer(ANSWER, script.now),
        "refuse": lambda: call.refuse_reoffer(488, script.now),
        "time": lambda: script.run(3.0),
        "ages": lambda: script.run(400.0),
        "nothing": lambda: None,
    }
    try:
        deeds[deed]()
    except Misuse:
        return


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=14), st.sampled_from(["", "Supported: 100rel, timer\r\n", "Require: 100rel\r\n"]), st.booleans())
def test_a_call_that_came(steps: list[tuple[str, str, bytes, str, int]], first: str, offer: bool) -> None:
    script = Script()
    script.send(request(headers=first, body=OFFER if offer else b""))
    (event,) = script.agent.drain_events()
    assert isinstance(event, CallOffered)
    call = event.call
    for number, (method, headers, body, deed, status) in enumerate(steps, 2):
        act(script, call, deed)
        for one in script.sent():
            if isinstance(one, Request) and one.method != "ACK":
                script.send(bytes(respond(one, status, tag="ft", body=body)))
        branch = "z9hG4bK1" if method == "CANCEL" else f"z9hG4bK{number}"
        cseq = 1 if method in ("ACK", "CANCEL") else number
        script.send(request(method, branch=branch, cseq=cseq, to_tag=call.tag, headers=headers, body=body))
        for heard in script.agent.drain_events():
            if isinstance(heard, ReOffered | ReferReceived) and number % 2:
                act(script, call, "answer" if isinstance(heard, ReOffered) else "report")
    act(script, call, "bye")
    script.run(5000.0)
    core = script.agent.core
    left = len(core.calls)
    assert left <= 1 and core.active == left and core.leaving == 0, "at most a call that nobody answered or ended is left"
    if not left:
        assert len(core.transactions) == 0 and len(core.timers) == 0


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(100, 699), HEADERS, BODIES, st.sampled_from(["a", "b", ""])), max_size=10), st.booleans())
def test_a_call_that_we_make(answers: list[tuple[int, str, bytes, str]], offer: bool) -> None:
    script = Script()
    call = script.agent.dial(BOB, ANN, candidates=[flow("10.1.1.1"), flow("10.1.1.2")], follow=lambda uri: flow(A))
    call.start(OFFER if offer else b"", script.now)
    for (status, headers, body, tag), pause in zip(answers, itertools.cycle([0.0, 1.0, 5.0]), strict=False):
        response = respond(call.invite, status, tag=tag, headers={"Contact": "<sip:far@10.0.0.9>"}, body=body)
        for line in headers.splitlines():
            name, _, value = line.partition(": ")
            response.headers.set(name, value)
        script.send(bytes(response))
        for heard in script.agent.drain_events():
            if isinstance(heard, ReOffered):
                heard.call.accept_reoffer(ANSWER if pause else b"", script.now)
        for one in [parse(outgoing.data) for outgoing in script.agent.drain_output()]:
            if isinstance(one, Request) and one.method not in ("ACK", "INVITE"):
                script.send(bytes(respond(one, status, body=body)))
        script.run(pause)
    if call.up:
        call.bye(script.now)
    elif not call.over:
        call.cancel(script.now)
    script.run(5000.0)
    core = script.agent.core
    assert (len(core.calls), len(core.transactions), len(core.timers), core.active) == (0, 0, 0, 0)
