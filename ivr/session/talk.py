"""Two legs joined, a caller and an agent or an outside number: hold, keys, consultation, transfer, and the end of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ivr.errors import Conflict
from ivr.session.absence import Absence
from ivr.session.consulting import Consulting
from ivr.session.destination import Destination
from ivr.session.exchange import Exchange
from ivr.session.monitoring import Audience
from ivr.session.phone_wishes import FAREWELL_SECONDS, PhoneWishes
from ivr.session.taking import Heir
from telephony.errors import TelephonyError
from telephony.leg import (
    Bridge,
    CallLeg,
    EndCause,
    Ended,
    HeldByPeer,
    LegEvent,
    LegState,
    Replaced,
    ResumedByPeer,
    TransferRequested,
)
from telephony.media.clip import Clip

if TYPE_CHECKING:
    from ivr.session.overhearing import Overhearing

log = logging.getLogger(__name__)

OURS = (EndCause.RELEASED, EndCause.SHUTDOWN)


class Talk(Consulting):
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
        self.caller, self.agent, self.bridge, self.music = caller, agent, bridge, music
        self.changed, self.exchange = changed, exchange
        self._hung_up_here = False
        self._wishes, self._absence = PhoneWishes(self), Absence(self, patience)
        self.audience = Audience(self)
        self.destination: Destination | None = None
        self.finished: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ears: Overhearing | None = None
        """Who hears both sides."""
        self._caller_away = caller_away
        """The caller's phone put us on hold: what comes from it now is its music."""
        self.hear_agent(agent)

    def attend(self, ears: Overhearing) -> None:
        """Let `ears` hear both sides until the talk is over; its owner closes them."""
        self.ears = ears
        self.route()

    # --- hold, keys, words

    def hold(self) -> None:
        """The caller hears music. Raises Conflict where it does already."""
        self.no_consult()
        self.insist_there()
        if self.held:
            raise Conflict("the caller is on hold already")
        self.hold_caller()

    def resume(self) -> None:
        self.no_consult()
        self.insist_there()
        if not self.held:
            raise Conflict("the caller is not on hold")
        self._resume()

    def send_digits(self, digits: str) -> None:
        """Press keys towards the caller's side. Raises Conflict for anything that is not a key."""
        if not digits or len(digits) > 32 or not set(digits) <= set("0123456789*#ABCD"):
            raise Conflict("keys are 0-9, *, # and A-D, 32 at most")
        self.caller.send_digits(digits)

    def announce(self, clips: Sequence[Clip]) -> None:
        """Both hear `clips`, then each other again. Raises Conflict while the caller is on hold or a third party is there."""
        self.no_consult()
        self.insist_there()
        if self.held:
            raise Conflict("the caller is on hold")
        for leg in (self.caller, self.agent):
            leg.play(clips)

    def hang_up(self) -> None:
        """End it by the agent's wish; where a third party is there, it and the caller talk on. Raises Conflict where that one's
        page is away just now."""
        if self.consult is not None and self.consult.three and self.consult.away:
            raise Conflict("the audio of whom you asked is not back yet: the caller would be alone")
        self._hung_up_here = True
        self._leave_two()

    # --- supervisors

    def monitor(self, who: str, leg: CallLeg, mode: str, told: Callable[[str], None]) -> None:
        """Let a supervisor `listen` to whomever the agent hears, `whisper` to the agent, or `barge` in.

        `told` hears why that ends. Raises Conflict where the talk is over, or its agent is away just now.
        """
        self.needs_exchange()
        if self.away:
            raise Conflict("the agent's audio is not back yet")
        self.audience.add(who, leg, mode, told)

    def rewire(self) -> None:
        """Somebody listens now, or nobody any more: join everybody so that this can be."""
        if self.finished.done() or self.away:
            return
        room = self.consult.room if self.consult is not None else None
        if room is not None:
            self.audience.sit(room)
        else:
            self.join()

    def take(self, who: str, heir: Heir | None = None) -> None:
        """A supervisor who is in the talk has the caller from now on, as `heir` where the queues know them as an agent; the
        agent is free. Raises Conflict for anybody else."""
        self.needs_exchange()
        self.partner, self.heir = self.audience.release(who), heir
        self.leave_to_partner()

    # --- to somebody else

    def send(self, destination: Destination) -> None:
        """Blind transfer: the caller goes to `destination`, the agent is free."""
        self.destination = destination
        self._hung_up_here = True
        self.end("sent")

    def depart(self, partner: CallLeg | None = None) -> None:
        """The agent's phone leaves; the caller goes on in another call, or with `partner` in this one."""
        self.audience.stand()
        self.bridge.close()
        self.partner = partner
        self.end("transferred")

    def close(self) -> None:
        """Part the legs and release the agent's, and a third party's. Without effect the second time."""
        self.end("caller")
        self._absence.close()
        self._wishes.close()
        if self.consult is not None:
            consult, self.consult = self.consult, None
            consult.drop()
        self.audience.close()
        self.bridge.close()
        moved = not self.finished.cancelled() and self.finished.result() == "transferred"
        if moved and not self._hung_up_here:
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self.agent.hang_up)
        else:
            self.agent.hang_up()

    # --- an agent who is away

    @property
    def away(self) -> bool:
        """The agent's audio is lost, and waited for."""
        return self._absence.running

    def returned(self, agent: CallLeg) -> None:
        """Go on with another leg of the agent's, which is UP: the page was loaded again, or another tab has it.

        Everybody hears whom they heard before. Raises Conflict where the talk, or that leg, has ended.
        """
        if self.finished.done() or self.exchange is None or agent.state is LegState.ENDED:
            raise Conflict("this call has ended")
        old = self.agent
        self._absence.close()
        self.hear_agent(agent)
        self.caller.stop()
        self.join()
        old.hang_up()
        self.changed("held" if self.held else "connected")

    # --- what the legs do

    def caller_event(self, event: LegEvent) -> None:
        """Take what the caller's leg reports and the call itself has no use for."""
        match event:
            case TransferRequested():
                self._wishes.refer(self.caller, event)
            case Replaced(by=by) if self.exchange is not None:
                self._wishes.take_over(self.caller, by)
            case HeldByPeer() | ResumedByPeer():
                self._caller_away = isinstance(event, HeldByPeer)
                self.route()

    def keeps(self, event: Ended) -> bool:
        """True where the caller's leg has ended, but a transfer that it asked for goes on: its end counts once that fails."""
        if not self._wishes.referring(self.caller) or self.finished.done():
            return False
        self._wishes.kept = event
        self.route()
        if self.exchange is not None and self.consult is None:
            self.agent.play(self.exchange.ringback, repeat=True)
        return True

    def in_agents_place(self, leg: CallLeg) -> bool:
        return leg is self.agent

    def replace_caller(self, leg: CallLeg) -> None:
        """Go on with another leg, which is UP, in place of the caller's; who is on hold stays there."""
        assert self.exchange is not None
        self.caller, self._caller_away = leg, False
        self.exchange.swap(leg)
        if self.away and (self.consult is None or not self.consult.three):
            leg.play(self.music, repeat=True)
        else:
            self.join()

    def hear_agent(self, agent: CallLeg) -> None:
        self.agent = agent
        agent.subscribe(lambda event: self._agent_event(agent, event))
        if agent.state is LegState.ENDED:
            self.end("agent_lost")

    def _agent_event(self, agent: CallLeg, event: LegEvent) -> None:
        if self.finished.done() or agent is not self.agent:
            return
        match event:
            case Ended() if self._wishes.referring(agent):
                self.held = True
                self.route()
                self.bridge.hold(self.caller, self.exchange.ringback if self.exchange is not None else self.music)
            case Ended() if self._absence.patience and not self._hung_up_here and event.cause not in OURS:
                self._absence.begin()
            case Ended():
                if self._hung_up_here or event.cause.value in ("hung_up", "released", "transferred"):
                    self._leave_two()
                else:
                    self.end("agent_lost")
            case HeldByPeer() if not self.held and self.consult is None:
                self._wishes.hold = True
                self.hold_caller()
            case ResumedByPeer() if self._wishes.hold:
                self._wishes.hold = False
                if self.held and self.consult is None:
                    self._resume()
            case TransferRequested():
                self._wishes.refer(self.agent, event)
            case Replaced(by=by) if self.exchange is not None:
                self._wishes.take_over(self.agent, by)

    # --- parts

    def join(self) -> None:
        """Bridge the legs as they are now; a caller on hold stays there, and a third party where it is."""
        assert self.exchange is not None
        self.audience.stand()
        self.bridge.close()
        try:
            here = self.consult is None or self.consult.with_caller
            self.bridge = (self.audience if here else self.exchange).bridge(self.caller, self.agent)
            if self.held:
                self.bridge.hold(self.caller, self.music)
            if self.consult is not None:
                self.consult.move(self.caller, self.agent, self.bridge)
            self.route()
        except TelephonyError as error:
            log.warning("%s cannot be joined: %s", self.caller.correlation, error)
            self.end("agent_lost")

    def hold_caller(self) -> None:
        self.held = True
        self.route()
        self.bridge.hold(self.caller, self.music)
        self.changed("held")

    def _resume(self) -> None:
        self.held = False
        self.bridge.resume(self.caller)
        self.route()
        self.changed("connected")

    def consult_over(self) -> None:
        """The third party is gone: caller and agent talk again."""
        self.consult = None
        if not self.finished.done():
            self.held = False
        if self.away:
            self.caller.play(self.music, repeat=True)
        elif not self.finished.done():
            self.join()
            self.changed("connected")

    def route(self) -> None:
        """Tell who is to be heard: both while they talk with each other, nobody else and nobody meanwhile."""
        if self.ears is None:
            return
        consult = self.consult
        together = not self.held if consult is None else consult.three or consult.with_caller
        there = together and not self.away and not self._caller_away and self._wishes.kept is None and not self.finished.done()
        self.ears.route(self.caller if there else None, self.agent if there else None)

    def _leave_two(self) -> None:
        """The agent goes in order: where all three talk, the other two talk on."""
        if self.consult is not None and self.consult.three and self.consult.up:
            self.complete()
        else:
            self.end("agent")

    def insist_there(self) -> None:
        if self.away:
            raise Conflict("your audio is not back yet")

    def needs_exchange(self) -> Exchange:
        if self.finished.done():  # whoever asks had to wait for something, and the talk did not
            raise Conflict("this call has ended")
        if self.exchange is None:
            raise Conflict("this call cannot be consulted about")
        return self.exchange

    def leave_to_partner(self) -> None:
        """The agent goes; whoever has the caller now is set."""
        self._hung_up_here = True
        self.end("transferred")

    def end(self, how: str) -> None:
        if not self.finished.done():
            self.finished.set_result(how)
            self.route()
