"""Steps that reach outside, with a running server: a sub-flow, a CRM by HTTP, a ticket, a webhook, a message that is heard."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio

from telephony.leg import LegState, Party
from tests.e2e.phones import Phones
from tests.e2e.server import HotlineProcess
from tests.unit.telephony.media.sounds import levels

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

BEEP = 1000.0
MAIN = """
flow: shop
languages: [en]
defaults: { error: over }
states:
  start:
    call: { flow: identify, with: { purpose: order } }
    on: { known: claim, stranger: over }
  claim:
    http: { service: crm, post: "/orders/{vars.customer}/claim", json: { why: "{vars.purpose}" } }
    on: { found: ticket, not_found: over }
  ticket:
    ticket: { kind: claim, subject: "Claim {result.claim} of {vars.name}", due: 2d }
    on: { done: told }
  told:
    do:
      - notify: { by: webhook, to: "{caller.number}", text: { en: "Your number is {result.number}." } }
      - handover: { facts: { claim: "{result.number}" } }
    callback: { number: "+49 30 123456", window: 2h, reason: claim }
    on: { done: message }
  message:
    voicemail: { box: sales, max: 20s, silence: 10s }
    on: { done: over, empty: over }
  over: { hangup: normal }
"""
IDENTIFY = """
flow: identify
languages: [en]
defaults: { error: stranger }
states:
  ask:
    lookup: { source: crm, get: customer, with: { number: "{caller.number}" }, within: 2s }
    on: { found: known, not_found: stranger }
  known:
    do: [{ set: { customer: "{result.id}", name: "{result.name}" } }]
    return: known
  stranger: { return: stranger }
"""


class Crm:
    """The far end of everything: customers, claims and the webhook."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        length = next((int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length")), 0)
        body = json.loads(await reader.readexactly(length)) if length else None
        what = first.rpartition(" ")[0]
        self.asked.append((what, body))
        answers = {"GET /customers/caller": {"id": "c-7", "name": "Ann"}, "POST /orders/c-7/claim": {"claim": "k9"}}
        text = json.dumps(answers.get(what, {})).encode()
        status = "404 No" if what.startswith("GET") and what not in answers else "200 OK"
        head = (
            f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        )
        writer.write(head.encode() + text)
        writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[HotlineProcess, Phones, Crm]]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "main.yaml").write_text(MAIN)
    (folder / "flows" / "identify.yaml").write_text(IDENTIFY)
    crm = Crm()
    await crm.start()
    server = HotlineProcess(
        folder,
        speech={"enabled": False, "voice": "none"},
        sip={"max_lag": 0},
        routes=[{"to": "*", "flow": "shop"}],
        sources={"crm": {"kind": "http", "url": crm.url, "operations": {"customer": {"path": "/customers/{number}"}}}},
        profiles="",
        notices={"webhook": {"url": f"{crm.url}/hook", "token": "t"}},
        recording={"folder": str(folder / "calls"), "min_free_mb": 0},
    )
    server.flows = str(folder / "flows")
    async with Phones.open({"caller": 400.0, "nobody": 700.0}) as phones, server:
        yield server, phones, crm
    await crm.close()


async def until(server: HotlineProcess, path: str, **fields: Any) -> dict[str, Any]:
    """The first row of a list that has these fields."""
    async with asyncio.timeout(30):
        while True:
            for row in (await server.api(f"/api/v1/{path}"))[path.partition("?")[0]]:
                if all(row[name] == value for name, value in fields.items()):
                    return dict(row)
            await asyncio.sleep(0.1)


async def test_a_call_leaves_a_claim_a_ticket_a_notice_a_callback_and_a_message(
    house: tuple[HotlineProcess, Phones, Crm],
) -> None:
    server, phones, crm = house
    caller = await phones.call("caller", server.sip)
    await caller.until(lambda: caller.level(BEEP) > -30, "heard no beep")
    await asyncio.sleep(1.5)  # so long is the message, measured below
    caller.leg.hang_up()
    contact = await server.contact(caller_number="caller")
    assert contact["handover"]["facts"] == {"claim": "T-000001"} and contact["end_cause"] == "hung_up"
    assert "opened ticket T-000001" in contact["handover"]["summary"]
    message = await until(server, "voicemails", contact_id=contact["id"])
    assert message["box"] == "sales" and 1.0 < message["seconds"] < 4.0
    ticket = await server.api("/api/v1/tickets/T-000001")
    assert (ticket["subject"], ticket["kind"], ticket["caller_number"]) == ("Claim k9 of Ann", "claim", "caller")
    callback = await until(server, "callbacks", contact_id=contact["id"])
    assert (callback["number"], callback["reason"], callback["handover"]["facts"]) == (
        "+4930123456",
        "claim",
        {"claim": "T-000001"},
    )
    notice = await until(server, "notifications", status="sent")
    assert notice["text"] == "Your number is T-000001."
    asked = dict(crm.asked)
    assert asked["POST /orders/c-7/claim"] == {"why": "order"} and asked["POST /hook"]["to"] == "caller"
    await heard(server, message["id"])


async def heard(server: HotlineProcess, name: str) -> None:
    """The caller's tone is on the left channel of the message, and nothing on the right."""
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {server.token()}"}) as client:
        sound = (await client.get(f"/api/v1/voicemails/{name}/audio")).content
        with wave.open(io.BytesIO(sound)) as file:
            both = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        assert levels(both[:8000, 0], 400.0)[0] > -26 and np.abs(both[:, 1]).max() < 100
        assert (await client.patch(f"/api/v1/voicemails/{name}", json={"heard": True})).json()["heard"]
        assert (await client.delete(f"/api/v1/voicemails/{name}")).status_code == 200
        assert (await client.get(f"/api/v1/voicemails/{name}/audio")).status_code == 404


async def test_a_stranger_leaves_by_what_the_sub_flow_returns(house: tuple[HotlineProcess, Phones, Crm]) -> None:
    server, phones, crm = house
    leg = phones.gateway.dial(server.sip, Party("nobody", "Nobody"))
    contact = await server.contact(caller_number="nobody")
    assert contact["disposition"] == "self_served" and set(contact["handover"]) == {"summary"}
    assert "GET /customers/nobody" in [what for what, _ in crm.asked]
    assert leg.state is LegState.ENDED
