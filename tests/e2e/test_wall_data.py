"""A real SIP call from its first second to its figures, as boards are told of it; an alert, its message, a breathing space."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.e2e.phones import Phones
from tests.e2e.server import HotlineProcess
from tests.e2e.wall_client import WallClient

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CALLER, AGENT = "1001", "1002"
FLOW = """
flow: desk
languages: [en]
defaults: { error: over, no_agents: over, closed: over, full: over }
states:
  start: { do: [answer], wait: 1s, on: { done: queue } }
  queue: { enqueue: { queue: support, no_agents_after: 1h } }
  over: { hangup: normal }
"""
ALERTS = [
    {"name": "slow", "metric": "wait", "above": "1s", "severity": "danger", "webhook": True, "owner": "boss"},
    {"name": "stuck", "metric": "state_seconds", "state": "break", "above": "1s"},
    {"name": "trunk", "metric": "trunk_down", "above": 0.5},
    {"name": "lost", "metric": "service_level", "below": 0.5, "over": "30m", "of": ["all"]},
]


class Carrier(asyncio.DatagramProtocol):
    """The far end of a trunk: it answers OPTIONS while it is `up`."""

    def __init__(self) -> None:
        self.up = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.up or not data.startswith(b"OPTIONS "):
            return
        kept = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")
        lines = [line for line in data.split(b"\r\n") if line.lower().startswith(kept)]
        self._transport.sendto(b"\r\n".join([b"SIP/2.0 200 OK", *lines, b"Content-Length: 0", b"", b""]), addr)


async def test_a_call_on_the_board(tmp_path: Path) -> None:
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def hook(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        messages.put_nowait(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with (
        Phones.open({CALLER: 400.0, AGENT: 700.0}) as phones,
        await asyncio.start_server(hook, "127.0.0.1", 0) as gateway,
    ):
        transport, carrier = await asyncio.get_running_loop().create_datagram_endpoint(Carrier, ("127.0.0.14", 0))
        port = transport.get_extra_info("sockname")[1]
        folder = tmp_path / "node"
        (folder / "flows").mkdir(parents=True)
        (folder / "flows" / "desk.yaml").write_text(FLOW)
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "desk"}],
            queues={"support": {"wrap_up": "1s"}},
            alerts=ALERTS,
            notices={"webhook": {"url": f"http://127.0.0.1:{gateway.sockets[0].getsockname()[1]}/alerts"}},
            trunks={
                "pbx": {
                    "hosts": [f"127.0.0.14:{port}"],
                    "health": {"every": "1s", "timeout": "1s", "down_after": 1, "up_after": 1},
                }
            },
            wall={"within": "30s", "queues": {"support": "20s"}},
            agents=[
                {"id": "ann", "name": "Ann", "device": phones.uri(AGENT), "languages": ["en"]},
                {"id": "boss", "name": "Boss", "roles": ["supervisor"]},
                {"id": "bob", "name": "Bob"},
            ],
        )
        server.flows = str(folder / "flows")
        async with server, WallClient.open(server, "boss") as wall:
            await wall.until(lambda: wall.rows["alerts"].get("trunk|pbx"), "that the trunk is down")
            carrier.up = True
            await one_call(server, wall, phones, messages)
            await wall.until(lambda: wall.rows["alerts"]["trunk|pbx"]["closed_at"], "that the trunk is up")
            await what_may_not(server)


async def one_call(server: HotlineProcess, wall: WallClient, phones: Phones, messages: asyncio.Queue[dict[str, Any]]) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers={"cookie": wall.cookie}) as client:
        await wall.until(lambda: wall.rows["agents"].get("ann", {}).get("state") == "available", "Ann on duty")
        await client.post("/api/v1/agents/ann/state", json={"state": "break", "reason": "meal"})
        await wall.until(lambda: wall.rows["agents"]["ann"]["state"] == "break", "Ann on a break")
        (node,) = await wall.until(lambda: list(wall.rows["nodes"].values()), "the node")
        assert node["alive"] and wall.snapshot["settings"]["within"]["support"] == 20.0

        phone = await phones.call(CALLER, server.sip)
        (call,) = await wall.until(lambda: list(wall.rows["calls"].values()), "the call with the flow")
        assert call["caller"]["number"] == CALLER and call["flow"] == "desk"
        await wall.until(lambda: wall.rows["queues"].get("support", {}).get("waiting") == 1, "the caller in the queue")
        alert = await wall.until(lambda: wall.rows["alerts"].get("slow|support"), "the alert of a long wait")
        assert (alert["severity"], alert["owner"], alert["subject"]["id"]) == ("danger", "boss", "support")
        told = await asyncio.wait_for(messages.get(), 20)
        assert "最长等待" in told["text"] and "longest wait" in told["text"]
        assert (await wall.ask("acknowledge", alert="slow|support", note="on it"))["ok"]
        await wall.until(lambda: wall.rows["alerts"]["slow|support"]["acknowledged_by"] == "boss", "who saw it")
        assert not (await wall.ask("acknowledge", alert="nothing"))["ok"]

        stuck = await wall.until(lambda: wall.rows["alerts"].get("stuck|ann"), "that Ann is on a break for long")
        assert stuck["subject"] == {"kind": "agent", "id": "ann", "name": "Ann"}

        left_at = wall.seq
        await client.post("/api/v1/agents/ann/state", json={"state": "available"})
        await (await phones.answered(AGENT)).up()
        row = await wall.until(
            lambda: next((one for one in wall.rows["calls"].values() if one["phase"] == "connected"), None), "the talk"
        )
        assert row["agent"] == "ann" and row["connected_at"] >= row["queued_at"]
        await wall.until(lambda: wall.rows["agents"]["ann"]["calls"] == [row["id"]], "Ann with her call")
        await wall.until(lambda: wall.rows["alerts"]["slow|support"]["closed_at"], "the end of the alert")
        await wall.until(lambda: wall.rows["alerts"]["stuck|ann"]["closed_at"], "that Ann works")
        await wall.until(lambda: wall.figures["today"]["support"]["service_level"] == 1.0, "the service level during the talk")
        async with WallClient.open(server, "boss", left_at) as again:
            assert "snapshot" not in again.kinds, "what was missed is enough"

        phone.leg.hang_up()
        await wall.until(lambda: not wall.rows["calls"], "the end of the call")
        today = await wall.until(lambda: wall.figures["today"][""]["calls"] and wall.figures["today"]["support"], "its figures")
        assert (today["answered"], today["abandoned"], today["service_level"]) == (1, 0, 1.0)
        assert today["aht"] > 0 and wall.figures["usual"][""]["calls"] == 0
        history = (await client.get("/api/v1/wall/history?queue=support")).json()
        assert [point["answered"] for point in history["today"]] == [1] and history["before"] == []
        board = (await client.get("/api/v1/wall")).json()
        assert board["figures"]["today"]["support"]["answered"] == 1
        names = {one["name"] for one in (await client.get("/api/v1/wall/formulas")).json()["formulas"]}
        assert set(board["figures"]["today"][""]) == names


async def what_may_not(server: HotlineProcess) -> None:
    url = server.url.replace("http", "ws") + "/ws/wall"
    for headers in ({}, {"Origin": "https://evil.example"}):
        with pytest.raises(InvalidStatus, match="403"):
            async with connect(url, additional_headers=headers):
                pass
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/api/v1/wall")).status_code == 401
        await client.post("/api/v1/login", json={"username": "bob", "password": server.password("bob")})
        assert (await client.get("/api/v1/wall")).status_code == 403
        assert (await client.get("/api/v1/wall/history?day=yesterday")).status_code == 403
