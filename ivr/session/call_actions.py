"""What an agent's buttons do to a call beyond hold and hang-up: send it on, ask somebody, join three, park, record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from ivr.acd.desk import RingOutcome, person_of
from ivr.acd.model import AgentState
from ivr.dialplan.events import Prompt
from ivr.errors import Conflict, NotFound
from ivr.session.call_session import CallSession
from ivr.session.consult import Consult
from ivr.session.destination import Destination, Kind, destination
from ivr.session.inviting import Guest
from ivr.session.monitoring import ROLES
from ivr.session.parking import ParkingLot
from ivr.session.showing import show_again
from ivr.session.taking import Taker
from ivr.session.talk import Talk
from ivr.session.talks import Talks
from telephony.leg import CallLeg, EndCause, Ended, LegState, Party

log = logging.getLogger(__name__)
audit = logging.getLogger("ivr.audit")

MONITOR_RING_SECONDS = 20.0
RECORD_ACTIONS = ("start", "pause", "resume", "stop")


@runtime_checkable
class Watched(Protocol):
    """A leg that tells its end to others too: a page's."""

    def when_ended(self, watcher: Callable[[Ended], None]) -> None: ...


class CallActions:
    """Part of `ivr.web.parts.AgentActions`. Everything raises Conflict with words for the page where it cannot be."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks
        self.find: Callable[[str], CallSession | None] = lambda contact_id: None
        """The running call of a contact; set by `ivr.app`, for calls and actions need each other."""
        self.parking: ParkingLot | None = None
        self.phones: Mapping[str, str] = {}
        """Agent to the SIP URI of the device that stands for them."""
        self._taken: dict[tuple[str, str], CallLeg] = {}
        """Supervisor and contact to the leg of who took the caller."""

    async def transfer(self, agent_id: str, contact_id: str, to: str) -> None:
        """Blind: the caller goes to an agent, a queue, a flow, a parking slot or a number; this agent is free."""
        await self._send(agent_id, contact_id, destination(to))

    async def park(self, agent_id: str, contact_id: str, slot: str) -> None:
        """Into `slot`, "" for a free one; a time-out brings the caller back to this agent."""
        if self.parking is None or not self.parking.slots:
            raise Conflict("there are no parking slots")
        if slot and not self.parking.is_slot(slot):
            raise Conflict(f"there is no parking slot {slot}")
        await self._send(agent_id, contact_id, Destination(Kind.PARK, slot))

    async def pick_up(self, agent_id: str, slot: str) -> None:
        """The caller in `slot` rings at this agent's desk next; a wrap-up is over with it."""
        if self.parking is None:
            raise Conflict("there are no parking slots")
        try:
            parked = self.parking.pick_up(slot, agent_id)
        except NotFound as error:
            raise Conflict(str(error)) from error
        if (call := self.find(parked.contact_id)) is not None:
            store = call.services.router.store
            if (await store.agent(agent_id)).state is AgentState.WRAP_UP:
                await store.end_wrap_up(agent_id)

    async def consult(self, agent_id: str, contact_id: str, to: str) -> None:
        """Call somebody while the caller hears music: a number, a registered user, or an agent, at page or phone."""
        talk, call = self._session(agent_id, contact_id)
        match destination(to):
            case Destination(Kind.NUMBER, number):
                talk.call(number, Party(agent_id, call.call.caller.name or call.call.caller.number))
            case Destination(Kind.AGENT, name):
                await self._ask(talk, call, agent_id, name)
            case _:
                raise Conflict("ask an agent or a number; `transfer` leads to a queue, a flow or a parking slot")

    async def _ask(self, talk: Talk, call: CallSession, agent_id: str, name: str) -> None:
        """A colleague is held, and only then rung: nobody else may call them in between. Who has a phone is rung there also
        when the queues would offer him nothing."""
        if name == agent_id:
            raise Conflict("that is you")
        if talk.consult is not None or talk.away:
            raise Conflict("a third party is on the line: complete, or come back first")
        store = call.services.router.store
        _, agents = await store.read((), [agent_id, name])
        names = {agent.id: agent.name or agent.id for agent in agents}
        guest = Guest(call, name, agent_id, names.get(agent_id, agent_id))
        try:
            await guest.reserve()
        except Conflict:
            if name not in self.phones:
                raise
            talk.call(self.phones[name], Party(agent_id, call.call.caller.name or call.call.caller.number))
            return
        try:
            talk.invite(guest, names.get(name, name))
        except BaseException:
            await guest.forget()
            raise

    async def toggle(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).toggle()

    async def three_way(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).three_way()

    async def complete(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).complete()

    async def back(self, agent_id: str, contact_id: str) -> None:
        self._talk(agent_id, contact_id).back()

    async def record(self, agent_id: str, contact_id: str, action: str) -> None:
        """`start`, `pause` (card data), `resume` or `stop`; the page hears the state as `recording`."""
        _, call = self._session(agent_id, contact_id)
        match action:
            case "start":
                call.recordings.start()
            case "pause":
                call.recordings.pause(f"agent {agent_id}")
            case "resume":
                call.recordings.resume()
            case "stop":
                call.recordings.stop()
            case _:
                raise Conflict(f"a recording can {', '.join(RECORD_ACTIONS)}")
        data = {"contact_id": contact_id, "state": call.recordings.state}
        call.services.desk.push(agent_id, "recording", data)

    async def announce(self, agent_id: str, contact_id: str, prompt: str) -> None:
        """Caller and agent hear a recorded prompt in the caller's language."""
        talk, call = self._session(agent_id, contact_id)
        if prompt not in call.services.prompts.names():
            raise Conflict(f"there is no prompt {prompt}")
        talk.announce(call.services.prompts.clips((Prompt(prompt, call.call.language),)))

    async def monitor(self, agent_id: str, contact_id: str, mode: str) -> None:
        """A supervisor listens to somebody's talk (`listen`), speaks to the agent alone (`whisper`), to both (`barge`), has the
        caller alone (`take`), or goes (`stop`). The first opens the supervisor's audio at page or phone. Who may is asked of
        whoever has the page."""
        if mode not in (*ROLES, "take", "stop"):
            raise Conflict(f"a supervisor can {', '.join(ROLES)}, take or stop")
        if self._has_taken(agent_id, contact_id):
            if mode != "stop":
                raise Conflict("the caller talks to you already; hang up, or send the caller on")
            self._give_up(agent_id, contact_id)
            return
        talk, call = self._talks.running(contact_id), self.find(contact_id)
        if call is None:
            raise Conflict("this call has ended")
        here = agent_id in talk.audience
        audit.warning("supervisor %s: %s on %s", agent_id, mode, contact_id)
        if mode == "stop":
            talk.audience.remove(agent_id)
            return
        if not here:
            await self._let_in(talk, call, agent_id, "listen" if mode == "take" else mode)
        elif mode != "take":
            talk.audience.change(agent_id, mode)
        if mode == "take":
            if not here:  # who may not take the caller is in the talk all the same
                self._tell_monitor(call, agent_id, "listen")
            if await self._take(talk, call, agent_id):
                self._tell_monitor(call, agent_id, "off", "desk")
                return
        self._tell_monitor(call, agent_id, mode)

    async def _take(self, talk: Talk, call: CallSession, page: str) -> bool:
        """The caller is the supervisor's, as any agent's: with hold, transfer, wrap-up, and a page that may be loaded again.
        Whom the queues do not know can talk and hang up. True where the page is a desk, which has the contact then."""
        person = person_of(page)
        if self._talks.asked(call.call.id, person) is not None:
            raise Conflict("you are asked about this call: its agent can hand it to you")
        taker = Taker(call, person)
        known = await taker.hold()
        try:
            talk.take(page, taker if known else None)
        except BaseException:
            if known:
                await taker.forget()
            raise
        leg = talk.partner
        assert leg is not None
        if known:
            call.at_wall = page if page != person else ""
            await call.services.desk.look_for(person)
        else:
            self._taken = {one: other for one, other in self._taken.items() if other.state is not LegState.ENDED}
            self._taken[page, call.call.id] = leg
        at_desk = known and page == person
        if not at_desk:
            self._watch(call, page, leg)
        return at_desk

    def _watch(self, call: CallSession, page: str, leg: CallLeg) -> None:
        """Tell the wall when the caller is not there any more: the call is over, the audio lost, or the desk has it."""
        if not isinstance(leg, Watched):
            return

        def ended(event: Ended) -> None:
            self._taken.pop((page, call.call.id), None)
            reason = "over" if event.cause is EndCause.RELEASED else "lost"
            if reason == "over" and self._talks.owner(call.call.id) == person_of(page):
                if call.at_wall == page:  # it came back to the same page
                    return
                reason = "desk"
            self._tell_monitor(call, page, "off", reason)

        leg.when_ended(ended)

    def _has_taken(self, page: str, contact_id: str) -> bool:
        call = self.find(contact_id)
        at_wall = call is not None and call.at_wall == page and self._talks.owner(contact_id) == person_of(page)
        return at_wall or (page, contact_id) in self._taken

    def _give_up(self, page: str, contact_id: str) -> None:
        leg = self._taken.get((page, contact_id))
        if leg is not None:
            leg.hang_up()
        else:
            self._talks.find(contact_id, person_of(page)).hang_up()

    def _tell_monitor(self, call: CallSession, agent_id: str, mode: str, reason: str = "") -> None:
        told = {"contact_id": call.call.id, "mode": mode, **({"reason": reason} if reason else {})}
        call.services.desk.push(agent_id, "monitor", told)

    async def reattach(self, agent_id: str, contact_id: str) -> None:
        """A page that has the call gives its agent a voice again: after a reload, a crash, a network that was away, in another
        tab, or at the wall. A colleague who is asked comes back so as well."""
        page, person = agent_id, person_of(agent_id)
        self._part(person, contact_id)
        if (call := self.find(contact_id)) is None:
            raise Conflict("this call has ended")
        leg = await call.services.desk.connect(page, contact_id)
        before = call.at_wall
        try:
            part = self._part(person, contact_id)  # the caller may have been handed to the colleague meanwhile
            if isinstance(part, Talk):
                call.at_wall = page if page != person else ""
            part.returned(leg)
        except BaseException:
            call.at_wall = before
            leg.hang_up()
            raise
        if page != person:
            self._watch(call, page, leg)
            self._tell_monitor(call, page, "take")
        log.info("%s agent %s is back", call.call.correlation, page)

    async def show(self, agent_id: str, contact_id: str) -> None:
        """A page that came up elsewhere is given what this node knows of its contact."""
        if (call := self.find(contact_id)) is not None:
            await show_again(call, agent_id)

    async def _let_in(self, talk: Talk, call: CallSession, agent_id: str, mode: str) -> None:
        desk, contact_id = call.services.desk, call.call.id
        if call.agent_id == person_of(agent_id):
            raise Conflict("this is your own call")
        rung = agent_id in self.phones
        if rung and await desk.ring(agent_id, contact_id, MONITOR_RING_SECONDS) is not RingOutcome.ACCEPTED:
            raise Conflict("your phone was not answered")
        leg = await desk.connect(agent_id, contact_id)
        try:
            talk.monitor(agent_id, leg, mode, lambda why: self._tell_monitor(call, agent_id, "off", why))
        except BaseException:
            leg.hang_up()
            raise

    async def _send(self, agent_id: str, contact_id: str, to: Destination) -> None:
        talk, call = self._session(agent_id, contact_id)
        store = call.services.router.store
        if to.kind is Kind.QUEUE and to.name not in {queue.name for queue in await store.queues()}:
            raise Conflict(f"there is no queue {to.name}")
        if to.kind is Kind.FLOW and to.name not in call.services.flows.flows:
            raise Conflict(f"there is no flow {to.name}")
        if to.kind is Kind.AGENT and to.name not in await store.agent_ids():
            raise Conflict(f"there is no agent {to.name}")
        if to.kind is Kind.AGENT and to.name == agent_id:
            raise Conflict("that is you")
        talk.send(to)

    def _session(self, agent_id: str, contact_id: str) -> tuple[Talk, CallSession]:
        talk, call = self._talk(agent_id, contact_id), self.find(contact_id)
        if call is None:
            raise Conflict("this call has ended")
        return talk, call

    def _part(self, agent_id: str, contact_id: str) -> Talk | Consult:
        """What this agent's audio belongs to."""
        return self._talks.asked(contact_id, agent_id) or self._talk(agent_id, contact_id)

    def _talk(self, agent_id: str, contact_id: str) -> Talk:
        return self._talks.find(contact_id, agent_id)
