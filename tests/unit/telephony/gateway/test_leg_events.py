"""Events reach their handler in order, never from within a command, and a handler that fails ends its leg alone."""

from __future__ import annotations

import asyncio

from telephony.gateway.leg_events import LegEvents
from telephony.leg import Answered, LegEvent, Ringing


async def test_events_come_in_the_loops_next_turn_and_in_order() -> None:
    heard: list[LegEvent] = []
    events = LegEvents("leg", lambda: None)
    events.put(Ringing(1.0))
    events.handler = heard.append
    events.put(Answered(2.0))
    assert heard == []
    await asyncio.sleep(0)
    assert heard == [Ringing(1.0), Answered(2.0)]


async def test_a_handler_that_fails_is_told_of_and_the_rest_still_comes() -> None:
    broken: list[bool] = []
    heard: list[LegEvent] = []
    events = LegEvents("leg", lambda: broken.append(True))

    def fail(event: LegEvent) -> None:
        heard.append(event)
        raise RuntimeError("on purpose")

    events.handler = fail
    events.put(Ringing(1.0))
    events.put(Answered(2.0))
    await asyncio.sleep(0)
    assert broken == [True, True] and len(heard) == 2
