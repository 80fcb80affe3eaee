"""A process beside: it works, raises what is raised there, and is started anew where it dies or takes too long."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

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


def test_work_that_waits_behind_what_took_too_long_is_told_to_try_again() -> None:
    bench = Workbench(1.5)
    told: list[Exception] = []

    def long() -> None:
        try:
            bench.run(time.sleep, 60)
        except (Conflict, StoreUnavailable) as error:
            told.append(error)

    bench.run(len, "the child is up")
    others = [threading.Thread(target=long) for _ in range(4)]
    for one in others:
        one.start()
        time.sleep(0.1)
    for one in others:
        one.join()
    assert [type(one) for one in told].count(Conflict) >= 1 and len(told) == 4  # never a bare CancelledError
    assert bench.run(len, "abc") == 3
    bench.close()


def test_giving_up_old_work_leaves_a_new_child_alone() -> None:
    bench = Workbench()
    bench.run(len, "abc")
    old = bench._pool
    assert old is not None
    bench._drop(old)
    child = bench.run(os.getpid)
    bench._drop(old)
    assert bench.run(os.getpid) == child
    bench.close()


def test_a_child_does_not_outlive_a_killed_parent() -> None:
    script = (
        "import os\nfrom ivr.workbench import Workbench\n"
        "if __name__ == '__main__':\n    bench = Workbench(); print(bench.run(os.getpid), flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    child = int(done.stdout)
    until = time.monotonic() + 10
    while time.monotonic() < until and _lives(child):
        time.sleep(0.05)
    assert not _lives(child)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
