from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ivr.profile.normal import joined, normal


def test_history_of_calls_becomes_names_and_the_calls_stay() -> None:
    called = [{"at": 2, "topic": "fault", "result": "fixed"}, {"at": 1, "topic": "bill"}]
    found = normal({"history": called})
    assert found == {"history": ["fault", "bill"], "contacts": called}
    assert normal({"contacts": called})["history"] == ["fault", "bill"]
    assert normal({"history": ["bill", "roaming", ""], "contacts": called})["history"] == ["fault", "bill", "roaming"]


def test_calls_of_several_sources_come_by_their_time() -> None:
    crm = {"history": [{"at": 30, "topic": "fault"}, {"at": 10, "topic": "bill"}]}
    records = {"contacts": [{"at": 20, "topic": "balance"}, {"at": 5, "result": "left_flow"}], "calls": 2}
    words = {"history": ["roaming"]}
    found = normal(joined([crm, records, words]))
    assert found["history"] == ["fault", "balance", "bill", "roaming"]
    assert [one["at"] for one in found["contacts"]] == [30, 20, 10, 5] and found["calls"] == 2
    assert normal(joined([found])) == found


def test_fields_take_their_type_or_go() -> None:
    found = normal(
        {"tier": 3, "vip": "yes", "blocked": 0, "language": "zh-CN", "products": "光纤 500M", "name": ["x"], "calls": -1}
    )
    assert found == {"tier": "3", "vip": True, "blocked": False, "language": "zh", "products": ["光纤 500M"]}


def test_fields_of_a_house_of_its_own_are_kept() -> None:
    assert normal({"bill": "96.8", "colour": {"of": "roof"}}) == {"bill": "96.8", "colour": {"of": "roof"}}


def test_only_outages_where_the_caller_lives_are_told() -> None:
    outages = [{"area": "朝阳", "text": "a"}, {"area": "海淀"}, {"text": "everywhere"}]
    assert normal({"outages": outages, "area": "朝阳"})["outages"] == [outages[0], outages[2]]
    assert normal({"outages": outages})["outages"] == [outages[2]]


def test_the_first_source_counts_lists_are_added_and_a_block_holds() -> None:
    found = joined(
        [
            {"name": "Ann", "tier": None, "blocked": False, "products": ["a", "b"], "history": ["bill"]},
            {"name": "Other", "tier": "gold", "blocked": True, "products": ["b", "c"], "history": ["bill"]},
        ]
    )
    assert found == {
        "name": "Ann",
        "tier": "gold",
        "blocked": True,
        "products": ["a", "b", "c"],
        "history": ["bill", "bill"],
    }


def test_which_lists_are_added_may_be_said() -> None:
    assert joined([{"open": [1], "offers": [1]}, {"open": [2], "offers": [2]}], ["offers"]) == {"open": [1], "offers": [1, 2]}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["name", "vip", "history", "contacts", "open", "outages", "products", "area", "language", "calls", "x"]
)


@given(st.dictionaries(_NAMES, _VALUES))
def test_a_normal_profile_is_its_own_normal_form(profile: dict[str, Any]) -> None:
    once = normal(profile)
    assert normal(once) == once
