"""Steps that leave something to be done: `ticket`, `callback`, `notify`, `handover`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ivr.dialplan.build_speech import speech
from ivr.dialplan.build_values import assignments
from ivr.dialplan.durations import seconds
from ivr.dialplan.events import Event, Note, Notify, OpenTicket, TaskEnded, TimerFired
from ivr.dialplan.expression import Expression, Template, plain
from ivr.dialplan.fields import Fields, template, word
from ivr.dialplan.kinds import About, InstantStep, Schema, Site, WaitingStep
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import LITERAL, TEXT, either, map_of, record
from ivr.dialplan.speech import TextPart

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("sms", "email", "webhook")
WITHIN = 5.0
"""Seconds in which the store must have taken a ticket; the step leaves by `error` then."""
LATE = "late"
MOST_SUBJECT, MOST_TEXT = 300, 4000
_DAYS = re.compile(r"([1-9][0-9]{0,2})d\Z")


class Leaving(WaitingStep):
    """What `ticket` and `callback` have in common: a command that reports back, with its number in `result`."""

    __slots__ = ()
    edge_names: ClassVar[tuple[str, ...]] = ("done",)

    def waits(self, run: Run, task: int) -> None:
        run.wait(task=task)
        run.set_timer(LATE, WITHIN)

    def ended(self, run: Run, event: Event) -> Edge | None:
        """The edge where the event says how the task ended."""
        match event:
            case TaskEnded(task, outcome, result) if task == run.state.step.get("task"):
                run.update(result=plain(result) if outcome == "done" else {}, step={})
                return run.outcome(outcome)
            case TimerFired(name) if name == LATE and "task" in run.state.step:
                run.update(result={})
                return run.edge("error")
        return None


@dataclass(frozen=True, slots=True)
class TicketStep(Leaving):
    """Open a ticket and leave by `done`, with `result.number` ("T-000123"), or by `error` where it cannot be written."""

    name: ClassVar[str] = "ticket"
    kind: Template
    place: Place
    subject: Template
    body: Template
    priority: Template
    """`low`, `normal`, `high` or `urgent`."""
    values: Mapping[str, Template] = field(default_factory=dict)
    """Fields of its own, by name."""
    due: float = 0.0
    """Until when it should be done, from now on: 4h, 3d; no such time without it."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "ticket", ("kind", "subject", "body", "priority", "fields", "due"))
        fields.need("kind", "kind: fault, complaint, ...")
        given, empty = fields.get("fields"), Template("", node.place, ())
        priority = fields.template("priority") or Template("normal", node.place, ("normal",))
        if priority.fixed is not None and priority.fixed not in PRIORITIES:
            site.findings.unknown(priority.place, "priority", priority.fixed, PRIORITIES)
        return cls(
            kind=fields.template("kind") or empty,
            place=node.place,
            subject=fields.template("subject") or empty,
            body=fields.template("body") or empty,
            priority=priority,
            values={} if given is None else assignments(given, site.findings),
            due=_due(fields),
        )

    @classmethod
    def schema(cls) -> Schema:
        due = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$", "description": "2h, 3d"}
        keys = {"kind": TEXT, "subject": TEXT, "body": TEXT, "priority": either({"enum": list(PRIORITIES)}, TEXT)}
        return record({**keys, "fields": map_of(LITERAL), "due": due}, ("kind",))

    def expressions(self) -> Iterator[Expression | Template]:
        yield from (self.kind, self.subject, self.body, self.priority)
        yield from self.values.values()

    def start(self, run: Run) -> Edge | None:
        scope, task = run.scope(), run.task()
        priority = self.priority.text(scope)
        fields: dict[str, Any] = {
            "kind": self.kind.text(scope),
            "subject": self.subject.text(scope)[:MOST_SUBJECT],
            "body": self.body.text(scope)[:MOST_TEXT],
            "priority": priority if priority in PRIORITIES else "normal",
            "fields": {name: plain(one.value(scope), 4) for name, one in self.values.items()},
            "due_at": run.now + self.due if self.due else None,
        }
        run.emit(OpenTicket(task, fields))
        self.waits(run, task)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return self.ended(run, event)


def _due(fields: Fields) -> float:
    node = fields.get("due")
    if node is None:
        return 0.0
    text = word(node, fields.findings, "`due`")
    if days := _DAYS.match(text):
        return int(days[1]) * 86400.0
    try:
        return seconds(text)
    except ValueError as error:
        fields.findings.error(node.place, "bad-duration", f"`due` is no duration: `{text}`", f"{error}; or days: 3d")
        return 0.0


