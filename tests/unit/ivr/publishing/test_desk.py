"""What administrators do: draft, publish, roll out, roll back, schedule; nothing is lost where two do it at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from ivr.errors import Conflict, DialplanError, NotFound, Stale
from ivr.publishing import tables
from ivr.publishing.model import version_of
from tests.unit.ivr.publishing.town import FOUR, NOON, ONE, THREE, TWO, WRONG, Town, TownNode, text

CALLERS = [f"+86138{n:08d}" for n in range(400)]


async def states(node: TownNode, flow: str = "small") -> dict[int, str]:
    return {one["number"]: one["state"] for one in (await node.desk.versions(flow))["versions"]}


def share(node: TownNode, wanted: str, flow: str = "small") -> set[str]:
    """The callers who would get that text."""
    return {caller for caller in CALLERS if node.store.shares[flow].chosen(caller) == version_of(wanted)}


# --- drafts


async def test_a_draft_is_kept_published_and_gone(town: Town) -> None:
    node = await town.node()
    read = await node.desk.draft("small")
    assert (read["text"], read["by"], read["base"]) == (ONE, "", version_of(ONE))
    saved = await node.desk.save_draft("small", "anna", WRONG, read["stamp"])
    saved = await node.desk.save_draft("small", "anna", TWO, saved["stamp"])
    assert (await node.desk.text("small", "draft"), await node.desk.text("small")) == (TWO, ONE)
    [flow] = await node.desk.flows()
    assert flow["draft"] == {"by": "anna", "at": NOON, "stamp": saved["stamp"]}
    [made] = await node.desk.publish("anna", "two seconds", {"small": saved["stamp"]})
    assert (made["number"], made["state"], made["author"], made["note"]) == (2, "live", "anna", "two seconds")
    assert (made["added"], made["removed"]) == (1, 1)
    assert node.has(TWO)
    assert node.file() == TWO
    [flow] = await node.desk.flows()
    assert flow["draft"] is None
    assert flow["live"]["number"] == 2


async def test_two_who_save_the_same_draft_lose_nothing(town: Town) -> None:
    node = await town.node()
    stamp = (await node.desk.draft("small"))["stamp"]
    anna = await node.desk.save_draft("small", "anna", TWO, stamp)
    with pytest.raises(Stale, match="anna saved meanwhile") as caught:
        await node.desk.save_draft("small", "bob", THREE, stamp)
    assert (caught.value.yours, caught.value.theirs, caught.value.base) == (THREE, TWO, ONE)
    assert (caught.value.by, caught.value.stamp) == ("anna", anna["stamp"])
    bob = await node.desk.save_draft("small", "bob", FOUR, caught.value.stamp)
    with pytest.raises(Stale):
        await node.desk.drop_draft("small", "anna", anna["stamp"])
    with pytest.raises(Stale):
        await node.desk.publish("anna", "", {"small": anna["stamp"]})
    dropped = await node.desk.drop_draft("small", "bob", bob["stamp"])
    assert (dropped["text"], dropped["discarded"]) == (ONE, bob["stamp"])
    assert (await node.desk.draft("small"))["stamp"] == stamp == dropped["stamp"]


async def test_a_publish_during_the_writing_is_shown_before_it_is_overwritten(town: Town) -> None:
    """A colleague changes the file in git while anna writes: she sees both and decides."""
    node = await town.node()
    stamp = (await node.desk.draft("small"))["stamp"]
    draft = await node.desk.save_draft("small", "anna", TWO, stamp)
    node.write(THREE)
    await node.step()
    with pytest.raises(Stale, match="file published meanwhile") as caught:
        await node.desk.publish("anna", "", {"small": draft["stamp"]})
    assert (caught.value.yours, caught.value.theirs, caught.value.base) == (TWO, THREE, ONE)
    merged = await node.desk.save_draft("small", "anna", FOUR, caught.value.stamp)
    await node.desk.publish("anna", "both", {"small": merged["stamp"]})
    assert node.has(FOUR)
    with pytest.raises(Conflict, match="no draft"):
        await node.desk.publish("anna", "again", {"small": merged["stamp"]})


async def test_a_save_on_an_old_page_is_refused_with_what_is_live(town: Town) -> None:
    node = await town.node()
    stamp = (await node.desk.draft("small"))["stamp"]
    await node.desk.publish_texts("bob", "", {"small": TWO})
    with pytest.raises(Stale) as caught:
        await node.desk.save_draft("small", "anna", THREE, stamp)
    assert (caught.value.yours, caught.value.theirs, caught.value.by) == (THREE, TWO, "bob")
    await node.desk.save_draft("small", "anna", THREE, caught.value.stamp)


# --- publishing


async def test_a_new_flow_gets_a_file_where_the_others_are(town: Town) -> None:
    node, other = await town.node("one"), await town.node("two")
    draft = await node.desk.save_draft("fresh", "anna", text(7, "fresh"), "")
    await node.desk.publish("anna", "", {"fresh": draft["stamp"]})
    await other.publisher.step()
    assert node.file("fresh") == text(7, "fresh")
    assert node.publisher.health()["drift"] == {}
    assert other.has(text(7, "fresh"), "fresh")
    assert "no file" in other.publisher.health()["drift"]["fresh"]
    await node.step()
    assert (await node.desk.versions("fresh"))["live"] == 1


async def test_flows_are_published_together_or_not_at_all(town: Town) -> None:
    node = await town.node()
    with pytest.raises(DialplanError, match="unknown-state") as caught:
        await node.desk.publish_texts("anna", "", {"small": TWO, "other": WRONG.replace("flow: small", "flow: other")})
    assert caught.value.problems
    assert node.has(ONE)
    with pytest.raises(Stale):
        await node.desk.publish_texts("anna", "", {"other": text(1, "other"), "small": TWO}, {"other": "", "small": "0" * 16})
    assert await node.ledger.versions("other") == []
    made = await node.desk.publish_texts("anna", "", {"other": text(1, "other"), "small": TWO})
    assert [(one["flow"], one["number"]) for one in made] == [("other", 1), ("small", 2)]
    assert node.has(TWO)
    assert node.has(text(1, "other"), "other")
    assert (await node.desk.changes(1))[0]["flows"] == {"other": 1, "small": 2}


@pytest.mark.parametrize(
    ("flows", "error"),
    [
        ({}, "1 to 50"),
        ({"other": ONE}, "calls itself"),
        ({"small": "\ud800"}, "characters"),
        ({"small": ONE + "\0"}, "characters"),
        ({"small": "x" * (1 << 20) + "y"}, "longer"),
        ({"n" * 65: ONE}, "name"),
    ],
)
async def test_what_cannot_be_published_is_refused(town: Town, flows: dict[str, str], error: str) -> None:
    node = await town.node()
    with pytest.raises((Conflict, DialplanError), match=error):
        await node.desk.publish_texts("anna", "", flows)
    assert node.has(ONE)


async def test_of_two_nodes_that_publish_at_once_one_wins(town: Town) -> None:
    one, two = await town.node("one"), await town.node("two")
    base = {"small": version_of(ONE)}
    results = await asyncio.gather(
        one.desk.publish_texts("anna", "", {"small": TWO}, base),
        two.desk.publish_texts("bob", "", {"small": THREE}, base),
        return_exceptions=True,
    )
    [stale] = [result for result in results if isinstance(result, Stale)]
    won = TWO if isinstance(results[1], Stale) else THREE
    assert {stale.yours, stale.theirs} == {TWO, THREE}
    assert stale.theirs == won
    await asyncio.gather(one.publisher.step(), two.publisher.step())
    assert one.has(won)
    assert two.has(won)
    assert len((await one.desk.versions("small"))["versions"]) == 2


# --- roll-outs


async def test_a_roll_out_widens_and_becomes_live_on_every_node(town: Town) -> None:
    one, two = await town.node("one"), await town.node("two")
    [made] = await one.desk.publish_texts("anna", "", {"small": TWO}, percent=10)
    await two.publisher.step()
    few = share(one, TWO)
    assert (made["state"], made["percent"]) == ("rollout", 10)
    assert few == share(two, TWO)
    assert 15 < len(few) < 65
    assert one.file() == ONE, "the file has what is live for all"
    wide = await one.desk.roll_out("anna", "small", 2, 50)
    assert wide["percent"] == 50
    assert few < share(one, TWO)
    [flow] = await one.desk.flows()
    assert (flow["live"]["number"], flow["roll_out"]["number"], flow["roll_out"]["percent"]) == (1, 2, 50)
    done = await one.desk.roll_out("anna", "small", 2, 100)
    await two.publisher.step()
    assert done["state"] == "live"
    assert one.has(TWO)
    assert two.has(TWO)
    assert one.file() == TWO
    assert await states(one) == {2: "live", 1: "old"}


async def test_a_roll_out_that_goes_wrong_is_over_at_once(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"small": TWO}, percent=30)
    await node.desk.roll_back("anna", "small")
    assert share(node, TWO) == set()
    assert await states(node) == {2: "withdrawn", 1: "live"}
    with pytest.raises(Conflict, match="not rolled out"):
        await node.desk.roll_out("anna", "small", 2, 0)
    await node.desk.roll_out("anna", "small", 2, 20)
    assert await states(node) == {2: "rollout", 1: "live"}
    with pytest.raises(Conflict, match="live already"):
        await node.desk.roll_out("anna", "small", 1, 20)


async def test_flows_that_belong_together_reach_the_same_callers(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"other": text(1, "other")})
    await node.desk.publish_texts("anna", "", {"small": TWO, "other": text(2, "other")}, percent=40)
    assert share(node, TWO) == share(node, text(2, "other"), "other")
    await node.desk.roll_out("anna", "other", 2, 60)
    assert share(node, TWO) == share(node, text(2, "other"), "other")
    await node.desk.roll_out("anna", "small", 2, 100)
    assert node.has(TWO)
    assert node.has(text(2, "other"), "other")


@pytest.mark.parametrize("percent", [0, -1, 101, float("nan")])
async def test_a_percentage_has_limits(town: Town, percent: float) -> None:
    node = await town.node()
    with pytest.raises(Conflict, match="percent"):
        await node.desk.publish_texts("anna", "", {"small": TWO}, percent=percent)
    with pytest.raises(Conflict):
        await node.desk.publish_texts("anna", "", {"fresh": text(1, "fresh")}, percent=50)


# --- going back


async def test_going_back_again_goes_further_back(town: Town) -> None:
    node = await town.node()
    for wanted in (TWO, THREE):
        await node.desk.publish_texts("anna", "", {"small": wanted})
    for wanted in (TWO, ONE):
        back = await node.desk.roll_back("bob", "small")
        assert node.has(wanted)
        assert node.file() == wanted
        assert back["action"] == "roll_back"
    with pytest.raises(Conflict, match="no version before"):
        await node.desk.roll_back("bob", "small")
    await node.desk.roll_back("bob", "small", 3, "it was right after all")
    assert node.has(THREE)
    with pytest.raises(Conflict, match="live already"):
        await node.desk.roll_back("bob", "small", 3)
    with pytest.raises(NotFound):
        await node.desk.roll_back("bob", "small", 99)
    with pytest.raises(NotFound):
        await node.desk.roll_back("bob", "nowhere")


# --- times


async def test_a_version_begins_at_midnight_where_the_flow_is(town: Town) -> None:
    one, two = await town.node("one"), await town.node("two")
    there = "time_zone: Asia/Shanghai\n"
    holiday = TWO.replace("states:", there + "states:", 1)
    [made] = await one.desk.publish_texts("anna", "new year", {"small": holiday}, at="2027-01-01 00:00")
    midnight = datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    assert (made["state"], made["from"]) == ("scheduled", midnight)
    await two.publisher.step()
    town.clock.now = midnight - 0.5
    await two.publisher.step()
    assert two.has(ONE)
    town.clock.now = midnight
    await asyncio.gather(one.publisher.step(), two.publisher.step())
    await asyncio.gather(one.publisher.step(), two.publisher.step())
    assert one.has(holiday)
    assert two.has(holiday)
    assert one.file() == two.file() == holiday
    assert await states(one) == {2: "live", 1: "old"}


async def test_a_version_that_has_its_time_goes_back_by_itself(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"small": TWO}, until=NOON + 3600)
    assert node.has(TWO)
    town.clock.now += 3600
    await node.publisher.step()
    assert node.has(ONE)
    assert node.file() == ONE
    [latest, *_] = (await node.desk.versions("small"))["versions"]
    assert (latest["author"], latest["action"]) == ("schedule", "back")


async def test_from_and_until_over_a_node_that_was_down(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"small": TWO}, at=NOON + 100, until=NOON + 200)
    town.clock.now += 150
    again = await town.node("one", None)
    assert again.has(TWO)
    town.clock.now += 100
    late = await town.node("one", None)
    assert late.has(ONE)
    await late.desk.publish_texts("anna", "", {"small": THREE}, at=town.clock.now + 10, until=town.clock.now + 20)
    town.clock.now += 30
    await late.publisher.step()
    assert late.has(ONE)
    [latest, *_] = (await late.desk.versions("small"))["versions"]
    assert latest["state"] == "refused"
    assert "over before" in latest["reason"]


async def test_a_publish_in_between_is_not_taken_back(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"small": TWO}, until=NOON + 100)
    await node.desk.publish_texts("bob", "", {"small": THREE})
    town.clock.now += 100
    await node.publisher.step()
    assert node.has(THREE)


async def test_what_is_to_come_can_be_cancelled(town: Town) -> None:
    node = await town.node()
    texts = {"small": TWO, "fresh": text(1, "fresh")}
    await node.desk.publish_texts("anna", "", texts, at=NOON + 100)
    await node.desk.cancel("bob", "fresh", 1)
    town.clock.now += 100
    await node.publisher.step()
    assert node.has(ONE)
    assert await states(node) == {2: "cancelled", 1: "live"}
    await node.desk.publish_texts("anna", "", {"small": TWO}, until=NOON + 300)
    await node.desk.cancel("bob", "small", 3)
    town.clock.now += 300
    await node.publisher.step()
    assert node.has(TWO)
    with pytest.raises(Conflict, match="neither begins nor ends"):
        await node.desk.cancel("bob", "small", 3)


async def test_a_scheduled_version_that_became_wrong_is_refused_aloud(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"small": TWO}, at=NOON + 100)
    right = node.publisher.reader.check

    async def wrong(texts: Any) -> Any:
        flows, _ = await right(texts)
        return flows, (await right(dict.fromkeys(texts, WRONG)))[1]

    node.publisher._clockwork._check = wrong
    town.clock.now += 100
    await node.publisher.step()
    assert node.has(ONE)
    assert await states(node) == {2: "refused", 1: "live"}
    assert "do not begin as scheduled" in caplog.text


@pytest.mark.parametrize(
    ("at", "until", "error"),
    [
        ("soon", None, "no time"),
        (NOON - 1, None, "to come"),
        (NOON + 1e12, None, "ten years"),
        (float("nan"), None, "to come"),
        (NOON + 100, NOON + 50, "after the beginning"),
        (None, "9999-12-31", "ten years"),
    ],
)
async def test_times_that_make_no_sense_are_refused(town: Town, at: Any, until: Any, error: str) -> None:
    node = await town.node()
    with pytest.raises(Conflict, match=error):
        await node.desk.publish_texts("anna", "", {"small": TWO}, at=at, until=until)
    with pytest.raises(Conflict, match="by hand"):
        await node.desk.publish_texts("anna", "", {"small": TWO}, percent=5, until=NOON + 5)


# --- the end of a flow


async def test_a_flow_without_a_file_can_be_retired(town: Town) -> None:
    node = await town.node(writes=False)
    await node.desk.publish_texts("anna", "", {"fresh": text(1, "fresh")})
    with pytest.raises(Conflict, match="remove the file first"):
        await node.desk.retire("anna", "small")
    await node.desk.retire("anna", "fresh")
    assert node.live("fresh") == ""
    assert [flow["name"] for flow in await node.desk.flows() if flow["live"]] == ["small"]
    await node.desk.roll_back("anna", "fresh", 1)
    assert node.has(text(1, "fresh"), "fresh")


# --- reading


async def test_two_sides_are_compared(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"small": TWO})
    found = await node.desk.diff("small", "1", "live")
    assert (found["added"], found["removed"]) == (1, 1)
    assert found["unified"].startswith("--- small 1\n+++ small live\n@@ ")
    assert {"kind": "same", "old": 1, "new": 1, "text": "flow: small"} in found["lines"]
    assert (await node.desk.diff("small", "live", "file"))["unified"] == ""
    for side in ("99", "x", "-1", "²", "1" * 30):
        with pytest.raises(NotFound):
            await node.desk.text("small", side)
    for unknown in (node.desk.text("none"), node.desk.draft("none"), node.desk.versions("none"), node.desk.version("small", 9)):
        with pytest.raises(NotFound):
            await unknown


async def test_a_thousand_versions_are_listed_at_once(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    node = await town.node()
    [row] = await node.ledger.versions("small")
    kept = {**asdict(row), "note": "a note of some length" * 4, "from_at": None, "until_at": None}
    rows = [
        {name: value for name, value in {**kept, "number": n}.items() if name not in ("start", "until")} for n in range(2, 1002)
    ]
    async with town.engine.begin() as connection:
        await connection.execute(insert(tables.versions), rows)
    begin = time.perf_counter()
    page = await node.desk.versions("small", limit=500)
    rest = await node.desk.versions("small", page["versions"][-1]["number"], 500)
    took = time.perf_counter() - begin
    with capsys.disabled():
        print(f"\n1,001 versions, in two answers: {took * 1000:.0f} ms")
    assert [one["number"] for one in page["versions"]] == list(range(1001, 501, -1))
    assert len(rest["versions"]) == 500
    assert took < 1.0
