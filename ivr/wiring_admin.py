"""From settings and the running parts to the admin API: what its desks are made of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from redis.exceptions import RedisError
from watchfiles import Change

from ivr.accounts.trail import Trail
from ivr.dialplan import graph
from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.environment_file import load_environment
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import FlowStore
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.dialplan.speech import PromptPart
from ivr.dialplan.watch import follow
from ivr.errors import ConfigError, DialplanError, IvrError
from ivr.forms.desk import FormDesk
from ivr.forms.yaml_edit import edited, parsed
from ivr.nodes.tally import Counts
from ivr.publishing.desk import FlowDesk
from ivr.publishing.publisher import Publisher
from ivr.rehearsal_desk import RehearsalDesk, machine_of, wording_of
from ivr.rehearsing import understand
from ivr.settings import Settings, load_settings
from ivr.speech.prompts import SUFFIXES, PromptLibrary, languages_in
from ivr.speech.shelf import PromptShelf
from ivr.speech.shelf_files import Folders
from ivr.stores import Stores
from ivr.web.admin_parts import AdminParts
from ivr.web.admin_work import examined
from ivr.wiring import agents_of, check_routes, queues_of
from ivr.wiring_flows import today
from ivr.wiring_scenes import cards_file, check_cards, house_of, scene_folders
from ivr.wiring_sources import operations_of
from ivr.wiring_trunks import trunks_of
from ivr.workbench import Workbench

log = logging.getLogger(__name__)

APPLY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Office:
    """The running parts that the desks look at."""

    settings: Settings
    flows: FlowStore
    prompts: PromptLibrary
    shelves: Folders

    def around(self) -> Surroundings:
        return self.flows.around

    def files(self) -> dict[str, str]:
        """Live flow to its file."""
        return {flow.name: flow.file for flow in self.flows.flows.values() if flow.file}

    def examine(self, text: str, file: str) -> tuple[Flow | None, list[Problem]]:
        """A text checked as if it were live in this server, with the flows that it calls. Never raises."""
        return examined(text, file, self.flows.around, self.files())

    def machine(self, flow: Flow, flags: Mapping[str, bool], values: Mapping[str, Any]) -> Machine:
        return machine_of(flow, self.flows.around.environment or NOTHING, flags, values)

    def file_of(self, flow: str) -> str:
        found = self.flows.flows.get(flow)
        return found.file if found is not None and Path(found.file).is_file() else ""

    def names(self) -> Mapping[str, Any]:
        """What names may be written in a flow."""
        around = self.flows.around
        environment: Environment = around.environment or NOTHING
        return {
            "queues": sorted(around.queues or ()),
            "skills": sorted(around.skills or ()),
            "flows": sorted(self.flows.flows),
            "sources": [{"name": name, "operations": sorted(one)} for name, one in operations_of(self.settings).items()],
            "hours": sorted(environment.hours),
            "flags": sorted(environment.flags),
            "values": sorted(environment.values),
            "prompts": self.prompts.names(),
            "texts": self.shelves.texts(),
        }

    def uses(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Prompt to the places in live flows that name it."""
        found: dict[str, list[dict[str, Any]]] = {}
        for flow in self.flows.flows.values():
            for speech in graph.speeches(flow):
                for part in speech:
                    if isinstance(part, PromptPart):
                        place = {"line": part.place.line, "column": part.place.column}
                        state = _state_at(flow, part.place.line)
                        found.setdefault(part.name, []).append({"flow": flow.name, "file": flow.file, "state": state, **place})
        return found


def _state_at(flow: Flow, line: int) -> str:
    """The state that a line belongs to, "" before the first."""
    before = [state for state in flow.states.values() if state.place.line <= line]
    return max(before, key=lambda state: state.place.line).name if before else ""


