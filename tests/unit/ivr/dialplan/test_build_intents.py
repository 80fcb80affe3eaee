"""Intents of a flow: patterns, what a library gives, and mistakes."""

from __future__ import annotations

import pytest

from ivr.dialplan.dialogue import phrases_of
from ivr.dialplan.library import OUT_OF_SCOPE, SAID_FIRST, library
from ivr.dialplan.loader import examine, load
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import World
from ivr.dialplan.model import Flow
from ivr.dialplan.simulator import Simulation

NAMES = ["balance", "bill", "invoice", "order_status", "return_goods", "password", "fault", "complaint", "appointment"]
NAMES += ["agent", "hours", "goodbye", "hesitation"]
BODY = """
states:
  start:
    menu: { say: { en: Hello }, options: [bill] }
    on: { bill: end, no_input: end, no_match: end }
"""


def flow(intents: str) -> Flow:
    return load(f"flow: small\nlanguages: [en]\ndefaults: {{ error: end }}\nintents: {intents}{BODY}")


def codes(intents: str) -> list[str]:
    text = f"flow: small\nlanguages: [en]\ndefaults: {{ error: end }}\nintents: {intents}{BODY}"
    return [one.code for one in examine(text, "small.yaml")[1]]


def test_a_flow_knows_every_intent_of_a_library_that_it_takes_in() -> None:
    found = flow("{ use: common }")
    assert sorted(found.intents) == sorted(NAMES)
    assert found.libraries == ("common",)
    assert found.intents["bill"].label == {"en": "Bill"}
    assert OUT_OF_SCOPE not in found.intents


def test_own_examples_come_first_and_library_ones_are_few() -> None:
    found = flow("{ use: common, bill: { en: [what a bill], label: { en: Money } } }")
    phrases = phrases_of(found, ["bill"], "en")
    assert phrases[0].text == "what a bill"
    assert len(phrases) <= 1 + SAID_FIRST
    assert found.intents["bill"].label == {"en": "Money"}


def test_patterns_are_multiplied_out() -> None:
    found = flow('{ bill: { en: ["[check] (my|the) bill"] } }')
    assert {text for text, _ in found.intents["bill"].examples["en"]} == {
        "my bill",
        "the bill",
        "check my bill",
        "check the bill",
    }


@pytest.mark.parametrize(
    ("intents", "code"),
    [
        ("{ use: comon, bill: { en: [x y] } }", "unknown-library"),
        ('{ bill: { en: ["(a|b"] } }', "bad-example"),
        ("{ ambiguous: 2, bill: { en: [x y] } }", "out-of-range"),
    ],
)
def test_mistakes(intents: str, code: str) -> None:
    assert code in codes(intents)


def test_how_close_two_wishes_may_be() -> None:
    assert flow("{ use: common }").ambiguous == 0.2
    assert flow("{ use: common, ambiguous: 0.3 }").ambiguous == 0.3
    assert flow("{ use: common, ambiguous: false }").ambiguous == 0


@pytest.mark.parametrize("name", [*NAMES, OUT_OF_SCOPE])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_of_the_library_is_a_pattern(name: str, language: str) -> None:
    """At least 40 lines and 200 sentences of each, none of them in two intents of which neither is out of scope."""
    shelf = library("common")
    sentences = shelf.sentences(name, language)
    assert len(shelf.intents[name].examples[language]) >= 40
    assert len({text for text, _ in sentences}) >= 200


def test_a_menu_reads_its_options_and_no_keys_that_work_everywhere() -> None:
    """`0` leads to a person in any flow; only one that has words for it says so."""
    call = Simulation(
        Machine(flow("{ use: common, bill: { en: [my bill] } }")),
        World(asr=()),
        at=1_790_000_000.0,
        understand=lambda text, phrases, version, language: ("", 0.0, ()),
    )
    call.hear_out()
    said = " ".join(one.text for one in call.said)
    assert "For Bill, press" in said
    assert "Person" not in said
