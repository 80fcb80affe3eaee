"""The picture of a flow, drawn from its text: states, the edges between them, where they stand. Pure.

`draw` gives an SVG with ids and places, so that a page can follow the cursor and jump back. Edges that every state inherits are
told in a legend unless they are asked for; a target far away is named at the edge instead of a line across the whole picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from ivr.dialplan.diagram_words import EDGES, KINDS, OTHER, clipped, width, word
from ivr.dialplan.graph import ANYWHERE, branches, taken, target
from ivr.dialplan.layered import Box, Layout, Link, Route, lay_out, ranks
from ivr.dialplan.model import END, Edge, Flow, FlowState, Go, HangUp, Return
from ivr.dialplan.problems import Place
from ivr.dialplan.speech import PromptPart, Speech, TextPart, ValuePart

MOST_STATES = 2000
TITLE, DETAIL, LABEL = 13.0, 11.0, 11.0
"""Heights of letters."""
WIDEST = 210.0
"""Of the text in a state."""
PADDING = 13.0
FAR = 5
"""Rows beyond which an edge to a much-used state becomes a pointer."""
BACK = 3
MUCH_USED = 3
"""Edges that lead to a state before it counts as such."""
SUBJECTS = ("queue", "to", "flow", "source", "service", "box", "template", "name", "slot")
"""Fields of a step that say what it is about, the first that it has."""

Texts = Callable[[str, str], str]
"""(prompt, language) to what it says, "" where that is not known."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a flow is drawn."""

    language: str = "en"
    """Of the words; what is said is shown in it too, where the flow speaks it."""
    inherited: bool = False
    """Draw inherited edges too."""
    right: bool = False
    """Left to right instead of downward."""
    texts: Texts = lambda name, language: ""
    counts: Mapping[str, Any] | None = None
    """`{"now": {state: n}, "entered": {...}, "edges": {key: n}, "gave_up": {state: {reason: n}}}`."""
    coverage: Mapping[str, Any] | None = None
    """`{"states": {state: n}, "edges": {key: n}}`: what tests came to."""
    standalone: bool = False
    """A file of its own, with its colours for light and dark."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A box of the picture."""

    id: str
    sort: str
    """`state`, `end`, `flow`, `computed`, or `pointer` to a state drawn elsewhere."""
    state: str
    title: str
    detail: str
    hint: str
    """All of it, for a tooltip."""
    kind: str
    place: Place
    width: float
    height: float
    loops: tuple[Line, ...] = ()
    """Edges that lead back to the state itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """An edge of the picture."""

    id: str
    key: str
    tail: str
    head: str
    """Names of states, `end`, `*` for a computed one, `flow:NAME`."""
    name: str
    label: str
    place: Place
    inherited: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes with their middles, and routes with the lines that run along each."""

    shapes: tuple[Shape, ...]
    centres: tuple[tuple[float, float], ...]
    routes: tuple[tuple[Route, tuple[Line, ...]], ...]
    legend: tuple[Line, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """What `draw` gives. Lengths are pixels."""

    svg: str
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    width: float
    height: float


def looked_up(figures: Mapping[str, Any] | None, table: str) -> Mapping[str, Any]:
    """One table of counts or coverage, empty where it is missing or none: they come from outside."""
    found = (figures or {}).get(table)
    return found if isinstance(found, Mapping) else {}


def outgoing(flow: Flow, state: FlowState) -> Iterator[tuple[str, Edge | None, bool]]:
    """Every edge by which a state can be left: its name in the key, the edge (None for hanging up), whether it is inherited.

    Names in keys are those of `on`; without a step that waits `go:1`, `goto`, `case:VALUE`, `otherwise`, `hangup!`, `return!`.
    """
    if state.step is None:
        yield from ((name, edge, False) for name, edge in branches(state))
    if state.step is None and isinstance(state.leave, HangUp | Return):
        yield "hangup!" if isinstance(state.leave, HangUp) else "return!", None, False
    if state.step is not None:
        yield from ((name, edge, name not in state.own) for name, edge in taken(flow, state).items())
    elif "error" in state.edges:
        yield "error", state.edges["error"], "error" not in state.own


def lines(flow: Flow, look: Look) -> list[Line]:
    """Every edge of the flow in the order of the text, inherited ones too."""
    found: list[Line] = []
    for state in flow.states.values():
        for name, edge, inherited in outgoing(flow, state):
            head = END if edge is None else target(flow, edge, state.name)
            place = state.place if edge is None else edge.place
            label = _label(flow, state, name, edge, look)
            found.append(Line(f"edge-{len(found)}", f"{state.name} {name}", state.name, head, name, label, place, inherited))
    return found


def _label(flow: Flow, state: FlowState, name: str, edge: Edge | None, look: Look) -> str:
    """What stands at the edge: the caller's wish in words, a condition, an outcome."""
    if name in ("goto", "hangup!"):
        text = ""
    elif isinstance(state.leave, Return) and name == "return!":
        text = state.leave.name
    elif name.startswith("go:") and isinstance(state.leave, Go):
        when = state.leave.branches[int(name[3:]) - 1].when
        text = word(EDGES, "otherwise", look.language) if when is None else clipped(when.source, LABEL, 170)
    else:
        text = _named(flow, name, look.language)
    if edge is not None and edge.retries:
        text += f" ×{len(edge.retries) + 1}"
    count = looked_up(look.counts, "edges").get(f"{state.name} {name}")
    return " · ".join(one for one in (text, str(count)) if one) if isinstance(count, int) and count > 0 else text


def _named(flow: Flow, name: str, language: str) -> str:
    """An outcome or a wish in words: the intent's label, else what a caller would say, else its name."""
    intent = flow.intents.get(name)
    if intent is None or name in EDGES:
        return word(EDGES, name.removeprefix("case:"), language)
    examples = intent.examples.get(language) or ((name, intent.place),)
    return clipped(intent.label.get(language) or examples[0][0], LABEL, 130)


def shape_of(flow: Flow, state: FlowState, look: Look, loops: tuple[Line, ...]) -> Shape:
    """How a state looks, and how large it is."""
    leaves = {HangUp: "hangup", Return: "return"}.get(type(state.leave), "pass")
    kind = state.step.name if state.step is not None else leaves
    doing = word(KINDS, kind, look.language) if state.step is not None else ""
    said = _said(flow, state, look)
    hint = " ".join(one for one in (doing, _subject(state.step), said) if one)
    detail = clipped(hint, DETAIL, WIDEST)
    rows = 1 + bool(detail) + bool(loops)
    looping = "↻ " + " · ".join(line.label or line.name for line in loops) if loops else ""
    wide = max(width(state.name, TITLE) * 1.06, width(detail, DETAIL), width(looping, LABEL), 44.0)
    place, size = state.place, 2 * PADDING + 4 + wide
    return Shape(
        f"state-{state.name}", "state", state.name, state.name, detail, hint, kind, place, size, 12 + 16.0 * rows, loops
    )


def _subject(step: Any) -> str:
    written = {one.name for one in fields(step)} if is_dataclass(step) else set()
    for name in SUBJECTS:
        value = getattr(step, name) if name in written else ""
        found = value if isinstance(value, str) else getattr(value, "source", "")
        if isinstance(found, str) and found:
            return found
    return ""


def _said(flow: Flow, state: FlowState, look: Look) -> str:
    """The first words that the state says, in the language of the picture where there are any."""
    language = look.language if look.language in flow.languages else flow.languages[0]
    steps = (*state.do, state.step) if state.step is not None else state.do
    for step in steps:
        for speech in step.speeches():
            if text := _words(speech, language, look.texts):
                return f"“{text}”"
    return ""


def _words(speech: Speech, language: str, texts: Texts) -> str:
    found = []
    for part in speech:
        match part:
            case PromptPart(name, language=own) if not own or own == language:
                found.append(texts(name, language) or name)
            case TextPart(written) if language in written:
                found.append(written[language].source)
            case ValuePart(value=value) if found:
                found.append(f"{{{value.source}}}")
            case _:
                continue
        if len(found) == 3:
            break
    return ("" if language == "zh" else " ").join(found)


def picture(flow: Flow, look: Look) -> Picture:
    """Where everything stands. Raises ValueError for more than MOST_STATES states."""
    if len(flow.states) > MOST_STATES:
        raise ValueError(f"{len(flow.states)} states are too many for one picture: {MOST_STATES} are the most")
    every = lines(flow, look)
    drawn = [line for line in every if look.inherited or not line.inherited]
    return _Draft(flow, look, drawn, [] if look.inherited else _legend(flow, every, look)).picture()


def _legend(flow: Flow, every: list[Line], look: Look) -> list[Line]:
    """One line for each default that some state inherits."""
    used = {line.name for line in every if line.inherited}
    found = []
    for name, edge in flow.defaults.items():
        if name in used:
            label = _named(flow, name, look.language) + (f" ×{len(edge.retries) + 1}" if edge.retries else "")
            goal = "↻" if target(flow, edge, "") == "" else target(flow, edge, "")
            found.append(Line(f"default-{name}", f"* {name}", "*", goal, name, label, edge.place, True))
    return found


@dataclass(slots=True)
class _Draft:
    """A picture in the making."""

    flow: Flow
    look: Look
    drawn: list[Line]
    legend: list[Line]
    shapes: list[Shape] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """State to its shape."""

    def picture(self) -> Picture:
        loops: dict[str, tuple[Line, ...]] = {}
        for line in self.drawn:
            if line.head == line.tail:
                loops[line.tail] = (*loops.get(line.tail, ()), line)
        entry = self.flow.states.get(self.flow.entry)
        for state in ([entry] if entry else []) + [one for one in self.flow.states.values() if one is not entry]:
            self.numbers[state.name] = len(self.shapes)
            self.shapes.append(shape_of(self.flow, state, self.look, loops.get(state.name, ())))
        bundles = self._bundles()
        layout = self._laid(bundles)
        routes = tuple(zip(layout.routes, (lines for _, _, lines in bundles), strict=True))
        return Picture(tuple(self.shapes), layout.centres, routes, tuple(self.legend), layout.width, layout.height)

    def _bundles(self) -> list[tuple[int, int, tuple[Line, ...]]]:
        """Lines that run together: those with the same two ends."""
        together: dict[tuple[str, str], list[Line]] = {}
        for line in self.drawn:
            if line.head != line.tail:
                together.setdefault((line.tail, line.head), []).append(line)
        far = self._far(list(together))
        found = []
        for (tail, head), lines in together.items():
            number = self.numbers[head] if head in self.numbers and (tail, head) not in far else self._stub(head)
            found.append((self.numbers[tail], number, tuple(lines)))
        return found

    def _far(self, pairs: list[tuple[str, str]]) -> set[tuple[str, str]]:
        """Pairs too far apart for a line of their own, where many lead to the same state."""
        inside = [pair for pair in pairs if pair[1] in self.numbers]
        arriving = Counter(head for _, head in inside)
        rank, upward = ranks(len(self.numbers), [(self.numbers[tail], self.numbers[head]) for tail, head in inside])
        found = set()
        for pair, up in zip(inside, upward, strict=True):
            span = abs(rank[self.numbers[pair[1]]] - rank[self.numbers[pair[0]]])
            if span > 2 * FAR or (arriving[pair[1]] >= MUCH_USED and span > (BACK if up else FAR)):
                found.add(pair)
        return found

    def _stub(self, head: str) -> int:
        """A new small shape for an end, a computed target, or a state that is drawn elsewhere."""
        number = len(self.shapes)
        if head == END:
            shape = Shape(f"end-{number}", "end", END, "", "", word(OTHER, "hangs_up", self.look.language), "", Place(), 16, 16)
        elif head == ANYWHERE:
            title = word(OTHER, "computed", self.look.language)
            wide = width(title, DETAIL) + 2 * PADDING
            shape = Shape(f"computed-{number}", "computed", ANYWHERE, title, "", title, "", Place(), wide, 22)
        else:
            state = self.flow.states.get(head)
            place = Place() if state is None else state.place
            wide = width(f"→ {head}", DETAIL) + 18
            sort = "pointer" if state is not None else "flow"
            shape = Shape(f"{sort}-{number}", sort, head, f"→ {head}", "", head, "", place, wide, 20)
        self.shapes.append(shape)
        return number

    def _laid(self, bundles: list[tuple[int, int, tuple[Line, ...]]]) -> Layout:
        boxes, links = [Box(one.width, one.height) for one in self.shapes], []
        for tail, head, together in bundles:
            labels = [line.label for line in together if line.label]
            wide = max((width(label, LABEL) + 8 for label in labels), default=0.0)
            links.append(Link(tail, head, wide, 14.0 * len(labels)))
        if not self.look.right:
            return lay_out(boxes, links)
        turned = lay_out(
            [Box(one.height, one.width) for one in boxes],
            [Link(one.tail, one.head, one.height, one.width) for one in links],
        )
        return _turned(turned)


def _turned(layout: Layout) -> Layout:
    """The same from left to right."""
    routes = tuple(
        Route(tuple((y, x) for x, y in one.points), (one.label[1], one.label[0]), one.upward) for one in layout.routes
    )
    return Layout(tuple((y, x) for x, y in layout.centres), routes, layout.height, layout.width)
