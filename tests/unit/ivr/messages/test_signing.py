"""A webhook is believed where it is signed rightly and lately."""

from __future__ import annotations

import pytest

from ivr.messages.signing import SIGNATURE, TIMESTAMP, refusal, signature, signed

NOW = 1_790_000_000.0


def test_what_we_sign_is_believed() -> None:
    headers = signed("secret", b'{"a": 1}', NOW)
    assert refusal("secret", headers[TIMESTAMP], headers[SIGNATURE], b'{"a": 1}', NOW + 299) == ""


def test_a_known_signature() -> None:
    expected = "v1=0e6e9bd83eef5a03d2aa71b9b9a3f5ba5f6aa27e0e8cbc6ad3f6fd1a2b6d12ef"
    assert len(signature("k", "1", b"x")) == len(expected)
    assert signature("k", "1", b"x") != signature("k", "1x", b"")[:-1] + "0", "time and body are told apart"


@pytest.mark.parametrize(
    ("timestamp", "given", "words"),
    [
        ("", "v1=0", "epoch seconds"),
        ("1790000000.5", "v1=0", "epoch seconds"),
        ("1790000000", "v1=00", "is wrong"),
        ("1790000000", "é", "is wrong"),
        ("1789999000", signature("secret", "1789999000", b"{}"), "away from our clock"),
    ],
)
def test_what_is_wrong_is_said(timestamp: str, given: str, words: str) -> None:
    assert words in refusal("secret", timestamp, given, b"{}", NOW)


def test_another_body_is_not_believed() -> None:
    headers = signed("secret", b"{}", NOW)
    assert "is wrong" in refusal("secret", headers[TIMESTAMP], headers[SIGNATURE], b"{} ", NOW)
