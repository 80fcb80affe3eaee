"""`python -m ivr …` many times over, loaded once.

Most of what it costs to start the server is loading its modules. Here one process loads them, runs nothing, and forks for each
start; what is forked runs `ivr.__main__` as `python -m ivr` does, with outputs, a working folder and an environment of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NoReturn

LOADED = ("ivr.app", "scipy.optimize", "httpcore", "aiosqlite")
"""What the server has loaded a second after it is ready."""

ROOM = 1 << 20
ROOT = Path(__file__).parents[1]


class Forked:
    """A process, as `asyncio.subprocess` has them: `stdout` (with stderr in it), `pid`, `returncode`, `wait`, signals."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, end: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._end(end))

    async def _end(self, end: asyncio.StreamReader) -> int:
        self.returncode = _code(await end.readline())
        return self.returncode

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send_signal(self, number: signal.Signals) -> None:
        """Raise `ProcessLookupError` where it ended."""
        if self.returncode is not None:
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start(*arguments: str, environment: Mapping[str, str]) -> Forked:
    """Begin `python -m ivr ARGUMENTS` in the working folder of now."""
    (out, out_there), (end, end_there) = os.pipe(), os.pipe()
    _ask(arguments, Path.cwd(), environment, (out_there, out_there, end_there))
    os.close(out_there)
    os.close(end_there)
    stdout, ended = await _reader(out), await _reader(end)
    return Forked(int(await ended.readline()), stdout, ended)


def run(*arguments: str, folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run `python -m ivr ARGUMENTS` to its end in a folder.

    Raises:
        TimeoutError: it took longer than `seconds`; it is killed.
    """
    with TemporaryFile() as out, TemporaryFile() as err:
        end, there = os.pipe()
        _ask(arguments, folder, os.environ, (out.fileno(), err.fileno(), there))
        os.close(there)
        with os.fdopen(end, "rb", buffering=0) as ended:
            pid = int(ended.readline())
            if not select.select([ended], [], [], seconds)[0]:
                os.kill(pid, signal.SIGKILL)
                raise TimeoutError(f"ivr {' '.join(arguments)} did not end")
            code = _code(ended.readline())
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
        return subprocess.CompletedProcess(arguments, code, *texts)


def _code(line: bytes) -> int:
    return int(line) if line else -signal.SIGKILL


async def _reader(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", buffering=0)
    )
    return reader


def _ask(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], fds: tuple[int, int, int]) -> None:
    """Have a process made. Its stdout, its stderr, and where its id and later its exit code are written, each in a line."""
    job = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
    socket.send_fds(_loaded(), [json.dumps(job).encode()], fds)


@cache
def _loaded() -> socket.socket:
    """Our end of the socket of the one process of this test run that has everything loaded; it ends with us."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
    subprocess.Popen([sys.executable, "-m", __name__], stdin=there.fileno(), cwd=ROOT)
    there.close()
    return here


# --- the process that is loaded


def serve(asked: socket.socket) -> None:
    """Fork for each job until nobody is there to ask."""
    running: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd != asked.fileno():
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    _tell_end(*running.pop(key.fd))
                    continue
                message, fds, *_ = socket.recv_fds(asked, ROOM, 3)
                if not message:
                    return
                pid, end = _forked(json.loads(message), fds)
                watched = os.pidfd_open(pid)
                running[watched] = pid, end
                selector.register(watched, selectors.EVENT_READ)


def _forked(job: dict[str, Any], fds: list[int]) -> tuple[int, int]:
    out, err, end = fds
    pid = os.fork()
    if pid == 0:
        _become(job, out, err)
    os.close(out)
    os.close(err)
    os.write(end, b"%d\n" % pid)
    return pid, end


def _tell_end(pid: int, end: int) -> None:
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(end, b"%d\n" % os.waitstatus_to_exitcode(status))
    os.close(end)


def _become(job: dict[str, Any], out: int, err: int) -> NoReturn:
    """Run the command in this process, which was forked for it, and end."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, 1024)
        os.environ.clear()
        os.environ.update(job["environment"])
        os.chdir(job["folder"])
        sys.argv = ["ivr", *job["arguments"]]
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        runpy.run_module("ivr", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _load() -> None:
    gc.disable()
    for module in LOADED:
        import_module(module)
    gc.freeze()
    gc.enable()
    assert threading.active_count() == 1, "a process of several threads cannot be forked"


if __name__ == "__main__":
    asked = socket.socket(fileno=os.dup(0))
    _load()
    serve(asked)
