"""CPU per call-minute of a process and what descends from it: `python tests/load/cpu.py PID CALLS SECONDS`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def _table() -> dict[int, tuple[int, float]]:
    """Parent and CPU seconds of every process (proc(5))."""
    table: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        ticks = int(fields[11]) + int(fields[12])
        table[int(entry.parent.name)] = int(fields[1]), ticks / os.sysconf("SC_CLK_TCK")
    return table


def cpu_seconds(root: int) -> float:
    """User and system time so far of `root` and its descendants."""
    table = _table()
    family = {root}
    while more := {pid for pid, (parent, _) in table.items() if parent in family} - family:
        family |= more
    return sum(table[pid][1] for pid in family if pid in table)


def main() -> None:
    pid, calls, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    used, elapsed = cpu_seconds(pid) - before, time.monotonic() - began
    print(f"{used:.2f} CPU-s in {elapsed:.1f} s, {used / calls / elapsed * 60:.4f} CPU-s per call-minute")


if __name__ == "__main__":
    main()
