"""Links that are signed and end."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import NotFound
from ivr.handover.token import LONGEST, contact_of, sign

KEY = b"k" * 32


def test_a_token_leads_to_its_contact_until_its_end() -> None:
    token = sign(KEY, "c-1", 1000.0)
    assert contact_of(KEY, token, 1000.0) == "c-1"
    with pytest.raises(NotFound):
        contact_of(KEY, token, 1000.5)


def test_nobody_makes_or_changes_one_without_the_key() -> None:
    token = sign(KEY, "c-1", 1000.0)
    payload, _, signature = token.partition(".")
    later = base64.urlsafe_b64encode(b"99999|c-1").decode().rstrip("=")
    for forged in (f"{later}.{signature}", f"{payload}.{signature[:-2]}AA", f"{payload}.", payload, "", "." * 300):
        with pytest.raises(NotFound):
            contact_of(KEY, forged, 0.0)
    with pytest.raises(NotFound):
        contact_of(b"other", token, 0.0)


def test_a_token_has_one_spelling() -> None:
    """Else each spelling would have readings of its own: the last characters hold bits that mean nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = sign(KEY, "c-12", 1000.0)
    payload, _, signature = token.partition(".")
    others = [f"{payload}.{signature[:-1]}{one}" for one in alphabet] + [f"{payload[:-1]}{one}.{signature}" for one in alphabet]
    others += [token.replace("-", "+").replace("_", "/"), f"{payload}=.{signature}", f"{token}="]
    for other in set(others) - {token}:
        with pytest.raises(NotFound):
            contact_of(KEY, other, 0.0)


@given(st.text(max_size=LONGEST + 10))
def test_any_text_is_no_token(text: str) -> None:
    with pytest.raises(NotFound):
        contact_of(KEY, text, 0.0)


@given(st.text(min_size=1, max_size=60), st.integers(0, 2**40))
def test_any_contact_comes_back(contact_id: str, until: int) -> None:
    contact_id = contact_id.encode("utf-8", "replace").decode()
    assert contact_of(KEY, sign(KEY, contact_id, until), until) == contact_id
