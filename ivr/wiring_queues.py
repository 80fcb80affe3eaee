"""From settings to what waiting callers hear, and when nobody may enter a queue."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ivr.acd.staffing import Staffing
from ivr.acd.store import AcdStore
from ivr.dialplan.loader import FlowStore
from ivr.dialplan.problems import nearest
from ivr.errors import ConfigError
from ivr.session.queue_rules import MUSIC, QueueHouse, QueueRules
from ivr.settings import Settings


def queue_house(settings: Settings, flows: FlowStore, acd: AcdStore) -> QueueHouse:
    """What calls of a node need to know of its queues. Raises ConfigError for a calendar or a prompt that nobody has."""
    prompts = flows.around.prompts
    return QueueHouse(queue_rules(settings, flows.environment.hours, prompts), Staffing(acd))


def queue_rules(
    settings: Settings, hours: Collection[str], prompts: Mapping[str, Collection[str]] | None
) -> dict[str, QueueRules]:
    """The rules by queue; `prompts` are names to their languages, None where nobody knows."""
    for name, one in settings.queues.items():
        place = f"{settings.file}: queues.{name}"
        if one.hours and one.hours not in hours:
            cure = nearest(one.hours, hours) if hours else "name a file of hours: `environment: environment.yaml`"
            raise ConfigError(f"{place}.hours: there is no calendar '{one.hours}'; {cure}")
        for key, named in [("music", one.music), *(("comfort", prompt) for prompt in one.comfort)]:
            if named and prompts is not None and named not in prompts:
                raise ConfigError(f"{place}.{key}: there is no recording '{named}'; {nearest(named, prompts)}")
    return {
        name: QueueRules(one.hours, one.max_waiting, one.music or MUSIC, one.comfort, one.comfort_every)
        for name, one in settings.queues.items()
    }
