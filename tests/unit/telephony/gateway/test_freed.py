"""An ended SIP leg is freed by its last reference: garbage by the thousand would stop the media when its turn comes."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import Ended, Party
from telephony.net.ticker import Ticker


async def test_an_ended_leg_is_gone_without_the_collector() -> None:
    ticker = Ticker()
    ticker.start()
    taken: list[weakref.ref[Any]] = []
    over = asyncio.Event()

    def answer(leg: SipLeg) -> None:
        taken.append(weakref.ref(leg))
        taken.append(weakref.ref(leg.sip_media))
        leg.subscribe(lambda event: over.set() if isinstance(event, Ended) else None)
        leg.answer()

    def quiet(leg: SipLeg) -> None:
        leg.hang_up()

    listening = (Listener("udp", "127.0.0.1", 0),)
    callee = SipGateway(SipSettings(listeners=listening, trusted_networks=("127.0.0.0/8",)), ticker, answer)
    caller = SipGateway(SipSettings(listeners=listening), ticker, quiet)
    await callee.start()
    await caller.start()
    gc.collect()
    gc.disable()
    try:
        leg = caller.dial(f"sip:x@127.0.0.1:{callee.listeners[0].port}", Party("y"))
        up = asyncio.Event()
        leg.subscribe(lambda event: up.set())
        await asyncio.wait_for(up.wait(), 5)
        await asyncio.sleep(0.1)
        leg.hang_up()
        await asyncio.wait_for(over.wait(), 5)
        await asyncio.sleep(0.05)
        assert [one() for one in taken] == [None, None]
    finally:
        gc.enable()
    await caller.close()
    await callee.close()
    await ticker.close()
