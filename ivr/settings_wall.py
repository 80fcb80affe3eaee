"""Settings of the wallboard: `wall` (what its figures count), `alerts` (who is told of what), `care` (breathing space)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter

from ivr.errors import ConfigError
from ivr.settings_duty import BreakOptions
from ivr.settings_on_call import ADDRESS, OnCallOptions, StageOptions, check_stages

_NAME = re.compile(r"[\w.-]{1,40}")
MOST_ALERTS = 100
BREATHING = "breathing"
"""The reason of a break that is a breathing space."""
FIGURES = (
    *("calls", "offered", "answered", "abandoned", "overflowed", "callbacks", "self_served", "service_level", "abandonment"),
    *("asa", "aht", "longest_wait", "containment", "csat", "fcr", "occupancy", "confidence", "mood_level", "angry"),
    *("outbound", "reached", "outbound_talk"),
)
"""Of a stretch of time (`over`), of a queue or of all together."""
QUEUE_NOW = ("waiting", "wait", "estimated_wait", "talking")
AGENT_NOW = ("state_seconds", "strain", "missed")
CALL_NOW = ("mood", "silence", "talk_seconds")
HOUSE_NOW = ("free", "on_duty")
TICKET_NOW = ("ticket_left",)
"""Of a ticket whose clock runs; its `of` are queues."""
THINGS = ("trunk_down", "node_silent")
METRICS = (*FIGURES, *QUEUE_NOW, *AGENT_NOW, *CALL_NOW, *HOUSE_NOW, *TICKET_NOW, *THINGS)
STATES = ("available", "reserved", "in_call", "wrap_up", "break")
SHARES = frozenset(
    {"service_level", "abandonment", "containment", "fcr", "occupancy", "confidence", "mood_level", "angry", "reached"}
    | {"strain", "mood"}
)
PLACEHOLDERS = frozenset({"subject", "value", "limit"})


@dataclass(frozen=True, slots=True)
class WallOptions:
    within: float = 20.0
    """Seconds in which a caller is to be answered, `20s`: the limit of the service level."""
    queues: Mapping[str, float] = field(default_factory=dict)
    """The same for single queues: `{ vip: 10s }`."""
    short: float = 5.0
    """Who hangs up sooner, `5s`, counts for nothing: nobody could have answered."""
    survey: str = ""
    """Name of the survey whose first number is satisfaction (1 to 5); empty: any survey."""


@dataclass(frozen=True, slots=True)
class AlertOptions:
    """One rule: it opens when the figure has been beyond its limit for `lasting`, and closes on the other side of `clear`."""

    name: str
    metric: str
    """One of `METRICS`."""
    above: float | None = None
    """Limit; times such as `2m`, shares as 0.7."""
    below: float | None = None
    usual: float | None = None
    """Instead of a number: so many times what it was last week at this time, 1.3."""
    falls: int = 0
    """Instead of a number: so many quarters of an hour in a row, each with a lower figure than the one before."""
    rises: int = 0
    clear: float | None = None
    """Back on this side of it the alert closes; without it, of the limit itself."""
    lasting: float = 0.0
    """Seconds for which it must hold, `30s`."""
    over: float = 1800.0
    """Seconds that a figure is taken from, `30m`."""
    of: tuple[str, ...] = ()
    """Queues, agents or trunks by name; `all`: all queues together. Empty: each one by itself."""
    state: str = ""
    """Of `state_seconds`."""
    severity: str = "attention"
    """`attention` or `danger`."""
    owner: str = ""
    """Account that takes care of it, until somebody else does."""
    email: tuple[str, ...] = ()
    sms: tuple[str, ...] = ()
    webhook: bool = False
    """Also by the channel `notices.webhook`."""
    again: float = 0.0
    """Seconds after which it is sent again while nobody has acknowledged it, `15m`; 0: once."""
    to: tuple[str, ...] = ()
    """Whoever is on duty then, by names of `on_call.rota`."""
    escalate: tuple[StageOptions, ...] = ()
    """Who is told too while nobody acknowledges it: `{ after: 10m, to: [lead] }`."""
    always: bool = False
    """In quiet hours too, whatever its severity; `danger` always is."""
    zh: str = ""
    """Words with `{subject}`, `{value}` and `{limit}`; empty: made from the figure."""
    en: str = ""


STANDARD = (
    AlertOptions("long_wait", "wait", above=120.0, clear=60.0, lasting=5.0),
    AlertOptions("service_level", "service_level", below=0.7, clear=0.75, lasting=120.0, of=("all",)),
    AlertOptions("aht_up", "aht", usual=1.4, lasting=300.0, of=("all",)),
    AlertOptions("csat_falls", "csat", falls=3, of=("all",)),
    AlertOptions("angry_call", "mood", above=0.7, clear=0.5, lasting=10.0),
    AlertOptions("silent_call", "silence", above=30.0, clear=5.0),
    AlertOptions("stuck_wrap_up", "state_seconds", above=600.0, state="wrap_up"),
    AlertOptions("stuck_ring", "state_seconds", above=90.0, state="reserved"),
    AlertOptions("strained", "strain", above=0.8, clear=0.6, lasting=60.0),
    AlertOptions("ticket_late", "ticket_left", below=0.0),
    AlertOptions("trunk_down", "trunk_down", above=0.5, lasting=10.0, severity="danger"),
    AlertOptions("node_silent", "node_silent", above=0.5, severity="danger"),
)
"""Where the settings say nothing of `alerts`; they are shown on the page and sent to nobody."""


@dataclass(frozen=True, slots=True)
class BreathingOptions:
    """When an agent gets a breathing space after a call, by rule."""

    enabled: bool = False
    length: float = 120.0
    """Seconds, `2m`: a break that comes after the call and its wrap-up, and ends by itself."""
    mood: float = 0.7
    """From which level of the caller's mood on a call counts as hard."""
    strain: float = 0.75
    """From which strain on every call is followed by one."""
    most: int = 4
    """For one agent within eight hours."""
    unless_waiting: int = 10
    """Not while so many wait; 0: however many do."""
    at_once: int = 3
    """Agents who breathe at the same time, at most."""


