"""What every kind of step is: how it is written, what edges it has, what it does. Pure.

A step is a frozen dataclass that derives from `WaitingStep` or `InstantStep`; its docstring is its page in the reference. Those
of Hotline stand in `ivr.dialplan.steps`; a package adds its own by an entry point (`ivr.dialplan.registry`).
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.speech import Speech

if TYPE_CHECKING:
    from ivr.dialplan.events import Event
    from ivr.dialplan.lint import Surroundings
    from ivr.dialplan.model import Edge, Flow, FlowState
    from ivr.dialplan.run import Run

Schema = dict[str, Any]
"""A JSON Schema; `{"$ref": "#/$defs/speech"}` and the like point at the shared parts of `ivr.dialplan.schema`."""

KEYS = "0123456789*#"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a step is built: who is told of mistakes, and which languages everything must be said in."""

    findings: Findings
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a step may look at while it is checked."""

    flow: Flow
    state: FlowState
    findings: Findings
    around: Surroundings


class Step(ABC):
    """Common to all steps."""

    __slots__ = ()

    name: ClassVar[str]
    """The key that it is written under."""

    @classmethod
    @abstractmethod
    def build(cls, node: Node, site: Site) -> Self:
        """The step that `node`, the value under the key, describes. Mistakes go to `site.findings`; never raises."""

    @classmethod
    @abstractmethod
    def schema(cls) -> Schema:
        """JSON Schema of the value under the key, without a description: that is the docstring."""

    def speeches(self) -> Iterator[Speech]:
        """Everything that it can say."""
        yield from ()

    def expressions(self) -> Iterator[Expression | Template]:
        """Every expression that it computes, those in what it says left out."""
        yield from ()

    def conditions(self) -> tuple[Expression, ...]:
        """Those of its expressions that are true or false."""
        return ()

    def check(self, about: About) -> None:  # noqa: B027 - most steps have nothing to say
        """Report what is wrong with it in this place."""


class InstantStep(Step):
    """A step that takes no time: an item of `do`."""

    __slots__ = ()

    @abstractmethod
    def perform(self, run: Run) -> None:
        """Do it. Raises EvaluationError or FlowFault: the `error` edge is taken."""


class WaitingStep(Step):
    """A step that waits and leaves by an edge. A state has at most one."""

    __slots__ = ()

    place: Place
    edge_names: ClassVar[tuple[str, ...]] = ("done",)
    """Every edge that such a step can take by itself, so that `defaults` may name it."""
    listens: ClassVar[bool] = False
    """Whether the caller is asked: then intents, `agent` and keys are edges, own and inherited."""
    overlaps: ClassVar[bool] = False
    """Whether it begins at once and speaks what is still to be said meanwhile."""
    calls: ClassVar[bool] = False
    """Whether a sub-flow goes on at once with what is still to be said; the edges are then those that it returns."""

    def outcomes(self) -> tuple[str, ...]:
        """The edges that it can take by itself and that must have a target, written or inherited."""
        return ("done",)

    def ending(self) -> tuple[str, ...]:
        """Edges that lead to `end` where nothing else is said."""
        return ()

    def optional(self) -> tuple[str, ...]:
        """Further edges that `on` may have."""
        return ()

    def edges(self) -> Mapping[str, Edge]:
        """Edges that are written in the step and not in `on`, by names that nobody can write there; `optional` has them too."""
        return {}

    def answers(self) -> tuple[str, ...]:
        """The edges that an answer of the caller takes, in the order of their keys."""
        return ()

    def intents(self) -> tuple[str, ...]:
        """The intents that it names as answers; they must be in `intents` of the flow."""
        return ()

    def edge_keys(self) -> str:
        """The keys that may be edges of `on`."""
        return ""

    def opening(self) -> Speech:
        """What is said before it starts."""
        return ()

    def recordings(self) -> Iterator[str]:
        """Names of the recordings that it plays."""
        yield from ()

    def fills(self, state: str) -> Iterable[str]:
        """The slots that it may fill, in the state of that name."""
        into = getattr(self, "into", "")
        return (into,) if into else ()

    def hung_up(self, run: Run) -> None:
        """Keep what is to be kept: the caller hung up while this ran."""

    @abstractmethod
    def start(self, run: Run) -> Edge | None:
        """Begin, now that nothing is left to say before it; the edge where it is over at once."""

    @abstractmethod
    def react(self, run: Run, event: Event) -> Edge | None:
        """What an event means while it runs: the edge to take, or None to stay. Keys that have an edge never come here."""


def described(kind: type[Step]) -> Schema:
    """The schema of a step with its docstring."""
    return {**kind.schema(), "description": inspect.getdoc(kind)}
