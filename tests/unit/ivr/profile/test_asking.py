from __future__ import annotations

import string
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.profile.answer import Unaskable
from ivr.profile.asking import PathText, Text, base_url, sent_path

BALANCE = PathText.parse("/accounts/{account}/balance")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("8861", "/accounts/8861/balance"),
        (8861, "/accounts/8861/balance"),
        ("../admin", "/accounts/..%2Fadmin/balance"),
        ("1?all=1#x", "/accounts/1%3Fall%3D1%23x/balance"),
        ("%2e%2e", "/accounts/%252e%252e/balance"),
        ("@evil.example", "/accounts/%40evil.example/balance"),
        ("王芳", "/accounts/%E7%8E%8B%E8%8A%B3/balance"),
    ],
)
def test_an_argument_stays_one_piece_of_the_path(value: object, path: str) -> None:
    assert BALANCE.fill({"account": value}) == path


@pytest.mark.parametrize("value", ["", None, ".", "..", "1\r\nHost: x", "a\0", "x" * 257, ["1"], {"a": 1}])
def test_what_could_lead_elsewhere_is_not_sent(value: object) -> None:
    with pytest.raises(Unaskable):
        BALANCE.fill({"account": value})


@given(st.text(max_size=300))
def test_no_text_changes_the_address(value: str) -> None:
    try:
        path = BALANCE.fill({"account": value})
    except Unaskable:
        return
    url = urlsplit("http://crm.example:8000/api" + path)
    assert (url.netloc, url.query, url.fragment) == ("crm.example:8000", "", "")
    first, accounts, piece, last = url.path.split("/")[1:]
    assert (first, accounts, last, unquote(piece)) == ("api", "accounts", "balance", value)


def test_dots_from_two_arguments_do_not_climb_either() -> None:
    with pytest.raises(Unaskable):
        PathText.parse("/{a}{b}/x").fill({"a": ".", "b": "."})
    assert PathText.parse("/{a}.{b}").fill({"a": "1", "b": "2"}) == "/1.2"


@pytest.mark.parametrize(
    "source", ["accounts", "//evil.example/x", "/a/../b", "/a?b={c}", "/a/{b", "/a b", "/{a b}", "/a/%2e%2e/b", "/{a[0]}"]
)
def test_a_wrong_path_is_refused_when_it_is_read(source: str) -> None:
    with pytest.raises(ValueError):
        PathText.parse(source)


def test_text_keeps_the_type_of_a_single_argument() -> None:
    assert Text.parse("{n}").value({"n": 3}) == 3
    assert Text.parse("{n} of {m}").value({"n": 3, "m": True}) == "3 of true"
    assert Text.parse("{n} of {m}").value({"n": 3}) is None
    assert Text.parse("fixed").value({}) == "fixed"


@pytest.mark.parametrize(
    "path", ["orders", "//x", "/a/../b", "/a/%2E%2e/b", "/a b", "/a\r\nX: 1", "/a#b", "http://x/", "/王", "/" + "a" * 2000]
)
def test_a_path_that_a_flow_made_is_checked(path: str) -> None:
    with pytest.raises(Unaskable):
        sent_path(path)


def test_a_path_with_a_query_is_fine() -> None:
    assert sent_path("/orders/12%2F3?state=open&n=2") == "/orders/12%2F3?state=open&n=2"


@given(st.text(alphabet=string.printable, max_size=40))
def test_a_sent_path_never_names_a_host(path: str) -> None:
    try:
        sent_path(path)
    except Unaskable:
        return
    assert urlsplit("http://crm.example" + path).netloc == "crm.example"


@pytest.mark.parametrize(
    "url", ["crm", "ftp://x", "http://", "http://a:b@c/", "http://x/?a=1", "http://x:99999/", "http://x/#a"]
)
def test_an_address_is_checked(url: str) -> None:
    with pytest.raises(ValueError):
        base_url(url)


def test_an_address_ends_without_a_slash() -> None:
    assert base_url("https://crm.example:8443/api/") == "https://crm.example:8443/api"
