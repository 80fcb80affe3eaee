"""Two agents at Chromium pages and a SIP caller: asked, handed over, gone and back. Every proof is a tone that is heard."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Error, Page, expect

from telephony.leg import LegState
from tests.e2e.browser import EAR, Browser, heard, until_heard, write_tone
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess, direct
from tests.e2e.wired_page import WiredDesk

STATIC = Path(__file__).parents[2] / "ivr" / "web" / "static"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (STATIC / "desk.html").is_file(), reason="the pages are not built: make pages"),
]

CALLER, ANN, BOB = 403.0, 719.0, 1077.0
"""Hz: between the notes of the music, which has them all."""
QUIET = -38.0
"""dBm0 of a tone that is not there: what the music has beside it; a voice has -15."""
TONES = {"caller": CALLER, "ann": ANN, "bob": BOB, "third": 1500.0}

FLOW = direct("{ say: welcome }")


@dataclass
class House:
    folder: Path
    server: HotlineProcess
    phones: Phones
    ann: WiredDesk
    bob: WiredDesk

    async def talk(self, agent: WiredDesk) -> tuple[Phone, str]:
        """A caller who talks with this agent; the others are away meanwhile."""
        caller = await self.phones.call("caller", self.server.sip)
        await agent.until_ring()
        await agent.accept()
        contact = (await agent.until_told("contact", phase="connected"))["id"]
        hertz = ANN if agent is self.ann else BOB
        caller.fresh()
        await caller.until(lambda: caller.level(hertz) > -26, "the agent is not heard")
        await agent.hears(CALLER)
        return caller, contact


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "direct.yaml").write_text(FLOW)
    async with AsyncExitStack() as stack:
        phones = await stack.enter_async_context(Phones.open(TONES))
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            routes=[{"to": "*", "flow": "direct"}],
            queues={"support": {"ring": "20s", "wrap_up": "30s"}},
            agents=[
                {"id": "ann", "name": "Ann"},
                {"id": "bob", "name": "Bob"},
                {"id": "boss", "name": "Boss", "roles": ["supervisor"]},
            ],
            outbound={"rules": [{"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]}]},
            parking={"slots": "701-702"},
        )
        server.flows = str(folder / "flows")
        await stack.enter_async_context(server)
        browsers = [
            await stack.enter_async_context(Browser(write_tone(folder / f"{name}.wav", hertz)))
            for name, hertz in (("ann", ANN), ("bob", BOB))
        ]
        ann = await WiredDesk.open(browsers[0], server, "ann")
        bob = await WiredDesk.open(browsers[1], server, "bob")
        await bob.go("offline")
        yield House(folder, server, phones, ann, bob)


async def test_a_colleague_at_a_page_is_asked_and_given_the_call(house: House) -> None:
    ann, bob = house.ann, house.bob
    caller, contact = await house.talk(ann)
    refused = await ann.reply("consult", contact_id=contact, to="agent:bob")
    assert not refused["ok"] and refused["error"] == "Bob is not there"
    await bob.go("available")

    await ann.ask("consult", contact_id=contact, to="agent:bob")
    await bob.until_ring()
    marks = {mark["name"]: mark for mark in await bob.marks()}
    assert marks["contact_shown"]["at"] <= marks["ring"]["at"], "the handover is on the screen before the ring"
    assert any("welcome" in turn.lower() or "hotline" in turn.lower() for turn in await bob.turns())
    caller.fresh()
    await caller.until(lambda: len(caller._heard) > 40, "no music came")
    assert caller.level(ANN) < QUIET, "the caller hears music, not the agent"
    await bob.accept()
    assert (await bob.until_told("contact", phase="connected"))["yours_since"] is None
    await bob.hears(ANN, not_=(CALLER,))
    await ann.hears(BOB, not_=(CALLER,))
    caller.fresh()
    await caller.until(lambda: len(caller._heard) > 40, "no music came")
    assert caller.level(ANN) < QUIET and caller.level(BOB) < QUIET
    await ann.until_told("consult", state="consult")
    await is_loaded_again(house, ann, bob)

    await ann.ask("toggle", contact_id=contact)
    await ann.hears(CALLER, not_=(BOB,))
    await ann.ask("three_way", contact_id=contact)
    await ann.hears(CALLER, BOB)
    await bob.hears(CALLER, ANN)
    caller.fresh()
    await caller.until(lambda: caller.level(ANN) > -30 and caller.level(BOB) > -30, "the caller hears both")

    await ann.ask("complete", contact_id=contact)
    await ann.until_state("wrap_up")
    caller.fresh()
    await caller.until(lambda: len(caller._heard) > 30 and caller.level(BOB) > -26 and caller.level(ANN) < QUIET, "it is bob's")
    await bob.hears(CALLER, not_=(ANN,))
    shown = await bob.until_told("contact", phase="connected")
    assert "consult" not in shown
    assert shown["yours_since"] > shown["answered_at"], "what ann said is not bob's"
    await bob.page.get_by_test_id("hold").click()
    await bob.until_told("contact", phase="held")
    await bob.page.get_by_test_id("hold").click()
    await bob.hears(CALLER)
    await bob.hang_up()
    await caller.ended()
    await bob.until_state("wrap_up")
    row = await house.server.contact(id=contact)
    assert row["agent_id"] == "bob" and row["disposition"] == "served"


async def is_loaded_again(house: House, ann: WiredDesk, bob: WiredDesk) -> None:
    """The colleague's page: the agent hears music meanwhile, then the colleague, and was told."""
    begun = time.monotonic()
    await bob.page.reload()
    await bob.hears(ANN, not_=(CALLER,))
    print(f"reload of a colleague who is asked: hears the agent again after {time.monotonic() - begun:.2f} s")
    await ann.hears(BOB, not_=(CALLER,))
    states = [one["state"] for one in await ann.told("consult")]
    assert states[-2:] == ["away", "consult"], states


