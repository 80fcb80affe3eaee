"""`ivr serve` as its own process, with a folder, ports and passwords of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from datetime import datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml
from argon2 import PasswordHasher

from ivr.minds import cache_folder
from tests import forked
from tests.e2e.baresip import Baresip, free_port

ROOT = Path(__file__).parents[2]
SPEAKS = r": Say\("
"""What the log has of a flow that speaks to a caller."""


def direct(*steps: str) -> str:
    """A flow that answers, takes these steps, and leads to the queue `support`."""
    return f"""
flow: direct
languages: [en]
defaults: {{ error: over }}
states:
  main:
    do: [{", ".join(["answer", *steps])}]
    enqueue: {{ queue: support, music: music }}
    on: {{ no_agents: over, closed: over, full: over }}
  over:
    hangup: normal
"""


@cache
def _hashed(password: str) -> str:
    """As settings may have it: made once, and quick to check, where each server would take half a second for all of them."""
    return "argon2:" + PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(password)


class HotlineProcess:
    """Starts with `async with`; `output` has its lines. Settings are the demo's, changed by `settings`.

    `options` are more options of the command.
    """

    def __init__(self, folder: Path, *, options: tuple[str, ...] = (), **settings: Any) -> None:
        self.folder = folder
        self._options = options
        self.sip_port = free_port()
        self.web_port = free_port()
        self.flows = str(ROOT / "dialplans")
        self.output: list[str] = []
        self.more: dict[str, Any] = {}
        """Settings that need to know the ports."""
        self._settings = settings
        self._process: forked.Forked | None = None
        self._ready = asyncio.Event()
        self._news = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    @property
    def sip(self) -> str:
        return f"sip:hotline@127.0.0.1:{self.sip_port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def write_settings(self) -> Path:
        demo = ROOT / "examples" / "demo"
        settings = yaml.safe_load((demo / "hotline.yaml").read_text("utf-8"))
        settings["profiles"] = str(demo / "customers.yaml")
        settings["environment"] = str(demo / settings["environment"])
        for one in settings["sources"].values():
            one |= {"file": str(demo / one["file"])} if "file" in one else {}
        settings["dialplans"], settings["prompts"] = self.flows, str(ROOT / "prompts")
        settings["sip"]["max_lag"] = 0  # a busy machine must not send callers away in the midst of a test
        settings["recording"] = {}
        for key, value in {**self._settings, **self.more}.items():
            settings[key] = (
                {**settings[key], **value} if isinstance(value, dict) and isinstance(settings.get(key), dict) else value
            )
        for agent in settings["agents"]:
            agent["password"] = _hashed(f"secret-{agent['id']}")
        path = self.folder / "hotline.yaml"
        path.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
        return path

    async def start(self, seconds: float = 90.0) -> None:
        self._ready.clear()
        options = [
            "serve",
            str(self.write_settings()),
            "--verbose",
            "--sip",
            f"127.0.0.1:{self.sip_port}",
            "--web",
            f"127.0.0.1:{self.web_port}",
            "--data",
            str(self.folder / "data"),
            *self._options,
        ]
        self._share_what_is_learnt()
        self._process = await forked.start(*options, environment={**os.environ, "PYTHONUNBUFFERED": "1"})
        self._reader = asyncio.create_task(self._read())
        done = asyncio.create_task(self._process.wait())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({done, ready}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        done.cancel()
        if not self._ready.is_set():
            raise RuntimeError("ivr serve did not become ready:\n" + "\n".join(self.output[-60:]))

    def _share_what_is_learnt(self) -> None:
        """Models of intents are kept by their content: all servers of all runs have one place for them, and learn each once."""
        here = self.folder / "data" / "minds"
        if not here.exists():
            cache_folder().mkdir(parents=True, exist_ok=True)
            here.parent.mkdir(mode=0o750, exist_ok=True)
            here.symlink_to(cache_folder(), target_is_directory=True)

    async def _read(self) -> None:
        assert self._process is not None
        async for line in self._process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            self.output.append(text)
            self._news.set()
            if text == "ready":
                self._ready.set()

    async def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 20.0) -> int:
        """End it and return its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)
            try:
                async with asyncio.timeout(seconds):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
                raise RuntimeError("ivr serve did not end:\n" + "\n".join(self.output[-60:])) from None
        if self._reader is not None:
            await self._reader
        assert self._process.returncode is not None
        return self._process.returncode

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop(signal.SIGKILL)  # a server that never became ready must not stay behind
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self.folder / "server.log").write_text("\n".join(self.output), "utf-8")
        await self.stop()
        if kind is not None:
            print("\n".join(self.output[-200:]))

    def password(self, agent: str) -> str:
        return f"secret-{agent}"

    def token(self) -> str:
        return (self.folder / "data" / "admin-token").read_text("ascii").strip()

    async def api(self, path: str) -> Any:
        """GET with the admin token; the JSON."""
        async with httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {self.token()}"}) as client:
            response = await client.get(path)
            response.raise_for_status()
            return response.json()

    async def contact(self, seconds: float = 30.0, **fields: Any) -> dict[str, Any]:
        """The newest contact whose row has these fields, with its turns. Raises TimeoutError."""
        found: dict[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for row in (await self.api("/api/v1/contacts"))["contacts"]:
                        if all(row.get(key) == value for key, value in fields.items()):
                            return dict(await self.api(f"/api/v1/contacts/{row['id']}"))
                        found = row
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise TimeoutError(f"no contact with {fields}; the last one seen: {found}") from None

    async def until_line(self, pattern: str, count: int = 1, seconds: float = 30.0) -> None:
        """Wait until `count` lines match. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.log_lines(pattern)) < count:
                self._news.clear()
                await self._news.wait()

    async def called_by(self, phone: Baresip, keys: str = "") -> None:
        """Until the phone's call is up and the flow speaks to it; then it presses these keys."""
        spoken = len(self.log_lines(SPEAKS))
        await phone.dial(self.sip)
        await phone.wait_for("CALL_ESTABLISHED")
        await self.until_line(SPEAKS, spoken + 1)
        await phone.press(keys)

    def moment(self, pattern: str) -> float:
        """When the newest line that matches was written, epoch seconds."""
        return datetime.strptime(self.log_lines(pattern)[-1][:23], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()

    def log_lines(self, pattern: str) -> list[str]:
        return [line for line in self.output if re.search(pattern, line)]
