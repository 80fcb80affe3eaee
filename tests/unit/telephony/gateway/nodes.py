"""Gateways on loopback, each with its ticker, and the events of their legs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.gateway.toll_guard import TollGuard
from telephony.leg import CallLeg, LegEvent
from telephony.net.ticker import Ticker
from telephony.sip.digest import Account


class Ear:
    """Keeps the events of a leg; `until` waits for one of a kind."""

    def __init__(self, leg: CallLeg) -> None:
        self.events: list[LegEvent] = []
        self._news = asyncio.Event()
        leg.subscribe(self._hear)

    def _hear(self, event: LegEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, kind: type[LegEvent], seconds: float = 5.0) -> Any:
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        return event
                self._news.clear()
                await self._news.wait()


class Node:
    """A gateway and what came in."""

    def __init__(self, gateway: SipGateway, host: str) -> None:
        self.gateway = gateway
        self.host = host
        self.legs: list[SipLeg] = []
        self.ears: list[Ear] = []
        self.on_call: Callable[[SipLeg], None] = lambda leg: leg.answer()

    def take(self, leg: SipLeg) -> None:
        self.legs.append(leg)
        self.ears.append(Ear(leg))
        self.on_call(leg)

    @property
    def port(self) -> int:
        return self.gateway.listeners[0].port

    def uri(self, user: str = "") -> str:
        return f"sip:{user}{'@' if user else ''}{self.host}:{self.port}"


@asynccontextmanager
async def node(
    host: str = "127.0.0.1",
    *,
    credentials: Callable[[str], Account | None] = lambda user: None,
    guard: TollGuard | None = None,
    **settings: Any,
) -> AsyncIterator[Node]:
    """A gateway on a port of its own over UDP."""
    ticker = Ticker()
    ticker.start()
    values = {"listeners": (Listener("udp", host, 0),), "rtp_low": 40000, "rtp_high": 49999}
    made: Node
    gateway = SipGateway(SipSettings(**{**values, **settings}), ticker, lambda leg: made.take(leg), credentials, guard)
    made = Node(gateway, host)
    await gateway.start()
    try:
        yield made
    finally:
        await gateway.close()
        await ticker.close()


async def wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Look until `condition` holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
