"""`ivr flows` against an admin API that really listens, with versions that are really kept."""

from __future__ import annotations

import asyncio
import io
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
from redis.asyncio import Redis
from rich.console import Console
from starlette.applications import Starlette

from ivr.__main__ import main
from ivr.accounts.house import House
from ivr.flows_cli import _flows
from ivr.records.database import open_database, sqlite_url
from ivr.web.admin_door import Door
from ivr.web.admin_flows import FlowsApi
from ivr.web.admin_house import HouseApi
from ivr.web.admin_parts import AdminParts
from ivr.web.auth import Gate
from ivr.web.flow_desk import ENVIRONMENT
from tests.unit.ivr.publishing.town import ONE, TWO, WRONG, Town, text
from tests.unit.ivr.web.conftest import ListedAccounts

TOKEN = "token-of-a-test"
Run = Callable[..., Awaitable[tuple[int, str, str]]]


class Audit:
    """Remembers who did what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    async def note(self, by: str, address: str, what: str, subject: str, note: str = "") -> None:
        self.told.append((by, what, subject))


@pytest.fixture
async def town(redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    redis: Redis = Redis.from_url(redis_url)
    await redis.delete("{flows}:nodes")
    engine = await open_database(sqlite_url(tmp_path))
    made = Town(redis, engine, tmp_path)
    yield made
    await made.close()
    await engine.dispose()
    await redis.aclose()


@pytest.fixture
def audit() -> Audit:
    return Audit()


@pytest.fixture
async def run(town: Town, audit: Audit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `ivr flows ARGS` in a thread against a node; its status and what it printed."""
    node = await town.node("one")
    parts = AdminParts(
        examine=lambda text, name: (None, []),
        around=lambda: node.store.around,
        files=dict,
        names=dict,
        prompts=cast(Any, None),
        audit=cast(Any, audit),
        flows=node.desk,
        tests=cast(Any, SimpleNamespace(read=lambda flow: None)),
    )
    door = Door(Gate(House(town.redis, ListedAccounts()), TOKEN, ()))
    app = Starlette(routes=[*FlowsApi(parts, door).routes, *HouseApi(parts, door).routes])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    (tmp_path / "admin-token").write_text(TOKEN)

    async def run(*arguments: str) -> tuple[int, str, str]:
        where = ["--url", f"http://127.0.0.1:{port}", "--data", str(tmp_path)]
        code = await asyncio.to_thread(main, ["flows", *arguments, *where])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    yield run
    server.should_exit = True
    await task


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")


def put(folder: Path, content: str, name: str = "next.yaml") -> str:
    path = folder / name
    path.write_text(content, "utf-8")
    return str(path)


async def test_publish_compare_and_go_back(run: Run, town: Town, audit: Audit, tmp_path: Path) -> None:
    code, out, err = await run("publish", put(tmp_path, TWO), "--note", "two seconds")
    assert (code, err) == (0, "")
    assert out.startswith("small: version 2 (")
    assert out.endswith("is live\n")
    assert audit.told == [("api token", "version 2 published", "small")]
    assert town.nodes[0].has(TWO)
    _, out, _ = await run("versions", "small")
    assert ("two seconds" in out, "api token" in out, "+1 -1" in out) == (True, True, True)
    _, out, _ = await run("diff", "small", "1", "2")
    assert out.startswith("--- small 1\n+++ small 2\n")
    assert (await run("show", "small", "1"))[1] == ONE
    assert (await run("show", "small"))[1] == TWO
    code, out, _ = await run("rollback", "small")
    assert (code, town.nodes[0].has(ONE)) == (0, True)
    assert "small: version 3" in out
    _, out, _ = await run("list")
    assert "back to version 1" in out


async def test_roll_out_and_times(run: Run, town: Town, tmp_path: Path) -> None:
    _, out, _ = await run("publish", put(tmp_path, TWO), "--percent", "10")
    assert "is for 10 % of the callers" in out
    _, out, _ = await run("list")
    assert "2 to 10 %" in out
    _, out, _ = await run("rollout", "small", "2", "100")
    assert "is live" in out
    _, out, _ = await run("publish", put(tmp_path, text(3)), "--at", "2027-01-01 00:00")
    assert "small: version 3" in out
    assert "begins at 20" in out
    code, out, _ = await run("cancel", "small", "3")
    assert (code, "neither begins" in out) == (0, True)
    _, out, _ = await run("nodes")
    assert "one" in out


