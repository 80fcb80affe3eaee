"""Kamailio as in deploy/kamailio, in the foreground, on a loopback address of its own; and rtpengine beside it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.baresip import free_port
from tests.e2e.server import ROOT

CONFIG = ROOT / "deploy" / "kamailio" / "kamailio.cfg"
HOST = "127.0.0.5"
MEDIA_HOST = "127.0.0.6"


class Daemon:
    """A child process and what it says."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process
        self.lines: list[str] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, *command: str, folder: Path) -> Daemon:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(command[0], process)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip())

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(5):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        await self._reader


class Proxy:
    """Where Kamailio listens, and what it said."""

    def __init__(self, port: int, daemon: Daemon) -> None:
        self.port = port
        self.daemon = daemon

    def uri(self, user: str, transport: str = "udp") -> str:
        return f"sip:{user}@{HOST}:{self.port}" + ("" if transport == "udp" else f";transport={transport}")


@asynccontextmanager
async def kamailio(folder: Path, nodes: Sequence[int], *, host: str = "127.0.0.1", rtpengine: int = 0) -> AsyncIterator[Proxy]:
    """In front of nodes that listen on `host` at these UDP ports. `rtpengine` is its control port."""
    (folder / "nodes.list").write_text("".join(f"1 sip:{host}:{port} 0 10\n" for port in nodes))
    port = free_port()
    media = ("-A", "WITH_RTPENGINE", "-A", f'RTPENGINE="udp:127.0.0.1:{rtpengine}"') if rtpengine else ()
    listen = [f"{transport}:{HOST}:{port}" for transport in ("udp", "tcp")]
    daemon = await Daemon.start(
        *("kamailio", "-f", str(CONFIG), "-DD", "-E", "-m", "32", "-M", "8", "-n", "1", "-N", "1"),
        *("-A", f'NODES="{folder / "nodes.list"}"', "-A", "PROBE=1", *media),
        *("-l", listen[0], "-l", listen[1], "-P", str(folder / "pid"), "-Y", str(folder)),
        folder=folder,
    )
    try:
        await _answers(port, daemon)
        yield Proxy(port, daemon)
    finally:
        await daemon.stop()


async def _answers(port: int, daemon: Daemon) -> None:
    """Until it answers OPTIONS. Raises RuntimeError with its output."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.setblocking(False)
        own = probe.getsockname()[1]
        message = (
            f"OPTIONS sip:{HOST}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};rport;branch=z9hG4bKprobe{own}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:p@127.0.0.1>;tag=p\r\nTo: <sip:{HOST}>\r\nCall-ID: p{own}\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        for _ in range(100):
            if daemon.process.returncode is not None:
                break
            await loop.sock_sendto(probe, message.encode(), (HOST, port))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await loop.sock_recv(probe, 2048)
                    return
    raise RuntimeError(f"{daemon.name} did not start:\n" + "\n".join(daemon.lines[-20:]))


@asynccontextmanager
async def media_relay(folder: Path) -> AsyncIterator[int]:
    """rtpengine in user space, without its kernel module; gives the control port."""
    control, low = free_port(), 50000
    daemon = await Daemon.start(
        *("rtpengine", "--foreground", "--log-stderr", "--log-level=6", "--table=-1", f"--interface={MEDIA_HOST}"),
        *(f"--listen-ng=127.0.0.1:{control}", f"--port-min={low}", f"--port-max={low + 999}", "--num-threads=1"),
        f"--pidfile={folder / 'rtpengine.pid'}",
        folder=folder,
    )
    try:
        await _pongs(control, daemon)
        yield control
    finally:
        await daemon.stop()


async def _pongs(port: int, daemon: Daemon) -> None:
    """Until it answers a ping of its control protocol. Raises RuntimeError with its output."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.setblocking(False)
        for _ in range(100):
            if daemon.process.returncode is not None:
                break
            with contextlib.suppress(TimeoutError, OSError):
                await loop.sock_sendto(probe, b"1 d7:command4:pinge", ("127.0.0.1", port))
                async with asyncio.timeout(0.1):
                    if b"pong" in await loop.sock_recv(probe, 2048):
                        return
            await asyncio.sleep(0.02)
    raise RuntimeError(f"{daemon.name} did not start:\n" + "\n".join(daemon.lines[-20:]))


MISSING = "; ".join(
    f"{program} is missing: apt-get install {package} (make setup-test does)"
    for program, package in (("kamailio", "kamailio"),)
    if shutil.which(program) is None
)
NO_RELAY = "" if shutil.which("rtpengine") else "rtpengine is missing: apt-get install rtpengine-daemon (make setup-test does)"
