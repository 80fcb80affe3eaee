"""What a question makes a recogniser listen for, in which languages, and what follows where it cannot listen. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.dialplan import either
from ivr.dialplan.events import Heard, Listen, SpeechLost, Words
from ivr.dialplan.question import AskingStep, Question
from ivr.dialplan.run import LOST, Run, can_hear, hears
from ivr.dialplan.slots import SlotType
from ivr.dialplan.slots.vocabulary import vocabulary

DEFAULT_CONFIRM = 0.3
"""Seconds, where the prompt cannot be spoken over."""
BUSY = {
    "zh": "现在线路繁忙，请按键选择。",
    "en": "Our lines are very busy right now. Please use the keys of your phone.",
}
"""What a caller is told once, where no recogniser has room."""
UNBOUNDED = 32
"""Digits that a row has at most where the flow says nothing: no length to wait for."""
_NATIONAL = {"CN": 11, "US": 10, "CA": 10}
"""Digits of a telephone number without its country code, where all have as many."""


def listen(run: Run, step: AskingStep) -> Listen | None:
    """What is listened for now; None where nothing can be said, or nobody could hear it."""
    languages = heard_languages(run, step)
    if not languages:
        return None
    questions = [_question_in(run, step, language) for language in languages]
    first, slot = questions[0], questions[0].slot
    if not (first.phrases or slot):
        return None
    several = len(languages) > 1
    expects = slot.name if slot is not None else "yes_no" if first.yes_no else ""
    return Listen(
        languages[0],
        first.phrases,
        first.patience,
        step.barge_in or DEFAULT_CONFIRM,
        expects,
        step.opens() or (slot is not None and (several or not vocabulary(slot.name, languages[0]))),
        (0, 0) if slot is None or first.old is not None else digits_of(slot),
        {language: one.phrases for language, one in zip(languages[1:], questions[1:], strict=True)},
        "" if slot is not None else run.flow.version,
    )


def heard_languages(run: Run, step: AskingStep) -> Sequence[str]:
    """The languages that the answer may be in: one, or those of the flow that are recognised, where the step detects it."""
    if not step.detects():
        return (run.state.language,) if hears(run.state) else ()
    return [language for language in run.flow.languages if can_hear(run.state, language)]


def digits_of(slot: SlotType) -> tuple[int, int]:
    """Least and most digits of a value; (0, 0) where they are not known."""
    match slot.name:
        case "digits" if slot.most is not None and slot.most < UNBOUNDED:
            return int(slot.least or 1), int(slot.most)
        case "id_number":
            return 18, 18
        case "phone" if slot.region in _NATIONAL:
            return _NATIONAL[slot.region], _NATIONAL[slot.region]
    return 0, 0


def switch(run: Run, step: AskingStep, event: Heard) -> None:
    """Go on in the language that was heard, where the step detects it."""
    known = event.language in run.flow.languages and event.language != run.state.language
    if event.text and known and step.detects():
        run.change_language(event.language)


def lost(run: Run, event: SpeechLost) -> None:
    """The caller is not heard any more: count it, and tell the caller, once, where keys are wanted because nobody has room.

    After a second loss in a state, and at once where nobody has room, it goes on with keys alone; the next one tries again.
    """
    run.update(hearing=False, losses=LOST if event.busy else run.state.losses + 1)
    if event.busy and not run.state.told_busy:
        language = run.state.language
        run.pending.append(Words(BUSY.get(language, BUSY["en"]), language, spare=True))
        run.update(told_busy=True)


def _question_in(run: Run, step: AskingStep, language: str) -> Question:
    own = run.state.language
    run.update(language=language)
    try:
        return either.question_of(run, step)
    finally:
        run.update(language=own)