async def test_what_goes_wrong_is_one_line(run: Run, town: Town, tmp_path: Path) -> None:
    code, out, err = await run("publish", put(tmp_path, WRONG))
    assert (code, out) == (1, "")
    assert "error[unknown-state]" in err
    assert err.count("\n") == 1
    for arguments in (
        ("publish", str(tmp_path / "none.yaml")),
        ("rollback", "nowhere"),
        ("cancel", "small", "1"),
        ("show", "small", "9"),
    ):
        code, _, err = await run(*arguments)
        assert (code, err.count("\n")) == (1, 1)
        assert err.startswith("ivr flows: ")
    code, _, err = await run("publish", put(tmp_path, TWO, "a.yaml"), put(tmp_path, TWO, "b.yaml"))
    assert "in two of these files" in err
    code, _, err = await run("retire", "small")
    assert "remove the file first" in err


async def test_the_environment_is_taken_back_like_a_flow(run: Run, town: Town) -> None:
    desk = town.nodes[0].desk
    for text_of in ("flags: { a: true }\n", "flags: { a: false }\n"):
        await desk.publish_texts("anna", "", {ENVIRONMENT: text_of})
    assert "-flags: { a: true }" in (await run("diff", ENVIRONMENT, "1", "2"))[1]
    code, out, _ = await run("rollback", ENVIRONMENT)
    assert (code, out.startswith("@environment: version 3")) == (0, True)
    assert town.nodes[0].store.environment.flags["a"].on
    assert "back to version 1" in (await run("versions", ENVIRONMENT))[1]


async def test_a_flow_whose_file_is_gone_is_retired(run: Run, town: Town, tmp_path: Path) -> None:
    shutil.copy(put(tmp_path, text(1, "fresh")), town.nodes[0].folder / "fresh.yaml")
    await town.nodes[0].step()
    (town.nodes[0].folder / "fresh.yaml").unlink()
    await town.nodes[0].step()
    assert town.nodes[0].live("fresh")
    code, out, _ = await run("retire", "fresh", "--note", "was a try")
    assert (code, town.nodes[0].live("fresh")) == (0, "")
    assert "fresh is retired" in out


def test_eighty_columns_hold_the_dates_of_flows() -> None:
    live = {"number": 3, "by": "api token", "at": 1.79e9, "note": "the one before"}
    flow = {"name": "parcel_number", "live": live, "draft": None, "file": "/srv/hotline/dialplans/parcel_number.yaml"}
    out = io.StringIO()
    Console(file=out, width=80).print(_flows([flow]))
    assert time.strftime("%Y-%m-%d %H:%M", time.localtime(1.79e9)) in out.getvalue()
    assert "roll" not in out.getvalue(), "nothing is rolled out"


def test_a_long_note_is_one_line_and_a_file_is_named_where_it_has_another_name() -> None:
    live = {
        "number": 3,
        "by": "file",
        "at": 1.79e9,
        "note": "read again after\nthe table of all the opening hours was made wider",
    }
    flows = [{"name": name, "live": live, "draft": None, "file": f"/srv/{name}.yaml"} for name in ("shop", "clinic")]
    out = io.StringIO()
    Console(file=out, width=80).print(_flows(flows))
    assert "draft" not in out.getvalue(), "each has the file name that one expects, and no draft"
    assert ".yaml" not in out.getvalue()
    assert sum("…" in line for line in out.getvalue().splitlines()) == 2
    assert len(out.getvalue().strip().splitlines()) == 4
    out = io.StringIO()
    Console(file=out, width=120).print(_flows([flows[0], {**flows[1], "file": "/srv/old.yaml"}]))
    assert "old.yaml" in out.getvalue()
    assert "shop.yaml" not in out.getvalue()
