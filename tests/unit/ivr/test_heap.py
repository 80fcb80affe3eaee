"""Garbage is found soon where it is young, and the rest when nobody is on the line."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from ivr.heap import GROWN, LONGEST_SECONDS, QUIET_SECONDS, YOUNG, Heap


class Ring:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self
        self.more: list[list[None]] = []


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heap(clock: Clock) -> Iterator[Heap]:
    made = Heap(clock)
    yield made
    made.release()
    assert gc.isenabled()


def ring() -> weakref.ref[Ring]:
    return weakref.ref(Ring())


def test_young_garbage_goes_soon_and_what_lives_is_walked_no_more(heap: Heap) -> None:
    gone = ring()
    alive = [[] for _ in range(2 * YOUNG)]  # type: ignore[var-annotated]
    before = gc.get_freeze_count()
    heap.step(quiet=False)
    assert gone() is None
    assert gc.get_freeze_count() - before >= len(alive)
    assert gc.get_count()[0] < YOUNG


def test_little_is_left_alone(heap: Heap) -> None:
    gone = ring()
    heap.step(quiet=True)
    assert gone() is not None


@pytest.mark.parametrize(("quiet", "seconds"), [(True, QUIET_SECONDS), (False, LONGEST_SECONDS)])
def test_old_garbage_goes_when_nobody_is_on_the_line_or_after_an_hour(
    heap: Heap, clock: Clock, quiet: bool, seconds: float
) -> None:
    old = Ring()
    old.more = [[] for _ in range(GROWN)]
    gone = weakref.ref(old)
    gc.freeze()
    del old
    clock.now += seconds - 1
    heap.step(quiet)
    assert gone() is not None
    clock.now += 1
    heap.step(quiet)
    assert gone() is None


def test_a_heap_that_has_not_grown_and_one_that_is_busy_are_left_alone(heap: Heap, clock: Clock) -> None:
    walked = heap._walked_at
    clock.now += 2 * QUIET_SECONDS
    heap.step(quiet=True)
    kept = [[] for _ in range(2 * GROWN)]  # type: ignore[var-annotated]
    gc.freeze()
    heap.step(quiet=False)
    clock.now += QUIET_SECONDS / 2
    heap.step(quiet=True)
    assert heap._walked_at == walked
    clock.now += QUIET_SECONDS
    heap.step(quiet=True)
    assert heap._walked_at == clock.now
    assert len(kept) == 2 * GROWN
