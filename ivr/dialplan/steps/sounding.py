"""Steps that speak, play or are silent: `say`, `play`, `wait`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from ivr.dialplan.build_speech import speech
from ivr.dialplan.events import Event, PromptEnded, TimerFired
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.fields import Fields, duration, template
from ivr.dialplan.kinds import KEYS, Schema, Site, WaitingStep
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, FLAG, TEXT, either, record, ref
from ivr.dialplan.speech import Speech
from ivr.dialplan.state import Phase

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

WAIT = "wait"


@dataclass(frozen=True, slots=True)
class SpeakStep(WaitingStep):
    """Speak to the end, then leave by `done`."""

    name: ClassVar[str] = "say"
    speech: Speech
    place: Place

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        return cls(speech(node, site.findings, site.languages), node.place)

    @classmethod
    def schema(cls) -> Schema:
        return ref("speech")

    def opening(self) -> Speech:
        return self.speech

    def speeches(self) -> Iterator[Speech]:
        yield self.speech

    def start(self, run: Run) -> Edge | None:
        return run.edge("done")

    def react(self, run: Run, event: Event) -> Edge | None:
        return None


@dataclass(frozen=True, slots=True)
class PlayStep(WaitingStep):
    """Play a recording, then leave by `done`, or by a key that has an edge."""

    name: ClassVar[str] = "play"
    recording: Template
    place: Place
    repeat: bool = False
    answer: bool = True
    """False plays it as early media, where the call was not taken yet."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        empty = Template("", node.place, ())
        if isinstance(node, Scalar):
            return cls(template(node, site.findings) or empty, node.place)
        fields = Fields(node, site.findings, "play", ("name", "repeat", "answer"))
        fields.need("name", "name: the recording")
        name = fields.template("name") or empty
        return cls(name, node.place, fields.flag("repeat", False), fields.flag("answer", True))

    @classmethod
    def schema(cls) -> Schema:
        return either(TEXT, record({"name": TEXT, "repeat": FLAG, "answer": FLAG}, ("name",)))

    def outcomes(self) -> tuple[str, ...]:
        return () if self.repeat else ("done",)

    def edge_keys(self) -> str:
        return KEYS

    def recordings(self) -> Iterator[str]:
        if self.recording.fixed:
            yield self.recording.fixed

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.recording

    def start(self, run: Run) -> Edge | None:
        if not self.answer:
            run.progress()
        run.play(self.recording.text(run.scope()), self.repeat)
        run.update(phase=Phase.PLAY)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return run.edge("done") if isinstance(event, PromptEnded) else None


@dataclass(frozen=True, slots=True)
class WaitStep(WaitingStep):
    """Be silent for so long, then leave by `done`, or by a key that has an edge."""

    name: ClassVar[str] = "wait"
    seconds: float
    place: Place

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        if isinstance(node, Scalar):
            return cls(duration(node, site.findings, "`wait`", 1.0), node.place)
        fields = Fields(node, site.findings, "wait", ("for",))
        fields.need("for", "for: 10s")
        return cls(fields.duration("for", 1.0), node.place)

    @classmethod
    def schema(cls) -> Schema:
        return either(DURATION, record({"for": DURATION}, ("for",)))

    def edge_keys(self) -> str:
        return KEYS

    def start(self, run: Run) -> Edge | None:
        run.answer()
        run.update(phase=Phase.WAIT)
        run.set_timer(WAIT, self.seconds)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return run.edge("done") if isinstance(event, TimerFired) and event.name == WAIT else None
