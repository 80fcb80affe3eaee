"""A phone in two calls of this node leaves both by one REFER: who is left talks, and nobody is dialled."""

from __future__ import annotations

import asyncio

import pytest

from telephony.fake import FakeLeg
from telephony.leg import LegState, Party, TransferRequested
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_transfers import Office


@pytest.fixture
async def office(house: House) -> Office:
    return Office(house)


def refer(asker: FakeLeg, other: FakeLeg) -> None:
    asker.happen(TransferRequested(0.0, "sip:hotline@127.0.0.1", "abc;to-tag=1;from-tag=2", other=other))


def reported(leg: FakeLeg) -> list[int]:
    return [status for name, status in leg.commands if name == "report_transfer"]


async def outside(house: House, leg: FakeLeg) -> tuple[str, FakeLeg]:
    """A caller whom the flow has joined with an outside number."""
    _, contact = house.call(leg)
    before = len(house.dialled)
    await house.chooses(leg, "3")
    await house.until(lambda: len(house.dialled) > before)
    house.dialled[-1].pick_up()
    await house.until(lambda: house.bridges and house.bridges[-1].legs == (leg, house.dialled[-1]))
    return contact, house.dialled[-1]


async def test_an_agents_phone_gives_its_caller_to_a_flow(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    phone, second = house.desk.legs[0], FakeLeg("second", caller=Party("anna"))
    _, other = house.call(second)
    await house.playing(second, "hello")
    refer(phone, second)
    assert reported(phone) == [100, 200] and not house.dialled
    await house.until(lambda: len(house.switchboard) == 1)
    phone.vanish()
    second.vanish()
    row = await house.row(contact)
    assert (row["end_cause"], row["disposition"], leg.state) == ("transferred", "served", LegState.UP)
    leg.press("1")
    await house.playing(leg, "number")
    leg.vanish()
    await house.over()
    assert (await house.row(other))["end_cause"] == "hung_up"


async def test_an_agents_phone_gives_its_caller_to_whom_it_called(office: Office) -> None:
    house = office.house
    leg, _ = await office.talk()
    phone, second = house.desk.legs[0], FakeLeg("second", caller=Party("anna"))
    _, far = await outside(house, second)
    refer(phone, second)
    await house.until(lambda: house.bridges[-1].legs == (leg, far) and len(house.switchboard) == 1)
    assert house.bridges[0].done == ["close"] and {leg.state, far.state} == {LegState.UP}
    far.vanish()
    await house.says(leg, "done")
    await house.over()
    assert leg.state is LegState.ENDED


async def test_a_phone_that_we_rang_for_two_callers_leaves_them_to_each_other(house: House) -> None:
    first, second = FakeLeg("first", caller=Party("1001")), FakeLeg("second", caller=Party("1002"))
    contact, to_first = await outside(house, first)
    other, to_second = await outside(house, second)
    refer(to_first, to_second)
    await house.until(lambda: house.bridges[-1].legs == (first, second) and len(house.switchboard) == 1)
    assert reported(to_first) == [100, 200] and {first.state, second.state} == {LegState.UP}
    to_first.vanish()
    to_second.vanish()
    assert (await house.row(other))["end_cause"] == "transferred"
    first.vanish()
    await house.over()
    assert second.state is LegState.ENDED and (await house.row(contact))["end_cause"] == "hung_up"


async def test_a_callers_phone_gives_its_agent_another_caller(office: Office) -> None:
    """The phone called us, and was rung by us for another caller."""
    house = office.house
    leg, contact = await office.talk()
    agent, another = house.desk.legs[0], FakeLeg("another", caller=Party("1002"))
    _, rung = await outside(house, another)
    refer(leg, rung)
    await house.until(lambda: house.bridges[-1].legs == (another, agent) and len(house.switchboard) == 1)
    leg.vanish()
    rung.vanish()
    await asyncio.sleep(0.02)
    assert house.talks.find(contact, "anna")
    another.vanish()
    await house.over()
    assert agent.state is LegState.ENDED


async def test_a_phone_that_stays_on_is_hung_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    house = office.house
    for module in ("talk", "uniting"):
        monkeypatch.setattr(f"ivr.session.{module}.FAREWELL_SECONDS", 0.05)
    leg, _ = await office.talk()
    phone, second = house.desk.legs[0], FakeLeg("second", caller=Party("anna"))
    house.call(second)
    await house.playing(second, "hello")
    refer(phone, second)
    await house.until(lambda: phone.state is second.state is LegState.ENDED)
    assert leg.state is LegState.UP
    leg.vanish()
    await house.over()


async def test_two_agents_are_not_joined_and_a_leg_of_nobody_is_dialled(office: Office) -> None:
    house = office.house
    leg, _ = await office.talk()
    second = FakeLeg("second", caller=Party("1001"))
    house.call(second)
    await house.playing(second, "hello")
    for other in (second, FakeLeg("of nobody", state=LegState.UP)):
        house.dialled.clear()
        refer(leg, other)
        await house.until(lambda: house.dialled)
        house.dialled[0].vanish()
    assert len(house.talks) == 1
    for one in (leg, second):
        one.vanish()
    await house.over()
