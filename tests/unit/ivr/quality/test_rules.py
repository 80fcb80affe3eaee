"""What rules answer of a talk, what each answer rests on, and what stays open where nothing is known."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.quality.judging import judge
from ivr.quality.spotting import ear_of
from tests.unit.ivr.quality.conftest import T0, TALK, cards_of, row, said

CARD = """
scorecards:
  one:
    sections:
      only:
        questions:
          asked: {{ title: Asked, kind: {kind}, not_applicable: true, {more} }}
"""


def answered(
    words: tuple[tuple[float, str, str, str], ...] = TALK, ticked: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """Question of the card of the tests to its answer."""
    cards = cards_of()
    ear = ear_of(cards.values(), {"recorded": {"zh": ("会录音",)}})
    found = judge(cards["hotline"], row(**more), said("c1", *words), ticked, None, ear)
    return dict(found.answers)


def rule(text: str, kind: str = "yes_no", csat: float | None = None, **more: Any) -> Any:
    """The value that one rule gives of the talk."""
    cards = cards_of(CARD.format(kind=kind, more=text))
    found = judge(cards["one"], row(**more), said("c1", *TALK), (), csat, ear_of(cards.values(), {}))
    return found.answers["asked"]["value"]


def test_a_talk_is_answered_with_its_reasons() -> None:
    found = answered()
    assert {name: one["value"] for name, one in found.items()} == {
        "greeting": "yes",
        "recorded": "no",
        "silence": 4,
        "hold": "na",
        "right": None,
        "mood": "fine",
    }
    assert found["greeting"]["why"] == {"zh": "坐席说了“您好”", "en": "the agent said “您好”"}
    assert 8.0 <= found["greeting"]["at"] <= 12.0, "where it was said"
    assert found["recorded"]["why"]["en"] == "neither heard nor ticked"
    assert found["silence"]["why"] == {"zh": "最长沉默：5 秒", "en": "the longest silence: 5 s"}
    assert [name for name, one in found.items() if not one["automatic"]] == ["right"]


def test_what_is_said_too_late_does_not_count() -> None:
    late = answered(((100.0, "agent", "您好", ""),))["greeting"]
    assert late["value"] == "no"
    assert "first 20 s" in late["why"]["en"]


def test_a_line_counts_where_it_was_said_or_ticked() -> None:
    assert answered(((12.0, "agent", "本次通话会录音", ""),))["recorded"]["value"] == "yes"
    assert answered(ticked=("recorded",))["recorded"]["value"] == "yes"


def test_what_the_caller_says_does_not_count_for_the_agent() -> None:
    assert answered(((12.0, "caller", "您好", ""), (14.0, "agent", "嗯", "")))["greeting"]["value"] == "no"


def test_without_a_transcript_nothing_is_said_to_be_missing() -> None:
    found = answered(((12.0, "caller", "您好", "calm"),), handover={})
    assert found["greeting"]["value"] is found["recorded"]["value"] is None
    assert found["greeting"]["why"]["zh"] == "没有坐席的文字记录", "the reviewer is told why it is open"
    assert found["silence"]["value"] is found["hold"]["value"] is None
    assert answered(handover={})["hold"]["value"] is None, "whether it applies is not known"
    assert not found["greeting"]["automatic"]


def test_words_of_the_bot_before_the_talk_are_not_the_agents() -> None:
    found = answered(((2.0, "bot", "您好", ""), (3.0, "agent", "您好", ""), (15.0, "agent", "请讲", "")))
    assert found["greeting"]["value"] == "no"


@pytest.mark.parametrize(
    ("seconds", "points"), [(0.0, 5), (3.0, 5), (3.1, 4), (6.0, 4), (12.0, 3), (25.0, 2), (25.1, 1), (900.0, 1)]
)
def test_rising_steps_give_less_for_more(seconds: float, points: int) -> None:
    told = {"talk": {"longest_silence": seconds}}
    assert rule("auto: { measure: longest_silence, steps: [3, 6, 12, 25] }", "scale", handover=told) == points


@pytest.mark.parametrize(("csat", "points"), [(5.0, 5), (4.5, 4), (4.0, 4), (3.0, 3), (2.0, 2), (1.0, 1), (None, None)])
def test_falling_steps_give_more_for_more(csat: float | None, points: int | None) -> None:
    assert rule("auto: { measure: csat, steps: [5, 4, 3, 2] }", "scale", csat) == points


@pytest.mark.parametrize(
    ("text", "more", "value"),
    [
        ("auto: { measure: wait_seconds, most: 10 }", {}, "yes"),
        ("auto: { measure: wait_seconds, least: 6 }", {}, "no"),
        ("auto: { measure: handle_seconds, most: 310 }", {}, "yes"),
        ("auto: { measure: handle_seconds, most: 309 }", {}, "no"),
        ("auto: { measure: agent_rate, most: 300 }", {"handover": {"talk": {"agent": {"rate": 320}}}}, "no"),
        ("auto: { measure: colleagues, most: 1 }", {"handover": {"talk": {"earlier": [{"agent_id": "leo"}]}}}, "no"),
        ("auto: { fact: transferred, one_of: [false] }", {"end_cause": "transferred"}, "no"),
        ("auto: { fact: recovered }", {}, "yes"),
        ("auto: { fact: mood_worst, none_of: [angry] }", {}, "yes"),
        ("auto: { fact: note_written }", {"note": "  "}, "no"),
        ("auto: { fact: note_written }", {"note": "已退费"}, "yes"),
        ('auto: { fact: outcome, none_of: [""] }', {"agent_disposition": None}, "no"),
        ("auto: { not_said: { zh: [查账单] }, by: caller }", {}, "no"),
        ("auto: { not_said: { zh: [投诉] }, by: caller }", {}, "yes"),
        ("auto: { said: { zh: [谢谢] }, by: caller, within: 30s, of: end }", {}, "yes"),
        ("auto: { said: { zh: [查账单] }, by: caller, within: 30s, of: end }", {}, "no"),
        ("only_if: { fact: mood_end, one_of: [angry] }, auto: { fact: recovered }", {}, "na"),
    ],
)
def test_each_kind_of_rule(text: str, more: dict[str, Any], value: str) -> None:
    assert rule(text, **more) == value


def test_measures_are_of_the_agent_who_has_the_contact() -> None:
    """Of two talks the reviewed agent's counts, and where none is his nothing does."""
    text = "auto: { measure: hold_seconds, most: 1 }"
    talks = {"talk": {"agent_id": "leo", "held_seconds": 50.0, "earlier": [{"agent_id": "anna", "held_seconds": 0.0}]}}
    assert rule(text, handover=talks) == "yes"
    assert rule(text, agent="leo", handover=talks) == "no"
    assert rule(text, agent="wei", handover=talks) is None


