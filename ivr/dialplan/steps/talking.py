"""Steps in which the caller talks with somebody who is no agent: `bridge`, `transfer`, `park`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from ivr.dialplan.events import BridgeEnded, BridgeTo, Event, ParkCaller, ParkEnded, TransferEnded, TransferTo
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.fields import Fields, template
from ivr.dialplan.kinds import Schema, Site, WaitingStep
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, NAME, NOTHING, TEXT, either, record
from ivr.dialplan.state import Phase

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

HOW = ("bridged", "refer", "auto")
TOLD = ("none", "link", "body")
_CALLING: Schema = {"to": TEXT, "ring": DURATION, "music": NAME, "handover": {"enum": list(TOLD)}}


@dataclass(frozen=True, slots=True)
class BridgeStep(WaitingStep):
    """Call a SIP URI and join it with the caller; leaves by how that ended."""

    name: ClassVar[str] = "bridge"
    edge_names: ClassVar[tuple[str, ...]] = ("done", "busy", "no_answer", "failed")
    to: Template
    place: Place
    ring: float = 30.0
    music: str = ""
    """What the caller hears meanwhile; "" for the ringing tone."""
    handover: str = ""
    """What the far end is told of the call; "" as its trunk says."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        if isinstance(node, Scalar):
            return cls(template(node, site.findings) or _empty(node), node.place)
        fields = Fields(node, site.findings, "bridge", ("to", "ring", "music", "handover"))
        told = _told(fields, site)
        return cls(_to(fields, node), node.place, fields.duration("ring", 30.0), fields.text("music"), told)

    @classmethod
    def schema(cls) -> Schema:
        return either(TEXT, record(_CALLING, ("to",)))

    def outcomes(self) -> tuple[str, ...]:
        return self.edge_names[1:]

    def ending(self) -> tuple[str, ...]:
        return ("done",)

    def recordings(self) -> Iterator[str]:
        if self.music:
            yield self.music

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.to

    def start(self, run: Run) -> Edge | None:
        run.emit(BridgeTo(self.to.text(run.scope()), self.ring, self.music, self.handover))
        run.update(phase=Phase.BRIDGE)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return run.outcome(event.outcome) if isinstance(event, BridgeEnded) else None


@dataclass(frozen=True, slots=True)
class TransferStep(WaitingStep):
    """Send the caller to a number or SIP URI for good; leaves by how that ended."""

    name: ClassVar[str] = "transfer"
    edge_names: ClassVar[tuple[str, ...]] = ("done", "busy", "no_answer", "failed")
    to: Template
    place: Place
    how: str = "bridged"
    """`bridged` calls and joins; `refer` lets the caller's own phone call, which ends our part; `auto` tries that first."""
    ring: float = 30.0
    music: str = ""
    handover: str = ""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        if isinstance(node, Scalar):
            return cls(template(node, site.findings) or _empty(node), node.place)
        fields = Fields(node, site.findings, "transfer", ("to", "how", "ring", "music", "handover"))
        how = fields.text("how", "bridged")
        if how not in HOW:
            site.findings.unknown(fields.place, "way to transfer", how, HOW)
        told = _told(fields, site)
        return cls(_to(fields, node), node.place, how, fields.duration("ring", 30.0), fields.text("music"), told)

    @classmethod
    def schema(cls) -> Schema:
        return either(TEXT, record({**_CALLING, "how": {"enum": list(HOW)}}, ("to",)))

    def outcomes(self) -> tuple[str, ...]:
        return self.edge_names[1:]

    def ending(self) -> tuple[str, ...]:
        return ("done",)

    def recordings(self) -> Iterator[str]:
        if self.music:
            yield self.music

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.to

    def start(self, run: Run) -> Edge | None:
        run.emit(TransferTo(self.to.text(run.scope()), self.how, self.ring, self.music, self.handover))
        run.update(phase=Phase.TRANSFER)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return run.outcome(event.outcome) if isinstance(event, TransferEnded) else None


@dataclass(frozen=True, slots=True)
class ParkStep(WaitingStep):
    """Put the caller into a numbered slot until somebody picks them up; leaves by `done` after that talk, or by `timeout`."""

    name: ClassVar[str] = "park"
    edge_names: ClassVar[tuple[str, ...]] = ("done", "timeout")
    slot: Template
    """Empty for a free one."""
    place: Place
    music: str = "music"
    timeout: float = 120.0
    """0 for no limit."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        if isinstance(node, Scalar):
            slot = None if node.value is None else template(node, site.findings)
            return cls(slot or _empty(node), node.place)
        fields = Fields(node, site.findings, "park", ("slot", "music", "timeout"))
        slot = fields.template("slot") or _empty(node)
        return cls(slot, node.place, fields.text("music", "music"), fields.duration("timeout", 120.0))

    @classmethod
    def schema(cls) -> Schema:
        return either(NOTHING, TEXT, record({"slot": TEXT, "music": NAME, "timeout": DURATION}))

    def outcomes(self) -> tuple[str, ...]:
        return ("timeout",) if self.timeout else ()

    def ending(self) -> tuple[str, ...]:
        return ("done",)

    def optional(self) -> tuple[str, ...]:
        return ("timeout",)

    def recordings(self) -> Iterator[str]:
        if self.music:
            yield self.music

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.slot

    def start(self, run: Run) -> Edge | None:
        run.answer()
        run.emit(ParkCaller(self.slot.text(run.scope()), self.music, self.timeout))
        run.update(phase=Phase.PARK)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return run.outcome(event.outcome) if isinstance(event, ParkEnded) else None


def _to(fields: Fields, node: Node) -> Template:
    fields.need("to", 'to: a number, a registered user, or "sip:user@host"')
    return fields.template("to") or _empty(node)


def _told(fields: Fields, site: Site) -> str:
    told = fields.text("handover")
    if told and told not in TOLD:
        site.findings.unknown(fields.place, "handover", told, TOLD)
    return told


def _empty(node: Node) -> Template:
    return Template("", node.place, ())