async def test_the_customer_survives_a_reload_a_crash_and_a_second_tab(house: House) -> None:
    ann, bob = house.ann, house.bob
    await bob.go("offline")
    await ann.go("available")
    caller, contact = await house.talk(ann)
    await ann.page.get_by_test_id("note").fill("needs a new router")

    caller.fresh()
    begun = time.monotonic()
    await ann.page.reload()
    back = await came_back(caller, begun)
    print(f"reload: the caller hears the agent again after {back:.2f} s")
    await ann.hears(CALLER)
    await expect(ann.page.get_by_test_id("note")).to_have_value("needs a new router")

    begun = time.monotonic()
    with contextlib.suppress(Error):
        await ann.page.goto("chrome://crash", timeout=2000)
    await caller.until(lambda: silent(caller), "music plays while the tab is gone")
    await asyncio.sleep(5.0)  # longer than a page may be away: the desk counts as left
    begun = time.monotonic()
    page = await ann.another_tab(house.server)
    back = await came_back(caller, begun)
    print(f"crash: the caller hears the agent again {back:.2f} s after the tab was opened anew")
    with contextlib.suppress(Error):
        await ann.page.close()
    ann.page = page
    await ann.hears(CALLER)
    await expect(page.get_by_test_id("note")).to_have_value("needs a new router")

    caller.fresh()
    begun = time.monotonic()
    second = await ann.another_tab(house.server)
    await expect(ann.page.get_by_test_id("replaced")).to_be_visible()
    back = await came_back(caller, begun)
    print(f"second tab: the caller hears it after {back:.2f} s")
    first, ann.page = ann.page, second
    await ann.hears(CALLER)
    await first.close()

    net = network_of(house.folder / "ann.wav")
    os.kill(net, signal.SIGSTOP)
    try:
        await without_network(caller)
        begun = time.monotonic()
    finally:
        os.kill(net, signal.SIGCONT)
    back = await came_back(caller, begun)
    print(f"20 s without network: the caller hears the agent {back:.2f} s after it is back")
    await ann.hears(CALLER)
    await ann.until_state("in_call")
    await ann.hang_up()
    await caller.ended()
    await ann.until_state("wrap_up")
    row = await house.server.contact(id=contact)
    assert row["agent_id"] == "ann" and row["note"] == "needs a new router"


