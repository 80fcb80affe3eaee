"""The heartbeat of all media on a node: absolute deadlines, four phases of 5 ms, every socket drained on each."""

from __future__ import annotations

import asyncio
import logging
import select
from collections.abc import Callable
from typing import Any, Protocol

logger = logging.getLogger(__name__)

PERIOD = 0.020
PHASES = 4
STEP = PERIOD / PHASES

_ROUNDS_AFTER_STALL = 16
"""Datagrams read from one socket at most in a pass that comes late; one that is on time reads a single one."""

_LATE_BUCKETS = 100


class Ticked(Protocol):
    """What the ticker drives: `telephony.media.stream.MediaStream`."""

    on_active: Callable[[Any], None] | None

    @property
    def active(self) -> bool: ...

    def tick(self, now: float) -> bool: ...


class Ticker:
    """Ticks each active stream every 20 ms and reads each watched socket at least every 5 ms.

    Streams are spread over four phases, so that packets leave evenly. A pass that was missed is skipped, never made up
    for by a burst. One epoll of our own for all sockets costs a fraction of an event loop call-back for each packet. Without
    a socket to read and a stream to tick it rests.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[float], None]] = {}
        self._phase_of: dict[Ticked, int] = {}
        self._attached = [0] * PHASES
        self._active: list[dict[Ticked, None]] = [{} for _ in range(PHASES)]
        self._pass_number = 0
        self._origin = 0.0
        self._late = [0] * _LATE_BUCKETS
        self.skipped = 0
        """Periods (20 ms) that were left out because the process was held up."""
        self.failures = 0
        """Streams and sockets whose handler raised."""

    def start(self) -> None:
        """Begin ticking in the running event loop. Without effect where it ticks already."""
        if self._timer is None:
            self._loop = asyncio.get_running_loop()
            self._begin()

    async def close(self) -> None:
        """Stop ticking and let go of all streams and sockets; the sockets stay open."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop = None
        self._readers.clear()
        self._phase_of.clear()
        for active in self._active:
            active.clear()
        if not self._epoll.closed:
            self._epoll.close()

    def attach(self, stream: Ticked) -> None:
        """Tick `stream` whenever it is active, until `detach`."""
        if stream in self._phase_of:
            return
        phase = min(range(PHASES), key=self._attached.__getitem__)
        self._phase_of[stream] = phase
        self._attached[phase] += 1
        stream.on_active = self._wake
        if stream.active:
            self._wake(stream)

    def detach(self, stream: Ticked) -> None:
        """Forget `stream`. Without effect where it is not attached."""
        phase = self._phase_of.pop(stream, None)
        if phase is not None:
            stream.on_active = None
            self._attached[phase] -= 1
            self._active[phase].pop(stream, None)

    def watch(self, fd: int, reader: Callable[[float], None]) -> None:
        """Call `reader(now)` when the datagram socket `fd` has something; it reads one datagram. Again to replace it."""
        if fd not in self._readers:
            self._epoll.register(fd, select.EPOLLIN)
        self._readers[fd] = reader
        if self._timer is None:
            self._begin()

    def unwatch(self, fd: int) -> None:
        """Forget `fd`; call it before closing the socket. Without effect where it is not watched."""
        if self._readers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def metrics(self) -> dict[str, float]:
        """What the ticker did since it was made, with units in the keys."""
        return {
            "passes": sum(self._late),
            "late_p99_ms": self._late_ms(0.99),
            "skipped_periods": self.skipped,
            "failures": self.failures,
            "streams": len(self._phase_of),
            "streams_active": sum(map(len, self._active)),
            "sockets": len(self._readers),
        }

    def _late_ms(self, share: float) -> float:
        """Milliseconds that `share` of the passes were not later than; whole numbers, at most 100."""
        allowed = sum(self._late) * (1 - share)
        above = 0
        for milliseconds in range(_LATE_BUCKETS - 1, -1, -1):
            above += self._late[milliseconds]
            if above > allowed:
                return float(milliseconds + 1)
        return 0.0

    def _wake(self, stream: Ticked) -> None:
        phase = self._phase_of.get(stream)
        if phase is not None:
            self._active[phase][stream] = None
            if self._timer is None:
                self._begin()

    def _begin(self) -> None:
        """Set out anew from now: at the start, and after a rest. Without effect before `start`."""
        if self._loop is not None:
            self._origin, self._pass_number = self._loop.time(), 0
            self._timer = self._loop.call_later(STEP, self._run)

    def _run(self) -> None:
        """One pass: read, tick one phase, aim at the next deadline; rest where there is nothing to do."""
        assert self._loop is not None
        if not self._readers and not any(self._active):
            self._timer = None
            return
        now = self._loop.time()
        number = self._pass_number + 1
        due = self._origin + number * STEP
        behind = now - due
        self._late[min(int(max(behind, 0.0) * 1000), _LATE_BUCKETS - 1)] += 1
        if behind >= PERIOD:
            periods = int(behind / PERIOD)
            self.skipped += periods
            number += periods * PHASES
            due = self._origin + number * STEP
        self._pass_number = number
        # Armed first, so that a defect below cannot end the heartbeat.
        self._timer = self._loop.call_at(self._origin + (number + 1) * STEP, self._run)
        self._drain(now, 1 if behind < STEP else _ROUNDS_AFTER_STALL)
        self._tick(self._active[number % PHASES], due)

    def _tick(self, active: dict[Ticked, None], due: float) -> None:
        if not active:
            return
        for stream in tuple(active):
            try:
                going_on = stream.tick(due)
            except Exception:
                self.failures += 1
                logger.exception("a stream failed and is no longer ticked")
                self.detach(stream)
                continue
            if not going_on:
                active.pop(stream, None)

    def _drain(self, now: float, rounds: int) -> None:
        """Read one datagram of each socket that has some, `rounds` times: a flood on one port cannot starve the others."""
        readers, poll = self._readers, self._epoll.poll
        while readers and rounds > 0:
            rounds -= 1
            ready = poll(0)
            if not ready:
                return
            for fd, _ in ready:
                reader = readers.get(fd)
                if reader is None:  # closed by the handler of another
                    continue
                try:
                    reader(now)
                except Exception:
                    self.failures += 1
                    logger.exception("a media socket's handler failed")
