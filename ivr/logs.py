"""The node's log: lines of ordinary life go out together, a warning at once."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TextIO

GATHER_SECONDS = 0.05

NOISY = (
    "aiosqlite",
    "aioice",
    "alembic",
    "aiortc",
    "asyncio",
    "httpcore",
    "httpx",
    "websockets",
    "uvicorn.error",
    "uvicorn.access",
    "watchfiles",
    "pydub",
)
"""Libraries whose ordinary lines say nothing to an operator."""


class GatheringHandler(logging.Handler):
    """Writes many lines with one call of the system; in a busy node that is a tenth of what a call's start costs."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.append(self.format(record))
        except Exception:
            self.handleError(record)
            return
        if record.levelno >= logging.WARNING:
            self.flush()
        elif len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
            except RuntimeError:  # no loop runs in this thread
                self.flush()

    def flush(self) -> None:
        self.acquire()
        lines, self._lines = self._lines, []
        self.release()
        if lines:
            try:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # a reader that has gone, or a stream closed at the end: nobody is left to tell
                return


def set_up(verbose: bool, node: str = "") -> None:
    """Log to standard error; `node` stands in each line, "" for none."""
    handler = GatheringHandler(sys.stderr)
    prefix = f"{node} " if node else ""
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname).1s {prefix}%(name)s %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