async def test_an_agent_dials_parks_and_picks_up(house: House) -> None:
    ann = house.ann
    await ann.go("available")
    await ann.ask("directory", query="bo")
    found = await ann.until_told("directory", query="bo")
    assert {one["id"] for one in found["agents"]} == {"bob", "boss"} and found["queues"] == []
    refused = await ann.reply("dial", to="sip:third@127.0.0.9")
    assert not refused["ok"] and "cannot be called" in refused["error"]
    await ann.until_state("available")

    uri = house.phones.uri("third")
    await ann.ask("dial", to=uri)
    third = await house.phones.answered("third")
    contact = (await ann.until_told("contact", phase="connected"))["id"]
    await ann.hears(1500.0)
    await third.until(lambda: third.level(ANN) > -26, "the agent is not heard")
    assert [one["state"] for one in await ann.told("dialled")][-1] == "answered"
    await ann.ask("park", contact_id=contact, slot="701")
    await ann.until_state("wrap_up")
    await third.until(lambda: silent(third), "music in the slot")
    await ann.ask("directory", query="701")
    assert (await ann.until_told("directory", query="701"))["slots"][0]["contact"] == contact
    await ann.ask("pick_up", slot="701")
    await ann.until_ring()
    await ann.accept()
    await ann.hears(1500.0)
    third.fresh()
    await third.until(lambda: len(third._heard) > 25 and third.level(ANN) > -26, "the agent is not heard again")
    await ann.hang_up()
    await third.ended()
    row = await house.server.contact(id=contact)
    assert (row["channel"], row["agent_id"], row["disposition"]) == ("outbound", "ann", "served")
    await ann.until_state("wrap_up")
    await ann.ask("redial")
    third = await house.phones.answered("third")
    await ann.hears(1500.0)
    third.leg.hang_up()
    await ann.until_state("wrap_up")


MONITOR = """
async (url) => {
  const boss = (window.boss = { told: [], replies: {}, number: 0 });
  const socket = (boss.socket = new WebSocket(url));
  const open = new Promise((done) => (socket.onopen = done));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  socket.onmessage = async ({ data }) => {
    const { type, data: told } = JSON.parse(data);
    boss.told.push({ type, ...told });
    if (type !== 'media_offer') return;
    const peer = new RTCPeerConnection();
    await peer.setRemoteDescription({ type: 'offer', sdp: told.sdp });
    const [line] = peer.getTransceivers();
    line.direction = 'sendrecv';
    await line.sender.replaceTrack(stream.getAudioTracks()[0]);
    await peer.setLocalDescription(await peer.createAnswer());
    await new Promise((done) => setTimeout(done, 300));
    const answer = { leg_id: told.leg_id, sdp: peer.localDescription.sdp };
    socket.send(JSON.stringify({ id: 'm', type: 'media_answer', data: answer }));
  };
  setInterval(() => socket.send(JSON.stringify({ id: 'p', type: 'ping', data: {} })), 1500);
  await open;
}
"""
PRESS = """
([contact, mode]) => new Promise((resolve) => {
  const id = `b${++window.boss.number}`;
  const { socket } = window.boss;
  socket.addEventListener('message', function answer({ data }) {
    const message = JSON.parse(data);
    if (message.type !== 'reply' || message.data.id !== id) return;
    socket.removeEventListener('message', answer);
    resolve(message.data);
  });
  socket.send(JSON.stringify({ id, type: 'monitor', data: { contact_id: contact, mode } }));
})
"""


