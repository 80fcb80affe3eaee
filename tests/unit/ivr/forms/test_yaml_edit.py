"""YAML changed in its place: comments, order and quotes stay, and what cannot be proved is refused."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.forms.yaml_edit import NotEdited, edited, parsed, same

DEMO = Path("examples/demo/hotline.yaml").read_text("utf-8")
ODD = "a:\n- b\n- c: 1\n  d: 2 # x\n- [1, 2]\n# end\ne: |\n  text\n  more\nf: >-\n  folded\n\n"
TEXT = """\
# the top
queues: # who waits
  support: { ring: 20s, wrap_up: 30s } # the first
  # about care
  care:
    ring: "20s"
agents:
  - { id: a, skills: { x: 1 } }
  # b is new
  - id: b
    skills:
      y: 2 # good at it
last: 1
"""


def changed(change: Any, text: str = TEXT) -> str:
    data = copy.deepcopy(parsed(text))
    change(data)
    return edited(text, data)


def test_a_value_is_replaced_and_nothing_else() -> None:
    result = changed(lambda data: data["queues"]["support"].update(ring="25s"))
    assert result == TEXT.replace("{ ring: 20s", "{ ring: 25s")


def test_quotes_and_comments_stay() -> None:
    result = changed(lambda data: data["queues"]["care"].update(ring="5s"))
    assert result == TEXT.replace('"20s"', '"5s"')
    result = changed(lambda data: data["agents"][1]["skills"].update(y=9))
    assert result == TEXT.replace("y: 2 # good", "y: 9 # good")


def test_entries_are_added_behind_the_last_one() -> None:
    result = changed(lambda data: data["queues"].update(vip={"ring": "1s"}))
    assert '    ring: "20s"\n  vip: { ring: 1s }\nagents:' in result
    result = changed(lambda data: data["agents"].append({"id": "c"}))
    assert "      y: 2 # good at it\n  - { id: c }\nlast: 1\n" in result
    result = changed(lambda data: data["agents"].insert(0, {"id": "c"}))
    assert "agents:\n  - { id: c }\n  - { id: a" in result


def test_entries_are_removed_with_their_line() -> None:
    assert changed(lambda data: data["queues"].pop("support")) == "\n".join(
        line for line in TEXT.split("\n") if "support" not in line
    )
    result = changed(lambda data: data["agents"].pop(0))
    assert "id: a" not in result and "# b is new" in result
    assert "last" not in changed(lambda data: data.pop("last"))


def test_a_new_part_comes_at_the_end() -> None:
    result = changed(lambda data: data.update(trunks={"x": {"hosts": ["h"]}}))
    assert result.startswith(TEXT) and result.endswith("trunks: { x: { hosts: [h] } }\n")


def test_words_that_yaml_takes_for_others_are_quoted() -> None:
    for word in ("yes", "off", "null", "1", "2026-01-01", "a: b", "#x", " lead", "", "x\ny", "0x1f", "中文，是"):
        result = changed(lambda data, word=word: data["queues"]["support"].update(ring=word))
        assert yaml.safe_load(result)["queues"]["support"]["ring"] == word


def test_dates_and_times_are_text() -> None:
    text = "days: [2026-01-01, 9:30]\non: yes\n"
    assert parsed(text) == {"days": ["2026-01-01", "9:30"], "on": "yes"}
    assert changed(lambda data: data["days"].append("2026-05-01"), text).startswith("days: [2026-01-01, 9:30, ")


def test_nothing_to_change_changes_nothing() -> None:
    assert changed(lambda data: None) is not None and changed(lambda data: None) == TEXT


def test_emptied_and_filled_collections() -> None:
    assert parsed(changed(lambda data: data.update(agents=[])))["agents"] == []
    assert parsed(changed(lambda data: data.update(queues={})))["queues"] == {}
    assert edited("a: {}\nb: []\n", {"a": {"x": 1}, "b": [1]}) == "a: { x: 1 }\nb: [1]\n"
    assert edited("", {"a": 1}) == "a: 1\n"


@pytest.mark.parametrize("text", ["a: &x { b: 1 }\nc: *x\n", "a: &x { b: 1 }\nc: { <<: *x }\n"])
def test_anchors_that_mean_two_places_are_for_a_person(text: str) -> None:
    with pytest.raises(NotEdited):
        edited(text, {"a": {"b": 2}, "c": {"b": 1}})


@pytest.mark.parametrize("text", ["[" * 200, "{" * 60 + "}" * 60, "a: [", "\t", "x" * ((1 << 20) + 1)])
def test_what_is_no_yaml_or_too_much_is_refused(text: str) -> None:
    with pytest.raises((NotEdited, yaml.YAMLError)):
        edited(text, {})


def test_true_is_not_one() -> None:
    assert not same(1, True) and not same({"a": 1}, {"a": 1.0}) and same([{"a": None}], [{"a": None}])


NEW: list[Any] = [1, "x: y", {}, [], {"a": [1, 2]}, True, None, "yes", 1.5, "a\nb", "#c", " lead", "中文, 是"]


def mutated(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if dice.random() > 0.15}
        kept = {key: mutated(inner, dice) if dice.random() < 0.4 else inner for key, inner in kept.items()}
        return kept | ({f"n{dice.randint(0, 99)}": dice.choice(NEW)} if dice.random() < 0.3 else {})
    if isinstance(value, list):
        items = [mutated(one, dice) if dice.random() < 0.4 else one for one in value if dice.random() > 0.15]
        if dice.random() < 0.4:
            items.insert(dice.randint(0, len(items)), dice.choice(NEW))
        return items
    return dice.choice([*NEW, value])


@pytest.mark.parametrize("text", [DEMO, TEXT, ODD])
def test_any_change_is_made_or_refused_never_wrong(text: str) -> None:
    """`edited` proves what it gives; nearly everything can be done."""
    refused = 0
    for seed in range(25):
        wanted = mutated(parsed(text), random.Random(seed))
        try:
            assert same(parsed(edited(text, wanted)), wanted)
        except NotEdited:
            refused += 1
    assert refused <= 2
