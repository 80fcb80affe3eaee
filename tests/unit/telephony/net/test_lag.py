"""What blocks the loop is seen."""

from __future__ import annotations

import asyncio
import time

import pytest

from telephony.net.lag import LagMeter


async def test_a_blocked_loop_is_late_and_a_free_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.net.lag.PAUSE", 0.005)
    seen: list[float] = []
    meter = LagMeter(seen.append)
    await asyncio.sleep(0.03)
    quiet = min(seen)
    time.sleep(0.1)  # noqa: ASYNC251 - this is what is measured
    await asyncio.sleep(0.02)
    meter.close()
    count = len(seen)
    await asyncio.sleep(0.02)
    assert 0.0 <= quiet < 0.05 and max(seen) > 0.08 and len(seen) == count
