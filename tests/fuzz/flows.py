"""Random mutations of flows: `python -m tests.fuzz.flows [--count 10000] [--seed 1] [--keep FOLDER]`.

Check must take every mutant without a crash and in bounded time, and what it accepts must run: random callers walk through it,
and no step may fail but by the data of the call. What fails is printed with its seed, and written to FOLDER.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml

from ivr.dialplan.environment import NOTHING, Environment, build_environment
from ivr.dialplan.linking import linked
from ivr.dialplan.linking import problems as link_problems
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import catalogue, examine, flow_files
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.positions import Mapping as MappingNode
from ivr.dialplan.positions import Node, Scalar, read
from ivr.dialplan.problems import Findings
from ivr.dialplan.run import FlowFault
from ivr.dialplan.state import State
from tests.fuzz.callers import Caller

ROOT = Path(__file__).parents[2]
LONGEST = 3.0
"""Seconds of CPU that one mutant may cost check."""
SCALARS: tuple[Any, ...] = (
    *(
        "",
        " ",
        "end",
        "again",
        "agent",
        "yes",
        "no",
        "{",
        "}",
        "{{",
        "{vars.x}",
        "{slots.x + 1}",
        "{profile.name}",
        "{1/0}",
        "0",
        "#",
    ),
    *(
        "10s",
        "0s",
        "24h",
        "25h",
        "-1s",
        "zh",
        "en",
        "xx",
        "vars.n > 1",
        "profile.tier == 'gold'",
        "1 +",
        "a.b.c.d",
        "true && 1",
    ),
    *(
        "{call.tags}",
        "{[1, 2]}",
        "{profile}",
        "again",
        "你好",
        "x" * 5000,
        "\x00",
        "\u202e",
        "a: b",
        "*a",
        "&a",
        "!!int 3",
        "- a",
    ),
    *(0, 1, -1, 9, 10, 33, 65, 10**20, 0.5, -0.0, 1e300, True, False, None),
    *([], {}, [[]], {"": ""}, {"to": "end"}, {"say": "x"}, ["end"], {"zh": "好", "en": "good"}, {"if": "true", "to": "end"}),
)
BY_DATA = re.compile(
    r"there is no state `|no language `|states without waiting|lookups and tasks in one call|sub-flows call each other"
    r"|does not speak `|there is no flow `|^by chance$"
)
"""What a computed target, a circle that hangs on data or a caller's bad luck may come to: the `error` edge is there for it."""


@dataclass(slots=True)
class Tally:
    """What came of some mutants."""

    mutants: int = 0
    accepted: int = 0
    steps: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


class Watch(logging.Handler):
    """Keeps what a machine says of failures that are not the data's."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = next((one for one in record.args or () if isinstance(one, Exception)), None)
        if error is None:
            return
        expected = type(error).__name__ == "EvaluationError" or (isinstance(error, FlowFault) and BY_DATA.search(str(error)))
        if not expected:
            self.found.append(f"{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class House:
    """The flows to begin with, and what stands beside them."""

    texts: Mapping[str, str]
    flows: Mapping[str, Flow]
    around: Surroundings

    @classmethod
    def load(cls, folder: Path = ROOT / "dialplans") -> House:
        text = (ROOT / "examples/demo/environment.yaml").read_text("utf-8")
        environment = build_environment(text, Findings("environment")) or NOTHING
        around = Surroundings(prompts=catalogue(ROOT / "prompts" / "texts.yaml"), environment=environment)
        texts = {path.stem: path.read_text("utf-8") for path in flow_files([folder])}
        read_flows = (examine(one, name, around)[0] for name, one in texts.items())
        return cls(texts, {flow.name: flow for flow in read_flows if flow is not None}, around)

    @property
    def environment(self) -> Environment:
        return self.around.environment or NOTHING


def plain(node: Node) -> Any:
    """A tree as plain data, as YAML 1.2 reads it."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, MappingNode):
        return {name: plain(inner) for name, _, inner in node.items()}
    return [plain(item) for item in node.items]


def mutant(text: str, random: Random, pool: list[Any]) -> str:
    """The text with one to four things changed: mostly in its tree, at times in its octets."""
    if random.random() < 0.2:
        return _octets(text, random)
    root = read(text, Findings("source"))
    assert root is not None
    data = plain(root)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        _change(data, random, pool)
    try:
        return yaml.dump(data, Dumper=yaml.SafeDumper, allow_unicode=True, sort_keys=False, width=200)
    except yaml.YAMLError:
        return _octets(text, random)


