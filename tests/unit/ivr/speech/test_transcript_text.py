"""What a transcript shows of the things that were said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan.events import Prompt, Utterance, Value
from ivr.speech.prompts import PromptLibrary, Recording
from telephony.media.clip import Clip


def library(language: str, texts: dict[str, str]) -> PromptLibrary:
    clip = Clip.silence(0.1)
    found = {(language, name): Recording(clip, text, Path("x.wav")) for name, text in texts.items()}
    return PromptLibrary(found, [language])


@pytest.mark.parametrize(
    ("language", "texts", "written"),
    [
        (
            "en",
            {"a": "For your bill, press", "b": "For your balance, press"},
            "For your bill, press one. For your balance, press two",
        ),
        ("zh", {"a": "查询账单，请按", "b": "查询余额，请按"}, "查询账单，请按一，查询余额，请按二"),
    ],
)
def test_a_value_closes_its_clause(language: str, texts: dict[str, str], written: str) -> None:
    spoken: list[Utterance] = []
    for name, key in (("a", "1"), ("b", "2")):
        spoken += [Prompt(name, language), Value("number", key, language)]
    assert library(language, texts).text(spoken) == written
