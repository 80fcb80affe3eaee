"""Random callers: what they must find, that they find it again from its script, and that sound flows pass."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from ivr.dialplan import events as flow
from ivr.dialplan.build import build
from ivr.dialplan.cases import Given
from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.cases_run import Rehearsal, run_case
from ivr.dialplan.explore import Caller, Failure, Move, as_case, explore, replay, same, shrink
from ivr.dialplan.explore_words import NOISE, VALUES, key_press, near, speech
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Commands, Machine
from ivr.dialplan.mocks import PlainWording, Reply
from ivr.dialplan.problems import Findings
from ivr.dialplan.state import State
from tests.unit.ivr.dialplan.flows import TELECOM, flow_with

ZH = Given(call={"language": "zh"})


def understand(text: str, phrases: Sequence[flow.Phrase], *_: str) -> tuple[str, float, tuple[()]]:
    return next(((one.intent, 0.9, ()) for one in phrases if one.text == text), ("", 0.3, ()))


def rehearsal(text: str, wording: PlainWording | None = None) -> Rehearsal:
    """Of a flow that is not checked: `ivr check` finds most of these before any caller does."""
    findings = Findings("x")
    built = build(text, findings)
    assert built is not None, findings.problems
    machine = Machine(built)
    return Rehearsal(understand, lambda given: machine, None, wording)


def found(text: str, calls: int = 60, wording: PlainWording | None = None) -> dict[str, str]:
    """Kinds of failures and how they are told, each shrunk."""
    stage, kinds = rehearsal(text, wording), dict[str, str]()
    for number in range(calls):
        failure = explore(stage, [Given(call={"language": "en"})], random.Random(number).randrange).failure
        if failure is not None and failure.kind not in kinds:
            short = shrink(failure, stage)
            assert same(short, failure)
            assert len(short.caller.moves) <= len(failure.caller.moves)
            assert replay(stage, short.caller).failure is not None
            kinds[short.kind] = as_case(short, "found")
    return kinds


def test_the_sample_lets_every_random_caller_come_to_an_end() -> None:
    machine = Machine(load(TELECOM))
    stage = Rehearsal(understand, lambda given: machine)
    for number in range(60):
        walk = explore(stage, [ZH, Given()], random.Random(number).randrange)
        assert walk.failure is None, as_case(walk.failure, "failed")
        assert walk.simulation.ended


def test_the_same_dice_give_the_same_caller() -> None:
    machine = Machine(load(TELECOM))
    stage = Rehearsal(understand, lambda given: machine)
    one, other = (explore(stage, [ZH], random.Random("5").randrange) for _ in range(2))
    assert one.caller == other.caller
    assert one.simulation.log == other.simulation.log
    assert replay(stage, one.caller).simulation.log == one.simulation.log


def test_a_circle_of_silence_is_found() -> None:
    kinds = found(
        flow_with("  one: { ask: { say: a, expect: yes_no }, on: { yes: end, no: end, no_input: one, no_match: one } }")
    )
    assert kinds.keys() == {"endless"}
    assert "call: []" in kinds["endless"] or "- " in kinds["endless"]


def test_a_fault_is_found_and_its_script_is_as_short_as_can_be() -> None:
    text = flow_with(
        "  one: { ask: { say: a, expect: yes_no }, on: { yes: two, no: end, no_input: end, no_match: end } }\n"
        '  two: { do: [{ say: [{ amount: "profile.name" }] }], hangup: normal }'
    )
    kinds = found(text)
    assert kinds.keys() == {"fault"}
    head, move = kinds["fault"].splitlines()[2:]
    assert (head, move.strip().split(":")[0]) in (("    call:", "- presses"), ("    call:", "- says"))


def test_a_state_in_which_nothing_can_happen_is_found() -> None:
    class Deaf(Machine):
        """Forgets its timers."""

        def handle(self, state: State, event: flow.Event, now: float) -> tuple[State, Commands]:
            state, commands = super().handle(state, event, now)
            return state, tuple(one for one in commands if not isinstance(one, flow.SetTimer))

    built = load(flow_with("  one: { wait: 5s, on: { done: two } }\n  two: { wait: 5s, on: { done: end } }"))
    stage = Rehearsal(understand, lambda given: Deaf(built))
    walk = replay(stage, Caller(Given(call={"language": "en"}), (Move("waits", 6.0),)))
    assert walk.failure is not None
    assert (walk.failure.kind, walk.failure.message) == ("stuck", "nothing can happen any more in `two`")


def test_a_prompt_that_nobody_recorded_is_found() -> None:
    class Silent(PlainWording):
        def missing(self, utterance: flow.Utterance) -> bool:
            return True

    assert found(flow_with("  one: { do: [{ say: a }], hangup: normal }"), 3, Silent()).keys() == {"not recorded"}


def test_music_that_waits_for_a_key_is_the_callers_to_end() -> None:
    assert found(flow_with("  one: { play: { name: m, repeat: true }, on: { '1': end } }"), 20) == {}


def test_queues_talks_lookups_and_failures_are_played() -> None:
    text = flow_with(
        "  one: { enqueue: { queue: a, max_wait: 1m }, on: { no_agents: two, timeout: two, closed: two, full: end } }\n"
        "  two: { bridge: { to: x }, on: { busy: end, no_answer: end, failed: one } }"
    )
    stage, seen = rehearsal(text), set[str]()
    for number in range(60):
        walk = explore(stage, [], random.Random(number).randrange)
        assert walk.failure is None
        seen |= {f"{edge.state} {edge.edge}" for edge in walk.simulation.edges}
    assert {"one served", "one no_agents", "one timeout", "one full", "two busy", "two failed", "two done"} <= seen


def test_a_failure_is_printed_as_a_case_that_plays_it() -> None:
    given = Given(
        profile={"name": "王"},
        call={"language": "zh", "called": "1", "caller": {"number": "138"}},
        lookups={"a.b": (Reply("found", {"x": 1}, 0.5), Reply("down"))},
        speech=(),
        flags={"new": True},
    )
    machine = Machine(load(TELECOM))
    stage = Rehearsal(understand, lambda given: machine)
    moves = (Move("presses over", "0"), Move("waits", 700.0), Move("mumbles"), Move("says", "a: 'b' # c"), Move("hangs up"))
    failure = replay(stage, Caller(given, moves)).failure
    assert failure is None

    text = "flow: telecom\ncases:\n" + as_case(Failure("fault", "x", Caller(given, moves)), 'it "breaks"')
    findings = Findings("x")
    file = build_cases(text, findings)
    assert file is not None, findings.problems
    [case] = file.cases
    assert (case.name, case.given) == ('it "breaks"', given)
    assert [(act.kind, act.value) for act in case.acts] == [
        ("presses_over", "0"),
        ("waits", 700.0),
        ("mumbles", None),
        ("says", "a: 'b' # c"),
        ("hangs_up", None),
    ]
    assert run_case(case, stage).log


@pytest.mark.parametrize("seed", range(5))
def test_the_dice_give_words_near_words_and_noise(seed: int) -> None:
    dice = random.Random(seed).randrange
    phrases = [flow.Phrase("查账单", "bill")]
    spoken = {speech(phrases, dice) for _ in range(80)}
    assert "查账单" in spoken
    assert spoken & {*VALUES, *NOISE}
    assert speech([], dice)
    assert len({near("查账单", dice) for _ in range(60)}) > 5
    assert near("", dice) is not None
    assert all(key and set(key) <= set("0123456789*#") for key in (key_press(dice) for _ in range(50)))
