"""Debian's baresip as a real telephone: it dials, sends a WAV as its voice, presses keys, and keeps what it heard."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import socket
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from tests.e2e.signals import read_wav, silence, write_wav

MODULES = Path("/usr/lib/baresip/modules")
SILENCE = 180.0
"""Seconds a telephone stays on the line without a word."""


def free_port() -> int:
    """A port that is free over UDP and TCP, like the next one, which baresip takes for TLS.

    Not one that the system gives to connections, else one of those may have it by the time it is bound; each test process has
    a range of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 4
    while True:
        port = random.randrange(10_000 + 2_500 * worker, 12_500 + 2_500 * worker, 2)
        if port != NOT_FOR_PAGES and port not in _given and _is_free(port) and _is_free(port + 1):
            _given.append(port)
            return port


NOT_FOR_PAGES = 10_080
"""Chromium opens no page there."""
_given: deque[int] = deque(maxlen=200)
"""Ports given away lately, which may not be bound yet."""


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


class Baresip:
    """One telephone with one line; `async with` starts and ends the process.

    `voice` is a mono WAV of 8 kHz that starts with each call; the line is silent after its end. What the far end says is
    kept in `heard()` as WAV files. With a `registrar`, a port of this machine, it registers there: await `registered`.
    """

    def __init__(
        self,
        folder: Path,
        voice: Path,
        *,
        user: str = "phone",
        transport: str = "udp",
        codecs: str = "pcmu",
        password: str = "",
        registrar: int = 0,
        registrar_host: str = "127.0.0.1",
        modules: tuple[str, ...] = (),
        account: str = "",
        config: tuple[str, ...] = (),
    ) -> None:
        """`modules` are more of baresip's, `account` more parameters of its line (`;mediaenc=srtp`), `config` more lines."""
        self._modules, self._account, self._config = modules, account, config
        self._registrar = registrar
        self._registrar_host = registrar_host
        self.folder, self.voice, self.user, self.transport, self.codecs, self.password = (
            folder,
            voice,
            user,
            transport,
            codecs,
            password,
        )
        self.sip_port = free_port()
        self.control_port = free_port()
        self._voices = 0
        self.lines: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def _write_config(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        modules = ["g711", "aufile", "sndfile", *self._modules]
        (self.folder / "config").write_text(
            f"sip_listen 127.0.0.1:{self.sip_port}\nnet_interface 127.0.0.1\n"
            f"audio_source aufile,{self._with_silence(self.voice)}\n"
            f"audio_player aufile,{self.folder}/player.wav\naudio_alert aufile,{self.folder}/alert.wav\n"
            f"call_max_calls 4\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"
            f"ctrl_tcp_listen 127.0.0.1:{self.control_port}\nmodule_path {MODULES}\n"
            + "".join(f"{line}\n" for line in self._config)
            + "".join(f"module {name}.so\n" for name in modules)
            + "module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n"
        )
        host, interval = (f"{self._registrar_host}:{self._registrar}", 600) if self._registrar else ("127.0.0.1", 0)
        account = f"<sip:{self.user}@{host};transport={self.transport}>;regint={interval}"
        account += f";audio_codecs={self.codecs};answermode=auto{self._account}"
        if self.password:
            account += f";auth_user={self.user};auth_pass={self.password}"
        (self.folder / "accounts").write_text(account + "\n")
        (self.folder / "contacts").write_text("")

    async def __aenter__(self) -> Self:
        if shutil.which("baresip") is None:
            raise RuntimeError("baresip is missing: apt-get install baresip-core (make test does)")
        self._write_config()
        self._process = await asyncio.create_subprocess_exec(
            "baresip",
            "-f",
            str(self.folder),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._tasks.append(asyncio.create_task(self._read_output()))
        for _ in range(600):
            with contextlib.suppress(OSError):
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self.control_port)
                self._tasks.append(asyncio.create_task(self._read_events(reader)))
                return self
            await asyncio.sleep(0.05)
        raise RuntimeError("baresip did not start:\n" + "\n".join(self.lines))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(3):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        for task in self._tasks:
            task.cancel()

    async def _read_output(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(re.sub(r"\x1b\[[0-9;]*m", "", line.decode("utf-8", "replace")).rstrip())

    async def _read_events(self, reader: asyncio.StreamReader) -> None:
        """Netstrings, a JSON object each: `LENGTH:{...},`."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                body = await reader.readexactly(length + 1)
                async with self._changed:
                    self.events.append(json.loads(body[:-1]))
                    self._changed.notify_all()

    async def command(self, name: str, params: str = "") -> None:
        assert self._writer is not None
        body = json.dumps({"command": name, "params": params}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))
        await self._writer.drain()

    async def dial(self, uri: str) -> None:
        await self.command("dial", uri)

    async def hang_up(self) -> None:
        await self.command("hangup")

    async def speak(self, voice: Path) -> None:
        """Say another WAV now, in the running call."""
        await self.command("ausrc", f"aufile,{self._with_silence(voice)}")

    def _with_silence(self, voice: Path) -> Path:
        """A copy that goes on in silence: baresip hangs up where its file ends."""
        samples, rate = read_wav(voice)
        self._voices += 1
        return write_wav(self.folder / f"voice{self._voices}.wav", np.concatenate([samples, silence(SILENCE, rate)]), rate)

    async def registered(self, seconds: float = 30.0) -> None:
        """Until the registrar has taken it, which may be before anybody listens for events. Raises TimeoutError."""
        try:
            async with asyncio.timeout(seconds):
                while not any("200 OK" in line and "binding" in line for line in self.lines):  # noqa: ASYNC110 - the line comes from another process
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError("baresip is not registered:\n" + "\n".join(self.lines[-10:])) from None

    async def press(self, digits: str) -> None:
        """Press keys one by one, as RFC 4733 events, 150 ms each."""
        for digit in digits:
            await self.command("sndcode", digit)
            await asyncio.sleep(0.25)

    async def wait_for(self, kind: str, seconds: float = 30.0) -> dict[str, Any]:
        """The first event of a type such as CALL_ESTABLISHED or CALL_CLOSED. Raises TimeoutError with the log."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                while True:
                    for event in self.events:
                        if event.get("type") == kind:
                            return event
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(
                f"no {kind} from baresip:\n" + "\n".join([*self.lines[-30:], *map(str, self.events[-10:])])
            ) from None

    def heard(self) -> list[Path]:
        """The WAV files of what the far end said, in the order of the calls."""
        return sorted(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)
