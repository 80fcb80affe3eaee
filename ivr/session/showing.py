"""Whose page shows a call, and what it is told: its agent, those who are rung for it, and a colleague who is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession


def show(session: CallSession) -> None:
    """The contact as it is now, wherever it is shown."""
    if session.placement is None:
        return
    desk = session.services.desk
    for agent_id in {session.agent_id, *session.ringing} - {""}:
        desk.push(agent_id, "contact", session.view())
    if session.guest is not None and session.guest.there:
        desk.push(session.guest.agent_id, "contact", session.guest.view())


def talking(session: CallSession) -> set[str]:
    """Agents who talk: what is said is theirs to read."""
    guest = session.guest.agent_id if session.guest is not None and session.guest.there else ""
    return {session.agent_id, guest} - {""}


def tell_consult(session: CallSession, told: Mapping[str, Any]) -> None:
    """How a consultation stands."""
    guest = session.guest.told(told) if session.guest is not None else ""
    for agent_id in {session.agent_id, guest} - {""}:
        session.services.desk.push(agent_id, "consult", {"contact_id": session.call.id, **told})
