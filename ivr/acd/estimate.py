"""How long callers will still wait: the floor played forward several times, and what most of that comes to. Pure.

Each play draws how long running talks go on (given how long they last already), how long the next ones take, who of those
before gives up, and who of higher priority comes; freed agents take whom the floor would give them, needs relaxed by then. The
wait of a caller is the median of the plays. It is None where no play comes to the caller: nobody on duty can ever take the
call, or nothing is known yet of how long talks last.
"""

from __future__ import annotations

import heapq
import json
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.acd.model import Contact
from ivr.acd.outlook import Outlook, kind_of
from ivr.acd.scene import DEPTH, Row, Scene, Seat, scene_of

WORK = 6000
"""Contacts that are served in all plays together, at most about."""
MOST_PLAYS = 24
FEWEST_PLAYS = 3
KNOTS = 24
"""Points by which the waits of one kind are told."""
STEP = 25
"""Contacts after which the work can be interrupted."""
COMING = 300
"""Contacts of higher priority that one play lets come, at most."""
FAR = 6 * 3600.0
"""Seconds beyond which nothing is foreseen."""
NEWS_SECONDS, NEWS_SHARE = 10.0, 0.25
"""By how much an estimate must have changed to be told anew."""
USUAL = "queue:"
"""Before the name of a queue: where what is usual in it is kept beside the curves."""

Dice = Callable[[], float]
"""Gives a number in 0..1 each time."""
Curve = tuple[tuple[float, float | None], ...]
"""Time of arrival to the time of the talk, both epoch seconds, by rising arrival; None for never."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What somebody who comes into a queue has to expect."""

    key: str
    """Of the kind that comes most."""
    priority: int
    ageing: float
    wait: float | None
    """Seconds; None where nobody can tell."""

    @property
    def text(self) -> str:
        return json.dumps([self.key, self.priority, self.ageing, self.wait])


def usual_of(raw: str | bytes) -> Usual | None:
    """What `Usual.text` gave; None for what makes no sense."""
    try:
        told = json.loads(raw)
    except ValueError:
        return None
    match told:
        case [str() as key, int() as priority, int() | float() as ageing, int() | float() | None as wait, *_]:
            return Usual(key, priority, float(ageing), wait)
    return None


@dataclass(frozen=True, slots=True)
class Estimates:
    """What was foreseen at a time."""

    at: float = 0.0
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """By `Kind.key`."""
    usual: Mapping[str, Usual] = field(default_factory=dict)
    """By queue."""

    def of(self, contact: Contact, now: float, key: str = "") -> float | None:
        """Seconds that this contact will still wait; None where nobody can tell. `key` is that of its kind, where known.

        One of a kind that was not foreseen is told what one that is usual in its queue would be, at its priority.
        """
        came, curve = contact.enqueued_at, self.curves.get(key or kind_of(contact).key)
        usual = self.usual.get(contact.queue)
        if curve is None and usual is not None and not contact.only:
            curve = self.curves.get(usual.key)
            came -= (contact.priority - usual.priority) * usual.ageing
        at = _on(curve, came) if curve else None
        return None if at is None else max(0.0, at - now)


@dataclass(frozen=True, slots=True)
class Foretold:
    """What was told of a wait, and when."""

    seconds: float | None = None
    at: float = 0.0

    def left(self, now: float) -> float | None:
        """It runs down while time passes."""
        return None if self.seconds is None else max(0.0, self.seconds - (now - self.at))

    def wrong(self, seconds: float | None, now: float) -> bool:
        """Whether so many seconds from now on are news to somebody who was told this."""
        left = self.left(now)
        if left is None or seconds is None:
            return (left is None) != (seconds is None)
        return abs(seconds - left) > max(NEWS_SECONDS, NEWS_SHARE * left)


