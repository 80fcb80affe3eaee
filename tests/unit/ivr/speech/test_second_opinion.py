"""Second opinions: when they are asked for, whose word counts, and that nothing waits for them longer than it may."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.speech.answering import deliver
from ivr.speech.engine import EngineStream, Hypothesis, Later
from ivr.speech.hearing import Heard, Output, Started
from ivr.speech.models import find_models
from ivr.speech.second_opinion import DoubtingEngine, surer
from ivr.speech.settings import ModelUse, SecondOpinion, SpeechSettings
from ivr.speech.whisper_model import Opinion, WhisperModel, loops, opinion_of
from ivr.speech.whisper_process import Question, answer, take_questions

PHRASES = ("check my bill", "my balance")


@dataclass
class Inner:
    """An engine and its stream at once: says what it is told to."""

    said: Hypothesis
    name: str = "inner"
    heard: int = 0

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> EngineStream:
        return self

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        return tuple(phrases)

    def accept(self, samples: NDArray[np.int16]) -> None:
        self.heard += len(samples)

    def partial(self) -> str:
        return "so far"

    def final(self) -> Hypothesis:
        return self.said

    def reset(self) -> None:
        self.heard = 0


class Whisper(WhisperModel):
    """The real process around a model that is none."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str, tuple[str, ...]]] = []
        self.opinion = Opinion("check my bill", 0.9)
        self.gate = threading.Event()
        self.gate.set()

    def hear(self, samples: NDArray[np.int16], language: str, phrases: Sequence[str] = ()) -> Opinion:
        self.gate.wait(30)
        self.asked.append((len(samples), language, tuple(phrases)))
        return self.opinion


@dataclass(frozen=True)
class Watched:
    """Sets `done` when the answer was handed on."""

    inner: Later
    done: threading.Event

    def when(self, told: Callable[[Hypothesis], None], lost: Callable[[str], None]) -> None:
        def answered(said: Hypothesis) -> None:
            told(said)
            self.done.set()

        self.inner.when(answered, lost)


@dataclass
class Process:
    address: bytes
    whisper: Whisper = field(default_factory=Whisper)


@pytest.fixture
def process() -> Iterator[Process]:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind("")
    listening.listen(8)
    made = Process(listening.getsockname())
    waiting: queue.Queue[Question] = queue.Queue(2)

    def work() -> None:
        while True:
            answer(made.whisper, waiting.get())

    threading.Thread(target=take_questions, args=(listening, waiting), daemon=True).start()
    threading.Thread(target=work, daemon=True).start()
    yield made
    made.whisper.gate.set()


def doubtful(process: Process, said: Hypothesis, within: float = 30.0) -> tuple[DoubtingEngine, EngineStream]:
    engine = DoubtingEngine(Inner(said), process.address, 0.6, within)
    return engine, engine.create_stream("en", 8000, PHRASES)


def say(stream: EngineStream, samples: int = 8000) -> Hypothesis:
    """The answer that is delivered in the end."""
    stream.accept(np.zeros(samples, np.int16))
    said = stream.final()
    if said.later is None:
        return said
    came: queue.Queue[Hypothesis] = queue.Queue()
    said.later.when(came.put, lambda reason: None)
    return came.get(timeout=30)


def test_what_was_heard_badly_is_heard_again(process: Process) -> None:
    engine, stream = doubtful(process, Hypothesis("my balance", 0.4))
    said = say(stream)
    assert (said.text, said.confidence, said.alternatives) == ("check my bill", 0.9, (("my balance", 0.4),))
    assert process.whisper.asked == [(8000, "en", PHRASES)]
    assert (engine.tally.asked, engine.tally.taken, engine.tally.late) == (1, 1, 0)
    assert (engine.name, engine.unheard(["x"]), stream.partial()) == ("inner", ("x",), "so far")


@pytest.mark.parametrize(("confidence", "samples"), [(0.6, 8000), (0.2, 2000)])
def test_what_is_sure_or_too_short_is_not_asked_about(process: Process, confidence: float, samples: int) -> None:
    _, stream = doubtful(process, Hypothesis("my balance", confidence))
    assert say(stream, samples).text == "my balance"
    assert process.whisper.asked == []


def test_utterances_do_not_mix(process: Process) -> None:
    _, stream = doubtful(process, Hypothesis("my balance", 0.4))
    say(stream)
    stream.accept(np.zeros(5000, np.int16))
    stream.reset()
    say(stream, 4000)
    assert [samples for samples, _, _ in process.whisper.asked] == [8000, 4000]


def test_one_that_takes_too_long_is_not_waited_for(process: Process) -> None:
    process.whisper.gate.clear()
    engine, stream = doubtful(process, Hypothesis("my balance", 0.4), within=0.05)
    assert say(stream).text == "my balance"
    assert engine.tally.late == 1


def test_questions_beyond_those_that_may_wait_are_answered_at_once(process: Process) -> None:
    process.whisper.gate.clear()
    engine, _ = doubtful(process, Hypothesis("my balance", 0.4))
    came: queue.Queue[Hypothesis] = queue.Queue()
    for _ in range(8):
        stream = engine.create_stream("en", 8000, PHRASES)
        stream.accept(np.zeros(8000, np.int16))
        later = stream.final().later
        assert later is not None
        later.when(came.put, lambda reason: None)
    early = [came.get(timeout=30) for _ in range(5)]
    assert {said.text for said in early} == {"my balance"}
    process.whisper.gate.set()
    assert {came.get(timeout=30).text for _ in range(3)} == {"check my bill"}


