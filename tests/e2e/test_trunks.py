"""A running node behind a carrier: it registers, takes calls by that, calls out by rule, and cuts off who burns a budget."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from telephony.leg import DialOptions, EndCause, Ended, Party
from telephony.sip.digest import Account
from tests.e2e.server import HotlineProcess
from tests.unit.telephony.gateway.nodes import Ear, Node, node, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

OURS, WATCH, PREMIUM = "+4930901820", "+4915112345678", "+499001234567"
FLOW = """
flow: {name}
languages: [en]
defaults: {{ error: over }}
states:
  main:
    bridge: {{ to: "{number}", ring: 10s }}
    on: {{ done: over, busy: refused, no_answer: over, failed: over }}
  refused: {{ hangup: busy }}
  over: {{ hangup: normal }}
"""

Site = tuple[HotlineProcess, Node]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One node, and the carrier that it registers with."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    for name, number in (("watch", WATCH), ("greedy", WATCH), ("premium", PREMIUM)):
        (folder / "flows" / f"{name}.yaml").write_text(FLOW.format(name=name, number=number))
    account = Account("acct", "carrier secret")
    async with node("127.0.0.9", credentials={"acct": account}.get, min_expires=10) as carrier:
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            sip={"trusted_networks": []},
            routes=[{"to": OURS, "flow": "watch"}, {"to": f"{OURS}1", "flow": "greedy"}, {"to": f"{OURS}2", "flow": "premium"}],
            trunks={
                "carrier": {
                    "hosts": [f"127.0.0.9:{carrier.port}"],
                    "user": account.user,
                    "password": account.password,
                    "register": {"at": f"127.0.0.9:{carrier.port}"},
                    "region": "DE",
                    "caller_id": {"show": "caller", "number": OURS},
                    "health": {"every": "1s"},
                }
            },
            outbound={
                "region": "DE",
                "rules": [{"name": "watch", "who": ["flow:*"], "classes": ["mobile"]}],
                "limits": [{"name": "greed", "who": ["flow:greedy"], "minutes_per_day": 0.1}],
            },
            agents=[],
        )
        server.flows = str(folder / "flows")
        async with server:
            await wait_for(lambda: carrier.gateway.registrations == 1, 10)
            yield server, carrier
        assert carrier.gateway.registrations == 0, "the registration was taken back"


def calling(carrier: Node, called: str, options: DialOptions = DialOptions()) -> Ear:  # noqa: B008
    """The carrier brings a call for `called` to the contact that was registered."""
    told = replace(options, headers={"P-Called-Party-ID": f"<sip:{called}@carrier.example>"})
    return Ear(carrier.gateway.dial("acct", Party("030111", "Ann"), options=told))


async def test_a_call_comes_by_the_registration_and_goes_on_over_the_trunk(site: Site) -> None:
    server, carrier = site
    calling(carrier, OURS, DialOptions(diversions=(Party("+4930222"),), user_to_user="order 4711"))
    await wait_for(lambda: len(carrier.legs) == 1, 10)
    out = carrier.legs[0]
    assert (out.callee.user, out.caller.user) == (WATCH, "acct"), "the password proved who calls out"
    assert out.call is not None and out.call.invite.sender.uri.user == "+4930111", "the caller is shown"
    state = await server.api("/api/v1/outbound")
    assert [(one["name"], one["state"], one["registered"], one["calls_in"], one["calls_out"]) for one in state["trunks"]] == [
        ("carrier", "up", True, 1, 1)
    ]
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{server.url}/metrics")).text
    for line in ('trunk_state{trunk="carrier",state="up"} 1', 'trunk_calls{trunk="carrier",way="out"} 1', "outbound_calls 1"):
        assert f"hotline_{line}\n" in metrics
    out.hang_up()
    row = await server.contact(called=OURS, disposition="self_served")
    assert row["caller_number"] == "+4930111"
    assert row["signalling"] == {
        "trunk": "carrier",
        "diversion": "+4930222",
        "diversion_reason": "unconditional",
        "user_to_user": "order 4711",
    }


async def test_a_number_that_no_rule_allows_is_not_called(site: Site) -> None:
    server, carrier = site
    before = len(carrier.legs)
    ended = await calling(carrier, f"{OURS}2").until(Ended, 10)
    assert ended.cause is EndCause.BUSY
    assert len(carrier.legs) == before
    await server.until_line(r"call refused: no outbound rule allows flow:premium premium calls to \+499001234567")


async def test_who_burns_a_budget_is_cut_off_and_released_by_an_operator(site: Site) -> None:
    """6 s a day: the first slice. The call ends before a second is begun, on both sides."""
    server, carrier = site
    before = len(carrier.legs)
    caller = calling(carrier, f"{OURS}1")
    await wait_for(lambda: len(carrier.legs) == before + 1, 10)
    assert (await carrier.ears[-1].until(Ended, 10)).by_peer
    await caller.until(Ended, 10)
    assert (await server.api("/api/v1/outbound"))["blocked"] == {"flow:greedy": "minutes_per_day of greed|flow:greedy"}
    await calling(carrier, f"{OURS}1").until(Ended, 10)
    assert len(carrier.legs) == before + 1, "a blocked payer calls nobody"
    headers = {"Authorization": f"Bearer {server.token()}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        path = "/api/v1/outbound/blocked/flow:greedy"
        assert [(await client.delete(path)).status_code for _ in range(2)] == [200, 404]
        assert (await client.delete("/api/v1/outbound/blocked/nonsense")).status_code == 409
        assert (await client.put(path)).status_code == 200
        assert (await client.delete(path)).status_code == 200
    again = calling(carrier, f"{OURS}1")
    await wait_for(lambda: len(carrier.legs) == before + 2, 10)
    carrier.legs[-1].hang_up()
    await again.until(Ended, 10)
    assert server.log_lines(r"ALARM outbound: flow:greedy: minutes_per_day, blocked")
