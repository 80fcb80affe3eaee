"""A desk page whose node changes behind its address: two real nodes with one Redis and one database, and who hears whom."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.e2e.balancer import Balancer
from tests.e2e.browser import Browser, write_tone
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess, direct
from tests.e2e.wired_page import WiredDesk
from tests.unit.ivr.nodes.redis_servers import RedisServers, free_ports

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (STATIC / "desk.html").is_file(), reason="the pages are not built: make pages"),
]

CALLER, AGENT = 403.0, 719.0
PATIENCE = 30.0
FLOW = direct()


@dataclass
class House:
    """Emma's page, at `first` when a test begins."""

    first: HotlineProcess
    second: HotlineProcess
    balancer: Balancer
    phones: Phones
    desk: WiredDesk

    def part(self, name: str) -> Locator:
        return self.desk.page.get_by_test_id(name)

    async def move(self, node: HotlineProcess) -> None:
        """The page loses its connection, and finds this node behind the same address."""
        told = len(await self.desk.told("snapshot"))
        self.balancer.lead_to(node)
        await self.until_back(told)

    async def die(self) -> None:
        """The first node is killed, and the page finds the other."""
        told = len(await self.desk.told("snapshot"))
        await self.first.stop(signal.SIGKILL)
        self.balancer.lead_to(self.second)
        await self.until_back(told)

    async def until_back(self, told: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(await self.desk.told("snapshot")) == told:  # noqa: ASYNC110  # told in the page
                await asyncio.sleep(0.02)
        await expect(self.part("desk")).to_have_attribute("data-link", "open")

    async def talk(self, node: HotlineProcess) -> Phone:
        """A caller at this node, who talks with Emma."""
        caller = await self.phones.call("caller", node.sip)
        await self.desk.until_ring()
        await self.desk.accept()
        await self.both_are_heard(caller)
        return caller

    async def both_are_heard(self, caller: Phone) -> None:
        caller.fresh()
        await caller.until(lambda: caller.level(AGENT) > -26, "the agent is not heard", PATIENCE)
        await self.desk.until_level(CALLER, -35.0, PATIENCE)

    async def finish(self) -> None:
        await self.part("finish").click()
        await self.desk.until_state("available", PATIENCE)

    async def recorded(self, node: HotlineProcess, note: str) -> None:
        """Whichever node had the call."""
        row = await self.second.contact(PATIENCE, note=note)
        assert (row["agent_disposition"], row["agent_id"], row["disposition"]) == ("solved", "emma", "served")
        assert row["node"] == node.folder.name


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nodes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[HotlineProcess, HotlineProcess]]:
    folder = tmp_path_factory.mktemp("moves")
    (folder / "flows").mkdir()
    (folder / "flows" / "direct.yaml").write_text(FLOW)
    async with RedisServers(folder) as servers:
        (port,) = free_ports(1)
        await servers.start(port, "appendonly yes")
        async with made(folder, "first", port) as first, made(folder, "second", port) as second:
            yield first, second


def made(folder: Path, name: str, redis: int) -> HotlineProcess:
    (folder / name).mkdir()
    node = HotlineProcess(
        folder / name,
        speech={"enabled": False},
        redis=f"redis://127.0.0.1:{redis}/0",
        database=f"sqlite+aiosqlite:///{folder / 'records.sqlite'}",
        node=name,
        routes=[{"to": "*", "flow": "direct"}],
        queues={"support": {"ring": "20s", "wrap_up": "120s"}},
        dispositions=["solved"],
    )
    node.flows = str(folder / "flows")
    return node


@pytest_asyncio.fixture(loop_scope="module")
async def house(nodes: tuple[HotlineProcess, HotlineProcess], tmp_path: Path) -> AsyncIterator[House]:
    first, second = nodes
    async with AsyncExitStack() as stack:
        balancer = await stack.enter_async_context(Balancer(first))
        phones = await stack.enter_async_context(Phones.open({"caller": CALLER}))
        browser = await stack.enter_async_context(Browser(write_tone(tmp_path / "agent.wav", AGENT)))
        desk = await WiredDesk.open(browser, balancer, "emma")
        yield House(first, second, balancer, phones, desk)


