"""Addresses in one spelling, and the spellings in which calls have numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.messages.addresses import address_of, mail_of, numbers_in, phone_of, plain


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tel:+86 138-0013-8000", "tel:+8613800138000"),
        ("tel:0086 13800138000", "tel:+8613800138000"),
        ("mailto:Li.Qiang@Example.ORG", "mailto:li.qiang@example.org"),
        ("wechat:oX1_a-B", "wechat:oX1_a-B"),
    ],
)
def test_one_spelling(text: str, address: str) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text", ["", "tel:", "tel:call me", "mailto:no", "mailto:a@b", "x", "A:b", "chat:", "chat:a\nb", "w:" + "x" * 400]
)
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="such as tel:"):
        address_of(text)


def test_a_number_is_found_however_it_was_dialled() -> None:
    found = numbers_in(["tel:+8613800138000", "mailto:li@example.org"])
    assert {"13800138000", "+8613800138000", "013800138000", "008613800138000", "8613800138000"} <= set(found)
    assert "+8613800138000" in numbers_in(["tel:13800138000"])
    assert "13800138000" not in numbers_in(["tel:+113800138000"]), "that is another country"


def test_people_read_them_plain() -> None:
    assert [plain(one) for one in ("tel:+861", "mailto:a@b.c", "wx:1")] == ["+861", "a@b.c", "wx:1"]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=400))
def test_nothing_breaks_them(text: str) -> None:
    assert mail_of(text) in ("", f"mailto:{text.strip().lower()}")
    assert phone_of(text).removeprefix("tel:").removeprefix("+").isdecimal() or phone_of(text) == ""
