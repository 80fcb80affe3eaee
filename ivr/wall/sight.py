"""What the rules of alerts look at, and what each of them reads there, with words for people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.settings_wall import AGENT_NOW, CALL_NOW, FIGURES, HOUSE_NOW, QUEUE_NOW, SHARES, TICKET_NOW, AlertOptions
from ivr.wall.alerts import Reading, Rule, Subject, in_a_row
from ivr.wall.figures import BY_NAME, COUNT, SCORE, SECONDS, SHARE, Figures

ALL = "all"
Row = Mapping[str, Any]
_TIMES = frozenset({"wait", "estimated_wait", "state_seconds", "silence", "talk_seconds", "ticket_left"})
_NOW: Mapping[str, tuple[str, str]] = {
    "waiting": ("等待人数", "waiting"),
    "wait": ("最长等待", "longest wait"),
    "estimated_wait": ("预计等待", "estimated wait"),
    "talking": ("通话中", "talking"),
    "state_seconds": ("停留过久", "too long in a state"),
    "strain": ("负荷", "strain"),
    "missed": ("未接", "missed in a row"),
    "mood": ("来电人情绪", "caller's mood"),
    "silence": ("通话静默", "silence on a call"),
    "talk_seconds": ("通话时长", "length of a talk"),
    "free": ("空闲坐席", "free agents"),
    "on_duty": ("在岗坐席", "agents on duty"),
    "ticket_left": ("工单时限", "ticket's clock"),
    "trunk_down": ("中继中断", "trunk down"),
    "node_silent": ("节点无响应", "node silent"),
}
_STATES = {"available": "空闲", "reserved": "振铃", "in_call": "通话", "wrap_up": "话后", "break": "小休"}


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything at one moment."""

    now: float
    queues: Sequence[Row] = ()
    agents: Sequence[Row] = ()
    calls: Sequence[Row] = ()
    trunks: Sequence[Row] = ()
    nodes: Sequence[Row] = ()
    house: Row = field(default_factory=dict)
    figures: Mapping[tuple[float, str], Figures] = field(default_factory=dict)
    """(seconds until now, queue or `all`) to figures."""
    usual: Mapping[tuple[float, str], Figures] = field(default_factory=dict)
    """The same of last week."""
    series: Mapping[str, Sequence[Figures]] = field(default_factory=dict)
    """Queue or `all` to today's quarters of an hour, in order."""
    tickets: Sequence[Row] = ()
    """Whose clocks run out soon, or have: `id subject kind queue next_due`."""


def rule_of(one: AlertOptions) -> Rule:
    above = one.above is not None or bool(one.falls) or bool(one.rises) or (one.usual is not None and one.usual >= 1)
    unit = COUNT if one.falls or one.rises else unit_of(one.metric)
    return Rule(one.name, one.metric, unit, above, one.lasting, one.severity, one.owner)


def unit_of(metric: str) -> str:
    if metric in BY_NAME:
        return BY_NAME[metric].unit
    return SECONDS if metric in _TIMES else SHARE if metric in SHARES else COUNT


def readings(one: AlertOptions, sight: Sight) -> list[Reading]:
    """What the rule reads, of each subject that it is about."""
    found = []
    for subject, value, limit, detail in _values(one, sight):
        clear = limit if one.clear is None else one.clear
        zh, en = _words(one, subject, value, limit, detail)
        found.append(Reading(subject, value, limit, clear, zh, en))
    return found


Value = tuple[Subject, float | None, float, str]
"""Subject, value, limit, and what else is to be said."""


def _values(one: AlertOptions, sight: Sight) -> Iterable[Value]:
    limit = one.above if one.above is not None else one.below
    if one.metric in FIGURES:
        yield from _figures(one, sight, limit)
        return
    bound = 0.0 if limit is None else limit
    for subject, value, detail in _now(one, sight):
        yield subject, value, bound, detail


def _figures(one: AlertOptions, sight: Sight, limit: float | None) -> Iterable[Value]:
    for name in one.of or [str(row["name"]) for row in sight.queues]:
        subject = Subject("house", "", "") if name == ALL else Subject("queue", name, name)
        key = (one.over, name)
        if one.falls or one.rises:
            series = [_number(row.get(one.metric)) for row in sight.series.get(name, ())]
            told = " → ".join(_show(value, unit_of(one.metric)) for value in series[-4:] if value is not None)
            count = float(in_a_row(series, falling=bool(one.falls)))
            yield subject, count, (one.falls or one.rises) - 0.5, told
            continue
        value = _number(sight.figures.get(key, {}).get(one.metric))
        bound = limit
        if one.usual is not None:
            usual = _number(sight.usual.get(key, {}).get(one.metric))
            bound = None if not usual else usual * one.usual
        if bound is not None:
            yield subject, value, round(bound, 4), ""


