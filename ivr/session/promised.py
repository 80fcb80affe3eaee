"""Calls of somebody who was promised one: the old place in the queue, and what the first call told.

Every call has a `Promise`, which mostly is empty. `CalledBack` is that of the call that keeps a promise, `CameBack` that of a
customer who did not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ivr.acd.model import ANYWHERE, Need, Relaxed, Where, needs_of
from ivr.dialplan.events import Enqueue

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

UNWANTED = "callback:unwanted"
"""Tag of a call whose customer said that no call is needed any more."""
MOST_PROFILE = 4000
"""Characters of a profile that a promise remembers."""
_ROUTING = ("needs", "relax", "where", "prefer", "prefer_seconds", "only", "exclude", "priority", "music", "announce_every")
"""What is taken over of the way in which the customer waited."""


@dataclass(frozen=True, slots=True)
class Stay:
    """How the caller waits, or waited last in this call."""

    command: Enqueue
    since: float
    """Epoch seconds."""


class Promise:
    """Of a call without one: remembers how the caller waited, for a promise that is made now."""

    def __init__(self) -> None:
        self.stay: Stay | None = None
        self._spent = 0.0
        """When an agent was done with the caller; a place from before that is used up."""

    def stays(self, command: Enqueue, now: float) -> Enqueue:
        """The way into a queue, with the place and the needs that were promised."""
        if self._spent:
            command = replace(command, since=command.since if command.since >= self._spent else 0.0)
        else:
            command = self.placed(command)
        self.stay = Stay(command, command.since or now)
        return command

    def placed(self, command: Enqueue) -> Enqueue:
        return command

    def shown(self) -> Mapping[str, Any]:
        """What the agent sees besides the contact."""
        return {}

    def talks(self, session: CallSession) -> None:
        """An agent has the caller now."""

    def spent(self, now: float) -> None:
        """The talk is over that the caller waited for: who waits again waits anew."""
        self.stay, self._spent = None, now


Promised = Callable[[str], Promise]
"""Number of a caller to what was promised."""


def nothing_promised(number: str) -> Promise:
    """Stands where nobody is called back."""
    return Promise()


class CalledBack(Promise):
    """The call that keeps the promise of a row."""

    def __init__(self, row: Mapping[str, Any], turns: Sequence[Mapping[str, Any]], served: Callable[[], None]) -> None:
        """`turns` are those of the first call."""
        super().__init__()
        self._row, self._turns, self._served = row, turns, served

    def placed(self, command: Enqueue) -> Enqueue:
        row = self._row
        if command.queue != row["queue"]:
            return command
        kept = wanted(row)
        changes = {name: getattr(kept, name) for name in _ROUTING}
        return replace(command, **changes, since=float(row["queued_at"]) or command.since)

    def shown(self) -> Mapping[str, Any]:
        return {"earlier": [dict(turn) for turn in self._turns]}

    def talks(self, session: CallSession) -> None:
        self._served()


class CameBack(Promise):
    """A call from a customer who was to be called: the place counts, and an agent who takes the call keeps the promise."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], kept: Callable[[int, str], None]) -> None:
        """`kept` takes the row and the contact."""
        super().__init__()
        self._rows, self._kept = rows, kept

    def placed(self, command: Enqueue) -> Enqueue:
        mine = [float(row["queued_at"]) for row in self._rows if row["queue"] == command.queue and row["queued_at"]]
        return replace(command, since=min([*mine, *([command.since] if command.since else [])])) if mine else command

    def talks(self, session: CallSession) -> None:
        queue = "" if session.placement is None else session.placement.queue
        for row in self._rows:
            if row["queue"] in ("", queue):
                self._kept(int(row["id"]), session.call.id)


def promise_of(session: CallSession, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a callback that a flow asks for: what it says, and how the caller waited where it says nothing.

    Takes `keep_place` out of `given`: the place is that in the queue of the callback, where the caller waited in it in this
    call, else a new one from now on.
    """
    columns, stay = {name: value for name, value in given.items() if name != "keep_place"}, session.promise.stay
    call, now = session.call, session.services.clock()
    same = stay is not None and columns.get("queue") in ("", None, stay.command.queue)
    place: dict[str, Any] = {}
    since = now
    if same and stay is not None:
        place = {name: value for name, value in asdict(stay.command).items() if name in (*_ROUTING, "queue")}
        columns["queue"] = stay.command.queue
        columns["needs"] = columns.get("needs") or dict(stay.command.needs)
        columns["priority"] = max(int(columns.get("priority", 5)), stay.command.priority)
        since = stay.since if given.get("keep_place", True) else now
    called = {"called": call.called, "queued_at": since, "place": place, "profile": digest(call.profile)}
    return {**columns, **called}


def wanted(row: Mapping[str, Any]) -> Enqueue:
    """How the customer of a row is to wait: as the first call did, with what the callback itself said."""
    known = {one.name for one in fields(Enqueue)}
    place = {name: _frozen(value) for name, value in (row["place"] or {}).items() if name in known}
    place |= {"queue": row["queue"], "needs": dict(row["needs"] or {}), "priority": int(row["priority"])}
    if place["needs"] != (row["place"] or {}).get("needs"):  # the callback asks for something of its own: that does not relax
        place.pop("relax", None)
        place.pop("where", None)
    return Enqueue(**place, since=float(row["queued_at"]))


def asked(command: Enqueue) -> tuple[tuple[Need, ...], Where, tuple[Relaxed, ...]]:
    """What an agent must have: skills, team and site, and of them what will do later; nothing where agents are named."""
    if command.only:
        return (), ANYWHERE, ()
    relax = [(after, needs_of(levels)) for after, levels in command.relax]
    places = [Where(one.get("team", ()), one.get("site", ())) for one in command.where or [{}] * (len(relax) + 1)]
    return needs_of(command.needs), places[0], tuple(Relaxed(*one, at) for one, at in zip(relax, places[1:], strict=True))


def _frozen(value: Any) -> Any:
    """What JSON made a list of, as a tuple again."""
    if isinstance(value, dict):
        return {name: _frozen(one) for name, one in value.items()}
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


def digest(profile: Mapping[str, Any]) -> dict[str, Any]:
    """What a promise remembers of a profile: plain facts, without histories and lists."""
    plain = {name: value for name, value in profile.items() if isinstance(value, str | int | float | bool)}
    found: dict[str, Any] = {}
    size = 0
    for name, value in plain.items():
        size += len(name) + len(str(value))
        if size > MOST_PROFILE:
            break
        found[name] = value
    return found
