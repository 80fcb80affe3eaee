"""The phrases that flows wait for, made ready once for each version of a flow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from ivr.dialplan.model import Flow
from ivr.dialplan.triggers import Trigger
from ivr.understanding.triggers import Sought, Spotter

log = logging.getLogger(__name__)

MOST_FLOWS = 64
"""Versions of flows whose phrases are kept ready."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """The triggers of one flow with those that all flows share, ready to be found."""

    triggers: Mapping[str, Trigger]
    spotter: Spotter


class Spotters:
    """One a node. `shared` are the triggers of the file that the settings name; a flow's own of the same name win."""

    def __init__(self, shared: Mapping[str, Trigger] | None = None) -> None:
        self.shared = dict(shared or {})
        self._made: dict[tuple[str, str], Awaited] = {}
        self._making: dict[tuple[str, str], asyncio.Task[Awaited]] = {}

    async def ready(self, flow: Flow) -> None:
        """Make a flow ready in a thread, once for all who wait for it: a thousand phrases take a tenth of a second. Never
        raises."""
        key = (flow.name, flow.version)
        if key in self._made or not (self.shared or flow.triggers):
            return
        if key not in self._making:
            task = self._making[key] = asyncio.create_task(asyncio.to_thread(self._make, flow))
            task.add_done_callback(partial(self._take, key))
        await asyncio.wait({self._making[key]})

    def of(self, flow: Flow) -> Awaited:
        key = (flow.name, flow.version)
        if key not in self._made:
            self._keep(key, self._make(flow))
        return self._made[key]

    def _make(self, flow: Flow) -> Awaited:
        triggers = {**self.shared, **flow.triggers}
        return Awaited(triggers, Spotter(map(sought, triggers.values())))

    def _keep(self, key: tuple[str, str], awaited: Awaited) -> None:
        if len(self._made) >= MOST_FLOWS:
            self._made.clear()
        self._made[key] = awaited

    def _take(self, key: tuple[str, str], task: asyncio.Task[Awaited]) -> None:
        del self._making[key]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("the triggers of flow %s cannot be made ready", key[0], exc_info=error)
        else:
            self._keep(key, task.result())


def sought(trigger: Trigger) -> Sought:
    """A trigger as what is looked for."""
    return Sought(trigger.name, trigger.phrases, trigger.speaker, trigger.tolerance, trigger.sounds, trigger.guard)


def spot_with(shared: Mapping[str, Trigger]) -> Callable[[Flow, str, str, str], list[Trigger]]:
    """Finds the triggers that somebody hits in calls that are only played (`ivr.dialplan.overheard.Spot`)."""
    spotters = Spotters(shared)

    def spot(flow: Flow, text: str, language: str, speaker: str) -> list[Trigger]:
        awaited = spotters.of(flow)
        return [awaited.triggers[one.name] for one in awaited.spotter.find(text, language, speaker)]

    return spot
