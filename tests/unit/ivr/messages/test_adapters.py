"""The plain webhook's body, one message or several."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.errors import Conflict
from ivr.messages.adapters import Generic


def test_one_and_several() -> None:
    one = {"id": 7, "from": "+86 13800138000", "text": "你好", "name": "李强", "email": "li@example.org"}
    (message,) = Generic("sms").read("gate", one)
    assert (message.sender.address, message.external, message.channel) == ("tel:+8613800138000", "gate:7", "sms")
    assert message.sender.stated == ("mailto:li@example.org",)
    several = Generic("wechat").read("wx", {"messages": [{**one, "from": "oX1"}, {**one, "id": "8"}]})
    assert [found.sender.address for found in several] == ["wx:oX1", "wx:+86 13800138000"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "id is missing"),
        ({"id": "1", "from": "x", "text": " "}, "text is missing"),
        ({"id": "1", "from": "x", "text": 5}, "text: text of"),
        ({"id": "1", "from": "a\nb", "text": "x"}, "from:"),
        ({"messages": []}, "1 to 50"),
        ({"messages": ["x"]}, "JSON object"),
    ],
)
def test_what_is_missing_is_said(body: dict[str, Any], words: str) -> None:
    with pytest.raises(Conflict, match=words):
        Generic().read("gate", body)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda one: st.lists(one, max_size=3))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "from", "text", "messages", "name", "phone"]), JSON))
def test_nothing_else_is_ever_raised(body: dict[str, Any]) -> None:
    try:
        found = Generic("sms").read("gate", body)
    except Conflict:
        return
    assert all(one.text.strip() and one.external for one in found)


def test_answers_have_what_the_far_end_needs() -> None:
    notice = {"id": "1", "to": "+861", "text": "hi", "subject": "", "language": "zh", "thread": "m-1", "attempts": 2}
    assert Generic().write(notice) == {"id": "1", "to": "+861", "text": "hi", "subject": "", "language": "zh", "thread": "m-1"}
