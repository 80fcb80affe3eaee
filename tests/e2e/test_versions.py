"""Two servers that share Redis and a database: what is published on one answers on the other within two seconds."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ivr.acd.embedded import start_embedded
from tests.e2e.baresip import Baresip
from tests.e2e.server import ROOT, HotlineProcess
from tests.e2e.test_reload import end, quiet

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

SECONDS = 2.0
"""How long two nodes may disagree."""


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[HotlineProcess, HotlineProcess]]:
    """Each with its own folder of flows."""
    async with AsyncExitStack() as stack:
        redis = await start_embedded(tmp_path)
        stack.push_async_callback(redis.aclose)
        shared: dict[str, Any] = {
            "redis": redis.url,
            "database": f"sqlite+aiosqlite:///{tmp_path / 'shared.sqlite'}",
            "speech": {"enabled": False},
            "sip": {"max_lag": 0},
        }
        made = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            shutil.copytree(ROOT / "dialplans", folder / "flows")
            shutil.copy(ROOT / "examples" / "demo" / "environment.yaml", folder)
            own: dict[str, Any] = {"dialplans": str(folder / "flows"), "environment": str(folder / "environment.yaml")}
            made.append(HotlineProcess(folder, node=name, **own, **shared))
        for server in made:
            await stack.enter_async_context(server)
        yield made[0], made[1]


def swapped(text: str) -> str:
    """The telecom flow in which key 1 and key 2 of the menu change places."""
    changed = re.sub(
        r"^( +)bill: read_bill\n( +)balance: read_balance\n", r"\1bill: read_balance\n\2balance: read_bill\n", text, flags=re.M
    )
    assert changed != text
    return changed


async def version(server: HotlineProcess) -> str:
    health = await server.api("/api/v1/health")
    return str(health["flow_versions"]["flows"]["telecom"])


async def apart(one: HotlineProcess, two: HotlineProcess, wanted: str, count: int = 1) -> float:
    """Seconds between the moments in which new calls of the two servers began with a version for the `count`-th time."""
    line = rf"flow telecom is now version {wanted}"
    for server in (one, two):
        await server.until_line(line, count)
    first, second = [datetime.fromisoformat(server.log_lines(line)[count - 1][:23]) for server in (one, two)]
    return abs((second - first).total_seconds())


async def admin(server: HotlineProcess, path: str, body: dict[str, Any]) -> Any:
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {server.token()}"}) as client:
        response = await client.post(f"/api/v1/admin{path}", json=body)
        assert response.is_success, response.text
        return response.json()


async def test_what_is_published_on_one_node_answers_on_the_other(
    pair: tuple[HotlineProcess, HotlineProcess], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = pair
    good = (tmp_path / "one" / "flows" / "telecom.yaml").read_text("utf-8")
    first = await version(two)
    took = []
    async with (
        Baresip(tmp_path / "1", quiet(tmp_path), user="1001") as early,
        Baresip(tmp_path / "2", quiet(tmp_path), user="1002") as late,
    ):
        await two.called_by(early)
        for n in range(3):
            text = swapped(good) + f"# edition {n}\n"
            [made] = (await admin(one, "/publish", {"texts": {"telecom": text}, "note": f"edition {n}"}))["versions"]
            took.append(await apart(one, two, made["version"]))
        await two.called_by(late)
        (old, said_early), (new, said_late) = [await end(phone, two) for phone in (early, late)]
    assert (old, new) == (first, made["version"])
    assert "balance" in said_early.lower() and "bill for last month" in said_late
    (tmp_path / "two" / "flows" / "telecom.yaml").write_text(good, "utf-8")
    took.append(await apart(one, two, first))
    await admin(one, "/flows/telecom/rollback", {})
    took.append(await apart(one, two, new, 2))
    told = ", ".join(f"{seconds * 1000:.0f}" for seconds in took)
    with capsys.disabled():
        print(f"\ntwo nodes disagreed for {told} ms: three publishes, a file, a rollback")
    assert max(took) < SECONDS
    async with asyncio.timeout(10):  # calls are on the new version before its files are written
        while (tmp_path / "two" / "flows" / "telecom.yaml").read_text("utf-8") != text:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.05)


async def test_a_node_that_was_down_catches_up_before_its_first_call(
    pair: tuple[HotlineProcess, HotlineProcess], tmp_path: Path
) -> None:
    one, two = pair
    await two.stop(signal.SIGKILL)
    text = swapped((tmp_path / "one" / "flows" / "telecom.yaml").read_text("utf-8"))
    [made] = (await admin(one, "/publish", {"texts": {"telecom": text}}))["versions"]
    await two.start()
    assert await version(two) == made["version"]
    nodes = {node["node"]: node for node in (await one.api("/api/v1/admin/nodes"))["nodes"]}
    assert (nodes["one"]["up"], nodes["two"]["up"]) == (True, True)
    assert nodes["two"]["refused"] == {}


async def test_workers_of_one_server_run_the_same(tmp_path: Path) -> None:
    """They share one folder: one of them publishes and writes, all adopt."""
    folder, flows = tmp_path / "server", tmp_path / "flows"
    folder.mkdir()
    shutil.copytree(ROOT / "dialplans", flows)
    text = swapped((flows / "telecom.yaml").read_text("utf-8"))
    own: dict[str, Any] = {"dialplans": str(flows), "speech": {"enabled": False}}
    async with HotlineProcess(folder, options=("--workers", "2"), **own) as server:
        [made] = (await admin(server, "/publish", {"texts": {"telecom": text}}))["versions"]
        line = rf"flow telecom is now version {made['version']}"
        await server.until_line(line, 2)
        assert len({found.split()[3] for found in server.log_lines(line)}) == 2, "each worker says so"
        assert (flows / "telecom.yaml").read_text("utf-8") == text
        (flows / "telecom.yaml").write_text(text + "# by hand\n", "utf-8")
        await server.until_line(r"flow telecom is now version \w+, number 3", 2)
        status = await server.api("/api/v1/admin/nodes")
        assert [(node["up"], node["serial"]) for node in status["nodes"]] == [(True, status["serial"])] * 2
        assert status["serial"] == 3, "the change of the file was published once"
