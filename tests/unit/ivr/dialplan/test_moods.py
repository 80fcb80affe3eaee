"""`mood` of a flow: levels, edges, turns in a row, and what a wrong one is told."""

from __future__ import annotations

import pytest

from ivr.dialplan.events import Heard
from ivr.dialplan.loader import examine, load
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.moods import MoodRule
from ivr.dialplan.simulator import Simulation
from ivr.rehearsing import understand
from ivr.session.mind import CallMind, limits_of
from ivr.settings_understanding import MoodOptions
from tests.unit.ivr.dialplan.flows import NOON

FLOW = """
flow: small
languages: [zh]
{mood}
defaults: {{ no_input: over, no_match: {{ retry: 9, then: over }}, error: over }}
intents: {{ bill: {{ zh: [查账单] }}, spam: {{ zh: [垃圾短信] }} }}
states:
  main:
    ask: {{ say: {{ zh: "{words}" }}, expect: {{ choice: [bill, spam] }} }}
    on: {{ bill: main, spam: main, "7": human, "8": calm_down }}
  human:
    enqueue: {{ queue: support }}
    on: {{ no_agents: over, closed: over, full: over, timeout: over }}
  calm_down:
    ask: {{ say: {{ zh: 抱歉 }}, expect: {{ choice: [bill, spam] }} }}
    on: {{ bill: over, spam: over }}
  over: {{ hangup: normal }}
"""
RULES = "mood: {{ tense: {{ to: calm_down, after: {after} }}, angry: {{ from: 0.8, to: human, tag: upset }} }}"


def flow(mood: str = RULES.format(after=1), words: str = "您好") -> Flow:
    return load(FLOW.format(mood=mood, words=words))


def call(one: Flow) -> Simulation:
    return Simulation(Machine(one), at=NOON, understand=understand, feel=CallMind, call={"language": "zh"})


def test_rules_are_read_and_bring_their_edges() -> None:
    found = flow()
    assert (found.mood.angry.level, found.mood.tense.after, found.mood.voice) == (0.8, 1, None)
    assert set(found.states["main"].edges) >= {"tense", "angry"}
    assert limits_of(found.mood, MoodOptions(tense=0.2)).tense == 0.2
    assert limits_of(found.mood, MoodOptions(tense=0.9)).angry == pytest.approx(0.95)


def test_anger_takes_its_edge_and_displeasure_the_other() -> None:
    one = call(flow())
    one.say("我要投诉")
    assert (one.state.state, one.state.mood) == ("calm_down", "tense")
    one.say("你们这是什么服务气死我了")
    assert (one.state.state, one.state.mood, one.state.tags) == ("human", "angry", ("upset",))
    assert one.state.mood_level > 0.6 and one.state.mood_trend == "rising"


def test_an_edge_may_wait_for_turns_in_a_row() -> None:
    one = call(flow(RULES.format(after=2)))
    one.say("我要投诉")
    assert one.state.state == "main"
    one.say("怎么又断网了")
    assert one.state.state == "calm_down"


def test_who_is_angry_is_tense_where_only_that_leads_somewhere() -> None:
    one = call(flow("mood: { tense: calm_down }"))
    one.say("气死我了")
    assert one.state.state == "calm_down"


def test_what_is_left_of_anger_takes_no_edge_again() -> None:
    one = call(flow("mood: { angry: calm_down }"))
    one.say("气死我了")
    one.say("查账单")
    assert one.state.mood == "angry" and one.ended == "flow"


def test_an_answer_of_the_flow_is_no_anger_and_a_raised_voice_is() -> None:
    one = call(flow())
    one.say("垃圾短信")
    assert (one.state.state, one.state.mood) == ("main", "calm")
    one.say("查账单", voice={"louder": 12.0, "higher": 3.0})
    one.say("随便说说", voice={"louder": 12.0, "higher": 3.0})
    assert one.state.state == "calm_down"


def test_a_stated_mood_is_believed_and_moods_can_be_switched_off() -> None:
    one = call(flow())
    one.say("今天天气不错", mood="angry")
    assert one.state.state == "human"
    event = Heard("气死我了", 0.9)
    assert CallMind(flow(), MoodOptions(enabled=False)).dressed(event) == event


def test_words_and_expressions_see_the_mood() -> None:
    one = call(flow("", "{mood == 'tense' || mood_level > 0.3 ? '抱歉' : '您好'}"))
    one.say("我要投诉")
    assert "抱歉" in one.said[-1].text and "您好" in one.said[0].text


@pytest.mark.parametrize(
    ("mood", "code", "word"),
    [
        ("mood: { sad: human }", "unknown-key", "sad"),
        ("mood: { angry: { from: 1.5 } }", "out-of-range", "1.5"),
        ("mood: { angry: { from: high } }", "wrong-type", "number"),
        ("mood: { angry: { after: 0 } }", "out-of-range", "after"),
        ("mood: { tense: { from: 0.7 } }", "out-of-range", "nobody would ever be tense"),
        ("mood: { angry: nowhere }", "unknown-state", "nowhere"),
        ("mood: [angry]", "wrong-type", "mapping"),
        ("mood: { voice: maybe }", "wrong-type", "true or false"),
    ],
)
def test_a_mistake_names_its_place_and_its_cure(mood: str, code: str, word: str) -> None:
    found, problems = examine(FLOW.format(mood=mood, words="您好"), "small.yaml")
    assert found is None
    assert any(one.code == code and word in f"{one.message} {one.cure}" and one.line == 4 for one in problems), problems


def test_an_edge_stands_in_one_place() -> None:
    text = FLOW.format(mood="mood: { angry: human }", words="您好").replace("error: over", "error: over, angry: over")
    _, problems = examine(text, "small.yaml")
    assert any("in `defaults` of line 5" in one.message for one in problems), problems


def test_a_rule_without_words_is_the_usual() -> None:
    assert flow("").mood.angry == MoodRule(place=flow("").mood.angry.place)
