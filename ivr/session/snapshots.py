"""Every call as it stands, in Redis, for a node that takes it over after this one died. Bounded, and gone by itself.

One key a call, `{call:<id>}`, JSON (docs/queues.md, "The snapshot of a call"). It is written within `EVERY` seconds of a
change, removed when the call ends in order, and runs out `KEPT` seconds after the last write. Nothing that the flow asked for
as a secret is in it, and what is private is masked as in the record: `withheld` names what a take-over has to ask again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ivr.acd.kept_calls import KEPT, VERSION, KeptCalls
from ivr.errors import StoreUnavailable

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

EVERY = 1.0
AGAIN = KEPT / 3
"""Seconds after which an unchanged call is written anew, so that its key does not run out while it goes on."""
MOST = 65_536
"""Octets of one snapshot; of longer ones the turns in the middle go, then the profile, then it is not kept."""
SLICE = 8
"""Calls that are sent at once. Each is dumped apart, so that the audio of all others goes on in between: some ms."""
MOST_TURNS = 300
"""Of more a call keeps the first and the last: they would not find room, and dumping an hour's talk takes long."""
LAST_TURNS = 20

_PRIVATE = ("vars", "slots", "step", "result")


class Snapshots:
    """Of one node. Run `run()` for as long as the node lives."""

    def __init__(
        self, kept: KeptCalls, node: str, running: Callable[[], Iterable[CallSession]], clock: Callable[[], float] = time.time
    ) -> None:
        self._kept, self._node, self._running, self._clock = kept, node, running, clock
        self._written: dict[str, tuple[tuple[object, ...], float]] = {}
        """What each call was when it was written last, and when."""
        self.too_long = 0
        """Snapshots that could not be made short enough."""

    async def run(self) -> None:
        """Until cancelled; Redis away is waited for. At the end the calls that are over are forgotten."""
        try:
            while True:
                await self._try()
                await asyncio.sleep(EVERY)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._try()

    async def _try(self) -> None:
        try:
            await self.write()
        except StoreUnavailable as error:
            log.debug("snapshots wait for Redis: %s", error)
        except Exception:  # one call that cannot be dumped must not end the snapshots of all
            log.exception("snapshots were not written")

    async def write(self) -> int:
        """Write what changed and forget who is gone; returns how many were written. Raises StoreUnavailable."""
        sessions = {session.call.id: session for session in self._running()}
        if gone := self._written.keys() - sessions.keys():
            await self._drop(sorted(gone))
        now = self._clock()
        due = [one for one in sessions.values() if self._due(one, now)]
        for at in range(0, len(due), SLICE):
            await self._put(due[at : at + SLICE], now)
        return len(due)

    def _due(self, session: CallSession, now: float) -> bool:
        if session.flow_state is None:
            return False
        mark, at = self._written.get(session.call.id, ((), 0.0))
        return now - at > AGAIN or not _same(mark, _mark(session))

    async def _put(self, sessions: Iterable[CallSession], now: float) -> None:
        made = {}
        for session in sessions:
            made[session.call.id] = _mark(session), shortened(snapshot_of(session, self._node, now))
            await asyncio.sleep(0)
        self.too_long += sum(not value for _, value in made.values())
        await self._kept.put({call_id: value for call_id, (_, value) in made.items() if value})
        for call_id, (mark, _) in made.items():
            self._written[call_id] = mark, now

    async def _drop(self, call_ids: Sequence[str]) -> None:
        await self._kept.drop(call_ids)
        for call_id in call_ids:
            del self._written[call_id]


def snapshot_of(session: CallSession, node: str, now: float) -> dict[str, Any]:
    """Everything of a call that another process needs to go on with it, as plain data."""
    state, call = session.flow_state, session.call
    assert state is not None
    if cut := len(call.turns) > MOST_TURNS:
        call = replace(call, turns=(*call.turns[:1], *call.turns[-LAST_TURNS:]))
    hidden = session.machine.hidden(state)
    dump = state.to_dict()
    cleaned = session.private.clean(session, {name: dump[name] for name in _PRIVATE})
    dump |= cleaned | {"slots": {name: value for name, value in cleaned["slots"].items() if name not in hidden}}
    withheld = sorted(hidden)
    if session.machine.hides(state):
        dump |= {"keys": "", "ahead": ""}
        withheld.append("keys")
    return {
        "v": VERSION,
        "id": call.id,
        "node": node,
        "at": round(now, 3),
        "call": call.to_dict(),
        "state": dump,
        "place": _place(session),
        "leg": _leg(session),
        "withheld": withheld,
        "cut": ["turns"] if cut else [],
    }


def _place(session: CallSession) -> dict[str, Any] | None:
    """Where it stands in the queues; None where it is in none."""
    placed = session.placement
    if placed is None:
        return None
    told = {"queue": placed.queue, "needs": dict(placed.needs), "queued_at": placed.queued_at, "phase": placed.phase}
    return {**told, "agent": session.agent_id}


def _leg(session: CallSession) -> dict[str, Any]:
    leg = session.leg
    return {
        "kind": leg.kind.value,
        "correlation": leg.correlation,
        "state": leg.state.value,
        "caller": {"user": leg.caller.user, "host": leg.caller.host, "authenticated": leg.caller.authenticated},
        "callee": {"user": leg.callee.user, "host": leg.callee.host},
        "trunk": leg.info.trunk,
    }


def shortened(snapshot: dict[str, Any]) -> str:
    """As JSON of at most `MOST` octets; "" where that cannot be."""
    written = _json(snapshot)
    if len(written.encode()) <= MOST:
        return written
    call = snapshot["call"] = dict(snapshot["call"])
    turns = call["turns"]
    for most in (LAST_TURNS, 2, 0):
        call["turns"] = turns[:1] + turns[-most:] if most else []
        snapshot["cut"] = ["turns"]
        if len((written := _json(snapshot)).encode()) <= MOST:
            return written
    call["profile"], call["handover"] = {}, {}
    snapshot["state"] = {**snapshot["state"], "profile": {}, "call": {}}
    snapshot["cut"] = ["turns", "profile", "handover"]
    written = _json(snapshot)
    return written if len(written.encode()) <= MOST else ""


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str, separators=(",", ":"))


def _mark(session: CallSession) -> tuple[object, ...]:
    """Values that are replaced, not changed, by whatever happens: the same ones mean the same call."""
    return session.flow_state, session.call, session.placement, session.leg


def _same(mark: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(mark) == len(other) and all(one is two for one, two in zip(mark, other, strict=True))
