"""One agent's desk on this node: what it shows, the page it is on, and what is being waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ivr.acd.desk import RingOutcome
from ivr.errors import Conflict
from ivr.web.desk_state import DeskState, Watch, nobody_watches
from ivr.web.page_socket import PageSocket

REPLACED = 4001


class AgentDesk:
    """One agent's desk: what it shows, the page it is on, and what is being waited for."""

    def __init__(self, agent_id: str, settings: Mapping[str, Any], clock: Callable[[], float]) -> None:
        self.agent_id = agent_id
        self.name = agent_id
        self.state = DeskState(int(clock() * 1000), settings)
        self.page: PageSocket | None = None
        self.gone = asyncio.Event()
        """Set while there is no page and none is expected back."""
        self.gone.set()
        self.grace: asyncio.TimerHandle | None = None
        self.turnstile = asyncio.Lock()
        """Coming and going are told one after the other."""
        self.shown: dict[str, asyncio.Future[None]] = {}
        self.ringing: dict[str, asyncio.Future[RingOutcome]] = {}
        self.media: dict[str, tuple[str, asyncio.Future[str]]] = {}
        """Leg to the offer that was sent and the answer that is awaited."""
        self.roles: frozenset[str] = frozenset()
        """Of whoever has the page."""
        self.monitored = ""
        """The talk of somebody else that this page is in."""
        self.opening = 0
        """What this page asked for that needs its audio, and has not got yet."""
        self._clock = clock
        self.watch: Watch = nobody_watches

    def push(self, kind: str, data: Mapping[str, Any]) -> None:
        message = self.state.apply(kind, data, self._clock())
        if self.page is not None:
            self.page.send(message)
        self.watch(self.agent_id, kind, self.state.contact)

    def attach(self, page: PageSocket, seq: int, parts: Mapping[str, Any]) -> None:
        """Make `page` the one that leads, and give it what it has not had."""
        if self.grace is not None:
            self.grace.cancel()
            self.grace = None
        old, self.page = self.page, page
        if old is not None and old is not page:
            old.send({"type": "replaced", "at": self._clock(), "data": {}})
            old.close(REPLACED, "replaced")
        self.gone.clear()
        agent, queues = parts.get("agent"), parts.get("queues")
        messages = self.state.resume(seq, self._clock())
        fresh = bool(messages) and messages[0]["type"] == "snapshot"
        if fresh:
            self.state.refresh(agent, queues)
            messages = [self.state.snapshot(self._clock())]
        for message in messages:
            page.send(message)
        if fresh:
            for leg_id, (offer, _) in self.media.items():
                self.push("media_offer", {"leg_id": leg_id, "sdp": offer})
        elif agent is not None and dict(agent) != self.state.agent:
            self.push("agent", agent)

    def decide(self, contact_id: str, outcome: RingOutcome) -> None:
        """Raises Conflict where nothing rings any more."""
        decision = self.ringing.get(contact_id)
        if decision is None or decision.done():
            raise Conflict("this call is no longer ringing here")
        decision.set_result(outcome)

    def answered(self, leg_id: str, sdp: str) -> None:
        """Raises Conflict where the offer is no longer open."""
        _, answer = self.media.get(leg_id, ("", None))
        if answer is None or answer.done():
            raise Conflict("this call has ended")
        answer.set_result(sdp)

    def was_shown(self, contact_id: str) -> None:
        waiter = self.shown.get(contact_id)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
