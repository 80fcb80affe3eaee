from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import Any

import pytest

from ivr.call import Call, Caller
from ivr.profile.answer import NotThere, SourceFailed
from ivr.profile.joined import JoinedProfiles, Read, Wanted
from ivr.profile.lookups import Sources
from tests.unit.ivr.profile.fakes import FakeBackend, source

CALL = Call("c-1", Caller("+8613800138000"), "10086", 0.0, correlation="abc@phone")
CRM = {"name": "王芳", "district": "朝阳", "level": "gold", "blocked": False}
MAPPED = Read("crm", fields={"name": ("name",), "area": ("district",), "tier": ("level",), "blocked": ("blocked",)})
OUTAGES = Read("outages", "profile", {"area": ("profile", "area")}, {"outages": ("items",)})


def house(**scripts: Any) -> tuple[Sources, dict[str, FakeBackend]]:
    """Sources by name, each with what it says."""
    made = {name: source(script, name=name) for name, script in scripts.items()}
    return Sources({name: one for name, (one, _) in made.items()}), {name: backend for name, (_, backend) in made.items()}


async def test_sources_are_joined_and_a_read_takes_what_another_gave() -> None:
    outage = {"items": [{"area": "朝阳", "text": "抢修中"}]}
    sources, asked = house(crm=CRM, outages=outage, records={"contacts": [{"at": 1, "topic": "bill"}], "calls": 4})
    profile = await JoinedProfiles(sources, [MAPPED, OUTAGES, Read("records")]).find_for(CALL)
    assert profile == {
        "name": "王芳",
        "area": "朝阳",
        "tier": "gold",
        "blocked": False,
        "outages": [{"area": "朝阳", "text": "抢修中"}],
        "contacts": [{"at": 1, "topic": "bill"}],
        "history": ["bill"],
        "calls": 4,
        "known": True,
    }
    plain = {"key": "+8613800138000", "number": "8613800138000", "called": "10086"}
    assert asked["crm"].asked == [("profile", plain)]
    assert asked["outages"].asked == [("profile", {**plain, "area": "朝阳"})]


async def test_sources_are_read_at_the_same_time() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    sources, asked = house(crm=first, records=second)
    reading = asyncio.create_task(JoinedProfiles(sources, [Read("crm"), Read("records")], within=5).find_for(CALL))
    for _ in range(4):
        await asyncio.sleep(0)
    assert len(asked["crm"].asked) == len(asked["records"].asked) == 1
    first.set()
    second.set()
    assert (await reading)["late"] is True


async def test_what_did_not_come_is_left_out_and_said_without_names(caplog: pytest.LogCaptureFixture) -> None:
    sources, _ = house(crm=asyncio.Event(), records={"calls": 4}, bills=SourceFailed("status 500"), offers=NotThere("no"))
    profiles = JoinedProfiles(sources, [Read("crm"), Read("records"), Read("bills"), Read("offers")], within=0.05)
    began = time.monotonic()
    with caplog.at_level(logging.INFO):
        profile = await profiles.find_for(CALL)
    assert time.monotonic() - began < 0.1
    assert profile == {"calls": 4, "known": True, "missing": ["bills", "crm"]}
    (line,) = [record.getMessage() for record in caplog.records if record.name == "ivr.profile.joined"]
    assert re.fullmatch(
        r"abc@phone profile: without crm \(timeout: no answer within \d+ ms\), bills \(error: status 500\)", line
    )
    assert "138" not in caplog.text


async def test_a_read_that_needs_what_is_not_known_is_not_sent() -> None:
    sources, asked = house(crm={"name": "x"}, outages={"items": []})
    profile = await JoinedProfiles(sources, [MAPPED, OUTAGES]).find_for(CALL)
    assert profile == {"name": "x", "known": True} and asked["outages"].asked == []


async def test_a_needed_read_that_is_late_costs_the_budget_once() -> None:
    sources, asked = house(crm=asyncio.Event(), outages={"items": []})
    began = time.monotonic()
    profile = await JoinedProfiles(sources, [MAPPED, OUTAGES], within=0.05).find_for(CALL)
    assert time.monotonic() - began < 0.1
    assert profile == {"known": False, "missing": ["crm"]} and asked["outages"].asked == []


@pytest.mark.parametrize("number", ["", "anonymous"])
async def test_nobody_is_anonymous_and_costs_nothing(number: str) -> None:
    sources, asked = house(crm=CRM, outages={"items": []})
    profiles = JoinedProfiles(sources, [MAPPED, OUTAGES], otherwise={"tier": "none"})
    assert await profiles.find(Caller(number)) == {"tier": "none", "known": False}
    assert asked["crm"].asked == []


async def test_a_caller_stands_by_the_first_identity_that_is_there() -> None:
    sources, asked = house(crm=CRM)
    profiles = JoinedProfiles(sources, [Read("crm")], by=["caller.user", "call.asserted", "caller.number"])
    for caller, asserted in ((Caller("1001", authenticated=True), ""), (Caller("x"), "+4930"), (Caller("7"), "")):
        await profiles.find_for(Call("c", caller, "", 0.0, asserted=asserted))
    assert [arguments["number"] for _, arguments in asked["crm"].asked] == ["1001", "4930", "7"]


async def test_a_flow_says_who_is_asked_by_what_and_how_long() -> None:
    sources, asked = house(crm=CRM, records={"calls": 1}, vip=asyncio.Event())
    profiles = JoinedProfiles(sources, [MAPPED, Read("records")])
    wanted = Wanted(("crm", "vip"), "call.called", 0.02, {"tier": "none", "colour": "red"})
    profile = await profiles.find_for(CALL, wanted)
    assert (profile["tier"], profile["colour"], profile["missing"]) == ("gold", "red", ["vip"])
    assert asked["records"].asked == [] and asked["crm"].asked[0][1]["key"] == "10086"
    assert await profiles.find_for(CALL, Wanted(lookup=())) == {"known": False}


async def test_a_blocklist_and_an_outage_do_not_make_a_caller_known() -> None:
    sources, _ = house(blocked={"listed": True}, outages={"items": [{"text": "everywhere"}]})
    reads = [Read("blocked", fields={"blocked": ("listed",)}), Read("outages", fields={"outages": ("items",)})]
    profile = await JoinedProfiles(sources, reads).find_for(CALL)
    assert profile == {"blocked": True, "outages": [{"text": "everywhere"}], "known": False}


async def test_a_block_of_any_source_holds() -> None:
    sources, _ = house(crm=CRM, blocked={"listed": True})
    profile = await JoinedProfiles(sources, [MAPPED, Read("blocked", fields={"blocked": ("listed",)})]).find_for(CALL)
    assert profile["blocked"] is True and profile["known"] is True


async def test_a_source_that_is_not_there_is_missing() -> None:
    profile = await JoinedProfiles(Sources(), [Read("crm")]).find_for(CALL)
    assert profile == {"known": False, "missing": ["crm"]}
