"""Steps that ask the caller: `ask` and `menu`. What they hear is understood in `ivr.dialplan.dialogue`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from ivr.dialplan import dialogue
from ivr.dialplan.build_speech import speech
from ivr.dialplan.events import Event
from ivr.dialplan.expect import Choice, Digits, Expect
from ivr.dialplan.fields import Fields, words
from ivr.dialplan.kinds import KEYS, About, Schema, Site, WaitingStep
from ivr.dialplan.positions import Mapping, Node, Scalar
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.schema_parts import DURATION, FLAG, NAME, TEXT, either, record, ref
from ivr.dialplan.speech import Speech

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

_READ = {"true": "always", "always": "always", "false": "never", "never": "never", "retry": "retry"}
_ASKING: Schema = {"say": ref("speech"), "hint": ref("speech"), "into": TEXT, "timeout": DURATION, "patience": DURATION}
_ASKING |= {"barge_in": either(FLAG, record({"after": DURATION}))}


@dataclass(frozen=True, slots=True)
class AskStep(WaitingStep):
    """Ask, listen, and leave by what was said or keyed."""

    name: ClassVar[str] = "ask"
    edge_names: ClassVar[tuple[str, ...]] = ("no_input", "no_match")
    listens: ClassVar[bool] = True
    options: ClassVar[tuple[str, ...]] = ()
    read: ClassVar[str] = "never"
    speech: Speech
    expect: Expect
    place: Place
    hint: Speech = ()
    """Spoken after the question where speech cannot be recognised, to tell the keys."""
    into: str = ""
    """Slot that takes the answer."""
    timeout: float = 6.0
    """Silence after the prompt that makes `no_input`."""
    between_keys: float = 3.0
    """Silence after a key that ends a number."""
    patience: float = 0.4
    """Silence that ends an utterance."""
    barge_in: float | None = 0.3
    """Speech that stops the prompt; None where it must be heard to its end."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        allowed = ("say", "expect", "hint", "into", "timeout", "between_keys", "patience", "barge_in")
        fields = Fields(node, site.findings, "ask", allowed)
        fields.need("say", "say what is asked")
        return cls(
            speech=_speech(fields, "say", site),
            expect=_expect(fields.get("expect"), site.findings),
            place=node.place,
            hint=_speech(fields, "hint", site),
            into=fields.text("into"),
            timeout=fields.duration("timeout", 6.0),
            between_keys=fields.duration("between_keys", 3.0),
            patience=fields.duration("patience", 0.4),
            barge_in=_barge_in(fields),
        )

    @classmethod
    def schema(cls) -> Schema:
        key = {"enum": ["#", "*", "none"]}
        count = {"type": "integer", "minimum": 1, "maximum": 64}
        digits = record({"min": count, "max": count, "terminator": key}, (), Digits)
        choice = {"type": "array", "items": NAME, "description": Choice.__doc__}
        expect = either(
            {"enum": ["yes_no", "digits"]}, record({"digits": digits}, ("digits",)), record({"choice": choice}, ("choice",))
        )
        return record({**_ASKING, "expect": expect, "between_keys": DURATION}, ("say",))

    def outcomes(self) -> tuple[str, ...]:
        return self.edge_names

    def answers(self) -> tuple[str, ...]:
        match self.expect:
            case Choice(intents=intents):
                return intents
            case Digits():
                return ("done",)
            case "yes_no":
                return ("yes", "no")
            case _:
                return ()

    def edge_keys(self) -> str:
        return "*#" if isinstance(self.expect, Digits) else KEYS

    def speeches(self) -> Iterator[Speech]:
        yield self.speech
        yield self.hint

    def check(self, about: About) -> None:
        flow, state, findings = about.flow, about.state, about.findings
        if isinstance(self.expect, Choice):
            _known_intents(about, self.expect.intents, self.expect.places)
        if self.expect is None and not any(name in flow.intents or name in KEYS for name in state.own):
            message = f"`{state.name}` asks, but understands no answer"
            findings.error(self.place, "missing-key", message, "add `expect`, or an intent or a key to `on`")

    def start(self, run: Run) -> Edge | None:
        dialogue.ask(run)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return dialogue.react(run, event)


