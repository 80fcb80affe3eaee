"""Accuracy of intents on the sentences of this folder: `python -m tests.understanding` prints what docs/understanding.md has.

`callers_a.json` and `callers_b.json`, by people who never saw the library (a: who know telecoms, utilities, banks; b: shops,
couriers, clinics, airlines, city services), and `common_held_out.yaml`, by its author, are asked of the flow `telecom`;
`trades.yaml` has forty intents and more of several trades, with their own examples, and sentences that were written apart from
those. Each is asked as written, and with a recogniser's mistakes.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ivr import intent_bench
from ivr.dialplan.loader import load
from ivr.dialplan.model import Flow
from ivr.intent_bench import Case
from ivr.minds import Minds
from tests.understanding.noise import homophones, misheard

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LANGUAGES = ("zh", "en")
SEED = 20261122


def sentences(data: Mapping[str, Any]) -> list[Case]:
    """The cases of a file: intent to language to lines."""
    return [
        Case(language, line.strip(), name)
        for name, texts in data.items()
        for language in LANGUAGES
        for line in texts[language].splitlines()
        if line.strip()
    ]


def read(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))


def trades() -> tuple[Flow, list[Case]]:
    """A flow with the intents of `trades.yaml`, and what is to be understood."""
    data = read("trades.yaml")
    names = [name for name in data if name != "out_of_scope"]
    intents = {name: {language: data[name]["examples"][language].splitlines() for language in LANGUAGES} for name in names}
    edges = {"no_input": "end", "no_match": "end"}
    ask = {"say": {"zh": "请问", "en": "Yes"}, "open": True}
    flow = {
        "flow": "trades",
        "languages": list(LANGUAGES),
        "defaults": {"error": "end"},
        "intents": intents,
        "states": {"start": {"ask": ask, "on": {**dict.fromkeys(names, "end"), **edges}}},
    }
    return load(yaml.safe_dump(flow, allow_unicode=True)), sentences({name: data[name]["held_out"] for name in data})


def noisy(cases: list[Case]) -> list[Case]:
    """The same cases as a recogniser may hear them."""
    dice, sounds = random.Random(SEED), homophones(case.text for case in cases)
    return [Case(case.language, misheard(case.text, case.language, dice, sounds), case.intent) for case in cases]


def figures() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name of a set to its report."""
    minds = Minds()
    telecom = load(ROOT / "dialplans" / "telecom.yaml")
    callers = [(name, telecom, intent_bench.cases_of(HERE / f"{name}.json")) for name in ("callers_a", "callers_b")]
    sets = [*callers, ("common", telecom, sentences(read("common_held_out.yaml"))), ("trades", *trades())]
    for name, flow, cases in sets:
        yield name, intent_bench.report_of(intent_bench.measure(flow, cases, minds))
        yield f"{name}, misheard", intent_bench.report_of(intent_bench.measure(flow, noisy(cases), minds))


def main() -> int:
    print("| set | language | cases | right | out of scope caught |\n| --- | --- | --- | --- | --- |")
    for name, report in figures():
        for language, one in report["languages"].items():
            print(f"| {name} | {language} | {one['cases']} | {one['accuracy']:.1%} | {one['out_of_scope_recall']:.1%} |")
        if "--misses" in sys.argv:
            for miss in report["misses"]:
                print(f"    {miss['intent']} > {miss['found']}: {miss['text']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
