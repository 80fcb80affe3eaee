"""One call from its first event to its record: joins leg, flow, speech, queue and agent.

The flow decides (`ivr.dialplan.machine`); this module obeys. All that happens to the call comes through one inbox, so the
flow sees events in the order they happened and never two at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from ivr.call import Call, Disposition, Medium, Speaker, Turn
from ivr.dialplan import events as flow
from ivr.dialplan.state import Phase, State
from ivr.session.endings import how_it_ended
from ivr.session.errands import Errands
from ivr.session.feelings import CallFeelings
from ivr.session.inbox import Diverted, Inbox
from ivr.session.inviting import Guest
from ivr.session.knowing import known
from ivr.session.meanwhile import Told, music_after, out_of_queue, queued
from ivr.session.obeying import obey_all
from ivr.session.observers import OPENINGS
from ivr.session.pinning import Pin
from ivr.session.promised import Promise
from ivr.session.recordings import CallRecordings
from ivr.session.redacting import Redacting, Shown
from ivr.session.scribe import Scribe
from ivr.session.services import CallerPage, Services
from ivr.session.showing import show
from ivr.session.side import Side, SideOver
from ivr.session.summing import Summing
from ivr.session.talk import Talk
from ivr.session.timers import TimerDue, Timers
from ivr.session.turns import Turns, amend
from ivr.session.uniting import asked
from ivr.session.view import Placement, phrases_of, seen_by_agent
from ivr.session.voice_io import VoiceIO
from ivr.session.waiting import Waiting
from telephony.leg import (
    CallLeg,
    DtmfReceived,
    EndCause,
    Ended,
    HeldByPeer,
    LegEvent,
    LegState,
    PlaybackFinished,
    Replaced,
    ResumedByPeer,
    TransferProgress,
    TransferRequested,
)

log = logging.getLogger(__name__)

Happening = LegEvent | flow.Event | TimerDue | SideOver | Diverted | Told


class CallSession:
    """Runs one call. Make it, then await `run`."""

    def __init__(self, services: Services, leg: CallLeg, call: Call, page: CallerPage | None = None) -> None:
        self.services, self.leg, self.call, self.page = services, leg, call, page
        self.placement: Placement | None = None
        self.agent_id, self.served_by, self.ringing = "", "", set[str]()
        self.disposition, self.promise = Disposition.LEFT_FLOW, Promise()
        self.guest: Guest | None = None  # a colleague of the agent who is asked about the call
        self.at_wall = ""  # the page of a supervisor who took the caller there, and has the audio there
        self.talk: Talk | None = None
        """The talk that goes on: what the caller's phone asks for is for it to do."""
        self.progress: asyncio.Queue[TransferProgress] = asyncio.Queue(8)
        """How a transfer that the caller's phone was asked for goes on."""
        inbox = self._inbox = Inbox()
        self.emit: Callable[[Happening], None] = inbox.put
        """Queues an event; never blocks."""
        self._timers = Timers(inbox.put)
        self._waiting: Waiting | None = None
        self._ended: Ended | None = None
        scribe = self._scribe = Scribe(call.correlation, lambda fields, said: services.log.add(call.id, fields, said))
        self._begun, self._pin = False, Pin(services.flows)
        self.voice = VoiceIO(leg, services.prompts, services.recognizer, inbox.put, services.understand)
        self.recordings = CallRecordings(services, leg, call, lambda **fields: scribe.add(fields))
        self.private, self.summing = Redacting(services.privacy), Summing()
        self.feelings = CallFeelings(services.mood_options)
        self.turns = Turns(services, OPENINGS, [self.private])
        leg.subscribe(self._inbox.put)
        if leg.state is LegState.ENDED:
            self.emit(Ended(asyncio.get_running_loop().time(), EndCause.CANCELLED, True, "ended before it was taken"))

    @property
    def dropped(self) -> int:
        return self._inbox.dropped

    @property
    def flow_state(self) -> State | None:
        """Where the call stands in its flow; None before that begins."""
        return self._state if self._begun else None

    async def run(self) -> None:
        """Until the leg has ended and the record is written. Never raises for what a caller or an agent did."""
        log.info("%s call started: channel=%s flow=%s", self.call.correlation, self.call.caller.channel, self.call.flow)
        try:
            async with asyncio.TaskGroup() as group:
                self._side = Side(group, self._inbox.put, self.call.correlation)
                self._errands, self._group = Errands(self, group), group
                scribe = group.create_task(self._scribe.run())
                self._scribe.note(lambda call=self.call: self.services.log.open(call, self.services.node))  # type: ignore[misc]
                try:
                    await self._live()
                finally:
                    try:
                        await self._side.close()
                        await self._errands.close()
                        del self._errands  # it holds this session
                    finally:
                        await self._close()
                    scribe.cancel()
        except Exception:
            log.exception("%s call failed", self.call.correlation)

    async def _live(self) -> None:
        self.machine = self._pin.take(self.call)
        self.call = await known(self.call, self.services, self.machine.flow)
        await self.services.spotters.ready(self.machine.flow)
        if self.leg.state is not LegState.ENDED:
            self._begin()
        while self._ended is None:
            self._dispatch(await self._inbox.next())

    # --- what the session knows

    def change(self, **changes: Any) -> None:
        """Change the call and write the same fields to the log."""
        self.call = replace(self.call, **changes)

    def record(self, **fields: Any) -> None:
        """Write fields of the record, in order, without waiting."""
        self._scribe.add(fields)

    def keep(self, table: str, row: Mapping[str, Any]) -> None:
        """Leave a row behind, in order, without waiting."""
        if (late := self.services.late) is not None:
            self._scribe.note(lambda: late.add(table, row))
        else:
            log.error("%s this node has no store for %s", self.call.correlation, table)

    def add_turn(self, speaker: Speaker, text: str, **more: Any) -> None:
        """One more turn, by the door that all of them pass: see `Turns.add`."""
        self.turns.add(self, speaker, text, **more)

    def amend_turn(self, index: int, turn: Turn) -> None:
        """Another turn in the place of an earlier one: see `turns.amend`."""
        amend(self, index, turn)

    def record_turn(self, index: int, turn: Turn) -> None:
        """Write one turn, in order, without waiting."""
        self._scribe.add({}, {index: turn})

    @property
    def talking(self) -> bool:
        return self.talk is not None or (self.placement is not None and self.placement.phase in ("connected", "held"))

    def answer(self) -> None:
        """Take the call, unless it was taken."""
        if self.leg.state is LegState.OFFERED:
            self.record(answered_at=self.services.clock())
        self.leg.answer()

    def swap_leg(self, leg: CallLeg) -> None:
        """Go on with another leg in place of the caller's; transcript and record stay. The old one's end means nothing."""
        old, self.leg = self.leg, leg
        old.subscribe(lambda event: None)
        old.hear(None)
        self.voice.move(leg)
        self.recordings.move(leg)
        if self._waiting is not None and not self.talking and self._state.phase is Phase.QUEUE:
            self._waiting.play_music()
        self.call = replace(self.call, correlation=leg.correlation)
        leg.subscribe(self._inbox.put)
        log.info("%s goes on as %s", old.correlation, leg.correlation)
        if leg.state is LegState.ENDED:
            self.emit(Ended(asyncio.get_running_loop().time(), EndCause.HUNG_UP, True, "ended before it was taken"))

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the call, which is over only once that is; it must not raise."""
        self._group.create_task(work)

    def divert(self, name: str) -> None:
        """Go on in another flow, from its beginning."""
        self.emit(Diverted(name))

    async def wait_for(self, agent_id: str) -> str:
        """Let one agent have the caller, by way of the first queue; returns how that ended, as `QueueLeft.outcome`."""
        queues = await self.services.router.store.queues()
        self._waiting = Waiting(self, flow.Enqueue(queues[0].name if queues else "", {}), agent_id)
        return (await self._waiting.run()).outcome

    def tell_page(self, kind: str, data: Mapping[str, Any]) -> None:
        if self.page is not None:
            self.page.push(kind, data)

    def view(self) -> dict[str, Any]:
        """The contact as the agent sees it. Only while it has a placement."""
        assert self.placement is not None
        return {**seen_by_agent(self, self.placement), **self.promise.shown()}

    def phrases(self) -> tuple[flow.Phrase, ...]:
        """Everything the flow knows how to hear in the call's language."""
        return phrases_of(self.machine.flow, self.call.language)

    def show(self) -> None:
        """Bring the screens of agents up to date."""
        show(self)

    # --- the flow

    def _begin(self) -> None:
        self._begun = True
        hears = self.services.recognizer.languages if self.services.recognizer is not None else {}
        asr = {"available": bool(hears), "languages": sorted(hears)}
        self._state, commands = self.machine.start(self.call.to_dict(), self.call.profile, self.services.clock(), asr=asr)
        self.change(flow_version=self._state.version, language=self._state.language)
        self.record(flow_version=self._state.version, profile=dict(self.call.profile), caller_name=self.call.caller.name)
        obey_all(self, commands)

    def _dispatch(self, event: Happening) -> None:
        match event:
            case Ended() if self.talk is not None and self.talk.keeps(event):
                pass
            case Ended():
                self._ended = event
                if self._begun:
                    self._step(flow.CallerHungUp())
            case _ if not self._begun:
                log.debug("%s before the flow: %s", self.call.correlation, Shown(event))
            case TimerDue():
                if (fired := self._timers.fired(event)) is not None:
                    self._step(fired)
            case SideOver():
                if (outcome := self._side.over(event)) is not None:
                    self._out_of_queue()
                    self._step(outcome)
            case Diverted(flow=name):
                self._divert(name)
            case DtmfReceived(digit=digit):
                self._key(digit)
            case TransferRequested() | Replaced() | HeldByPeer() | ResumedByPeer():
                asked(self, event)
            case TransferProgress() if not self.progress.full():
                self.progress.put_nowait(event)
            case PlaybackFinished():
                self.voice.on_playback(event)
            case flow.Heard():
                self._heard(event)
            case flow.PromptEnded() if self._waiting is not None and not self.talking and self._state.phase is Phase.QUEUE:
                self._waiting.play_music()
                self._step(event)
            case flow.Queued() if not queued(self, event):
                pass
            case Told(told, done):
                self._step(told)
                done.set()
            case _ if isinstance(event, flow.Event):
                self._step(event)
            case _:
                log.debug("%s %s", self.call.correlation, Shown(event))

    def _divert(self, name: str) -> None:
        if name not in self.services.flows.flows:
            self._step(flow.StepFailed(f"there is no flow {name}"))
            return
        self._side.leave()
        self._waiting = None
        self._timers.close()
        self.voice.stop()
        self.voice.pause()
        self.change(flow=name)
        self.record(flow=name)
        self.machine = self._pin.take(self.call)
        self._begin()

    def _step(self, event: flow.Event) -> None:
        self.summing.saw(event)
        event, before = self.feelings.felt(self, event), self._state.phase
        self._state, commands = self.machine.handle(self._state, event, self.services.clock())
        obey_all(self, commands)
        music_after(self, self._waiting, before)

    def _key(self, digit: str) -> None:
        """A key belongs to the flow, and to nobody's transcript once an agent talks: then the bridge carries it."""
        if self.talking:
            return
        self.add_turn(Speaker.CALLER, digit, medium=Medium.KEYS, state=self._state.state)
        self._step(flow.Pressed(digit))

    def _heard(self, event: flow.Heard) -> None:
        if event.text:
            more = {"confidence": event.confidence, "state": self._state.state, "intent": event.intent}
            self.add_turn(Speaker.CALLER, event.text, utterance=self.voice.behind(event), **more)
        self._step(event)

    # --- endings

    def _out_of_queue(self) -> None:
        """The flow goes on without a queue: no more music, and a caller who goes now did not leave while waiting."""
        if self._waiting is None or self._ended is not None:
            return
        self._waiting = None
        out_of_queue(self)

    async def _close(self) -> None:
        """Release everything and write the record; the write-ahead log keeps what cannot be written now."""
        self._timers.close()
        self.voice.close()
        await self.recordings.close()
        self._pin.release()
        cause, self.disposition = how_it_ended(self._ended, self.disposition)
        if self._ended is None:
            self.leg.hang_up(EndCause.FAILED, 500)
        self.summing.finish(self)
        self.tell_page("ended", {"cause": cause})
        end: dict[str, Any] = {"ended_at": self.services.clock(), "end_cause": cause, "quality": self.leg.quality()}
        self._scribe.note(lambda: self.services.log.close(self.call.id, disposition=self.disposition.value, **end))
        if self.dropped:
            log.warning("%s %d keys found no room", self.call.correlation, self.dropped)
        log.info("%s call ended: cause=%s disposition=%s", self.call.correlation, cause, self.disposition.value)
        if not await self._scribe.flush(self.services.flush_seconds):
            log.error("%s record: the store is away; the write-ahead log has what was written before", self.call.correlation)
