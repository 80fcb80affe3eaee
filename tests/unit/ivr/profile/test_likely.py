from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.profile.likely import Likely, likely

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0


def calls(*found: tuple[str, float]) -> list[dict[str, Any]]:
    """Intents and how many days ago."""
    return [{"topic": intent, "at": NOW - days * DAY} for intent, days in found]


def test_nothing_known_is_nothing_likely() -> None:
    assert likely({}, NOW) is None
    assert likely({"history": [], "contacts": [], "open": [], "outages": []}, NOW) is None


def test_names_alone_weigh_by_their_place() -> None:
    found = likely({"history": ["bill", "bill", "fault"]}, NOW)
    assert found == Likely("bill", round(1.7 / (1.7 + 0.49 + 1), 3), ("history",))


def test_a_recent_call_weighs_more_than_two_old_ones() -> None:
    found = likely({"contacts": calls(("fault", 2), ("bill", 50), ("bill", 80))}, NOW)
    assert found is not None and found.intent == "fault"


def test_who_calls_again_within_a_day_calls_about_the_same() -> None:
    found = likely({"contacts": calls(("fault", 0.5), ("bill", 2), ("bill", 3))}, NOW)
    assert found is not None and (found.intent, found.why[0]) == ("fault", "again")


def test_an_open_matter_outweighs_history() -> None:
    profile = {"contacts": calls(("bill", 3)), "open": [{"kind": "fault", "id": "T-000012", "label": "上不了网"}]}
    assert likely(profile, NOW) == Likely("fault", round(2 / (2 + 0.5 ** (3 / 30) + 1), 3), ("open",))


def test_an_outage_comes_first_and_says_so() -> None:
    profile = {"contacts": calls(("bill", 2)), "outages": [{"area": "朝阳"}], "open": [{"kind": "bill"}]}
    found = likely(profile, NOW)
    assert found is not None and (found.intent, found.why) == ("fault", ("outage",))
    profile["outages"] = [{"area": "朝阳", "intent": "bill"}]
    found = likely(profile, NOW)
    assert found is not None and (found.intent, found.why) == ("bill", ("outage", "open", "history"))


def test_the_bill_comes_at_the_same_time_each_month() -> None:
    regular = calls(("bill", 31), ("bill", 61), ("fault", 15))
    found = likely({"contacts": regular}, NOW)
    assert found is not None and (found.intent, found.why[0]) == ("bill", "habit")
    later = likely({"contacts": regular}, NOW + 12 * DAY)
    assert later is not None and "habit" not in later.why


def test_days_of_the_month_are_counted_where_the_flow_is() -> None:
    evening = datetime(2026, 11, 30, 20, 0, tzinfo=UTC).timestamp()  # 1 December in Shanghai
    contacts = [{"topic": "bill", "at": datetime(2026, month, 4, 4, 0, tzinfo=UTC).timestamp()} for month in (9, 10, 11)]
    here = likely({"contacts": contacts}, evening, zone=ZoneInfo("Asia/Shanghai"))
    there = likely({"contacts": contacts}, evening, zone=UTC)
    assert here is not None and there is not None
    assert "habit" in here.why and "habit" not in there.why


def test_what_the_flow_cannot_do_is_ignored() -> None:
    profile = {"history": ["roaming", "roaming", "bill"]}
    found = likely(profile, NOW, intents={"bill", "fault"})
    assert found is not None and found.intent == "bill"
    assert likely(profile, NOW, intents={"fault"}) is None


def test_equal_weights_go_to_the_first_of_the_alphabet() -> None:
    profile = {"open": [{"kind": "fault"}, {"kind": "bill"}]}
    assert likely(profile, NOW) == likely({"open": list(reversed(profile["open"]))}, NOW)


@pytest.mark.parametrize(
    "at", [None, "", "soon", True, -5, NOW + DAY, float("inf"), "9999-99-99", "0001-01-01T00:00:00+14:00", []]
)
def test_a_time_that_is_none_counts_for_nothing(at: object) -> None:
    assert likely({"contacts": [{"topic": "bill", "at": at}]}, NOW) is None


def test_iso_times_are_read() -> None:
    found = likely({"contacts": [{"topic": "bill", "at": "2026-11-22T08:00:00Z"}]}, NOW)
    assert found is not None and found.why == ("again", "history")


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "topic", "at", "intent"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["history", "contacts", "open", "outages"]), _ANYTHING))
def test_no_profile_breaks_it(profile: dict[str, Any]) -> None:
    found = likely(profile, NOW)
    assert found is None or 0 <= found.confidence < 1
    assert found == likely(profile, NOW)