@dataclass(frozen=True, slots=True)
class CareOptions:
    breathing: BreathingOptions = field(default_factory=BreathingOptions)


def with_breathing(breaks: tuple[BreakOptions, ...]) -> tuple[BreakOptions, ...]:
    """The reasons for breaks, a breathing space among them: agents may take one themselves."""
    if any(one.name == BREATHING for one in breaks):
        return breaks
    return (*breaks, BreakOptions(BREATHING, "缓一缓", "Breathing space"))


def check_wall(wall: WallOptions, care: CareOptions, queues: Collection[str], file: str) -> None:
    """Raises ConfigError with the file and the key."""
    for name in wall.queues:
        if name not in queues:
            raise ConfigError(
                f"{file}: wall.queues: there is no queue '{name}'; there are: {', '.join(sorted(queues)) or 'none'}"
            )
    if wall.within <= 0 or any(one <= 0 for one in wall.queues.values()):
        raise ConfigError(f"{file}: wall: the limit of a service level is above 0 s, such as 20s")
    rest = care.breathing
    if not 10 <= rest.length <= 1800:
        raise ConfigError(f"{file}: care.breathing.length: {rest.length:g} s is not from 10s to 30m")
    if not 0 < rest.mood <= 1 or not 0 < rest.strain <= 1:
        raise ConfigError(f"{file}: care.breathing: mood and strain are levels above 0 and up to 1")
    if rest.most < 0 or rest.unless_waiting < 0 or rest.at_once < 1:
        raise ConfigError(f"{file}: care.breathing: most and unless_waiting are 0 or more, at_once 1 or more")


def check_alerts(
    alerts: Sequence[AlertOptions], queues: Collection[str], channels: Collection[str], on_call: OnCallOptions, file: str
) -> None:
    """`channels` are those of `notices`. Raises ConfigError with the file and the rule."""
    if len(alerts) > MOST_ALERTS:
        raise ConfigError(f"{file}: alerts: {len(alerts)} rules; {MOST_ALERTS} at most")
    seen: set[str] = set()
    for number, one in enumerate(alerts):
        place = f"{file}: alerts[{number}]"
        if not _NAME.fullmatch(one.name) or one.name in seen:
            raise ConfigError(f"{place}: name: '{one.name}' stands there twice or is no name; write letters, digits, _ . or -")
        seen.add(one.name)
        _check_limit(one, f"{place} ({one.name})")
        _check_reach(one, queues, channels, f"{place} ({one.name})")
        _check_words(one, f"{place} ({one.name})")
        check_stages(one.escalate, channels, f"{place} ({one.name})")
        for name in (*one.to, *(name for stage in one.escalate for name in stage.to)):
            if name not in on_call.rota:
                known = ", ".join(on_call.rota) or "none"
                raise ConfigError(f"{place} ({one.name}): to: there is no '{name}' in on_call.rota; there are: {known}")


