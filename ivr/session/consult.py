"""A third party beside a talk: called, talked with, joined, or given the caller. Driven by the legs' events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ivr.errors import Conflict
from telephony.errors import TelephonyError
from telephony.joining import Conference
from telephony.leg import Answered, Bridge, CallLeg, DialOptions, EndCause, Ended, LegEvent, LegKind, LegState, Party
from telephony.media.clip import Clip

if TYPE_CHECKING:
    from ivr.session.exchange import Exchange
    from ivr.session.inviting import Guest
    from ivr.session.monitoring import Audience

log = logging.getLogger(__name__)

RING_SECONDS = 45.0
OURS = (EndCause.RELEASED, EndCause.SHUTDOWN)
REASONS = {EndCause.BUSY: "busy", EndCause.DECLINED: "declined", EndCause.NO_ANSWER: "no_answer"}


class Consult:
    """At most one a talk. The caller is on hold when it begins; `over` is called when the third party is gone by itself."""

    def __init__(
        self,
        caller: CallLeg,
        agent: CallLeg,
        music: Sequence[Clip],
        exchange: Exchange,
        over: Callable[[], None],
        who: Mapping[str, str],
        audience: Audience,
    ) -> None:
        """`who` is asked, as docs/desk-protocol.md has it; the `audience` is wherever the agent is."""
        self._caller, self._agent, self._music, self._exchange, self._over = caller, agent, music, exchange, over
        self._who, self._audience = who, audience
        self.told: Mapping[str, Any] = {}
        """What was said of it last."""
        self.guest: Guest | None = None
        """The colleague who is asked, where it is one."""
        self._other: CallLeg | None = None
        self._private: Bridge | None = None
        """Agent and third party."""
        self._room: Conference | None = None
        self._with_caller = False
        self._ended = self._began = False
        self._due: asyncio.TimerHandle | None = None
        """While the third party's page is away."""

    @property
    def up(self) -> bool:
        """The third party has answered."""
        return self._other is not None and self._other.state is LegState.UP

    @property
    def away(self) -> bool:
        """The colleague's audio is lost, and waited for."""
        return self._due is not None

    @property
    def room(self) -> Conference | None:
        """All three, where they hear each other."""
        return self._room

    @property
    def with_caller(self) -> bool:
        """The agent talks with the caller, and the third party waits."""
        return self._with_caller

    @property
    def three(self) -> bool:
        """All three hear each other."""
        return self._room is not None

    def dial(self, target: str, caller: Party) -> None:
        """Call; the agent hears the ring. Never raises: a call that cannot be placed is over at once."""
        self._tell("calling")
        self._agent.play(self._exchange.ringback, repeat=True)
        options = DialOptions(payer=self._exchange.payer, ring_timeout=RING_SECONDS, handed=self._exchange.handed())
        try:
            leg = self._other = self._exchange.dial(target, caller, options=options)
        except TelephonyError as error:
            log.warning("%s consultation: %s", self._caller.correlation, error)
            self._gone("failed")
            return
        self._hear(leg)
        if leg.state is LegState.ENDED:
            self._gone("failed")

    def invite(self, guest: Guest) -> None:
        """Ask a colleague, at page or phone; the agent hears the ring."""
        self.guest = guest
        self._agent.play(self._exchange.ringback, repeat=True)
        guest.come(self._came, lambda reason: self._gone("failed", reason))
        self._tell("calling")

    def _came(self, leg: CallLeg) -> None:
        self._other = leg
        self._hear(leg)
        if leg.state is LegState.ENDED:
            self._gone("failed", "gone")
        else:
            self._begin()

    def toggle(self, bridge: Bridge | None) -> None:
        """From the third party to the caller, or back to it; `bridge` is the caller's and the agent's, or None where `move`
        follows with another one."""
        if self._room is not None:
            raise Conflict("all three are talking")
        if bridge is None:
            pass
        elif not self._with_caller:
            self._part()
            self._third.play(self._music, repeat=True)
            bridge.resume(self._caller)
            self._caller.stop()
        else:
            bridge.hold(self._caller, self._music)
            self._agent.stop()
            self._third.stop()
            self._private = self._audience.bridge(self._agent, self._third)
        self._with_caller = not self._with_caller
        self._tell(self._state())

    def conference(self, bridge: Bridge) -> None:
        """Join all three in place of whatever bridges there are."""
        if self._room is not None:
            raise Conflict("all three are talking already")
        self._part()
        bridge.close()
        self._quiet()
        room = self._exchange.confer(self._music)
        for leg in (self._caller, self._agent, self._third):
            if leg.state is LegState.UP:  # whose page is away comes in later
                room.join(leg)
        self._room = room
        self._audience.sit(room)
        self._tell(self._state())

    def move(self, caller: CallLeg, agent: CallLeg, bridge: Bridge) -> None:
        """Go on with another leg of caller or agent; `bridge` is the new one of the two, with the caller on hold but in a
        three-way talk."""
        self._caller, self._agent = caller, agent
        if self._room is not None:
            self._close_room()
            self.conference(bridge)
        elif self._with_caller:
            self._part()
            if self.up:
                self._third.play(self._music, repeat=True)
            bridge.resume(caller)
        elif self.up:
            self._part()
            self._third.stop()
            agent.stop()
            self._private = self._audience.bridge(agent, self._third)
        else:
            agent.play(self._music if self.away else self._exchange.ringback, repeat=True)

    def returned(self, leg: CallLeg) -> None:
        """Go on with another leg of the colleague's, which is UP: the page came back. Raises Conflict where it is over."""
        if self._ended or not self._began or leg.state is LegState.ENDED:
            raise Conflict("this call has ended")
        old, self._other = self._third, leg
        self._stop_waiting()
        self._hear(leg)
        old.hang_up()
        if self._room is not None:
            self._room.leave(old)
            self._room.join(leg)
        elif self._with_caller or self._agent.state is not LegState.UP:
            leg.play(self._music, repeat=True)
        else:
            self._part()
            self._agent.stop()
            self._private = self._audience.bridge(self._agent, leg)
        self._tell_guest(True)
        self._tell(self._state())

    def left_alone(self) -> None:
        """The agent is away for a while: the third party hears music, unless it hears the caller; `move` follows."""
        if self._room is None and self.up:
            self._part()
            self._third.play(self._music, repeat=True)

    def give_away(self, bridge: Bridge) -> CallLeg:
        """Leave the third party to the caller, both free of every bridge; returns its leg. A guest is for the talk's owner to
        keep or to let go."""
        self._ended = True
        self._part()
        bridge.close()
        self._close_room()
        self._quiet()
        self._tell("complete")
        return self._third

    def end(self) -> None:
        """The agent comes back from it: the third party is released."""
        self._gone("back")

    def drop(self) -> None:
        """Release the third party and everything else, because the talk is over. Tells nobody."""
        self._ended = True
        self._stop_waiting()
        self._part()
        self._close_room()
        if self._other is not None:
            self._other.hang_up(EndCause.RELEASED if self.up else EndCause.CANCELLED)
        if self.guest is not None:
            self.guest.leave()

    @property
    def _third(self) -> CallLeg:
        assert self._other is not None
        return self._other

    def _hear(self, leg: CallLeg) -> None:
        leg.subscribe(lambda event: self._event(leg, event))

    def _event(self, leg: CallLeg, event: LegEvent) -> None:
        if self._ended or leg is not self._other:
            return
        if isinstance(event, Answered) and not self._began:
            self._begin()
        elif isinstance(event, Ended) and self._comes_back(leg, event.cause):
            self._wait()
        elif isinstance(event, Ended):
            answered = self._began or event.cause is EndCause.HUNG_UP
            self._gone("back" if answered else "failed", "" if answered else REASONS.get(event.cause, "failed"))

    def _begin(self) -> None:
        """The third party is there: agent and it talk, unless the agent is away just now."""
        self._began = True
        if self._agent.state is LegState.UP:
            self._agent.stop()
            self._private = self._audience.bridge(self._agent, self._third)
        else:
            self.left_alone()
        self._tell("consult")

    def _comes_back(self, leg: CallLeg, cause: EndCause) -> bool:
        """A page that is loaded again, or whose network is away: whoever leaves presses a button."""
        patient = self._exchange.patience > 0 and self.guest is not None and self._began
        return patient and leg.kind is LegKind.WEBRTC and cause not in OURS

    def _wait(self) -> None:
        """The colleague's audio is lost: the agent hears music, unless somebody else is there to talk with."""
        self._due = asyncio.get_running_loop().call_later(self._exchange.patience, self._gone, "back")
        if self._room is not None:
            self._room.leave(self._third)
        elif not self._with_caller:
            self._part()
            if self._agent.state is LegState.UP:
                self._agent.play(self._music, repeat=True)
        self._tell_guest(False)
        self._tell("away")

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _tell_guest(self, there: bool) -> None:
        if self.guest is not None:
            self.guest.heard(there)

    def _state(self) -> str:
        if self.away:
            return "away"
        if self._room is not None:
            return "three_way"
        return "caller" if self._with_caller else "consult"

    def leave(self) -> None:
        """The third party goes by its own wish."""
        self._gone("back")

    def _gone(self, how: str, reason: str = "") -> None:
        if self._ended:
            return
        self.drop()
        self._quiet()
        self._over()
        self._tell(how, reason)

    def _tell(self, state: str, reason: str = "") -> None:
        self.told = {"state": state, "with": dict(self._who), **({"reason": reason} if reason else {})}
        self._exchange.told(self.told)

    def _quiet(self) -> None:
        """End music and ringing of ours."""
        for leg in (self._caller, self._agent, self._other):
            if leg is not None and leg.state is LegState.UP:
                leg.stop()

    def _part(self) -> None:
        if self._private is not None:
            self._audience.stand(self._private)
            self._private.close()
            self._private = None

    def _close_room(self) -> None:
        if self._room is not None:
            self._audience.stand(self._room)
            self._room.close()
            self._room = None
