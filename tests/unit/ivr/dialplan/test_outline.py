"""Outline and even text: what stands where, and nothing but white space changes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ivr.dialplan.formatting import formatted
from ivr.dialplan.outline import outline
from ivr.dialplan.positions import read
from ivr.dialplan.problems import Findings

UGLY = """\
flow:   a~~~
# top
states:
     # about a
     a:
          do:
          - answer
          - say: {en: x,
                 zh: y}


          text: |
              line one
                 deep~~~
              line three

     # about b
     b: {x: 1}
     c:
       -   d: 1
           e: 2
# the end
""".replace("~", " ")
EVEN = """\
flow:   a
# top
states:
  # about a
  a:
    do:
    - answer
    - say: {en: x,
           zh: y}

    text: |
        line one
           deep~~~
        line three

  # about b
  b: {x: 1}
  c:
    -   d: 1
        e: 2
# the end
""".replace("~", " ")


def test_a_text_is_made_even_with_its_comments() -> None:
    assert formatted(UGLY) == EVEN
    assert formatted(EVEN) == EVEN


@pytest.mark.parametrize("path", sorted(Path("dialplans").glob("*.yaml")), ids=str)
def test_what_we_wrote_stays_as_it_is(path: Path) -> None:
    text = path.read_text("utf-8")
    assert formatted(text) == text


def test_line_ends_of_windows_become_ours() -> None:
    assert formatted("a:\r\n    b: 1\r\n") == "a:\n  b: 1\n"


@pytest.mark.parametrize("text", ["", "a: [", "\t", "a: &x [*x]", "{" * 40, "a: 1\n---\nb: 1\n", "x" * ((1 << 20) + 1)])
def test_what_is_no_flow_stays(text: str) -> None:
    assert formatted(text) == text and outline(text) is None


def test_it_never_comes_to_mean_something_else() -> None:
    """Random damage: what is given back reads the same, or is what came."""
    dice = random.Random(3)
    for _ in range(150):
        lines = UGLY.split("\n")
        for _ in range(dice.randint(1, 4)):
            number = dice.randrange(len(lines))
            change = dice.choice(
                ["", "  " + lines[number], lines[number].strip(), "# x", "- y", "k: >\n   a\n   b", '"q": "a\n  b"']
            )
            lines[number] = change
        text = "\n".join(lines)
        findings = Findings("")
        before, after = read(text, findings), read(formatted(text), Findings(""))
        assert (before is None) is (after is None)


def test_where_states_and_intents_stand() -> None:
    found = outline(
        "flow: f\nlanguages: zh\nintents:\n  bill: {zh: [x]}\nstates:\n  a:\n    goto: b\n\n  # next\n  b: {hangup: normal}\n"
    )
    assert found is not None
    assert [(one["name"], one["line"], one["end_line"], one["kind"]) for one in found["states"]] == [
        ("a", 6, 7, "pass"),
        ("b", 10, 10, "hangup"),
    ]
    assert found["intents"] == [{"name": "bill", "line": 4, "column": 3, "end_line": 4}]
    assert (found["entry"], found["languages"]) == ("a", ["zh"])


@pytest.mark.parametrize(
    "text", ["states: 1", "states: []", "states: {a: 1}", "flow: {}", "languages: {}", "intents: x\nvars: []"]
)
def test_a_half_written_text_has_an_outline_too(text: str) -> None:
    assert outline(text) is not None
