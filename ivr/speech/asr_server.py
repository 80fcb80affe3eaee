"""Recognition for other machines: our engines behind the WebSocket protocol of vosk-server (`ivr asr serve`).

ws://HOST:PORT/LANGUAGE, or / for the first language. An utterance is one connection and ends with `{"eof": 1}`; the voice gate
and the end of speech are the caller's business. First comes `{"config": {"sample_rate", "phrase_list", "max_alternatives"}}`.
Beside what vosk-server tells, a result has `confidence`, and its `text` is a phrase as it was given.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ivr.errors import SpeechUnavailable
from ivr.speech.aliases import join_words
from ivr.speech.engine import Engine, EngineStream, Hypothesis

log = logging.getLogger(__name__)

LARGEST = 1 << 18
"""Octets of one message: 8 s at 16 kHz."""
WAITING = 64
"""Messages of one connection that may wait; then its sender has to."""
PHRASES = 5000
RATES = (8000, 16000)
SILENT = 30.0
"""Seconds without a message after which a connection is ended."""
BUSY, WRONG = 1013, 1003
"""Codes of the end of a connection: every place is taken; the message is none of ours."""


@dataclass(slots=True)
class AsrServer:
    """Answers connections until it is closed. Work is done in `threads` threads: the engines let others run meanwhile."""

    engines: Mapping[str, Engine]
    threads: int
    most: int = 120
    """Utterances at the same time; a further one is refused."""
    open: int = 0
    heard: int = 0
    """Utterances answered."""
    _pool: ThreadPoolExecutor = field(init=False)
    _server: Server | None = None

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads, "recognition")

    async def start(self, host: str, port: int) -> int:
        """Listen; the port that was taken. Raises OSError where the address is taken or not ours."""
        self._server = await serve(
            self._connected, host, port, max_size=LARGEST, max_queue=WAITING, close_timeout=1.0, compression=None
        )
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _connected(self, link: ServerConnection) -> None:
        if self.open >= self.most:
            await link.close(BUSY, "every place is taken")
            return
        self.open += 1
        try:
            await self._utterance(link)
        except (ConnectionClosed, TimeoutError):
            log.debug("a connection ended before its utterance")
        except (ValueError, SpeechUnavailable) as error:
            await link.close(WRONG, str(error)[:120])
        finally:
            self.open -= 1

    async def _utterance(self, link: ServerConnection) -> None:
        engine = self._engine(link.request.path if link.request is not None else "/")
        config: Mapping[str, Any] = {}
        stream: EngineStream | None = None
        while True:
            message = await asyncio.wait_for(link.recv(), SILENT)
            if isinstance(message, bytes):
                stream = stream or await self._work(_stream, engine, config)
                await link.send(await self._work(_accept, stream, message))
            elif "eof" in (told := _object(message)):
                said = await self._work(stream.final) if stream is not None else Hypothesis()
                self.heard += 1
                await link.send(_result(said, int(config.get("max_alternatives", 0))))
                return
            elif "config" in told:
                config = _config(told["config"])

    async def _work(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    def _engine(self, path: str) -> tuple[str, Engine]:
        language = path.strip("/") or next(iter(self.engines))
        if language not in self.engines:
            raise ValueError(f"no language {language[:20]!r} here; there are {', '.join(self.engines)}")
        return language, self.engines[language]


def _object(message: str) -> dict[str, Any]:
    told = json.loads(message)
    if not isinstance(told, dict):
        raise ValueError("a message is a JSON object")
    return told


def _config(told: Any) -> dict[str, Any]:
    """What of a configuration counts. Raises ValueError where it is not what it should be."""
    if not isinstance(told, dict):
        raise ValueError("config is a JSON object")
    rate, phrases, alternatives = told.get("sample_rate", 8000), told.get("phrase_list", []), told.get("max_alternatives", 0)
    if rate not in RATES:
        raise ValueError(f"sample_rate is {' or '.join(map(str, RATES))}")
    if not isinstance(phrases, list) or len(phrases) > PHRASES or not all(isinstance(phrase, str) for phrase in phrases):
        raise ValueError(f"phrase_list is a list of at most {PHRASES} texts")
    if not isinstance(alternatives, int) or not 0 <= alternatives <= 10:
        raise ValueError("max_alternatives is 0 to 10")
    joined = dict.fromkeys(join_words(phrase.split()) for phrase in phrases if not phrase.startswith("["))
    checked = {"sample_rate": int(rate), "phrases": tuple(joined), "max_alternatives": alternatives}
    return checked | {"any_order": told.get("any_order") is True}


def _stream(chosen: tuple[str, Engine], config: Mapping[str, Any]) -> EngineStream:
    language, engine = chosen
    made = engine.create_stream(language, 8000, config.get("phrases", ()), words=config.get("any_order", False))
    return made if config.get("sample_rate", 8000) == 8000 else _Halved(made)


def _accept(stream: EngineStream, octets: bytes) -> str:
    if len(octets) >= 2:
        stream.accept(np.frombuffer(octets[: len(octets) & ~1], np.int16))
    return json.dumps({"partial": stream.partial().replace("…", "")}, ensure_ascii=False)


class _Halved:
    """A stream that is fed at 16 kHz: our engines are made for telephone audio and widen it as their model wants it."""

    def __init__(self, inner: EngineStream) -> None:
        self._inner = inner
        self._rest = np.empty(0, np.int16)

    def accept(self, samples: np.ndarray[Any, np.dtype[np.int16]]) -> None:
        joined = np.concatenate((self._rest, samples))
        whole = len(joined) & ~1
        self._rest = joined[whole:]
        pairs = joined[:whole].astype(np.int32)
        if whole:
            self._inner.accept(((pairs[0::2] + pairs[1::2]) >> 1).astype(np.int16))

    def partial(self) -> str:
        return self._inner.partial()

    def final(self) -> Hypothesis:
        return self._inner.final()

    def reset(self) -> None:
        self._inner.reset()


def _result(said: Hypothesis, alternatives: int) -> str:
    """A result as vosk-server writes it."""
    words = [{"word": one.text, "start": one.start, "end": one.end, "conf": one.confidence} for one in said.words]
    if not alternatives:
        told: dict[str, Any] = {"text": said.text, "confidence": said.confidence, "result": words}
        return json.dumps(told | ({"spk": said.speaker} if said.speaker else {}), ensure_ascii=False)
    readings = ((said.text, said.confidence), *said.alternatives)[:alternatives]
    listed: list[dict[str, Any]] = [{"text": text, "confidence": math.log(max(sure, 1e-6))} for text, sure in readings if text]
    if listed:
        listed[0]["result"] = words
    return json.dumps({"alternatives": listed or [{"text": "", "confidence": 1.0}]}, ensure_ascii=False)
