"""Who answered: made of real speech, with the silence and the beeps that people and machines put around it."""

from __future__ import annotations

import numpy as np
import pytest

from telephony.media.amd import AmdSettings, AnswerDetector, Answerer, Verdict
from tests.unit.telephony.media.sounds import ROOT, SPEECH, Voice, frames, noise, pcm, read, silence, sine

NAMED = {path.stem: path for path in SPEECH}


def trimmed(voice: Voice) -> np.ndarray:
    loud = np.flatnonzero(np.abs(voice) > 300)
    return voice[loud[0] : loud[-1]].astype(float)


def speech(name: str) -> np.ndarray:
    return trimmed(read(NAMED[name]))


def greeting() -> np.ndarray:
    """A long announcement: the project's own welcome, rendered by a voice."""
    return trimmed(read(ROOT / "prompts" / "en" / "welcome.wav"))


def verdicts(voice: Voice, settings: AmdSettings | None = None) -> list[Verdict]:
    detector = AnswerDetector(settings)
    return [found for frame in frames(voice) if (found := detector.hear(frame)) is not None]


@pytest.mark.parametrize("name", ["en_yes_heart", "en_no_michael", "zh_yes_yunxi", "zh_no_xiaoxiao"])
def test_a_short_word_and_silence_is_a_person(name: str) -> None:
    line = pcm(silence(0.6), speech(name), silence(2.0))
    for background in (0.0, 1.0):
        [found] = verdicts(pcm(line + background * noise(len(line) / 8000, -55.0)))
        assert (found.answerer, found.reason) == (Answerer.HUMAN, "short_greeting")
        assert 1 <= found.words <= 4 and found.greeting_ms < 1500


def test_a_long_greeting_is_a_machine_and_its_beep_is_found() -> None:
    line = pcm(silence(0.5), greeting(), silence(0.7), sine(1000, 0.4, -12.0), silence(1.0))
    first, second = verdicts(line)
    assert first.answerer is Answerer.MACHINE and first.reason in ("long_greeting", "many_words")
    assert first.at_ms < 4500
    beep_at = (len(line) - 8000 - 3200) / 8
    assert second.answerer is Answerer.BEEP and 150 <= second.at_ms - beep_at <= 300


@pytest.mark.parametrize("hertz", [440, 850, 1000, 1400, 1900])
def test_a_beep_at_once(hertz: float) -> None:
    [found] = verdicts(pcm(silence(0.3), sine(hertz, 0.5, -14.0) + noise(0.5, -40.0), silence(3.0)))
    assert found.answerer is Answerer.BEEP


def test_many_short_words_are_a_machine() -> None:
    word = sine(220, 0.15, -15.0) + sine(610, 0.15, -17.0) + sine(1100, 0.15, -20.0)
    found = verdicts(pcm(silence(0.4), *[word, silence(0.15)] * 8, silence(0.5)), AmdSettings(long_greeting=5000))
    assert found[0].answerer is Answerer.MACHINE and found[0].reason == "many_words" and found[0].words == 5


def test_silence_and_noise_are_unknown() -> None:
    for line in (pcm(silence(8.0)), pcm(noise(8.0, -60.0))):
        [found] = verdicts(line)
        assert (found.answerer, found.reason, found.at_ms) == (Answerer.UNKNOWN, "no_voice", 3500)


def test_a_click_is_no_word() -> None:
    line = silence(5.0)
    line[8000:8160] = 9000.0
    [found] = verdicts(pcm(line))
    assert found.reason == "no_voice" and found.words == 0


def test_time_runs_out_where_nothing_is_sure() -> None:
    word = speech("en_yes_heart")
    line = pcm(silence(0.5), word, silence(0.5), word, silence(0.5))
    [found] = verdicts(
        np.concatenate((line, pcm(silence(0.1)))),
        AmdSettings(total=1500, long_greeting=9000, most_words=50, after_greeting=2000),
    )
    assert (found.answerer, found.reason) == (Answerer.UNKNOWN, "time_out")


@pytest.mark.parametrize("path", SPEECH, ids=lambda path: path.stem)
def test_no_speech_holds_a_beep(path: object) -> None:
    voice = read(path)  # type: ignore[arg-type]
    assert all(found.answerer is not Answerer.BEEP for found in verdicts(pcm(voice.astype(float), silence(1.0))))


def test_a_verdict_is_the_last_word() -> None:
    detector = AnswerDetector()
    for frame in frames(pcm(silence(4.0), greeting())):
        detector.hear(frame)
    assert detector.over and detector.verdict is not None and detector.verdict.answerer is Answerer.UNKNOWN
