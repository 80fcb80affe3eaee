"""Who is put before reviewers: what must be first, chance spread over the week, no agent more than another."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.quality.sampling import WEEK, Candidate, Rules, choose, fairest, reason_of, week_of, week_start

RULES = Rules(low_score=60, moods=("angry",), tags=("complaint",), random=2, most=4)
NOW = week_start(2900) + WEEK


def one(name: str, agent: str = "anna", day: float = 1.0, **more: object) -> Candidate:
    return Candidate(name, agent, week_start(2900) + day * 86400, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (one("a"), ""),
        (one("a", score=59.9, covered=0.5), "low_score"),
        (one("a", score=60.0, covered=0.5), ""),
        (one("a", score=10.0, covered=0.2), ""),
        (one("a", mood="angry", score=10.0, covered=0.9), "bad_mood"),
        (one("a", mood="tense"), ""),
        (one("a", tags=frozenset({"complaint"}), mood="angry"), "complaint"),
    ],
)
def test_reasons(candidate: Candidate, reason: str) -> None:
    assert reason_of(candidate, RULES) == reason


def test_weeks_begin_on_mondays() -> None:
    monday = 1_790_553_600.0  # 2026-09-28 00:00 UTC
    assert week_start(week_of(monday)) == monday
    assert week_of(monday - 1) == week_of(monday) - 1


def test_chance_is_spread_over_the_week_and_alike_everywhere() -> None:
    many = [one(f"c{number}", day=number % 7) for number in range(40)]
    assert choose(many, [], RULES, week_start(2900) + WEEK * 0.49) == [], "who knew it would be on his best behaviour"
    early = choose(many, [], RULES, week_start(2900) + WEEK * 0.51)
    assert len(early) == 1
    whole = choose(many, [], RULES, NOW)
    assert len(whole) == 2
    assert choose(list(reversed(many)), [], RULES, NOW) == whole
    both = [("anna", week_start(2900), "random"), ("anna", week_start(2900) + 5, "random")]
    assert choose(many, both, RULES, NOW) == []


def test_no_day_comes_up_more_than_another() -> None:
    """100 agents with 35 contacts each, looked at twice a day: the first of a Monday is worth no more than a Sunday's."""
    left = {f"c{n}": one(f"c{n}", f"a{n % 100}", n // 100 / 5) for n in range(3500)}
    picked: list[tuple[str, float, str]] = []
    for half in range(15):
        now = week_start(2900) + half * 43200
        for pick in choose([two for two in left.values() if two.ended_at < now], picked, RULES, now):
            found = left.pop(pick.contact_id)
            picked.append((found.agent_id, found.ended_at, pick.reason))
    assert set(Counter(agent for agent, _, _ in picked).values()) == {2}
    days = Counter(int((at - week_start(2900)) // 86400) for _, at, _ in picked)
    assert 14 < min(days[day] for day in range(7)) <= max(days.values()) < 48, days


def test_what_a_part_of_the_week_lacks_is_drawn_from_all_of_it() -> None:
    many = [one(f"c{number}", day=0.5) for number in range(9)]
    first = choose(many, [], RULES, week_start(2900) + WEEK * 0.9)
    assert len(first) == 1
    picked = [("anna", many[0].ended_at, "random")]
    assert len(choose(many[1:], picked, RULES, NOW)) == 1


def test_a_bad_week_does_not_fill_the_list_with_one_agent() -> None:
    many = [one(f"a{number}", "anna", mood="angry") for number in range(50)] + [one("l1", "leo", mood="angry")]
    picks = choose(many, [("anna", week_start(2900), "bad_mood")], RULES, NOW)
    assert Counter(pick.contact_id[0] for pick in picks) == {"a": 3, "l": 1}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["", "angry"]), st.floats(0, 6.9)), max_size=60),
    st.lists(st.tuples(st.sampled_from("xyz"), st.floats(0, 6.9), st.sampled_from(["random", "bad_mood"])), max_size=8),
    st.floats(0, 1),
)
def test_nobody_is_chosen_twice_or_more_than_his_share(
    made: list[tuple[str, str, float]], before_days: list[tuple[str, float, str]], share: float
) -> None:
    many = [one(f"{agent}{number}", agent, day, mood=mood) for number, (agent, mood, day) in enumerate(made)]
    picked = [(agent, week_start(2900) + day * 86400, reason) for agent, day, reason in before_days]
    picks = choose(many, picked, RULES, week_start(2900) + WEEK * share)
    assert len({pick.contact_id for pick in picks}) == len(picks)
    before, now = Counter(agent for agent, _, _ in picked), Counter(pick.contact_id[0] for pick in picks)
    assert all(not now[agent] or before[agent] + now[agent] <= RULES.most for agent in "xyz")
    lots = Counter(pick.contact_id[0] for pick in picks if pick.reason == "random")
    assert all(count <= RULES.random for count in lots.values())


def test_the_list_goes_round_the_agents_the_least_reviewed_first() -> None:
    rows = [
        {"contact_id": f"{agent}{number}", "agent_id": agent, "reason": reason, "picked_at": float(number)}
        for agent, number, reason in (("a", 1, "random"), ("a", 2, "complaint"), ("a", 3, "random"), ("b", 4, "random"))
    ]
    assert [row["contact_id"] for row in fairest(rows, {})] == ["a2", "b4", "a1", "a3"]
    assert [row["contact_id"] for row in fairest(rows, {"a": 5})] == ["b4", "a2", "a1", "a3"]
