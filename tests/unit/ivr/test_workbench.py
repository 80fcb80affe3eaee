"""A process beside: it works, raises what is raised there, and is started anew where it dies or takes too long."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from ivr.errors import Conflict, StoreUnavailable
from ivr.workbench import NICE, Workbench


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    made = Workbench()
    yield made
    made.close()


def test_work_is_done_elsewhere_and_yields_to_calls(bench: Workbench) -> None:
    bench.warm()
    assert bench.run(os.getpid) != os.getpid()
    assert bench.run(os.getpriority, os.PRIO_PROCESS, 0) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE)


def test_what_is_raised_there_is_raised_here(bench: Workbench) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        bench.run(int, "x")


def test_a_child_that_dies_is_started_anew(bench: Workbench) -> None:
    with pytest.raises(StoreUnavailable, match="try again"):
        bench.run(os._exit, 1)
    assert bench.run(len, "abc") == 3


def test_work_that_takes_too_long_is_given_up(bench: Workbench) -> None:
    child = bench.run(os.getpid)
    bench._seconds = 0.3
    with pytest.raises(Conflict, match="longer than"):
        bench.run(time.sleep, 60)
    bench._seconds = 30.0
    assert bench.run(os.getpid) != child


def test_a_closed_bench_does_nothing() -> None:
    bench = Workbench()
    bench.close()
    bench.warm()
    with pytest.raises(StoreUnavailable):
        bench.run(len, "abc")
