"""Flows, words and understanding put together for calls that are only played: `ivr simulate` and `ivr test`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ivr import minds
from ivr.dialplan.cases import Given
from ivr.dialplan.cases_run import Rehearsal
from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.environment_file import load_environment
from ivr.dialplan.events import Phrase
from ivr.dialplan.flags import Flag
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import read_flows
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import Others
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.dialplan.triggers import Trigger
from ivr.dialplan.triggers_file import load_triggers
from ivr.errors import NotFound
from ivr.session.awaiting import spot_with
from ivr.session.mind import CallMind
from ivr.settings import Settings, load_settings
from ivr.wording import RecordedWording


def understand(text: str, phrases: Sequence[Phrase], flow: str = "", language: str = "") -> tuple[str, float, Others]:
    """What a text means among the phrases that are listened for, as in a real call (`ivr.dialplan.mocks.Understand`).

    Waits until what flows that were loaded here understand is learnt, the first time.
    """
    found = minds.shared().understand(text, phrases, flow, language)
    return found.name, found.confidence, found.others


@dataclass(frozen=True, slots=True)
class House:
    """What the settings say, as far as a call that is only played needs it."""

    flows: tuple[Path, ...] = (Path("dialplans"),)
    prompts: tuple[Path, ...] = (Path("prompts"),)
    environment: Environment = NOTHING
    settings: Settings | None = None
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    """Those that all flows share."""

    @classmethod
    def of(cls, config: Path | None) -> House:
        """Of a settings file; without one `dialplans` and `prompts` of this folder. Raises ConfigError."""
        if config is None:
            return cls()
        settings = load_settings(config)
        return cls(
            tuple(beside(config, one) for one in settings.dialplans),
            tuple(beside(config, one) for one in settings.prompts),
            _environment(config, settings),
            settings,
            load_triggers(beside(config, name)) if (name := settings.understanding.triggers) else {},
        )


def beside(config: Path, path: str) -> Path:
    """A path of the settings, as one from here."""
    return Path(os.path.normpath(config.parent / path))


def _environment(config: Path, settings: Settings) -> Environment:
    return load_environment(beside(config, settings.environment)) if settings.environment else NOTHING


@dataclass(slots=True)
class Theatre:
    """Every flow of some files, ready to be played."""

    flows: Mapping[str, Flow]
    problems: Sequence[Problem] = ()
    wording: RecordedWording = field(default_factory=lambda: RecordedWording({}, {}))
    environment: Environment = NOTHING
    shared: Mapping[str, Trigger] = field(default_factory=dict)
    """Triggers of all flows."""
    _machines: dict[tuple[str, str], Machine] = field(default_factory=dict)

    @classmethod
    def load(cls, paths: Iterable[Path], house: House) -> Theatre:
        """The flows of files and folders; what is wrong with others is in `problems`. Raises ConfigError for wrong prompts."""
        flows, problems = read_flows(paths, Surroundings(triggers=frozenset(house.triggers)))
        wording = RecordedWording.load(house.prompts)
        return cls({flow.name: flow for flow in flows}, problems, wording, house.environment, house.triggers)

    def flow(self, name: str) -> Flow:
        """Raises NotFound."""
        if name not in self.flows:
            known = ", ".join(f"`{one}`" for one in sorted(self.flows))
            raise NotFound(f"there is no flow `{name}`" + (f": there are {known}" if known else ""))
        return self.flows[name]

    def machine(self, name: str, flags: Mapping[str, bool], values: Mapping[str, Any]) -> Machine:
        """The machine of a flow where some flags and values of the environment are others. Raises NotFound."""
        key = (name, repr((sorted(flags.items()), sorted(values.items(), key=lambda one: one[0]))))
        if key not in self._machines:
            set_flags = {flag: Flag(flag, on) for flag, on in flags.items()}
            environment = replace(
                self.environment, flags={**self.environment.flags, **set_flags}, values={**self.environment.values, **values}
            )
            minds.shared().meet([self.flow(name)])
            self._machines[key] = Machine(self.flow(name), environment)
        return self._machines[key]

    def rehearsal(self, name: str) -> Rehearsal:
        """How the cases of a flow are played."""

        def machine(given: Given) -> Machine:
            return self.machine(name, given.flags, given.values)

        return Rehearsal(understand, machine, CallMind, self.wording, spot=spot_with(self.shared))
