"""Agents at desk phones come and go with the registration of their phone."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from ivr.acd.model import AgentState
from ivr.session.agents import Agents
from ivr.session.devices import Devices
from tests.unit.ivr.session.house import House


async def test_a_phone_that_registers_brings_its_agent_and_one_that_goes_takes_him(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ivr.session.devices")
    await house.open()
    there: dict[str, bool] = {"6001": False}
    agents = Agents(house.store, house.log, house.talks, time.time)
    devices = Devices(agents, {"anna": "6001", "bob": "sip:bob@10.0.0.9"}, there.get)
    running = asyncio.create_task(devices.run())
    await house.until_state("bob", AgentState.AVAILABLE)
    assert await house.state("anna") is AgentState.OFFLINE, "her phone is not registered"
    there["6001"] = True
    devices.changed("6001", 1)
    await house.until_state("anna", AgentState.AVAILABLE)
    there["6001"] = False
    devices.changed("6001", 0)
    await house.until_state("anna", AgentState.OFFLINE)
    assert (await house.store.agent("anna")).reason == "phone not registered"
    assert "agent anna: off duty: phone 6001 is not registered" in caplog.text
    devices.changed("somebody else", 1)
    assert await house.state("bob") is AgentState.AVAILABLE
    running.cancel()


async def test_news_that_were_lost_are_found_at_the_next_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.session.devices.LOOK_SECONDS", 0.02)
    await house.open()
    there: dict[str, bool] = {"6001": True}
    agents = Agents(house.store, house.log, house.talks, time.time)
    running = asyncio.create_task(Devices(agents, {"anna": "6001"}, there.get).run())
    await house.until_state("anna", AgentState.AVAILABLE)
    there["6001"] = False
    await house.until_state("anna", AgentState.OFFLINE)
    running.cancel()
