"""The simulated call: a caller on a virtual clock, and the world around."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ivr.dialplan import events as flow
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Commands, Machine
from ivr.dialplan.mocks import Line, Reply, World, reading_seconds, reply
from ivr.dialplan.moods import Situation
from ivr.dialplan.simulator import Simulation
from ivr.dialplan.state import Phase, State
from tests.unit.ivr.dialplan.flows import EVERY_STEP, NOON, TELECOM, flow_with

MACHINE = Machine(load(TELECOM))
EVERY = Machine(load(EVERY_STEP))


def understand(text: str, phrases: Sequence[flow.Phrase], *_: str) -> tuple[str, float, tuple[()]]:
    return next(((one.intent, 0.9, ()) for one in phrases if one.text == text), ("", 0.3, ()))


def call(machine: Machine = MACHINE, language: str = "zh", world: World | None = None, **more: Any) -> Simulation:
    return Simulation(machine, world, at=NOON, understand=understand, call={"language": language}, **more)


def kinds(one: Simulation, kind: str) -> list[str]:
    return [moment.text for moment in one.log if moment.kind == kind]


def test_a_conversation_by_voice_is_heard_understood_and_ends() -> None:
    one = call(world=World(profile={"balance": 3}))
    assert one.say("查一下余额")
    assert one.visited == ["arrive", "welcome", "main", "read_balance", "more"]
    assert "[balance_low]" in one.said[-1].text
    assert one.said[-1].names == ("balance_is", "balance_low", "anything_else")
    one.say("没有了")
    one.hear_out()
    assert (one.ended, one.log[-1].kind, one.log[-1].text) == ("flow", "end", "flow")
    assert all(said.whole for said in one.said)


def test_the_clock_moves_by_what_is_due_and_by_nothing_else() -> None:
    one = call()
    assert one.elapsed == 0.0
    assert one.speaking
    one.wait(1.0)
    assert (one.elapsed, one.speaking, one.asked) == (1.0, True, False)
    one.hear_out()
    assert one.asked
    assert one.timers() == {"no_input": 6.0}
    before = one.elapsed
    one.stay_silent()
    assert one.elapsed == pytest.approx(before + 6.0)
    assert one.edges[-1].edge == "no_input:1"


def test_keys_and_speech_over_a_prompt_stop_it() -> None:
    one = call()
    one.press("3", over=True)
    assert (one.said[0].whole, one.said[0].until) == (False, 0.0)
    assert one.state.state == "fault_account"
    one.press("8861", over=True)
    assert one.state.slots == {"account": "8861"}
    one = call()
    assert one.say("查一下余额", over=True)
    assert one.state.state == "more"


def test_what_nobody_listens_for_is_not_heard() -> None:
    ask = "one: { ask: { say: hello, expect: yes_no, barge_in: false }"
    machine = Machine(load(flow_with(f"  {ask}, on: {{ yes: end, no: one, no_input: end, no_match: one }} }}")))
    one = call(machine, "en")
    assert not one.say("yes", over=True)
    assert one.state.state == "one"
    assert "nothing listened" in kinds(one, "note")
    assert one.say("yes")
    assert one.ended == "flow"


def test_speech_that_means_nothing_and_mood_and_confidence_are_told() -> None:
    seen: list[flow.Event | None] = []

    def watch(before: State, event: flow.Event | None, after: State, commands: Commands, now: float) -> None:
        seen.append(event)

    one = call(watch=watch, feel=lambda flow: Furious())
    one.say("气死我了", confidence=0.7)
    assert one.edges[-1].edge == "no_match:1"
    assert flow.Heard("气死我了", 0.7, "", "angry") in seen
    one.say("")
    assert flow.Heard("", 0.3) in seen


class Furious:
    """A mind that is angry where a text says so."""

    def felt(self, event: flow.Event, where: Situation, voice: Mapping[str, float] | None = None) -> flow.Event:
        return replace(event, mood="angry") if isinstance(event, flow.Heard) and "气死" in event.text else event


def test_a_queue_tells_the_place_and_ends_as_the_world_says() -> None:
    one = call(world=World(queues={"support": Line(3, 40.0, "no_agents")}))
    one.press("0", over=True)
    assert one.listen_for(lambda: one.waiting_for() == "queue", 10.0)
    one.wait(31.0)
    assert [said.text for said in one.said[-2:]] == ["[position_before] 3 [position_after]"] * 2
    one.hear_out()
    assert one.state.state == "out_of_hours"
    by_hand = call()
    by_hand.press("0")
    assert by_hand.move_up(3) is False
    by_hand.hear_out()
    assert by_hand.move_up(2)
    assert by_hand.outcome("served")
    assert by_hand.ended == "flow"
    assert not by_hand.outcome("served")


def test_the_estimate_of_a_wait_runs_down_and_conditions_see_it() -> None:
    one = call(world=World(queues={"support": Line(3, estimate=50.0, size=12)}))
    one.press("0", over=True)
    assert one.listen_for(lambda: one.waiting_for() == "queue", 10.0)
    one.wait(1.0)
    assert one.state.queue["estimated_wait"] == 50.0
    one.wait(30.5)
    assert one.state.queue["estimated_wait"] == pytest.approx(20.0)
    assert one.state.queue["size"] == 12
    one.move_up(2)
    one.wait(100.0)
    assert one.state.queue["estimated_wait"] == 0.0
    unknown = call()
    unknown.press("0", over=True)
    assert unknown.listen_for(lambda: unknown.waiting_for() == "queue", 10.0)
    unknown.wait(1.0)
    assert (unknown.state.queue["estimated_wait"], unknown.state.queue["size"]) == (None, 1)


def test_a_wait_has_its_limit_and_a_closed_queue_answers_at_once() -> None:
    one = call()
    one.press("0")
    one.wait(620.0)
    assert one.visited[-1] == "still_waiting"
    closed = call(world=World(queues={"": Line(1, 0.0, "closed")}))
    closed.press("0")
    closed.hear_out()
    assert closed.visited[-1] == "out_of_hours"


def test_talks_with_others_end_by_hand_or_by_themselves() -> None:
    one = call(EVERY, "en")
    one.press("9")
    one.press("2")
    assert one.waiting_for() == "bridge"
    assert one.outcome("busy")
    assert one.visited[-1] == "goodbye"
    alone = call(EVERY, "en")
    alone.press("9")
    alone.press("2")
    alone.wait(20.0)
    assert alone.visited[-1] == "human"


def test_a_failure_and_a_lost_recogniser() -> None:
    one = call()
    one.lose_speech()
    assert one.state.losses == 1
    one.fail("the line broke")
    assert (one.edges[-2].edge, one.edges[-2].why) == ("error", "the line broke")
    assert one.faults == []
    broken = call(EVERY, "en", World(profile={"name": "x"}))
    broken.press("#")
    broken.hear_out()
    for _ in range(3):
        broken.press("#")
    broken.hear_out()
    assert broken.faults == [] or "broken" in broken.faults[0]


def test_hanging_up_ends_everything_once() -> None:
    one = call()
    one.hang_up()
    one.hang_up()
    assert (one.ended, kinds(one, "end"), one.timers()) == ("hangup", ["hangup"], {})
    one.press("1")
    one.wait(100.0)
    assert kinds(one, "end") == ["hangup"]


def test_a_late_profile_costs_its_budget_and_is_not_known() -> None:
    late = call(world=World(profile={"balance": 3}, profile_delay=10.0))
    assert (late.elapsed, late.state.profile) == (0.3, {})
    assert call(world=World(profile={"balance": 3}, profile_delay=0.2)).state.profile == {"balance": 3}


def test_without_recognition_keys_are_asked_for() -> None:
    one = call(world=World(asr=()))
    assert "[option_bill]" in one.said[0].text
    assert not one.say("查账单")


def test_answers_come_one_after_another_and_the_last_goes_on() -> None:
    world = World(lookups={"crm": (Reply("error"), Reply("found", {"a": 1}))})
    assert [reply(world, ("crm.get", "crm"), number) for number in range(3)] == [
        Reply("error"),
        Reply("found", {"a": 1}),
        Reply("found", {"a": 1}),
    ]
    assert reply(world, ("billing",), 0) is None


@dataclass(frozen=True, slots=True)
class Unheard:
    """A command that the simulator has never seen."""

    task: int
    words: tuple[str, ...] = ("a",)


class Asking(Machine):
    """Gives a command at a key, as a kind of step does that others have written."""

    command: Any = Unheard(7)
    got: list[flow.Event]

    def handle(self, state: State, event: flow.Event, now: float) -> tuple[State, Commands]:
        if isinstance(event, flow.Pressed):
            self.got = []
            return replace(state, phase=Phase.STEP, speaking=False), (self.command,)
        if isinstance(event, flow.TaskEnded | flow.LookupEnded | flow.MessageEnded):
            self.got.append(event)
            return state, ()
        return super().handle(state, event, now)


def asking(command: object, world: World | None = None) -> tuple[Simulation, Asking]:
    machine = Asking(MACHINE.flow)
    machine.command = command
    one = Simulation(machine, world, at=NOON, understand=understand, call={"language": "zh"})
    one.press("1")
    return one, machine


def test_an_unknown_command_with_a_task_is_done_and_shown() -> None:
    one, machine = asking(Unheard(7))
    one.wait(1.0)
    assert machine.got == [flow.TaskEnded(7, "done")]
    [shown] = [moment for moment in one.log if moment.text == "Unheard"]
    assert shown.more == {"name": "Unheard", "data": {"task": 7, "words": ["a"]}}
    one, machine = asking(flow.OpenTicket(2, {"a": 1}), World(lookups={"OpenTicket": (Reply("error"),)}))
    one.wait(1.0)
    assert machine.got == [flow.TaskEnded(2, "error")]


def test_a_lookup_is_answered_late_never_or_as_the_world_says() -> None:
    look_up = flow.Lookup(3, "billing", "balance", {}, 2.0)
    one, machine = asking(look_up, World(lookups={"billing.balance": (Reply("found", {"amount": 5}, 0.5),)}))
    assert one.waiting_for() == "task"
    one.wait(0.4)
    assert machine.got == []
    one.wait(0.2)
    assert machine.got == [flow.LookupEnded(3, "found", {"amount": 5})]
    one, machine = asking(look_up, World(lookups={"billing": (Reply("found", {}, 5.0),)}))
    one.wait(2.1)
    assert machine.got == [flow.LookupEnded(3, "timeout")]
    one, machine = asking(look_up)
    one.wait(0.0)
    assert machine.got == [flow.LookupEnded(3, "not_found")]
    one, machine = asking(look_up, World(unknown=None))
    one.wait(0.0)
    assert (machine.got, one.unanswered) == ([flow.LookupEnded(3, "error")], ["billing.balance"])
    request = flow.HttpRequest(4, "shop", "POST", "/orders", None, 1.0)
    one, machine = asking(request, World(lookups={"shop POST /orders": (Reply("found", {"id": 9}),)}))
    assert one.outcome("down")
    assert machine.got == [flow.LookupEnded(4, "down", {"id": 9})]


def test_a_message_is_spoken_or_not() -> None:
    record = flow.RecordMessage(5, "sales")
    one, machine = asking(record)
    assert one.asked
    assert one.say("请回电给我")
    [ended] = machine.got
    assert isinstance(ended, flow.MessageEnded)
    assert (ended.outcome, ended.seconds) == ("done", reading_seconds("请回电给我", "zh"))
    one, machine = asking(record)
    one.wait(100.0)
    assert machine.got == [flow.MessageEnded(5, "empty")]
    one, machine = asking(record)
    one.outcome("error")
    assert machine.got == [flow.MessageEnded(5, "error")]


def test_the_log_is_plain_data_and_the_same_every_time() -> None:
    def written() -> str:
        one = call(world=World(profile={"balance": 3}))
        one.press("3", over=True)
        one.press("8861")
        one.stay_silent()
        one.hang_up()
        return json.dumps([moment.to_dict() for moment in one.log], ensure_ascii=False)

    assert written() == written()
    kinds_seen = {moment["kind"] for moment in json.loads(written())}
    assert kinds_seen == {"bot", "caller", "state", "edge", "command", "timer", "note", "end"}


class Missing:
    """Words of which none are recorded."""

    def text(self, utterances: Sequence[flow.Utterance]) -> str:
        return "…"

    def seconds(self, utterance: flow.Utterance) -> float:
        return 1.0

    def missing(self, utterance: flow.Utterance) -> bool:
        return isinstance(utterance, flow.Prompt) and utterance.name == "welcome"


def test_words_and_seconds_come_from_the_recordings() -> None:
    one = call(wording=Missing())
    assert [said.text for said in one.said] == ["…"]
    assert "not recorded: welcome in zh" in kinds(one, "note")
    one.hear_out()
    assert one.elapsed == 3.0


def test_a_flow_that_never_lets_the_caller_speak_does_not_hold_the_clock_for_ever() -> None:
    machine = Machine(
        load(flow_with("  one: { wait: 100ms, on: { done: two, '1': end } }\n  two: { wait: 100ms, on: { done: one } }"))
    )
    one = call(machine, "en")
    one.hear_out()
    assert one.elapsed <= 600.0
    assert not one.ended