def _check_limit(one: AlertOptions, place: str) -> None:
    if one.metric not in METRICS:
        raise ConfigError(f"{place}: metric: '{one.metric}' is none of {', '.join(METRICS)}")
    ways = [name for name in ("above", "below", "usual") if getattr(one, name) is not None]
    ways += [name for name in ("falls", "rises") if getattr(one, name)]
    if len(ways) != 1:
        raise ConfigError(
            f"{place}: write exactly one of above, below, usual, falls and rises; found {', '.join(ways) or 'none'}"
        )
    limit = one.above if one.above is not None else one.below
    if one.metric in SHARES and limit is not None and limit > 1:
        raise ConfigError(f"{place}: {one.metric} is a share from 0 to 1; write 0.7 for 70 %")
    if ways[0] in ("usual", "falls", "rises") and one.metric not in FIGURES:
        raise ConfigError(f"{place}: {ways[0]}: only figures of a stretch of time have it: {', '.join(FIGURES)}")
    if one.usual is not None and one.usual <= 0:
        raise ConfigError(f"{place}: usual: above 1 for more than usual, below 1 for less; found {one.usual:g}")
    if not 0 <= one.falls <= 12 or not 0 <= one.rises <= 12 or 1 in (one.falls, one.rises):
        raise ConfigError(f"{place}: falls and rises count quarters of an hour in a row: 2 to 12")
    if one.clear is not None and limit is None:
        raise ConfigError(f"{place}: clear goes with above or below alone")
    if one.clear is not None and limit is not None and (one.clear > limit if one.above is not None else one.clear < limit):
        raise ConfigError(f"{place}: clear: {one.clear:g} lies beyond the limit {limit:g}: it would open and close at once")


def _check_reach(one: AlertOptions, queues: Collection[str], channels: Collection[str], place: str) -> None:
    about_queues = one.metric in (*FIGURES, *QUEUE_NOW, *TICKET_NOW)
    for name in one.of:
        if about_queues and name != "all" and name not in queues:
            raise ConfigError(
                f"{place}: of: there is no queue '{name}'; write `all`, or one of {', '.join(sorted(queues)) or 'none'}"
            )
    if not 60 <= one.over <= 86400:
        raise ConfigError(f"{place}: over: from 1m to 24h")
    if one.metric == "state_seconds" and one.state not in STATES:
        raise ConfigError(f"{place}: state: which one lasts too long? One of {', '.join(STATES)}")
    if one.state and one.metric != "state_seconds":
        raise ConfigError(f"{place}: state goes with the metric state_seconds alone")
    if one.severity not in ("attention", "danger"):
        raise ConfigError(f"{place}: severity: '{one.severity}' is neither attention nor danger")
    for name in ("email", "sms", "webhook"):
        if getattr(one, name) and name not in channels:
            raise ConfigError(
                f"{place}: {name}: there is no channel `notices.{name}` to send it by; set it up, or leave it out"
            )
    for address in one.email:
        if not ADDRESS.fullmatch(address):
            raise ConfigError(f"{place}: email: '{address}' is no address")
    if 0 < one.again < 60:
        raise ConfigError(f"{place}: again: 1m or more; nobody reads faster")


def _check_words(one: AlertOptions, place: str) -> None:
    for language in ("zh", "en"):
        try:
            found = {name for _, name, _, _ in Formatter().parse(getattr(one, language)) if name is not None}
        except ValueError:
            found = {""}
        if found - PLACEHOLDERS:
            raise ConfigError(f"{place}: {language}: only {{subject}}, {{value}} and {{limit}} stand in braces")
