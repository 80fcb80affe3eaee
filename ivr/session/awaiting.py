"""The phrases that flows wait for, made ready once for each version of a flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr.dialplan.model import Flow
from ivr.dialplan.triggers import Trigger
from ivr.understanding.triggers import Sought, Spotter

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

    def of(self, flow: Flow) -> Awaited:
        key = (flow.name, flow.version)
        if key not in self._made:
            if len(self._made) >= MOST_FLOWS:
                self._made.clear()
            triggers = {**self.shared, **flow.triggers}
            self._made[key] = Awaited(triggers, Spotter(map(sought, triggers.values())))
        return self._made[key]


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
