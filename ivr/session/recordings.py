"""The recordings of one call: begun, paused for card data, resumed and ended by the flow, the desk, or the end of the call."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from ivr.call import Call
from ivr.errors import Conflict
from ivr.session.services import Services
from telephony.errors import TelephonyError
from telephony.joining import Recording, RecordingEnded
from telephony.leg import CallLeg

log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
"""How long the record of a call waits for the last octets of its recording."""
MOST = 20
"""Recordings of one call; a flow in a circle must not fill the folder."""


class CallRecordings:
    """At most one goes on at a time. What became of each is written to the call's record."""

    def __init__(self, services: Services, leg: CallLeg, call: Call, write: Callable[..., None]) -> None:
        self._services, self._leg, self._call, self._write = services, leg, call, write
        self._now: Recording | None = None
        self._files: list[dict[str, Any]] = []
        self._all: list[Recording] = []
        self._left = 0
        self._wanted_quiet = self._hushed = False
        """Paused by flow or desk; by what is private now."""
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def state(self) -> str:
        """`off`, `on` or `paused`."""
        return "off" if self._now is None else "paused" if self._now.paused else "on"

    def do(self, action: str, why: str = "") -> None:
        """`start`, `pause`, `resume` or `stop`; never raises: a call goes on without its recording, and the log says so."""
        try:
            match action:
                case "start":
                    self.start()
                case "pause":
                    self.pause(why)
                case "resume":
                    self.resume()
                case "stop":
                    self.stop()
        except Conflict as error:
            log.error("%s recording: %s", self._call.correlation, error)

    def start(self) -> None:
        """Begin. Without effect where one goes on. Raises Conflict where none can be made."""
        if self._now is not None:
            return
        record = self._services.record
        if record is None:
            raise Conflict("this server records nothing: the setting `recording.folder` is empty")
        if len(self._files) >= MOST:
            raise Conflict(f"{MOST} recordings of one call are the most")
        day = time.strftime("%Y/%m/%d", time.gmtime(self._services.clock()))
        name = f"{day}/{self._call.id}-{len(self._files) + 1}"
        about = {
            "contact": self._call.id,
            "node": self._services.node,
            "caller": self._call.caller.number,
            "flow": self._call.flow,
        }
        entry: dict[str, Any] = {"file": "", "started_at": self._services.clock(), "seconds": None, "reason": ""}
        try:
            recording = record(self._leg, name, about, lambda ended: self._over(entry, ended))
        except TelephonyError as error:
            raise Conflict(str(error)) from error
        entry["file"] = recording.file
        self._now, self._left = recording, self._left + 1
        self._quiet.clear()
        self._wanted_quiet = False
        if self._hushed:
            recording.pause("private")
        self._all.append(recording)
        self._files.append(entry)
        self._write(recordings=list(self._files))

    def pause(self, why: str = "") -> None:
        """Raises Conflict where nothing is recorded."""
        self._running().pause(why)
        self._wanted_quiet = True

    def resume(self) -> None:
        """Raises Conflict where nothing is recorded. While something private goes on, it goes on after that."""
        running, self._wanted_quiet = self._running(), False
        if not self._hushed:
            running.resume()

    def hush(self, quiet: bool) -> None:
        """Pause while something private goes on, whatever flow and desk want; then as they want."""
        if quiet == self._hushed:
            return
        self._hushed = quiet
        if self._now is not None and quiet:
            self._now.pause("private")
        elif self._now is not None and not self._wanted_quiet:
            self._now.resume()

    def silence(self, start: float, end: float, both: bool = True) -> None:
        """Take out what sounded between two times on the loop's clock, of all recordings of the call."""
        for recording in self._all:
            recording.silence(start, end, both)

    def stop(self) -> None:
        """Without effect where nothing is recorded."""
        if self._now is not None:
            recording, self._now = self._now, None
            recording.stop()

    def move(self, leg: CallLeg) -> None:
        """The call goes on with another leg: its recording goes on in another file."""
        self._leg = leg
        if self._now is not None:
            paused = self._wanted_quiet
            self.stop()
            self.do("start")
            if paused:
                self.do("pause")

    async def close(self) -> None:
        """End what goes on and wait, for a moment, until it is on the disk."""
        self.stop()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._quiet.wait()
        except TimeoutError:
            log.error("%s recording: the disk is slow; the record does not know its end", self._call.correlation)

    def _over(self, entry: dict[str, Any], ended: RecordingEnded) -> None:
        entry.update(seconds=ended.seconds, octets=ended.octets, dropped=ended.dropped, reason=ended.reason)
        if self._now is not None and self._now.file == ended.file:  # the disk or the longest time, not we
            self._now = None
        self._left -= 1
        if not self._left:
            self._quiet.set()
        self._write(recordings=list(self._files))

    def _running(self) -> Recording:
        if self._now is None:
            raise Conflict("this call is not being recorded")
        return self._now
