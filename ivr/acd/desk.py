"""The seam between a waiting call and the device its agent sits at: a browser page or a desk phone. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Protocol

from telephony.leg import CallLeg

AT_WALL = "~wall"
"""What makes the name of a supervisor's page at the wall out of the person's; no agent is called so."""


def person_of(page: str) -> str:
    """Whose page it is: the agent's own, or a supervisor's at the wall."""
    return page.removesuffix(AT_WALL)


class RingOutcome(Enum):
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    """The ring time ran out."""
    GONE = "gone"
    """The page closed or the phone cannot be reached."""


class Desk(Protocol):
    """What a call may ask of an agent's device. One contact at a time is on a page."""

    async def present(self, agent_id: str, contact: Mapping[str, Any]) -> bool:
        """Put the contact with its whole transcript on the screen and wait, at most 1 s, until the page says that it is shown.

        `contact` is what `ivr.session` shows of a call: see `docs/desk-protocol.md`. False where there is no page to show it.
        """

    async def ring(self, agent_id: str, contact_id: str, seconds: float) -> RingOutcome:
        """Ring until the agent decides, the time runs out, or the page is gone; cancel the coroutine to stop the ring."""

    async def connect(self, agent_id: str, contact_id: str) -> CallLeg:
        """Open the agent's audio; the leg is UP when this returns. Raises TelephonyError where it cannot be."""

    async def look_for(self, agent_id: str) -> None:
        """Find the agent's page again, which may have come back at another node: what is pushed from now on goes there."""

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Send one event to the agent's page, in order; a page that comes back gets what it missed."""