def _octets(text: str, random: Random) -> str:
    data = bytearray(text.encode())
    for _ in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(len(data))
        match random.randrange(5):
            case 0:
                data[at] = random.randrange(256)
            case 1:
                del data[at : at + random.choice((1, 1, 20, 300))]
            case 2:
                data[at:at] = random.choice((b" ", b"\n", b":", b"\t", b"'", b"{", b"]", b"\xff", b"- ", b"#", b"&a ", b"*a"))
            case 3:
                piece = data[at : at + random.choice((5, 60, 400))]
                other = random.randrange(len(data))
                data[other:other] = piece
            case _:
                data[at:at] = bytes(random.randrange(32, 127) for _ in range(4))
    return data.decode(errors="replace")


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every collection with each of its keys or numbers."""
    ahead = [data]
    while ahead:
        one = ahead.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one))) if isinstance(one, list) else []
        for key in keys:
            yield one, key
            ahead.append(one[key])


def _change(data: Any, random: Random, pool: list[Any]) -> None:
    places = list(_places(data))
    if not places:
        return
    holder, key = random.choice(places)
    other, other_key = random.choice(places)
    match random.randrange(9):
        case 0:
            del holder[key]
        case 1:
            holder[key] = random.choice(SCALARS)
        case 2 if not _inside(holder[key], other) and not _inside(other[other_key], holder):
            holder[key], other[other_key] = other[other_key], holder[key]
        case 3:
            holder[key] = _copy(other[other_key])
        case 4 if isinstance(holder, dict):
            name = random.choice((str(other_key), f"{key}x", str(key)[:-1], "", str(key).upper()))
            holder[name] = holder.pop(key)
        case 5 if isinstance(holder, list):
            holder.insert(key, _copy(holder[key]))
        case 6 if isinstance(holder, dict):
            holder[str(other_key)] = _copy(other[other_key])
        case 7:
            holder[key] = random.choice(
                ([_copy(holder[key])], {"to": _copy(holder[key])}, {str(other_key): _copy(holder[key])})
            )
        case _:
            holder[key] = random.choice(pool)


def _inside(data: Any, wanted: Any) -> bool:
    return data is wanted or any(holder[key] is wanted for holder, key in _places(data))


def _copy(data: Any) -> Any:
    return json.loads(json.dumps(data))


def pool_of(texts: Mapping[str, str]) -> list[Any]:
    """Every scalar of all flows: names that are right somewhere."""
    found: set[Any] = set()
    for text in texts.values():
        root = read(text, Findings("source"))
        assert root is not None
        found.update(holder[key] for holder, key in _places(plain(root)) if isinstance(holder[key], str | int))
    return sorted(found, key=str)


def judge(text: str, name: str, house: House, random: Random, tally: Tally, watch: Watch) -> None:
    """Check one mutant and, where it is accepted, let two callers walk through it."""
    tally.mutants += 1
    begin = time.thread_time()
    flow, problems = examine(text, f"{name}.yaml", house.around)
    took = time.thread_time() - begin
    tally.codes.update(problem.code for problem in problems)
    if took > LONGEST:
        tally.findings.append(f"check took {took:.1f} s")
    if flow is None:
        if not any(problem.severity == "error" for problem in problems):
            tally.findings.append("refused without a reason")
        return
    flows = {**house.flows, flow.name: flow}
    if any(problem.severity == "error" for problem in link_problems(flow, flows)):
        return
    tally.accepted += 1
    machine = Machine(linked(flows)[flow.name], house.environment)
    for _ in range(2):
        caller = Caller(machine, random)
        tally.steps += caller.walk()
        data = caller.state.to_dict()
        if State.from_dict(json.loads(json.dumps(data, allow_nan=False))) != caller.state:
            tally.findings.append("the state does not survive JSON")
    tally.findings.extend(watch.found)
    watch.found.clear()


def run(count: int, seed: int, keep: Path | None = None) -> Tally:
    """So many mutants of all flows in turn; the same seed gives the same mutants."""
    house, tally, watch = House.load(), Tally(), Watch()
    pool, names = pool_of(house.texts), sorted(house.texts)
    logger = logging.getLogger("ivr.dialplan.machine")
    logger.addHandler(watch)
    level, propagate = logger.level, logger.propagate
    logger.propagate = False
    try:
        for number in range(count):
            random = Random(f"{seed}:{number}")
            name = names[number % len(names)]
            text, before = mutant(house.texts[name], random, pool), len(tally.findings)
            try:
                judge(text, name, house, random, tally, watch)
            except Exception as error:  # a finding, whatever it is
                tally.findings.append(f"{type(error).__name__}: {error}")
            for at in range(before, len(tally.findings)):
                tally.findings[at] = f"{seed}:{number} ({name}): {tally.findings[at]}"
            if len(tally.findings) > before and keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{name}-{seed}-{number}.yaml").write_text(text, "utf-8", errors="replace")
    finally:
        logger.removeHandler(watch)
        logger.setLevel(level)
        logger.propagate = propagate
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.flows", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="mutants (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where mutants that failed are written")
    args = parser.parse_args()
    begin = time.monotonic()
    tally = run(args.count, args.seed, args.keep)
    for finding in tally.findings:
        print(finding)
    share = tally.accepted / max(1, tally.mutants)
    print(
        f"{tally.mutants:,} mutants in {time.monotonic() - begin:.0f} s: {tally.accepted:,} accepted ({share:.0%}) and walked "
        f"through in {tally.steps:,} steps; {len(tally.codes)} codes; {len(tally.findings)} findings"
    )
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
