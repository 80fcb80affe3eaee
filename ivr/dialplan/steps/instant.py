"""The steps of `do`: they take no time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from ivr.dialplan.build_speech import speech
from ivr.dialplan.build_values import assignments, language_of
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.fields import template, word
from ivr.dialplan.kinds import InstantStep, Schema, Site
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.schema_parts import LITERAL, NOTHING, TEXT, map_of, ref
from ivr.dialplan.speech import Speech

if TYPE_CHECKING:
    from ivr.dialplan.run import Run

ACTIONS = ("start", "pause", "resume", "stop")


@dataclass(frozen=True, slots=True)
class AnswerStep(InstantStep):
    """Take the call. The first thing spoken takes it too."""

    name: ClassVar[str] = "answer"

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        nothing(node, site, cls.name)
        return cls()

    @classmethod
    def schema(cls) -> Schema:
        return NOTHING

    def perform(self, run: Run) -> None:
        run.answer()


@dataclass(frozen=True, slots=True)
class SayStep(InstantStep):
    """Speak, together with what follows; the flow goes on at once."""

    name: ClassVar[str] = "say"
    speech: Speech

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        return cls(speech(node, site.findings, site.languages))

    @classmethod
    def schema(cls) -> Schema:
        return ref("speech")

    def speeches(self) -> Iterator[Speech]:
        yield self.speech

    def perform(self, run: Run) -> None:
        run.speak(self.speech)


@dataclass(frozen=True, slots=True)
class SetStep(InstantStep):
    """Remember values under `vars`."""

    name: ClassVar[str] = "set"
    values: Mapping[str, Template]

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        return cls(assignments(node, site.findings))

    @classmethod
    def schema(cls) -> Schema:
        return map_of(LITERAL)

    def expressions(self) -> Iterator[Expression | Template]:
        yield from self.values.values()

    def perform(self, run: Run) -> None:
        run.assign(self.values)


@dataclass(frozen=True, slots=True)
class LanguageStep(InstantStep):
    """Speak and listen in another language from here on."""

    name: ClassVar[str] = "language"
    language: Template | None

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        return cls(language_of(node, site.findings, site.languages))

    @classmethod
    def schema(cls) -> Schema:
        return TEXT

    def expressions(self) -> Iterator[Expression | Template]:
        if self.language is not None:
            yield self.language

    def perform(self, run: Run) -> None:
        run.switch_language(self.language)


@dataclass(frozen=True, slots=True)
class TagStep(InstantStep):
    """Mark the call for the agent and the record."""

    name: ClassVar[str] = "tag"
    tag: Template

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        return cls(template(node, site.findings) or Template("", node.place, ()))

    @classmethod
    def schema(cls) -> Schema:
        return TEXT

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.tag

    def perform(self, run: Run) -> None:
        run.tag(self.tag)


@dataclass(frozen=True, slots=True)
class ProgressStep(InstantStep):
    """Let the caller hear what is spoken from here on without taking the call (early media). A question takes it."""

    name: ClassVar[str] = "progress"

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        nothing(node, site, cls.name)
        return cls()

    @classmethod
    def schema(cls) -> Schema:
        return NOTHING

    def perform(self, run: Run) -> None:
        run.progress()


@dataclass(frozen=True, slots=True)
class RecordStep(InstantStep):
    """Begin, pause, resume or end the recording of the call; it goes on across states, queues and talks."""

    name: ClassVar[str] = "record"
    action: str
    """`start`, `pause`, `resume` or `stop`."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        action = word(node, site.findings, "what to do with the recording")
        if action and action not in ACTIONS:
            site.findings.unknown(node.place, "action of record", action, ACTIONS)
        return cls(action)

    @classmethod
    def schema(cls) -> Schema:
        return {"enum": list(ACTIONS)}

    def perform(self, run: Run) -> None:
        run.record(self.action)


def nothing(node: Node, site: Site, name: str) -> None:
    """Complain where a step that takes nothing is given something."""
    if not isinstance(node, Scalar) or node.value not in (None, True):
        site.findings.error(node.place, "wrong-type", f"`{name}` takes nothing", f"write `- {name}`")
