"""Recognition on another machine: the client against our own server and against servers that misbehave, all on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import websockets.sync.client
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ivr.errors import SpeechUnavailable
from ivr.speech import remote_session
from ivr.speech.aliases import Aliases
from ivr.speech.asr_server import AsrServer
from ivr.speech.engine import Engine, Hypothesis
from ivr.speech.remote_model import RemoteModel, RemoteStream, answer_of
from ivr.speech.settings import Feed
from ivr.speech.sherpa_files import read_files
from ivr.speech.sherpa_model import SherpaModel
from tests.unit.ivr.speech import tiny_sherpa
from tests.unit.ivr.speech.tiny_sherpa import tones

PHRASES = ("查账单", "查余额")
ADDRESS = "127.0.0.7"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    files = read_files(tiny_sherpa.transducer(tmp_path_factory.mktemp("models") / "tiny"))
    return SherpaModel(files.load(), files, Aliases(), Feed.RESAMPLE)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(remote_session, "CONNECT", 0.5)
    monkeypatch.setattr(remote_session, "ANSWER", 0.5)
    yield


@asynccontextmanager
async def serving(engine: Engine, **options: Any) -> AsyncIterator[str]:
    server = AsrServer({"zh": engine}, 2, **options)
    port = await server.start(ADDRESS, 0)
    yield f"ws://{ADDRESS}:{port}"
    await server.close()


@asynccontextmanager
async def answering(answer: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    async with serve(answer, ADDRESS, 0, close_timeout=0.2) as server:
        yield f"ws://{ADDRESS}:{next(iter(server.sockets)).getsockname()[1]}"


def speak(stream: RemoteStream, text: str) -> list[str]:
    samples, believed = tones(text), []
    for begin in range(0, len(samples), 800):
        stream.accept(samples[begin : begin + 800])
        believed.append(stream.partial())
    return believed


async def hear(url: str, text: str, *phrases: str, feed: Feed = Feed.NATIVE_8K, **options: Any) -> Hypothesis:
    stream = RemoteModel(url, "zh", Aliases(), feed, **options).create_stream("zh", 8000, phrases)
    speak(stream, text)
    said = stream.final()
    assert said.text == "…" and said.later is not None
    return await asyncio.to_thread(answer_of, said)


@pytest.mark.parametrize("feed", list(Feed))
async def test_what_is_said_here_is_heard_there(engine: Engine, feed: Feed) -> None:
    async with serving(engine) as url:
        said = await hear(f"{url}/zh", "查账单", *PHRASES, feed=feed)
        assert said.text == "查账单" and 0 < said.confidence <= 1
        assert [word.text for word in said.words] == ["查", "账", "单"]
        free = await hear(url, "单额查", feed=feed)
        assert free.text == "单额查"


async def test_one_utterance_after_another_each_with_its_times(engine: Engine) -> None:
    async with serving(engine) as url:
        stream = RemoteModel(url, "zh", Aliases(), Feed.NATIVE_8K).create_stream("zh", 8000, PHRASES)
        starts = []
        for text in PHRASES:
            speak(stream, text)
            said = await asyncio.to_thread(answer_of, stream.final())
            assert said.text == text
            starts.append(said.words[0].start)
        assert abs(starts[0] - starts[1]) < 0.05
        stream.accept(tones("查"))
        stream.reset()
        assert stream.final() == Hypothesis()


async def test_a_trial_that_is_taken_back_is_heard_anew(engine: Engine) -> None:
    """A turn may ask before the end and then go on: the first connection is dropped, the second hears all."""
    async with serving(engine) as url:
        stream = RemoteModel(url, "zh", Aliases(), Feed.NATIVE_8K).create_stream("zh", 8000, PHRASES)
        speak(stream, "查")
        stream.final()
        speak(stream, "查账单")
        said = await asyncio.to_thread(answer_of, stream.final())
        assert said.text == "查账单"


async def test_words_and_free_hearing_come_through(engine: Engine) -> None:
    async with serving(engine) as url:
        stream = RemoteModel(url, "zh", Aliases(), Feed.NATIVE_8K).create_stream("zh", 8000, ("查", "账", "单"), words=True)
        speak(stream, "单查账")
        assert (await asyncio.to_thread(answer_of, stream.final())).text == "单查账"
        assert (await hear(url, "余额", "单", free=True)).text == "余额"
        several = await hear(url, "查账单", *PHRASES, alternatives=2)
        assert several.text == "查账单" and several.confidence == pytest.approx(1.0)


async def test_what_a_server_cut_in_a_pause_is_one_utterance() -> None:
    """vosk-server ends an utterance by itself after a silence and goes on with the next."""

    async def answer(link: ServerConnection) -> None:
        config = json.loads(await link.recv())["config"]
        assert config["phrase_list"] == ["一 二", "三 四", "一 二 三 四", "[unk]"] and config["sample_rate"] == 8000
        for told in ({"partial": "一"}, {"text": "一 二", "result": [word("一", 0.1), word("二", 0.4)]}, {"partial": "三"}):
            await link.recv()
            await link.send(json.dumps(told))
        assert json.loads(await link.recv()) == {"eof": 1}
        await link.send(json.dumps({"text": "三 四", "result": [word("三", 1.1), word("四", 1.4)]}))

    def word(text: str, start: float) -> dict[str, Any]:
        return {"word": text, "start": start, "end": start + 0.2, "conf": 0.8}

    async with answering(answer) as url:
        stream = RemoteModel(url, "zh", Aliases(), Feed.NATIVE_8K).create_stream("zh", 8000, ("一二", "三四", "一二三四"))
        for _ in range(3):
            stream.accept(np.zeros(800, np.int16))
        said = await asyncio.to_thread(answer_of, stream.final())
    assert (said.text, said.confidence, len(said.words), said.words[-1].start) == ("一二三四", 0.8, 4, 1.4)


async def never(link: ServerConnection) -> None:
    await link.wait_closed()


async def away(link: ServerConnection) -> None:
    await link.recv()
    await link.close()


async def nonsense(link: ServerConnection) -> None:
    while True:
        await link.recv()
        await link.send("[1, 2]")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("answer", [never, away, nonsense])
async def test_a_server_that_is_lost_costs_the_turn_and_says_so(answer: Callable[[ServerConnection], Awaitable[None]]) -> None:
    async with answering(answer) as url:
        with pytest.raises(SpeechUnavailable, match=f"the vosk-server {url} is lost"):
            await hear(url, "查账单", *PHRASES)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("url", ["ws://127.0.0.7:9", "ws://:x", "ws://127.0.0.7:9/zh"])
async def test_a_server_that_is_not_there_is_told(url: str) -> None:
    with pytest.raises(SpeechUnavailable, match="is lost"):
        await hear(url, "查账单")


async def test_feeding_never_blocks_and_what_was_dropped_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_session, "WAITING", 2)
    gate = threading.Event()

    def late(*arguments: Any, **options: Any) -> Any:
        gate.wait(20)
        raise ConnectionRefusedError("gone")

    monkeypatch.setattr(remote_session, "connect", late)
    stream = RemoteModel("ws://127.0.0.7:9", "zh", Aliases(), Feed.NATIVE_8K).create_stream("zh", 8000, ())
    speak(stream, "查账单")
    said = stream.final()
    gate.set()
    with pytest.raises(SpeechUnavailable, match="gone"):
        await asyncio.to_thread(answer_of, said)


def converse(url: str, *messages: str | bytes) -> str:
    """What a stranger's connection is answered at last."""
    with websockets.sync.client.connect(url, proxy=None) as link:
        try:
            for message in messages:
                link.send(message)
            answer = ""
            while True:
                answer = str(link.recv(timeout=10))
        except ConnectionClosed as ended:
            return answer or (ended.rcvd.reason if ended.rcvd else "")


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (("no json",), "Expecting value"),
        (("[1]",), "JSON object"),
        (('{"config": {"sample_rate": 44100}}',), "8000 or 16000"),
        (('{"config": {"phrase_list": [1]}}',), "phrase_list"),
        (('{"config": {"max_alternatives": 99}}',), "0 to 10"),
        (('{"config": {"phrase_list": ["量子"]}}', b"\0\0"), "none of the phrases"),
        (('{"eof": 1}',), '"text": ""'),
        ((b"\0", '{"eof": 1}'), '"text": ""'),
    ],
)
async def test_a_stranger_is_answered_and_nothing_breaks(
    engine: Engine, messages: tuple[str | bytes, ...], reason: str
) -> None:
    async with serving(engine) as url:
        assert reason in await asyncio.to_thread(converse, url, *messages)
        assert (await hear(url, "查账单", *PHRASES)).text == "查账单"


async def test_a_language_that_is_not_there_and_a_full_server_are_told(engine: Engine) -> None:
    async with serving(engine, most=0) as url:
        assert "every place is taken" in await asyncio.to_thread(converse, url)
    async with serving(engine) as url:
        assert "no language 'fr'" in await asyncio.to_thread(converse, f"{url}/fr")


async def test_a_server_counts_and_stops(engine: Engine, tmp_path: Path) -> None:
    server = AsrServer({"zh": engine}, 1)
    port = await server.start(ADDRESS, 0)
    await hear(f"ws://{ADDRESS}:{port}", "查账单", *PHRASES)
    assert (server.heard, server.open) == (1, 0)
    await server.close()
    with pytest.raises(SpeechUnavailable):
        await hear(f"ws://{ADDRESS}:{port}", "查")
