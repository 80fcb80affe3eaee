"""Every kind of step there is: those of Hotline, and those that installed packages add.

A package adds a kind by an entry point of the group `hotline.steps` that names a class deriving from `WaitingStep` or
`InstantStep`. One that cannot be loaded or takes a name that is taken is left out, and logged.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import TypeVar

from ivr.dialplan.kinds import InstantStep, Step, WaitingStep
from ivr.dialplan.steps import INSTANT, WAITING

log = logging.getLogger(__name__)

GROUP = "hotline.steps"

K = TypeVar("K", bound=Step)


@lru_cache(maxsize=1)
def waiting() -> Mapping[str, type[WaitingStep]]:
    """The steps that wait, by name, in the order of the reference."""
    return MappingProxyType(added(WAITING, WaitingStep, entry_points(group=GROUP)))  # type: ignore[type-abstract]


@lru_cache(maxsize=1)
def instant() -> Mapping[str, type[InstantStep]]:
    """The steps of `do`, by name."""
    return MappingProxyType(added(INSTANT, InstantStep, entry_points(group=GROUP)))  # type: ignore[type-abstract]


def added(built_in: Iterable[type[K]], base: type[K], found: Iterable[EntryPoint]) -> dict[str, type[K]]:
    """Our own kinds and those of `found` that derive from `base`, by name."""
    kinds = {kind.name: kind for kind in built_in}
    for point in found:
        try:
            kind = point.load()
        except Exception:
            log.exception("step %s (%s) cannot be loaded and is left out", point.name, point.value)
            continue
        if not (isinstance(kind, type) and issubclass(kind, Step)):
            log.error("step %s (%s) is no step and is left out", point.name, point.value)
        elif issubclass(kind, base):
            if kind.name in kinds:
                log.error("step %s (%s): there is a step of that name already; it is left out", kind.name, point.value)
            else:
                kinds[kind.name] = kind
    return kinds
