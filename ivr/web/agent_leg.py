"""The audio of an agent's page: opened on the node that holds the caller, offered to the page wherever the page is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from ivr.web.parts import OpenLeg
from telephony.errors import TransportError
from telephony.leg import CallLeg, EndCause, Ended, LegState, Party

MEDIA_SECONDS = 2.5
"""Without a packet from a page that has sent some: its agent cannot be there, and the caller hears music until he is."""


class Pages(Protocol):
    """Agents' pages, of this node or of another."""

    async def ask_media(self, agent_id: str, leg_id: str, offer: str) -> str:
        """Give the page an audio offer and return its answer, SDP both. Raises TransportError where none comes."""

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None: ...


async def open_agent_leg(pages: Pages, open_leg: OpenLeg, agent: Party, contact_id: str) -> CallLeg:
    """A leg to the agent's page that is UP. Raises TelephonyError where it cannot be; then nothing stays open."""
    leg, offer = await open_leg(agent, Party(contact_id), ())
    asking = asyncio.ensure_future(pages.ask_media(agent.user, leg.id, offer))

    def ended(event: Ended) -> None:
        asking.cancel()
        state = "lost" if event.cause is EndCause.MEDIA_LOST else "closed"
        pages.push(agent.user, "media", {"leg_id": leg.id, "state": state})

    leg.when_ended(ended)
    try:
        try:
            answer = await asking
        except asyncio.CancelledError:
            if leg.state is not LegState.ENDED:
                raise
            raise TransportError(f"the page of agent {agent.user} did not answer the audio offer") from None
        leg.expect_media(MEDIA_SECONDS)
        await leg.accept_answer(answer)
        leg.answer()
    except BaseException:
        asking.cancel()
        leg.hang_up(EndCause.FAILED)
        raise
    pages.push(agent.user, "media", {"leg_id": leg.id, "state": "connected"})
    return leg