def _on(curve: Curve, came: float) -> float | None:
    """The time that belongs to this arrival, between the points that are known."""
    after = bisect_left(curve, came, key=lambda knot: knot[0])
    if after == 0 or (after < len(curve) and curve[after][0] == came):  # not the one behind it who came at the same time
        return curve[after][1]
    low = curve[after - 1]
    if after == len(curve) or low[1] is None or curve[after][1] is None:
        return low[1]
    high = curve[after]
    assert high[1] is not None
    span = high[0] - low[0]
    return low[1] if span <= 0 else low[1] + (high[1] - low[1]) * (came - low[0]) / span


# --- playing


def estimate(outlook: Outlook, now: float, dice: Dice, *, work: int = WORK) -> Iterator[Estimates | None]:
    """Yield None after each few contacts, so that others get their turn, and at last the estimates.

    The cost is bounded by `work`, the contacts served in all plays together, however many wait.
    """
    scene: Scene | None = None
    for found in scene_of(outlook, now):
        scene = found
        yield None
    assert scene is not None
    plays = plays_of(sum(map(len, scene.rows)), work)
    for _ in range(plays):
        yield from _play(scene, dice)
    curves: dict[str, Curve] = {}
    for kind, line, behind in zip(scene.kinds, scene.rows, scene.behind, strict=True):
        if curve := _curve(line, behind, plays, now):
            curves[kind.key] = curve
        yield None
    usual = {queue: _usual(outlook, scene, curves, number) for queue, number in scene.usual.items()}
    yield Estimates(now, curves, usual)


def _usual(outlook: Outlook, scene: Scene, curves: Mapping[str, Curve], number: int) -> Usual:
    kind = scene.kinds[number]
    curve = curves.get(kind.key)
    at = curve[-1][1] if curve else None
    wait = None if at is None else round(max(0.0, at - scene.now), 1)
    return Usual(kind.key, kind.priority, outlook.ageing(kind.queue), wait)


