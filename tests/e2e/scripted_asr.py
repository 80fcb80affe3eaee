"""A vosk-server that hears what a script says: real audio, voice gate and end of speech, without a model of the language.

It counts the bursts of sound that it is sent; each of them is the next word of the utterance's script.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Self

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve

LOUD = 300.0
"""Root mean square of 20 ms from which it is a sound."""
PAUSE = 10
"""Frames of 20 ms without a sound that end a burst."""


class ScriptedAsr:
    """`scripts` are utterances, in turn: the words that its bursts stand for. One with a single entry is said by any sound."""

    def __init__(self) -> None:
        self.scripts: list[list[str]] = []
        self.rates: list[int] = []
        self.port = 0
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await serve(self._hear, "127.0.0.1", 0)
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _hear(self, link: ServerConnection) -> None:
        config = json.loads(await link.recv())["config"]
        rate = int(config["sample_rate"])
        self.rates.append(rate)
        bursts, silent, rest = 0, PAUSE, np.zeros(0, np.int16)
        async for message in link:
            if isinstance(message, str):
                text = self._said(bursts)
                if text:
                    self.scripts.pop(0)
                await link.send(json.dumps({"text": text, "result": _words(text)}))
                return
            rest = np.concatenate((rest, np.frombuffer(message, np.int16)))
            size = rate // 50
            for frame in rest[: len(rest) // size * size].reshape(-1, size):
                loud = float(np.sqrt(np.mean(frame.astype(float) ** 2))) > LOUD
                bursts += loud and silent >= PAUSE
                silent = 0 if loud else silent + 1
            rest = rest[len(rest) // size * size :]
            await link.send(json.dumps({"partial": self._said(bursts)}))

    def _said(self, bursts: int) -> str:
        script = self.scripts[0] if self.scripts else []
        return script[0] if len(script) == 1 and bursts else " ".join(script[:bursts])


def _words(text: str) -> list[dict[str, object]]:
    return [{"word": word, "conf": 0.95, "start": 0.1 * at, "end": 0.1 * at + 0.1} for at, word in enumerate(text.split())]
