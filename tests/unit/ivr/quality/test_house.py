"""The life of a review, and everybody's rights in it, over real tables."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotAllowed, NotFound
from ivr.quality.house import QualityHouse
from ivr.quality.rights import Person
from ivr.quality.rounds import Rounds
from tests.unit.ivr.quality.conftest import ANNA, BOSS, LEO, T0, WEI, Clock, Shelf, Told, call

DAY = 86400.0


async def published(house: QualityHouse, contact: str = "c1", **answers: Any) -> dict[str, Any]:
    """A review by Wei, with what rules leave open answered."""
    review_id, _ = await house.begin(WEI, contact)
    given = {"right": {"value": "good"}, "recorded": {"value": "na"}} | {name: {"value": one} for name, one in answers.items()}
    await house.save(WEI, review_id, 1, given, "gut gemacht")
    return await house.publish(WEI, review_id, 2)


async def test_a_draft_is_prefilled_kept_and_published(house: QualityHouse, engine: AsyncEngine, told: Told) -> None:
    await call(engine)
    review_id, new = await house.begin(WEI, "c1")
    assert (review_id, new) == (review_id, True)
    assert await house.begin(WEI, "c1") == (review_id, False), "one a person and contact"
    draft = await house.review(WEI, review_id)
    assert draft["state"] == "draft"
    assert draft["answers"]["greeting"]["automatic"]
    assert draft["score"]["open"] == ["right"]
    assert draft["score"]["score"] == 0, "the line was not said, and that is fatal"
    assert draft["score"]["raw"] == pytest.approx(75.0)
    assert draft["contact"]["caller_name"] == "李强"
    with pytest.raises(Conflict, match="open: right"):
        await house.publish(WEI, review_id, 1)
    kept = await house.save(WEI, review_id, 1, {"right": {"value": "good", "at": 12.5}, "recorded": {"value": "yes"}}, None)
    assert (kept["rev"], kept["score"]["score"]) == (2, 97.2)
    assert kept["answers"]["recorded"] == {"value": "yes", "comment": "", "at": None, "automatic": False, "why": {}}
    assert kept["answers"]["greeting"]["automatic"], "what nobody touched is still the rule's"
    with pytest.raises(Conflict, match="changed elsewhere"):
        await house.save(WEI, review_id, 1, {}, "from an older tab")
    done = await house.publish(WEI, review_id, 2)
    assert (done["state"], [one["what"] for one in done["history"]]) == ("published", ["created", "published"])
    assert told.news == [("anna", {"unseen": 1, "coaching": 0})]


async def test_a_comment_leaves_an_answer_the_rules_own_and_null_takes_one_away(
    house: QualityHouse, engine: AsyncEngine
) -> None:
    await call(engine)
    review_id, _ = await house.begin(WEI, "c1")
    kept = await house.save(WEI, review_id, 1, {"greeting": {"comment": "freundlich"}, "silence": None}, None)
    assert (kept["answers"]["greeting"]["automatic"], kept["answers"]["greeting"]["comment"]) == (True, "freundlich")
    assert kept["answers"]["silence"]["value"] is None
    for wrong in ({"greeting": {"value": "maybe"}}, {"silence": {"value": 6}}, {"greeting": {"value": "na"}}, {"other": None}):
        with pytest.raises(Conflict):
            await house.save(WEI, review_id, 2, wrong, None)


async def test_who_sees_and_does_what(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine)
    review_id, _ = await house.begin(WEI, "c1")
    for person in (ANNA, Person("leo", frozenset({"agent"}))):
        with pytest.raises(NotAllowed):
            await house.review(person, review_id)
    with pytest.raises(NotAllowed):
        await house.save(BOSS, review_id, 1, {}, "not mine")
    await house.save(WEI, review_id, 1, {"right": {"value": "good"}}, None)
    done = await house.publish(WEI, review_id, 2)
    assert not any(done["may"].values())
    mine = await house.review(ANNA, review_id)
    assert {name for name, may in mine["may"].items() if may} == {"acknowledge", "appeal"}
    assert mine["evaluator_name"] == "魏"
    with pytest.raises(NotAllowed):
        await house.review(Person("leo", frozenset({"agent"})), review_id)
    with pytest.raises(Conflict, match="only its evaluator"):
        await house.save(WEI, review_id, 3, {}, "too late")


async def test_nobody_reviews_his_own_contact(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine, agent="leo")
    with pytest.raises(NotAllowed, match="your own"):
        await house.begin(LEO, "c1")
    done = await published(house)
    shown, _ = await house.page(LEO, {}, None, 10)
    assert [one["id"] for one in shown] == [done["id"]], "and sees the review of it as any agent"
    await house.appeal(LEO, done["id"], {"silence": "I was looking it up"}, "")
    with pytest.raises(NotAllowed):
        await house.decide(LEO, done["id"], {"silence": {"granted": True, "value": 5, "reason": "yes"}}, "")


async def test_what_cannot_be_reviewed(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine, "c2", agent=None)
    with pytest.raises(NotFound):
        await house.begin(WEI, "nothing")
    with pytest.raises(Conflict, match="nobody to review"):
        await house.begin(WEI, "c2")
    await call(engine, "c3")
    with pytest.raises(NotFound, match="scorecard"):
        await house.begin(WEI, "c3", "other")


async def test_an_appeal_is_decided_by_somebody_else_and_all_is_kept(
    house: QualityHouse, engine: AsyncEngine, told: Told, clock: Clock
) -> None:
    await call(engine)
    done = await published(house, right="poor")
    before = done["score"]["score"]
    await house.acknowledge(ANNA, done["id"])
    assert told.news[-1] == ("anna", {"unseen": 0, "coaching": 0})
    with pytest.raises(Conflict, match="no question"):
        await house.appeal(ANNA, done["id"], {"nothing": "x"}, "")
    clock.now += 6 * DAY
    asked = await house.appeal(ANNA, done["id"], {"right": "the bill was right", "silence": "I looked it up"}, "please")
    assert (asked["state"], asked["appeal_body"]["state"], asked["appeal_body"]["score_before"]) == ("appealed", "open", before)
    with pytest.raises(Conflict):
        await house.appeal(ANNA, done["id"], {"right": "again"}, "")
    right, silence = (
        {"granted": True, "value": "good", "reason": "so it was"},
        {"granted": False, "value": None, "reason": "no"},
    )
    with pytest.raises(NotAllowed):
        await house.decide(WEI, done["id"], {"right": right, "silence": silence}, "")
    with pytest.raises(Conflict, match="each question"):
        await house.decide(BOSS, done["id"], {"right": right}, "")
    [[listed], following] = await house.appealed(BOSS, "open", None, None, 10)
    assert (listed["appeal"]["agent_name"], listed["review"]["id"], following) == ("Anna", done["id"], None)
    settled = await house.decide(BOSS, done["id"], {"right": right, "silence": silence}, "sorry")
    assert (settled["state"], settled["answers"]["right"]["value"], settled["answers"]["silence"]["value"]) == (
        "settled",
        "good",
        4,
    )
    assert settled["appeal_body"]["decisions"]["right"] == {**right, "before": "poor"}
    assert (settled["appeal_body"]["score_after"], settled["score"]["score"]) == (settled["score"]["score"], 96.9)
    assert [one["what"] for one in settled["history"]] == ["created", "published", "acknowledged", "appealed", "decided"]
    assert told.news[-1] == ("anna", {"unseen": 1, "coaching": 0}), "the decision is news"
    with pytest.raises(Conflict):
        await house.decide(BOSS, done["id"], {"right": right, "silence": silence}, "")


async def test_an_appeal_has_its_time(house: QualityHouse, engine: AsyncEngine, clock: Clock) -> None:
    await call(engine)
    done = await published(house)
    assert done["appeal_until"] == clock.now + 7 * DAY
    clock.now += 7 * DAY + 1
    assert not (await house.review(ANNA, done["id"]))["may"]["appeal"]
    house.appeal_days = 0.0
    assert (await house.review(ANNA, done["id"]))["appeal_until"] is None
    house.appeal_days = 7.0
    with pytest.raises(Conflict, match="over"):
        await house.appeal(ANNA, done["id"], {"right": "late"}, "")


async def test_a_card_that_changed_leaves_old_reviews_readable(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine)
    review_id, _ = await house.begin(WEI, "c1")
    house.shelf = Shelf({})  # the file is gone
    house._bodies.clear()
    kept = await house.save(WEI, review_id, 1, {"right": {"value": "poor"}}, None)
    assert kept["score"]["open"] == []
    assert (await house.review(WEI, review_id))["card_body"]["title"] == {"zh": "热线", "en": "Hotline"}


async def test_a_dropped_draft_frees_the_contact(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine)
    review_id, _ = await house.begin(WEI, "c1")
    with pytest.raises(NotAllowed):
        await house.drop(BOSS, review_id)
    await house.drop(WEI, review_id)
    with pytest.raises(NotFound):
        await house.review(WEI, review_id)
    assert await house.begin(WEI, "c1") != (review_id, False)


async def test_a_calibration_is_blind_until_it_is_closed(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine)
    rounds = Rounds(house)
    for wrong in (["wei"], ["wei", "anna"], ["wei", "nobody"]):
        with pytest.raises(Conflict):
            await rounds.begin(BOSS, "c1", "", "", wrong, "")
    made = await rounds.begin(BOSS, "c1", "", "", ["wei", "boss", "leo"], "boss")
    first = await rounds.join(WEI, made)
    assert first["score"]["open"] == list(first["answers"]), "no rule speaks before the people"
    with pytest.raises(NotAllowed):
        await house.review(BOSS, first["id"])
    values = {"greeting": "yes", "recorded": "yes", "silence": 4, "hold": "na", "right": "good", "mood": "fine"}
    for person, other in ((WEI, {}), (BOSS, {"right": "poor", "silence": 2})):
        draft = await rounds.join(person, made)
        given = {name: {"value": one} for name, one in {**values, **other}.items()}
        await house.save(person, draft["id"], 1, given, None)
        if person is WEI:
            await house.publish(WEI, draft["id"], 2)
            with pytest.raises(Conflict, match="fewer than two"):
                await rounds.close(BOSS, made)
    shown = await rounds.one(BOSS, made)
    assert [(one["id"], one["state"], one["review_id"] is not None) for one in shown["evaluators"]] == [
        ("wei", "handed_in", False),
        ("boss", "draft", True),
        ("leo", "invited", False),
    ]
    assert shown["result"] is None
    await house.publish(BOSS, shown["mine"], 2)
    with pytest.raises(NotAllowed):
        await rounds.close(WEI, made)
    closed = await rounds.close(BOSS, made)
    result = closed["result"]
    assert result["questions"][0]["name"] == "right"
    assert result["questions"][0]["off"] == {"wei": 1.0, "boss": 0.0}
    assert result["questions"][0]["agreement"] == 0.0
    assert result["spread"] == pytest.approx(abs(result["scores"]["wei"] - result["scores"]["boss"]))
    assert all(one["review_id"] for one in closed["evaluators"][:2])
    assert (await house.review(BOSS, first["id"]))["answers"]["right"]["value"] == "good", "now everybody sees"
    assert await house.counts("anna") == {"unseen": 0, "coaching": 0}, "and it is none of the agent's business"
    with pytest.raises(NotAllowed):
        await house.review(ANNA, first["id"])
    with pytest.raises(Conflict, match="closed"):
        await rounds.join(LEO, made)


async def test_a_calibration_that_is_closed_leaves_nothing_of_its_drafts(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine)
    rounds = Rounds(house)
    made = await rounds.begin(BOSS, "c1", "", "", ["wei", "boss", "leo"], "")
    values = {"greeting": "yes", "recorded": "yes", "silence": 4, "hold": "na", "right": "good", "mood": "fine"}
    for person in (WEI, BOSS):
        draft = await rounds.join(person, made)
        await house.save(person, draft["id"], 1, {name: {"value": one} for name, one in values.items()}, None)
        await house.publish(person, draft["id"], 2)
    left = await rounds.join(LEO, made)
    await rounds.close(BOSS, made)
    assert await house.reviews.changes(left["id"]) == []
    assert len(await house.reviews.in_calibration("c1", made)) == 2


async def test_calibrations_of_his_own_contacts_are_not_shown_to_anybody(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine, agent="leo")
    rounds = Rounds(house)
    with pytest.raises(NotAllowed, match="your own"):
        await rounds.begin(LEO, "c1", "", "", ["wei", "boss"], "")
    made = await rounds.begin(BOSS, "c1", "", "", ["wei", "boss"], "")
    assert (await rounds.listed(LEO, None), len(await rounds.listed(WEI, None))) == ([], 1)
    with pytest.raises(NotAllowed, match="your own"):
        await rounds.one(LEO, made)


async def test_coaching_goes_to_the_agent_and_stays_once_it_is_read(
    house: QualityHouse, engine: AsyncEngine, told: Told
) -> None:
    await call(engine)
    rounds = Rounds(house)
    for agent, contact, review in (("wei", "", ""), ("leo", "c1", ""), ("anna", "", "r9"), ("nobody", "", "")):
        with pytest.raises((Conflict, NotFound)):
            await rounds.add(BOSS, agent, contact, review, None, "text")
    note = await rounds.add(WEI, "anna", "c1", "", 42.5, "Let him finish")
    assert told.news == [("anna", {"unseen": 0, "coaching": 1})]
    assert await house.shown_to("anna", "c1"), "she may listen to what the note is about"
    assert not await house.shown_to("leo", "c1")
    own = await rounds.notes(ANNA, "leo", None, None, 10, unread=True)
    assert [(one["id"], one["at"], one["by_name"]) for one in own] == [(note["id"], 42.5, "魏")]
    with pytest.raises(NotAllowed):
        await rounds.acknowledge(BOSS, note["id"], "")
    assert (await rounds.acknowledge(ANNA, note["id"], "I will"))["answer"] == "I will"
    with pytest.raises(Conflict):
        await rounds.remove(WEI, note["id"])
    again = await rounds.add(WEI, "anna", "", "", None, "Well done")
    await rounds.remove(WEI, again["id"])
    assert await house.counts("anna") == {"unseen": 0, "coaching": 0}


async def test_a_fatal_question_counts_where_all_else_failed_too(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine)
    worst: dict[str, Any] = {"greeting": "no", "recorded": "no", "silence": 1, "right": "poor", "mood": "bad"}
    done = await published(house, **worst)
    assert (done["score"]["raw"], done["score"]["fatal"]) == (0, ["recorded"])
    (found,) = await house.trends.agents(T0, T0 + DAY, None)
    assert (found["score"], found["fatal"]) == (0.0, 1)


async def test_pages_and_filters_of_reviews(house: QualityHouse, engine: AsyncEngine, clock: Clock) -> None:
    for number, agent in enumerate(("anna", "anna", "leo")):
        await call(engine, f"c{number}", agent=agent)
        clock.now += 1
        await published(house, f"c{number}", right="poor" if number else "good")
    first, following = await house.page(WEI, {}, None, 2)
    assert [one["contact_id"] for one in first] == ["c2", "c1"]
    rest, end = await house.page(WEI, {}, following, 2)
    assert ([one["contact_id"] for one in rest], end) == (["c0"], None)
    for wanted, names in (
        ({"agent": "anna"}, ["c1", "c0"]),
        ({"evaluator": "people", "most": 60.0}, ["c2", "c1"]),
        ({"evaluator": "automatic"}, []),
        ({"state": "draft"}, []),
        ({"from": T0 + 1000}, []),
    ):
        found, _ = await house.page(WEI, wanted, None, 10)
        assert [one["contact_id"] for one in found] == names, wanted
    mine, _ = await house.page(ANNA, {"agent": "leo"}, None, 10)
    assert {one["agent_id"] for one in mine} == {"anna"}


async def test_contacts_to_browse(house: QualityHouse, engine: AsyncEngine) -> None:
    await call(engine, "c1", started_at=T0)
    await call(engine, "c2", started_at=T0 + 10, agent="leo", caller_name="100% 张", handover={"mood": "angry"})
    await call(engine, "c3", started_at=T0 + 20, agent=None)
    await published(house, "c1")
    everything = await house.browse(WEI, {}, None, 10)
    assert [(one["contact"]["id"], one["reviews"], one["automatic"]) for one in everything] == [
        ("c2", 0, None),
        ("c1", 1, None),
    ]
    for wanted, names in (
        ({"q": "100%"}, ["c2"]),
        ({"q": "%"}, ["c2"]),
        ({"q": "8613800"}, ["c2", "c1"]),
        ({"mood": "angry"}, ["c2"]),
        ({"reviewed": True}, ["c1"]),
        ({"reviewed": False}, ["c2"]),
        ({"agent": "anna"}, ["c1"]),
    ):
        assert [one["contact"]["id"] for one in await house.browse(WEI, wanted, None, 10)] == names, wanted
    assert [one["contact"]["id"] for one in await house.browse(WEI, {}, "c2", 10)] == ["c1"]
    assert [one["contact"]["id"] for one in await house.browse(LEO, {}, None, 10)] == ["c1"], "not one's own"
    whole = await house.contact(BOSS, "c1")
    assert (whole["card"], len(whole["reviews"]), whole["work"]) == ("hotline", 1, None)
