"""Agents whose device is a SIP phone, beside those who sit at a browser page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ivr.acd.desk import Desk, RingOutcome
from telephony.errors import TransportError
from telephony.leg import Answered, CallLeg, Dialer, DialOptions, EndCause, Ended, LegEvent, LegState, Party

JOIN_SECONDS = 5.0
"""How long a phone that answered waits for its caller; the caller may have gone in that very moment."""


class DeviceDesk:
    """An `ivr.acd.desk.Desk` that rings a phone where the agent has one, and otherwise asks the pages."""

    def __init__(self, pages: Desk, phones: Mapping[str, str], dial: Dialer) -> None:
        self._pages, self._phones, self._dial = pages, phones, dial
        self._answered: dict[tuple[str, str], CallLeg] = {}
        """By agent and contact: several phones may ring for one, and two answer at once."""

    async def present(self, agent_id: str, contact: Mapping[str, Any]) -> bool:
        return await self._pages.present(agent_id, contact)

    async def ring(self, agent_id: str, contact_id: str, seconds: float) -> RingOutcome:
        """A phone that answers has accepted; its leg waits for `connect`."""
        uri = self._phones.get(agent_id)
        if uri is None:
            return await self._pages.ring(agent_id, contact_id, seconds)
        leg = self._dial(uri, Party(user="hotline"), options=DialOptions(payer=f"agent:{agent_id}"))
        outcome = RingOutcome.GONE
        try:
            async with asyncio.timeout(seconds):
                outcome = await _answer_of(leg)
        except TimeoutError:
            outcome = RingOutcome.NO_ANSWER
        finally:
            if outcome is not RingOutcome.ACCEPTED:
                leg.hang_up(EndCause.CANCELLED)
        if outcome is RingOutcome.ACCEPTED:
            self._answered[agent_id, contact_id] = leg
            asyncio.get_running_loop().call_later(JOIN_SECONDS, self._forget, agent_id, contact_id, leg)
        return outcome

    async def connect(self, agent_id: str, contact_id: str) -> CallLeg:
        if agent_id not in self._phones:
            return await self._pages.connect(agent_id, contact_id)
        leg = self._answered.pop((agent_id, contact_id), None)
        if leg is None or leg.state is not LegState.UP:
            raise TransportError("the phone hung up before it was joined")
        return leg

    def _forget(self, agent_id: str, contact_id: str, leg: CallLeg) -> None:
        """Hang up a phone that answered and was not joined."""
        if self._answered.get((agent_id, contact_id)) is leg:
            del self._answered[agent_id, contact_id]
            leg.hang_up()

    async def look_for(self, agent_id: str) -> None:
        await self._pages.look_for(agent_id)

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Of an agent with a phone too: who answers there may control the call on a page."""
        self._pages.push(agent_id, kind, data)


async def _answer_of(leg: CallLeg) -> RingOutcome:
    """How a dialled phone decided; waits without end."""
    decided: asyncio.Future[RingOutcome] = asyncio.get_running_loop().create_future()

    def handle(event: LegEvent) -> None:
        if decided.done():
            return
        if isinstance(event, Answered):
            decided.set_result(RingOutcome.ACCEPTED)
        elif isinstance(event, Ended):
            declined = event.cause in (EndCause.DECLINED, EndCause.BUSY)
            decided.set_result(RingOutcome.DECLINED if declined else RingOutcome.GONE)

    leg.subscribe(handle)
    if leg.state is LegState.UP:
        return RingOutcome.ACCEPTED
    if leg.state is LegState.ENDED:
        return RingOutcome.GONE
    return await decided
