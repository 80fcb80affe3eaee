"""How a worker hands on what a turn gives, where an answer may come later than the worker waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from ivr.speech.engine import Hypothesis
from ivr.speech.hearing import Heard, Output


def deliver(outputs: Sequence[Output], send: Callable[[Output], None], lost: Callable[[str], None]) -> None:
    """Send the outputs in order. One whose answer comes later is sent then, from another thread.

    With it waits a `Started` of the same moment: a sound too short to be sure of counts only where it turns out to be a word.
    """
    last = outputs[-1] if outputs else None
    if not isinstance(last, Heard) or last.said.later is None:
        for output in outputs:
            send(output)
        return
    before = tuple(outputs[:-1])

    def told(said: Hypothesis) -> None:
        with suppress(OSError):  # the worker is ending
            for output in (*before, replace(last, said=said)) if said.text or not before else ():
                send(output)

    def failed(reason: str) -> None:
        with suppress(OSError):
            lost(reason)

    last.said.later.when(told, failed)
