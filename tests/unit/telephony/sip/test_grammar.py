from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import MalformedMessage
from telephony.sip.grammar import Address, Uri, Via, host_and_port, parameters, split


@pytest.mark.parametrize(
    "text",
    [
        "sip:1000@pbx1:5060",
        "sip:#31#@h.example",
        "sip:a@my_host.x;transport=tcp;lr",
        "sip:a@[2001:db8::1]:5070",
        "sips:bob@b.example?subject=x",
        "tel:+49-30-123;ext=1",
        "sip:a%40b@c.example",
        "http://x/y;z?a=b",
    ],
)
def test_a_uri_comes_back_as_it_was(text: str) -> None:
    assert str(Uri.parse(text)) == text


def test_scheme_and_host_match_in_any_case_and_the_user_does_not() -> None:
    uri = Uri.parse("SIP:Bob;x@EXAMPLE.com;Transport=TCP")
    assert (uri.scheme, uri.user, uri.host, uri.transport) == ("sip", "Bob;x", "example.com", "tcp")
    assert uri.parameter("none") is None


def test_a_password_is_not_part_of_the_user() -> None:
    assert Uri.parse("sip:alice:secret@h").user == "alice"


@pytest.mark.parametrize(
    "text",
    ["sip:", "sip:a@b:99999", "sip:a b@c", "sip:a@b\r\nX: y", "sip:@b", "x", "sip:a@[::1", "sip:a@b:١", ":x", "4x:y", "x:"],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        Uri.parse(text)


def test_addresses_in_all_their_dress() -> None:
    one = Address.parse('"A, \\"B\\" <c>;" <sip:a@b.c;x=1>;tag=t;+sip.instance="<urn:uuid:1;2>"')
    assert (one.display, one.tag, one.uri.parameter("x")) == ('A, "B" <c>;', "t", "1")
    assert one.parameters["+sip.instance"] == "<urn:uuid:1;2>"
    assert Address.parse("sip:a@b.c;tag=x").tag == "x"
    assert Address.parse("Бя <sip:a@b.c>").display == "Бя"
    assert Address.parse(str(Address(one.uri, one.display))).display == one.display


def test_lists_are_cut_outside_quotes_and_brackets_only() -> None:
    assert split('"a,b" <sip:x,y@z>, <sip:c@d>', ",") == ['"a,b" <sip:x,y@z>', " <sip:c@d>"]


def test_via_with_odd_spaces() -> None:
    via = Via.parse("SIP / 2.0 / udp  First.example.com: 4000 ;ttl=16 ;branch=z9hG4bKa7c6a8dlze.1")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "first.example.com", 4000, "z9hG4bKa7c6a8dlze.1")


def test_ipv6_hosts() -> None:
    assert host_and_port("[::1]:5060") == ("[::1]", 5060)
    assert host_and_port("[::1]") == ("[::1]", None)
    with pytest.raises(MalformedMessage):
        host_and_port("[::1]x")


def test_parameters_are_bounded() -> None:
    with pytest.raises(MalformedMessage):
        parameters(";a" * 100)


@pytest.mark.parametrize("text", ['"' * 30_000, ";a=b" * 15_000, "a," * 30_000, "<" * 60_000, '"\\' * 30_000, "1:" * 30_000])
def test_hostile_values_cost_linear_time(text: str) -> None:
    started = time.process_time()
    for reader in (Address.parse, Via.parse, Uri.parse):
        with pytest.raises(MalformedMessage):
            reader(text)
    assert time.process_time() - started < 0.25


@settings(deadline=None)
@given(st.text(max_size=200))
def test_nothing_else_than_malformed_message_is_raised(text: str) -> None:
    outcomes = []
    for reader in (Address.parse, Via.parse, Uri.parse):
        try:
            outcomes.append(str(reader(text)))
        except MalformedMessage as error:
            outcomes.append(str(error))
    assert len(outcomes) == 3