async def test_an_agent_who_is_free_is_rung_where_the_page_is_now(house: House) -> None:
    await house.move(house.second)
    await house.desk.until_state("available")
    for node in (house.first, house.second):
        caller = await house.talk(node)
        caller.leg.hang_up()
        await house.desk.until_state("wrap_up", PATIENCE)
        await house.desk.wrap_up("solved", f"called at {node.folder.name}")
        await house.desk.until_state("available", PATIENCE)
        await house.recorded(node, f"called at {node.folder.name}")


async def test_a_wrap_up_goes_on_with_the_note_that_is_being_typed(house: House) -> None:
    caller = await house.talk(house.first)
    caller.leg.hang_up()
    await house.desk.until_state("wrap_up", PATIENCE)
    await house.part("disposition-solved").click()
    note = house.part("note")
    await note.press_sequentially("Half a w")
    await house.move(house.second)
    await expect(note).to_have_value("Half a w")
    await expect(note).to_be_focused()
    await note.press_sequentially("ord.")
    await expect(house.part("note-state")).to_have_attribute("data-state", "saved")
    await house.move(house.first)
    await expect(note).to_have_value("Half a word.")
    await house.desk.page.reload()
    await expect(note).to_have_value("Half a word.")
    await expect(house.part("disposition-solved")).to_be_checked()
    await house.finish()
    await house.recorded(house.first, "Half a word.")


async def test_a_talk_whose_sound_is_at_the_node_before_goes_on_unheard_of(house: House) -> None:
    """The sound goes past the balancer: neither side misses any of it, and the buttons work from the other node."""
    caller = await house.talk(house.first)
    note = house.part("note")
    await note.press_sequentially("One")
    shares = asyncio.create_task(shares_heard(house, caller))
    await house.move(house.second)
    await expect(note).to_have_value("One")
    await house.both_are_heard(caller)
    assert min(heard := await shares) > 0.95, heard
    assert len(await house.desk.told("media_offer")) == 1, "no sound was asked for again"

    await note.press_sequentially(", two")
    await expect(house.part("note-state")).to_have_attribute("data-state", "saved")
    await house.part("hold").click()
    await house.desk.hears(not_=(CALLER,), seconds=PATIENCE)
    await house.part("hold").click()
    await house.both_are_heard(caller)

    await house.desk.page.reload()
    await house.both_are_heard(caller)
    await expect(note).to_have_value("One, two")
    await house.move(house.first)
    await house.both_are_heard(caller)
    await expect(note).to_have_value("One, two")
    await house.desk.hang_up()
    await caller.ended()
    await house.desk.until_state("wrap_up", PATIENCE)
    await house.part("disposition-solved").click()
    await house.finish()
    await house.recorded(house.first, "One, two")


async def test_a_node_that_dies_takes_neither_a_wrap_up_nor_a_talk_of_another_along(house: House) -> None:
    caller = await house.talk(house.first)
    caller.leg.hang_up()
    await house.desk.until_state("wrap_up", PATIENCE)
    await house.part("disposition-solved").click()
    note = house.part("note")
    await note.press_sequentially("Before it died")
    await house.die()
    await expect(note).to_have_value("Before it died")
    await house.finish()
    await house.first.start()  # and writes what it had not written yet
    await house.recorded(house.first, "Before it died")

    await house.move(house.first)
    caller = await house.talk(house.second)
    shares = asyncio.create_task(shares_heard(house, caller))
    await house.die()
    assert min(heard := await shares) > 0.95, heard
    await house.desk.until_state("in_call")
    await house.desk.hang_up()
    await caller.ended()
    await house.desk.until_state("wrap_up", PATIENCE)
    await house.part("disposition-solved").click()
    await note.press_sequentially("After it died")
    await house.finish()
    await house.recorded(house.second, "After it died")


async def shares_heard(house: House, caller: Phone, seconds: float = 6.0) -> tuple[float, float]:
    """In how much of this time each side heard the other, the agent first: longer than a page may be away, or be waited for.

    Music in place of the agent is heard for an eighth of it where a page asks for its sound anew.
    """
    heard: list[tuple[bool, bool]] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        heard.append((await house.desk.level(CALLER) > -35.0, caller.level(AGENT) > -26.0))
        await asyncio.sleep(0.05)
    agents, callers = zip(*heard, strict=True)
    return sum(agents) / len(heard), sum(callers) / len(heard)
