"""SIPp, an independent SIP user agent, against the gateway: it counts a call as failed for any message it does not expect."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import EndCause, Ended, LegEvent
from telephony.net.ticker import Ticker

SCENARIOS = Path(__file__).parent / "sipp"
CALLS = 5

pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp (Debian sip-tester) is not installed")


async def sipp(
    scenario: str, user: str, transport: str, folder: Path, host: str = "127.0.0.1"
) -> tuple[list[SipLeg], list[EndCause]]:
    """Run a scenario; returns the legs it made and why they ended."""
    legs: list[SipLeg] = []
    causes: list[EndCause] = []

    def hear(event: LegEvent) -> None:
        if isinstance(event, Ended):
            causes.append(event.cause)

    def take(leg: SipLeg) -> None:
        legs.append(leg)
        leg.subscribe(hear)
        leg.ring()
        if leg.callee.user != "ring":
            leg.answer()

    ticker = Ticker()
    ticker.start()
    listener = Listener("udp" if transport == "u1" else "tcp", host, 0)
    gateway = SipGateway(SipSettings((listener,), trusted_networks=(host,)), ticker, take)
    await gateway.start()
    try:
        target = f"{f'[{host}]' if ':' in host else host}:{gateway.listeners[0].port}"
        command = (
            f"sipp {target} -sf {SCENARIOS / scenario}.xml -s {user} -t {transport} -i {host} -m {CALLS} -r 20 -timeout 20"
        )
        process = await asyncio.create_subprocess_exec(
            *command.split(),
            "-nostdin",
            *(("-lost", "20") if scenario == "lossy" else ()),
            "-trace_err",
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        status = await asyncio.wait_for(process.wait(), 30)
        errors = "".join(path.read_text(errors="replace") for path in folder.glob("*errors.log"))
        assert status == 0, errors
        return legs, causes
    finally:
        await gateway.close()
        await ticker.close()


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_scenarios_over_ipv6(transport: str, tmp_path: Path) -> None:
    legs, causes = await sipp("cancel", "ring", transport, tmp_path, "::1")
    assert len(legs) == CALLS and causes == [EndCause.CANCELLED] * CALLS
    assert await sipp("no_common_codec", "1000", transport, tmp_path, "::1") == ([], [])


@pytest.mark.parametrize(
    ("scenario", "transport", "user", "made", "cause"),
    [
        ("lossy", "u1", "1000", CALLS, EndCause.HUNG_UP),
        ("cancel", "u1", "ring", CALLS, EndCause.CANCELLED),
        ("cancel", "t1", "ring", CALLS, EndCause.CANCELLED),
        ("no_common_codec", "u1", "1000", 0, None),
        ("no_common_codec", "t1", "1000", 0, None),
    ],
)
async def test_scenario(scenario: str, transport: str, user: str, made: int, cause: EndCause | None, tmp_path: Path) -> None:
    legs, causes = await sipp(scenario, user, transport, tmp_path)
    assert len(legs) == made
    assert causes == [cause] * made
