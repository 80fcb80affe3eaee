"""A colleague who is asked about a call: held in the queues, shown the contact before the ring, and joined at page or phone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ivr.acd.desk import RingOutcome
from ivr.acd.engaging import Engaging, asking
from ivr.acd.model import Contact
from ivr.errors import Conflict, IvrError, NotFound, StoreUnavailable
from telephony.errors import TelephonyError
from telephony.leg import CallLeg, LegState

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

RING_SECONDS = 30.0
REASONS = {RingOutcome.DECLINED: "declined", RingOutcome.NO_ANSWER: "no_answer", RingOutcome.GONE: "gone"}


class Guest:
    """One agent, asked once by another about a call. `reserve`, then `come`; `leave`, or `stay` where the caller is theirs."""

    def __init__(self, session: CallSession, agent_id: str, by: str, by_name: str = "") -> None:
        self.agent_id = agent_id
        self._session, self._by, self._by_name = session, by, by_name or by
        self._services = session.services
        self._engaging = Engaging(session.services.router.store)
        self._phase, self._state = "offered", "calling"
        self._gone = asyncio.Event()
        self._accepted = self._stays = self._handed = False

    async def reserve(self) -> None:
        """Nobody else rings them from now on. Raises Conflict with words for the agent who asks."""
        self._until = self._services.clock() + RING_SECONDS
        try:
            await self._engaging.ask(self._contact(), self.agent_id, self._until)
        except NotFound as error:
            raise Conflict(str(error)) from error

    def come(self, joined: Callable[[CallLeg], None], failed: Callable[[str], None]) -> None:
        """Show, ring and connect, beside the call: `joined` gets a leg that is UP, `failed` a word of docs/desk-protocol.md."""
        self._session.guest = self
        self._session.beside(self._stay_until_over(joined, failed))

    async def forget(self) -> None:
        """They are not to be asked after all; instead of `come`."""
        await self._let_go()

    def leave(self) -> None:
        """They are not asked any more. Their leg is for its owner to end."""
        self._gone.set()

    def stay(self, handed: bool) -> None:
        """The caller is theirs, with the leg; `handed` where the queues know it already."""
        self._stays, self._handed = True, handed
        self._gone.set()

    @property
    def there(self) -> bool:
        """They talk: their page is kept up to date, also while its audio is away."""
        return self._phase in ("connected", "connecting")

    def heard(self, there: bool) -> None:
        """Their audio is lost, or is back."""
        self._phase = "connected" if there else "connecting"
        self._session.show()

    def told(self, how: Mapping[str, Any]) -> str:
        """How the consultation stands (`consult` of docs/desk-protocol.md); returns whose page is to know, "" for nobody's."""
        self._state = str(how["state"])
        return self.agent_id if self.there else ""

    def view(self) -> dict[str, Any]:
        """The contact as their page has it."""
        consult = {"by": self._by, "name": self._by_name, "state": self._state}
        mine = {"phase": self._phase, "held": False, "note": "", "why": ""}  # no queue chose them
        return {**self._session.view(), **mine, "yours_since": None, "consult": consult}

    async def _stay_until_over(self, joined: Callable[[CallLeg], None], failed: Callable[[str], None]) -> None:
        coming = asyncio.create_task(self._arrive())
        gone = asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait({coming, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return
            leg, reason = coming.result()
            if leg is None:
                failed(reason)
                return
            if self._gone.is_set():
                leg.hang_up()
                return
            self._phase = "connected"
            try:
                joined(leg)
            except TelephonyError as error:
                log.warning("%s agent %s cannot be joined: %s", self._session.call.correlation, self.agent_id, error)
                failed("failed")
                return
            self._session.show()
            await gone
        finally:
            for task in (coming, gone):
                task.cancel()
            await asyncio.wait({coming, gone})
            if not self._handed:
                await self._let_go()

    async def _arrive(self) -> tuple[CallLeg | None, str]:
        """Their leg, or why there is none."""
        desk, contact_id = self._services.desk, self._session.call.id
        if self._session.placement is None:  # the caller went in this very moment
            return None, "gone"
        try:
            await desk.present(self.agent_id, self.view())
            outcome = await desk.ring(self.agent_id, contact_id, max(0.0, self._until - self._services.clock()))
            if outcome is not RingOutcome.ACCEPTED:
                return None, REASONS[outcome]
            self._accepted = True
            if not await self._engaging.accepted(self._contact(), self.agent_id):
                return None, "gone"
            leg = await desk.connect(self.agent_id, contact_id)
        except (TelephonyError, IvrError) as error:
            log.warning("%s agent %s cannot be asked: %s", self._session.call.correlation, self.agent_id, error)
            return None, "failed"
        return (leg, "") if leg.state is LegState.UP else (None, "gone")

    async def _let_go(self) -> None:
        session = self._session
        if session.guest is self:
            session.guest = None
        if self._accepted and not self._stays:  # else the end of the ring has told the page
            self._services.desk.push(self.agent_id, "contact", {"id": session.call.id, "phase": "ended"})
        try:
            await self._engaging.release(session.call.id, self.agent_id)
        except StoreUnavailable as error:
            log.warning("%s the queues hear later that %s is free: %s", session.call.correlation, self.agent_id, error)
            self._services.router.mending.owe_leave(asking(session.call.id, self.agent_id), "served")

    def _contact(self) -> Contact:
        session = self._session
        queue = session.placement.queue if session.placement is not None else ""
        return Contact(session.call.id, queue, self._services.clock(), node=self._services.node)
