"""The way from a queue to an agent: music, offers, the ring, the talk, and the wrap-up. Nothing stays stuck whoever vanishes.

Leaving the coroutine by any way (the caller hangs up, the flow takes the caller out, a fault) gives the contact's place and
the agent back.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ivr.acd.estimate import Foretold
from ivr.acd.model import Contact, named
from ivr.acd.place import Delayed, Moved, Offered, Place, PlaceEvent, Refused
from ivr.acd.rows import details_of
from ivr.call import Disposition
from ivr.dialplan.events import AgentRung, Enqueue, Listen, Queued, QueueLeft
from ivr.errors import IvrError, QueueFull, StoreUnavailable
from ivr.session.delaying import tell_delayed
from ivr.session.destination import Destination, Kind
from ivr.session.marking import mark, mark_phase
from ivr.session.meanwhile import Told, comforting
from ivr.session.moving import Moving, Order, drained_to, sent_on
from ivr.session.onward import AGENT_SECONDS, send_on
from ivr.session.promised import Stay, asked
from ivr.session.ringing import Ringing
from ivr.session.serving import LOST, Serving
from ivr.session.view import Placement
from telephony.errors import TelephonyError
from telephony.leg import CallLeg

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)


class Waiting:
    """One stay in one queue. `run` returns the `QueueLeft` for the flow, unless it is cancelled."""

    def __init__(self, session: CallSession, command: Enqueue, only: str = "") -> None:
        """`only` is the one agent who may take the call, for `AGENT_SECONDS`; then anybody who can."""
        self._session, self._only = session, only
        self._services = session.services
        self._started = session.services.clock()
        self._wait_by(command)
        self._alone: asyncio.Future[None]
        self.overflowing = False
        """The flow takes the caller out of the queue: no caller has given up."""
        self._position = 0
        self._stands: Place | None = None
        self._foretold = Foretold()
        self._reading: asyncio.Task[PlaceEvent | None] | None = None
        self._serving = Serving(session, self._started, self._place)
        self._sent: Destination | None = None
        """Where an agent sent the caller."""
        self._order: Order | None = None
        """The last move, where that was nobody who talked."""
        self._last_agent = ""
        self._until: float | None = None
        """End of the wait on the loop's clock; a talk suspends it."""

    def _wait_by(self, command: Enqueue) -> None:
        self._command, self._rules = command, self._services.queues.of(command.queue)
        self._music = self._session.voice.music(command.music or self._rules.music, self._session.call.language)

    async def run(self) -> QueueLeft:
        session = self._session
        outcome = "error"
        session.summing.write(session)
        session.summing.ask_model(session)
        try:
            outcome = await self._wait_in_turn()
        except QueueFull:
            outcome = "full"
        except (IvrError, TelephonyError) as error:
            log.error("%s queue %s: %s", session.call.correlation, self._command.queue, error)
        finally:
            if self._reading is not None:
                self._reading.cancel()
            if not self._serving.talked:
                session.record(wait_seconds=self._services.clock() - self._started)
            mark(session, "over")
            session.agent_id = ""
            session.placement = None
        return QueueLeft(outcome)

    async def _wait_in_turn(self) -> str:
        """One wait after another, for as long as agents send the caller on to each other."""
        while True:
            try:
                async with asyncio.timeout(None) as self._deadline:
                    self._until = None
                    self._limit_anew()
                    outcome = await self._wait()
            except TimeoutError:
                if not self._only:
                    return "timeout"
                self._only, outcome = "", "again"
            if outcome == "sent":
                assert self._sent is not None
                mark(self._session, "transfer", str(self._sent))
                onward = await send_on(self._session, self._sent, self._last_agent)
                if onward is None:
                    return "served"
                self._redirect(onward)
            elif outcome != "again":
                return outcome

    def _redirect(self, to: Destination) -> None:
        """Wait for somebody else from now on."""
        queue, self._only = (to.name, "") if to.kind is Kind.QUEUE else (self._command.queue, to.name)
        self._wait_by(sent_on(self._command, queue, self._order, self._started))
        self._order = None
        self._session.promise.stay = Stay(self._command, self._started)

    def _limit_anew(self) -> None:
        seconds = AGENT_SECONDS if self._only else self._command.max_wait
        if seconds:
            self._until = asyncio.get_running_loop().time() + seconds
        self._deadline.reschedule(self._until)

    async def _wait(self) -> str:
        session, command = self._session, self._command
        session.placement = Placement(command.queue, dict(command.needs), self._started, "waiting")
        mark_phase(session, "waiting")
        if session.disposition in (Disposition.LEFT_FLOW, Disposition.OVERFLOWED):
            session.disposition = Disposition.ABANDONED
        contact = self._contact()
        session.record(queue=command.queue, queued_at=self._started, queueing=json.loads(details_of(contact)))
        if not self._only and self._rules.closed(session.machine.environment, self._started):
            return "closed"
        if not self._only and (order := await drained_to(session, command.queue)):
            return self._moved(order) if order.to.name else "closed"
        self._moving = self._services.waits.put(session.call.id, Moving())
        house, grace = self._services.queues, None if self._only else command.no_agents_after
        self.play_music()
        self.keep_listening()
        most = 0 if self._only or command.since else self._rules.max_waiting
        async with self._services.router.place(contact, most) as place, house.watched(contact, grace) as self._alone:
            messages = None if command.comforted else asyncio.create_task(comforting(session, self._rules))
            try:
                return await self._until_served(place)
            finally:
                if messages is not None:
                    messages.cancel()
                self._services.waits.remove(session.call.id)
                if self.overflowing or self._deadline.expired() or self._moving.order:
                    with suppress(StoreUnavailable):  # the router owes it then
                        await place.left("overflowed")

    async def _until_served(self, place: Place) -> str:
        if self._reading is not None:  # of the place before, in a wait that an agent sent the caller on from
            self._reading.cancel()
            self._reading = None
        self._stands, events = place, place.__aiter__()
        while True:
            event = await self._next(events, self._command.announce_every or None)
            if isinstance(event, Moved):
                self._position, self._foretold = event.position, Foretold(event.estimate, self._services.clock())
                self._tell_position()
            elif isinstance(event, Delayed):
                tell_delayed(self._session)
            elif event is None and (order := self._moving.order):
                return self._moved(order)
            elif event is None and self._alone.done():
                self.overflowing = True
                return "no_agents"
            elif isinstance(event, Refused) or event is None:
                raise StoreUnavailable(event.why if event is not None else "the place is gone")
            elif isinstance(event, Offered) and (how := await self._offered(place, events, event)):
                return how

    def _moved(self, order: Order) -> str:
        self._sent, self._order = order.to, order
        return "sent"

    def _contact(self) -> Contact:
        """The caller as the queue sees it: what is needed, or the one agent who is wanted."""
        session, command = self._session, self._command
        only = (self._only,) if self._only else command.only
        needs, where, relax = asked(replace(command, only=only))
        return Contact(
            id=session.call.id,
            queue=command.queue,
            enqueued_at=min(command.since, self._started) or self._started,
            needs=needs,
            where=where,
            relax=relax,
            priority=command.priority,
            prefer=named(command.prefer),
            prefer_until=self._started + command.prefer_seconds if command.prefer else 0.0,
            only=frozenset(named(only)),
            excluded=frozenset(named(command.exclude)),
            node=self._services.node,
            language="" if only else session.call.language,
        )

    async def _next(self, events: Any, seconds: float | None) -> PlaceEvent | None:
        """The next event of the place, None where nobody on duty could ever take it; each time `seconds` pass without one, the
        position is told again."""
        reading = self._read(events)
        while True:
            either: set[asyncio.Future[Any]] = {reading, self._alone, self._moving.asked}
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return self._taken()
            if self._alone.done() or self._moving.asked.done():
                return None
            self._tell_position()

    def _read(self, events: Any) -> asyncio.Task[PlaceEvent | None]:
        """The one pending read; it outlives a wait that ended for another reason, so that no event is lost."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(anext(events, None))
        return self._reading

    def _taken(self) -> PlaceEvent | None:
        assert self._reading is not None
        reading, self._reading = self._reading, None
        return reading.result()

    def _tell_position(self) -> None:
        if self._position:
            now, size = self._services.clock(), 0 if self._stands is None else self._stands.size
            self._session.emit(Queued(self._position, now - self._started, self._foretold.left(now), size))

    def play_music(self) -> None:
        self._session.leg.play(self._music, repeat=True)

    def keep_listening(self) -> None:
        """What the caller says while waiting still reaches the agent's screen."""
        session = self._session
        if session.voice.can_hear(session.call.language):
            session.voice.listen(Listen(session.call.language, session.phrases()), lasting=True)

    # --- an offer

    async def _offered(self, place: Place, events: Any, offer: Offered) -> str:
        """Show, ring, join; "served" or "sent" when the talk is over, "" when the wait goes on."""
        session = self._session
        self._events, agent_id = events, ""
        try:
            agent_id = await Ringing(session, place, self).run(offer)
            if agent_id:
                return await self._joined(place, await self._connect(agent_id))
        except TelephonyError as error:
            agent_id = session.agent_id or agent_id  # it may have been handed to a colleague meanwhile
            log.warning("%s agent %s: no audio: %s", session.call.correlation, agent_id, error)
        finally:
            session.agent_id = ""
        if agent_id:
            self._off_the_page(agent_id)
            await place.declined("media")
        self._deadline.reschedule(self._until)
        self._wait_again()
        return ""

    def _off_the_page(self, agent_id: str) -> None:
        """The contact is not this agent's any more, though the page may still be there."""
        self._session.agent_id = ""
        self._services.desk.push(agent_id, "contact", {"id": self._session.call.id, "phase": "ended"})

    def _wait_again(self) -> None:
        self._services.waits.put(self._session.call.id, self._moving)
        self._place("waiting", why="", answered_at=None, taken_at=None)
        self._tell_position()
        if not self._session.voice.listening:
            self.keep_listening()

    # --- ivr.session.ringing.Reads

    def read(self) -> asyncio.Task[PlaceEvent | None]:
        return self._read(self._events)

    def taken(self) -> PlaceEvent | None:
        return self._taken()

    def moved(self) -> asyncio.Future[Order]:
        return self._moving.asked

    def heard(self, event: PlaceEvent) -> None:
        if isinstance(event, Moved):
            self._position, self._foretold = event.position, Foretold(event.estimate, self._services.clock())

    async def accepted(self, place: Place, agent_id: str) -> bool:
        """A talk suspends the limit of the wait, and begins here: it must not run out while the queue is told."""
        self._deadline.reschedule(None)
        if await place.accepted(agent_id):
            self._session.agent_id = agent_id
            self._services.waits.remove(self._session.call.id)
            return True
        self._deadline.reschedule(self._until)
        return False

    def show_offer(self, why: str) -> None:
        self._session.emit(AgentRung())
        self._place("offered", why=why)

    async def _connect(self, agent_id: str) -> CallLeg:
        self._session.emit(told := Told(AgentRung(answered=True)))
        try:
            await told.done.wait()
            self._place("connecting", answered_at=self._services.clock())
            self._session.voice.pause()
            return await self._services.desk.connect(agent_id, self._session.call.id)
        except asyncio.CancelledError:  # the caller left in this very moment: the agent, who had accepted, wraps up
            self._place("wrap_up")
            raise

    # --- the talk

    async def _joined(self, place: Place, agent_leg: CallLeg) -> str:
        """The talk itself. "" where the agent's side was lost: the caller hears music and waits again."""
        how = await self._serving.run(place, agent_leg, self._music)
        if how == LOST:
            self.play_music()
            self._off_the_page(self._serving.last_agent)
            await place.declined("gone")
            self._limit_anew()
            self._wait_again()
            return ""
        if how == "sent":
            self.play_music()
            self._sent, self._last_agent = self._serving.sent, self._serving.last_agent
        return how

    def _place(self, phase: str, **changes: Any) -> None:
        session = self._session
        if session.placement is None:
            return
        session.placement = session.placement.at(phase, **changes)
        mark_phase(session, phase)
        if phase in ("held", "connected"):
            session.tell_page("phase", {"phase": "held" if phase == "held" else "agent"})
        session.show()
