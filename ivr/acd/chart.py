"""Charts as SVG: lines such as waits under two sets of rules, dots such as estimates against truth. Pure: numbers to text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, TOP, RIGHT, BOTTOM = 64, 40, 20, 48
COLOURS = ("#1f6feb", "#d9480f", "#2b8a3e")
MOST_DOTS = 800
MOST_POINTS = 300


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from 0 to `most`."""

    words: str
    most: float

    def ticks(self) -> list[float]:
        """A handful of round numbers."""
        step = 10.0 ** len(str(int(max(1.0, self.most) / 10)))
        for part in (0.1, 0.2, 0.25, 0.5, 1.0):
            if self.most / (step * part) <= 8:
                step *= part
                break
        return [step * number for number in range(int(self.most / step) + 1)]


def lines(title: str, across: Axis, up: Axis, series: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> str:
    """A line for each named series of points."""
    drawn = []
    for number, (name, points) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        few = points[:: max(1, len(points) // MOST_POINTS)]
        path = " ".join(f"{_x(across, x):.1f},{_y(up, y):.1f}" for x, y in [*few, *points[-1:]])
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn.append(_key(number, name, colour))
    return _whole(title, across, up, drawn)


def dots(title: str, across: Axis, up: Axis, points: Sequence[tuple[float, float]], near: float) -> str:
    """A dot for each point, and the band in which one is within the share `near` of the other."""
    most = min(across.most, up.most)
    corners = [(0.0, 0.0), (most / (1 + near), most), (most, most), (most, most * (1 - near))]
    band = " ".join(f"{_x(across, x):.1f},{_y(up, y):.1f}" for x, y in corners)
    drawn = [f'<polygon points="{band}" fill="{COLOURS[2]}" fill-opacity="0.15"/>']
    drawn.append(_key(0, f"within {near:.0%}", COLOURS[2]))
    few = points[:: max(1, len(points) // MOST_DOTS)]
    drawn += [
        f'<circle cx="{_x(across, min(x, across.most)):.1f}" cy="{_y(up, min(y, up.most)):.1f}" r="2.2" fill="{COLOURS[0]}" '
        'fill-opacity="0.45"/>'
        for x, y in few
    ]
    return _whole(title, across, up, drawn)


def stacked(charts: Sequence[str]) -> str:
    """Several charts below each other, as one picture."""
    moved = [
        f'<svg y="{number * HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{_inner(one)}</svg>' for number, one in enumerate(charts)
    ]
    return _frame(HEIGHT * len(charts), "".join(moved))


def _inner(chart: str) -> str:
    return chart[chart.index(">") + 1 : chart.rindex("</svg>")]


def _frame(height: int, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="12">{inside}</svg>\n'
    )


def _whole(title: str, across: Axis, up: Axis, drawn: Sequence[str]) -> str:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" fill="#222222">{escape(title)}</text>',
    ]
    for value in up.ticks():
        y = _y(up, value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555555">{value:g}</text>')
    for value in across.ticks():
        x = _x(across, value)
        parts.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 4}" stroke="#888888"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#555555">{value:g}</text>')
    parts.append(f'<line x1="{LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}" stroke="#888888"/>')
    parts.append(
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 10}" text-anchor="middle" fill="#222222">{escape(across.words)}</text>'
    )
    middle = (TOP + bottom) / 2
    turned = f'x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})"'
    parts.append(f'<text {turned} fill="#222222">{escape(up.words)}</text>')
    return _frame(HEIGHT, "".join([*parts, *drawn]))


def _key(number: int, name: str, colour: str) -> str:
    y = HEIGHT - BOTTOM - 50 + 18 * number
    return (
        f'<rect x="{WIDTH - 220}" y="{y}" width="14" height="4" fill="{colour}"/>'
        f'<text x="{WIDTH - 200}" y="{y + 6}" fill="#222222">{escape(name)}</text>'
    )


def _x(axis: Axis, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(value, axis.most) / (axis.most or 1.0)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, axis.most) / (axis.most or 1.0)
