"""One slot of a `collect`: how it is asked, what fills it, what of an utterance is left for the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ivr.dialplan import confirming
from ivr.dialplan.events import Phrase, Words
from ivr.dialplan.expect import VALUE, PhraseList
from ivr.dialplan.expression import Expression
from ivr.dialplan.problems import Place
from ivr.dialplan.question import Question, about, bare
from ivr.dialplan.run import Run, hears
from ivr.dialplan.slots import About, SlotType, Value, blank, plain, read
from ivr.dialplan.slots.types import all_of
from ivr.dialplan.speech import Speech

if TYPE_CHECKING:
    from ivr.dialplan.dialogue import Ear

SKIP = "skip!"
SAID = "said!"
"""Name of an answer that is no more than the words that were said."""
CORRECTING = "correct!"
"""Begins the name of the slot that is to be asked for again."""
PLAINLY = 0.5
"""How sure a value must be that nobody asked for."""

WHICH = {"zh": "哪一项不对？", "en": "Which one is wrong?"}
_OFFER = {"zh": "{}，请按", "en": "For {}, press"}
_SKIP = {
    "zh": ("跳过", "不知道", "不清楚", "没有", "随便", "都可以", "不用", "不记得"),
    "en": ("skip", "skip it", "i don't know", "don't know", "no idea", "none", "any", "i don't remember", "not sure"),
}


@dataclass(frozen=True, slots=True)
class CollectSlot:
    """One thing to find out."""

    name: str
    type: SlotType
    speech: Speech
    """The question."""
    again: tuple[Speech, ...] = ()
    """The question in other words from the second time on, by attempt; the last of them stays."""
    hint: Speech = ()
    """Spoken after the question where speech cannot be recognised, to tell the keys."""
    label: Mapping[str, str] = field(default_factory=dict)
    """What it is called when it is read back, and when a caller corrects it, by language."""
    optional: bool = False
    """Left out where the caller does not know, or says nothing."""
    known: Expression | None = None
    """Not asked where this gives a value that fits."""
    keeps: bool = True
    """Not asked where the slot was filled earlier in the call."""
    choices: tuple[str, ...] = ()
    """Intents, of the type choice."""
    choice_places: tuple[Place, ...] = ()
    phrases: PhraseList | None = None
    patience: float = 0.6
    secret: bool = False
    """What is said and keyed for it is in no transcript, log or trace, and no recording has it."""
    terminator: str = "#"

    def about(self, run: Run) -> About:
        return about(run, self.type)

    def type_in(self, run: Run) -> SlotType:
        """The type with the phrases of its choices in the language of now."""
        if self.type.name != "choice":
            return self.type
        language = run.state.language
        return replace(self.type, names={language: {plain(one.text): one.intent.removeprefix(VALUE) for one in self.own(run)}})

    def own(self, run: Run) -> tuple[Phrase, ...]:
        """Phrases that fill it."""
        language = run.state.language
        if self.type.name == "yes_no":
            return tuple(confirming.yes_no_phrases(language))
        listed = () if self.phrases is None else self.phrases.phrases(language, run.scope())
        intents = (run.flow.intents.get(name) for name in self.choices)
        named = (Phrase(text, one.name) for one in intents if one is not None for text, _ in one.examples.get(language, ()))
        return (*listed, *named)

    def value_of(self, name: str) -> str | None:
        """The value that a named answer fills it with; None where it names something else."""
        if name.startswith(VALUE):
            return name.removeprefix(VALUE)
        taken = name in self.choices or (self.type.name == "yes_no" and name in ("yes", "no"))
        return name if taken else None

    def value_label(self, run: Run, value: Any) -> str:
        """What a choice is called when it is read back; "" where its kind reads it."""
        language = run.state.language
        if self.type.name == "yes_no":
            return confirming.YES_NO_WORDS.get(str(value), {}).get(language, (str(value),))[0]
        if self.type.name != "choice":
            return ""
        intent = run.flow.intents.get(str(value))
        if intent is not None and intent.label.get(language):
            return intent.label[language]
        return next((one.text for one in self.own(run) if one.intent.removeprefix(VALUE) == str(value)), str(value))

    def offer(self, language: str) -> str:
        """How it is offered for correction, before its key."""
        return _OFFER.get(language, "{}:").format(self.label.get(language, self.name))

    def put(self, run: Run) -> None:
        attempt = run.state.attempt
        run.speak(self.again[min(attempt, len(self.again)) - 1] if attempt and self.again else self.speech)
        if not hears(run.state):
            if self.hint:
                run.speak(self.hint)
            elif self.type.name == "yes_no" and run.state.language in confirming.KEYS_OF_YES_NO:
                run.pending.append(Words(confirming.KEYS_OF_YES_NO[run.state.language], run.state.language))

    def rest(self, run: Run, text: str) -> str:
        """What is left of a plain text once its value is taken out; nothing where the whole text is the value."""
        found = None if self.type.name == "text" else read(self.type_in(run), text, self.about(run))
        if found is None:
            return text if self.type.name == "text" else ""
        return blank(text, found.start, found.end)

    def after_label(self, text: str, language: str) -> str:
        """A plain text without the label that it names: "日期是明天" says "是明天" of the date."""
        label = plain(self.label.get(language, ""))
        return text.replace(label, " ", 1).strip() if label else text


def question_at(run: Run, slot: CollectSlot, ear: Ear) -> Question:
    """What is open while `slot` is asked for."""
    own = slot.own(run)
    skipping = tuple(Phrase(text, SKIP) for text in _SKIP.get(run.state.language, ())) if slot.optional else ()
    phrases = (*own, *skipping, *ear.phrases)
    texts: dict[str, str] = {}
    for phrase in phrases:
        texts.setdefault(bare(phrase.text), phrase.intent)
    values = list(dict.fromkeys(phrase.intent for phrase in own))
    keys = {key: name for key, name in ear.keys.items() if key in "*#"}
    if slot.type.kind.keyed is None:
        keys |= {str(number): name for number, name in enumerate(values[:9], 1)}
    return Question(phrases, texts, keys, slot.type_in(run), terminator=slot.terminator, patience=slot.patience)


def left_out(slot: CollectSlot, name: str) -> bool:
    return slot.optional and name == SKIP


def open_values(run: Run, slots: Sequence[CollectSlot], text: str) -> list[tuple[CollectSlot, Value, float]]:
    """The values of slots that nobody asked for yet, found in what is left of an utterance; of one type in the order said."""
    found: list[tuple[CollectSlot, Value, float]] = []
    rest = plain(text)
    for slot in slots:
        if slot.type.name in ("text", "yes_no") or not rest.strip():
            continue
        kind, where = slot.type_in(run), slot.about(run)
        alike = any(one is not slot and one.type.name == slot.type.name for one in slots)
        first = min(all_of(kind, rest, where), key=lambda one: (one.start, -one.end), default=None)
        value = first if alike else read(kind, rest, where)
        if value is not None and value.sure >= PLAINLY:
            found.append((slot, value.value, value.sure))
            rest = blank(rest, value.start, value.end)
    return found


def mentioned(slots: Sequence[CollectSlot], text: str, language: str) -> CollectSlot | None:
    """The slot whose label stands in a plain text, the longest label first."""
    labelled = [(plain(slot.label.get(language, "")), slot) for slot in slots]
    found = [(len(label), slot) for label, slot in labelled if label and label in text]
    return max(found, key=lambda one: one[0])[1] if found else None
