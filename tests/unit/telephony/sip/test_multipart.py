"""Bodies of several parts, on their own and over a link."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.errors import MalformedMessage
from telephony.sip.events import AgentEvent, CallEstablished, CallOffered
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import Headers, Request
from telephony.sip.multipart import MAX_PARTS, Part, compose, parts_of, unwrap
from telephony.sip.outgoing import UNTAKEN
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Line, Link, agent

A, B = "10.0.0.1", "10.0.0.2"
BESIDE = Part("application/vnd.hotline.handover+json", '{"note": "您好"}'.encode())


def test_what_is_composed_is_read_again() -> None:
    content_type, body = compose(OFFER, BESIDE, "x" * 16)
    assert content_type == f'multipart/mixed;boundary="{"x" * 16}"'
    assert parts_of(content_type, body) == (Part("application/sdp", OFFER), BESIDE)
    assert b"handling=optional" in body


@given(st.binary(max_size=400), st.text(max_size=60))
def test_no_body_and_no_type_makes_the_reader_fail_otherwise(body: bytes, boundary: str) -> None:
    try:
        found = parts_of(f'multipart/mixed;boundary="{boundary}"', body)
    except MalformedMessage:
        return
    assert len(found) <= MAX_PARTS
    assert all(part.body in body for part in found)


@pytest.mark.parametrize(
    "content_type", ["application/sdp", "multipart/mixed", "multipart/mixed;boundary=", "multipart/mixed;b=1"]
)
def test_without_a_boundary_there_are_no_parts(content_type: str) -> None:
    with pytest.raises(MalformedMessage):
        parts_of(content_type, b"--x\r\n\r\nv=0\r\n--x--\r\n")


def test_a_body_full_of_boundaries_costs_little() -> None:
    body = b"\r\n--x" * 16_000
    began = time.perf_counter()
    assert parts_of("multipart/mixed;boundary=x", body) == ()
    assert time.perf_counter() - began < 1.0


def test_only_the_sdp_is_left_of_a_request() -> None:
    content_type, body = compose(OFFER, BESIDE, "x" * 16)
    request = Request("INVITE", "sip:x@y", Headers({"Content-Type": (content_type,)}), body)
    assert request.content_type == "multipart/mixed"
    assert unwrap(request) == (BESIDE,)
    assert (request.content_type, request.body) == ("application/sdp", OFFER)
    assert unwrap(request) == ()


def test_what_has_no_sdp_stays_as_it_is() -> None:
    body = b"--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x--\r\n"
    request = Request("INVITE", "sip:x@y", Headers({"Content-Type": ("multipart/mixed;boundary=x",)}), body)
    assert unwrap(request) == ()
    assert request.body == body


def dialled(one: Link, beside: Part | None = BESIDE) -> None:
    call = one.agents[A].dial(Uri.parse(f"sip:1000@{B}"), Address.parse(f'"Ann" <sip:ann@{A}>'))
    call.start(OFFER, one.now, beside)


def link(refusing: int = 0) -> tuple[Link, list[bytes]]:
    """B takes calls, but answers one of several parts with `refusing`; also the bodies of the INVITEs that went to B."""
    one, bodies = Link({A: agent("a", A), B: agent("b", B)}), list[bytes]()

    def on_event(host: str, event: AgentEvent) -> None:
        if isinstance(event, CallOffered):
            if refusing and b"handover" in bodies[-1]:
                event.call.reject(refusing, one.now)
            else:
                assert event.offer == OFFER
                event.call.accept(ANSWER, one.now)

    def passing(line: Line) -> bool:
        if line.word == "INVITE":
            bodies.append(line.message.body)
        return False

    one.on_event, one.lose = on_event, passing
    return one, bodies


def test_a_call_with_something_beside_its_offer_comes_up() -> None:
    one, bodies = link()
    dialled(one)
    one.settle()
    assert BESIDE.body in bodies[0]
    (established,) = one.of(A, CallEstablished)
    assert isinstance(established, CallEstablished)
    assert established.answer == ANSWER


@pytest.mark.parametrize("status", UNTAKEN)
def test_a_far_end_that_takes_no_parts_is_asked_again_without_them(status: int) -> None:
    one, bodies = link(status)
    dialled(one)
    one.settle()
    assert bodies[1:] == [OFFER]
    assert len(one.of(A, CallEstablished)) == 1


def test_a_refusal_of_a_plain_call_stands() -> None:
    one, bodies = link()
    one.on_event = lambda host, event: event.call.reject(488, one.now) if isinstance(event, CallOffered) else None
    dialled(one, None)
    one.settle()
    assert bodies == [OFFER]
    assert one.of(A, CallEstablished) == []
