"""Who has a caller after an agent: a colleague who was asked, or a supervisor who takes the caller out of a talk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from ivr.acd.engaging import Engaging, asking
from ivr.acd.model import Contact
from ivr.errors import NotFound, StoreUnavailable

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)


class Heir(Protocol):
    """An agent to whom a caller is about to be handed, and who is held in the queues for that."""

    @property
    def agent_id(self) -> str: ...

    def stay(self, handed: bool) -> None:
        """The caller is theirs; `handed` where the queues know it already."""

    def leave(self) -> None:
        """The caller went in this very moment."""


class Taker:
    """A supervisor whom the queues know as an agent, on duty or not. `hold`, then `stay` or `leave`."""

    def __init__(self, session: CallSession, agent_id: str) -> None:
        self._session, self._id = session, agent_id
        self._engaging = Engaging(session.services.router.store)

    @property
    def agent_id(self) -> str:
        return self._id

    async def hold(self) -> bool:
        """Nobody else rings them from now on; False where the queues know no such agent.

        Raises Conflict, with words for them, where they have a call.
        """
        session = self._session
        queue = session.placement.queue if session.placement is not None else ""
        contact = Contact(session.call.id, queue, session.services.clock(), node=session.services.node)
        try:
            await self._engaging.take(contact, self._id)
        except NotFound:
            return False
        return True

    def stay(self, handed: bool) -> None:
        if not handed:
            self.leave()

    def leave(self) -> None:
        self._session.beside(self.forget())

    async def forget(self) -> None:
        """They are not held any more."""
        session = self._session
        try:
            await self._engaging.release(session.call.id, self._id)
        except StoreUnavailable as error:
            log.warning("%s the queues hear later that %s is free: %s", session.call.correlation, self._id, error)
            session.services.router.mending.owe_leave(asking(session.call.id, self._id), "served")
