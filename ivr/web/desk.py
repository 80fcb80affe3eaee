"""The agents' pages: one desk an agent, whichever tab or connection shows it. Implements `ivr.acd.desk.Desk`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket

from ivr.acd.desk import AT_WALL, RingOutcome, person_of
from ivr.errors import Conflict, IvrError, NotAllowed, NotFound
from ivr.web.agent_desk import REPLACED, AgentDesk
from ivr.web.agent_leg import open_agent_leg
from ivr.web.desk_commands import AT_WALL_SAY, COMMANDS, MOST_OPENING, NOTE, NOTED, OF_THE_CALL, OF_THE_PAGE, PAGE_ANSWERS, SHOW
from ivr.web.desk_state import Watch, nobody_watches
from ivr.web.page_socket import PageSocket, text_of
from ivr.web.parts import Account, AgentActions, OpenLeg
from telephony.errors import TelephonyError, TransportError
from telephony.leg import CallLeg, Party

log = logging.getLogger(__name__)

CLOSING = 5.0
"""Seconds that what pages asked for may still take when the server stops."""

PICTURE = 1.0
"""Seconds for which a page that came up waits for what another node knows of its call: where its first picture has the call,
it keeps the audio that it has, and what is being typed."""

TRY_AGAIN = 1013
NO_AGENT = 4404
"""Whoever signed in is none of the agents of the settings: trying again helps nobody."""
GOING_AWAY = 1001

Elsewhere = Callable[[str, str, Sequence[str]], Awaitable[bool]]
"""(command, agent, its fields' values)"""

_STOP_WORDS = {
    RingOutcome.ACCEPTED: "accepted",
    RingOutcome.DECLINED: "declined",
    RingOutcome.NO_ANSWER: "no_answer",
    RingOutcome.GONE: "no_answer",
}


class DeskHub:
    """All desks of this node. `start` it with the agents' actions before the first page comes.

    All seconds: `shown_seconds` is how long the ring waits for the transcript to be on the screen, `grace` how long a page
    may be away (a reload), `media_seconds` how long it may take to answer the audio offer, `silence` how long it may say
    nothing.
    """

    def __init__(
        self,
        open_leg: OpenLeg,
        *,
        settings: Mapping[str, Any],
        clock: Callable[[], float] = time.time,
        shown_seconds: float = 1.0,
        grace: float = 4.0,
        media_seconds: float = 15.0,
        silence: float = 5.0,
    ) -> None:
        self._open_leg = open_leg
        self._settings = settings
        self._clock = clock
        self._shown_seconds = shown_seconds
        self._grace = grace
        self._media_seconds = media_seconds
        self._silence = silence
        self._desks: dict[str, AgentDesk] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._actions: AgentActions | None = None
        self._elsewhere: Elsewhere = _nowhere_else
        self.watch: Watch = nobody_watches

    def start(self, actions: AgentActions, elsewhere: Elsewhere | None = None) -> None:
        """`elsewhere` does what a button means on another node; False where the call is on this one."""
        self._actions = actions
        if elsewhere is not None:
            self._elsewhere = elsewhere

    @property
    def online(self) -> tuple[str, ...]:
        """Agents who have a page open."""
        return tuple(agent_id for agent_id, desk in self._desks.items() if desk.page is not None)

    async def close(self) -> None:
        """Close every page and wait for what its closing set off."""
        for desk in self._desks.values():
            if desk.grace is not None:
                desk.grace.cancel()
            if desk.page is not None:
                desk.page.close(GOING_AWAY, "the server stops")
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSING)
            for task in late:
                log.warning("what a page asked for is given up: %s", task.get_coro())
                task.cancel()

    # --- ivr.acd.desk.Desk

    async def present(self, agent_id: str, contact: Mapping[str, Any]) -> bool:
        desk = self._desk(agent_id)
        if desk.gone.is_set():
            return False
        contact_id = str(contact["id"])
        waiter = desk.shown[contact_id] = asyncio.get_running_loop().create_future()
        try:
            desk.push("contact", contact)
            async with asyncio.timeout(self._shown_seconds):
                await waiter
        except TimeoutError:
            log.info("agent %s: the page did not confirm the transcript in time", agent_id)
        except asyncio.CancelledError:
            desk.push("ring_stopped", {"contact_id": contact_id, "reason": "caller_left"})
            raise
        finally:
            desk.shown.pop(contact_id, None)
        return desk.page is not None

    async def ring(self, agent_id: str, contact_id: str, seconds: float) -> RingOutcome:
        desk = self._desk(agent_id)
        if desk.gone.is_set():
            desk.push("ring_stopped", {"contact_id": contact_id, "reason": "no_answer"})
            return RingOutcome.GONE
        decision = desk.ringing[contact_id] = asyncio.get_running_loop().create_future()
        gone = asyncio.ensure_future(desk.gone.wait())
        reason = "caller_left"
        try:
            desk.push("ring", {"contact_id": contact_id, "until": self._clock() + seconds})
            await asyncio.wait((decision, gone), timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
            outcome = RingOutcome.NO_ANSWER
            if decision.done():
                outcome = decision.result()
            elif gone.done():
                outcome = RingOutcome.GONE
            reason = _STOP_WORDS[outcome]
            return outcome
        finally:
            gone.cancel()
            desk.ringing.pop(contact_id, None)
            desk.push("ring_stopped", {"contact_id": contact_id, "reason": reason})

    async def connect(self, agent_id: str, contact_id: str) -> CallLeg:
        agent = Party(agent_id, self._desk(agent_id).name, authenticated=True)
        return await open_agent_leg(self, self._open_leg, agent, contact_id)

    async def ask_media(self, agent_id: str, leg_id: str, offer: str) -> str:
        """Give the page an audio offer, of whichever node, and return its answer. Raises TransportError where none comes."""
        desk = self._desk(agent_id)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        desk.media[leg_id] = (offer, answer)
        gone = asyncio.ensure_future(desk.gone.wait())
        try:
            servers = {"ice_servers": self._settings.get("ice_servers", [])} if agent_id.endswith(AT_WALL) else {}
            desk.push("media_offer", {"leg_id": leg_id, "sdp": offer, **servers})
            desk.push("media", {"leg_id": leg_id, "state": "connecting"})
            await asyncio.wait((answer, gone), timeout=self._media_seconds, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise TransportError(f"the page of agent {agent_id} did not answer the audio offer")
            return answer.result()
        finally:
            gone.cancel()
            desk.media.pop(leg_id, None)

    async def look_for(self, agent_id: str) -> None:
        """All pages are here."""

    def left(self, agent_id: str) -> None:
        """The agent's page is at another node now: one that is still open here gives way, and what it showed is old."""
        desk = self._desk(agent_id)
        if desk.page is not None:
            desk.page.send({"type": "replaced", "at": self._clock(), "data": {}})
            desk.page.close(REPLACED, "replaced")
        desk.state.forget()

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self._desk(agent_id).push(kind, data)

    def broadcast(self, kind: str, data: Mapping[str, Any]) -> None:
        """Push to every agent who has a page open: what concerns all, such as `queues`."""
        for desk in self._desks.values():
            if not desk.gone.is_set():
                desk.push(kind, data)

    # --- the socket

    async def serve(self, socket: WebSocket, account: Account) -> None:
        """Run one accepted socket of `account` until it closes."""
        desk = self._desk(account.id)
        desk.name, desk.roles = account.name or account.id, frozenset(account.roles)
        page = PageSocket(socket, silence=self._silence)
        attached = False

        async def handle(message: Mapping[str, Any]) -> None:
            nonlocal attached
            if not attached or message["type"] == "resume":
                attached = await self._resume(desk, page, message)
            if attached and message["type"] != "resume" and desk.page is page:
                await self._heed(desk, page, message)

        try:
            await page.serve(handle)
        finally:
            self._left(desk, page)

    async def listen(self, socket: WebSocket, account: Account) -> None:
        """Run one accepted socket of a supervisor who is in talks of others, until it closes; no agent sits there."""
        desk, page = self._desk(f"{account.id}{AT_WALL}"), PageSocket(socket, silence=self._silence)
        desk.name, desk.roles = account.name or account.id, frozenset(account.roles)

        async def handle(message: Mapping[str, Any]) -> None:
            if desk.page is page and message["type"] in AT_WALL_SAY:
                await self._heed(desk, page, message)

        assert self._actions is not None
        try:
            async with desk.turnstile:
                await self._actions.listener(desk.agent_id, True)
                desk.attach(page, desk.state.seq, {})
            outcomes = {"dispositions": self._settings.get("dispositions", [])}
            page.send({"type": "settings", "at": self._clock(), "data": outcomes})
            await page.serve(handle)
        except IvrError as error:
            log.warning("supervisor %s: %s", account.id, error)
            await socket.close(TRY_AGAIN)
        finally:
            if desk.page in (page, None):
                desk.page, desk.monitored = None, ""
                desk.gone.set()
                self._beside(self._left_listening(desk))

    async def _left_listening(self, desk: AgentDesk) -> None:
        assert self._actions is not None
        async with desk.turnstile:
            if desk.page is None:
                try:
                    await self._actions.listener(desk.agent_id, False)
                except IvrError as error:
                    log.warning("%s: the end of the page could not be told: %s", desk.agent_id, error)

    async def _monitor(self, desk: AgentDesk, contact_id: str, mode: str) -> None:
        """One talk at a time: another one leaves the first."""
        if "supervisor" not in desk.roles:
            raise NotAllowed("this needs the role supervisor")
        taken = desk.state.monitor or {}
        if taken.get("mode") == "take" and taken.get("contact_id") != contact_id:
            raise Conflict("you have a caller: hang up first, or open the call at your desk")
        before, desk.monitored = desk.monitored, "" if mode == "stop" else contact_id
        if before and before != contact_id:
            with suppress(IvrError):
                await self._order("monitor", desk, [before, "stop"])
        await self._order("monitor", desk, [contact_id, mode])
        if mode not in ("stop", "take") and desk.monitored != contact_id:  # left again before the audio was there
            await self._order("monitor", desk, [contact_id, "stop"])

    async def _order(self, kind: str, desk: AgentDesk, values: Sequence[str]) -> None:
        opens = kind in PAGE_ANSWERS and values[-1:] != ["stop"]
        if opens and desk.opening >= MOST_OPENING:
            raise Conflict("what you asked for before is not there yet")
        desk.opening += opens
        try:
            who = desk.agent_id if kind in OF_THE_PAGE else person_of(desk.agent_id)
            if not await self._done_elsewhere(kind, who, values):
                await getattr(self._actions, kind)(who, *values)
        finally:
            desk.opening -= opens

    async def _done_elsewhere(self, kind: str, who: str, values: Sequence[str]) -> bool:
        """Whether the node of the call did it. A note goes there too, and stays here where that node says nothing."""
        if kind in OF_THE_CALL:
            return await self._elsewhere(kind, who, values)
        if kind == NOTE:
            with suppress(Conflict):
                return await self._elsewhere(kind, who, values)
        return False

    async def _resume(self, desk: AgentDesk, page: PageSocket, message: Mapping[str, Any]) -> bool:
        data = message.get("data")
        seq = data.get("seq") if message["type"] == "resume" and isinstance(data, dict) else 0
        assert self._actions is not None, "DeskHub.start was not called"
        async with desk.turnstile:
            try:
                parts = await self._actions.page_opened(desk.agent_id)
            except IvrError as error:
                log.warning("agent %s: the desk cannot be opened: %s", desk.agent_id, error)
                nobody = isinstance(error, NotFound) and desk.state.agent is None  # else Redis has lost who was there before
                page.close(*((NO_AGENT, "no agent") if nobody else (TRY_AGAIN, "try again")))
                return False
            if parts.get("moved"):
                desk.state.forget()
                seq = 0  # of the desk there
            shown = desk.state.contact or {}
            missed = [self._beside(self._show(desk, one)) for one in parts.get("held", ()) if one != shown.get("id")]
            if missed:
                await asyncio.wait(missed, timeout=PICTURE)
            desk.attach(page, seq if isinstance(seq, int) else 0, parts)
        return True

    async def _show(self, desk: AgentDesk, contact_id: str) -> None:
        """A contact that this desk has no picture of: the page came up at another node, or the agent was given it elsewhere."""
        try:
            await self._order(SHOW, desk, [contact_id])
        except (IvrError, TelephonyError) as error:
            log.warning("agent %s: contact %s cannot be shown: %s", desk.agent_id, contact_id, error)

    async def _heed(self, desk: AgentDesk, page: PageSocket, message: Mapping[str, Any]) -> None:
        if message["type"] in PAGE_ANSWERS:
            self._beside(self._answer(desk, page, message))
        else:
            await self._answer(desk, page, message)

    async def _answer(self, desk: AgentDesk, page: PageSocket, message: Mapping[str, Any]) -> None:
        error: str | None = None
        try:
            await self._perform(desk, str(message["type"]), message.get("data"))
        except IvrError as refused:
            error = str(refused)
        except TelephonyError as failed:
            log.warning("agent %s: %s: %s", desk.agent_id, message["type"], failed)
            error = "the audio connection failed"
        except Exception:
            log.exception("agent %s: %s failed", desk.agent_id, message["type"])
            error = "that did not work; the cause is in the server's log"
        request = message.get("id")
        if isinstance(request, str) and len(request) <= 64:
            page.send(desk.state.reply(request, error, self._clock()))

    async def _perform(self, desk: AgentDesk, kind: str, data: object) -> None:
        """Raises Conflict for what is unknown, malformed or too late."""
        if kind == "ping":
            return
        fields = data if isinstance(data, dict) else {}
        match kind:
            case "shown":
                desk.was_shown(text_of(fields, "contact_id", 64))
            case "accept":
                desk.decide(text_of(fields, "contact_id", 64), RingOutcome.ACCEPTED)
            case "decline":
                desk.decide(text_of(fields, "contact_id", 64), RingOutcome.DECLINED)
            case "media_answer":
                desk.answered(text_of(fields, "leg_id", 64), text_of(fields, "sdp", 20000))
            case "monitor":
                await self._monitor(desk, text_of(fields, "contact_id", 64), text_of(fields, "mode", 10))
            case _ if kind in COMMANDS:
                values = [text_of(fields, name, most) for name, most in COMMANDS[kind].items()]
                await self._order(kind, desk, values)
                if kind in NOTED:
                    desk.state.noted(values[0], values[NOTED[kind]])
            case _:
                raise Conflict(f"this server does not know '{kind[:40]}'")

    def _left(self, desk: AgentDesk, page: PageSocket) -> None:
        if desk.page is page:
            desk.page = None
            # A page that fell silent had its time already.
            wait, reason = (0.0, "page gone") if page.silent else (self._grace, "page closed")
            desk.grace = asyncio.get_running_loop().call_later(wait, self._gone, desk, reason)

    def _gone(self, desk: AgentDesk, reason: str) -> None:
        desk.gone.set()
        self._beside(self._tell_gone(desk, reason))

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _tell_gone(self, desk: AgentDesk, reason: str) -> None:
        assert self._actions is not None
        async with desk.turnstile:
            if desk.gone.is_set():
                try:
                    await self._actions.page_closed(desk.agent_id, reason)
                    log.info("agent %s: %s", desk.agent_id, reason)
                except IvrError as error:
                    log.warning("agent %s: the end of the page could not be told: %s", desk.agent_id, error)

    def _desk(self, agent_id: str) -> AgentDesk:
        desk = self._desks.get(agent_id)
        if desk is None:
            desk = self._desks[agent_id] = AgentDesk(agent_id, self._settings, self._clock)
            desk.watch = self.watch
        return desk


async def _nowhere_else(kind: str, agent_id: str, values: Sequence[str]) -> bool:
    """A node on its own has every call."""
    return False
