"""Whose page shows a call, and what it is told: its agent, those who are rung for it, and a colleague who is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ivr.acd.desk import person_of

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession


def show(session: CallSession) -> None:
    """The contact as it is now, wherever it is shown."""
    if session.placement is None:
        return
    desk = session.services.desk
    at_wall = session.at_wall if person_of(session.at_wall) == session.agent_id else ""  # not before it is theirs
    for page in {session.agent_id, at_wall, *session.ringing} - {""}:
        desk.push(page, "contact", session.view())
    if session.guest is not None and session.guest.there:
        desk.push(session.guest.agent_id, "contact", session.guest.view())


async def show_again(session: CallSession, page: str) -> None:
    """All of it for a page that has nothing of it: one that came back at another node, or at the wall. The talk's owner and
    a colleague who is asked have one; without effect for anybody else."""
    person, desk = person_of(page), session.services.desk
    await desk.look_for(page)
    guest = session.guest
    if session.placement is None:
        return
    if guest is not None and guest.there and guest.agent_id == person:
        desk.push(page, "contact", guest.view())
    elif session.agent_id == person:
        desk.push(page, "contact", session.view())
    else:
        return
    if session.talk is not None and session.talk.consult is not None and session.talk.consult.told:
        desk.push(page, "consult", {"contact_id": session.call.id, **session.talk.consult.told})
    if session.recordings.state != "off":
        desk.push(page, "recording", {"contact_id": session.call.id, "state": session.recordings.state})


def talking(session: CallSession) -> set[str]:
    """Agents who talk: what is said is theirs to read."""
    guest = session.guest.agent_id if session.guest is not None and session.guest.there else ""
    return {session.agent_id, guest} - {""}


def tell_consult(session: CallSession, told: Mapping[str, Any]) -> None:
    """How a consultation stands."""
    guest = session.guest.told(told) if session.guest is not None else ""
    for agent_id in {session.agent_id, guest} - {""}:
        session.services.desk.push(agent_id, "consult", {"contact_id": session.call.id, **told})