def moments(*told: tuple[float, str, str]) -> list[dict[str, Any]]:
    return [{"at": T0 + at, "kind": kind, "who": who} for at, kind, who in told]


def test_holds_transfers_and_colleagues_come_from_what_the_record_tells() -> None:
    told = moments(
        (10, "agent", "leo"), (20, "hold", "leo"), (50, "agent", "anna"), (60, "hold", "anna"), (70, "agent", "anna")
    )
    assert rule("auto: { measure: hold_seconds, most: 10 }", moments=told) == "yes"
    assert rule("auto: { measure: hold_seconds, most: 9 }", moments=told) == "no"
    assert rule("auto: { measure: hold_seconds, least: 30 }", moments=told, agent="leo") == "yes"
    assert rule("auto: { measure: colleagues, most: 1 }", moments=told) == "no"
    assert rule("auto: { fact: transferred }", moments=told) == "no"
    assert rule("auto: { fact: transferred }", moments=[*told, *moments((290, "transfer", "queue:care"))]) == "yes"
    assert (
        rule("auto: { measure: hold_seconds, least: 235 }", moments=moments((10, "agent", "anna"), (60, "hold", "anna")))
        == "yes"
    )
    shapes: tuple[Any, ...] = (None, {}, [5, {"at": "x"}], [{"kind": "hold"}])
    for strange in shapes:
        assert rule("auto: { fact: transferred }", moments=strange) == "no"


def test_a_record_of_an_older_or_a_strange_shape_costs_nothing() -> None:
    shapes: tuple[Any, ...] = ({"talk": []}, {"talk": {"earlier": 5, "longest_silence": "x"}}, {"mood_level": True}, [])
    for strange in shapes:
        assert answered(handover=strange)["silence"]["value"] is None
