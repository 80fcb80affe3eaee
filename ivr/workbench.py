"""A process beside the server for work that would hold its threads: checking, drawing and testing what administrators write.

Python runs one thread at a time, and calls must not wait for a check. The child is started by the first piece of work, runs at
low priority, is ended with the server, and is started anew where it dies or takes too long.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from ivr.errors import Conflict, StoreUnavailable

SECONDS = 30.0
NICE = 5


class Workbench:
    """Runs functions of modules, with arguments that can be sent to a process. Its methods block: call them in a thread."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._closed = False
        self._pool: ProcessPoolExecutor | None = None

    def run(self, do: Callable[..., Any], *arguments: Any) -> Any:
        """What `do` returns, or raises. Raises Conflict where it takes too long, StoreUnavailable where the child died."""
        try:
            return self._running().submit(do, *arguments).result(self._seconds)
        except TimeoutError:
            self._drop()
            raise Conflict(f"this took longer than {self._seconds:g} s and was given up; make it smaller") from None
        except BrokenProcessPool:
            self._drop()
            raise StoreUnavailable("the process for such work ended; try again") from None

    def warm(self) -> None:
        """Start the child, so that the first work does not wait for it. Does not wait itself."""
        with contextlib.suppress(BrokenProcessPool, StoreUnavailable):
            self._running().submit(os.getpid)

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._closed = True
        self._drop()

    def _running(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._closed:
                raise StoreUnavailable("the server stops")
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin)
            return self._pool

    def _drop(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            children = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:  # one that is in the middle of something would never hear of it
                with contextlib.suppress(OSError, ValueError):
                    child.terminate()


def _begin() -> None:
    """In the child: Ctrl-C is the parent's to handle, and calls come first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
