"""From settings to what flows are checked against and see: queues, skills, sources, prompts, the environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.environment_file import load_environment
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.triggers import Trigger
from ivr.dialplan.triggers_file import load_triggers
from ivr.settings import Settings
from ivr.settings_notices import channel_names
from ivr.wiring_sources import operations_of, profile_sources_of


def today() -> date:
    """In UTC; calendars have their own zones, and a day more or less is no matter for warnings."""
    return datetime.now(UTC).date()


def environment_of(settings: Settings) -> Environment:
    """The environment that the settings name. Raises DialplanError."""
    return load_environment(Path(settings.environment), today()) if settings.environment else NOTHING


def shared_triggers(settings: Settings) -> Mapping[str, Trigger]:
    """The triggers that all flows share, of the file that the settings name. Raises DialplanError."""
    name = settings.understanding.triggers
    return load_triggers(Path(name)) if name else {}


def surroundings(
    settings: Settings, prompts: Mapping[str, Collection[str]] | None, environment: Environment | None
) -> Surroundings:
    """What exists beside the flows."""
    return Surroundings(
        prompts=prompts,
        queues=frozenset(settings.queues),
        skills=settings.skills,
        teams=settings.teams,
        sites=settings.sites,
        sources=operations_of(settings),
        profile_sources=profile_sources_of(settings),
        environment=environment,
        records=bool(settings.recording.folder),
        channels=channel_names(settings.notices),
    )