def plays_of(waiting: int, work: int = WORK) -> int:
    return max(FEWEST_PLAYS, min(MOST_PLAYS, work // max(1, min(waiting, DEPTH))))


def _play(scene: Scene, dice: Dice) -> Iterator[None]:
    """Serve everybody once, noting when each row's turn came."""
    rows, ahead = list(scene.rows), list(scene.ahead)
    options = _with_coming(scene, rows, ahead, dice)
    yield
    heads = [0] * len(rows)
    left = sum(map(len, scene.rows))
    heap: list[tuple[float, int, int]] = []
    for start in range(0, len(scene.seats), STEP):
        part = enumerate(scene.seats[start : start + STEP], start)
        heap += [(_free_at(scene, seat, dice), number, seat.group) for number, seat in part]
        yield
    heapq.heapify(heap)
    turns = 0
    while heap and left and turns < DEPTH:
        at, number, group = heapq.heappop(heap)
        if at > FAR:
            return
        best, wake = _next(options[group], rows, heads, ahead, scene.now + at)
        if best >= 0:
            row = rows[best][heads[best]]
            heads[best] += 1
            left -= best < len(scene.rows)
            turns += 1
            heapq.heappush(heap, (_serve(scene, row, at, dice), number, group))
            if turns % STEP == 0:
                yield
        elif wake < math.inf:  # not once more at this moment, however it is rounded
            heapq.heappush(heap, (max(wake - scene.now, at + 1e-3), number, group))


def _next(
    options: Sequence[tuple[int, float]],
    rows: Sequence[Sequence[Row]],
    heads: Sequence[int],
    ahead: Sequence[float],
    time: float,
) -> tuple[int, float]:
    """The line whose turn it is, -1 for none; and then when somebody may be taken who may not yet."""
    best, wake, soonest = -1, math.inf, math.inf
    for line, after in options:
        here = rows[line]
        if heads[line] < len(here):
            row = here[heads[line]]
            if row.came + after > time:
                wake = min(wake, row.came + after)
            elif row.came - ahead[line] < soonest:
                best, soonest = line, row.came - ahead[line]
    return best, wake


def _serve(scene: Scene, row: Row, at: float, dice: Dice) -> float:
    """Note whose turn it is; returns when the agent is free again."""
    if row.queue < 0:
        row.waits.append(at)
        return at
    handling = scene.handling[row.queue]
    row.waits.append(at + handling.ring)
    if handling.patience(dice()) < at:
        return at
    return at + handling.ring + handling.talk(dice()) + handling.wrap_up


def _free_at(scene: Scene, seat: Seat, dice: Dice) -> float:
    """Seconds until this seat can take somebody."""
    return _taken(scene, seat, dice) + (scene.resting.talk(dice()) if seat.rests else 0.0)


def _taken(scene: Scene, seat: Seat, dice: Dice) -> float:
    if seat.phase == "free":
        return 0.0
    if seat.phase == "until":
        return seat.age
    if seat.phase == "break":
        return scene.resting.talk(dice(), max(0.0, seat.age))
    handling = scene.handling[seat.queue]
    match seat.phase:
        case "wrap":
            return min(seat.age, handling.wrap_up) if handling.wrap_up else seat.age
        case "talk":
            return handling.talk(dice(), seat.age) + handling.wrap_up
        case _:
            return max(0.0, handling.ring - seat.age) + handling.talk(dice()) + handling.wrap_up


def _with_coming(scene: Scene, rows: list[list[Row]], ahead: list[float], dice: Dice) -> Sequence[Sequence[tuple[int, float]]]:
    """Let those come who will be served before somebody who waits now; returns the lines that each group can take then."""
    last = max((line[-1].came - before for line, before in zip(rows, ahead, strict=True) if line), default=scene.now)
    made = 0
    added: dict[int, int] = {}
    for kind, rate, queue in scene.coming:
        until = min(FAR, last + ahead[kind] - scene.now)
        if until <= 0:
            continue
        at = -math.log(max(dice(), 1e-9)) / rate
        line: list[Row] = []
        while at < until and made < COMING:
            line.append(Row(scene.now + at, queue))
            at += -math.log(max(dice(), 1e-9)) / rate
            made += 1
        if line:
            added[kind] = len(rows)
            rows.append(line)
            ahead.append(ahead[kind])
    if not added:
        return scene.takes
    return [[*one, *((added[kind], after) for kind, after in one if kind in added)] for one in scene.takes]


def _curve(line: Sequence[Row], behind: int, plays: int, now: float) -> Curve:
    """When the turn of each place comes, told by few points; `behind` more were not looked at."""
    if not line:
        return ()
    chosen = sorted({round(one * (len(line) - 1) / (KNOTS - 1)) for one in range(KNOTS)} | {max(0, len(line) - 2)})
    found: list[tuple[float, float | None]] = []
    for index in chosen:
        seconds = _median(line[index].waits, plays)
        before = found[-1][1] if found else None
        found.append((line[index].came, None if seconds is None else max(now + seconds, before or 0.0)))
    return tuple(_beyond(found, chosen, len(line) + behind, now))


def _beyond(
    found: list[tuple[float, float | None]], chosen: Sequence[int], size: int, now: float
) -> list[tuple[float, float | None]]:
    """Places behind those that the plays came to follow at the pace of the second half of these."""
    known = [(index, at) for index, (_, at) in zip(chosen, found, strict=True) if at is not None]
    if len(known) < 4:
        return found
    (first, begin), (last, end) = known[len(known) // 2], known[-1]
    pace = (end - begin) / (last - first)
    whole: list[tuple[float, float | None]] = [
        (came, end + pace * (index - last) if at is None else at) for index, (came, at) in zip(chosen, found, strict=True)
    ]
    if size > chosen[-1] + 1:
        whole.append((now, end + pace * (size - last)))
    return whole


def _median(waits: Sequence[float], plays: int) -> float | None:
    """The middle of all plays; those that never came to it count as never."""
    middle = (plays - 1) / 2
    ordered = sorted(waits)
    low, high = math.floor(middle), math.ceil(middle)
    return None if high >= len(ordered) else (ordered[low] + ordered[high]) / 2
