"""The step that goes into another flow and comes back: `call`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from ivr.dialplan.build_values import assignments
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.fields import Fields, word
from ivr.dialplan.kinds import Schema, Site, WaitingStep
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import LITERAL, NAME, either, map_of, record

if TYPE_CHECKING:
    from ivr.dialplan.events import Event
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run


@dataclass(frozen=True, slots=True)
class CallStep(WaitingStep):
    """Go through another flow and leave by the name that it returns (`return: verified`).

    It shares variables, slots and tags with this flow; `with` sets variables on the way in. Its own `vars` are computed
    each time it is called. Its `end` and `hangup` end the call. Sub-flows may call each other eight deep.
    """

    name: ClassVar[str] = "call"
    edge_names: ClassVar[tuple[str, ...]] = ()
    calls: ClassVar[bool] = True
    flow: str
    place: Place
    values: Mapping[str, Template] = field(default_factory=dict)

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        if isinstance(node, Scalar):
            return cls(word(node, site.findings, "the flow that is called"), node.place)
        fields = Fields(node, site.findings, "call", ("flow", "with"))
        fields.need("flow", "flow: name")
        given, named = fields.get("with"), fields.get("flow")
        values = {} if given is None else assignments(given, site.findings)
        return cls(fields.text("flow"), node.place if named is None else named.place, values)

    @classmethod
    def schema(cls) -> Schema:
        return either(NAME, record({"flow": NAME, "with": map_of(LITERAL)}, ("flow",)))

    def outcomes(self) -> tuple[str, ...]:
        return ()

    def expressions(self) -> Iterator[Expression | Template]:
        yield from self.values.values()

    def start(self, run: Run) -> Edge | None:
        run.enter(self.flow, self.values)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return None
