"""The pyVoIP telephone in a child process, as tests use it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from types import TracebackType
from typing import Any, Self

import numpy as np

from tests.e2e.baresip import free_port
from tests.e2e.server import ROOT
from tests.e2e.signals import Samples


class PyVoip:
    """Starts with `async with`, and registers with the server at once."""

    def __init__(self, server_port: int, user: str, password: str) -> None:
        self._arguments = [server_port, user, password, free_port(), random.randrange(42000, 60000, 40)]
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.lines: list[str] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.interop.pyvoip_phone",
            *map(str, self._arguments),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=2**22,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None and self._reader is not None
        if self._process.returncode is None:
            self._process.kill()  # its threads do not end when it is asked to
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            if text.startswith('{"event"'):
                self._events.put_nowait(json.loads(text))
            else:
                self.lines.append(text)

    async def command(self, *words: object) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        await self._process.stdin.drain()

    async def event(self, name: str, seconds: float = 10.0) -> dict[str, Any]:
        """The next event, which must be `name`. Raises AssertionError with what came instead, or with the child's output."""
        try:
            found = await asyncio.wait_for(self._events.get(), seconds)
        except TimeoutError:
            raise AssertionError(f"no '{name}' from pyVoIP:\n" + "\n".join(self.lines[-30:])) from None
        assert found["event"] == name, (name, found, self.lines[-30:])
        return found

    async def hear(self, seconds: float) -> Samples:
        """What it hears from now on, as 16-bit samples at 8 kHz."""
        await self.command("hear", seconds)
        raw = bytes.fromhex((await self.event("heard", seconds + 5.0))["samples"])
        return ((np.frombuffer(raw, np.uint8).astype(np.int16) - 128) * 256).astype(np.int16)
