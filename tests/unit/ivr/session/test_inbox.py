"""A call that is over is freed at once, not by the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import weakref

from tests.unit.ivr.session.house import House


async def test_a_session_that_is_over_is_gone_without_the_collector(house: House) -> None:
    leg, _ = house.call()
    await house.playing(leg, "hello")
    leg.vanish()
    await house.over()
    gc.collect()
    gc.disable()
    try:
        leg, contact = house.call()
        session = house.switchboard.find(contact)
        assert session is not None
        gone = weakref.ref(session)
        del session
        await house.playing(leg, "hello")
        leg.vanish()
        await house.over()
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
