"""Which parts of the settings and of the environment file have a form, and how they look in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.errors import ConfigError
from ivr.forms.schema import SECRET, Schema, schema_of
from ivr.settings import Route
from ivr.settings_outcomes import outcome_schema
from ivr.settings_queues import AgentOptions, QueueOptions
from ivr.settings_trunks import TrunkSettings

MASK = "********"
SHOWN = ("random", "")
NAMING = ("id", "user", "name", "to")
"""Fields by which an item of a list is known again."""
Data = Any


@dataclass(frozen=True, slots=True)
class Part:
    """One form."""

    name: str
    key: str
    """The top-level key of the file."""
    zh: str
    en: str
    schema: Schema
    empty: Data
    """What the form shows where the key is missing."""
    environment: bool = False
    """Whether it stands in the environment file."""
    effect: str = "restart"
    """`now` or `restart`."""
    scenes: bool = False
    """Whether it stands in a file of scenes."""

    @property
    def home(self) -> str:
        """`settings`, `environment` or `scenes`."""
        return "scenes" if self.scenes else "environment" if self.environment else "settings"


def _named(inner: Schema, words: str) -> Schema:
    return {"type": "object", "additionalProperties": inner, "description": words}


_LEVEL: Schema = {"type": "integer", "minimum": 1, "maximum": 10}
_SPAN: Schema = {"type": "string", "description": "09:00-18:00; several with commas"}
_WORDS: Schema = _named({"type": "string"}, "By language.")
_PHRASES: Schema = _named({"type": "array", "items": {"type": "string"}}, "By language: who says one has the card put forward.")
_CARD: Schema = {
    "type": "object",
    "required": ["title", "text"],
    "properties": {
        "title": _WORDS,
        "text": _WORDS,
        "said": _PHRASES,
        "tags": {"type": "array", "items": {"type": "string"}},
        "link": {"type": "string"},
    },
}
_ROUTES = {"type": "array", "items": schema_of(Route), "description": "The first that fits the called number decides."}
PARTS: Mapping[str, Part] = {
    part.name: part
    for part in (
        Part("queues", "queues", "队列", "Queues", _named(schema_of(QueueOptions), "By name."), {}, effect="now"),
        Part("agents", "agents", "坐席", "Agents", {"type": "array", "items": schema_of(AgentOptions)}, []),
        Part("skills", "agents", "技能", "Skills", _named(_named(_LEVEL, "Agent to level."), "By name."), {}, effect="now"),
        Part("routes", "routes", "号码路由", "Routes", _ROUTES, []),
        Part("trunks", "trunks", "中继", "Trunks", _named(schema_of(TrunkSettings), "A carrier or PBX, by name."), {}),
        Part("dispositions", "dispositions", "小结", "Dispositions", {"type": "array", "items": outcome_schema()}, []),
        Part("hours", "hours", "营业时间", "Hours", _named({}, "Calendars by name."), {}, True, "now"),
        Part("holidays", "holidays", "节假日", "Holidays", {}, {}, True, "now"),
        Part("flags", "flags", "功能开关", "Flags", _named({}, "Flags by name."), {}, True, "now"),
        Part("values", "values", "环境取值", "Values", _named({}, "Values by name."), {}, True, "now"),
        Part("cards", "cards", "知识卡片", "Cards", _named(_CARD, "Knowledge cards by name."), {}, False, "now", True),
    )
}


# --- skills: the same agents, seen from the skill


def skills_of(agents: Data) -> dict[str, dict[str, int]]:
    """Skill to agents and levels, from the agents of a file."""
    found: dict[str, dict[str, int]] = {}
    for agent in agents if isinstance(agents, list) else []:
        skills = agent.get("skills") if isinstance(agent, Mapping) else None
        for skill, level in skills.items() if isinstance(skills, Mapping) else ():
            found.setdefault(str(skill), {})[str(agent.get("id", ""))] = level
    return dict(sorted(found.items()))


def with_skills(agents: Data, skills: Data) -> Data:
    """The agents with the skills of the form. Raises ConfigError."""
    known = {str(agent.get("id", "")) for agent in agents if isinstance(agent, Mapping)} if isinstance(agents, list) else set()
    if not isinstance(skills, Mapping) or not all(isinstance(levels, Mapping) for levels in skills.values()):
        raise ConfigError("skills: expected skill to agents and levels")
    for skill, levels in skills.items():
        for name in levels:
            if name not in known:
                raise ConfigError(f"skills.{skill}.{name}: there is no such agent")
    return [_skilled(agent, skills) if isinstance(agent, Mapping) else agent for agent in agents or []]


def _skilled(agent: Mapping[str, Data], skills: Mapping[str, Mapping[str, int]]) -> dict[str, Data]:
    name = str(agent.get("id", ""))
    has = {skill: levels[name] for skill, levels in skills.items() if name in levels}
    before = agent.get("skills")
    kept = [skill for skill in before if skill in has] if isinstance(before, Mapping) else []
    ordered = {skill: has[skill] for skill in [*kept, *(one for one in has if one not in kept)]}
    if not ordered:
        return {key: value for key, value in agent.items() if key != "skills"}
    return {key: ordered if key == "skills" else value for key, value in agent.items()} | {"skills": ordered}


# --- secrets


def masked(value: Data) -> Data:
    """The same without secrets."""
    if isinstance(value, Mapping):
        return {key: _hidden(inner) if key in SECRET else masked(inner) for key, inner in value.items()}
    return [masked(one) for one in value] if isinstance(value, list) else value


def _hidden(value: Data) -> Data:
    return value if value in SHOWN or (isinstance(value, str) and value.startswith("env:")) else MASK


def unmasked(value: Data, before: Data, seal: Callable[[str], str]) -> Data:
    """What is to be written: masks are what stood there before, new secrets pass `seal`. Raises ConfigError.

    Keys stay in the order and of the type that they had: JSON knows text alone, and browsers put `10` first.
    """
    if isinstance(value, Mapping):
        old = before if isinstance(before, Mapping) else {}
        said = {str(key): inner for key, inner in value.items()}
        kept = {key: _revealed(str(key), said.pop(str(key)), was, seal) for key, was in old.items() if str(key) in said}
        return kept | {key: _revealed(key, inner, None, seal) for key, inner in said.items()}
    if isinstance(value, list):
        return [unmasked(one, _counterpart(one, before), seal) for one in value]
    return value


def _revealed(key: str, value: Data, before: Data, seal: Callable[[str], str]) -> Data:
    if key not in SECRET or not isinstance(value, str):
        return unmasked(value, before, seal)
    if value == MASK:
        if before is None:
            raise ConfigError(f"{key}: type it: there was none before")
        return before
    return value if value == before or value in SHOWN or value.startswith(("env:", "argon2:")) else seal(value)


def _counterpart(item: Data, before: Data) -> Data:
    """The item of the old list that has the same name."""
    if not isinstance(item, Mapping) or not isinstance(before, list):
        return None
    for field in NAMING:
        if field in item:
            named = (one for one in before if isinstance(one, Mapping) and one.get(field) == item[field])
            return next(named, None)
    return None


def plain(value: Data) -> Data:
    """With keys that JSON can have."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def walk(value: Data, depth: int = 0) -> Iterator[Data]:
    """Every value inside a form's value. Raises ConfigError for one nested too deep."""
    if depth > 12:
        raise ConfigError("nested deeper than 12 levels")
    yield value
    for one in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from walk(one, depth + 1)
