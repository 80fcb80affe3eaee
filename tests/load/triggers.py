"""How well the built-in triggers find what they are for: `python -m tests.load.triggers [--part test] [--wrong]`.

Precision and recall over `tests/cases/triggers.yaml`, as written and as a recogniser may write it: Chinese with characters of
the same sound in place of every third, English with homophones.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from ivr.dialplan.triggers import built_in
from ivr.understanding.triggers import Sought, Spotter

CASES = Path(__file__).parents[1] / "cases" / "triggers.yaml"
COMMON = range(0x4E00, 0x9FA6)
ENGLISH = {
    "cancel": "council",
    "lawyer": "loyer",
    "sue": "su",
    "buy": "by",
    "there": "their",
    "for": "four",
    "to": "two",
    "court": "caught",
    "wife": "whyf",
    "contract": "contrackt",
    "died": "dyed",
    "own": "one",
    "week": "weak",
    "by": "bye",
    "right": "write",
    "know": "no",
    "account": "acount",
    "sure": "shore",
    "fee": "fi",
}
"""Words to what is heard for them; `contrackt` stands for what a small vocabulary makes of a word."""


@dataclass
class Score:
    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def row(self, name: str, names: list[str]) -> str:
        found, missed, wrong = (sum(one[each] for each in names) for one in (self.found, self.missed, self.wrong))
        precision = found / (found + wrong) if found + wrong else 1.0
        recall = found / (found + missed) if found + missed else 1.0
        return f"| {name} | {found + missed} | {precision:.1%} | {recall:.1%} |"


def cases(part: str) -> list[list[str]]:
    data: dict[str, Any] = yaml.safe_load(CASES.read_text("utf-8"))
    return list(data[part])


def spotter() -> Spotter:
    return Spotter(
        Sought(one.name, one.phrases, one.speaker, one.tolerance, one.sounds, one.guard) for one in built_in().values()
    )


def score(rows: list[list[str]], heard: Any = lambda text, language: text) -> Score:
    """Every trigger that a turn has and should not have, and the other way round."""
    score, spotted = Score(), spotter()
    for language, speaker, text, wanted in rows:
        said = heard(text, language)
        names = {one.name: one for one in spotted.find(said, language, speaker)}
        if wanted:
            (score.found if wanted in names else score.missed)[wanted] += 1
            if wanted not in names:
                score.lines.append(f"missed {wanted}: {said}")
        for name, one in names.items():
            if name != wanted:
                score.wrong[name] += 1
                score.lines.append(f"wrong {name}: {said} (by {one.phrase})")
    return score


@cache
def _alike() -> dict[str, str]:
    """Toned syllable to the characters that have it, commonest block first."""
    found: dict[str, str] = {}
    for code in COMMON:
        if code in PINYIN_DICT and "," not in PINYIN_DICT[code]:
            syllable = lazy_pinyin(chr(code), style=Style.TONE3)[0]
            found[syllable] = found.get(syllable, "") + chr(code)
    return found


def misheard(text: str, language: str) -> str:
    """The text with homophones in it; the same text always gives the same."""
    if language != "zh":
        return " ".join(ENGLISH.get(word, word) for word in text.split())
    dice = random.Random(text)
    told = ""
    for at, character in enumerate(text):
        others = _alike().get(lazy_pinyin(character, style=Style.TONE3)[0], "").replace(character, "")
        told += dice.choice(others) if at % 3 == 1 and others else character
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="test", choices=("dev", "test", "fresh", "later"))
    parser.add_argument("--wrong", action="store_true", help="print every turn that went wrong")
    args = parser.parse_args()
    for title, heard in (("as written", lambda text, language: text), ("with homophones", misheard)):
        for language in ("zh", "en"):
            rows = [row for row in cases(args.part) if row[0] == language]
            result = score(rows, heard)
            names = [name for name in built_in() if any(row[3] == name for row in rows)]
            print(f"\n{language}, {title}: {len(rows)} turns\n\n| trigger | turns | precision | recall |")
            print("| --- | --- | --- | --- |")
            print("\n".join([*(result.row(name, [name]) for name in names), result.row("all", names)]))
            if args.wrong:
                print("\n".join(result.lines))


if __name__ == "__main__":
    main()
