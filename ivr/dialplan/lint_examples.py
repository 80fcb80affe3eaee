"""Examples that cannot be told apart, are in the wrong script, or are too few. Pure; each text is looked at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan.model import Flow, Intent
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.question import bare

FEWEST = 2
"""Examples in a language below which an intent is hardly understood in other words."""
_CJK = re.compile(r"[㐀-鿿]")
_LATIN = re.compile(r"[A-Za-z]")
_MANNERS_ZH = re.compile(r"^(?:请问|请|麻烦|我想要|我想|我要|帮我|给我|我)+|一下|(?:谢谢|吧|啊|呢|呀|嘛|了|的)+$")
_MANNERS_EN = frozenset(
    ["please", "thanks", "i", "want", "to", "would", "like", "need", "the", "a", "an", "my", "me", "can", "could"]
)


def check_examples(flow: Flow, findings: Findings) -> None:
    """Warn of each, with both places where there are two."""
    owners: dict[tuple[str, str], tuple[Intent, str, Place]] = {}
    for intent, language, text, place in _all(flow):
        if _foreign(text, language):
            message = f"`{text}` is an example in `{language}`, and not in its script"
            findings.warn(place, "wrong-script", message, "move it to the language that it is in")
        key = (language, _core(text))
        owner, said, at = owners.setdefault(key, (intent, text, place))
        if owner.name != intent.name and bare(said) != bare(text):
            message = f"`{text}` says the same as `{said}`, an example of `{owner.name}` in line {at.line}"
            findings.warn(place, "near-example", message, "keep it in one intent, or say what makes the difference")
    for intent in flow.intents.values():
        if intent.kind_of and (intent.kind_of not in flow.intents or intent.kind_of == intent.name):
            findings.unknown(intent.place, "intent", intent.kind_of, set(flow.intents) - {intent.name})
        for language, examples in intent.examples.items():
            if flow.libraries and 0 < len(examples) < FEWEST and not intent.library:
                message = f"`{intent.name}` has one example in `{language}`: other words for it are hardly understood"
                findings.warn(examples[0][1], "few-examples", message, "write how callers say it, ten ways and more")


def _all(flow: Flow) -> Iterator[tuple[Intent, str, str, Place]]:
    for intent in flow.intents.values():
        for language, examples in intent.examples.items():
            for text, place in examples:
                if bare(text):
                    yield intent, language, text, place


def _foreign(text: str, language: str) -> bool:
    """Chinese in English, or nothing Chinese in Chinese, but for a few letters: brands are said in both."""
    if language == "en":
        return bool(_CJK.search(text))
    return language == "zh" and not _CJK.search(text) and len(_LATIN.findall(text)) > 12


def _core(text: str) -> str:
    """What is left without manners; the text where that is nothing."""
    if _CJK.search(text):
        tight = bare(text)
        return _MANNERS_ZH.sub("", tight) or tight
    words = text.casefold().split()
    return " ".join(word for word in words if word not in _MANNERS_EN) or bare(text)
