"""A picture of a flow as SVG text. Pure.

Colours are custom properties with defaults; nothing in it runs, reaches outside or needs more than a strict page policy
allows. All text is escaped, whatever the flow says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ivr.dialplan.diagram import (
    DETAIL,
    LABEL,
    PADDING,
    TITLE,
    Drawing,
    Line,
    Look,
    Picture,
    Shape,
    looked_up,
    picture,
)
from ivr.dialplan.diagram_words import OTHER, width, word
from ivr.dialplan.layered import Route
from ivr.dialplan.model import Flow

MARGIN = 18.0
LEGEND_ROW = 18.0
PALETTE: Mapping[str, tuple[str, str]] = {
    "ink": ("#1d232b", "#e7ebf0"),
    "faint": ("#66707c", "#98a3b0"),
    "paper": ("#ffffff", "#15191e"),
    "box": ("#f6f7f9", "#1e242b"),
    "line": ("#aab3bd", "#56616d"),
    "accent": ("#2f6fde", "#6ea2ff"),
    "good": ("#23804a", "#5cc98a"),
    "attention": ("#b06c00", "#f0b04c"),
    "danger": ("#c02f2f", "#ff8080"),
    "queue": ("#7a4fc0", "#b693f2"),
}
"""Property to its colour in light and dark."""
TONES = {
    "ask": "accent", "menu": "accent", "collect": "accent", "survey": "accent",
    "enqueue": "queue", "bridge": "queue", "transfer": "queue", "park": "queue", "handover": "queue",
    "voicemail": "attention", "callback": "attention", "ticket": "attention", "notify": "attention",
    "lookup": "good", "http": "good", "call": "good",
}  # fmt: skip
"""Kind of step to the colour of its edge; what only speaks or passes on is grey."""
_ILLEGAL = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"


def draw(flow: Flow, look: Look | None = None) -> Drawing:
    """The flow as SVG, with where every state and edge stands. Raises ValueError where it has too many states."""
    look = look or Look()
    found = picture(flow, look)
    high = found.height + 2 * MARGIN + (len(found.legend) + 1.5) * LEGEND_ROW * bool(found.legend)
    wide = max(found.width + 2 * MARGIN, _legend_width(found.legend, look) + 2 * MARGIN)
    svg = "\n".join(_document(flow, found, look, wide, high))
    return Drawing(svg, _nodes(found), _edges(found), round(wide, 1), round(high, 1))


def _tag(name: str, content: str | None = None, **attributes: Any) -> str:
    """One element with every attribute escaped; `content` is markup already. None attributes are left out."""
    found = [f"<{name}"]
    for key, value in attributes.items():
        if value is not None:
            text = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
            found.append(f" {key.rstrip('_').replace('_', '-')}={quoteattr(_legal(text))}")
    found.append("/>" if content is None else f">{content}</{name}>")
    return "".join(found)


def _document(flow: Flow, found: Picture, look: Look, wide: float, high: float) -> Iterator[str]:
    drawing = {"xmlns": "http://www.w3.org/2000/svg", "class": "flow-diagram", "viewBox": f"0 0 {wide:.0f} {high:.0f}"}
    drawing |= {"role": "img", "aria-label": flow.name, "data-flow": flow.name, "font-family": FONT, "font-size": f"{TITLE:g}"}
    yield _tag("svg", "", width=round(wide), height=round(high), **drawing).removesuffix("</svg>")
    if look.standalone:
        yield _style()
        yield _tag("rect", width="100%", height="100%", fill=_colour("paper"))
    arrow = {"viewBox": "0 0 10 10", "refX": "9", "refY": "5", "markerWidth": "7", "markerHeight": "7"}
    head = _tag("path", d="M1 1 L9 5 L1 9 Z", fill=_colour("line"))
    yield _tag("defs", _tag("marker", head, id="diagram-arrow", orient="auto-start-reverse", **arrow))
    moved = f"translate({MARGIN:g} {MARGIN:g})"
    routes = [part for route, lines in found.routes for part in _route(route, lines, look)]
    labels = [part for route, lines in found.routes for part in _labels(route, lines, look)]
    yield _tag("g", "\n".join(routes + labels), class_="edges", transform=moved)
    shapes = (_shape(shape, x, y, look) for shape, (x, y) in zip(found.shapes, found.centres, strict=True))
    yield _tag("g", "\n".join(shapes), class_="states", transform=moved)
    if found.legend:
        yield _legend(found, look)
    yield "</svg>\n"


def _colour(name: str) -> str:
    return f"var(--diagram-{name}, {PALETTE[name][0]})"


def _style() -> str:
    light = "".join(f"--diagram-{name}:{pair[0]};" for name, pair in PALETTE.items())
    dark = "".join(f"--diagram-{name}:{pair[1]};" for name, pair in PALETTE.items())
    return f"<style>svg{{{light}}}@media (prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"


def _write(text: str, x: float | None, y: float, tone: str, size: float | None = LABEL, **more: Any) -> str:
    return _tag("text", _text(text), x=x, y=y, font_size=size, fill=_colour(tone), **more)


# --- states


def _shape(shape: Shape, x: float, y: float, look: Look) -> str:
    tested = _tested(look, "states", shape.state) if shape.sort == "state" else ""
    classes = " ".join(one for one in (shape.sort, shape.kind and f"kind-{shape.kind}", tested) if one)
    said = f"{shape.title}: {shape.hint}" if shape.sort == "state" and shape.hint else shape.hint or shape.title
    parts = [_tag("title", _text(said))]
    if shape.sort == "end":
        parts.append(_tag("circle", r=8, fill=_colour("paper"), stroke=_colour("faint"), stroke_width=1.5))
        parts.append(_tag("rect", x=-3.5, y=-3.5, width=7, height=7, rx=1.5, fill=_colour("faint")))
    elif shape.sort == "state":
        parts += [*_state(shape, tested), *_badges(shape, look)]
    else:
        parts += _pill(shape)
    data = {"data-state": shape.state, "data-line": shape.place.line, "data-column": shape.place.column}
    return _tag("g", "".join(parts), id=shape.id, class_=classes, transform=f"translate({x:.1f} {y:.1f})", **data)


def _state(shape: Shape, tested: str) -> Iterator[str]:
    left, top = -shape.width / 2, -shape.height / 2
    tone = {"covered": "good", "missed": "danger"}.get(tested, "line")
    box: dict[str, Any] = {"x": left, "y": top, "width": shape.width, "height": shape.height}
    rounding = min(shape.height / 2, 18.0) if shape.kind in ("hangup", "return") else 7
    thick = 1.6 if tested else 1
    yield _tag("rect", class_="box", **box, rx=rounding, fill=_colour("box"), stroke=_colour(tone), stroke_width=thick)
    if shape.kind in TONES:
        stripe: dict[str, Any] = {"x": left + 5, "y": top + 7, "width": 3, "height": shape.height - 14}
        yield _tag("rect", class_="stripe", **stripe, rx=1.5, fill=_colour(TONES[shape.kind]))
    inside, baseline = left + PADDING + 2, top + 20
    yield _write(shape.title, inside, baseline, "ink", None, class_="name", font_weight=600)
    if shape.detail:
        baseline += 16
        yield _write(shape.detail, inside, baseline, "faint", DETAIL, class_="detail")
    if shape.loops:
        spans = [
            _tag("tspan", _text(f"{' ·' if number else ''} {line.label or line.name}"), id=line.id, **_marks(line, "edge loop"))
            for number, line in enumerate(shape.loops)
        ]
        yield _tag("text", "↻" + "".join(spans), x=inside, y=baseline + 16, font_size=LABEL, fill=_colour("faint"))


def _pill(shape: Shape) -> Iterator[str]:
    box: dict[str, Any] = {
        "x": -shape.width / 2,
        "y": -shape.height / 2,
        "width": shape.width,
        "height": shape.height,
        "rx": shape.height / 2,
    }
    dashes = "3 3" if shape.sort == "computed" else None
    yield _tag("rect", class_="box", **box, fill=_colour("paper"), stroke=_colour("line"), stroke_dasharray=dashes)
    yield _write(shape.title, None, 4, "faint", DETAIL, text_anchor="middle")


def _badges(shape: Shape, look: Look) -> Iterator[str]:
    """Callers now at the upper right corner; to the right those of today, and below it those who gave up."""
    counts = look.counts or {}
    right, low = shape.width / 2, shape.height / 2
    if now := _number(counts, "now", shape.state):
        wide = max(18.0, width(str(now), LABEL) + 10)
        at: dict[str, Any] = {"x": right - wide + 7, "y": -low - 8, "width": wide, "height": 17, "rx": 8.5}
        inside: dict[str, Any] = {"text_anchor": "middle", "font_weight": 600}
        number = _write(str(now), right - wide / 2 + 7, -low + 4.5, "paper", **inside)
        yield _tag("g", _tag("rect", **at, fill=_colour("accent")) + number, class_="now")
    if entered := _number(counts, "entered", shape.state):
        yield _write(str(entered), right + 5, 4, "faint", class_="entered")
    reasons = looked_up(looked_up(counts, "gave_up"), shape.state)
    if lost := sum(value for value in reasons.values() if isinstance(value, int)):
        yield _write(f"✕ {lost}", right + 5, 18 if entered else 4, "danger", class_="gave-up")


def _number(counts: Mapping[str, Any], table: str, name: str) -> int:
    found = looked_up(counts, table).get(name)
    return found if isinstance(found, int) and found > 0 else 0


# --- edges


def _route(route: Route, lines: tuple[Line, ...], look: Look) -> Iterator[str]:
    path = _path(route.points, look.right)
    for line in lines:
        tested = _tested(look, "edges", line.key)
        stroke = _colour({"covered": "good", "missed": "danger"}.get(tested, "line"))
        drawn: dict[str, Any] = {"fill": "none", "stroke": stroke, "stroke_width": 1.3, "marker_end": "url(#diagram-arrow)"}
        way = _tag("path", d=path, **drawn, stroke_dasharray="4 3" if line.inherited else None)
        yield _tag("g", way, id=line.id, **_marks(line, _classes("edge", line, route, tested)))


def _labels(route: Route, lines: tuple[Line, ...], look: Look) -> Iterator[str]:
    """After all the lines, so that none runs through a word."""
    labelled = [line for line in lines if line.label]
    x, y = route.label
    halo: dict[str, Any] = {"stroke": _colour("paper"), "stroke_width": 4, "stroke_linejoin": "round", "paint_order": "stroke"}
    for number, line in enumerate(labelled):
        tested = _tested(look, "edges", line.key)
        row = y + (number - (len(labelled) - 1) / 2) * 14 + 4
        marks = _marks(line, _classes("edge-label", line, route, tested))
        yield _write(line.label, x, row, "danger" if tested == "missed" else "ink", text_anchor="middle", **halo, **marks)


def _classes(first: str, line: Line, route: Route, tested: str) -> str:
    return " ".join([first, *["inherited"] * line.inherited, *["back"] * route.upward, *[tested] * bool(tested)])


def _path(points: tuple[tuple[float, float], ...], right: bool) -> str:
    """A smooth line that runs with the rows' direction wherever it bends."""
    (x, y), *rest = points
    found = [f"M{x:.1f} {y:.1f}"]
    for nx, ny in rest:
        straight = abs(ny - y) < 0.5 if right else abs(nx - x) < 0.5
        if straight:
            found.append(f"L{nx:.1f} {ny:.1f}")
        elif right:
            found.append(f"C{(x + nx) / 2:.1f} {y:.1f} {(x + nx) / 2:.1f} {ny:.1f} {nx:.1f} {ny:.1f}")
        else:
            found.append(f"C{x:.1f} {(y + ny) / 2:.1f} {nx:.1f} {(y + ny) / 2:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return "".join(found)


def _marks(line: Line, classes: str) -> dict[str, Any]:
    ends = {"data-key": line.key, "data-from": line.tail, "data-to": line.head}
    return {"class": classes, **ends, "data-line": line.place.line, "data-column": line.place.column}


def _tested(look: Look, table: str, name: str) -> str:
    if look.coverage is None:
        return ""
    return "covered" if looked_up(look.coverage, table).get(name) else "missed"


# --- the legend


def _legend(found: Picture, look: Look) -> str:
    rows = [_tag("text", _text(word(OTHER, "inherited", look.language)), font_weight=600)]
    for number, line in enumerate(found.legend, start=1):
        marks = _marks(line, "edge default")
        rows.append(_tag("text", _text(f"{line.label} → {line.head}"), y=number * LEGEND_ROW, id=line.id, **marks))
    moved = f"translate({MARGIN:g} {found.height + 2 * MARGIN + LEGEND_ROW:.1f})"
    return _tag("g", "".join(rows), class_="legend", font_size=LABEL, fill=_colour("faint"), transform=moved)


def _legend_width(legend: tuple[Line, ...], look: Look) -> float:
    rows = [f"{line.label} → {line.head}" for line in legend]
    return max((width(row, LABEL) for row in (*rows, word(OTHER, "inherited", look.language))), default=0.0) if rows else 0.0


# --- what a page is told


def _nodes(found: Picture) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "sort": one.sort,
            "state": one.state,
            "kind": one.kind,
            "line": one.place.line,
            "column": one.place.column,
        }
        | {"x": round(x + MARGIN, 1), "y": round(y + MARGIN, 1), "width": round(one.width, 1), "height": round(one.height, 1)}
        for one, (x, y) in zip(found.shapes, found.centres, strict=True)
    ]


def _edges(found: Picture) -> list[dict[str, Any]]:
    looping = (line for shape in found.shapes for line in shape.loops)
    every = (*(line for _, lines in found.routes for line in lines), *looping, *found.legend)
    return [
        {"id": one.id, "key": one.key, "from": one.tail, "to": one.head, "name": one.name, "label": one.label}
        | {"inherited": one.inherited, "line": one.place.line, "column": one.place.column}
        for one in every
    ]


def _legal(text: str) -> str:
    """Without what XML cannot carry."""
    return "".join(
        char for char in text if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
    )


def _text(text: str) -> str:
    return escape(_legal(text))
