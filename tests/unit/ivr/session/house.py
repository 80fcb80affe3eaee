"""A whole node without wires: real flows, queues and records; legs, desk, bridge and recogniser that do what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.desk import RingOutcome
from ivr.acd.model import Agent, AgentState, Queue
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.call import Caller
from ivr.dialplan.loader import FlowStore, load
from ivr.errors import NotFound
from ivr.profile.sources import StaticProfiles
from ivr.records.followups import FollowUps
from ivr.records.late import LateRows
from ivr.records.reader import ContactReader
from ivr.records.shelf import Shelves
from ivr.records.writer import ContactLog
from ivr.session.services import Services
from ivr.session.switchboard import Switchboard
from ivr.session.talks import Talks
from ivr.settings import Route
from ivr.speech.fake import FakeRecognizer
from ivr.speech.prompts import PromptLibrary, Recording
from telephony.fake import FakeLeg
from telephony.leg import CallLeg, DialOptions, Ended, LegEvent, LegKind, LegState, Party
from telephony.media.clip import Clip

FLOW = """
flow: small
languages: [en]
defaults:
  no_input: { retry: 1, then: bye }
  no_match: { retry: 2, then: bye }
  error: trouble
intents:
  bill: { en: [my bill], label: { en: Bill } }
  human: { en: [a person] }
states:
  main:
    menu: { say: hello, options: [bill, human], hint: keys, read: false, into: wish }
    on: { bill: account, human: desk, "3": outside, "4": broken, "5": desk_briefly, "6": { tag: vip, to: desk }, "7": no_queue }
  account:
    ask: { say: number, expect: { digits: { min: 2, max: 4 } }, into: account }
    on: { done: told }
  told:
    do: [{ say: done }]
    hangup: normal
  desk:
    enqueue: { queue: support, need: { telecom: 2 }, announce: { every: 60s, say: place } }
    on: { no_agents: trouble, timeout: trouble, closed: trouble, full: trouble, "7": main, "8": desk, "9": quiet }
  desk_briefly:
    enqueue: { queue: support, max_wait: 150ms }
    on: { no_agents: trouble, timeout: told, closed: trouble, full: trouble }
  no_queue:
    enqueue: { queue: nowhere }
    on: { no_agents: told, timeout: told, closed: told, full: told }
  outside:
    bridge: { to: "sip:77@127.0.0.1", ring: 100ms }
    on: { done: told, busy: bye, no_answer: trouble, failed: trouble }
  broken:
    say: never_recorded
    on: { done: told }
  quiet:
    wait: { for: 60s }
    on: { done: bye }
  trouble:
    do: [{ say: trouble }]
    hangup: normal
  bye:
    do: [{ say: bye }]
    hangup: busy
"""

PROMPTS = {
    "hello": "Hello.",
    "keys": "Press.",
    "number": "Your number?",
    "done": "Done.",
    "trouble": "Sorry.",
    "bye": "Bye.",
    "place": "You wait.",
}

_numbers = count(1)


@dataclass
class FakeBridge:
    """Remembers what was done to it."""

    legs: tuple[CallLeg, CallLeg]
    done: list[str] = field(default_factory=list)

    def hold(self, leg: CallLeg, music: Sequence[Clip]) -> None:
        self.done.append("hold")

    def resume(self, leg: CallLeg) -> None:
        self.done.append("resume")

    def close(self) -> None:
        if "close" not in self.done:
            self.done.append("close")


class PageLeg(FakeLeg):
    """A page's: tells its end to others too."""

    def __init__(self, name: str) -> None:
        super().__init__(name, state=LegState.UP, kind=LegKind.WEBRTC)
        self._watcher: Callable[[Ended], None] | None = None

    def when_ended(self, watcher: Callable[[Ended], None]) -> None:
        self._watcher = watcher

    def happen(self, event: LegEvent) -> None:
        super().happen(event)
        if isinstance(event, Ended) and self._watcher is not None:
            told, self._watcher = self._watcher, None
            told(event)


def phone_leg(name: str) -> FakeLeg:
    return FakeLeg(name, state=LegState.UP)


@dataclass
class FakeDesk:
    """Agents who answer as scripted: a RingOutcome, or None to let it ring until it is cancelled."""

    answers: dict[str, list[RingOutcome | None]] = field(default_factory=dict)
    log: list[tuple[str, str, Any]] = field(default_factory=list)
    """(what, agent, data), in order."""
    legs: list[FakeLeg] = field(default_factory=list)
    refuse: list[Exception] = field(default_factory=list)
    """What the next calls of `connect` raise."""
    connecting: Callable[[FakeLeg], None] | None = None
    leg: Callable[[str], FakeLeg] = phone_leg
    """What agents speak with: `PageLeg` where a page that is loaded again comes back."""

    async def present(self, agent_id: str, contact: Mapping[str, Any]) -> bool:
        self.log.append(("present", agent_id, dict(contact)))
        return True

    async def ring(self, agent_id: str, contact_id: str, seconds: float) -> RingOutcome:
        self.log.append(("ring", agent_id, seconds))
        script = self.answers.get(agent_id)
        answer = script.pop(0) if script else RingOutcome.ACCEPTED
        if answer is not None:
            return answer
        try:
            await asyncio.Event().wait()
        finally:
            self.log.append(("ring_stopped", agent_id, None))
        raise AssertionError

    async def connect(self, agent_id: str, contact_id: str) -> CallLeg:
        if self.refuse:
            raise self.refuse.pop(0)
        leg = self.leg(f"agent-{len(self.legs)}")
        self.legs.append(leg)
        if self.connecting is not None:
            self.connecting(leg)
        return leg

    async def look_for(self, agent_id: str) -> None: ...

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self.log.append((kind, agent_id, dict(data)))

    def of(self, what: str) -> list[Any]:
        return [data for kind, _, data in self.log if kind == what]

    def phases(self) -> list[str]:
        return [data["phase"] for data in self.of("contact")]


