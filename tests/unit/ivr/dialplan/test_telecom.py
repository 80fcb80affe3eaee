"""The demo flow as conversations, in both languages, by voice and by keys, and along every edge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from ivr.dialplan import confirming, dialogue, graph
from ivr.dialplan.events import (
    CallerHungUp,
    Enqueue,
    Event,
    Hangup,
    Heard,
    Listen,
    Note,
    Pressed,
    Prompt,
    Queued,
    QueueLeft,
    Say,
    SetLanguage,
    StepFailed,
    TaskEnded,
)
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import catalogue, check, load
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import AGAIN, END
from ivr.dialplan.problems import render
from tests.unit.ivr.dialplan.flows import LOADTEST, ROOT, TELECOM, Caller

FLOW = load(TELECOM)
MACHINE = Machine(FLOW)
PROMPTS = catalogue(ROOT / "prompts" / "texts.yaml")

UTTERANCES = {
    "bill": [("zh", "我要查询账单"), ("zh", "帮我查一下上个月的账单"), ("en", "I want to check my bill")],
    "balance": [("zh", "查一下余额"), ("en", "check my balance")],
    "fault": [("zh", "宽带坏了要报修"), ("en", "my internet is down")],
    "complaint": [("zh", "我要投诉"), ("en", "I want to make a complaint")],
    "agent": [("zh", "请帮我转人工客服"), ("zh", "转人工"), ("en", "let me talk to a person"), ("en", "operator")],
    "repeat": [("zh", "再说一遍"), ("en", "repeat that please")],
}


def caller(language: str = "zh", profile: dict[str, Any] | None = None, asr: dict[str, Any] | None = None) -> Caller:
    return Caller(MACHINE, {"called": "10000", "language": language, "caller": {"number": "138"}}, profile, asr)


def test_the_demo_flows_have_no_problems_and_every_prompt_has_a_text() -> None:
    around = Surroundings({**PROMPTS, "music": (), "load30": ()}, {"support", "care", "load"}, {"telecom", "complaint", "load"})
    assert render(check([TELECOM.parent, LOADTEST.parent], around)) == ""
    assert all(languages == {"zh", "en"} for languages in PROMPTS.values())


def test_the_pound_key_that_the_prompt_asks_for_is_no_wrong_answer_to_the_next_question() -> None:
    call = caller("en", asr={"available": False}).does(Pressed("3")).hears_out()
    call.does(*(Pressed(digit) for digit in "1234"))
    assert call.state.state == "fault_confirm"
    assert call.does(Pressed("#")).commands == ()
    assert call.does(Pressed("1")).state.state == "fault_restarted"


def test_every_written_prompt_is_used() -> None:
    used = {part.name for speech in graph.speeches(FLOW) for part in speech if hasattr(part, "name")}
    built_in = {"you_said", "say_it_again", "which_is_wrong", "speech_busy", "queue_delayed"}  # said by questions and queues
    assert set(PROMPTS) - used - built_in == set()


def test_the_words_of_a_question_are_recorded() -> None:
    """What `ask` and `collect` say by themselves needs no voice that speaks during the call."""
    written = yaml.safe_load((ROOT / "prompts" / "texts.yaml").read_text("utf-8"))
    texts = {text for by_language in written.values() for text in by_language.values()}
    for words in (confirming.YOU_SAID, confirming.RIGHT, confirming.SAY_AGAIN, confirming.KEYS_OF_YES_NO):
        assert set(words.values()) <= texts


def test_a_bill_in_chinese_by_voice() -> None:
    call = caller()
    assert call.said() == ["welcome", "main_question", "main_examples"]
    assert call.of(Listen)[0].language == "zh"
    call.does(Heard("我要查询账单", 0.92, "bill"))
    assert call.of(Note) == [Note(intent="bill", confidence=0.92)]
    assert call.said() == ["bill_is", "128.5", "bill_due", "anything_else"]
    call.hears_out().does(Heard("不用了", 0.9, "no"))
    assert call.said() == ["goodbye"]
    call.hears_out()
    assert call.of(Hangup) == [Hangup("normal")]
    assert (call.ended, call.visited) == ("flow", ["main", "more", "goodbye", "goodbye"][:3])


def test_english_is_chosen_by_key_by_voice_or_by_the_browser() -> None:
    by_key = caller("").does(Pressed("2"))
    by_voice = caller("").hears_out().does(Heard("英语", 0.8, "english"))
    by_browser = caller("en-US")
    for call in (by_key, by_voice, by_browser):
        assert SetLanguage("en") in call.commands
        assert call.state.state == "main"
        assert call.state.language == "en"
    [first] = caller("").of(Say)
    assert first.utterances == (Prompt("choose_language", "zh"), Prompt("choose_language", "en"))


def test_the_language_changes_in_the_middle_and_the_question_is_asked_again() -> None:
    call = caller("zh").hears_out().does(Heard("英文", 0.9, "english"))
    assert call.state.state == "main"
    [said] = call.of(Say)
    assert {one.language for one in said.utterances} == {"en"}
    assert call.of(Listen)[0].language == "en"


def test_a_fault_with_keys_reaches_support_with_the_account() -> None:
    call = caller().does(Pressed("3"))
    assert call.said() == ["fault_sorry", "fault_account"]
    call.does(*(Pressed(digit) for digit in "8861"))
    assert call.said() == ["fault_account_is", "8861", "is_that_right"]
    call.hears_out().does(Heard("是的", 0.9, "yes")).hears_out().does(Pressed("1"))
    assert call.said() == ["transfer_human"]
    call.hears_out()
    [enqueue] = call.of(Enqueue)
    assert (enqueue.queue, enqueue.needs, enqueue.priority, enqueue.max_wait) == ("support", {"telecom": 1}, 5, 600.0)
    assert call.state.slots == {"account": "8861", "restarted": "yes"}
    assert call.state.tags == ("fault",)


def test_a_gold_caller_with_a_complaint_waits_for_care_and_hears_the_place() -> None:
    call = caller(profile={"tier": "gold"}).does(Heard("我要投诉", 0.9, "complaint")).hears_out()
    assert call.of(Enqueue)[0].queue == "care"
    call.does(Queued(3, 0.0))
    assert call.said() == ["position_before", "3", "position_after"]
    assert call.hears_out().does(Queued(2, 5.0)).said() == []
    assert call.does(Queued(1, 31.0)).said() == ["position_next"]
    call.does(QueueLeft("served"))
    assert call.ended == "flow"


def test_a_low_balance_and_a_profile_are_spoken() -> None:
    call = caller("en", profile={"balance": 7, "bill": "88.80"}).does(Pressed("2"))
    assert call.said() == ["balance_is", "7", "balance_low", "anything_else"]
    call.hears_out().does(Heard("check my bill", 0.9, "bill"))
    assert call.said()[:2] == ["bill_is", "88.8"]


def test_without_speech_the_keys_are_read_out() -> None:
    call = caller("en", asr={"available": False})
    offers = ["option_bill", "1", "option_balance", "2", "option_fault", "3", "option_complaint", "4", "option_agent", "0"]
    assert call.said() == ["welcome", "main_question", *offers]
    assert call.of(Listen) == []
    assert "keys_yes_no" in call.does(Pressed("1")).said()
    assert caller("en", asr={"languages": ["zh"]}).of(Listen) == []
    assert caller("zh", asr={"languages": ["zh"]}).of(Listen) != []


def test_silence_and_nonsense_escalate_to_a_person() -> None:
    call = caller().hears_out().waits()
    assert call.said()[0] == "not_heard"
    assert "option_bill" in call.said()
    call.hears_out().does(Heard("", 0.2))
    assert call.said()[0] == "not_understood_again"
    call.hears_out().waits()
    assert call.said() == ["transfer_human"]
    assert call.hears_out().of(Enqueue)[0].queue == "support"


def test_an_error_leads_to_a_person_and_from_the_queue_to_an_apology() -> None:
    call = caller().does(StepFailed("say"))
    assert call.said() == ["transfer_human"]
    call.hears_out().does(StepFailed("enqueue"))
    assert call.said() == ["out_of_service"]
    assert call.hears_out().ended == "flow"


@pytest.mark.parametrize(("intent", "language", "text"), [(n, la, te) for n, all_ in UTTERANCES.items() for la, te in all_])
def test_what_callers_really_say_is_in_the_phrase_list(intent: str, language: str, text: str) -> None:
    assert caller(language).phrases[text] == intent


def _events(name: str, state: str, language: str) -> list[list[Event]]:
    """Ways to take the edge `name` once the prompt of `state` was heard: by voice and by key, or by what happens."""
    if name in ("served", "no_agents", "timeout", "closed", "full"):
        return [[QueueLeft(name)]]
    if name == "error":
        return [[StepFailed("x")]]
    if name == "hangup":
        return [[CallerHungUp()]]
    step = FLOW.states[state].step
    assert step is not None
    if name.startswith("overflow:"):
        return [[Queued(9, 30.0, 600.0)]]
    if name == "done" and step.name == "callback":
        return [[TaskEnded(1, "done", {"number": "C-000001"})]]
    if name.isdigit() and not step.listens:
        return [[Pressed(name)]]
    if name == "done":
        return [[Pressed(digit) for digit in "1234"]]
    here = dialogue.ear(FLOW, FLOW.states[state], language)
    spoken: list[list[Event]] = [[Heard(phrase.text, 0.9)] for phrase in here.phrases if phrase.intent == name]
    return spoken + [[Pressed(key)] for key, found in here.keys.items() if found == name]


def _arrived(state: str, target: str) -> set[str]:
    """The states that may be seen after an edge to `target`: instant ones are passed."""
    if target == AGAIN:
        return {state}
    if target == END or FLOW.states[target].step is not None:
        return {target}
    found = {target} if FLOW.states[target].leave.__class__.__name__ == "HangUp" else set()
    return found.union(*(_arrived(target, graph.target(FLOW, edge, target)) for edge in graph.leaving(FLOW.states[target])))


WAITING = [name for name, state in FLOW.states.items() if state.step is not None]


def _at(state: str, language: str) -> Caller:
    """A caller who has just heard the question of `state`."""
    before = "fault_account" if state == "fault_confirm" else state
    whose = {"called": "1", "caller": {"number": "13800138000"}, "language": language}
    call = Caller(Machine(replace(FLOW, entry=before)), whose, {"balance": 3})
    if before != state:
        call.does(*(Pressed(digit) for digit in "1234"))
    return call.hears_out() if call.state.speaking else call


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("state", WAITING)
def test_every_edge_of_every_state_leads_where_it_is_written(state: str, language: str) -> None:
    taken = 0
    for name, edge in graph.taken(FLOW, FLOW.states[state]).items():
        if name in ("no_input", "no_match"):
            _exhausts(_at(state, language), name, state)
        for events in _events(name, state, language):
            call = _at(state, language).does(*events)
            if name == "hangup":
                assert call.ended == "hangup"
            else:
                assert call.state.state in _arrived(state, graph.target(FLOW, edge, state)), (name, events)
            taken += 1
    assert taken >= 3


def _exhausts(call: Caller, name: str, state: str) -> None:
    """Be silent, or talk nonsense, until the edge is taken."""
    edge = FLOW.states[state].edges[name]
    for attempt in range(len(edge.retries) + 1):
        assert (call.state.state, call.state.attempt) == (state, attempt)
        if name == "no_input":
            call.waits()
        else:
            call.does(Pressed("*") if call.state.keys or state == "fault_account" else Heard("???", 0.1))
        if call.state.speaking and attempt < len(edge.retries):
            call.hears_out()
    assert call.state.state in _arrived(state, graph.target(FLOW, edge, state))


def test_the_load_test_numbers_do_what_the_generator_expects() -> None:
    machine = Machine(load(LOADTEST))
    kinds = {
        number: [
            one
            for one in (type(command).__name__ for command in machine.start({"called": number}, {}, 0.0)[1])
            if one != "CountEdge"
        ][1:]
        for number in ("1000", "1001", "2000", "3000", "4")
    }
    assert kinds == {
        "1000": ["Answer", "Play"],
        "1001": ["Answer", "SetTimer"],
        "2000": ["Answer", "BridgeTo"],
        "3000": ["Answer", "Enqueue"],
        "4": ["Hangup"],
    }
    call = Caller(machine, {"called": "1000"}).does(Pressed("5"))
    assert call.commands == ()
    assert call.does(Pressed("1")).of(Hangup) == [Hangup("normal")]
