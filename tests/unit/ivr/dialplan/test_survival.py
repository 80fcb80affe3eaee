"""Calls outlive what happens around them: publishes while they run, and the process that they began in."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ivr.dialplan import events as flow
from ivr.dialplan.cases_run import run_case
from ivr.dialplan.loader import FlowStore, load
from ivr.dialplan.machine import Commands, Machine
from ivr.dialplan.moments import data_of
from ivr.dialplan.simulator import Simulation
from ivr.dialplan.state import State
from ivr.rehearsing import House, Theatre, understand
from ivr.testing import SUFFIX, read_cases
from tests.unit.ivr.dialplan.flows import NOON, ROOT, TELECOM

CONFIG = ROOT / "examples" / "demo" / "hotline.yaml"
SAMPLES = sorted(path for path in (ROOT / "dialplans").glob("*.yaml") if not path.name.endswith(SUFFIX))
HOUR = 3600.0
PUBLISHES = 50


class OnTheShelf(Machine):
    """Each step is made by whatever machine the store has for the version that the call began with."""

    store: FlowStore

    def handle(self, state: State, event: flow.Event, now: float) -> tuple[State, Commands]:
        return self.store.machine(state.flow, state.version).handle(state, event, now)


def published(number: int) -> str:
    """The flow with other words, and with states that have other names: nothing of the old one would fit."""
    text = TELECOM.read_text("utf-8")
    for name in ("still_waiting", "wait_again"):
        text = text.replace(f" {name}", f" {name}_{number}").replace(f"say: {name}_{number}", f"say: {name}")
    return text.replace("flow: telecom", f"# publish {number}\nflow: telecom")


def test_a_call_of_an_hour_survives_fifty_publishes() -> None:
    store = FlowStore([])
    first = load(TELECOM)
    store.publish(first)
    machine = OnTheShelf(store.begin("telecom").flow)
    machine.store = store
    call = Simulation(machine, at=NOON, understand=understand, call={"language": "zh"})
    call.press("0")
    for number in range(PUBLISHES):
        store.publish(load(published(number)))
        call.wait(HOUR / PUBLISHES)
        if call.asked:
            call.say("好的")
        assert not call.ended, f"after publish {number}"
        assert call.state.version == first.version
        assert store.machine("telecom").flow.version != first.version
    assert call.elapsed >= HOUR
    assert call.visited.count("still_waiting") >= 5, "it came back to states that are no more in the flow of today"
    while call.waiting_for() != "queue":
        call.stay_silent()
    assert call.outcome("served")
    assert (call.ended, call.faults) == ("flow", [])
    assert Simulation(store.begin("telecom"), at=NOON, understand=understand).state.version != first.version
    store.finish(machine.flow)
    for number in range(PUBLISHES, PUBLISHES + 10):
        store.publish(load(published(number)))
    with pytest.raises(Exception, match="no flow"):
        store.machine("telecom", first.version)


@cache
def samples() -> Theatre:
    return Theatre.load([ROOT / "dialplans"], House(environment=House.of(CONFIG).environment, prompts=()))


def dumps(theatre: Theatre, name: str, file: Path) -> list[dict[str, Any]]:
    """A dump of every state and phase that the conversations of a flow come to, the next event, and what it led to."""
    cases, problems = read_cases(file)
    assert cases is not None, problems
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    rehearsal = theatre.rehearsal(name)
    for case in cases.cases:
        given = {"flags": dict(case.given.flags), "values": dict(case.given.values)}

        def watch(
            before: State,
            event: flow.Event | None,
            after: State,
            commands: Commands,
            now: float,
            given: dict[str, Any] = given,
        ) -> None:
            if event is not None:
                step = {"state": before.to_dict(), "event": [type(event).__name__, data_of(event)], "now": now}
                found.setdefault((before.flow, before.state, before.phase.value), {**given, **step, "after": after.to_dict()})

        run_case(case, replace(rehearsal, watch=watch))
    return list(found.values())


@pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_a_dump_goes_on_in_a_new_process_at_every_state_of_every_sample(path: Path) -> None:
    theatre = samples()
    name = next(flow.name for flow in theatre.flows.values() if Path(flow.file) == path)
    calls = dumps(theatre, name, path.with_name(path.stem + SUFFIX))
    sample = theatre.flow(name)
    waiting = {state.name for state in sample.states.values() if state.step is not None and not state.step.calls}
    dumped = {call["state"]["state"] for call in calls if call["state"]["flow"] == name}
    assert waiting - dumped == set()
    job = {"config": str(CONFIG), "files": [str(path.parent)], "flow": name, "calls": json.loads(json.dumps(calls))}
    run = subprocess.run(
        [sys.executable, "-m", "tests.unit.ivr.dialplan.restored"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout) == {"restored": len(calls), "wrong": []}
