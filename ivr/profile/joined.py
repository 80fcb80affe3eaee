"""A caller's profile out of several sources, read at the same time and within one budget. What did not come is left out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.call import Call, Caller
from ivr.profile.answer import NOT_FOUND, TIMEOUT, Answer
from ivr.profile.identity import facts, identifies, normal_number
from ivr.profile.lookups import Sources
from ivr.profile.normal import COMBINED, joined, normal
from ivr.profile.shape import Path, at, bounded

log = logging.getLogger(__name__)

PROFILE = "profile"
"""The operation of a source that is asked where nothing else is said, and the root of what was read so far."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one source gives to a profile."""

    source: str
    operation: str = PROFILE
    arguments: Mapping[str, Path] = field(default_factory=dict)
    """Name to a path in `caller`, `call` or `profile`; one of `profile` waits for the reads above that may give it."""
    fields: Mapping[str, Path] = field(default_factory=dict)
    """Field to a path in the answer; empty takes everything."""

    @property
    def needs(self) -> frozenset[str]:
        """Fields of the profile that it cannot be asked without."""
        return frozenset(path[1] for path in self.arguments.values() if path[0] == PROFILE and len(path) > 1)

    def may_give(self, names: frozenset[str]) -> bool:
        return not self.fields or not names.isdisjoint(self.fields)

    @property
    def knows(self) -> bool:
        """Whether an answer says that the caller is known: an outage or a blocklist does not."""
        return not self.needs and (not self.fields or bool(self.fields.keys() - {"blocked", "outages"}))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a flow says of its callers' profiles; what it leaves empty is as the settings say."""

    lookup: tuple[str, ...] | None = None
    """Sources that are asked; empty for none."""
    by: str = ""
    """Path of what stands for the caller."""
    within: float | None = None
    """Seconds."""
    otherwise: Mapping[str, Any] = field(default_factory=dict)
    """Fields that no source gives."""


AS_SET = Wanted()


class JoinedProfiles:
    """A `ProfileSource` that keeps its own budget: what has come when it ends is the profile."""

    def __init__(
        self,
        sources: Sources,
        reads: Sequence[Read],
        *,
        by: Sequence[str] = ("caller.number",),
        within: float = 0.3,
        otherwise: Mapping[str, Any] | None = None,
        combined: Sequence[str] = COMBINED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources, self._reads = sources, tuple(reads)
        self.within = within
        """Seconds that a profile may take."""
        self._by, self._otherwise = tuple(by), dict(otherwise or {})
        self._combined, self._clock = tuple(combined), clock

    async def find(self, caller: Caller) -> Mapping[str, Any]:
        """As `find_for`, of a caller of whom nothing else is known."""
        return await self.find_for(Call("", caller, "", 0.0))

    async def find_for(self, call: Call, wanted: Wanted = AS_SET) -> dict[str, Any]:
        """The profile, in its normal form; never raises.

        `known` says whether any source knew the caller, `missing` which ones did not answer.
        """
        about = facts({**call.to_dict(), "profile": {}})
        by = (wanted.by,) if wanted.by else self._by
        key = next((text for path in by if (text := str(at(about, tuple(path.split("."))) or "")) and identifies(text)), "")
        within = self.within if wanted.within is None else wanted.within
        answers = await self._read(self._chosen(wanted.lookup), about, key, self._clock() + within)
        profile, missing = self._put_together(answers)
        known = any(answer.found and read.knows for read, answer in answers)
        if missing:
            told = ", ".join(f"{name} ({answer.outcome}: {answer.why})" for name, answer in missing.items())
            log.info("%s profile: without %s", call.correlation, told)
        fallback = bounded({**self._otherwise, **wanted.otherwise})
        return {**normal({**fallback, **profile}), "known": known, **({"missing": sorted(missing)} if missing else {})}

    def _chosen(self, names: Sequence[str] | None) -> tuple[Read, ...]:
        """The reads of these sources, of all where it is None; a source that is in none is asked for its `profile`."""
        if names is None:
            return self._reads
        chosen = [read for read in self._reads if read.source in names]
        there = {read.source for read in chosen}
        return (*chosen, *(Read(name) for name in names if name not in there))

    def _put_together(self, answers: Sequence[tuple[Read, Answer]]) -> tuple[dict[str, Any], dict[str, Answer]]:
        parts = [_part(read, answer) for read, answer in answers if answer.found]
        missing = {read.source: answer for read, answer in answers if not answer.found and answer.outcome != NOT_FOUND}
        return joined(parts, self._combined), missing

    async def _read(self, reads: Sequence[Read], about: Mapping[str, Any], key: str, until: float) -> list[tuple[Read, Answer]]:
        """Every read and its answer, in their order. All that can begin at once does."""
        plain = {"key": key, "number": normal_number(key), "called": about["call"].get("called", "")} if key else {}
        tasks: list[tuple[Read, asyncio.Task[Answer]]] = []

        async def one(read: Read, above: Sequence[tuple[Read, asyncio.Task[Answer]]]) -> Answer:
            so_far: dict[str, Any] = {}
            if above:
                await asyncio.wait([task for _, task in above])
                so_far = normal(joined((_part(r, task.result()) for r, task in above if task.result().found), self._combined))
            given = {name: at({**about, PROFILE: so_far}, path) for name, path in read.arguments.items()}
            if not plain and not given:
                return Answer(NOT_FOUND, why="the caller has no number")
            if any(value in (None, "") for value in given.values()):
                return Answer(NOT_FOUND, why="an argument is not known")
            if (left := until - self._clock()) <= 0:
                return Answer(TIMEOUT, why="the budget was over before it could be asked")
            return await self._sources.get(read.source, read.operation, {**plain, **given}, left)

        try:
            async with asyncio.TaskGroup() as group:
                for read in reads:
                    above = [(other, task) for other, task in tasks if read.needs and other.may_give(read.needs)]
                    tasks.append((read, group.create_task(one(read, above))))
        except* Exception as errors:
            log.exception("profile: a defect of ours", exc_info=errors)
        return [(read, _ended(task)) for read, task in tasks]


def _ended(task: asyncio.Task[Answer]) -> Answer:
    if task.cancelled() or task.exception() is not None:
        return Answer("error", why="a defect of ours")
    return task.result()


def _part(read: Read, answer: Answer) -> dict[str, Any]:
    """What a source gives: the declared fields, or all of them."""
    if not read.fields:
        return dict(answer.result)
    return {name: value for name, path in read.fields.items() if (value := at(answer.result, path)) is not None}
