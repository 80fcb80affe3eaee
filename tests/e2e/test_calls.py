"""Transfers, consultation, three parties, parking and recording with a running server: every proof is a tone that is heard."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import pytest_asyncio

from telephony.leg import EndCause, LegState, TransferProgress
from tests.e2e.desk_client import DeskClient
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess
from tests.unit.telephony.media.sounds import levels

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

TONES = {"caller": 400.0, "emma": 700.0, "third": 1100.0, "wangfang": 1500.0}

FLOW = """
flow: direct
languages: [en]
defaults: { error: over }
states:
  main:
    do: [answer, { record: start }]
    enqueue: { queue: support, need: { telecom: 1 }, music: music }
    on: { no_agents: over, closed: over, full: over }
  over:
    hangup: normal
"""

Office = tuple[HotlineProcess, Phones, DeskClient]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A node, four telephones, and Emma's desk page beside her telephone."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "direct.yaml").write_text(FLOW)
    async with Phones.open(TONES) as phones:
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            sip={"max_lag": 0},
            routes=[{"to": "*", "flow": "direct"}],
            queues={"support": {"ring": "20s", "wrap_up": "0s"}},
            agents=[
                {"id": "emma", "name": "Emma", "device": phones.uri("emma"), "skills": {"telecom": 3}},
                {"id": "boss", "device": phones.uri("wangfang"), "roles": ["agent", "supervisor"], "capacity": 1},
            ],
            outbound={"rules": [{"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]}]},
            recording={"folder": str(folder / "calls"), "min_free_mb": 0},
            parking={"slots": "701-702"},
            tones="eu",
        )
        server.flows = str(folder / "flows")
        async with server, DeskClient.open(server, "emma") as desk:
            yield server, phones, desk


async def talk(office: Office) -> tuple[Phone, Phone, str]:
    """A caller who talks with Emma at her telephone, and the contact."""
    server, phones, desk = office
    caller = await phones.call("caller", server.sip)
    emma = await phones.answered("emma")
    contact = (await desk.until("contact", phase="connected"))["id"]
    await caller.hears(emma)
    await emma.hears(caller)
    return caller, emma, contact


async def test_consult_three_ways_and_leave_the_two_with_their_recording(office: Office) -> None:
    server, phones, desk = office
    caller, emma, contact = await talk(office)
    await desk.ask("consult", contact_id=contact, to=phones.uri("third"))
    third = await phones.answered("third")
    for phone in (caller, emma, third):
        phone.fresh()
    await emma.hears(third, not_=(caller,))
    await third.hears(emma, not_=(caller,))
    await caller.until(lambda: len(caller._heard) > 40, "no music came")
    assert caller.level(TONES["emma"]) < -45 and caller.level(TONES["third"]) < -45, "the caller hears music alone"
    await desk.ask("three_way", contact_id=contact)
    for phone in (caller, emma, third):
        phone.fresh()
    await caller.hears(emma, third, not_=(caller,))
    await emma.hears(caller, third, not_=(emma,))
    await third.hears(caller, emma, not_=(third,))
    await desk.ask("record", contact_id=contact, action="pause")
    await asyncio.sleep(0.7)
    await desk.ask("record", contact_id=contact, action="resume")
    await desk.ask("complete", contact_id=contact)
    await emma.ended()
    caller.fresh()
    await caller.hears(third, not_=(emma,))
    await third.hears(caller)
    caller.leg.hang_up()
    await third.ended()
    row = await server.contact(id=contact)
    assert row["agent_id"] == "emma" and [one["reason"] for one in row["recordings"]] == ["stopped"]
    await _listen(server, contact)
    await _play(server, contact)


async def _listen(server: HotlineProcess, contact: str) -> None:
    """The recording has the caller on the left and what the caller heard on the right, and a pause; the log says who got it."""
    path = f"/api/v1/contacts/{contact}/recordings/1"
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get(path)).status_code == 401
        client.headers["Authorization"] = f"Bearer {server.token()}"
        whole = await client.get(path)
        part = await client.get(path, params={"format": "mp3", "start": "0", "end": "1"})
        assert (await client.get(path.replace("/1", "/2"))).status_code == 404
    assert whole.status_code == 200, whole.text
    assert whole.headers["content-type"] == "audio/wav" and part.headers["content-type"] == "audio/mpeg"
    with wave.open(io.BytesIO(whole.content)) as read:
        both = np.frombuffer(read.readframes(read.getnframes()), np.int16).reshape(-1, 2)
    last = both[-4000:-800]
    assert levels(last[:, 0], TONES["caller"])[0] > -25 and levels(last[:, 1], TONES["third"])[0] > -25
    assert levels(last[:, 0], TONES["third"])[0] < -45 and levels(last[:, 1], TONES["caller"])[0] < -45
    quiet = ~both.any(axis=1)
    assert max(len(run) for run in "".join(map(str, quiet.astype(int))).split("0")) > 4000, "half a second of pause"
    assert len(server.log_lines(f"ivr.audit recording .* of {contact} given to api token")) == 2


async def _play(server: HotlineProcess, contact: str) -> None:
    """The same call on one time line: what happened, both voices in its picture, and any part of its sound."""
    path = f"/api/v1/contacts/{contact}/playback"
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get(path)).status_code == 401
        client.headers["Authorization"] = f"Bearer {server.token()}"
        told = (await client.get(path)).json()
        whole = (await client.get(f"{path}/1")).content
        part = await client.get(f"{path}/1", headers={"range": "bytes=3000-4999"})
        assert (await client.get(f"{path}/2")).status_code == 404
    assert (part.status_code, part.content == whole[3000:5000]) == (206, True)
    assert part.headers["content-range"] == f"bytes 3000-4999/{len(whole)}"
    marks = {one["kind"]: one for one in told["marks"]}
    assert marks["queue"]["label"] == "support" and marks["agent"]["label"] == "Emma" and marks["hold"]["label"] == "Emma"
    assert (
        0 <= marks["queue"]["from"] <= marks["agent"]["from"] < marks["hold"]["from"] < marks["pause"]["from"] < told["seconds"]
    )
    assert 0.5 < marks["pause"]["to"] - marks["pause"]["from"] < 5.0
    (recording,) = told["recordings"]
    assert recording["url"] == f"{path}/1" and recording["offset"] == told["begins"] == pytest.approx(told["peaks"]["from"])
    for side in ("caller", "agent"):
        assert max(told["peaks"][side]) > 0.05 and len(told["peaks"][side]) <= 2000, side
    assert len(server.log_lines(f"recording played: {contact} ")) == 1


async def test_a_supervisor_listens_whispers_and_barges_in(office: Office) -> None:
    server, phones, desk = office
    caller, emma, contact = await talk(office)
    refused = await desk.reply("monitor", contact_id=contact, mode="listen")
    assert not refused["ok"] and "supervisor" in refused["error"]
    async with DeskClient.open(server, "boss") as page:
        await page.ask("monitor", contact_id=contact, mode="listen")
        boss = await phones.answered("wangfang")
        await boss.hears(caller, emma)
        for phone in (caller, emma):
            phone.fresh()
        await caller.hears(emma, not_=(boss,))
        await emma.hears(caller, not_=(boss,))
        await page.ask("monitor", contact_id=contact, mode="whisper")
        for phone in (caller, emma):
            phone.fresh()
        await emma.hears(caller, boss)
        await caller.hears(emma, not_=(boss,))
        await page.ask("monitor", contact_id=contact, mode="barge")
        caller.fresh()
        await caller.hears(emma, boss)
        await page.ask("monitor", contact_id=contact, mode="stop")
        await boss.ended()
    caller.fresh()
    await caller.hears(emma, not_=(boss,))
    caller.leg.hang_up()
    await emma.ended()
    assert len(server.log_lines(f"ivr.audit supervisor boss: .* on {contact}")) == 4


async def test_a_desk_phone_holds_and_the_caller_hears_music(office: Office) -> None:
    _, _, desk = office
    caller, emma, _ = await talk(office)
    emma.leg.set_hold(True)
    await desk.until("contact", phase="held")
    caller.fresh()
    await caller.until(lambda: len(caller._heard) > 40, "no music came")
    assert np.abs(np.concatenate(caller._heard[-25:])).max() > 200 and caller.level(TONES["emma"]) < -45
    emma.leg.set_hold(False)
    await desk.until("contact", phase="connected")
    caller.fresh()
    await caller.hears(emma)
    caller.leg.hang_up()
    await emma.ended()


async def test_a_desk_phone_transfers_blind(office: Office) -> None:
    server, phones, _ = office
    caller, emma, contact = await talk(office)
    emma.leg.transfer(phones.uri("third"))
    third = await phones.answered("third")
    caller.fresh()
    await caller.hears(third, not_=(emma,))
    assert (await emma.ended()).cause is EndCause.TRANSFERRED
    assert any(isinstance(one, TransferProgress) and one.status == 200 for one in emma.events)
    third.leg.hang_up()
    await caller.ended()
    assert (await server.contact(id=contact))["disposition"] == "served"


async def test_a_desk_phone_transfers_attended(office: Office) -> None:
    server, phones, _ = office
    caller, emma, contact = await talk(office)
    consulting = await phones.call("emma", phones.uri("third"))
    third = await phones.answered("third")
    await third.hears(consulting)
    emma.leg.transfer_to(consulting.leg)
    await emma.ended()
    await consulting.ended()
    by = next(event.by for event in third.events if hasattr(event, "by"))
    new = Phone(by, TONES["third"])
    await new.up()
    caller.fresh()
    await caller.hears(new, not_=(emma,))
    await new.hears(caller)
    caller.leg.hang_up()
    await new.ended()
    row = await server.contact(id=contact)
    assert (row["disposition"], row["agent_id"]) == ("served", "emma")


async def test_the_callers_phone_transfers_and_the_agent_stays(office: Office) -> None:
    server, phones, _ = office
    caller, emma, contact = await talk(office)
    caller.leg.transfer(phones.uri("third"))
    third = await phones.answered("third")
    emma.fresh()
    await emma.hears(third, not_=(caller,))
    await third.hears(emma)
    assert (await caller.ended()).cause is EndCause.TRANSFERRED
    emma.leg.hang_up()
    await third.ended()
    row = await server.contact(id=contact)
    assert row["agent_id"] == "emma" and len(row["recordings"]) == 2


async def test_park_and_pick_up(office: Office) -> None:
    server, phones, desk = office
    caller, emma, contact = await talk(office)
    await desk.ask("park", contact_id=contact, slot="702")
    await emma.ended()
    async with asyncio.timeout(20):
        while not (parked := (await server.api("/api/v1/parked"))["parked"]):  # noqa: ASYNC110  # it is in another process
            await asyncio.sleep(0.05)
    assert (parked[0]["slot"], parked[0]["contact"], parked[0]["by"]) == ("702", contact, "emma")
    await desk.ask("pick_up", slot="702")
    emma = await phones.answered("emma")
    caller.fresh()
    await caller.hears(emma)
    assert (await server.api("/api/v1/parked"))["parked"] == []
    refused = await desk.reply("park", contact_id=contact, slot="999")
    assert not refused["ok"] and "999" in refused["error"]
    caller.leg.hang_up()
    await emma.ended()
    assert caller.leg.state is LegState.ENDED
