from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.wall.board import KEPT, KEYS, Board


def test_only_what_is_another_is_told() -> None:
    board = Board(100, {"within": {}})
    first = board.whole("agents", [{"id": "a", "state": "break"}, {"id": "b", "state": "break"}], 1.0)
    assert first is not None and first["seq"] == 101 and len(first["data"]["agents"]) == 2
    assert board.whole("agents", [{"id": "a", "state": "break"}, {"id": "b", "state": "break"}], 2.0) is None
    told = board.whole("agents", [{"id": "a", "state": "in_call"}], 3.0)
    assert told is not None and told["data"] == {"agents": [{"id": "a", "state": "in_call"}], "gone": ["b"]}
    assert board.changed("agents", [], 4.0, ["nobody"]) is None
    assert board.told({"today": {}}, 5.0) is not None and board.told({"today": {}}, 6.0) is None


def test_a_day_begins_and_is_told_once() -> None:
    """The first too: a page that came back while the server started has had a snapshot without one."""
    board = Board(0, {})
    assert board.snapshot(0.0)["data"]["day"] == ""
    told = board.new_day({"day": "2026-11-22", "day_start": 1.0}, 1.0)
    assert told is not None and told["data"]["day"] == "2026-11-22"
    assert board.new_day({"day": "2026-11-22", "day_start": 1.0}, 1.0) is None
    assert board.new_day({"day": "2026-11-23", "day_start": 2.0}, 2.0) is not None
    assert board.snapshot(3.0)["data"]["day"] == "2026-11-23"


def test_a_page_that_was_away_for_too_long_or_knew_another_life_gets_a_snapshot() -> None:
    board = Board(5000, {})
    for number in range(KEPT + 10):
        board.changed("agents", [{"id": "a", "n": number}], float(number))
    assert [one["type"] for one in board.resume(0, 1.0)] == ["snapshot"]
    assert [one["type"] for one in board.resume(5005, 1.0)] == ["snapshot"]
    assert [one["type"] for one in board.resume(board.seq + 7, 1.0)] == ["snapshot"]
    assert board.resume(board.seq, 1.0) == []
    assert [one["seq"] for one in board.resume(board.seq - 3, 1.0)] == [board.seq - 2, board.seq - 1, board.seq]


moves = st.lists(
    st.tuples(st.sampled_from(sorted(set(KEYS) - {"alerts"})), st.sampled_from("abc"), st.integers(0, 2), st.booleans()),
    max_size=30,
)


@settings(max_examples=50, deadline=None)
@given(moves, st.integers(0, 30))
def test_a_page_that_resumes_shows_what_one_that_never_left_shows(told: list[tuple[str, str, int, bool]], left_at: int) -> None:
    board = Board(10, {})
    page: dict[str, dict[str, Any]] = {kind: {} for kind in KEYS}
    seq = 10
    for number, (kind, name, value, gone) in enumerate(told):
        if number == left_at:
            seq = board.seq
            page = {one: {row[KEYS[one]]: row for row in board.rows(one)} for one in KEYS}
        board.changed(kind, [] if gone else [{KEYS[kind]: name, "value": value}], 0.0, [name] if gone else [])
    for message in board.resume(seq, 0.0):
        if message["type"] == "snapshot":
            page = {one: {row[KEYS[one]]: row for row in message["data"][one]} for one in KEYS}
            continue
        assert message["seq"] == seq + 1
        seq, kind = message["seq"], message["type"]
        for row in message["data"][kind]:
            page[kind][row[KEYS[kind]]] = row
        for name in message["data"]["gone"]:
            page[kind].pop(name)
    assert page == {one: {row[KEYS[one]]: row for row in board.rows(one)} for one in KEYS}
