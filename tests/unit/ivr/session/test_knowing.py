"""What a caller's data costs the call: its budget, whatever the customer system does. Real HTTP to a bad server."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from ivr.call import Call, Caller
from ivr.dialplan.events import Note
from ivr.dialplan.loader import FlowStore, load
from ivr.session.knowing import identified, known, noted
from ivr.settings import Settings
from ivr.settings_sources import OperationOptions, ProfileOptions, ReadOptions, SourceOptions
from ivr.wiring_sources import source_parts
from tests.unit.ivr.profile.crm import DEAD, Crm
from tests.unit.ivr.session.house import FLOW, House

BUDGET, SLACK = 0.3, 0.05
OPERATION = OperationOptions(path="/customers/{number}", root="data", map={"name": "name", "tier": "level"})


async def joined(house: House, url: str, stack: AsyncExitStack, within: float = BUDGET) -> None:
    """Let the house ask a customer system for its callers."""
    crm = SourceOptions("http", url=url, timeout=0.5, operations={"profile": OPERATION})
    profiles = ProfileOptions((ReadOptions("crm"),), within=within)
    parts = await source_parts(Settings(sources={"crm": crm}, profiles=profiles), stack, None)
    house.switchboard = house.with_services(sources=parts.sources, profiles=parts.profiles)


async def greeting_after(house: House) -> tuple[float, dict[str, Any]]:
    """Seconds from the call to its first words, and the profile that was written down."""
    began = time.monotonic()
    leg, contact = house.call()
    while not (leg.playing and leg.playing[0].name == "hello"):  # noqa: ASYNC110  # time is what is measured
        await asyncio.sleep(0.001)
    took = time.monotonic() - began
    leg.vanish()
    await house.over()
    return took, (await house.row(contact))["profile"]


@pytest.mark.parametrize("mode", DEAD)
async def test_a_dead_customer_system_costs_the_budget_and_nothing_else(house: House, mode: str) -> None:
    took = 1.0
    for _ in range(3):  # a machine that is busy with other work may come late once
        async with Crm(mode) as crm, AsyncExitStack() as stack:
            await joined(house, crm.url, stack)
            took, profile = await greeting_after(house)
        assert profile == {"known": False, "missing": ["crm"]}
        if took < BUDGET + SLACK:
            break
    assert took < BUDGET + SLACK


async def test_a_customer_system_that_answers_in_time_is_heard(house: House) -> None:
    async with Crm(delay=0.05) as crm, AsyncExitStack() as stack:
        await joined(house, crm.url, stack, within=5.0)
        took, profile = await greeting_after(house)
        assert took > 0.05
        assert profile == {"name": "王芳", "tier": "gold", "known": True}


async def test_a_flow_shortens_the_wait_or_wants_no_data_at_all(house: House) -> None:
    async with Crm("hang") as crm, AsyncExitStack() as stack:
        await joined(house, crm.url, stack, within=5.0)
        flow = FLOW.replace(
            "languages: [en]", "languages: [en]\nprofile: { lookup: crm, within: 50ms, otherwise: { tier: none } }"
        )
        house.services.flows.publish(load(flow))
        took, profile = await greeting_after(house)
        assert 0.05 < took < 1.0
        assert profile == {"tier": "none", "known": False, "missing": ["crm"]}
        house.services.flows.publish(load(FLOW.replace("languages: [en]", "languages: [en]\nprofile: anonymous")))
        assert (await greeting_after(house))[1] == {"known": False}
        assert len(crm.requests) == 1


def flow_of(text: str) -> Any:
    store = FlowStore([])
    store.publish(load(text))
    return store.flows["small"]


CALL = Call("c", Caller("1001"), "10086", 0.0)


async def test_what_is_likely_is_said_in_the_words_of_the_flow(house: House) -> None:
    services = replace(house.services, profiles=_Fixed({"history": ["roaming", "bill"], "name": "Ann"}))
    call = await known(CALL, services, flow_of(FLOW))
    assert call.caller.name == "Ann"
    assert call.profile["likely"]["intent"] == "bill" and call.profile["likely"]["label"] == "Bill"
    assert call.profile["likely"]["why"] == ["history"] and 0 < call.profile["likely"]["confidence"] < 1


async def test_a_source_may_know_better_what_is_likely(house: House) -> None:
    told = {"intent": "human", "label": "x", "confidence": 0.9, "why": ["model"]}
    services = replace(house.services, profiles=_Fixed({"history": ["bill"], "likely": told}))
    assert (await known(CALL, services, flow_of(FLOW))).profile["likely"] == told


def test_who_types_another_account_is_somebody_else() -> None:
    before = replace(
        CALL, profile={"name": "Ann", "tier": "gold", "blocked": True}, caller=Caller("1001", "Ann"), language="en"
    )
    call = identified(before, {"name": "Bob", "language": "zh", "history": [{"topic": "bill", "at": 5}]}, flow_of(FLOW), 10.0)
    assert call.caller.name == "Bob" and call.language == "en"
    assert {name: value for name, value in call.profile.items() if name != "likely"} == {
        "name": "Bob",
        "language": "zh",
        "history": ["bill"],
        "contacts": [{"topic": "bill", "at": 5}],
        "blocked": True,
        "known": True,
    }
    assert call.profile["likely"]["intent"] == "bill"


async def test_a_typed_account_changes_flow_record_and_screen(house: House) -> None:
    lookup = "lookup: { source: crm, get: profile, with: { number: '{slots.account}' }, into: profile }"
    found = "on: { found: { say: { en: 'Hello {profile.name}.' }, to: told }, not_found: bye }"
    text = FLOW.replace("on: { done: told }\n  told:", f"on: {{ done: who }}\n  who:\n    {lookup}\n    {found}\n  told:", 1)
    async with Crm() as crm, AsyncExitStack() as stack:
        await joined(house, crm.url, stack, within=5.0)
        house.services.flows.publish(load(text.replace("languages: [en]", "languages: [en]\nprofile: anonymous")))
        leg, contact = house.call()
        await house.chooses(leg, "1")
        await house.says(leg, "number")
        session = house.switchboard.find(contact)
        assert session is not None and session.call.profile == {"known": False}
        for key in "8861":
            leg.press(key)
        await house.until(lambda: session.call.profile.get("name"))
        assert session.call.profile == {"name": "王芳", "tier": "gold", "known": True} and session.call.caller.name == "王芳"
        leg.vanish()
        await house.over()
    row = await house.row(contact)
    assert (row["caller_name"], row["profile"]["tier"]) == ("王芳", "gold")
    assert [target for _, target, _, _ in crm.requests] == ["/customers/8861"]


class _Fixed:
    def __init__(self, profile: dict[str, Any]) -> None:
        self.profile = profile

    async def find(self, caller: Caller) -> dict[str, Any]:
        return self.profile


def test_mood_and_reasons_are_handed_to_the_agent() -> None:
    call, fields = noted(Call("c-1", Caller("1"), "2", 0.0), Note(why=("fault: open: T-1",)))
    call, fields = noted(call, Note(mood="angry", why=("fault: open: T-1", "offered bill (0.80)")))
    assert call.handover == fields["handover"] == {"mood": "angry", "why": ["fault: open: T-1", "offered bill (0.80)"]}
    call, fields = noted(call, Note(why=tuple(f"reason {number}" for number in range(30))))
    assert len(call.handover["why"]) == 20
    assert call.handover["mood"] == "angry"
    assert noted(call, Note())[1] == {}


def test_who_asks_for_a_person_still_calls_about_the_same_thing() -> None:
    call = Call("c-1", Caller("1"), "2", 0.0)
    alone, fields = noted(call, Note(intent="agent"))
    assert alone.intent is not None and alone.intent.name == fields["intent"] == "agent"
    billed, _ = noted(call, Note(intent="bill", confidence=0.8))
    after, fields = noted(billed, Note(intent="agent", tags=("asked",)))
    assert (after.intent, after.tags) == (billed.intent, ("asked",)) and "intent" not in fields
    assert noted(after, Note(intent="fault"))[1]["intent"] == "fault"


def test_a_wish_by_key_is_as_sure_in_the_record_as_in_the_call() -> None:
    """A desk that reads it from the record after a crash said "unsure 0.00" of it."""
    call, fields = noted(CALL, Note(intent="bill"))
    assert call.intent is not None
    assert (fields["intent"], fields["intent_confidence"]) == (call.intent.name, call.intent.confidence) == ("bill", 1.0)
