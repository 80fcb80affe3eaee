"""What was said goes with a call to those outside, over a real trunk and to a real phone: as a link, in the INVITE, as vCon."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator
from vcon import Vcon

from telephony.leg import DialOptions, Party
from telephony.sip import user_agent
from telephony.sip.multipart import Part, unwrap
from tests.e2e.desk_client import DeskClient
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess
from tests.unit.telephony.gateway.nodes import Node, node, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

TONES = {"caller": 400.0, "emma": 700.0, "third": 1100.0, "carrier": 1300.0}
FLOW = """
flow: direct
languages: [en]
defaults: { error: over }
states:
  main:
    do: [answer, { record: start }, { handover: { note: "Router is red.", facts: { line: dsl } } }]
    ask: { say: wrong_digits, expect: { digits: { min: 4, max: 4 } }, into: account, barge_in: true }
    on: { done: fault, no_input: over, no_match: over }
  fault:
    ticket: { kind: fault, subject: "No light" }
    on: { done: desk }
  desk:
    enqueue: { queue: support, need: { telecom: 1 } }
    on: { no_agents: over, closed: over, full: over }
  over:
    hangup: normal
"""

Site = tuple[HotlineProcess, Phones, DeskClient, Node]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A node, telephones, Emma's desk beside her telephone, and a carrier that takes bodies of several parts."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "direct.yaml").write_text(FLOW)
    async with (
        Phones.open(TONES) as phones,
        node("127.0.0.9", trusted_networks=("127.0.0.0/8",)) as carrier,
    ):
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            sip={"max_lag": 0},
            routes=[{"to": "*", "flow": "direct"}],
            queues={"support": {"ring": "20s", "wrap_up": "0s"}},
            agents=[{"id": "emma", "name": "Emma", "device": phones.uri("emma"), "skills": {"telecom": 3}}],
            trunks={"carrier": {"hosts": [f"127.0.0.9:{carrier.port}"], "handover": "body", "health": {"every": 0}}},
            outbound={
                "region": "DE",
                "rules": [
                    {"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]},
                    {"name": "numbers", "who": ["agent:*"], "numbers": ["+49*"]},
                ],
            },
            recording={"folder": str(folder / "calls"), "min_free_mb": 0},
        )
        server.flows = str(folder / "flows")
        server.more["handover"] = {"url": server.url, "body": 4096}
        async with server, DeskClient.open(server, "emma") as desk:
            yield server, phones, desk, carrier


async def talk(site: Site) -> tuple[Phone, Phone, str]:
    """A caller who gave a number by keys, whose system handed something over, and who talks with Emma."""
    server, phones, desk, _ = site
    leg = phones.gateway.dial(server.sip, Party("caller", "Carl"), options=DialOptions(user_to_user="order 4711"))
    caller = Phone(leg, TONES["caller"])
    await caller.up()
    leg.send_digits("4711")
    emma = await phones.answered("emma")
    contact = await desk.until("contact", phase="connected")
    await caller.hears(emma)
    await emma.hears(caller)
    return caller, emma, contact["id"]


async def read(link: str) -> dict[str, Any]:
    """What somebody outside reads, who has nothing but the link."""
    async with httpx.AsyncClient() as client:
        response = await client.get(link)
        schema = await client.get(f"{link.partition('/api/')[0]}/api/v1/schemas/handover.json")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    Draft202012Validator(schema.json()).validate(found)
    return found


async def test_a_blind_transfer_over_a_trunk_carries_it_in_the_invite(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    server, _, desk, carrier = site
    beside: list[Part] = []
    monkeypatch.setattr(user_agent, "unwrap", lambda request: beside.extend(unwrap(request)))
    caller, emma, contact = await talk(site)
    shown = desk.last("contact")
    assert shown["signalling"]["user_to_user"] == "order 4711"
    assert shown["media"]["codec"]
    await desk.ask("transfer", contact_id=contact, to="+4930222")
    await wait_for(lambda: len(carrier.legs) == 1, 10)
    out = Phone(carrier.legs[0], TONES["carrier"])
    await out.up()
    caller.fresh()
    await caller.hears(out, not_=(emma,))
    await out.hears(caller)
    (part,) = beside
    told = json.loads(part.body)
    assert part.content_type == "application/vnd.hotline.handover+json"
    assert len(part.body) <= 4096
    link = carrier.legs[0].info.user_to_user_text
    assert link == told["link"]
    assert link.startswith(f"{server.url}/api/v1/handover/")
    found = await read(link)
    for one in (told, found):
        assert (one["contact"]["id"], one["contact"]["queue"], one["contact"]["agent_id"]) == (contact, "support", "emma")
        assert (one["slots"]["account"], one["note"], one["facts"]) == ("4711", "Router is red.", {"line": "dsl"})
        assert [turn["text"] for turn in one["turns"] if turn["speaker"] == "caller"]
        assert one["signalling"]["user_to_user"] == "order 4711"
        assert one["media"]["codec"]
        assert one["summary"]
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{link[:-3]}AAA")).status_code == 404
        page = await client.get(link, headers={"accept": "text/html"})
    assert "Router is red." in page.text
    caller.leg.hang_up()
    await out.ended()
    assert server.log_lines(f"ivr.audit handover of {contact} given by its link")
    await exported(server, contact)


async def exported(server: HotlineProcess, contact: str) -> None:
    """The call as vCon: the package takes it, and the hash is that of the recording behind its address."""
    await server.contact(id=contact, end_cause="hung_up")
    found = await server.api(f"/api/v1/contacts/{contact}/vcon")
    assert Vcon(found).is_valid() == (True, [])
    (dialog,) = found["dialog"]
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {server.token()}"}) as client:
        sound = (await client.get(dialog["url"])).content
    digest = base64.urlsafe_b64encode(hashlib.sha512(sound).digest()).decode().rstrip("=")
    assert dialog["content_hash"] == f"sha512-{digest}"
    assert sound[:4] == b"RIFF"
    kinds = [one["type"] for one in found["analysis"]]
    assert kinds[:3] == ["transcript", "summary", "intents"]
    tickets = next(one for one in found["attachments"] if one["type"] == "tickets")
    assert json.loads(tickets["body"])[0]["contact_id"] == contact
    inline = await server.api(f"/api/v1/contacts/{contact}/vcon?audio=inline")
    assert base64.urlsafe_b64decode(inline["dialog"][0]["body"] + "==") == sound


async def test_a_warm_transfer_takes_the_transcript_along(site: Site) -> None:
    """Who is consulted over the trunk reads what was said before the caller is there, and goes on with the caller."""
    _, _, desk, carrier = site
    caller, emma, contact = await talk(site)
    before = len(carrier.legs)
    await desk.ask("consult", contact_id=contact, to="+4930333")
    await wait_for(lambda: len(carrier.legs) > before, 10)
    third = Phone(carrier.legs[-1], TONES["carrier"])
    await third.up()
    found = await read(carrier.legs[-1].info.user_to_user_text)
    assert found["slots"]["account"] == "4711"
    assert [turn["speaker"] for turn in found["turns"]].count("caller") >= 1
    emma.fresh()
    await emma.hears(third)
    await desk.ask("complete", contact_id=contact)
    caller.fresh()
    await caller.hears(third, not_=(emma,))
    await third.hears(caller)
    caller.leg.hang_up()
    await third.ended()


async def test_a_foreign_host_is_told_nothing_unless_the_step_says_so(site: Site) -> None:
    """A consultation to a SIP URI: nobody said that this host may know."""
    _, phones, desk, _ = site
    caller, _, contact = await talk(site)
    await desk.ask("consult", contact_id=contact, to=phones.uri("third"))
    third = await phones.answered("third")
    assert third.leg.info.user_to_user == ""
    await desk.ask("complete", contact_id=contact)
    caller.fresh()
    await caller.hears(third)
    caller.leg.hang_up()
    await third.ended()
