"""`ivr bench asr` and `ivr asr serve`, on recordings of tones and the tiny models that hear them."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr import asr_arguments
from ivr.__main__ import main
from ivr.asr_bench import channels_of
from ivr.asr_channel import CHANNELS, TELEPHONE, band, coded, lossy, noisy, voice_level
from ivr.speech.aliases import Aliases
from ivr.speech.pool import RecognizerPool
from ivr.speech.recognizer import RecognitionEvent, RecognitionLost, UtteranceHeard
from ivr.speech.remote_model import RemoteModel, answer_of
from ivr.speech.scoring import Errors, errors, percentile, rate, unit
from ivr.speech.settings import Feed, ModelUse, SpeechSettings
from ivr.speech.wav import read_wav
from tests.unit.ivr.speech import tiny_sherpa
from tests.unit.ivr.speech.tiny_sherpa import tones

AUDIO = Path(__file__).parents[2] / "audio"
TEXTS = ("查账单", "查余额", "单")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and recordings: DIR/models/ctc, DIR/audio."""
    folder = tmp_path_factory.mktemp("bench")
    tiny_sherpa.ctc(folder / "models" / "ctc")
    audio = folder / "audio"
    audio.mkdir()
    index = [{"file": f"{number}.wav", "language": "zh", "voice": "tone", "text": text} for number, text in enumerate(TEXTS)]
    index.append({"file": "0.wav", "language": "xx", "voice": "other", "text": "?"})
    for number, text in enumerate(TEXTS):
        with wave.open(str(audio / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(tones(text).tobytes())
    (audio / "index.json").write_text(json.dumps(index), "utf-8")
    return folder


@pytest.fixture
def bench(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Exit code, output and error of `ivr bench asr` on the recordings."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(place)

    def run(*options: str) -> tuple[int, str, str]:
        code = main(["bench", "asr", "--audio", str(place / "audio"), "--models-dir", str(place / "models"), *options])
        return code, *capsys.readouterr()

    return run


def test_rows_say_what_was_heard_at_what_cost(bench: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = bench("--model", "zh=ctc", "--json", "--channel", "telephone", "--feed", "resample", "--misses")
    told = json.loads(out)
    assert code == 0 and set(told) == {"machine", "audio", "rows", "missing", "misses"}
    assert [row["channel"] for row in told["rows"]] == ["clean", *TELEPHONE]
    clean = told["rows"][0]
    assert (clean["language"], clean["engine"], clean["model"], clean["feed"]) == ("zh", "sherpa", "ctc", "resample")
    assert (clean["files"], clean["right"], clean["wrong"], clean["accuracy"]) == (3, 3, 0, 1.0)
    assert (clean["error_rate"], clean["error_unit"]) == (0.0, "CER")
    assert clean["cpu_per_audio_second"] > 0 and clean["latency_p95"] >= clean["latency_p50"] >= 0
    assert set(told["missing"]) == {"xx"} and "xx:" in err


def test_every_feed_that_an_engine_takes_is_measured(bench: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = bench("--model", "zh=ctc", "--language", "zh", "--no-free", "--limit", "1")
    assert code == 0
    assert "resample" in out and "bandfill" in out and "native8k" not in out
    assert len(re.findall(r"clean +1/1 ", out)) == 2 and max(map(len, out.splitlines())) <= 80


def test_without_a_model_the_cure_is_one_line_and_json_stays_json(bench: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = bench("--json", "--language", "zh")
    assert code == 1 and json.loads(out)["rows"] == []
    assert err == "zh: no model is installed: ivr models install vosk-model-small-cn-0.22\n"
    code, out, err = bench("--model", "nothing", "--language", "zh")
    assert (code, out) == (1, "") and "ivr models install nothing" in err


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        (["--audio", "nowhere"], "index.json"),
        (["--model", "zh="], "LANGUAGE=NAME"),
        (["--aliases", "=x"], "LANGUAGE=FILE"),
        (["--engine", "whisper"], "--model whisper-base"),
    ],
)
def test_a_wrong_word_is_told_with_its_cure(bench: Callable[..., tuple[int, str, str]], options: list[str], cure: str) -> None:
    code, _, err = bench(*options)
    assert code == 1 and err.startswith("ivr: ") and cure in err and err.count("\n") == 1


def test_channels_are_named_one_by_one_or_together() -> None:
    assert channels_of([]) == ["clean"]
    assert channels_of(["noise10", "noise10"]) == ["noise10"]
    assert channels_of(["telephone"]) == list(CHANNELS)
    assert set(asr_arguments.CHANNELS) == set(CHANNELS)
    assert tuple(feed.value for feed in Feed) == asr_arguments.FEEDS


def tone(hertz: float) -> NDArray[np.int16]:
    return np.asarray(8000 * np.sin(2 * np.pi * hertz * np.arange(8000) / 8000), np.int16)


def test_the_band_of_a_telephone_is_left() -> None:
    for hertz, kept in ((100, False), (500, True), (3000, True), (3800, False)):
        assert (voice_level(band(tone(hertz))) > 5000) == kept
    assert len(band(np.zeros(801, np.int16))) == 801


def test_noise_is_as_far_below_the_voice_as_asked() -> None:
    voice = tone(500)
    for decibels in (20, 10):
        noise = noisy(voice, decibels, 3).astype(float) - voice
        assert 20 * np.log10(voice_level(voice) / noise.std()) == pytest.approx(decibels, abs=0.5)
    assert np.array_equal(noisy(voice, 10, 3), noisy(voice, 10, 3))
    assert not np.array_equal(noisy(voice, 10, 3), noisy(voice, 10, 4))
    assert not noisy(np.zeros(800, np.int16), 10, 1).any()


def test_packets_are_lost_as_often_as_asked_and_concealed() -> None:
    voice = np.tile(tone(500), 20)
    heard = lossy(voice, 0.1, 5)
    changed = [not np.array_equal(voice[at : at + 160], heard[at : at + 160]) for at in range(0, len(voice), 160)]
    assert 0.05 < sum(changed) / len(changed) < 0.3
    assert np.array_equal(lossy(voice, 0.0, 5), voice)
    assert len(lossy(np.zeros(100, np.int16), 0.5, 1)) in (0, 100)
    assert np.abs(coded(voice).astype(int) - voice).max() < 400


def test_errors_are_counted_by_character_or_word() -> None:
    assert errors("查账单。", "查 张单", "zh") == Errors(1, 3)
    assert errors("Check my bill", "check the big bill", "en") == Errors(2, 3)
    assert (unit("zh-TW"), unit("en")) == ("CER", "WER")
    assert rate([Errors(1, 3), Errors(2, 3)]) == 0.5 and rate([]) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0 and percentile([], 0.5) == 0.0


def served(place: Path) -> subprocess.Popen[str]:
    settings = place / "far.yaml"
    settings.write_text("speech: { engine: sherpa, models: { zh: ctc } }\n")
    command = [sys.executable, "-m", "ivr", "asr", "serve", str(settings), "--models-dir", str(place / "models")]
    return subprocess.Popen([*command, "--listen", "127.0.0.8:0"], stdout=subprocess.PIPE, text=True)


async def test_recognition_on_another_machine_is_one_setting(place: Path) -> None:
    """`ivr asr serve` in a process, this node's workers as its clients; its end costs a turn, which is told."""
    process = await asyncio.to_thread(served, place)
    assert process.stdout is not None
    url, model = (await asyncio.to_thread(process.stdout.readline)).split()
    assert (url.startswith("ws://127.0.0.8:") and url.endswith("/zh"), model) == (True, "ctc")
    uses = {"zh": ModelUse("remote", url)}
    pool = RecognizerPool(SpeechSettings({"zh": url}, place, feed=Feed.NATIVE_8K, uses=uses, workers=1, behind=20.0))
    await pool.start()
    try:
        stream = RemoteModel(url, "zh", Aliases(), Feed.NATIVE_8K).create_stream("zh", 8000, TEXTS)
        stream.accept(tones("查余额"))
        assert (await asyncio.to_thread(answer_of, stream.final())).text == "查余额"
        voice = np.pad(read_wav(AUDIO / "zh_bill_xiaoxiao.wav"), (4000, 12000))
        heard = await turn(pool, voice)
        assert isinstance(heard, UtteranceHeard), "a voice passes the gate; the tiny model hears no tone in it"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0
        lost = await turn(pool, voice)
        assert isinstance(lost, RecognitionLost) and "is lost" in lost.reason
    finally:
        await pool.close()
        process.kill()
        process.wait()


async def turn(pool: RecognizerPool, samples: NDArray[np.int16]) -> Any:
    """What a turn comes to."""
    events: list[RecognitionEvent] = []
    stream = pool.open(events.append)
    stream.listen("zh", TEXTS)
    for begin in range(0, len(samples) - 160, 160):
        stream.feed(samples[begin : begin + 160])
        await asyncio.sleep(0.002)
    async with asyncio.timeout(40):
        while not (over := [one for one in events if isinstance(one, UtteranceHeard | RecognitionLost)]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    stream.close()
    return over[-1]


def test_serving_without_a_model_or_at_a_wrong_address_is_told(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["asr", "serve", "--models-dir", str(tmp_path), "--language", "zh"]) == 1
    assert "ivr models install vosk-model-small-cn-0.22" in capsys.readouterr().err
    for options, cure in ((["--listen", "nowhere"], "HOST:PORT"), (["--threads", "0"], "at least 1")):
        assert main(["asr", "serve", "--models-dir", str(tmp_path), *options]) == 1
        assert cure in capsys.readouterr().err
