"""From settings and the running parts to the admin API: what its desks are made of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from watchfiles import Change, awatch

from ivr.dialplan import graph
from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.environment_file import load_environment
from ivr.dialplan.flags import Flag
from ivr.dialplan.linking import link
from ivr.dialplan.linking import problems as link_problems
from ivr.dialplan.loader import FlowStore, examine
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.dialplan.speech import PromptPart
from ivr.errors import ConfigError, DialplanError, IvrError
from ivr.forms.desk import FormDesk
from ivr.forms.yaml_edit import edited, parsed
from ivr.nodes.tally import Counts
from ivr.publishing.desk import FlowDesk
from ivr.publishing.publisher import Publisher
from ivr.rehearsal_desk import RehearsalDesk
from ivr.rehearsing import understand
from ivr.settings import Settings, load_settings
from ivr.speech.prompts import SUFFIXES, PromptLibrary, languages_in
from ivr.speech.rendering import TEXTS
from ivr.speech.shelf import PromptShelf
from ivr.speech.shelf_files import Folders
from ivr.stores import Stores
from ivr.understanding.mood import mood
from ivr.web.admin_audit import Audit
from ivr.web.admin_parts import AdminParts
from ivr.wiring import agents_of, check_routes, queues_of
from ivr.wiring_flows import today
from ivr.wiring_sources import operations_of
from ivr.wiring_trunks import trunks_of
from ivr.wording import RecordedWording

log = logging.getLogger(__name__)

APPLY_SECONDS = 5.0


@dataclass(slots=True)
class Words:
    """What prompts say and how long they take, read again when their files change."""

    folders: Sequence[Path]
    _seen: tuple[tuple[str, int], ...] = ()
    _texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _wording: RecordedWording | None = None

    def _fresh(self) -> None:
        files = [folder / name for folder in self.folders for name in (TEXTS, "catalog.yaml")]
        seen = tuple((str(file), file.stat().st_mtime_ns) for file in files if file.is_file())
        if seen != self._seen or self._wording is None:
            self._texts = Folders(self.folders).texts()
            self._wording = RecordedWording.load(self.folders)
            self._seen = seen

    def texts(self) -> Mapping[str, Mapping[str, str]]:
        """Raises ConfigError."""
        self._fresh()
        return self._texts

    def wording(self) -> RecordedWording:
        """Raises ConfigError."""
        self._fresh()
        assert self._wording is not None
        return self._wording


@dataclass(frozen=True, slots=True)
class Office:
    """The running parts that the desks look at."""

    settings: Settings
    flows: FlowStore
    prompts: PromptLibrary
    words: Words

    def examine(self, text: str, file: str) -> tuple[Flow | None, list[Problem]]:
        """A text checked as if it were live in this server, with the flows that it calls. Never raises."""
        flow, problems = examine(text, file or "draft", self.flows.around)
        if flow is None:
            return None, problems
        known = {**self.flows.flows, flow.name: flow}
        problems = [*problems, *link_problems(flow, known)]
        wrong = any(one.severity == "error" for one in problems)
        return None if wrong else link(flow, known), problems

    def machine(self, flow: Flow, flags: Mapping[str, bool], values: Mapping[str, Any]) -> Machine:
        environment: Environment = self.flows.around.environment or NOTHING
        set_flags = {name: Flag(name, on) for name, on in flags.items()}
        changed = replace(environment, flags={**environment.flags, **set_flags}, values={**environment.values, **values})
        return Machine(flow, changed)

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
            "texts": self.words.texts(),
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
    settings: Settings, data: Path, stores: Stores, flows: FlowStore, prompts: PromptLibrary, publisher: Publisher
) -> AdminParts:
    """Everything that the admin pages talk to."""
    folders = [Path(folder) for folder in settings.prompts]
    words = Words(folders)
    office = Office(settings, flows, prompts, words)
    dialplans = [Path(path) for path in settings.dialplans]
    shelf = PromptShelf(folders, data / "prompt-history", prompts.voice, lambda: prompts, office.uses, parsed, edited)
    return AdminParts(
        examine=office.examine,
        names=office.names,
        prompts=shelf,
        audit=Audit(stores.redis),
        flows=FlowDesk(publisher),
        forms=_forms(settings, data, stores, flows),
        counts=Counts(stores.redis),
        understand=understand,
        feel=mood,
        machine=office.machine,
        wording=words.wording,
        tests=RehearsalDesk(dialplans, office.file_of, office.examine, office.machine, words.wording),
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
        return _applied(
            part, Path(settings.file), settings, lambda work: asyncio.run_coroutine_threadsafe(work, loop), stores, flows
        )

    return FormDesk(
        Path(settings.file),
        Path(settings.environment) if settings.environment else None,
        data / "settings-history",
        {"settings": check, "environment": check_environment},
        lambda password: "argon2:" + hasher.hash(password),
        applied,
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
        flows.around = replace(flows.around, skills=wanted.skills)
        return fixed[0] == fixed[1]
    return False


# --- prompts


async def follow_prompts(settings: Settings, flows: FlowStore, prompts: PromptLibrary) -> None:
    """Take recordings into use when their files change, until cancelled. A folder that is wrong changes nothing."""
    folders = await asyncio.to_thread(_present, settings.prompts)
    if not folders:
        return
    async for _ in awatch(*folders, watch_filter=_is_prompt, debounce=400, step=100):
        try:
            fresh = await asyncio.to_thread(PromptLibrary.load, folders, languages_in(folders), prompts.voice)
        except IvrError as error:
            log.error("prompts have a problem, the old ones stay: %s", error)
            continue
        prompts.adopt(fresh)
        flows.around = replace(flows.around, prompts=prompts.names())
        log.info("prompts are read again: %d recordings", len(prompts.names()))


def _present(folders: Sequence[str]) -> list[Path]:
    return [Path(folder) for folder in folders if Path(folder).is_dir()]


def _is_prompt(change: Change, path: str) -> bool:
    file = Path(path)
    return not file.name.startswith(".") and (file.suffix.lower() in SUFFIXES or file.name == "catalog.yaml")
