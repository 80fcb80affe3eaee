"""A node is killed while its caller waits and rings: the other one frees the agent, leads, and calls the caller back."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from ivr.acd.kept_calls import KeptCalls
from tests.e2e.baresip import Baresip
from tests.e2e.desk_client import DeskClient
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import silence, write_wav
from tests.unit.ivr.nodes.redis_servers import RedisServers, free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def test_a_killed_node_leaves_nobody_stuck(tmp_path: Path) -> None:
    quiet = write_wav(tmp_path / "quiet.wav", silence(1))
    async with RedisServers(tmp_path) as servers:
        (port,) = free_ports(1)
        await servers.start(port, "appendonly yes")
        nodes = [made(tmp_path, name, port) for name in ("dies", "lives")]
        async with (
            nodes[1] as lives,
            Redis(host="127.0.0.1", port=port) as redis,
            Baresip(tmp_path / "phone", quiet, user="1001") as phone,
        ):
            await nodes[0].start()
            try:
                async with DeskClient.open(lives, "emma") as desk:
                    await desk.ask("set_state", state="available", reason="")
                    await nodes[0].called_by(phone, "0")
                    ring = await desk.until("ring")
                    contact = ring["contact_id"]
                    await until_kept(redis, contact)
                    await nodes[0].stop(signal.SIGKILL)
                    died = time.monotonic()
                    await desk.until("agent", state="available")
                    assert time.monotonic() - died < 10.0, "4.5 s, on a machine that does nothing else"
            finally:
                await nodes[0].stop(signal.SIGKILL)
            row = await callback(lives, contact)
            kept = await KeptCalls(redis).read(contact)
    assert (row["caller_number"], row["queue"], row["origin"]) == ("1001", kept_place(kept)["queue"], "lost")
    queued = datetime.fromisoformat(row["queued_at"]).timestamp()
    assert queued == pytest.approx(kept_place(kept)["queued_at"], abs=1.0), "the place is kept"
    assert kept is not None and kept["node"] == "dies" and kept["leg"]["kind"] == "sip"


def made(folder: Path, name: str, port: int) -> HotlineProcess:
    (folder / name).mkdir()
    return HotlineProcess(folder / name, speech={"enabled": False}, redis=f"redis://127.0.0.1:{port}/0", node=name)


def kept_place(kept: Any) -> Any:
    assert kept is not None and kept["place"] is not None
    return kept["place"]


async def until_kept(redis: Redis, contact: str) -> None:
    """Until the snapshot says that it waits."""
    async with asyncio.timeout(20):
        while True:
            kept = await KeptCalls(redis).read(contact)
            if kept is not None and kept["place"] is not None:
                return
            await asyncio.sleep(0.1)


async def callback(server: HotlineProcess, contact: str) -> dict[str, Any]:
    """The callback of the contact, once there is one."""
    async with asyncio.timeout(40):
        while True:
            try:
                rows = (await server.api("/api/v1/callbacks"))["callbacks"]
                found = next((row for row in rows if row["contact_id"] == contact), None)
                if found is not None:
                    return dict(found)
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.2)
