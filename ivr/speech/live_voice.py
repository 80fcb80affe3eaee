"""Words that nobody could record ahead, spoken during the call: a voice in a process of its own.

Turning text into phonemes is Python that would hold the event loop; in another process it holds nothing. One that dies is
started again, and the text that it was given is refused.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

import numpy as np
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.speech.voice import Voice

log = logging.getLogger(__name__)

MOST_WAITING = 16
"""Texts that may be on their way at once; one more is refused at once rather than spoken far too late."""
MOST_LETTERS = 400
"""A longer text is no sentence for a telephone."""
SECONDS = 8.0
"""After this a caller has waited too long."""
NICE = 5

_voice: Voice | None = None
"""In the child alone."""


class LiveVoice:
    """A `Voice` that renders in a child process; `render` blocks its thread, never the event loop of another."""

    def __init__(self, make: Callable[[], Voice]) -> None:
        """`make` is called here, for names, and in the child, which speaks: a function that a process can be sent."""
        self._make, self._voice = make, make()
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = False
        self._pool: ProcessPoolExecutor | None = None
        self._late: Future[NDArray[np.int16]] | None = None
        """What took too long, and may still be spoken."""
        self._child: Future[int] | None = None
        """Its pid, known before it has loaded anything."""

    @property
    def model(self) -> str:
        return self._voice.model

    @property
    def licence(self) -> str:
        return self._voice.licence

    def speaker(self, language: str) -> str:
        return self._voice.speaker(language)

    def warm(self, languages: list[str]) -> None:
        """Start the child and let it load what each language needs, so that the first caller does not wait for it."""
        for language in languages:
            if self.speaker(language):
                with contextlib.suppress(SpeechUnavailable, RuntimeError):
                    self._running().submit(_render, "1", language)

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        """As `Voice.render`. Raises SpeechUnavailable, too, where it takes over 8 seconds or sixteen others wait."""
        if len(text) > MOST_LETTERS:
            raise SpeechUnavailable(f"a text of {len(text)} letters is too long to be spoken; {MOST_LETTERS} are the most")
        with self._lock:
            if self._late is not None and not self._late.done():
                raise SpeechUnavailable("the voice is too slow now: it still speaks what nobody waits for any more")
            if self._waiting >= MOST_WAITING:
                raise SpeechUnavailable(f"{self._waiting} texts wait for the voice already")
            self._waiting += 1
        try:
            task = self._running().submit(_render, text, language)
            try:
                return task.result(SECONDS)
            except TimeoutError:
                self._give_up(task)
                raise SpeechUnavailable(f"the voice took more than {SECONDS:g} s") from None
        except (BrokenProcessPool, RuntimeError) as error:
            self._drop()
            raise SpeechUnavailable("the voice's process ended; it is started again for the next text") from error
        finally:
            with self._lock:
                self._waiting -= 1

    def _give_up(self, task: Future[NDArray[np.int16]]) -> None:
        """Until what was begun is through, nobody else need wait for it."""
        if not task.cancel():
            with self._lock:
                self._late = task

    def close(self) -> None:
        """End the child. Texts after that are refused."""
        with self._lock:
            self._closed = True
        self._drop()

    def _running(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._closed:
                raise SpeechUnavailable("the voice was closed")
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (self._make,))
                self._child = self._pool.submit(os.getpid)
            return self._pool

    def _drop(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
            self._late = None
            child, self._child = self._child, None
        if pool is None:
            return
        pool.shutdown(wait=False, cancel_futures=True)
        if child is not None and child.done() and not child.cancelled() and child.exception() is None:
            with contextlib.suppress(ProcessLookupError):  # in the midst of a text it would be waited for
                os.kill(child.result(), signal.SIGKILL)


def _begin(make: Callable[[], Voice]) -> None:
    """In the child: Ctrl-C is the parent's to handle, and calls come first."""
    global _voice
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    _voice = make()


def _end_with_parent() -> None:
    """A server that was killed must leave nobody behind who holds its output open."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _render(text: str, language: str) -> NDArray[np.int16]:
    assert _voice is not None
    return _voice.render(text, language)
