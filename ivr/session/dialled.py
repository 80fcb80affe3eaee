"""A number that an agent dials: a call of its own, with record, profile and every button, and no flow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ivr.acd.place import Place
from ivr.call import Call, Disposition
from ivr.dialplan import events as flow
from ivr.errors import StoreUnavailable
from ivr.session.call_session import CallSession, Happening
from ivr.session.marking import mark_phase
from ivr.session.onward import send_on
from ivr.session.serving import LOST, Serving
from ivr.session.view import Placement
from ivr.session.waiting import Waiting
from telephony.errors import TelephonyError
from telephony.leg import Answered, Bridge, CallLeg, EarlyMedia, EndCause, Ended, LegEvent, LegState, Ringing

if TYPE_CHECKING:
    from ivr.session.services import Services

log = logging.getLogger(__name__)

CHANNEL = "outbound"
REASONS = {
    EndCause.BUSY: "busy",
    EndCause.DECLINED: "declined",
    EndCause.NO_ANSWER: "no_answer",
    EndCause.RELEASED: "cancelled",
    EndCause.CANCELLED: "cancelled",
}


class DialledSession(CallSession):
    """One call out. `leg` is dialled, `agent_leg` is UP; `gone` is told at the end whether anybody answered."""

    def __init__(
        self,
        services: Services,
        leg: CallLeg,
        call: Call,
        agent_leg: CallLeg,
        place: Place,
        gone: Callable[[bool], Awaitable[None]],
    ) -> None:
        super().__init__(services, leg, call)
        self.disposition = Disposition.UNANSWERED
        self.agent_id, self._agent_leg, self._place, self._gone = place.agent_id, agent_leg, place, gone
        self._queue = place.contact.queue
        self._alerting: asyncio.Queue[Ringing | EarlyMedia | Answered] = asyncio.Queue(8)
        self._answered = False
        self._why = ""
        agent_leg.subscribe(self._agent_event)
        if agent_leg.state is LegState.ENDED:
            self.cancel()

    # --- the flow that there is not

    def _begin(self) -> None:
        self._begun = True
        self._state, _ = self.machine.start(self.call.to_dict(), self.call.profile, self.services.clock())
        self.record(profile=dict(self.call.profile), caller_name=self.call.caller.name, agent_id=self.agent_id)
        self.placement = Placement(self._queue, {}, self.call.started_at, "connecting")
        self.show()
        self._tell("calling")
        self._side.start(self._converse, flow.QueueLeft("error"))

    def _dispatch(self, event: Happening) -> None:
        if isinstance(event, Ringing | EarlyMedia | Answered):
            if not self._alerting.full():
                self._alerting.put_nowait(event)
            return
        if isinstance(event, Ended) and not self._answered and not self._why:
            self._why = REASONS.get(event.cause, "failed")
        super()._dispatch(event)

    def _step(self, event: flow.Event) -> None:
        """Nothing follows from what happens but the end."""
        self.summing.saw(event)
        if isinstance(event, flow.QueueLeft) and self.leg.state is not LegState.ENDED:
            self.leg.hang_up()

    def begun_with(self, events: Sequence[LegEvent]) -> None:
        """Take what the leg told before it was ours."""
        for event in events:
            if isinstance(event, Ended):
                self._why = REASONS.get(event.cause, "failed")
            else:
                self.emit(event)

    # --- the call

    async def _converse(self) -> flow.Event:
        """Wait for the answer, talk, and go wherever the agent sends the customer."""
        try:
            if await self._picked_up():
                await self._served()
        finally:
            if not self._answered:
                self._over()
        return flow.QueueLeft("served")

    async def _picked_up(self) -> bool:
        """Whether the far end answered; the agent hears it ring, or what its network says."""
        early: Bridge | None = None
        self._agent_leg.play(self.services.ringback, repeat=True)
        try:
            while not isinstance(event := await self._alerting.get(), Answered):
                self._tell("ringing")
                if isinstance(event, EarlyMedia) and early is None:
                    self._agent_leg.stop()
                    early = self.services.bridge(self.leg, self._agent_leg)
        except TelephonyError as error:
            log.warning("%s dialled: %s", self.call.correlation, error)
            return False
        finally:
            if early is not None:
                early.close()
        self._agent_leg.stop()
        self._answered = self._agent_leg.state is LegState.UP
        if self._answered:
            self.record(answered_at=self.services.clock())
            self._tell("answered")
        return self._answered

    async def _served(self) -> None:
        self._stay(self.services.clock())
        serving = Serving(self, self.services.clock(), self._placed)
        music = self.voice.music(self.services.queues.of(self._queue).music, self.call.language)
        how = await serving.run(self._place, self._agent_leg, music)
        onward = None
        if how == LOST:
            self.leg.play(music, repeat=True)
            self.services.desk.push(serving.last_agent, "contact", {"id": self.call.id, "phase": "ended"})
            await self._place.declined("gone")
            with suppress(StoreUnavailable):
                await self._place.left("served")
            await self._wait(flow.Enqueue(self._queue, {}))
        elif how == "sent" and serving.sent is not None:
            self.leg.play(music, repeat=True)
            onward = await send_on(self, serving.sent, serving.last_agent)
        if onward is not None:
            only = onward.name if onward.kind.value == "agent" else ""
            await self._wait(flow.Enqueue(self._queue if only else onward.name, {}), only)

    async def _wait(self, command: flow.Enqueue, only: str = "") -> None:
        self._waiting = Waiting(self, command, only)
        await self._waiting.run()

    def _placed(self, phase: str) -> None:
        if self.placement is not None:
            self.placement = self.placement.at(phase, answered_at=self.placement.answered_at or self.services.clock())
            mark_phase(self, phase)
            self.show()

    def _stay(self, now: float) -> None:
        self.placement = Placement(self._queue, {}, self.call.started_at, "connecting", answered_at=now)

    # --- the end

    def cancel(self) -> None:
        """The agent gives up, before the answer."""
        if self.leg.state is LegState.ENDED:
            return
        self._why = "cancelled"
        self.leg.hang_up(EndCause.CANCELLED)

    def _agent_event(self, event: object) -> None:
        if isinstance(event, Ended) and not self._answered:
            self.cancel()

    def _over(self) -> None:
        """Nobody answered: no talk, no wrap-up."""
        self._agent_leg.hang_up()
        self._tell("ended", self._why or "failed")
        self.services.desk.push(self.agent_id, "contact", {"id": self.call.id, "phase": "ended"})
        self.agent_id, self.placement = "", None

    def _tell(self, state: str, reason: str = "") -> None:
        told = {"contact_id": self.call.id, "to": self.call.called, "state": state, **({"reason": reason} if reason else {})}
        self.services.desk.push(self.agent_id, "dialled", told)

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            self._agent_leg.hang_up()
            if not self._answered and self.agent_id:  # it ended before it was placed
                self._over()
            await self._gone(self._answered)