def _now(one: AlertOptions, sight: Sight) -> Iterable[tuple[Subject, float | None, str]]:
    metric = one.metric
    if metric in QUEUE_NOW:
        yield from _of_queues(one, sight)
    elif metric in AGENT_NOW:
        for row in _named(sight.agents, one.of, "id"):
            if metric != "state_seconds" or (row["state"] == one.state and not row["breathing"]):  # which counts for nothing
                value = sight.now - row["since"] if metric == "state_seconds" else _number(row.get(metric))
                yield Subject("agent", row["id"], row["name"]), value, one.state
    elif metric in CALL_NOW:
        for row in sight.calls:
            yield Subject("call", row["id"], _caller(row)), _of_call(metric, row, sight.now), ""
    elif metric in TICKET_NOW:
        for row in sight.tickets:
            if not one.of or ALL in one.of or row["queue"] in one.of:
                yield (
                    Subject("ticket", row["id"], f"{row['id']} {row['subject'] or row['kind']}"),
                    row["next_due"] - sight.now,
                    "",
                )
    elif metric in HOUSE_NOW:
        yield Subject("house", "", ""), _number(sight.house.get(metric)), ""
    elif metric == "trunk_down":
        for row in _named(sight.trunks, one.of, "name"):
            yield Subject("trunk", row["name"], row["name"]), float(bool(row.get("down"))), ""
    else:
        for row in sight.nodes:
            yield Subject("node", row["name"], row["name"]), float(not row.get("alive")), ""


def _of_queues(one: AlertOptions, sight: Sight) -> Iterable[tuple[Subject, float | None, str]]:
    read: Callable[[Row], float | None] = {
        "waiting": lambda row: _number(row["waiting"]),
        "talking": lambda row: _number(row["talking"]),
        "wait": lambda row: sight.now - row["longest_since"] if row["longest_since"] else 0.0,
        "estimated_wait": lambda row: _number(row["estimated_wait"]),
    }[one.metric]
    if ALL in one.of:
        values = [value for row in sight.queues if (value := read(row)) is not None]
        whole = sum(values) if one.metric in ("waiting", "talking") else max(values, default=0.0)
        yield Subject("house", "", ""), whole, ""
    for row in _named(sight.queues, [name for name in one.of if name != ALL], "name") if one.of != (ALL,) else ():
        yield Subject("queue", row["name"], row["name"]), read(row), ""


def _named(rows: Sequence[Row], names: Sequence[str], key: str) -> Iterable[Row]:
    return (row for row in rows if not names or row[key] in names)


def _caller(row: Row) -> str:
    caller = row.get("caller") or {}
    return str(caller.get("name") or caller.get("number") or row["id"])


def _of_call(metric: str, row: Row, now: float) -> float | None:
    if metric == "mood":
        return _number(row.get("mood_level"))
    since = row.get("quiet_since") if metric == "silence" else row.get("connected_at")
    return 0.0 if since is None else now - float(since)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _words(one: AlertOptions, subject: Subject, value: float | None, limit: float, detail: str) -> tuple[str, str]:
    unit = unit_of(one.metric)
    if one.falls or one.rises:
        unit = COUNT
    told, bound = _show(value, unit), _show(limit, unit)
    who = {"zh": subject.name or "全部", "en": subject.name or "all"}
    own = {
        language: words.replace("{subject}", who[language]).replace("{value}", told).replace("{limit}", bound)
        for language, words in (("zh", one.zh), ("en", one.en))
    }
    zh, en = _plain(one, told, bound, detail)
    return own["zh"] or f"{who['zh']}：{zh}", own["en"] or f"{who['en']}: {en}"


def _plain(one: AlertOptions, told: str, bound: str, detail: str) -> tuple[str, str]:
    if one.metric in BY_NAME:
        zh, en = BY_NAME[one.metric].zh.label, BY_NAME[one.metric].en.label
    else:
        zh, en = _NOW[one.metric]
    if one.falls or one.rises:
        way = ("连续下降", "fell") if one.falls else ("连续上升", "rose")
        return f"{zh}{way[0]} {told} 次（{detail}）", f"{en} {way[1]} {told} times in a row ({detail})"
    if one.metric in ("trunk_down", "node_silent"):
        return zh, en
    if one.metric in TICKET_NOW:
        if told.startswith("-"):
            return f"已超时 {told[1:]}", f"ran out {told[1:]} ago"
        return f"还剩 {told}", f"{told} left"
    if one.metric == "state_seconds":
        return f"已在“{_STATES[detail]}”{told}", f"{told} in {detail.replace('_', ' ')}"
    return f"{zh} {told}（界限 {bound}）", f"{en} {told} (limit {bound})"


def _show(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == SHARE:
        return f"{value * 100:.0f} %"
    if unit == SECONDS:
        sign, whole = "-" if value < 0 else "", abs(int(value))
        return f"{sign}{whole // 60}:{whole % 60:02d}"
    return f"{value:.1f}" if unit == SCORE else f"{value:.0f}"
