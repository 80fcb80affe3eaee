"""The process that owns the listeners of several workers."""

from __future__ import annotations

import time

from ivr.settings import Settings
from ivr.workers import Workers


async def test_a_banned_source_gets_no_connection() -> None:
    workers = Workers(Settings(), 2, ["true"])
    assert workers._accepts("192.0.2.1")
    workers.guard.ban("192.0.2.1", "wrong digest", time.monotonic())
    assert not workers._accepts("192.0.2.1")
    assert workers._accepts("192.0.2.2")
