"""One utterance at a vosk-server: a WebSocket of its own, in a thread of its own.

JSON `{"config": {...}}`, then samples, each answered by
`{"partial": ...}` or, where the server sees an end by itself, `{"text": ...}`.
`{"eof": 1}` is answered by the last result and the end of the connection. Everything that waits has a limit: a server that is
lost or slow costs the turn and nothing else.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect

log = logging.getLogger(__name__)

CONNECT = 2.0
"""Seconds for the connection, which is made while the caller speaks."""
ANSWER = 4.0
"""Seconds from the end of an utterance to its result."""
QUIET = 20.0
"""Seconds without audio after which an utterance was given up by its caller."""
WAITING = 400
"""Bites of audio that may wait for the server: 40 s."""
LARGEST = 1 << 20
"""Octets of one message from the server."""

Told = Callable[[list[Mapping[str, Any]]], None]
Lost = Callable[[str], None]


class RemoteSession:
    """Begins to connect at once. `send` never blocks; `finish` is answered from the session's thread."""

    def __init__(self, url: str, config: Mapping[str, Any]) -> None:
        self.url = url
        self.partial = ""
        """What the server last believed."""
        self._config = config
        self._queue: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._asked = threading.Event()
        self._told: Told | None = None
        self._lost: Lost | None = None
        self._dropped = False
        threading.Thread(target=self._run, name="vosk-server", daemon=True).start()

    def send(self, octets: bytes) -> None:
        """Hand over samples; what a dead server does not take is thrown away, and `finish` will say so."""
        try:
            self._queue.put_nowait(octets)
        except queue.Full:
            self._dropped = True

    def finish(self, told: Told, lost: Lost) -> None:
        """End the utterance. One of both is called once: with all results of it in order, or with why there is none."""
        self._told, self._lost = told, lost
        self._asked.set()
        self._end()

    def drop(self) -> None:
        """Throw the utterance away."""
        self._asked.set()
        self._end()

    def _end(self) -> None:
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            self._dropped = True

    def _run(self) -> None:
        try:
            with connect(self.url, open_timeout=CONNECT, close_timeout=0.5, max_size=LARGEST, proxy=None) as link:
                results = self._talk(link)
        except (OSError, TimeoutError, queue.Empty, ConnectionClosed, InvalidHandshake, InvalidURI, ValueError) as error:
            self._fail(f"the vosk-server {self.url} is lost: {error or type(error).__name__}")
        else:
            if self._told is not None:
                self._told(results)

    def _fail(self, reason: str) -> None:
        self._asked.wait(QUIET)  # the caller may still be speaking; then it is said at the end
        if self._lost is not None:
            self._lost(reason)
        else:
            log.debug("%s", reason)

    def _talk(self, link: ClientConnection) -> list[Mapping[str, Any]]:
        link.send(json.dumps({"config": self._config}, ensure_ascii=False))
        results: list[Mapping[str, Any]] = []
        sent = answered = 0
        while (octets := self._queue.get(timeout=QUIET)) is not None:
            link.send(octets)
            sent += 1
            while (message := _now(link)) is not None:
                answered += 1
                self._take(message, results)
        if self._told is None or self._dropped:
            if self._dropped and self._told is not None:
                raise TimeoutError("it takes no audio")
            return results
        link.send('{"eof" : 1}')
        try:
            while answered <= sent:
                self._take(link.recv(timeout=ANSWER), results)
                answered += 1
        except ConnectionClosed:
            if not results:
                raise
        return results

    def _take(self, message: str | bytes, results: list[Mapping[str, Any]]) -> None:
        told = json.loads(message)
        if not isinstance(told, dict):
            raise ValueError(f"it answers {message[:40]!r}, which is no result")
        if "text" in told or "alternatives" in told:
            results.append(told)
            self.partial = ""
        else:
            self.partial = str(told.get("partial", ""))


def _now(link: ClientConnection) -> str | bytes | None:
    try:
        return link.recv(timeout=0)
    except TimeoutError:
        return None