async def test_a_supervisor_whispers_to_the_agent_and_not_to_the_caller(house: House) -> None:
    """From a page of the wall: a supervisor whom no queue knows as an agent on duty."""
    ann, server = house.ann, house.server
    await ann.go("available")
    caller, contact = await house.talk(ann)
    page = await house.bob.page.context.browser.new_context(permissions=["microphone"])  # type: ignore[union-attr]
    boss = await page.new_page()
    await boss.add_init_script(EAR)
    await boss.goto(f"{server.url}/")
    login = {"username": "boss", "password": server.password("boss")}
    await boss.request.post(f"{server.url}/api/v1/login", data=login, headers={"origin": server.url})
    await boss.evaluate(MONITOR, server.url.replace("http", "ws") + "/ws/monitor")

    async def press(mode: str) -> None:
        reply = await boss.evaluate(PRESS, [contact, mode])
        assert reply["ok"], reply
        caller.fresh()

    async def levels(boss_heard: bool, ann_heard: bool) -> None:
        loud = [(ANN, ann_heard), (BOB, boss_heard)]

        def now() -> bool:
            return len(caller._heard) >= 25 and all(
                caller.level(hertz) > -30 if there else caller.level(hertz) < -55 for hertz, there in loud
            )

        await caller.until(now, f"the caller hears boss: {boss_heard}, ann: {ann_heard}")

    await press("listen")
    await until_heard(boss, CALLER, at_least=0.02)
    await until_heard(boss, ANN, at_least=0.02)
    await ann.hears(CALLER, not_=(BOB,))
    await levels(False, True)
    await press("whisper")
    await ann.hears(CALLER, BOB)
    await levels(False, True)
    whispered = caller.level(BOB)
    await press("barge")
    await ann.hears(CALLER, BOB)
    await levels(True, True)
    print(f"the supervisor at the caller's ear: {whispered:.0f} dBm0 while whispering, {caller.level(BOB):.0f} when barged in")
    await ann.ask("hold", contact_id=contact)
    await until_not_heard(boss, CALLER)
    await until_heard(boss, ANN, at_least=0.02)
    await ann.ask("resume_call", contact_id=contact)
    await ann.ask("consult", contact_id=contact, to=house.phones.uri("third"))
    third = await house.phones.answered("third")
    await until_heard(boss, 1500.0, at_least=0.02)
    await third.until(lambda: third.level(BOB) > -30, "who barged in is heard by whom the agent asks")
    caller.fresh()
    await caller.until(lambda: silent(caller) and caller.level(BOB) < QUIET, "the caller hears music alone")
    await ann.ask("back", contact_id=contact)
    caller.fresh()
    await levels(True, True)
    await press("take")
    await ann.until_state("wrap_up")
    await levels(True, False)
    await until_heard(boss, CALLER, at_least=0.02)
    await press("stop")
    await caller.ended()
    told = [one for one in await boss.evaluate("() => window.boss.told") if one["type"] == "monitor"]
    assert [one["mode"] for one in told] == ["listen", "whisper", "barge", "take", "off"]
    assert (await server.contact(id=contact))["agent_id"] == "boss"
    assert len(server.log_lines(f"ivr.audit supervisor boss~wall: .* on {contact}")) == 4


async def until_not_heard(page: Page, hertz: float, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while (await heard(page, hertz))[hertz] > 0.002:
        assert time.monotonic() < until, f"{hertz} Hz is still heard"
        await asyncio.sleep(0.1)


async def without_network(caller: Phone) -> None:
    """20 s in which not one packet, of voice or of the socket, leaves or reaches the agent's browser."""
    await caller.until(lambda: silent(caller), "music plays while the network is gone")
    await asyncio.sleep(20.0)
    assert caller.leg.state is LegState.UP and silent(caller)


def network_of(microphone: Path) -> int:
    """The process through which the Chromium of this test with that microphone has its network: stopped, it has none."""
    found: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found[int(folder.name)] = (int((folder / "stat").read_text().rpartition(")")[2].split()[1]), line)

    def above(pid: int) -> set[int]:
        parents = set[int]()
        while pid in found:
            pid = found[pid][0]
            parents.add(pid)
        return parents

    (browser,) = [pid for pid, (_, line) in found.items() if str(microphone) in line and "--type=" not in line]
    assert os.getpid() in above(browser), "another test's browser"
    (network,) = [pid for pid, (_, line) in found.items() if "network.mojom.NetworkService" in line and browser in above(pid)]
    return network


def silent(caller: Phone) -> bool:
    """The caller hears music, and no agent."""
    heard = caller._heard
    return len(heard) > 40 and caller.level(ANN) < QUIET and any(frame.any() for frame in heard[-20:])


async def came_back(caller: Phone, begun: float) -> float:
    """Seconds until the caller hears the agent again, who was away."""
    caller.fresh()
    await asyncio.sleep(0.3)
    caller.fresh()
    await caller.until(lambda: len(caller._heard) >= 25 and caller.level(ANN) > -30, "the agent did not come back", 12.0)
    return time.monotonic() - begun
