"""Two legs joined, a caller and an agent or an outside number: hold, keys, consultation, transfer, and the end of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ivr.errors import Conflict
from ivr.session.absence import Absence
from ivr.session.consult import Consult
from ivr.session.destination import Destination
from ivr.session.exchange import Exchange
from ivr.session.inviting import Guest
from ivr.session.monitoring import Monitored
from ivr.session.phone_wishes import FAREWELL_SECONDS, PhoneWishes
from ivr.session.referral import Referral
from telephony.errors import TelephonyError
from telephony.leg import (
    Bridge,
    CallLeg,
    EndCause,
    Ended,
    HeldByPeer,
    LegEvent,
    LegState,
    Party,
    Replaced,
    ResumedByPeer,
    TransferRequested,
)
from telephony.media.clip import Clip

if TYPE_CHECKING:
    from ivr.session.overhearing import Overhearing

log = logging.getLogger(__name__)

OURS = (EndCause.RELEASED, EndCause.SHUTDOWN)


class Talk(PhoneWishes, Absence):
    """One bridged conversation; made when both legs are UP.

    `finished` is set to how it ended: "agent" (hung up in order), "agent_lost" (the page or phone vanished), "transferred"
    (`partner` talks with the caller from now on), or "sent" (the caller goes to `destination`). A caller who hangs up ends the
    coroutine that owns the talk, which then calls `close`.
    """

    def __init__(
        self,
        caller: CallLeg,
        agent: CallLeg,
        bridge: Bridge,
        music: Sequence[Clip],
        changed: Callable[[str], None],
        exchange: Exchange | None = None,
        caller_away: bool = False,
        patience: float = 0.0,
    ) -> None:
        """`patience` is for how many seconds an agent whose audio is lost is waited for, while the caller hears music."""
        self._caller, self._agent, self._bridge, self._music = caller, agent, bridge, music
        self._changed, self._exchange = changed, exchange
        self._hung_up_here = False
        self._held_by_phone = False
        self._referral: Referral | None = None
        self._kept: Ended | None = None
        self._patience = patience
        self._due: asyncio.TimerHandle | None = None
        """Set while the agent's audio is away."""
        self.consult: Consult | None = None
        """The third party, while there is one."""
        self.held = False
        self.partner: CallLeg | None = None
        self.heir: Guest | None = None
        """The colleague whose leg `partner` is, where it was one."""
        self.destination: Destination | None = None
        self.finished: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ears: Overhearing | None = None
        """Who hears both sides."""
        self._caller_away = caller_away
        """The caller's phone put us on hold: what comes from it now is its music."""
        self._hear_agent(agent)

    def attend(self, ears: Overhearing) -> None:
        """Let `ears` hear both sides until the talk is over; its owner closes them."""
        self.ears = ears
        self._route()

    # --- hold, keys, words

    def hold(self) -> None:
        """The caller hears music. Raises Conflict where it does already."""
        self._no_consult()
        self._insist_there()
        if self.held:
            raise Conflict("the caller is on hold already")
        self._hold()

    def resume(self) -> None:
        self._no_consult()
        self._insist_there()
        if not self.held:
            raise Conflict("the caller is not on hold")
        self._resume()

    def send_digits(self, digits: str) -> None:
        """Press keys towards the caller's side. Raises Conflict for anything that is not a key."""
        if not digits or len(digits) > 32 or not set(digits) <= set("0123456789*#ABCD"):
            raise Conflict("keys are 0-9, *, # and A-D, 32 at most")
        self._caller.send_digits(digits)

    def announce(self, clips: Sequence[Clip]) -> None:
        """Both hear `clips`, then each other again. Raises Conflict while the caller is on hold or a third party is there."""
        self._no_consult()
        self._insist_there()
        if self.held:
            raise Conflict("the caller is on hold")
        for leg in (self._caller, self._agent):
            leg.play(clips)

    def hang_up(self) -> None:
        """End it by the agent's wish; where a third party is there, it and the caller talk on."""
        self._hung_up_here = True
        self._leave_two()

    # --- supervisors

    def monitor(self, who: str, leg: CallLeg, mode: str, told: Callable[[str], None]) -> None:
        """Let a supervisor `listen`, `whisper` to the agent, or `barge` in; the bridge becomes a conference for as long.

        `told` hears why that ends. Raises Conflict while the caller is on hold or a third party is there.
        """
        exchange = self._needs_exchange()
        self._no_consult()
        self._insist_there()
        if self.held:
            raise Conflict("the caller is on hold")
        if not isinstance(self._bridge, Monitored):
            self._bridge.close()
            self._bridge = Monitored(exchange.confer, self._caller, self._agent, self._music, self._join)
        self._bridge.add(who, leg, mode, told)

    def monitored_by(self, who: str) -> Monitored | None:
        """The conference that this supervisor is in, or None."""
        return self._bridge if isinstance(self._bridge, Monitored) and who in self._bridge else None

    def take(self, who: str) -> None:
        """A supervisor who is in the talk has the caller from now on; the agent is free. Raises Conflict for anybody else."""
        room = self.monitored_by(who)
        if room is None:
            raise Conflict("you do not listen to this call")
        self.partner = room.release(who)
        self._hung_up_here = True
        self._end("transferred")

    # --- to somebody else

    def send(self, destination: Destination) -> None:
        """Blind transfer: the caller goes to `destination`, the agent is free."""
        self.destination = destination
        self._hung_up_here = True
        self._end("sent")

    def call(self, target: str, caller: Party) -> None:
        """Begin a consultation: the caller hears music, the agent hears `target` ring and then talks with it. Supervisors go.

        Raises Conflict where one goes on already.
        """
        self._begin_consult({"kind": "number", "to": target}).dial(target, caller)

    def invite(self, guest: Guest, name: str) -> None:
        """As `call`, with a colleague who has been reserved. Raises Conflict as `call`; then he is not asked."""
        self._begin_consult({"kind": "agent", "id": guest.agent_id, "name": name}).invite(guest)

    def _begin_consult(self, who: Mapping[str, str]) -> Consult:
        exchange = self._needs_exchange()
        self._no_consult()
        self._insist_there()
        if isinstance(self._bridge, Monitored):  # what the agent asks a third party is nobody else's
            self._join()
        if not self.held:
            self._hold()
        self.consult = Consult(self._caller, self._agent, self._music, exchange, self._consult_over, who)
        return self.consult

    def toggle(self) -> None:
        """Talk with the other one of caller and third party; the one left behind hears music. Raises Conflict without one."""
        self._consulting().toggle(self._bridge)
        self._route()

    def three_way(self) -> None:
        """All three hear each other. Raises Conflict where the third party is not there."""
        self._consulting().conference(self._bridge)
        self.held = False
        self._route()
        self._changed("connected")

    def complete(self) -> None:
        """Warm transfer: caller and third party talk with each other, the agent is free. Raises Conflict as `three_way`."""
        consult = self._consulting()
        self.partner, self.heir = consult.give_away(self._bridge), consult.guest
        self.consult = None
        self._hung_up_here = True
        self._end("transferred")

    def depart(self, partner: CallLeg | None = None) -> None:
        """The agent's phone leaves; the caller goes on in another call, or with `partner` in this one."""
        self._bridge.close()
        self.partner = partner
        self._end("transferred")

    def back(self) -> None:
        """Let the third party go and talk with the caller again. Raises Conflict without one."""
        if self.consult is None:
            raise Conflict("there is nobody to come back from")
        self.consult.end()

    def close(self) -> None:
        """Part the legs and release the agent's, and a third party's. Without effect the second time."""
        self._end("caller")
        if self._due is not None:
            self._due.cancel()
        if self._referral is not None:
            self._referral.cancel()
        if self.consult is not None:
            consult, self.consult = self.consult, None
            consult.drop()
        self._bridge.close()
        moved = not self.finished.cancelled() and self.finished.result() == "transferred"
        if moved and not self._hung_up_here:
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._agent.hang_up)
        else:
            self._agent.hang_up()

    # --- what the legs do

    def caller_event(self, event: LegEvent) -> None:
        """Take what the caller's leg reports and the call itself has no use for."""
        match event:
            case TransferRequested():
                self._refer(self._caller, event)
            case Replaced(by=by) if self._exchange is not None:
                self._take_over(self._caller, by)
            case HeldByPeer() | ResumedByPeer():
                self._caller_away = isinstance(event, HeldByPeer)
                self._route()

    def keeps(self, event: Ended) -> bool:
        """True where the caller's leg has ended, but a transfer that it asked for goes on: its end counts once that fails."""
        if not self._referring(self._caller) or self.finished.done():
            return False
        self._kept = event
        self._route()
        if self._exchange is not None and self.consult is None:
            self._agent.play(self._exchange.ringback, repeat=True)
        return True

    def in_agents_place(self, leg: CallLeg) -> bool:
        return leg is self._agent

    def replace_caller(self, leg: CallLeg) -> None:
        """Go on with another leg, which is UP, in place of the caller's; who is on hold stays there."""
        assert self._exchange is not None
        self._caller, self._caller_away = leg, False
        self._exchange.swap(leg)
        self._join()

    def _hear_agent(self, agent: CallLeg) -> None:
        self._agent = agent
        agent.subscribe(lambda event: self._agent_event(agent, event))
        if agent.state is LegState.ENDED:
            self._end("agent_lost")

    def _agent_event(self, agent: CallLeg, event: LegEvent) -> None:
        if self.finished.done() or agent is not self._agent:
            return
        match event:
            case Ended() if self._referring(agent):
                self.held = True
                self._route()
                self._bridge.hold(self._caller, self._exchange.ringback if self._exchange is not None else self._music)
            case Ended() if self._patience and not self._hung_up_here and event.cause not in OURS:
                if self._due is None:
                    self._leave_waiting()
            case Ended():
                if self._hung_up_here or event.cause.value in ("hung_up", "released", "transferred"):
                    self._leave_two()
                else:
                    self._end("agent_lost")
            case HeldByPeer() if not self.held and self.consult is None:
                self._held_by_phone = True
                self._hold()
            case ResumedByPeer() if self._held_by_phone:
                self._held_by_phone = False
                if self.held and self.consult is None:
                    self._resume()
            case TransferRequested():
                self._refer(self._agent, event)
            case Replaced(by=by) if self._exchange is not None:
                self._take_over(self._agent, by)

    # --- parts

    def _join(self) -> None:
        """Bridge the legs as they are now; a caller on hold stays there, and a third party where it is."""
        assert self._exchange is not None
        self._bridge.close()
        try:
            self._bridge = self._exchange.bridge(self._caller, self._agent)
            if self.held:
                self._bridge.hold(self._caller, self._music)
            if self.consult is not None:
                self.consult.move(self._caller, self._agent, self._bridge)
            self._route()
        except TelephonyError as error:
            log.warning("%s cannot be joined: %s", self._caller.correlation, error)
            self._end("agent_lost")

    def _hold(self) -> None:
        self.held = True
        self._route()
        self._bridge.hold(self._caller, self._music)
        self._changed("held")

    def _resume(self) -> None:
        self.held = False
        self._bridge.resume(self._caller)
        self._route()
        self._changed("connected")

    def _consult_over(self) -> None:
        """The third party is gone: caller and agent talk again."""
        self.consult = None
        if not self.finished.done():
            self.held = False
        if self.away:
            self._caller.play(self._music, repeat=True)
        elif not self.finished.done():
            self._join()
            self._changed("connected")

    def _route(self) -> None:
        """Tell who is to be heard: both while they talk with each other, nobody else and nobody meanwhile."""
        if self.ears is None:
            return
        consult = self.consult
        together = not self.held if consult is None else consult.three or consult.with_caller
        there = together and not self.away and not self._caller_away and self._kept is None and not self.finished.done()
        self.ears.route(self._caller if there else None, self._agent if there else None)

    def _leave_two(self) -> None:
        """The agent goes in order: where all three talk, the other two talk on."""
        if self.consult is not None and self.consult.three and self.consult.up:
            self.complete()
        else:
            self._end("agent")

    def _no_consult(self) -> None:
        if self.consult is not None:
            raise Conflict("a third party is on the line: complete, or come back first")

    def _consulting(self) -> Consult:
        self._insist_there()
        if self.consult is None or not self.consult.up:
            raise Conflict("there is no third party on the line")
        return self.consult

    def _needs_exchange(self) -> Exchange:
        if self._exchange is None:
            raise Conflict("this call cannot be consulted about")
        return self._exchange

    def _end(self, how: str) -> None:
        if not self.finished.done():
            self.finished.set_result(how)
            self._route()
