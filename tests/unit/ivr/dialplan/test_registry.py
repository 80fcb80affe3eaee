"""Kinds of steps: ours, and those that a package adds by an entry point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, ClassVar, Self

import pytest

from ivr.dialplan import registry
from ivr.dialplan.events import Event, Pressed
from ivr.dialplan.expression import Template
from ivr.dialplan.fields import template
from ivr.dialplan.kinds import Schema, Site, WaitingStep
from ivr.dialplan.loader import examine
from ivr.dialplan.machine import Machine
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Place
from ivr.dialplan.schema import schema
from ivr.dialplan.state import Phase, State
from ivr.dialplan.steps import WAITING

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

HERE = "tests.unit.ivr.dialplan.test_registry"


@dataclass(frozen=True, slots=True)
class FaxStep(WaitingStep):
    """Wait for a fax: two keys stand for its pages."""

    name: ClassVar[str] = "fax"
    edge_names: ClassVar[tuple[str, ...]] = ("done", "paper_jam")
    to: Template
    place: Place

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        return cls(template(node, site.findings) or Template("", node.place, ()), node.place)

    @classmethod
    def schema(cls) -> Schema:
        return {"type": "string"}

    def outcomes(self) -> tuple[str, ...]:
        return self.edge_names

    def start(self, run: Run) -> Edge | None:
        run.wait(pages=0, to=self.to.text(run.scope()))
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        match event:
            case Pressed("*"):
                return run.edge("paper_jam")
            case Pressed() if run.state.step["pages"]:
                return run.edge("done")
            case Pressed():
                run.wait(**{**run.state.step, "pages": 1})
        return None


class NoStep:
    """Stands where a package names the wrong thing."""


FLOW = """
flow: faxing
languages: [en]
defaults: { error: end }
states:
  receive:
    fax: "{vars.box}"
    on: { done: end, paper_jam: receive }
"""


@pytest.fixture
def fax(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    point = EntryPoint("fax", f"{HERE}:FaxStep", registry.GROUP)
    kinds = registry.added(WAITING, WaitingStep, [point])  # type: ignore[type-abstract]
    monkeypatch.setattr(registry, "waiting", lambda: kinds)
    yield


@pytest.mark.usefixtures("fax")
def test_an_added_step_waits_remembers_and_leaves() -> None:
    flow, problems = examine(FLOW, "faxing.yaml")
    assert flow is not None, problems
    machine = Machine(flow)
    state, _ = machine.start({}, {}, 0.0)
    assert (state.phase, state.step) == (Phase.STEP, {"pages": 0, "to": ""})
    state, _ = machine.handle(state, Pressed("1"), 0.0)
    assert machine.restore(state.to_dict()) == state
    assert State.from_dict(state.to_dict()).step == {"pages": 1, "to": ""}
    state, _ = machine.handle(state, Pressed("2"), 0.0)
    assert state.ended == "flow"
    assert state.step == {}


@pytest.mark.usefixtures("fax")
def test_an_added_step_is_in_the_schema_and_its_edges_are_checked() -> None:
    properties = schema()["$defs"]["state"]["properties"]
    assert properties["fax"] == {"type": "string", "description": "Wait for a fax: two keys stand for its pages."}
    _, problems = examine(FLOW.replace(", paper_jam: receive", ""), "faxing.yaml")
    assert [problem.code for problem in problems] == ["missing-edge"]


def test_what_is_no_step_or_takes_a_name_that_is_taken_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    points = [
        EntryPoint("none", f"{HERE}:NoStep", registry.GROUP),
        EntryPoint("gone", f"{HERE}:Vanished", registry.GROUP),
        EntryPoint("fax", f"{HERE}:FaxStep", registry.GROUP),
        EntryPoint("again", f"{HERE}:FaxStep", registry.GROUP),
    ]
    kinds = registry.added(WAITING, WaitingStep, points)  # type: ignore[type-abstract]
    assert list(kinds) == [*(kind.name for kind in WAITING), "fax"]
    assert [record.message.split(" (")[0] for record in caplog.records] == ["step none", "step gone", "step fax"]
