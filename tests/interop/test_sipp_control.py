"""Call control against SIPp, which counts a call as failed for any message that it does not expect."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.gateway.toll_guard import TollGuard
from telephony.leg import (
    Answered,
    DialOptions,
    EndCause,
    Ended,
    HeldByPeer,
    LegEvent,
    Party,
    Replaced,
    TransferProgress,
    TransferRequested,
)
from telephony.net.ticker import Ticker
from telephony.sip.outbound import Policy, Rule
from telephony.sip.trunk import TrunkOptions

SCENARIOS = Path(__file__).parent / "sipp"
HOST = "127.0.0.1"
ANN = Party("ann", "Ann")

pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp (Debian sip-tester) is not installed")


class Node:
    """A gateway that answers, and keeps the legs and what they told."""

    def __init__(self, *trunks: TrunkOptions, guard: TollGuard | None = None) -> None:
        self.ticker = Ticker()
        self.legs: list[SipLeg] = []
        self.events: list[LegEvent] = []
        self.on_call: Callable[[SipLeg], None] = lambda leg: leg.answer()
        self.on_event: Callable[[SipLeg, LegEvent], None] = lambda leg, event: None
        settings = SipSettings((Listener("udp", HOST, 0),), trusted_networks=("127.0.0.0/8",), trunks=trunks)
        self.gateway = SipGateway(settings, self.ticker, self._take, guard=guard)

    def _take(self, leg: SipLeg) -> None:
        self.hear(leg)
        self.on_call(leg)

    def hear(self, leg: SipLeg) -> None:
        self.legs.append(leg)

        def happened(event: LegEvent) -> None:
            self.events.append(event)
            self.on_event(leg, event)

        leg.subscribe(happened)

    def dial(self, target: str, options: DialOptions | None = None) -> SipLeg:
        leg = self.gateway.dial(target, ANN, options=options)
        self.hear(leg)
        return leg

    @property
    def port(self) -> int:
        return self.gateway.listeners[0].port

    @property
    def causes(self) -> list[EndCause]:
        return [event.cause for event in self.events if isinstance(event, Ended)]

    async def until(self, kind: type[LegEvent]) -> None:
        async with asyncio.timeout(10):
            while not any(isinstance(event, kind) for event in self.events):  # noqa: ASYNC110 - it comes over the wire
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*trunks: TrunkOptions, guard: TollGuard | None = None) -> AsyncIterator[Node]:
    node = Node(*trunks, guard=guard)
    node.ticker.start()
    await node.gateway.start()
    try:
        yield node
    finally:
        await node.gateway.close()
        await node.ticker.close()


async def sipp(scenario: str, folder: Path, *arguments: str, calls: int = 1) -> asyncio.subprocess.Process:
    command = ("-sf", f"{SCENARIOS / scenario}.xml", "-i", HOST, "-m", str(calls), "-timeout", "20", "-nostdin", "-trace_err")
    return await asyncio.create_subprocess_exec(
        "sipp",
        *arguments,
        *command,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def done(process: asyncio.subprocess.Process, folder: Path) -> None:
    status = await asyncio.wait_for(process.wait(), 30)
    assert status == 0, "".join(path.read_text(errors="replace") for path in folder.glob("*errors.log"))


async def call_us(node: Node, scenario: str, folder: Path, *arguments: str, calls: int = 1) -> None:
    target = f"{HOST}:{node.port}"
    await done(await sipp(scenario, folder, target, "-s", "1000", "-r", "20", *arguments, calls=calls), folder)


@asynccontextmanager
async def answering(scenario: str, folder: Path) -> AsyncIterator[int]:
    """SIPp as the far end: the port at which it takes one call, which must go as the scenario says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    process = await sipp(scenario, folder, "-p", str(port))
    try:
        async with asyncio.timeout(5):
            while not _taken(port):  # noqa: ASYNC110 - SIPp tells nobody that it listens
                await asyncio.sleep(0.02)
        yield port
        await done(process, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


async def test_prack_and_early_media(tmp_path: Path) -> None:
    async with running() as node:

        def early(leg: SipLeg) -> None:
            leg.progress()
            asyncio.get_running_loop().call_later(0.1, leg.answer)

        node.on_call = early
        await call_us(node, "prack", tmp_path, calls=5)
        assert node.causes == [EndCause.HUNG_UP] * 5


async def test_session_timer(tmp_path: Path) -> None:
    async with running() as node:
        await call_us(node, "session_timer", tmp_path, calls=5)
        assert node.causes == [EndCause.HUNG_UP] * 5 and node.gateway.refused["session timer"] == 5


async def test_sipp_sends_us_elsewhere(tmp_path: Path) -> None:
    async with running() as node:

        def decide(leg: SipLeg, event: LegEvent) -> None:
            if isinstance(event, TransferRequested):
                assert event.target == f"sip:bob@{HOST}:9" and "sipp" in event.referred_by
                leg.report_transfer(100)
                asyncio.get_running_loop().call_later(0.1, leg.report_transfer, 200)

        node.on_event = decide
        await call_us(node, "refer", tmp_path, calls=3)
        assert node.causes == [EndCause.HUNG_UP] * 3 and node.gateway.calls == 0


async def test_we_send_sipp_elsewhere(tmp_path: Path) -> None:
    async with running() as node, answering("referred", tmp_path) as port:
        leg = node.dial(f"sip:1000@{HOST}:{port}")
        await node.until(Answered)
        leg.transfer("sip:bob@example.com")
        await node.until(Ended)
        assert [event.status for event in node.events if isinstance(event, TransferProgress)] == [100, 100, 200]
        assert node.causes == [EndCause.TRANSFERRED]


async def test_our_offer_meets_glare_and_comes_again(tmp_path: Path) -> None:
    async with running() as node:

        def hold(leg: SipLeg, event: LegEvent) -> None:
            if isinstance(event, Answered):
                asyncio.get_running_loop().call_later(0.1, leg.set_hold, True)

        node.on_event = hold
        await call_us(node, "glare", tmp_path, calls=3)
        assert node.causes == [EndCause.HUNG_UP] * 3 and not any(isinstance(event, HeldByPeer) for event in node.events)


async def test_sipp_takes_the_place_of_a_running_call(tmp_path: Path) -> None:
    async with running() as here, running() as there:
        here.dial(f"sip:1000@{HOST}:{there.port}")
        await here.until(Answered)
        await there.until(Answered)
        there.on_event = lambda leg, event: event.by.answer() if isinstance(event, Replaced) else None
        call = there.legs[0].call
        assert call is not None and call.dialog is not None
        keys = {"other_call": call.call_id, "other_to": call.dialog.local_tag, "other_from": call.dialog.remote_tag}
        await call_us(there, "replaces", tmp_path, *(word for name, value in keys.items() for word in ("-key", name, value)))
        await here.until(Ended)
        assert there.causes == [EndCause.TRANSFERRED] and here.causes == [EndCause.HUNG_UP]
        assert len(there.legs) == 1, "the new leg was offered to its place and to nobody else"


async def test_a_redirection_is_followed_where_a_rule_allows_it(tmp_path: Path) -> None:
    guard = TollGuard(Policy((Rule("loopback", hosts=(HOST,)),)), time.time)
    async with running(guard=guard) as node, answering("redirect", tmp_path) as port:
        leg = node.dial(f"sip:1000@{HOST}:{port}", DialOptions(payer="flow:test"))
        await node.until(Answered)
        assert leg.call is not None and leg.call.invite.uri.user == "moved"
        leg.hang_up()


async def test_the_next_host_takes_over_after_503(tmp_path: Path) -> None:
    folders = tmp_path / "first", tmp_path / "second"
    for folder in folders:
        folder.mkdir()
    async with answering("unavailable", folders[0]) as busy, answering("answer", folders[1]) as free:
        trunk = TrunkOptions("carrier", hosts=(f"sip:{HOST}:{busy}", f"sip:{HOST}:{free}"))
        async with running(trunk) as node:
            leg = node.dial("tel:+49301234567")
            await node.until(Answered)
            assert leg.call is not None and leg.call.flow.port == free
            leg.hang_up()
            await asyncio.sleep(0.1)
