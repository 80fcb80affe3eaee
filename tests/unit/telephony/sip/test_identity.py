"""Identity headers as peers write them: believed of trusted ones alone, and never a reason to fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.leg import CallInfo, Party
from telephony.sip.grammar import Address, Uri
from telephony.sip.identity import (
    Reason,
    UserToUser,
    anonymous,
    asserted_headers,
    diversion_headers,
    info_of,
    user_to_user_header,
    user_to_user_text,
)
from telephony.sip.message import Headers


def told(trusted: bool = True, trunk: str = "", **headers: str | list[str]) -> CallInfo:
    values = {name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in headers.items()}
    return info_of(Headers(values), trusted=trusted, trunk=trunk)


def test_who_the_network_asserts_is_believed_of_a_trusted_peer_alone() -> None:
    """RFC 3325 §8: from anybody else the header is as good as absent."""
    header = '"Ann" <sip:+49301@carrier.example>, <tel:+49301>'
    assert told(P_Asserted_Identity=header).asserted == Party("+49301", "Ann", "carrier.example")
    assert told(trusted=False, P_Asserted_Identity=header).asserted is None
    assert told(P_Asserted_Identity="<tel:+49302>").asserted == Party("+49302")
    assert told(P_Preferred_Identity="<sip:+49303@c>").asserted == Party("+49303", "", "c")
    assert told(P_Asserted_Identity="<sip:nobody").asserted is None


@pytest.mark.parametrize(
    ("value", "private"), [("id", True), ("header;id", True), ("user", True), ("none", False), ("critical", False), ("", False)]
)
def test_privacy_counts_whoever_asks(value: str, private: bool) -> None:
    assert told(trusted=False, Privacy=value).private is private


def test_diversions_come_the_last_one_first() -> None:
    """RFC 5806 §4: the topmost is the most recent."""
    info = told(
        Diversion=["<sip:+49302@c>;reason=user-busy;counter=1", '"Front desk" <sip:+49301@c>;reason=no-answer;privacy=off']
    )
    assert [one.user for one in info.diversions] == ["+49302", "+49301"]
    assert (info.diversion_reason, info.diversions[1].display) == ("user-busy", "Front desk")


def test_history_of_rfc_7044_names_who_diverted_by_mp() -> None:
    info = told(
        History_Info="<sip:+49301@c?Reason=SIP%3Bcause%3D302>;index=1, <sip:+49302@c;cause=302>;index=1.1;mp=1, "
        "<sip:+49303@c;cause=486>;index=1.1.1;mp=1.1"
    )
    assert [one.user for one in info.diversions] == ["+49302", "+49301"]
    assert info.diversion_reason == "user-busy"


def test_history_of_rfc_4244_names_who_diverted_by_its_reason() -> None:
    info = told(History_Info="<sip:+49301@c?Reason=SIP%3Bcause%3D408>;index=1, <sip:+49302@c>;index=1.1")
    assert ([one.user for one in info.diversions], info.diversion_reason) == (["+49301"], "no-answer")


def test_a_call_merely_routed_was_not_diverted() -> None:
    assert told(History_Info="<sip:+49301@c>;index=1, <sip:+49301@inner>;index=1.1;rc=1").diversions == ()


@pytest.mark.parametrize("reason", ["user-busy", "no-answer", "unconditional", "deflection", "nonsense", "Bad Word"])
def test_what_we_say_of_a_diversion_is_read_back(reason: str) -> None:
    parties = (Party("+49302", host="b"), Party("+49301", host="a"))
    written = diversion_headers(parties, reason, Uri.parse("sip:+49303@c"))
    for name in written:
        info = info_of(Headers({name: written[name]}), trusted=False)
        assert [one.user for one in info.diversions] == ["+49302", "+49301"], name
        known = reason in ("user-busy", "no-answer", "unconditional", "deflection")
        assert info.diversion_reason == (reason if known or (name == "Diversion" and " " not in reason) else "unknown")
    assert diversion_headers((), "user-busy", Uri.parse("sip:c")) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("48656c6c6f;encoding=hex", "Hello"),
        ("0448656c6c6f;encoding=hex;purpose=isdn-uui;content=isdn-uui", "Hello"),
        ("48656c6c6f", "Hello"),
        ('"order 4711";encoding=text', "order 4711"),
        ('"a \\"b\\""', 'a "b"'),
        ("e4bda0e5a5bd;encoding=hex", "你好"),
        ("ff00fe;encoding=hex", "ff00fe;encoding=hex"),
        ("xyz;encoding=hex", "xyz;encoding=hex"),
        ("", ""),
    ],
)
def test_user_to_user_in_hex_and_in_text(value: str, text: str) -> None:
    """RFC 7433 §4.1."""
    assert user_to_user_text(value) == text


def test_user_to_user_of_a_call_of_ours() -> None:
    assert user_to_user_header("Hello") == {"User-to-User": ["48656c6c6f;encoding=hex"]}
    ready = "48656c6c6f;purpose=isdn-uui;encoding=hex"
    assert user_to_user_header(ready) == {"User-to-User": [ready]}
    assert "\r" not in user_to_user_header("a\r\nVia: x;encoding=hex")["User-to-User"][0]
    assert user_to_user_header("") == {}
    assert str(UserToUser(b"a", "text", content="x")) == '"a";content=x;encoding=text'


def test_an_info_that_is_too_long_is_not_kept() -> None:
    assert told(User_to_User="41" * 600).user_to_user == ""
    assert told(User_to_User="4142;encoding=hex").user_to_user == "4142;encoding=hex"


def test_reasons_of_both_protocols() -> None:
    value = 'Q.850;cause=17;text="User busy", SIP;cause=486, nonsense;cause=x, SIP'
    assert Reason.parse_all(value) == (Reason("Q.850", 17, "User busy"), Reason("SIP", 486))
    assert str(Reason("SIP", 480, 'so "so"')) == 'SIP;cause=480;text="so \\"so\\""'
    assert Reason.parse_all('SIP;cause=1;text="open') == ()


def test_what_is_asserted_and_hidden_of_a_caller_of_ours() -> None:
    ann = Address.parse('"Ann" <sip:+49301@us>;tag=x')
    assert asserted_headers(ann, private=False) == {"P-Asserted-Identity": ['"Ann" <sip:+49301@us>']}
    assert asserted_headers(ann, private=True)["Privacy"] == ["id"]
    assert asserted_headers(None, private=False) == {}
    assert str(anonymous()) == '"Anonymous" <sip:anonymous@anonymous.invalid>'


NAMES = ("P-Asserted-Identity", "Diversion", "History-Info", "User-to-User", "Privacy")


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=200), max_size=30)))
def test_nothing_that_is_written_there_raises(values: dict[str, list[str]]) -> None:
    info = info_of(Headers(values), trusted=True)
    assert len(info.diversions) <= 20
    user_to_user_text(info.user_to_user).encode()


@given(st.text(max_size=200))
def test_no_reason_raises(value: str) -> None:
    assert len(Reason.parse_all(value)) <= 20


@given(st.binary(min_size=1, max_size=64), st.sampled_from(["hex"]))
def test_user_to_user_is_read_as_it_was_written(data: bytes, encoding: str) -> None:
    assert UserToUser.parse(str(UserToUser(data, encoding, "p", "c"))) == UserToUser(data, encoding, "p", "c")
