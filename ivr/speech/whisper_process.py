"""The process that gives second opinions: one whisper model, one utterance at a time, behind everything else on the machine.

    python -m ivr.speech.whisper_process FOLDER     # listening socket on descriptor 0

`WAITING` questions may wait; a further one is answered "busy" at once, and one whose time is over is not looked at. The process
that listens forks the one that loads and works, and does so again where that dies. It ends with its parent.
"""

from __future__ import annotations

import itertools
import os
import queue
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.speech.whisper_model import WhisperModel
from ivr.speech.whisper_wire import receive, send

WAITING = 2
NICENESS = 10
MOST_THREADS = 4
PAUSES = (2.0, 10.0, 60.0)
"""Seconds before a new worker, by how many died before; the last is kept."""
QUESTION = 5.0
"""Seconds in which a question has to be there whole."""


@dataclass(frozen=True, slots=True)
class Question:
    link: socket.socket
    language: str
    phrases: tuple[str, ...]
    octets: bytes
    until: float
    """On the monotonic clock; after that nobody waits for an answer."""


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0])
    listening = socket.socket(fileno=os.dup(0))
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    _die_with(parent)
    for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
        child = os.fork()
        if child == 0:
            _die_with(os.getppid())
            _work(folder, listening)
        status = os.waitpid(child, 0)[1]
        sys.stderr.write(f"the second opinion of {folder.name} ended ({status}); the next begins in {pause:g} s\n")
        time.sleep(pause)
    return 0


def _die_with(parent: int) -> None:
    from ivr.speech.worker import die_with_parent

    die_with_parent(parent)


def _work(folder: Path, listening: socket.socket) -> None:
    """Never returns."""
    code = 1
    try:
        model = WhisperModel(folder, min(MOST_THREADS, os.cpu_count() or 1))
        waiting: queue.Queue[Question] = queue.Queue(WAITING)
        threading.Thread(target=take_questions, args=(listening, waiting), daemon=True).start()
        while True:
            answer(model, waiting.get())
    except Exception as error:  # whatever the library raises where a model is broken
        sys.stderr.write(f"no second opinion: {folder}: {error}\n")
    finally:
        os._exit(code)


def take_questions(listening: socket.socket, waiting: queue.Queue[Question]) -> None:
    """Read one question a connection, for ever; each waits its turn or is told that there is none."""
    while True:
        link, _ = listening.accept()
        link.settimeout(QUESTION)
        try:
            told, octets = receive(link)
            until = time.monotonic() + float(told["within"])
            question = Question(link, str(told["language"]), tuple(map(str, told["phrases"])), octets, until)
            waiting.put_nowait(question)
        except queue.Full:
            _reply(link, {"busy": True})
        except (OSError, ValueError, KeyError, TypeError):
            link.close()


def answer(model: WhisperModel, question: Question) -> None:
    """Give the opinion that was asked for, unless it would come too late."""
    if time.monotonic() >= question.until:
        question.link.close()
        return
    samples = np.frombuffer(question.octets[: len(question.octets) & ~1], np.int16)
    opinion = model.hear(samples, question.language, question.phrases)
    _reply(question.link, {"text": opinion.text, "confidence": opinion.confidence})


def _reply(link: socket.socket, told: dict[str, object]) -> None:
    with suppress(OSError), link:
        send(link, told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
