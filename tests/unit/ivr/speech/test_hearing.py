"""A turn with an engine that a test speaks for, and a voice gate that a test opens."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.speech import hearing
from ivr.speech.endpointer import Timing
from ivr.speech.engine import Hypothesis
from ivr.speech.hearing import Heard, Output, Partial, Started, Turn
from ivr.speech.patience import Expected, Patience
from ivr.speech.silero import WINDOW

LOUD, SOFT = 3000, 0
PHRASES = ["查账单", "查账单上个月的", "人工"]


@dataclass
class Script:
    """An engine stream that believes what it is told: seconds of audio to text."""

    partials: dict[float, str] = field(default_factory=dict)
    says: str = ""
    """At the end; the last partial where nothing is given."""
    heard: int = 0
    accepted: int = 0
    finals: int = 0

    def accept(self, samples: NDArray[np.int16]) -> None:
        self.heard += len(samples)
        self.accepted += len(samples)

    def partial(self) -> str:
        found = [text for at, text in sorted(self.partials.items()) if at * 8000 <= self.heard]
        return found[-1] if found else ""

    def final(self) -> Hypothesis:
        text = self.says or self.partial()
        self.finals += 1
        self.heard = 0
        return Hypothesis(text, 0.9 if text else 0.0)

    def reset(self) -> None:
        self.heard = 0


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loud is voiced, soft is not: the gate itself has tests of its own."""

    class Gate:
        def probabilities(self, samples: NDArray[np.int16]) -> list[float]:
            return [1.0 if np.abs(window).max() > 1000 else 0.0 for window in samples.reshape(-1, WINDOW)]

    monkeypatch.setattr(hearing, "Voicing", Gate)


def play(turn: Turn, *parts: tuple[int, float]) -> list[tuple[float, Output]]:
    """Outputs with the second at which each came; 40 ms at a time, as a worker gets it."""
    audio = np.concatenate([np.full(round(seconds * 8000), level, np.int16) for level, seconds in parts])
    outputs: list[tuple[float, Output]] = []
    for at in range(0, len(audio), 320):
        outputs += [((at + 320) / 8000, output) for output in turn.push(audio[at : at + 320])]
    return outputs


def a_turn(stream: Script, *, patience: float = 0.4, expected: Expected | None = None, again: bool = True) -> Turn:
    rule = Patience(patience, PHRASES, expected)
    return Turn(stream, Timing(patience), rule, again=again)


def end_of(outputs: list[tuple[float, Output]]) -> tuple[float, Heard]:
    return next((at, output) for at, output in outputs if isinstance(output, Heard))


def test_silence_is_not_recognised() -> None:
    stream = Script()
    assert play(a_turn(stream), (SOFT, 3.0)) == []
    assert stream.accepted == 0


def test_a_whole_phrase_ends_a_quarter_of_a_second_after_it() -> None:
    at, heard = end_of(play(a_turn(Script({0.9: "人工"})), (SOFT, 1.0), (LOUD, 1.2), (SOFT, 1.0)))
    assert heard.said.text == "人工"
    assert at - 2.2 < 0.3


def test_a_phrase_that_may_go_on_is_waited_for() -> None:
    stream = Script({0.9: "查账单", 2.4: "查账单上个月的"})
    outputs = play(a_turn(stream), (SOFT, 1.0), (LOUD, 1.2), (SOFT, 0.35), (LOUD, 1.0), (SOFT, 1.0))
    at, heard = end_of(outputs)
    assert heard.said.text == "查账单上个月的"
    assert at - 3.55 < 0.3
    assert [output.text for _, output in outputs if isinstance(output, Partial)] == ["查账单", "查账单上个月的"]


def test_the_middle_of_a_phrase_is_no_end() -> None:
    stream = Script({0.5: "…", 2.0: "人工"})
    _, heard = end_of(play(a_turn(stream), (SOFT, 1.0), (LOUD, 0.8), (SOFT, 0.7), (LOUD, 0.8), (SOFT, 1.0)))
    assert heard.said.text == "人工"


def test_digits_in_groups_are_one_utterance() -> None:
    """A second and more between groups, as people read from a card."""
    stream = Script({0.5: "一 三 八", 2.5: "一 三 八 零 零 一 三", 4.5: "一 三 八 零 零 一 三 八 零 零 零"})
    turn = a_turn(stream, patience=1.0, expected=Expected("phone", 11, 11), again=False)
    outputs = play(turn, (LOUD, 1.0), (SOFT, 1.2), (LOUD, 1.0), (SOFT, 1.2), (LOUD, 1.0), (SOFT, 1.5))
    at, heard = end_of(outputs)
    assert heard.said.text == "一 三 八 零 零 一 三 八 零 零 零"
    assert at - 5.4 < 0.45, "the last digit was the last one wanted"


def test_a_caller_who_thinks_is_not_cut() -> None:
    stream = Script({0.5: "my number is", 2.3: "人工"})
    _, heard = end_of(play(a_turn(stream), (LOUD, 1.0), (SOFT, 1.0), (LOUD, 1.0), (SOFT, 1.0)))
    assert heard.said.text == "人工"


def test_a_short_word_is_ended_on_trial_where_the_engine_lags() -> None:
    stream = Script({5.0: "never"}, says="人工")
    at, heard = end_of(play(a_turn(stream), (SOFT, 1.0), (LOUD, 0.5), (SOFT, 1.0)))
    assert (heard.said.text, stream.finals) == ("人工", 1)
    assert at - 1.5 < 0.3


def test_a_trial_that_ends_in_no_phrase_costs_a_second_hearing_and_nothing_else() -> None:
    stream = Script({9.0: "never"}, says="查账单")  # whole, but it may go on
    at, heard = end_of(play(a_turn(stream), (SOFT, 1.0), (LOUD, 0.5), (SOFT, 1.0)))
    assert (heard.said.text, stream.finals) == ("查账单", 2)
    assert 0.4 <= at - 1.5 < 0.5


def test_a_word_too_short_to_confirm_is_heard_and_told_as_started() -> None:
    outputs = play(a_turn(Script(says="人工")), (SOFT, 1.0), (LOUD, 0.2), (SOFT, 1.0))
    assert [type(output) for _, output in outputs] == [Started, Heard]


def test_a_cough_costs_no_event() -> None:
    stream = Script()
    assert play(a_turn(stream), (SOFT, 1.0), (LOUD, 0.2), (SOFT, 1.0), (LOUD, 0.06), (SOFT, 1.0)) == []


def test_what_was_said_has_its_place_and_its_voice() -> None:
    _, heard = end_of(play(a_turn(Script({0.5: "人工"})), (SOFT, 1.0), (LOUD, 1.0), (SOFT, 1.0)))
    assert heard.begun == pytest.approx(8000 - 2400, abs=512)
    assert heard.last_voiced == pytest.approx(16000, abs=512)
    assert heard.voice is not None


def test_one_utterance_after_another() -> None:
    outputs = play(a_turn(Script(says="人工")), *[(SOFT, 0.8), (LOUD, 0.8)] * 3, (SOFT, 1.0))
    assert [type(output) for _, output in outputs if not isinstance(output, Partial)] == [Started, Heard] * 3
