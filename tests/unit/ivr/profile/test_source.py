from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivr.profile.answer import Answer, NotThere, SourceFailed, Unaskable
from ivr.profile.breaker import Circuit
from ivr.profile.shape import Shape
from ivr.profile.source import Operation
from tests.unit.ivr.profile.fakes import Clock, source

ANN = {"name": "Ann"}
WHO = {"number": "1001"}


async def test_what_is_found_is_told_in_its_shape() -> None:
    one, backend = source({"data": {"n": "Ann"}}, operations={"profile": Operation(Shape(("data",), {"name": ("n",)}))})
    assert await one.get("profile", WHO, 1) == Answer("found", ANN)
    assert backend.asked == [("profile", WHO)]
    assert one.tally.answers["found"] == 1 and one.tally.asked == 1


async def test_an_operation_that_does_not_exist_is_an_error() -> None:
    one, backend = source(ANN)
    assert (await one.get("nothing", WHO, 1)).outcome == "error" and not backend.asked


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (NotThere("no"), "not_found"),
        (Unaskable("empty"), "not_found"),
        (SourceFailed("bad"), "error"),
        (KeyError("bug"), "error"),
    ],
)
async def test_each_error_is_an_outcome(raised: Exception, outcome: str) -> None:
    one, _ = source(raised)
    assert (await one.get("profile", WHO, 1)).outcome == outcome


@pytest.mark.parametrize("value", [["a"], {"a": 1}, "x" * 300, "a\nb"])
async def test_an_argument_that_is_no_plain_value_finds_nothing_and_asks_nobody(value: Any) -> None:
    one, backend = source(ANN)
    assert (await one.get("profile", {"number": value}, 1)).outcome == "not_found"
    assert (await one.get("profile", {f"a{n}": 1 for n in range(40)}, 1)).outcome == "not_found"
    assert not backend.asked


async def test_a_caller_waits_as_long_as_was_said_and_the_answer_is_kept_for_the_next() -> None:
    late = asyncio.Event()
    one, backend = source(late, ttl=60)
    assert (await one.get("profile", WHO, 0.01)).outcome == "timeout"
    late.set()
    assert await one.get("profile", WHO, 1) == Answer("found", {"late": True})
    assert await one.get("profile", WHO, 1) == Answer("found", {"late": True})
    assert len(backend.asked) == 1 and one.tally.cached == 1
    assert one.circuit is Circuit.CLOSED, "the far end was only slower than this caller"


async def test_the_sources_own_timeout_counts_against_it() -> None:
    one, _ = source(asyncio.Event(), timeout=0.01, failures=1)
    assert (await one.get("profile", WHO, 1)).outcome == "timeout"
    assert one.circuit is Circuit.OPEN


async def test_the_same_question_at_the_same_time_is_sent_once() -> None:
    late = asyncio.Event()
    one, backend = source(late)
    asking = [asyncio.create_task(one.get("profile", WHO, 1)) for _ in range(5)]
    await asyncio.sleep(0)
    late.set()
    assert {answer.outcome for answer in await asyncio.gather(*asking)} == {"found"}
    assert len(backend.asked) == 1


async def test_arguments_of_another_type_are_another_question() -> None:
    one, backend = source(ANN, ttl=60)
    for number in ("1", 1, True, "true"):
        await one.get("profile", {"number": number}, 1)
    assert len(backend.asked) == 4


async def test_what_may_fail_by_chance_is_tried_again() -> None:
    one, backend = source(SourceFailed("reset", again=True), ANN, tries=2)
    assert (await one.get("profile", WHO, 1)).found
    assert len(backend.asked) == 2 and one.tally.retries == 1


async def test_what_is_wrong_for_good_and_what_does_something_is_not() -> None:
    one, backend = source(SourceFailed("400"), tries=3)
    assert (await one.get("profile", WHO, 1)).outcome == "error" and len(backend.asked) == 1
    one, backend = source(SourceFailed("reset", again=True), tries=3)
    assert (await one.get("once", WHO, 1)).outcome == "error" and len(backend.asked) == 1


async def test_after_failures_in_a_row_nobody_is_asked_until_a_probe_succeeds() -> None:
    clock = Clock()
    one, backend = source(*[SourceFailed("away")] * 3, ANN, clock=clock, failures=3)
    outcomes = [(await one.get("profile", WHO, 1)).outcome for _ in range(5)]
    assert outcomes == ["error", "error", "error", "down", "down"] and len(backend.asked) == 3
    clock.now += 10
    seen = [one.circuit]
    assert (await one.get("profile", WHO, 1)).found
    assert [*seen, one.circuit] == [Circuit.HALF_OPEN, Circuit.CLOSED] and one.breaker.opened == 1


async def test_only_one_probe_goes_out_and_the_others_are_told_at_once() -> None:
    clock, late = Clock(), asyncio.Event()
    one, backend = source(SourceFailed("away"), late, clock=clock, failures=1)
    await one.get("profile", WHO, 1)
    clock.now += 10
    probe = asyncio.create_task(one.get("profile", {"number": "1"}, 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await one.get("profile", {"number": "2"}, 1)).outcome == "down"
    late.set()
    assert (await probe).found and len(backend.asked) == 2


async def test_who_refuses_us_is_not_away() -> None:
    one, _ = source(SourceFailed("status 401", alive=True), failures=1)
    assert (await one.get("profile", WHO, 1)).outcome == "error"
    assert one.circuit is Circuit.CLOSED


async def test_an_old_answer_is_better_than_none_while_the_source_is_away() -> None:
    clock = Clock()
    one, _ = source(ANN, SourceFailed("away"), clock=clock, failures=1, ttl=60, stale=600)
    assert await one.get("profile", WHO, 1) == Answer("found", ANN)
    clock.now += 61
    for _ in range(2):  # failing, then with the circuit open
        assert await one.get("profile", WHO, 1) == Answer("found", ANN, stale=True)
    assert one.tally.stale == 2
    clock.now += 600
    assert (await one.get("profile", WHO, 1)).outcome == "error"


async def test_that_nothing_was_found_is_remembered_too() -> None:
    one, backend = source(NotThere("no"), ttl=60)
    for _ in range(2):
        assert (await one.get("profile", WHO, 1)).outcome == "not_found"
    assert len(backend.asked) == 1


async def test_an_operation_has_a_time_to_live_of_its_own() -> None:
    one, backend = source(ANN, ttl=60, operations={"balance": Operation(ttl=0.0)})
    for _ in range(2):
        await one.get("balance", WHO, 1)
    assert len(backend.asked) == 2


async def test_no_more_questions_at_once_than_connections_and_no_endless_line() -> None:
    late = asyncio.Event()
    one, backend = source(late, connections=2, timeout=5)
    asking = [asyncio.create_task(one.get("profile", {"number": str(n)}, 5)) for n in range(60)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(backend.asked) == 2 and one.under_way == 50
    late.set()
    outcomes = [answer.outcome for answer in await asyncio.gather(*asking)]
    assert outcomes.count("found") == 50 and outcomes.count("error") == 10


async def test_who_hangs_up_leaves_the_question_to_its_end() -> None:
    late = asyncio.Event()
    one, backend = source(late, ttl=60)
    asking = asyncio.create_task(one.get("profile", WHO, 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    late.set()
    assert (await one.get("profile", WHO, 1)).found and len(backend.asked) == 1


async def test_closing_ends_what_is_under_way() -> None:
    one, backend = source(asyncio.Event())
    assert (await one.get("profile", WHO, 0.01)).outcome == "timeout"
    await one.close()
    assert backend.closed and one.under_way == 0
