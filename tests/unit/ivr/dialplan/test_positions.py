"""YAML with places: YAML 1.2 words, and bounds that no document breaks."""

from __future__ import annotations

import pytest

from ivr.dialplan.positions import MAX_CHARACTERS, Mapping, Node, Scalar, Sequence, read
from ivr.dialplan.problems import Findings, Place


def tree(text: str) -> tuple[Node | None, list[str]]:
    findings = Findings("f")
    return read(text, findings), [f"{one.line}:{one.column} {one.code}" for one in findings.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("12", 12),
        ("-3", -3),
        ("010", "010"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", "1e3"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("'12'", "12"),
        ('"true"', "true"),
        (".inf", ".inf"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    node, problems = tree(f"- {text}")
    assert isinstance(node, Sequence)
    assert isinstance(node.items[0], Scalar)
    assert (node.items[0].value, problems) == (value, [])


def test_places_count_characters_from_one() -> None:
    node, _ = tree("状态: 查账单\nb:\n  - { c: 'd' }\n")
    assert isinstance(node, Mapping)
    key, value = node.entries["状态"]
    assert (key.place, value.place) == (Place(1, 1), Place(1, 5))
    inner = node.entries["b"][1]
    assert isinstance(inner, Sequence)
    mapping = inner.items[0]
    assert isinstance(mapping, Mapping)
    quoted = mapping.entries["c"][1]
    assert isinstance(quoted, Scalar)
    assert (quoted.place, quoted.inside) == (Place(3, 10), Place(3, 11))


def test_an_alias_stands_for_its_anchor() -> None:
    node, problems = tree("a: &x [1, 2]\nb: *x\n")
    assert isinstance(node, Mapping)
    assert node.entries["a"][1] is node.entries["b"][1]
    assert problems == []


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)]
    node, problems = tree("\n".join(lines))
    assert node is None
    assert [one.split()[1] for one in problems] == ["too-big"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 5000, "too-deep"),
        ("{a: " * 5000, "too-deep"),
        ("x" * (MAX_CHARACTERS + 1), "too-big"),
        ("&a [*a]", "yaml"),
        ("a: 1\n---\nb: 2", "yaml"),
        ("a: \x00", "yaml"),
        ("a: \ud800", "yaml"),
        ("", "empty"),
        ("{[1]: 2}", "wrong-type"),
        ("a: 1\na: 2", "duplicate-key"),
        ("a: {b: 1, b: 2}", "duplicate-key"),
        ("!!binary abc", "yaml"),
    ],
)
def test_what_is_not_a_flow_is_refused(text: str, code: str) -> None:
    _, problems = tree(text)
    assert code in [one.split()[1] for one in problems]
