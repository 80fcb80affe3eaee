"""The catalogue, and that docs/events.md is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.hooks.catalogue import KINDS, NAMES, envelope, markdown, wanted

DOCS = Path(__file__).resolve().parents[4] / "docs" / "events.md"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_example_has_what_the_words_promise(kind: object) -> None:
    assert list(kind.example) == list(kind.says)  # type: ignore[attr-defined]


def test_nothing_personal_is_told() -> None:
    said = {name for kind in KINDS for name in kind.says}
    assert not said & {"caller_number", "caller_name", "number", "note", "slots", "profile", "transcript", "subject", "text"}


def test_the_page_of_the_docs_is_made_of_it() -> None:
    text = DOCS.read_text("utf-8")
    assert markdown().strip() in text, "python -m ivr hooks catalogue prints what belongs there"


def test_kinds_are_chosen_by_patterns() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert [name for name in NAMES if wanted(("contact.*",), name)] == ["contact.ended", "contact.wrapped_up"]
    assert all(wanted(("*",), name) for name in NAMES)
    assert not wanted(("contact",), "contact.ended")
    assert envelope("q:1", "queue.left", 1.5, {"queue": "a"}) == {
        "id": "q:1",
        "type": "queue.left",
        "at": 1.5,
        "data": {"queue": "a"},
    }
