""" "Do you mean A or B?": asked where an answer may be one of two wishes. Pure.

The question that was open goes on once the caller has said which; "neither" puts it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivr.dialplan.confirming import YES_NO_WORDS
from ivr.dialplan.events import Heard, Phrase, Words
from ivr.dialplan.model import AGENT
from ivr.dialplan.question import Named, Question, bare, memory
from ivr.dialplan.run import hears

if TYPE_CHECKING:
    from ivr.dialplan.question import Answer, AskingStep
    from ivr.dialplan.run import Run

EITHER = "either"
"""What the memory of a step has while this is open: the two names."""
WHICH = {"zh": "您是要{}，还是{}？", "en": "Did you mean {} or {}?"}
KEYS = {"zh": "{}请按一，{}请按二。", "en": "For {}, press one. For {}, press two."}
NEITHER = "no"
PERSON = {AGENT: {"zh": "人工服务", "en": "a person"}}
ORDINALS = {
    "zh": (("第一个", "前一个", "前者", "头一个"), ("第二个", "后一个", "后者", "后面那个")),
    "en": (("the first", "the first one", "first"), ("the second", "the second one", "second", "the latter")),
}
NEITHER_WORDS = {"zh": ("都不是", "两个都不是"), "en": ("neither", "none of them", "neither of them")}


def question_of(run: Run, step: AskingStep) -> Question:
    """What is open: which of two, where that was asked, else the question of the step."""
    question = step.question(run)
    names = run.state.step.get(EITHER)
    if not names:
        return question
    language = run.state.language
    own = [phrase for phrase in question.phrases if phrase.intent in names]
    told = [Phrase(text, name) for name, texts in zip(names, ORDINALS.get(language, ((), ())), strict=True) for text in texts]
    refused = [*NEITHER_WORDS.get(language, ()), *YES_NO_WORDS["no"].get(language, ())]
    rest = [phrase for phrase in question.phrases if phrase.intent not in names]
    phrases = (*own, *told, *(Phrase(text, NEITHER) for text in refused), *rest)
    texts: dict[str, str] = {}
    for phrase in phrases:
        texts.setdefault(bare(phrase.text), phrase.intent)
    keys = {key: name for key, name in question.keys.items() if key in "0*#"} | {"1": names[0], "2": names[1]}
    return Question(phrases, texts, keys, patience=question.patience)


def doubtful(run: Run, question: Question, event: Heard) -> tuple[str, str] | None:
    """The two names that were meant alike likely; None where one is clear, or this is what was asked already."""
    if not event.others or question.slot is not None or EITHER in run.state.step:
        return None
    exact = question.texts.get(bare(event.text))
    other, share = event.others[0]
    known = set(question.texts.values())
    if exact or event.intent not in known or other not in known or event.intent == other:
        return None
    return (event.intent, other) if event.confidence - share < run.flow.ambiguous else None


def put(run: Run) -> bool:
    """Say the question, where it is open."""
    names = run.state.step.get(EITHER)
    if not names:
        return False
    language = run.state.language
    words = WHICH if hears(run.state) else KEYS
    labels = (_label(run, name) for name in names)
    run.pending.append(Words(words.get(language, words["en"]).format(*labels), language))
    return True


def _label(run: Run, name: str) -> str:
    intent = run.flow.intents.get(name)
    label = "" if intent is None else intent.label.get(run.state.language, "")
    return label or PERSON.get(name, {}).get(run.state.language, name)


def closed(run: Run) -> dict[str, Any]:
    """What the step remembers without this question."""
    return {name: value for name, value in run.state.step.items() if name != EITHER}


def settled(run: Run, answer: Answer) -> bool:
    """Forget that this was asked; whether the answer is that it was neither."""
    remembered = memory(run)
    names = remembered.pop(EITHER, ())
    run.update(step=remembered)
    return bool(names) and isinstance(answer, Named) and answer.name == NEITHER
