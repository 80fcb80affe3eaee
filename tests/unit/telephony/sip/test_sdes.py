from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.sdes import MOST_LINES, SUITES, Crypto, SdesKeys, parse, usable

RFC_4568 = "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20"
"""A line as in RFC 4568 §10.1."""


def text(suite: str, octets: int) -> str:
    return f"1 {suite} inline:{base64.b64encode(bytes(octets)).decode()}"


def test_a_line_of_the_rfc_is_read() -> None:
    one = parse(RFC_4568)
    assert one is not None
    assert (one.tag, one.suite, one.key) == (
        1,
        "AES_CM_128_HMAC_SHA1_80",
        base64.b64decode("d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"),
    )


@pytest.mark.parametrize("suite", SUITES)
def test_what_is_written_is_read_back(suite: str) -> None:
    one = Crypto(7, suite, bytes(range(SUITES[suite])))
    assert parse(one.line().removeprefix("a=crypto:")) == one


def test_base64_without_padding_is_read() -> None:
    line = text("AEAD_AES_128_GCM", 28)
    assert line.endswith("==") and parse(line) == parse(line.rstrip("="))


@pytest.mark.parametrize("more", ["", "|2^48", "|1048576", " WSH=128", " -NEW=1", "|2^31 WSH=64 -X"])
def test_what_changes_no_packet_is_taken(more: str) -> None:
    assert parse(text("AES_CM_128_HMAC_SHA1_32", 30) + more) is not None


@pytest.mark.parametrize(
    "more",
    [
        "|1:4",
        "|2^20|1:4",
        "|2^49",
        "|0",
        "|2^",
        "|",
        ";inline:AAAA|1:1",
        " UNENCRYPTED_SRTP",
        " KDR=3",
        " FEC_ORDER=FEC_SRTP",
        " NEW=1",
    ],
)
def test_what_we_do_not_do_makes_the_line_unusable(more: str) -> None:
    assert parse(text("AES_CM_128_HMAC_SHA1_80", 30) + more) is None


@pytest.mark.parametrize(
    "line",
    ["", "x", "1", "1 AES_CM_128_HMAC_SHA1_80", "1 AES_CM_128_HMAC_SHA1_80 uri:x", "² AES_CM_128_HMAC_SHA1_80 inline:AAAA",
     text("AES_CM_128_HMAC_SHA1_80", 29), text("AEAD_AES_256_GCM", 28), text("F8_128_HMAC_SHA1_80", 30),
     "1 AES_CM_128_HMAC_SHA1_80 inline:====", "1 AES_CM_128_HMAC_SHA1_80 inline:A=A="],
)  # fmt: skip
def test_malformed_and_unknown_lines_are_unusable(line: str) -> None:
    assert parse(line) is None


def test_lines_are_taken_in_their_order_and_not_without_end() -> None:
    lines = [text("NEW", 30), text("AEAD_AES_256_GCM", 44), text("AES_CM_128_HMAC_SHA1_80", 30)]
    assert [one.suite for one in usable(lines, SUITES)] == ["AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80"]
    assert [one.suite for one in usable(lines, ("AES_CM_128_HMAC_SHA1_80",))] == ["AES_CM_128_HMAC_SHA1_80"]
    assert len(usable(lines[1:2] * 100, SUITES)) == MOST_LINES


def test_a_key_is_in_no_representation() -> None:
    one = Crypto(1, "AES_CM_128_HMAC_SHA1_80", b"secret" * 5)
    assert "secret" not in repr(one) and "secret" not in str(one)


@given(st.text(max_size=200))
def test_any_text_is_read(value: str) -> None:
    one = parse(value)
    assert one is None or len(one.key) == SUITES[one.suite]


def test_another_tag_is_not_another_key() -> None:
    """Else a refresh that numbers its lines anew would begin the roll-over counter again."""
    suite = "AES_CM_128_HMAC_SHA1_80"
    assert SdesKeys(suite, b"a", b"b", 1) == SdesKeys(suite, b"a", b"b", 2) != SdesKeys(suite, b"a", b"c", 2)