class FakePage:
    """A caller's page that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def push(self, kind: str, data: Mapping[str, Any]) -> None:
        self.told.append((kind, dict(data)))

    def phases(self) -> list[str]:
        return [data["phase"] for kind, data in self.told if kind == "phase"]


class SlowProfiles:
    def __init__(self, seconds: float = 60.0, error: Exception | None = None) -> None:
        self.seconds, self.error = seconds, error

    async def find(self, caller: Caller) -> Mapping[str, Any]:
        if self.error is not None:
            raise self.error
        await asyncio.sleep(self.seconds)
        return {"name": "late"}


class House:
    """One node. `call` starts a session; `until` waits for what must become true."""

    def __init__(self, redis: Redis, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self.number = next(_numbers)
        self.store = AcdStore(redis, prefix=f"{{session-test-{self.number}}}")
        self.router = Router(self.store, f"node-{self.number}", sweep_seconds=0.05)
        self.log, self.reader = ContactLog(redis, engine), ContactReader(engine)
        self.shelves, self.late = Shelves.of(engine, clock), LateRows(redis, engine)
        self.desk, self.talks = FakeDesk(), Talks()
        self.recognizer = FakeRecognizer(languages={"en": "fake"})
        self.bridges: list[FakeBridge] = []
        self.dialled: list[FakeLeg] = []
        self.options: list[DialOptions] = []
        self.dial_error: Exception | None = None
        self.bridge_error: Exception | None = None
        flows = FlowStore([])
        flows.publish(load(FLOW))
        recordings = {
            ("en", name): Recording(Clip(Clip.tone(440, 0.04).samples, name), text, Path(name))
            for name, text in PROMPTS.items()
        }
        recordings["", "music"] = Recording(Clip(Clip.tone(330, 0.04).samples, "music"), "", Path("music"))
        self.services = Services(
            node=self.router.node,
            flows=flows,
            prompts=PromptLibrary(recordings, ("en",)),
            recognizer=None,
            profiles=StaticProfiles({"1001": {"name": "Ann", "tier": "gold"}}),
            router=self.router,
            log=self.log,
            desk=self.desk,
            talks=self.talks,
            bridge=self._bridge,
            dial=self._dial,
            clock=clock,
            flush_seconds=1.0,
            followups=FollowUps(engine, clock),
            late=self.late,
        )
        self.switchboard = self.with_services()

    def with_services(self, **changes: Any) -> Switchboard:
        self.services = replace(self.services, **changes)
        self.switchboard = Switchboard(self.services, [Route("hotline", "small"), Route("lost", "gone")])
        return self.switchboard

    def _bridge(self, a: CallLeg, b: CallLeg) -> FakeBridge:
        if self.bridge_error is not None:
            raise self.bridge_error
        self.bridges.append(FakeBridge((a, b)))
        return self.bridges[-1]

    def _dial(self, uri: str, caller: Party, /, *, options: DialOptions | None = None) -> FakeLeg:
        if self.dial_error is not None:
            raise self.dial_error
        self.options.append(options or DialOptions())
        self.dialled.append(FakeLeg(uri, caller=caller, state=LegState.DIALING))
        return self.dialled[-1]

    async def open(self, *agents: str) -> None:
        await self.store.define_queues([Queue("support", ring_seconds=5.0, wrap_up_seconds=30.0)])
        await self.store.define_agents([Agent(id=one, skills={"telecom": 5}) for one in ("anna", "bob")])
        for one in agents:
            await self.come(one)

    async def come(self, agent: str) -> None:
        await self.store.heartbeat(agent, 60.0)
        await self.store.set_state(agent, AgentState.AVAILABLE)

    async def state(self, agent: str) -> AgentState:
        return (await self.store.agent(agent)).state

    async def until_state(self, agent: str, state: AgentState) -> None:
        async with asyncio.timeout(5.0):
            while await self.state(agent) is not state:  # noqa: ASYNC110  # the state is in Redis
                await asyncio.sleep(0.01)

    def call(self, leg: FakeLeg | None = None, page: FakePage | None = None) -> tuple[FakeLeg, str]:
        leg = leg or FakeLeg(f"call-{self.number}", caller=Party("1001", ""))
        return leg, self.switchboard.take(leg, "", page)

    async def until(self, what: Callable[[], Any], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110  # what is waited for may be anything
                await asyncio.sleep(0.005)

    async def playing(self, leg: FakeLeg, name: str) -> None:
        """Wait until `name` is played; a position that is announced over the music is heard out."""

        def now() -> bool:
            if name == "music" and leg.playing and leg.playing[0].name == "place":
                leg.play_out()
            return bool(leg.playing) and leg.playing[0].name == name

        await self.until(now)

    async def says(self, leg: FakeLeg, name: str) -> None:
        """Wait for a prompt and let it be heard."""
        await self.playing(leg, name)
        leg.play_out()

    async def chooses(self, leg: FakeLeg, key: str) -> None:
        """Wait for the menu and press."""
        await self.playing(leg, "hello")
        leg.press(key)

    async def over(self) -> None:
        """Until no call is left."""
        await self.until(lambda: not len(self.switchboard))

    async def row(self, contact_id: str) -> dict[str, Any]:
        try:
            return dict(await self.reader.get(contact_id))
        except NotFound:
            raise AssertionError(f"no record of {contact_id}") from None