def test_a_process_that_is_not_there_changes_nothing() -> None:
    engine = DoubtingEngine(Inner(Hypothesis("my balance", 0.4)), b"\0nobody", 0.6, 1.0)
    assert say(engine.create_stream("en", 8000, PHRASES)).text == "my balance"


def test_nonsense_on_the_socket_ends_that_connection_alone(process: Process) -> None:
    for octets in (b"", b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\2{}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.connect(process.address)
            link.sendall(octets)
            link.shutdown(socket.SHUT_WR)
            assert link.recv(10) == b""
    _, stream = doubtful(process, Hypothesis("", 0.0))
    assert say(stream).text == "check my bill"


def test_a_question_whose_time_is_over_is_not_looked_at() -> None:
    ours, theirs = socket.socketpair()
    whisper = Whisper()
    answer(whisper, Question(theirs, "en", (), b"\0\0" * 8000, time.monotonic() - 1))
    assert (ours.recv(10), whisper.asked) == (b"", [])
    ours.close()


@pytest.mark.parametrize(
    ("first", "text", "sure", "result"),
    [
        (Hypothesis("my balance", 0.4), "", 0.0, ("my balance", 0.4)),
        (Hypothesis("my balance", 0.4), "my balance", 0.8, ("my balance", 0.8)),
        (Hypothesis("my balance", 0.5), "my balance", 0.3, ("my balance", 0.5)),
        (Hypothesis("my balance", 0.4), "check my bill", 0.3, ("my balance", 0.4)),
        (Hypothesis("my balance", 0.4), "something else entirely", 0.9, ("my balance", 0.4)),
        (Hypothesis("", 0.0), "something else entirely", 0.9, ("something else entirely", 0.9)),
    ],
)
def test_whose_word_counts(first: Hypothesis, text: str, sure: float, result: tuple[str, float]) -> None:
    said = surer(first, text, sure, PHRASES)
    assert (said.text, said.confidence) == result


def test_free_speech_takes_the_surer_one() -> None:
    assert surer(Hypothesis("谢谢", 0.4), "查 账单", 0.7, ()).text == "查账单"
    assert surer(Hypothesis("谢谢", 0.8), "查 账单", 0.7, ()).text == "谢谢"


@pytest.mark.parametrize(
    "text", ["thank you thank you thank you thank you", "谢谢你谢谢你谢谢你谢谢你", "no no no no", "哈哦哈哦哈哦哈哦"]
)
def test_loops_are_not_believed(text: str) -> None:
    assert loops(text)
    assert opinion_of([(text, -0.1, 0.0, 1.0)]) == Opinion("", 0.0)


@pytest.mark.parametrize("text", ["8 8 8 8 6", "一一一一", "是的是的是的", "check my bill", ""])
def test_what_people_say_is_no_loop(text: str) -> None:
    assert not loops(text)


def test_segments_that_cannot_be_believed_are_left_out() -> None:
    said = opinion_of(
        [("Check", -0.2, 0.1, 1.0), ("noise", -0.1, 0.9, 1.0), ("aaaa", -0.1, 0.1, 3.0), (" my bill.", -0.2, 0.1, 1.0)]
    )
    assert said.text == "check my bill" and said.confidence == pytest.approx(0.8187, abs=1e-3)
    assert opinion_of([("a guess", -2.0, 0.1, 1.0)]) == Opinion("", 0.0)


def test_an_answer_that_comes_later_is_delivered_with_what_belongs_to_it(process: Process) -> None:
    """A sound too short to be confirmed starts a turn only where it turns out to be a word."""
    for opinion, told in ((Opinion("my balance", 0.9), [Started, Heard]), (Opinion("", 0.0), [])):
        process.whisper.opinion = opinion
        _, stream = doubtful(process, Hypothesis("", 0.0))
        stream.accept(np.zeros(8000, np.int16))
        sent: queue.Queue[Output] = queue.Queue()
        done = threading.Event()
        said = stream.final()
        assert said.later is not None
        late = Hypothesis("…", later=Watched(said.later, done))
        deliver([Started(), Heard(late, 0, 100, None)], sent.put, lambda reason: None)
        assert done.wait(30)
        assert [type(sent.get()) for _ in range(sent.qsize())] == told


def test_a_model_that_is_missing_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uses = {"de": ModelUse("remote", "ws://127.0.0.9:1")}
    wanted = SpeechSettings({"de": "far"}, tmp_path, uses=uses, second_opinion=SecondOpinion("whisper-base"))
    found, missing = find_models(wanted)
    assert "second_opinion" not in found["de"] and "ivr models install whisper-base" in missing["second opinion"]
    folder = tmp_path / "whisper-base"
    folder.mkdir()
    for name in ("model.bin", "config.json"):
        (folder / name).write_bytes(b"")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "hotline[whisper]" in find_models(wanted)[1]["second opinion"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert find_models(wanted)[0]["de"]["second_opinion"] == {"path": str(folder), "below": 0.6, "within": 2.0}