@dataclass(frozen=True, slots=True)
class NotifyStep(InstantStep):
    """Send a message by `sms`, `email` or `webhook`, in the caller's language; the call goes on at once.

    It goes out of an outbox that tries again; how to reach a channel stands in the settings (`notices`).
    """

    name: ClassVar[str] = "notify"
    by: str
    to: Template
    texts: Mapping[str, Template]
    """Language to text."""
    subjects: Mapping[str, Template] = field(default_factory=dict)
    place: Place = field(default_factory=Place)

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "notify", ("by", "to", "subject", "text"))
        fields.need("by", "by: sms, email or webhook")
        fields.need("text", "text: { zh: ..., en: ... }")
        by = fields.text("by", CHANNELS[0])
        if by and by not in CHANNELS:
            named = fields.get("by")
            site.findings.unknown(fields.place if named is None else named.place, "channel", by, CHANNELS)
        to = fields.template("to") or Template("", node.place, ())
        if by != "webhook":
            fields.need("to", 'to: "{caller.number}"')
        return cls(by, to, _by_language(fields, "text", site), _by_language(fields, "subject", site), node.place)

    @classmethod
    def schema(cls) -> Schema:
        text = either(TEXT, map_of(TEXT))
        return record({"by": {"enum": list(CHANNELS)}, "to": TEXT, "subject": text, "text": text}, ("by", "text"))

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.to
        yield from self.texts.values()
        yield from self.subjects.values()

    def check(self, about: About) -> None:
        known = about.around.channels
        if known is not None and self.by in CHANNELS and self.by not in known:
            message = f"nothing leaves the house by {self.by}: the setting `notices.{self.by}` is empty"
            about.findings.warn(
                self.place, "no-channel", message, "set it; notifications stay in the outbox as failed until then"
            )

    def perform(self, run: Run) -> None:
        scope, language = run.scope(), run.state.language
        texts, subjects = self.texts.get(language), self.subjects.get(language)
        subject = "" if subjects is None else subjects.text(scope)
        run.emit(Notify(self.by, self.to.text(scope), "" if texts is None else texts.text(scope), subject[:MOST_SUBJECT]))


def _by_language(fields: Fields, name: str, site: Site) -> Mapping[str, Template]:
    """Text by language; one text alone is that of all of them."""
    node = fields.get(name)
    if node is None:
        return {}
    if isinstance(node, Scalar):
        one = template(node, site.findings)
        return {} if one is None else dict.fromkeys(site.languages, one)
    parts = speech(node, site.findings, site.languages)
    if len(parts) == 1 and isinstance(parts[0], TextPart) and parts[0].when is None:
        return parts[0].texts
    if not site.findings.failed:
        example = ", ".join(f"{language}: ..." for language in site.languages)
        site.findings.error(node.place, "wrong-type", f"`{name}` is written, not spoken", f"{{ {example} }}")
    return {}


@dataclass(frozen=True, slots=True)
class HandoverStep(InstantStep):
    """Note what the agent should know: it comes with the caller to the desk, and with a callback. Later notes add to it."""

    name: ClassVar[str] = "handover"
    note: Template | None
    summary: Template | None = None
    facts: Mapping[str, Template] = field(default_factory=dict)
    """Name to value, shown as a list."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        if isinstance(node, Scalar):
            return cls(template(node, site.findings))
        fields = Fields(node, site.findings, "handover", ("note", "summary", "facts"))
        if not fields.node.entries:
            site.findings.error(node.place, "missing-key", "handover needs something to hand over", 'note: "..."')
        facts = fields.get("facts")
        values = {} if facts is None else assignments(facts, site.findings)
        return cls(fields.template("note"), fields.template("summary"), values)

    @classmethod
    def schema(cls) -> Schema:
        return either(TEXT, record({"note": TEXT, "summary": TEXT, "facts": map_of(LITERAL)}))

    def expressions(self) -> Iterator[Expression | Template]:
        yield from (one for one in (self.note, self.summary) if one is not None)
        yield from self.facts.values()

    def perform(self, run: Run) -> None:
        scope = run.scope()
        given: dict[str, Any] = {}
        for name, one in (("note", self.note), ("summary", self.summary)):
            if one is not None and (text := one.text(scope)):
                given[name] = text[:MOST_TEXT]
        if facts := {name: plain(one.value(scope), 2) for name, one in self.facts.items()}:
            given["facts"] = {name: value for name, value in facts.items() if value is not None}
        if given:
            run.emit(Note(handover=given))
