"""The step that waits for an agent: `enqueue`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from ivr.dialplan import positions
from ivr.dialplan.build_speech import speech
from ivr.dialplan.events import Enqueue, Event, Queued, QueueLeft
from ivr.dialplan.expression import EvaluationError, Expression, Template
from ivr.dialplan.fields import Fields, integer
from ivr.dialplan.kinds import KEYS, About, Schema, Site, WaitingStep
from ivr.dialplan.positions import Node, kind
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, NAME, TEXT, map_of, record, ref
from ivr.dialplan.speech import Speech
from ivr.dialplan.state import Phase

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run


@dataclass(frozen=True, slots=True)
class Announce:
    """What the waiting caller is told about the place in the queue."""

    every: float
    speech: Speech
    first: Speech = ()
    """Spoken instead to the one who is next."""

    def due(self, told: float | None, waited: float) -> bool:
        return told is None or waited - told >= self.every * 0.9


@dataclass(frozen=True, slots=True)
class EnqueueStep(WaitingStep):
    """Wait for an agent; leaves by how the wait ended."""

    name: ClassVar[str] = "enqueue"
    edge_names: ClassVar[tuple[str, ...]] = ("served", "no_agents", "timeout", "closed", "full")
    queue: Template
    place: Place
    needs: Mapping[str, int]
    """Skill to the least level (1..10)."""
    need_places: Mapping[str, Place] = field(default_factory=dict)
    priority: Expression | None = None
    music: str = "music"
    announce: Announce | None = None
    max_wait: float = 0.0
    """0 for no limit."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "enqueue", ("queue", "need", "priority", "music", "announce", "max_wait"))
        fields.need("queue", "queue: name")
        return cls(
            queue=fields.template("queue") or Template("", node.place, ()),
            place=node.place,
            needs=_needs(fields),
            need_places=_need_places(fields.get("need")),
            priority=fields.priority(),
            music=fields.text("music", "music"),
            announce=_announce(fields.get("announce"), site),
            max_wait=fields.duration("max_wait", 0.0),
        )

    @classmethod
    def schema(cls) -> Schema:
        level = {"type": "integer", "minimum": 1, "maximum": 10}
        announce = record({"every": DURATION, "say": ref("speech"), "first": ref("speech")}, ("say",), Announce)
        queue = {"queue": TEXT, "need": map_of(level), "priority": ref("expression"), "music": NAME}
        return record(queue | {"announce": announce, "max_wait": DURATION}, ("queue",))

    def outcomes(self) -> tuple[str, ...]:
        return tuple(name for name in self.edge_names if name != "served" and (name != "timeout" or self.max_wait))

    def ending(self) -> tuple[str, ...]:
        return ("served",)

    def optional(self) -> tuple[str, ...]:
        return ("served", "timeout")

    def edge_keys(self) -> str:
        return KEYS

    def speeches(self) -> Iterator[Speech]:
        if self.announce is not None:
            yield self.announce.speech
            yield self.announce.first

    def recordings(self) -> Iterator[str]:
        yield self.music

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.queue
        if self.priority is not None:
            yield self.priority

    def check(self, about: About) -> None:
        known, findings = about.around, about.findings
        if known.queues is not None and self.queue.fixed is not None and self.queue.fixed not in known.queues:
            findings.unknown(self.queue.place, "queue", self.queue.fixed, known.queues)
        if known.skills is not None:
            for skill in self.needs:
                if skill not in known.skills:
                    findings.unknown(self.need_places.get(skill, self.place), "skill", skill, known.skills)

    def start(self, run: Run) -> Edge | None:
        scope = run.scope()
        priority = 5 if self.priority is None else self.priority.value(scope)
        if isinstance(priority, bool) or not isinstance(priority, int | float | None):
            raise EvaluationError("the priority of a queue must be a number")
        run.answer()
        run.update(phase=Phase.QUEUE, queue={})
        run.emit(
            Enqueue(
                queue=self.queue.text(scope),
                needs=self.needs,
                priority=5 if priority is None else min(10, max(0, int(priority))),
                music=self.music,
                announce_every=self.announce.every if self.announce else 0.0,
                max_wait=self.max_wait,
            )
        )
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        match event:
            case Queued():
                self._queued(run, event)
            case QueueLeft(outcome):
                run.update(phase=Phase.INTRO, queue={**run.state.queue, "outcome": outcome})
                return run.outcome(outcome)
        return None

    def _queued(self, run: Run, event: Queued) -> None:
        """Tell the place on entry and then as often as the flow wants."""
        told = run.state.queue.get("told")
        run.update(queue={"position": event.position, "waited": event.waited, "told": told})
        announce = self.announce
        if announce is None or run.state.speaking or not announce.due(told, event.waited):
            return
        run.speak(announce.first if announce.first and event.position <= 1 else announce.speech)
        if run.pending:
            run.say(None)
        run.update(queue={**run.state.queue, "told": event.waited})


def _needs(fields: Fields) -> dict[str, int]:
    node = fields.get("need")
    if node is None:
        return {}
    if not isinstance(node, positions.Mapping):
        fields.findings.error(node.place, "wrong-type", f"`need` must be a mapping, this is {kind(node)}", "need: { skill: 3 }")
        return {}
    return {name: integer(level, fields.findings, f"the level of `{name}`", 1, 1, 10) for name, _, level in node.items()}


def _need_places(node: Node | None) -> dict[str, Place]:
    return {name: key.place for name, key, _ in node.items()} if isinstance(node, positions.Mapping) else {}


def _announce(node: Node | None, site: Site) -> Announce | None:
    if node is None:
        return None
    fields = Fields(node, site.findings, "announce", ("every", "say", "first"))
    said, first = fields.need("say", "say: [position_is, { number: queue.position }]"), fields.get("first")
    spoken, to_first = (() if one is None else speech(one, site.findings, site.languages) for one in (said, first))
    return Announce(max(fields.duration("every", 30.0), 5.0), spoken, to_first)