def admin_parts(
    settings: Settings,
    data: Path,
    stores: Stores,
    flows: FlowStore,
    prompts: PromptLibrary,
    publisher: Publisher,
    stack: AsyncExitStack,
) -> AdminParts:
    """Everything that the admin pages talk to; `stack` ends the process beside."""
    folders = [Path(folder) for folder in settings.prompts]
    office = Office(settings, flows, prompts, Folders(folders))
    bench = Workbench()
    stack.callback(bench.close)
    dialplans = [Path(path) for path in settings.dialplans]
    shelf = PromptShelf(folders, data / "prompt-history", prompts.voice, lambda: prompts, office.uses, parsed, edited)
    return AdminParts(
        examine=office.examine,
        around=office.around,
        files=office.files,
        names=office.names,
        prompts=shelf,
        audit=Trail(stores.engine),
        flows=FlowDesk(publisher),
        forms=_forms(settings, data, stores, flows),
        counts=Counts(stores.redis),
        understand=understand,
        machine=office.machine,
        wording=lambda: wording_of(settings.prompts),
        tests=RehearsalDesk(dialplans, folders, office.file_of, office.around, office.files, bench.run),
        bench=bench.run,
        warm=bench.warm,
        languages=languages_in(folders) or ["en"],
    )


# --- forms


def _forms(settings: Settings, data: Path, stores: Stores, flows: FlowStore) -> FormDesk | None:
    """None where the settings came from no file."""
    if not settings.file:
        return None
    hasher = PasswordHasher()
    loop = asyncio.get_running_loop()

    def check(path: Path) -> None:
        wanted = load_settings(path)
        queues_of(wanted)
        agents_of(wanted)
        trunks_of(wanted)
        check_routes(wanted, flows)

    def check_environment(path: Path) -> None:
        try:
            load_environment(path, today())
        except DialplanError as error:
            raise ConfigError(str(error)) from None

    def applied(part: str) -> bool:
        try:
            return _applied(
                part, Path(settings.file), settings, lambda work: asyncio.run_coroutine_threadsafe(work, loop), stores, flows
            )
        except (IvrError, RedisError, TimeoutError) as error:  # it is written: only its effect has to wait
            log.warning("the new %s begin with the next start: %s", part, error)
            return False

    folders = scene_folders(settings)
    cards = cards_file(folders)

    def check_scenes(path: Path) -> None:
        assert cards is not None
        check_cards(folders, cards, path, house_of(settings, flows.flows.values()))

    return FormDesk(
        Path(settings.file),
        Path(settings.environment) if settings.environment else None,
        data / "settings-history",
        {"settings": check, "environment": check_environment, "scenes": check_scenes},
        lambda password: "argon2:" + hasher.hash(password),
        applied,
        scenes=cards,
    )


def _applied(
    part: str,
    file: Path,
    running: Settings,
    run: Callable[[Any], Future[Any]],
    stores: Stores,
    flows: FlowStore,
) -> bool:
    """Put queues and skills into force without a restart; False for what only a restart can."""
    wanted = load_settings(file)
    if part == "queues":
        run(stores.acd.define_queues(queues_of(wanted))).result(APPLY_SECONDS)
        flows.around = replace(flows.around, queues=frozenset(wanted.queues))
        return True
    if part in ("agents", "skills"):
        fixed = [[(one.id, one.password, one.device, one.roles) for one in who.agents] for who in (running, wanted)]
        run(stores.acd.define_agents(agents_of(wanted))).result(APPLY_SECONDS)
        flows.around = replace(flows.around, skills=wanted.skills, teams=wanted.teams, sites=wanted.sites)
        return fixed[0] == fixed[1]
    return False


# --- prompts


async def follow_prompts(settings: Settings, flows: FlowStore, prompts: PromptLibrary) -> None:
    """Take recordings into use when their files change, until cancelled. A folder that is wrong changes nothing."""
    folders = await asyncio.to_thread(_present, settings.prompts)
    if not folders:
        return

    async def again() -> None:
        try:
            fresh = await asyncio.to_thread(PromptLibrary.load, folders, languages_in(folders), prompts.voice)
        except IvrError as error:
            log.error("prompts have a problem, the old ones stay: %s", error)
            return
        prompts.adopt(fresh)
        flows.around = replace(flows.around, prompts=prompts.names())
        log.info("prompts are read again: %d recordings", len(prompts.names()))

    await follow(folders, again, _is_prompt, "prompts")


def _present(folders: Sequence[str]) -> list[Path]:
    return [Path(folder) for folder in folders if Path(folder).is_dir()]


def _is_prompt(change: Change, path: str) -> bool:
    file = Path(path)
    return not file.name.startswith(".") and (file.suffix.lower() in SUFFIXES or file.name == "catalog.yaml")
