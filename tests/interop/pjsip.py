"""The PJSIP telephone in a child process, as tests use it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from tests.e2e.baresip import free_port
from tests.e2e.server import ROOT
from tests.e2e.signals import Samples, read_wav, tone, write_wav

HINT = "pjsua2-python is missing: pip install pjsua2-python (wheels for Python 3.11 and 3.12)"
MISSING = "" if find_spec("pjsua2") else HINT


class Pjsip:
    """Starts with `async with`; says a tone of `hertz`, and keeps what it hears."""

    def __init__(self, folder: Path, hertz: float, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._heard = folder / "heard.wav"
        self._settings = {
            "user": "6002",
            "port": free_port(),
            "voice": str(write_wav(folder / "voice.wav", tone(hertz, 30.0))),
            "heard": str(self._heard),
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._events: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self.lines: list[str] = []

    @property
    def uri(self) -> str:
        transport = ";transport=tcp" if self._settings.get("transport") == "tcp" else ""
        return f"sip:{self._settings['user']}@127.0.0.1:{self._settings['port']}{transport}"

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.interop.pjsip_phone", json.dumps(self._settings)),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reader = asyncio.create_task(self._read())
        await self.event("ready", 20.0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None and self._reader is not None
        if self._process.returncode is None:
            await self.command("quit")
            try:
                async with asyncio.timeout(3):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self._reader
        if kind is not None:
            print("\n".join(self.lines[-60:]))

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            self.lines.append(text)
            if text.startswith('{"event"'):
                self._events.append(json.loads(text))
                self._news.set()

    async def command(self, *words: object) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        await self._process.stdin.drain()

    async def event(self, name: str, seconds: float = 8.0, **fields: Any) -> dict[str, Any]:
        """The first event of that name and fields, which is taken; others wait. Raises AssertionError with the log."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for found in self._events:
                        if found["event"] == name and all(found.get(key) == value for key, value in fields.items()):
                            self._events.remove(found)
                            return found
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no '{name}' {fields} from PJSIP:\n" + "\n".join(self.lines[-40:])) from None

    def heard(self, call: int = 1) -> Samples:
        """What it heard in its first call, or a later one; complete once the call has ended."""
        samples, rate = read_wav(self._heard.with_name(f"heard-{call}.wav"))
        if rate == 8000:
            return samples
        return np.ascontiguousarray(samples[:: rate // 8000])
