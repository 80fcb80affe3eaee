"""The step that waits for an agent: `enqueue`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ivr.dialplan import holding, overflowing, telling
from ivr.dialplan.build_edges import edge_of
from ivr.dialplan.events import AgentRung, Enqueue, Event, Queued, QueueLeft, TimerFired
from ivr.dialplan.expression import EvaluationError, Expression, Template
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import KEYS, About, Schema, Site, WaitingStep
from ivr.dialplan.model import Edge
from ivr.dialplan.needing import NEED, PREFER, Needs, Preference, needs, people, preference
from ivr.dialplan.overflowing import RULE, Rule, rules
from ivr.dialplan.positions import Mapping as Written
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, NAME, TEXT, either, record, ref
from ivr.dialplan.speech import Speech
from ivr.dialplan.state import Phase
from ivr.dialplan.telling import Announce, Comfort

if TYPE_CHECKING:
    from ivr.dialplan.run import Run

KEYS_OF = (
    *("queue", "need", "prefer", "only", "exclude", "priority", "music", "announce", "comfort", "max_wait"),
    *("overflow", "no_agents_after", "keep_place", "while_waiting"),
)
MEANWHILE = "while_waiting"
COMFORT = "comfort"
SOON = 5.0
"""Seconds after which a comfort message that found no silence is tried again."""


@dataclass(frozen=True, slots=True)
class EnqueueStep(WaitingStep):
    """Wait for an agent; leaves by how the wait ended.

    `overflow` are rules on a timeline, each an edge of its own. `keep_place` keeps the place for so long after a key or a rule
    led out: who enters the same queue again has it still. `while_waiting` leads on while the place is held; coming back to this
    state waits again, and an agent who is rung brings the caller back.
    """

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
    music: str = ""
    """"" for that of the queue."""
    announce: Announce | None = None
    comfort: Comfort | None = None
    max_wait: float = 0.0
    """0 for no limit."""
    rules: tuple[Rule, ...] = ()
    no_agents_after: float = 10.0
    """Seconds without anybody on duty who could ever take the caller."""
    keep: float = 0.0
    meanwhile: Edge | None = None

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "enqueue", KEYS_OF)
        fields.need("queue", "queue: name")
        found = cls(
            queue=fields.template("queue") or Template("", node.place, ()),
            place=node.place,
            needs=needs(fields),
            prefer=preference(fields, site.findings),
            only=fields.expression("only"),
            exclude=fields.expression("exclude"),
            priority=fields.priority(),
            music=fields.text("music"),
            announce=telling.announce(fields.get("announce"), site),
            comfort=telling.comfort(fields.get("comfort"), site),
            max_wait=fields.duration("max_wait", 0.0),
            rules=rules(fields.get("overflow"), site),
            no_agents_after=fields.duration("no_agents_after", 10.0),
            keep=fields.duration("keep_place", 0.0),
            meanwhile=_meanwhile(fields, site),
        )
        found._too_late(site)
        return found

    def _too_late(self, site: Site) -> None:
        for rule in self.rules:
            if 0 < self.max_wait <= rule.after:
                message = f"this rule comes after {rule.after:g} s, and `max_wait` ends the wait before"
                site.findings.error(rule.edge.place, "dead-option", message, "let `max_wait` be longer, or leave it out")

    @classmethod
    def schema(cls) -> Schema:
        queue = {"queue": TEXT, "need": NEED, "priority": ref("expression"), "music": NAME}
        people = {"prefer": PREFER, "only": ref("expression"), "exclude": ref("expression")}
        told = {"announce": telling.ANNOUNCE, "comfort": telling.COMFORT, "max_wait": DURATION}
        rest = {"overflow": overflowing.RULES, "no_agents_after": DURATION, "keep_place": DURATION}
        return record(queue | people | told | rest | {MEANWHILE: either(TEXT, ref("edge"))}, ("queue",))

    def outcomes(self) -> tuple[str, ...]:
        return tuple(name for name in self.edge_names if name != "served" and (name != "timeout" or self.max_wait))

    def ending(self) -> tuple[str, ...]:
        return ("served",)

    def optional(self) -> tuple[str, ...]:
        return ("served", "timeout", *self.edges())

    def edges(self) -> Mapping[str, Edge]:
        found = {name: rule.edge for name, rule in overflowing.named(self.rules).items()}
        return found if self.meanwhile is None else {**found, MEANWHILE: self.meanwhile}

    def edge_keys(self) -> str:
        return KEYS

    def speeches(self) -> Iterator[Speech]:
        yield from telling.speeches(self.announce, self.comfort)

    def recordings(self) -> Iterator[str]:
        yield self.music or "music"

    def conditions(self) -> tuple[Expression, ...]:
        """Of its expressions those that are true or false."""
        return tuple(rule.when for rule in self.rules if rule.when is not None)

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.queue
        preferred = self.prefer.agent if self.prefer is not None else None
        yield from (one for one in (self.priority, preferred, self.only, self.exclude) if one is not None)
        yield from self.conditions()

    def check(self, about: About) -> None:
        known, findings = about.around, about.findings
        if known.queues is not None and self.queue.fixed is not None and self.queue.fixed not in known.queues:
            findings.unknown(self.queue.place, "queue", self.queue.fixed, known.queues)
        if known.skills is not None:
            for skill, place in (self.needs.places or {}).items():
                if skill not in known.skills:
                    findings.unknown(place, "skill", skill, known.skills)
        self.needs.check_names(known.teams, known.sites, findings)

    # --- waiting

    def start(self, run: Run) -> Edge | None:
        held = run.state.held
        if held and (held["flow"], held["state"]) == (run.state.flow, run.state.state):
            run.update(phase=Phase.QUEUE, queue=held["queue"], step={**held["step"], "rung": held["rung"]}, held={})
            self._arm(run, late=True)
            return None
        scope = run.scope()
        queue = self.queue.text(scope)
        kept = run.state.places.get(queue, {})
        kept = kept if kept.get("until", 0.0) >= run.now else {}
        since = float(kept.get("since", 0.0))
        run.answer()
        run.emit(self._entry(run, queue, since))
        told = {} if kept.get("minutes") is None else {"at": -3600.0, "position": 10**6, "minutes": kept["minutes"]}
        memory = {
            "queue": queue,
            "since": since or run.now,
            "keep": self.keep,
            "rules": list(kept.get("rules", ())),
            "told": told,
        }
        places = {name: one for name, one in run.state.places.items() if name != queue}
        run.update(phase=Phase.QUEUE, queue={}, step=memory, places=places)
        self._arm(run)
        return None

    def _entry(self, run: Run, queue: str, since: float) -> Enqueue:
        scope = run.scope()
        priority = 5 if self.priority is None else self.priority.value(scope)
        if isinstance(priority, bool) or not isinstance(priority, int | float | None):
            raise EvaluationError("the priority of a queue must be a number")
        every = self.announce.every if self.announce else 0.0
        return Enqueue(
            queue=queue,
            needs=self.needs.levels,
            relax=self.needs.relax,
            where=self.needs.where,
            prefer=() if self.prefer is None else people(self.prefer.agent.value(scope)),
            prefer_seconds=0.0 if self.prefer is None else self.prefer.seconds,
            only=() if self.only is None else people(self.only.value(scope)),
            exclude=() if self.exclude is None else people(self.exclude.value(scope)),
            priority=5 if priority is None else min(10, max(0, int(priority))),
            music=self.music,
            announce_every=min(every or overflowing.LOOK, overflowing.LOOK) if self.conditions() else every,
            max_wait=self.max_wait,
            since=since,
            no_agents_after=self.no_agents_after,
            comforted=self.comfort is not None,
        )

    def react(self, run: Run, event: Event) -> Edge | None:
        match event:
            case Queued():
                return self._queued(run, event)
            case AgentRung():
                self._remember(run, rung=True)
            case QueueLeft(outcome):
                run.update(phase=Phase.INTRO, queue={**run.state.queue, "outcome": outcome})
                return run.outcome(outcome)
            case TimerFired(name) if not run.state.step.get("rung"):
                if name == COMFORT:
                    self._comfort(run)
                return self._due(run) if name.startswith(RULE) else None
        return None

    def _remember(self, run: Run, **changes: Any) -> None:
        run.update(step={**run.state.step, **changes})

    def _waited(self, run: Run) -> float:
        """Seconds since the place was taken."""
        return max(float(run.state.queue.get("waited", 0.0)), run.now - float(run.state.step.get("since", run.now)))

    def _arm(self, run: Run, late: bool = False) -> None:
        """Set what is to happen by time alone and does not run; `late`: also what was due while the flow did something else."""
        for name, rule in overflowing.named(self.rules).items():
            left = rule.after - self._waited(run)
            if (left > 0 or late) and name not in run.state.timers and name not in run.state.step.get("rules", ()):
                run.set_timer(name, max(0.0, round(left, 3)))
        if self.comfort is not None and COMFORT not in run.state.timers:
            run.set_timer(COMFORT, self.comfort.every)

    def _queued(self, run: Run, event: Queued) -> Edge | None:
        """What a place that is told means: a rule that holds, something to do meanwhile, or words."""
        run.update(queue=holding.place(event))
        self._remember(run, rung=False)
        if (edge := self._due(run)) is not None:
            return edge
        self._arm(run)
        self._announce(run, event)
        if (edge := self._on_with(run)) is not None:
            return edge
        if run.pending:
            run.say(None)
        return None

    def _due(self, run: Run) -> Edge | None:
        """The edge of the first rule that holds by now."""
        taken, named = run.state.step.get("rules", []), overflowing.named(self.rules)
        name = overflowing.due(named, taken, self._waited(run), run.scope())
        if not name:
            return None
        self._remember(run, rules=[*taken, name])
        return run.edge(name)

    def _on_with(self, run: Run) -> Edge | None:
        """Where to go on while the place is held: once in a wait, and where an agent who was rung in vain broke it off."""
        memory = run.state.step
        if self.meanwhile is None:
            return None
        if "meanwhile" not in memory:
            self._remember(run, meanwhile=True)
            edge = run.edge(MEANWHILE)
            holding.hold(run)
            return edge
        left = memory.get("resume")
        self._remember(run, resume=None)
        return Edge(None, self.place) if left and holding.go_on(run, left) else None

    def _announce(self, run: Run, event: Queued) -> None:
        """Tell the place on entry, when it got better, and then as often as the flow wants."""
        announce, told = self.announce, run.state.step.get("told", {})
        waited, estimate = event.waited, event.estimate
        if announce is None or run.state.speaking or not announce.due(told, event.position, estimate, waited):
            return
        shown = telling.promised(told, estimate)
        run.update(queue={**run.state.queue, "estimated_wait": shown})
        before = len(run.pending)
        run.speak(announce.first if announce.first and event.position <= 1 else announce.speech)
        run.update(queue=holding.place(event))
        if len(run.pending) > before:
            self._remember(run, told=telling.noted(told, event.position, shown, waited))

    def _comfort(self, run: Run) -> None:
        """The next message in turn, unless something else is being said."""
        assert self.comfort is not None
        if run.state.speaking:
            run.set_timer(COMFORT, SOON)
            return
        number = int(run.state.step.get("messages", 0))
        run.speak(self.comfort.message(number))
        if run.pending:
            run.say(None)
        self._remember(run, messages=number + 1)
        run.set_timer(COMFORT, self.comfort.every)


def _meanwhile(fields: Fields, site: Site) -> Edge | None:
    node = fields.get(MEANWHILE)
    if node is None:
        return None
    if not isinstance(node, Written):
        to = fields.template(MEANWHILE)
        return None if to is None else Edge(to, node.place)
    inner = Fields(node, site.findings, MEANWHILE, ("to", "say", "set", "tag", "language"))
    inner.need("to", "to: state")
    return edge_of(inner, site.languages)
