"""Flows from files: load, check, and keep the version that running calls began with.

A file that is wrong is refused as a whole and the flow that was there stays; calls go on with the version they began with.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ivr.dialplan import positions
from ivr.dialplan.build import build
from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.leaks import check_leaks
from ivr.dialplan.linking import calls, link, linked
from ivr.dialplan.linking import problems as link_problems
from ivr.dialplan.lint import Surroundings, lint
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings, Place, Problem
from ivr.errors import DialplanError, NotFound

log = logging.getLogger(__name__)

NOTHING_KNOWN = Surroundings()
_NAMED = re.compile(r"^flow:\s*([\w-]+)", re.MULTILINE | re.ASCII)
MOST_JOINED = 100
"""Combinations of versions kept; more are put together again when a call needs them."""
KEPT_VERSIONS = 8
"""Old versions kept of each flow without a call on them, so that a call can begin while a file changes."""


def examine(text: str, file: str, around: Surroundings = NOTHING_KNOWN) -> tuple[Flow | None, list[Problem]]:
    """The flow in `text`, None where it has an error, with every problem found. Never raises."""
    findings = Findings(file)
    flow = build(text, findings)
    if flow is not None:
        lint(flow, findings, around)
        check_leaks(text, findings)
    return (None if findings.failed else flow), findings.problems


def load(source: Path | str, file: str = "", around: Surroundings = NOTHING_KNOWN) -> Flow:
    """The flow in a file (a Path) or in text (a str). Raises DialplanError with every problem where it has an error."""
    if isinstance(source, Path):
        text, problems = read_text(source)
        name = str(source)
    else:
        text, problems, name = source, [], file or "<text>"
    flow = None
    if not problems:
        flow, problems = examine(text, name, around)
    if flow is None:
        first = next((one for one in problems if one.severity == "error"), None)
        raise DialplanError(str(first).replace("\n    ", "; ") if first else f"{name}: no flow", tuple(problems))
    return flow


def check(paths: Iterable[Path], around: Surroundings = NOTHING_KNOWN) -> list[Problem]:
    """Every problem of the flows in files and folders. Two files with the same flow are a problem too."""
    return read_flows(paths, around)[1]


def read_flows(paths: Iterable[Path], around: Surroundings = NOTHING_KNOWN) -> tuple[list[Flow], list[Problem]]:
    """The flows without errors in files and folders, each with its sub-flows, and every problem of all of them."""
    paths, flows, problems, broken = tuple(paths), dict[str, Flow](), list[Problem](), set[str]()
    for path in flow_files(paths):
        text, unreadable = read_text(path)
        flow, found = (None, unreadable) if unreadable else examine(text, str(path), around)
        problems.extend(found)
        if flow is None:
            broken.update(_NAMED.findall(text))
            continue
        if flow.name in flows:
            message = f"the flow `{flow.name}` is also in {flows[flow.name].file}"
            problems.append(Problem(str(path), 1, 1, "error", "duplicate-flow", message, "rename one of them"))
        flows.setdefault(flow.name, flow)
    known = {**_beside(paths, flows), **flows}
    for flow in flows.values():
        found = link_problems(flow, known, broken)
        problems.extend(found)
        if any(problem.severity == "error" for problem in found):
            broken.add(flow.name)
    return [flow for name, flow in linked(known).items() if name in flows and name not in broken], problems


def _beside(paths: Iterable[Path], flows: Mapping[str, Flow]) -> dict[str, Flow]:
    """Flows that are called and stand in another file of the same folder, where single files were named."""
    wanted = {name for flow in flows.values() for name in calls(flow)} - set(flows)
    if not wanted:
        return {}
    files = [path for path in paths if not path.is_dir()]
    others = set(flow_files({path.parent for path in files})) - set(files)
    found = (examine(read_text(path)[0], str(path))[0] for path in sorted(others))
    return {flow.name: flow for flow in found if flow is not None}


def flow_files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and of folders every `*.yaml` that is not a test."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(one for one in sorted(path.glob("*.yaml")) if not one.name.endswith(".test.yaml"))
        else:
            found.append(path)
    return found


def catalogue(path: Path) -> dict[str, frozenset[str]]:
    """Prompt name to its languages, from `prompts/texts.yaml` (`name: { zh: ..., en: ... }`) or `prompts/catalog.yaml`.

    Raises DialplanError where the file is neither.
    """
    findings = Findings(str(path))
    text, problems = read_text(path)
    root = None if problems else positions.read(text, findings)
    if isinstance(root, positions.Mapping):
        recordings = root.entries.get("recordings")
        return _texts(root) if recordings is None else _recordings(recordings[1])
    raise DialplanError(f"{path}: not a list of prompts", tuple(problems or findings.problems))


def _texts(root: positions.Mapping) -> dict[str, frozenset[str]]:
    return {name: frozenset(node.entries if isinstance(node, positions.Mapping) else ()) for name, _, node in root.items()}


def _recordings(node: positions.Node) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for item in node.items if isinstance(node, positions.Sequence) else ():
        if isinstance(item, positions.Mapping):
            texts = {name: value.text for name, _, value in item.items() if isinstance(value, positions.Scalar)}
            name, language = texts.get("name", ""), texts.get("language", "")
            found[name] = found.get(name, frozenset()) | ({language} if language else set())
    return found


def read_text(path: Path) -> tuple[str, list[Problem]]:
    """What is in a file, or why that cannot be had."""
    findings = Findings(str(path))
    try:
        if path.stat().st_size > positions.MAX_CHARACTERS:
            findings.error(Place(), "too-big", f"the file is larger than {positions.MAX_CHARACTERS} bytes", "split the flow")
            return "", findings.problems
        return path.read_text(encoding="utf-8"), []
    except UnicodeDecodeError as error:
        findings.error(Place(), "yaml", f"not UTF-8 at byte {error.start}", "save the file as UTF-8")
    except OSError as error:
        findings.error(Place(), "unreadable", f"cannot be read: {error.strerror}", "check the name and the permissions")
    return "", findings.problems


@dataclass(frozen=True, slots=True)
class Share:
    """Which versions of a flow new calls begin with."""

    version: str
    candidate: str = ""
    """The version that `percent` of the callers get; "" for none."""
    percent: float = 0.0
    salt: str = ""
    """Chooses which callers: flows with the same one send the same callers to their candidates."""

    def chosen(self, key: str) -> str:
        """The version for a caller: always the same for one key, and whoever has the candidate keeps it as it is widened."""
        if not self.candidate or self.percent <= 0:
            return self.version
        digest = hashlib.sha256(f"{self.salt or self.candidate}\0{key}".encode(errors="replace")).digest()
        return self.candidate if int.from_bytes(digest[:8], "big") < self.percent / 100 * 2**64 else self.version


@dataclass(slots=True)
class _Version:
    machine: Machine
    calls: int = 0


class FlowStore:
    """The versions of every flow that new calls begin with, and the older ones that calls still run on."""

    def __init__(self, paths: Iterable[Path], around: Surroundings = NOTHING_KNOWN) -> None:
        self.paths = tuple(paths)
        self.around = around
        self.environment = around.environment or NOTHING
        self.problems: list[Problem] = []
        """What was wrong at the last `reload`."""
        self._shares: dict[str, Share] = {}
        self._versions: dict[tuple[str, str], _Version] = {}
        self._joined: dict[tuple[str, str], Machine] = {}
        """Flows with their sub-flows, by name and `Flow.pinned`."""

    @property
    def flows(self) -> Mapping[str, Flow]:
        """The live version of each flow."""
        return {name: self._versions[name, share.version].machine.flow for name, share in self._shares.items()}

    @property
    def shares(self) -> Mapping[str, Share]:
        return self._shares

    @property
    def calls(self) -> dict[tuple[str, str], int]:
        """(flow, version) to the calls that run on it."""
        return {key: one.calls for key, one in self._versions.items() if one.calls}

    @property
    def joined(self) -> Mapping[tuple[str, str], Machine]:
        """(flow, `Flow.pinned`) to the machine, of flows that call others, as calls were given them lately."""
        return self._joined

    def reload(self) -> list[str]:
        """Read all files and put what is right into use; names of the flows that changed. What was wrong is in `problems`."""
        return self.adopt(*self.read())

    def read(self) -> tuple[list[Flow], list[Problem]]:
        """What the files hold now; changes nothing, so it may run in a thread of its own."""
        return read_flows(self.paths, self.around)

    def adopt(self, flows: Iterable[Flow], problems: list[Problem]) -> list[str]:
        """Put what `read` found into use; names of the flows that changed. A flow whose file went away stays."""
        self.problems = problems
        changed = [flow for flow in flows if flow.name not in self._shares or self._shares[flow.name].version != flow.version]
        for flow in changed:
            self.publish(flow)
        return [flow.name for flow in changed]

    def publish(self, flow: Flow) -> None:
        """Make `flow` the version that all new calls begin with."""
        self.keep(flow)
        self.stand(flow.name, Share(flow.version))

    def keep(self, flow: Flow) -> None:
        """Have a version at hand, for `stand` and `machine`."""
        self._versions.setdefault((flow.name, flow.version), _Version(Machine(flow, self.environment)))

    def kept(self) -> list[Flow]:
        """Every version that a call may run on."""
        return [one.machine.flow for one in self._versions.values()]

    def knows(self, name: str, version: str) -> bool:
        return (name, version) in self._versions

    def stand(self, name: str, share: Share) -> None:
        """Say what new calls begin with. Raises NotFound for a version that is not kept; then nothing changes."""
        for version in filter(None, (share.version, share.candidate)):
            self._machine(name, version)
        self._shares[name] = share
        self._forget(name)

    def use(self, environment: Environment) -> None:
        """Let new calls see this environment; those that run keep theirs."""
        self.environment, self.around = environment, self.surroundings(environment)
        for one in self._versions.values():
            one.machine = Machine(one.machine.flow, environment)
        self._joined.clear()

    def surroundings(self, environment: Environment) -> Surroundings:
        """What exists beside the flows, with another environment."""
        return replace(self.around, environment=environment)

    def retire(self, name: str) -> None:
        """No new call begins with the flow; those that run go on."""
        if self._shares.pop(name, None) is not None:
            self._forget(name)

    def machine(self, name: str, version: str = "") -> Machine:
        """The machine of a flow, the live version where none is named, with the sub-flows that are live. Raises NotFound."""
        return self._join(self._machine(name, version), "")

    def _machine(self, name: str, version: str) -> Machine:
        share = self._shares.get(name)
        found = self._versions.get((name, version or (share.version if share is not None else "")))
        if found is None:
            raise NotFound(f"no flow `{name}`" + (f" of version {version}" if version else ""))
        return found.machine

    def begin(self, name: str, key: str = "") -> Machine:
        """The machine for a new call, kept until `finish` is called with its flow. Raises NotFound.

        `key` tells callers apart (their number): while a version is rolled out to some, one caller always gets the same.
        """
        share = self._shares.get(name)
        machine = self._machine(name, share.chosen(key) if share is not None else "")
        self._versions[name, machine.flow.version].calls += 1
        return self._join(machine, key)

    def _join(self, machine: Machine, key: str) -> Machine:
        """The machine with the versions of sub-flows that this caller gets; the same one for the same versions."""
        if not calls(machine.flow):
            return machine
        flows = {name: self._machine(name, share.chosen(key)).flow for name, share in self._shares.items()}
        flow = link(machine.flow, flows)
        if len(self._joined) > MOST_JOINED:
            self._joined.clear()
        return self._joined.setdefault((flow.name, flow.pinned), Machine(flow, machine.environment))

    def finish(self, flow: Flow) -> None:
        """One call that `begin` counted is over."""
        found = self._versions.get((flow.name, flow.version))
        if found is not None:
            found.calls = max(0, found.calls - 1)
            self._forget(flow.name)

    def _forget(self, name: str) -> None:
        share = self._shares.get(name)
        used = {share.version, share.candidate} if share is not None else set()
        idle = [key for key, one in self._versions.items() if key[0] == name and not one.calls and key[1] not in used]
        for key in idle[: max(0, len(idle) - KEPT_VERSIONS)]:
            del self._versions[key]
