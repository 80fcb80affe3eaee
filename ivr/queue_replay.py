"""`ivr queue replay`: the day and the rules are fetched, played, judged, and shown side by side."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ivr.acd.chart import Axis, dots, lines, stacked
from ivr.acd.generated import generated_day, made_up
from ivr.acd.judged import NEAR, Accuracy, Judged, judged, quantile
from ivr.acd.recorded import recorded_day
from ivr.acd.replay import Day, Replay
from ivr.acd.traffic import Rules, Traffic
from ivr.dialplan.durations import seconds
from ivr.errors import ConfigError
from ivr.records.database import open_database, sqlite_url
from ivr.records.traffic import MOST, QueueTraffic
from ivr.settings import Settings, load_settings
from ivr.wiring import agents_of, overridden, queues_of

MOST_CONTACTS = 200_000
MOST_AGENTS = 5_000


def run(args: argparse.Namespace) -> int:
    """Raises ConfigError and StoreUnavailable."""
    within = _checked(args)
    began = time.monotonic()
    traffic, sets = _day(args)
    for rules in sets:
        if lacks := rules.lacks(traffic):
            raise ConfigError(f"{rules.name}: callers of the day asked for what these rules do not have: {', '.join(lacks)}")
    console = Console(stderr=True)
    notes = [*traffic.notes, *(note for rules in sets for note in _idle(rules, traffic))]
    with _progress(console, hidden=args.json) as progress:
        days = [_played(traffic, rules, args, progress) for rules in sets]
    results = [judged(day, within) for day in days]
    if args.plot is not None:
        _written(args.plot, plot(days))
    took = time.monotonic() - began
    if args.json:
        told = {"day": traffic.name, "callers": len(traffic.arrivals), "notes": notes, "seconds": round(took, 1)}
        print(json.dumps({**told, "results": [one.told() for one in results]}, ensure_ascii=False))
    else:
        Console().print(table(traffic, results))
        for note in notes:
            console.print(f"note: {note}", markup=False, highlight=False)
    return 0


def _checked(args: argparse.Namespace) -> float:
    """The promise of the service level, in seconds; the other options make sense."""
    if not 0 <= args.contacts <= MOST_CONTACTS:
        raise ConfigError(f"--contacts: {args.contacts} is not from 1 to {MOST_CONTACTS}")
    if not 1 <= args.agents <= MOST_AGENTS:
        raise ConfigError(f"--agents: {args.agents} is not from 1 to {MOST_AGENTS}")
    if not args.generated and args.config is None:
        raise ConfigError("name the settings by --config FILE, or say --generated for a made-up day")
    if args.generated and args.day:
        raise ConfigError("--day is for recorded days: leave it or --generated out")
    try:
        return seconds(args.within)
    except ValueError as error:
        raise ConfigError(f"--within: `{args.within}`: {error}") from error


def _day(args: argparse.Namespace) -> tuple[Traffic, list[Rules]]:
    """The callers, and one or two sets of rules."""
    dice = random.Random(args.seed)
    settings = None if args.config is None else overridden(load_settings(args.config), args.config, None, None, args.data)
    first = made_up(dice, args.agents) if settings is None else rules_of(settings, args.config)
    sets = [first] if args.against is None else [first, rules_of(load_settings(args.against), args.against)]
    if settings is None or args.generated:
        for rules in sets[:1]:
            _can_work(rules)
        return generated_day(first, dice, _midnight(_today()), args.contacts), sets
    return asyncio.run(_recorded(args, settings)), sets


def rules_of(settings: Settings, file: Path) -> Rules:
    """The rules of a settings file. Raises ConfigError for an agent or strategy that does not exist."""
    most = {name: one.max_waiting for name, one in settings.queues.items() if one.max_waiting}
    return Rules(str(file), tuple(agents_of(settings)), tuple(queues_of(settings)), most)


def _can_work(rules: Rules) -> None:
    for what, there in (("agents", rules.agents), ("queues", rules.queues)):
        if not there:
            raise ConfigError(f"{rules.name}: there are no {what}; a day cannot be made up for it")


async def _recorded(args: argparse.Namespace, settings: Settings) -> Traffic:
    day = _date(args.day)
    try:
        start, end = _midnight(day), _midnight(day + timedelta(days=1))
    except (ValueError, OverflowError) as error:  # the first and the last day that a calendar can name
        raise ConfigError(f"--day: {day} is no day that anybody called on; such as 2026-11-21") from error
    data = Path(settings.data)
    if not settings.database and not (data / "records.sqlite").exists():
        raise ConfigError(f"{data}: there are no records; name the folder by --data, or `database` in the settings")
    engine = await open_database(settings.database or sqlite_url(data))
    try:
        found = await QueueTraffic(engine).of(start, end)
    finally:
        await engine.dispose()
    if not found.contacts:
        raise ConfigError(f"nobody came to a queue on {day}; choose a day by --day, or --generated")
    traffic = recorded_day(found.contacts, found.states, random.Random(args.seed).random, (start, end), str(day))
    cut = (f"{day} has more callers or states of agents than {MOST:,}: its end is missing",) if found.cut else ()
    return replace(traffic, notes=(*traffic.notes, *cut))


def _date(text: str | None) -> date:
    if text is None:
        return _today() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--day: '{text}' is no day such as 2026-11-21") from error


def _today() -> date:
    return datetime.now().astimezone().date()


def _midnight(day: date) -> float:
    return datetime.combine(day, datetime.min.time()).astimezone().timestamp()


def _idle(rules: Rules, traffic: Traffic) -> list[str]:
    """Who works under these rules although nothing was seen of him, and the reverse."""
    gone, fresh = rules.idle(traffic)
    notes = []
    if gone:
        notes.append(f"{rules.name}: does not know {len(gone)} agents who worked that day, who stay away: {_few(gone)}")
    if fresh:
        notes.append(f"{rules.name}: {len(fresh)} agents were not on duty that day, and are not here: {_few(fresh)}")
    return notes


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")


# --- playing


def _progress(console: Console, *, hidden: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=hidden or not sys.stderr.isatty(), transient=True)


def _played(traffic: Traffic, rules: Rules, args: argparse.Namespace, progress: Progress) -> Day:
    task = progress.add_task(rules.name, total=len(traffic.arrivals))
    heard: Callable[[int], None] = lambda done: progress.update(task, completed=done)  # noqa: E731
    return Replay(traffic, rules, None if args.no_estimates else random.Random(args.seed).random).run(heard)


# --- showing


def table(traffic: Traffic, results: Sequence[Judged]) -> Table:
    """The figures of each set of rules, side by side."""
    shown = Table(title=traffic.name)
    shown.add_column("")
    for letter, one in zip("AB", results, strict=False):
        shown.add_column(f"{letter}: {one.rules}", justify="right")
    for words, tell in ROWS:
        shown.add_row(words, *(tell(one) for one in results))
    for name in sorted({name for one in results for name in one.classes}):
        shown.add_row(f"  {name}", *(_class(one.classes.get(name)) for one in results))
    return shown


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _accurate(one: Accuracy | None) -> str:
    return "-" if one is None else f"{one.within_quarter:.1%} ({one.within_quarter_or_15s:.1%} or 15 s) of {one.told}"


def _class(one: dict[str, float] | None) -> str:
    return (
        "-"
        if one is None
        else f"{one['callers']:.0f}: mean {one['mean']:.0f} s, p90 {one['p90']:.0f} s, {one['abandoned']:.1%} left"
    )


ROWS: Sequence[tuple[str, Callable[[Judged], str]]] = (
    ("callers", lambda one: str(one.callers)),
    ("served (at once)", lambda one: f"{one.served} ({one.served_at_once})"),
    ("service level", lambda one: f"{one.service_level:.1%} within {one.within_seconds:g} s"),
    ("wait p50, p90, p99", lambda one: f"{one.waits.p50:.0f}, {one.waits.p90:.0f}, {one.waits.p99:.0f} s"),
    ("gave up", lambda one: f"{one.abandoned} ({_share(one.abandoned / max(1, one.callers))})"),
    ("taken elsewhere", lambda one: str(one.overflowed)),
    ("unserved at the end", lambda one: str(one.unserved)),
    ("occupancy", lambda one: f"{one.occupancy:.1%} (p10 {one.occupancy_spread[0]:.1%}, p90 {one.occupancy_spread[1]:.1%})"),
    ("fairness to agents, callers", lambda one: f"{one.fairness_agents:.3f}, {one.fairness_callers:.3f}"),
    ("estimate within 25 %: all callers", lambda one: _share(one.estimate_all_callers)),
    ("  on entry, of those who wait", lambda one: _accurate(one.estimate_at_entry)),
    ("  told later", lambda one: _accurate(one.estimate_later)),
)


def plot(days: Sequence[Day]) -> str:
    """Waits under each set of rules, and under the first the estimates against the truth."""
    charts = [waits_chart(days)]
    pairs = [
        (fate.turn - at, told) for fate in days[0].fates for at, told in fate.told if told is not None and fate.turn is not None
    ]
    if pairs:
        charts.append(estimates_chart(pairs))
    return stacked(charts)


def waits_chart(days: Sequence[Day]) -> str:
    series = []
    for letter, day in zip("AB", days, strict=False):
        waits = sorted(fate.waited for fate in day.fates if fate.outcome == "served")
        points = [(wait, 100.0 * number / max(1, len(day.fates))) for number, wait in enumerate(waits, 1)]
        series.append((f"{letter}: {Path(day.rules.name).name}", points))
    most = max((quantile([x for x, _ in points], 0.99) for _, points in series), default=1.0)
    up, across = Axis("% of all callers", 100.0), Axis("seconds waited", max(30.0, most))
    return lines("Callers who were served within so many seconds", across, up, series)


def estimates_chart(pairs: Sequence[tuple[float, float]]) -> str:
    most = max(60.0, quantile(sorted(true for true, _ in pairs), 0.98))
    true, told = Axis("seconds that it took from then on", most), Axis("seconds that were foreseen", most)
    return dots("Estimates, on entry and later, against the truth", true, told, pairs, NEAR)


def _written(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"--plot: {file} cannot be written: {error.strerror}") from error
