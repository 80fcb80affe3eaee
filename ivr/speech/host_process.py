"""Start the model host, hand it worker sockets, notice its end."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ivr.errors import SpeechUnavailable
from ivr.speech.wire import LARGEST, pack_json

WAIT = 3.0
"""Seconds the host gets to end by itself."""


class HostProcess:
    """The process `ivr.speech.model_host` and the control socket to it."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control
        self.pid = process.pid

    @classmethod
    async def start(
        cls, models: Mapping[str, Mapping[str, Any]], longest: float, timeout: float
    ) -> tuple[HostProcess, list[str], dict[str, str]]:
        """The host, the languages it loaded, and why it did not load the others. Raises SpeechUnavailable."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            host = cls(_launch(theirs), ours)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                await loop.sock_sendall(ours, pack_json({"models": models, "longest": longest}))
                answer = await loop.sock_recv(ours, LARGEST)
        except TimeoutError:
            host.close()
            raise SpeechUnavailable(f"the speech models were not loaded within {timeout:g} s") from None
        except BaseException:
            host.close()
            raise
        if not answer:
            host.close()
            raise SpeechUnavailable("the process that loads the speech models ended; its messages are above")
        told = json.loads(answer)
        return host, told["loaded"], told["failed"]

    def watch(self, ended: Callable[[], None]) -> None:
        """Call `ended` once when the host is gone."""
        loop = asyncio.get_running_loop()

        def readable() -> None:
            loop.remove_reader(self._control)
            ended()

        loop.add_reader(self._control, readable)

    def spawn_worker(self) -> socket.socket:
        """Our end of a new worker's socket. Raises SpeechUnavailable where the host is gone."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(self._control, [b"w"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise SpeechUnavailable("the process that holds the speech models is gone") from error
        return ours

    def close(self) -> None:
        """End the host, and by that its workers. Waits at most a moment; without effect the second time."""
        if self._control.fileno() < 0:
            return
        with suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        try:
            self._process.terminate()
            self._process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _launch(control: socket.socket) -> subprocess.Popen[bytes]:
    """There is a worker for each core: matrices spread over threads would wait for each other, the more the later they are."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "ivr.speech.model_host"], stdin=control.fileno(), env=environment)
