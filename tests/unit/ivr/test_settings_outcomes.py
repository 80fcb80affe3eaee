"""The tree of outcomes in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.settings_outcomes import chosen_outcomes, outcome_schema, shown_outcomes

TREE = """
dispositions:
  - solved
  - name: complaint
    label: {zh: 投诉, en: Complaint}
    children:
      - price
      - {name: fault, follow_up: true, children: [line, {name: router, label: {zh: 路由器}}]}
"""


def loaded(text: str, folder: Path) -> list[object]:
    file = folder / "hotline.yaml"
    file.write_text(text, "utf-8")
    return list(load_settings(file).dispositions)


def test_a_tree_is_shown_with_its_words_and_chosen_by_its_leaves(tmp_path: Path) -> None:
    outcomes = loaded(TREE, tmp_path)
    shown = shown_outcomes(outcomes)  # type: ignore[arg-type]
    assert shown[0] == "solved"
    assert shown[1]["label"] == {"zh": "投诉", "en": "Complaint"}
    assert shown[1]["children"][1] == {
        "name": "fault",
        "follow_up": True,
        "children": ["line", {"name": "router", "label": {"zh": "路由器"}}],
    }
    assert chosen_outcomes(outcomes) == {  # type: ignore[arg-type]
        "solved": False,
        "complaint/price": False,
        "complaint/fault/line": True,
        "complaint/fault/router": True,
    }


def test_plain_names_stay_as_they_were(tmp_path: Path) -> None:
    assert shown_outcomes(loaded("dispositions: [a, b]\n", tmp_path)) == ["a", "b"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dispositions: [a, a]", r"dispositions\[1\]: 'a' is there twice"),
        ("dispositions: [a/b]", r"dispositions\[0\]: 'a/b' is no name"),
        ("dispositions: ['']", r"dispositions\[0\]: '' is no name"),
        ("dispositions: [{name: a, children: [b, b]}]", r"dispositions\[0\].children\[1\]: 'b' is there twice"),
        ("dispositions: [{name: a, kids: []}]", r"dispositions\[0\].kids: unknown key"),
        ("dispositions: [7]", r"dispositions\[0\]"),
        (
            "dispositions: [{name: a, children: [{name: b, children: [{name: c, children: [{name: d, children: [e]}]}]}]}]",
            "deeper than 4 levels",
        ),
        ("dispositions: [{name: " + "a" * 60 + ", children: [" + "b" * 60 + "]}]", "120 at most"),
        ("dispositions: [" + ", ".join(f"n{n}" for n in range(501)) + "]", "more than 500"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        loaded(text, tmp_path)


def test_the_form_ends_after_the_deepest_level() -> None:
    assert outcome_schema(2)["anyOf"][1]["properties"]["children"]["items"] == outcome_schema(1)
    assert "children" not in outcome_schema(1)["anyOf"][1]["properties"]