@dataclass(frozen=True, slots=True)
class MenuStep(WaitingStep):
    """Offer intents by voice and by keys 1..n, and leave by the chosen one."""

    name: ClassVar[str] = "menu"
    edge_names: ClassVar[tuple[str, ...]] = ("no_input", "no_match")
    listens: ClassVar[bool] = True
    expect: ClassVar[Expect] = None
    between_keys: ClassVar[float] = 3.0
    speech: Speech
    options: tuple[str, ...]
    place: Place
    places: tuple[Place, ...] = ()
    """Where each option stands."""
    hint: Speech = ()
    """Spoken in place of the list of options where speech cannot be recognised."""
    read: Literal["always", "never", "retry"] = "retry"
    """When the options are read out with their keys; always so where speech cannot be recognised."""
    into: str = ""
    timeout: float = 6.0
    patience: float = 0.4
    barge_in: float | None = 0.3

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        findings = site.findings
        fields = Fields(node, findings, "menu", ("say", "options", "hint", "read", "into", "timeout", "patience", "barge_in"))
        options = fields.need("options", "options: [intent, ...], keys 1..n follow their order")
        names = words(options, findings, "an option") if options is not None else ()
        if len(names) > 9:
            findings.error(names[9][1], "too-many", "a menu has nine keys", "make a second menu; people remember five")
        read = fields.text("read", "retry")
        if read not in _READ:
            findings.unknown(fields.place, "value of read", read, ("true", "false", "retry"))
        return cls(
            speech=_speech(fields, "say", site),
            options=tuple(name for name, _ in names[:9]),
            place=node.place,
            places=tuple(place for _, place in names[:9]),
            hint=_speech(fields, "hint", site),
            read=_READ.get(read, "retry"),  # type: ignore[arg-type]
            into=fields.text("into"),
            timeout=fields.duration("timeout", 6.0),
            patience=fields.duration("patience", 0.4),
            barge_in=_barge_in(fields),
        )

    @classmethod
    def schema(cls) -> Schema:
        read = {"enum": [True, False, "always", "never", "retry"]}
        options: dict[str, Any] = {"type": "array", "items": NAME, "maxItems": 9}
        return record({**_ASKING, "options": options, "read": read}, ("options",))

    def outcomes(self) -> tuple[str, ...]:
        return self.edge_names

    def answers(self) -> tuple[str, ...]:
        return self.options

    def edge_keys(self) -> str:
        return KEYS

    def speeches(self) -> Iterator[Speech]:
        yield self.speech
        yield self.hint

    def check(self, about: About) -> None:
        _known_intents(about, self.options, self.places)

    def start(self, run: Run) -> Edge | None:
        dialogue.ask(run)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return dialogue.react(run, event)


def _known_intents(about: About, names: tuple[str, ...], places: tuple[Place, ...]) -> None:
    for name, place in zip(names, places, strict=True):
        if name not in about.flow.intents:
            about.findings.unknown(place, "intent", name, about.flow.intents)


def _speech(fields: Fields, name: str, site: Site) -> Speech:
    node = fields.get(name)
    return () if node is None else speech(node, site.findings, site.languages)


def _barge_in(fields: Fields) -> float | None:
    node = fields.get("barge_in")
    if node is None or (isinstance(node, Scalar) and node.value is True):
        return 0.3
    if isinstance(node, Scalar) and node.value is False:
        return None
    return Fields(node, fields.findings, "barge_in", ("after",)).duration("after", 0.3)


def _expect(node: Node | None, findings: Findings) -> Expect:
    cure = "yes_no, digits, { digits: { min: 4, max: 11 } } or { choice: [intent, ...] }"
    match node:
        case None:
            return None
        case Scalar(value="yes_no"):
            return "yes_no"
        case Scalar(value="digits"):
            return Digits()
        case Mapping() if len(node.entries) == 1 and "digits" in node.entries:
            return _digits(Fields(node.entries["digits"][1], findings, "digits", ("min", "max", "terminator")))
        case Mapping() if len(node.entries) == 1 and "choice" in node.entries:
            named = words(node.entries["choice"][1], findings, "an intent")
            return Choice(tuple(name for name, _ in named), tuple(place for _, place in named))
        case _:
            findings.error(node.place, "bad-expect", "this cannot be expected", cure)
            return None


def _digits(fields: Fields) -> Digits:
    least, most = fields.whole("min", 1, 1, 64), fields.whole("max", 32, 1, 64)
    terminator = fields.text("terminator", "#") if fields.get("terminator") is not None else "#"
    if terminator not in ("#", "*", "none"):
        fields.findings.error(fields.place, "bad-key", f"`{terminator}` cannot end a number", 'terminator: "#", "*" or none')
    if least > most:
        fields.findings.error(fields.place, "out-of-range", f"min {least} is above max {most}", "swap them")
    return Digits(min(least, most), most, "" if terminator == "none" else terminator)
