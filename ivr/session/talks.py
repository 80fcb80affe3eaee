"""The running talks of a node, by contact: what the desk's buttons find."""

from __future__ import annotations

from ivr.errors import Conflict
from ivr.session.consult import Consult
from ivr.session.talk import Talk


class Talks:
    """Filled by the calls of this node."""

    def __init__(self) -> None:
        self._talks: dict[str, tuple[str, Talk]] = {}

    def add(self, contact_id: str, agent_id: str, talk: Talk) -> None:
        self._talks[contact_id] = (agent_id, talk)

    def remove(self, contact_id: str) -> None:
        self._talks.pop(contact_id, None)

    def has(self, contact_id: str) -> bool:
        """True where this node has the call."""
        return contact_id in self._talks

    def owner(self, contact_id: str) -> str:
        """The agent who talks, "" for nobody here."""
        return self._talks.get(contact_id, ("", None))[0]

    def find(self, contact_id: str, agent_id: str) -> Talk:
        """The talk, if it is this agent's. Raises Conflict where it has ended or is somebody else's."""
        owner, talk = self._talks.get(contact_id, ("", None))
        if talk is None or owner != agent_id:
            raise Conflict("this call has ended")
        return talk

    def asked(self, contact_id: str, agent_id: str) -> Consult | None:
        """The consultation in which this agent is the one who is asked, or None."""
        _, talk = self._talks.get(contact_id, ("", None))
        consult = talk.consult if talk is not None else None
        return consult if consult is not None and consult.guest is not None and consult.guest.agent_id == agent_id else None

    def running(self, contact_id: str) -> Talk:
        """The talk of whichever agent. Raises Conflict where there is none."""
        _, talk = self._talks.get(contact_id, ("", None))
        if talk is None:
            raise Conflict("nobody talks on this call")
        return talk

    def __len__(self) -> int:
        return len(self._talks)
