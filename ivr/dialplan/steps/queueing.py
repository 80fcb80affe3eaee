"""The step that waits for an agent: `enqueue`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from ivr.dialplan.build_speech import speech
from ivr.dialplan.events import Enqueue, Event, Queued, QueueLeft
from ivr.dialplan.expression import EvaluationError, Expression, Template
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import KEYS, About, Schema, Site, WaitingStep
from ivr.dialplan.needing import NEED, PREFER, Needs, Preference, needs, people, preference
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, NAME, TEXT, record, ref
from ivr.dialplan.speech import Speech
from ivr.dialplan.state import Phase

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

KEYS_OF = ("queue", "need", "prefer", "only", "exclude", "priority", "music", "announce", "max_wait")


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
    needs: Needs
    prefer: Preference | None = None
    only: Expression | None = None
    """The one agent, or those, who may take the call."""
    exclude: Expression | None = None
    """Agents who never get it."""
    priority: Expression | None = None
    music: str = "music"
    announce: Announce | None = None
    max_wait: float = 0.0
    """0 for no limit."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "enqueue", KEYS_OF)
        fields.need("queue", "queue: name")
        return cls(
            queue=fields.template("queue") or Template("", node.place, ()),
            place=node.place,
            needs=needs(fields),
            prefer=preference(fields, site.findings),
            only=fields.expression("only"),
            exclude=fields.expression("exclude"),
            priority=fields.priority(),
            music=fields.text("music", "music"),
            announce=_announce(fields.get("announce"), site),
            max_wait=fields.duration("max_wait", 0.0),
        )

    @classmethod
    def schema(cls) -> Schema:
        announce = record({"every": DURATION, "say": ref("speech"), "first": ref("speech")}, ("say",), Announce)
        queue = {"queue": TEXT, "need": NEED, "priority": ref("expression"), "music": NAME}
        people = {"prefer": PREFER, "only": ref("expression"), "exclude": ref("expression")}
        return record(queue | people | {"announce": announce, "max_wait": DURATION}, ("queue",))

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
        preferred = self.prefer.agent if self.prefer is not None else None
        yield from (one for one in (self.priority, preferred, self.only, self.exclude) if one is not None)

    def check(self, about: About) -> None:
        known, findings = about.around, about.findings
        if known.queues is not None and self.queue.fixed is not None and self.queue.fixed not in known.queues:
            findings.unknown(self.queue.place, "queue", self.queue.fixed, known.queues)
        if known.skills is not None:
            for skill, place in (self.needs.places or {}).items():
                if skill not in known.skills:
                    findings.unknown(place, "skill", skill, known.skills)

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
                needs=self.needs.levels,
                relax=self.needs.relax,
                prefer=() if self.prefer is None else people(self.prefer.agent.value(scope)),
                prefer_seconds=0.0 if self.prefer is None else self.prefer.seconds,
                only=() if self.only is None else people(self.only.value(scope)),
                exclude=() if self.exclude is None else people(self.exclude.value(scope)),
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
        place = {"position": event.position, "waited": event.waited, "estimated_wait": event.estimate}
        run.update(queue={**place, "told": told})
        announce = self.announce
        if announce is None or run.state.speaking or not announce.due(told, event.waited):
            return
        run.speak(announce.first if announce.first and event.position <= 1 else announce.speech)
        if run.pending:
            run.say(None)
        run.update(queue={**run.state.queue, "told": event.waited})


def _announce(node: Node | None, site: Site) -> Announce | None:
    if node is None:
        return None
    fields = Fields(node, site.findings, "announce", ("every", "say", "first"))
    said, first = fields.need("say", "say: [position_is, { number: queue.position }]"), fields.get("first")
    spoken, to_first = (() if one is None else speech(one, site.findings, site.languages) for one in (said, first))
    return Announce(max(fields.duration("every", 30.0), 5.0), spoken, to_first)
