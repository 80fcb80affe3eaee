"""Where calls arrive: finds the flow for a called number, starts a session each, and sees them out at the end."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ivr.call import Call, Caller
from ivr.errors import NotFound
from ivr.session.call_session import CallSession
from ivr.session.promised import Promise
from ivr.session.services import CallerPage, Services
from ivr.settings import Route
from telephony.leg import CallInfo, CallLeg, EndCause, LegKind

log = logging.getLogger(__name__)

END_SECONDS = 5.0
"""How long a call that was hung up at shutdown may take to write its record."""
LONGEST_NUMBER = 128
CANCEL_SECONDS = 2.0
"""And how long after it was cancelled."""


class Switchboard:
    """The running calls of this node. One task a call; a failed one ends alone."""

    def __init__(self, services: Services, routes: Sequence[Route]) -> None:
        self.services = self._services = services
        self._routes = routes
        self._calls: dict[str, tuple[CallSession, asyncio.Task[None]]] = {}
        self._open = True
        self.started = 0

    @property
    def open(self) -> bool:
        """Calls are taken."""
        return self._open

    def __len__(self) -> int:
        return len(self._calls)

    def flows(self) -> list[str]:
        """The names of the flows that calls may be routed to."""
        return sorted(self._services.flows.flows)

    def route(self, called: str) -> str:
        """The flow of a called number: the first rule that names it or says `*`; "" where none does."""
        for rule in self._routes:
            if rule.to in (called, "*"):
                return rule.flow
        return ""

    def take(self, leg: CallLeg, language: str = "", page: CallerPage | None = None) -> str:
        """Start a session for an offered leg; returns the call's id, or "" where the call was refused."""
        if self._open and self._services.parking.is_slot(leg.callee.user):
            self._pick_up(leg)
            return ""
        flow = self.route(leg.callee.user)
        if not self._open or flow not in self._services.flows.flows:
            log.warning(
                "%s call refused: %s", leg.correlation, "shutting down" if not self._open else "no flow for this number"
            )
            leg.hang_up(EndCause.FAILED, 404 if self._open else 503)
            return ""
        channel = "webrtc" if leg.kind is LegKind.WEBRTC else "sip"
        party = leg.caller
        call = Call(
            id=f"c-{uuid.uuid4().hex[:16]}",
            caller=Caller(party.user, party.display, channel, party.authenticated),
            called=leg.callee.user,
            started_at=self._services.clock(),
            flow=flow,
            language=language or self._asked(flow, leg.languages),
            correlation=leg.correlation,
            **_told(leg.info),
        )
        session = CallSession(self._services, leg, call, page)
        session.promise = self._services.promised(call.caller.number)
        self._run(session)
        return call.id

    def call_back(self, leg: CallLeg, call: Call, promise: Promise) -> tuple[CallSession, asyncio.Task[None]] | None:
        """Start a session for a customer whom we called and who answered; None where this node takes no calls."""
        if not self._open or call.flow not in self._services.flows.flows:
            return None
        session = CallSession(self._services, leg, replace(call, correlation=leg.correlation))
        session.promise = promise
        return session, self._run(session)

    def run(self, session: CallSession) -> asyncio.Task[None]:
        """Let a session run that somebody else made."""
        return self._run(session)

    def _run(self, session: CallSession) -> asyncio.Task[None]:
        call = session.call
        task = asyncio.create_task(session.run(), name=call.id)
        self._calls[call.id] = (session, task)
        self._services.running.add(session)
        self._services.tally.began(call.id, call.flow, self._services.flows.flows[call.flow].entry)
        self.started += 1
        task.add_done_callback(lambda _: self._over(call.id))
        return task

    def _over(self, contact_id: str) -> None:
        session, _ = self._calls.pop(contact_id)
        self._services.running.discard(session)
        self._services.tally.over(contact_id)

    def _pick_up(self, leg: CallLeg) -> None:
        """A phone of the house dialled a parking slot: it gets the caller who is parked there."""
        if not leg.caller.authenticated:
            log.warning("%s refused: only phones that signed in pick up parked callers", leg.correlation)
            leg.hang_up(EndCause.FAILED, 403)
            return
        try:
            self._services.parking.pick_up(leg.callee.user, leg)
        except NotFound:
            leg.hang_up(EndCause.FAILED, 404)
            return
        leg.answer()

    def _asked(self, flow: str, languages: Sequence[str]) -> str:
        """The first language the far end asked for that the flow speaks: "zh-CN" is "zh"."""
        spoken = self._services.flows.flows[flow].languages
        return next((short for tag in languages if (short := tag.split("-")[0].lower()) in spoken), "")

    def find(self, contact_id: str) -> CallSession | None:
        found = self._calls.get(contact_id)
        return found[0] if found else None

    async def drain(self, seconds: float) -> int:
        """Take no more calls, let the running ones go on for `seconds`, then end them. Returns how many had to be ended."""
        self._open = False
        tasks = [task for _, task in self._calls.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        left = list(self._calls.values())
        for session, _ in left:
            session.leg.hang_up(EndCause.SHUTDOWN)
        for patience in (END_SECONDS, CANCEL_SECONDS):
            tasks = [task for _, task in self._calls.values()]
            if tasks:
                await asyncio.wait(tasks, timeout=patience)
            for _, task in list(self._calls.values()):
                task.cancel()
        return len(left)


def _told(info: CallInfo) -> dict[str, Any]:
    """What signalling told of a call, in the words of `Call`."""
    first = info.diversions[-1].user if info.diversions else ""
    return {
        "trunk": info.trunk,
        "asserted": info.asserted.user if info.asserted is not None else "",
        "diversion": first[:LONGEST_NUMBER],
        "diversion_reason": info.diversion_reason,
        "user_to_user": info.user_to_user_text,
        "private": info.private,
    }
