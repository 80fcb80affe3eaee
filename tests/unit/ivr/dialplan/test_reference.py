"""The reference of steps is that of the source."""

from __future__ import annotations

from pathlib import Path

from ivr.dialplan import registry
from ivr.dialplan.reference import page, words
from ivr.dialplan.schema_parts import DURATION, FLAG, NAME, TEXT, either, list_of, map_of, ref

ROOT = Path(__file__).parents[4]


def test_the_page_is_fresh() -> None:
    """`python -m ivr.dialplan.reference > docs/steps.md`"""
    assert (ROOT / "docs" / "steps.md").read_text("utf-8") == page()


def test_every_step_is_on_it_with_its_docstring() -> None:
    text = page()
    for kind in (*registry.waiting().values(), *registry.instant().values()):
        first = (kind.__doc__ or "").split("\n")[0]
        assert len(first) > 10, f"{kind.name} says nothing of itself"
        assert f"### {kind.name}\n\n{first}" in text


def test_a_schema_in_words() -> None:
    assert words(DURATION) == "duration"
    assert words(either(NAME, list_of(NAME))) == "name or list of name"
    assert words(map_of(ref("speech"))) == "name: *speech*"
    assert words({"enum": [True, "never", None]}) == "`true`, `never`, `nothing`"
    assert words({"type": "integer", "minimum": 1, "maximum": 9}) == "number 1 to 9"
    assert words(FLAG) == "true or false"
    assert words(TEXT) == "text"
