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
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
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
        pool, work = self._begun(do, *arguments)
        try:
            return work.result(self._seconds)
        except TimeoutError:
            self._drop(pool)
            raise Conflict(f"this took longer than {self._seconds:g} s and was given up; make it smaller") from None
        except (BrokenProcessPool, CancelledError):  # cancelled: other work took too long, and the child went with it
            self._drop(pool)
            raise StoreUnavailable("the process for such work ended; try again") from None

    def warm(self) -> None:
        """Start the child, so that the first work does not wait for it. Does not wait itself."""
        with contextlib.suppress(StoreUnavailable):
            self._begun(os.getpid)

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._closed, pool = True, self._pool
        if pool is not None:
            self._drop(pool)

    def _begun(self, do: Callable[..., Any], *arguments: Any) -> tuple[ProcessPoolExecutor, Future[Any]]:
        """The work, given to the child; to a new one where it died since. Raises StoreUnavailable."""
        with self._lock:
            if self._closed:
                raise StoreUnavailable("the server stops")
            if self._pool is not None:
                with contextlib.suppress(BrokenProcessPool):
                    return self._pool, self._pool.submit(do, *arguments)
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin)
            return self._pool, self._pool.submit(do, *arguments)

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        """End a child and its work; one that was started since stays."""
        with self._lock:
            if self._pool is not pool:
                return
            self._pool = None
        children = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:  # one that is in the middle of something would never hear of it
            with contextlib.suppress(OSError, ValueError):
                child.terminate()


def _begin() -> None:
    """In the child: Ctrl-C is the parent's to handle, calls come first, and no child outlives a parent that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
