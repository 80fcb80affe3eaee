"""`ivr simulate`: talk to a flow in the terminal, by text or keys, on a virtual clock."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ivr.call import Caller
from ivr.chat import Chat
from ivr.dialplan.cases_given import replies_of
from ivr.dialplan.cases_run import seconds_at
from ivr.dialplan.loader import flow_files
from ivr.dialplan.mocks import Reply, World
from ivr.dialplan.model import Flow
from ivr.dialplan.positions import read
from ivr.dialplan.problems import Findings, render
from ivr.dialplan.simulator import Simulation
from ivr.errors import ConfigError, DialplanError
from ivr.paint import Paint
from ivr.rehearsing import House, Theatre, understand
from ivr.session.awaiting import spot_with
from ivr.session.mind import CallMind
from ivr.settings import Settings
from ivr.wiring_sources import based_sources, source_parts, sources_of

MOST_LINES = 10_000
LONGEST_READ = 5.0
"""Seconds that files of customers may take."""


def run(args: argparse.Namespace) -> int:
    """Talk until the input ends; 1 where a line of a script or a pipe could not be obeyed. Raises IvrError."""
    logging.getLogger("ivr.dialplan.machine").setLevel(logging.CRITICAL)
    house = House.of(args.config)
    theatre, flow = cast(args.flow, house)
    if args.language and args.language not in flow.languages:
        raise ConfigError(f"--language {args.language}: {flow.name} speaks {', '.join(flow.languages)}")
    machine = theatre.machine(flow.name, {}, {})
    at = seconds_at(_moment(args.at), flow.time_zone) if args.at else time.time()
    world = World(
        lookups=lookups_of(args.lookups),
        profile=profile_of(args.profile) if args.profile else _known(house, args),
        asr=() if args.no_speech else None,
    )
    call = {"language": args.language, "called": args.called, "caller": {"number": args.number}, "flow": flow.name}

    def begin(world: World) -> Simulation:
        more: dict[str, Any] = {"feel": CallMind, "wording": theatre.wording, "spot": spot_with(theatre.shared)}
        return Simulation(machine, world, at=at, understand=understand, call=call, **more)

    chat = Chat(begin, world, Paint(sys.stdout.isatty()), print, ears=lambda path: _heard(path, chat, house, args))
    for line in _lines(args, chat):
        if not chat.take(line):
            break
    chat.close()
    return 1 if chat.mistakes and not sys.stdin.isatty() else 0


def cast(name: str, house: House) -> tuple[Theatre, Flow]:
    """The flow of a file or a name, with those around it. Raises DialplanError with every problem, NotFound."""
    path = Path(name)
    is_file = name.endswith((".yaml", ".yml"))
    paths = [path] if is_file else list(house.flows)
    if not flow_files(paths) or (is_file and not path.is_file()):
        raise DialplanError(f"{name or paths[0]}: no flow there (*.yaml)")
    theatre = Theatre.load(paths, house)
    errors = [problem for problem in theatre.problems if problem.severity == "error"]
    if is_file and not theatre.flows:
        raise DialplanError(f"the flow has errors:\n{render(errors)}", tuple(errors))
    only = next(iter(theatre.flows.values()), None)
    if is_file or (not name and len(theatre.flows) == 1):
        assert only is not None
        return theatre, only
    if not name:
        raise DialplanError(f"say which flow: {', '.join(sorted(theatre.flows)) or 'there is none without errors'}")
    return theatre, theatre.flow(name)


def _moment(text: str) -> str:
    try:
        seconds_at(text, "UTC")
    except ValueError as error:
        raise ConfigError(f'--at: no time: {text!r}; write it as "2026-01-01 09:00"') from error
    return text


def profile_of(text: str) -> dict[str, Any]:
    """A profile from a file, or from YAML or JSON as it stands. Raises ConfigError."""
    try:
        given = Path(text).read_text("utf-8") if not text.lstrip().startswith("{") else text
        data = yaml.safe_load(given)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"--profile: {text[:80]}: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"--profile: {text[:80]}: expected keys and values, such as {{name: 王芳, tier: gold}}")
    return {str(key): value for key, value in data.items()}


def lookups_of(path: Path | None) -> dict[str, tuple[Reply, ...]]:
    """Answers of sources from a file. Raises ConfigError with the first mistake."""
    if path is None:
        return {}
    findings = Findings(str(path))
    try:
        node = read(path.read_text("utf-8"), findings)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--lookups: {path}: {error}") from error
    found = {} if node is None else replies_of(node, findings)
    if findings.problems:
        raise ConfigError(str(findings.problems[0]))
    return found


def _known(house: House, args: argparse.Namespace) -> Mapping[str, Any]:
    """The profile of a number, from those sources of the settings that are files: nothing else is asked."""
    if house.settings is None or not args.number:
        return {}
    return asyncio.run(_profile(based_sources(house.settings, args.config.parent), Caller(args.number)))


async def _profile(settings: Settings, caller: Caller) -> Mapping[str, Any]:
    options, profiles = sources_of(settings)
    files = {name: one for name, one in options.items() if one.kind == "static"}
    reads = tuple(read for read in profiles.sources if read.source in files)
    async with AsyncExitStack() as stack:
        asked = replace(settings, sources=files, profiles=replace(profiles, sources=reads, within=LONGEST_READ))
        return await (await source_parts(asked, stack, None)).profiles.find(caller)


def _lines(args: argparse.Namespace, chat: Chat) -> Iterator[str]:
    """What is typed: recordings first, then the script, else the terminal or a pipe."""
    yield from (f"/audio {path}" for path in args.audio)
    if args.script is not None:
        try:
            yield from _echoed(args.script.read_text("utf-8").splitlines(), chat)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"--script: {args.script}: {error}") from error
    elif sys.stdin.isatty():
        yield from _typed()
    elif not args.audio:
        yield from _echoed(sys.stdin, chat)


def _echoed(lines: Iterable[str], chat: Chat) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number >= MOST_LINES:
            chat.say(f"only {MOST_LINES} lines are read")
            return
        yield line.rstrip("\r\n")


def _typed() -> Iterator[str]:
    import readline  # noqa: F401 - gives `input` a history and arrow keys

    while True:
        try:
            yield input("> ")
        except EOFError:
            return


def _heard(path: Path, chat: Chat, house: House, args: argparse.Namespace) -> tuple[str, float]:
    from ivr.simulate_audio import hear

    return hear(path, chat.simulation, house, args.config, args.data)
