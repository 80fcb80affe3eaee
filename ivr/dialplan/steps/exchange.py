"""Small questions inside a step: say something, listen for a few phrases and keys, count the silence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ivr.dialplan.events import Event, Listen, Phrase, PromptEnded, SpokenOver, Words
from ivr.dialplan.run import Run, hears
from ivr.dialplan.slots import KINDS

SILENCE = "silence"
"""The timer that ends the wait for an answer."""
BARGE_IN = 0.3
LONGEST_UTTERANCE = 15.0


def put(run: Run, phrases: Sequence[Phrase], timeout: float, expects: str = "", **memory: Any) -> None:
    """Speak what is pending and listen, for phrases or for a value of the type `expects`; `memory` is the step's from now on.

    Silence counts from the end of the prompt.
    """
    hush(run)
    run.answer()
    run.wait(**memory)
    if (phrases or expects) and hears(run.state):
        patience = KINDS[expects].patience if expects else 0.4
        run.emit(Listen(run.state.language, tuple(phrases), patience, BARGE_IN, expects))
        run.update(hearing=True)
    if run.pending:
        run.say(BARGE_IN)
    else:
        run.set_timer(SILENCE, timeout)


def hush(run: Run) -> None:
    """End what sounds, listens and counts, but not the step."""
    run.hush()
    run.stop_listening()
    for name in tuple(run.state.timers):
        run.cancel_timer(name)


def spoken(run: Run, event: Event, timeout: float) -> bool:
    """Take what only moves the prompt and the silence on; True where the event was that."""
    match event:
        case PromptEnded():
            run.set_timer(SILENCE, timeout)
        case SpokenOver():
            run.hush()
            run.set_timer(SILENCE, max(timeout, LONGEST_UTTERANCE))
        case _:
            return False
    return True


def words(run: Run, texts: dict[str, str]) -> None:
    """Add built-in words in the caller's language to what will be spoken, English where there are none."""
    text = texts.get(run.state.language, texts.get("en", ""))
    if text:
        run.pending.append(Words(text, run.state.language))
