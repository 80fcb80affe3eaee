from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pytest

from telephony.net import ticker as module
from telephony.net.ticker import PERIOD, STEP, Ticker


class Counted:
    """A stream that is active for a number of ticks."""

    def __init__(self, ticks: int) -> None:
        self.left = ticks
        self.at: list[float] = []
        self.on_active: Callable[[Any], None] | None = None

    @property
    def active(self) -> bool:
        return self.left > 0

    def tick(self, now: float) -> bool:
        self.at.append(now)
        self.left -= 1
        return self.active


class Clock:
    """Stands in for the event loop: passes run when the test says so, as late as it says."""

    def __init__(self, ticker: Ticker) -> None:
        self.now = 100.0
        self.ticker = ticker
        self.due: list[tuple[float, Callable[[], None]]] = []
        ticker._loop = self  # type: ignore[assignment]
        ticker._origin = self.now

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> Clock:
        self.due.append((when, call))
        return self

    def call_later(self, seconds: float, call: Callable[[], None]) -> Clock:
        return self.call_at(self.now + seconds, call)

    def cancel(self) -> None:
        self.due.clear()

    def run_passes(self, count: int, late: float = 0.0) -> None:
        for _ in range(count):
            if not self.due:  # it rests
                self.now += STEP
                continue
            when, call = self.due.pop()
            self.now = max(self.now, when + late)
            call()


@pytest.fixture
async def ticker() -> AsyncIterator[Ticker]:
    made = Ticker()
    yield made
    await made.close()


async def test_streams_are_spread_over_the_phases(ticker: Ticker) -> None:
    clock = Clock(ticker)
    streams = [Counted(10) for _ in range(8)]
    for stream in streams:
        ticker.attach(stream)
    clock.run_passes(4)
    assert [len(stream.at) for stream in streams] == [1] * 8
    firsts = sorted(stream.at[0] for stream in streams)
    assert [round((at - 100.0) / STEP) for at in firsts] == [1, 1, 2, 2, 3, 3, 4, 4]


async def test_ticks_are_20_ms_apart_however_late_each_pass_is(ticker: Ticker) -> None:
    clock, stream = Clock(ticker), Counted(100)
    ticker.attach(stream)
    for number in range(40):
        clock.run_passes(1, late=0.003 * (number % 2))
    gaps = {round(b - a, 9) for a, b in pairwise(stream.at)}
    assert gaps == {PERIOD}
    assert ticker.skipped == 0


async def test_a_stall_is_skipped_not_made_up_for(ticker: Ticker) -> None:
    clock, stream = Clock(ticker), Counted(100)
    ticker.attach(stream)
    clock.run_passes(8)
    before = len(stream.at)
    clock.run_passes(1, late=0.11)
    clock.run_passes(4)
    assert len(stream.at) - before <= 2
    assert ticker.skipped == 5
    assert round(stream.at[-1] - stream.at[before - 1], 9) >= 0.1
    assert ticker.metrics()["late_p99_ms"] >= 99


async def test_only_active_streams_are_ticked_and_waking_brings_them_back(ticker: Ticker) -> None:
    clock, stream = Clock(ticker), Counted(2)
    ticker.attach(stream)
    clock.run_passes(20)
    assert len(stream.at) == 2
    assert ticker.metrics()["streams_active"] == 0
    stream.left = 1
    assert stream.on_active is not None
    stream.on_active(stream)
    clock.run_passes(4)
    assert len(stream.at) == 3


async def test_a_detached_stream_is_left_alone(ticker: Ticker) -> None:
    clock, stream = Clock(ticker), Counted(9)
    ticker.attach(stream)
    ticker.attach(stream)
    ticker.detach(stream)
    ticker.detach(stream)
    clock.run_passes(8)
    assert stream.at == []
    assert stream.on_active is None


async def test_a_stream_that_fails_does_not_stop_the_others(ticker: Ticker) -> None:
    class Broken(Counted):
        def tick(self, now: float) -> bool:
            raise RuntimeError("defect")

    clock = Clock(ticker)
    streams = [Broken(9), *(Counted(9) for _ in range(4))]
    for stream in streams:
        ticker.attach(stream)
    clock.run_passes(8)
    assert [len(stream.at) for stream in streams] == [0, 2, 2, 2, 2]
    assert ticker.failures == 1


async def test_sockets_are_read_on_each_pass_one_datagram_each(ticker: Ticker) -> None:
    clock = Clock(ticker)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    got: list[bytes] = []
    with near, far:
        ticker.watch(near.fileno(), lambda now: got.append(near.recv(10)))
        for number in range(20):
            far.send(bytes([number]))
        clock.run_passes(3)
        assert len(got) == 3
        clock.run_passes(1, late=0.05)
        assert got == [bytes([n]) for n in range(3 + module._ROUNDS_AFTER_STALL)]
        ticker.unwatch(near.fileno())
        ticker.unwatch(near.fileno())
        clock.run_passes(3)
        assert len(got) == 3 + module._ROUNDS_AFTER_STALL


async def test_a_reader_that_fails_does_not_stop_the_heartbeat(ticker: Ticker) -> None:
    def fail(now: float) -> None:
        near.recv(10)
        raise RuntimeError("defect")

    clock, stream = Clock(ticker), Counted(50)
    ticker.attach(stream)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        ticker.watch(near.fileno(), fail)
        far.send(b"x")
        clock.run_passes(8)
        ticker.unwatch(near.fileno())
    assert ticker.failures == 1
    assert len(stream.at) == 2


async def test_it_runs_in_an_event_loop_and_closes(ticker: Ticker) -> None:
    done = asyncio.Event()

    class Last(Counted):
        def tick(self, now: float) -> bool:
            if self.left == 1:
                done.set()
            return super().tick(now)

    stream = Last(3)
    ticker.attach(stream)
    ticker.start()
    ticker.start()
    async with asyncio.timeout(5):
        await done.wait()
    assert len(stream.at) == 3
    assert all(b - a > PERIOD - 1e-6 for a, b in pairwise(stream.at))
    await ticker.close()
    await ticker.close()
    assert ticker.metrics()["streams"] == 0


async def test_a_ticker_with_nothing_to_do_rests_and_wakes_for_a_socket() -> None:
    ticker = Ticker()
    ticker.start()
    await asyncio.sleep(0.05)
    passes = ticker.metrics()["passes"]
    await asyncio.sleep(0.05)
    assert ticker.metrics()["passes"] == passes
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard: list[bytes] = []
    ticker.watch(ours.fileno(), lambda now: heard.append(ours.recv(10)))
    theirs.send(b"hello")
    await asyncio.sleep(0.05)
    assert heard == [b"hello"]
    ticker.unwatch(ours.fileno())
    await asyncio.sleep(0.05)
    passes = ticker.metrics()["passes"]
    await asyncio.sleep(0.05)
    assert ticker.metrics()["passes"] == passes
    await ticker.close()
    ours.close()
    theirs.close()
