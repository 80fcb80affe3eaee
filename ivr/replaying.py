"""`ivr simulate --trace CONTACT_ID`: a recorded call beside the same call in today's flow."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ivr.dialplan.mocks import World
from ivr.dialplan.replay import Line, Replay, replay, seconds_of
from ivr.dialplan.simulator import Simulation
from ivr.errors import ConfigError
from ivr.paint import Paint
from ivr.records.database import open_database, sqlite_url
from ivr.records.reader import ContactReader
from ivr.rehearsing import House, understand
from ivr.session.mind import CallMind
from ivr.settings import Settings
from ivr.simulating import cast, lookups_of


def run(args: argparse.Namespace) -> int:
    """0 where today's flow does the same, 1 where it does not. Raises ConfigError, NotFound, StoreUnavailable."""
    logging.getLogger("ivr.dialplan.machine").setLevel(logging.CRITICAL)
    house = House.of(args.config)
    contact = asyncio.run(_contact(args.trace, _database(house.settings or Settings(), args.config, args.data)))
    theatre, today = cast(args.flow or str(contact["flow"]), house)
    world = World(lookups=lookups_of(args.lookups), profile=contact.get("profile") or {}, unknown=None)
    machine = theatre.machine(today.name, {}, {})

    def begin(language: str, world: World) -> Simulation:
        at, call = seconds_of(contact["started_at"]) or 0.0, _call(contact, language)
        return Simulation(machine, world, at=at, understand=understand, feel=CallMind, call=call, wording=theatre.wording)

    result = _played(contact, begin, world, args)
    print(json.dumps(as_data(args.trace, result), ensure_ascii=False, indent=1) if args.json else told(args.trace, result))
    return 1 if result.first_difference is not None else 0


def _played(
    contact: dict[str, Any], begin: Callable[[str, World], Simulation], world: World, args: argparse.Namespace
) -> Replay:
    """The replay nearest to the record, which keeps neither what language was known nor whether speech was recognised."""
    turns = contact["turns"]
    first = next((turn for turn in turns if turn["speaker"] == "bot"), None)
    languages = [args.language] if args.language else [str((first or contact)["language"]), ""]
    spoken = any(turn["speaker"] == "caller" and turn["medium"] == "speech" for turn in turns)
    worlds = [world] if spoken else [replace(world, asr=())] if args.no_speech else [world, replace(world, asr=())]
    found = [replay(contact, begin(language, one)) for language in dict.fromkeys(languages) for one in worlds]
    return min(found, key=lambda one: sum(bool(line.only) for line in one.lines))


def _call(contact: dict[str, Any], language: str) -> dict[str, Any]:
    caller = {"number": contact["caller_number"], "name": contact["caller_name"], "channel": contact["channel"]}
    call = {"id": contact["id"], "called": contact["called"], "caller": caller, "flow": contact["flow"], "language": language}
    return {**call, **(contact.get("signalling") or {})}


def _database(settings: Settings, config: Path | None, data: Path | None) -> str:
    if settings.database and data is None:
        return settings.database
    folder = data or (config.parent if config is not None else Path()) / settings.data
    if not (folder / "records.sqlite").is_file():
        raise ConfigError(f"{folder}: no records there: name the settings with --config, or the data folder with --data")
    return sqlite_url(folder)


async def _contact(contact_id: str, url: str) -> dict[str, Any]:
    engine = await open_database(url)
    try:
        return await ContactReader(engine).get(contact_id)
    finally:
        await engine.dispose()


def as_data(contact_id: str, found: Replay) -> dict[str, Any]:
    first = found.first_difference
    return {
        "contact_id": contact_id,
        "version": {"then": found.began_with, "now": found.now},
        "ended": {"then": found.ended[0], "now": found.ended[1]},
        "same": first is None,
        "first_difference": None if first is None else first.to_dict(),
        "unanswered": list(found.unanswered),
        "lines": [line.to_dict() for line in found.lines],
    }


def told(contact_id: str, found: Replay) -> str:
    """The call for a person: `-` was said then, `+` would be said now."""
    paint = Paint(sys.stdout.isatty())
    same = found.began_with == found.now
    versions = f"version {found.now}" if same else f"then version {found.began_with or 'unknown'}, now {found.now}"
    lines = [f"{contact_id}: {versions}", *(_line(line, paint) for line in found.lines)]
    for name in found.unanswered:
        lines.append(paint("yellow", f"nothing answered {name}: the record does not keep it; give it with --lookups"))
    lines.append(f"ended: then {found.ended[0] or 'unknown'}, now {found.ended[1]}")
    first = found.first_difference
    if first is None:
        lines.append(paint("green", "today's flow goes the same way"))
    else:
        lines.append(paint("red", f"today's flow goes another way from {first.at:.1f} s on, in `{first.state}`"))
    return "\n".join(lines)


def _line(line: Line, paint: Paint) -> str:
    sign, colour = {"then": ("-", "red"), "now": ("+", "green")}.get(line.only, (" ", "faint"))
    meant = f"  → {line.intent}" if line.intent else ""
    text = f"{sign} {line.at:7.1f}  {line.state:<18} {line.who:>6}: {line.text}{meant}"
    return paint(colour, text) if line.only else text
