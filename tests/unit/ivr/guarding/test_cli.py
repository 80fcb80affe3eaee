"""`ivr bans` and `ivr trace` against a web room that really listens."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette

from ivr.__main__ import main
from ivr.accounts.house import House
from ivr.errors import IvrError
from ivr.guarding.keeper import Keeper
from ivr.guarding.store import BanStore
from ivr.guarding.tracing import Tracing
from ivr.web.api import answer_error
from ivr.web.auth import Gate
from ivr.web.sip_api import SipApi
from telephony.sip.message import parse as parse_message
from telephony.sip.message import respond
from telephony.sip.trace import Trace
from tests.unit.ivr.guarding.test_keeper import Door
from tests.unit.ivr.web.conftest import ListedAccounts
from tests.unit.telephony.sip.peers import CLIENT, OFFER, request

TOKEN = "token-of-a-test"
Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def trace() -> Trace:
    trace = Trace()
    invite = request("INVITE", call_id="call-a", body=OFFER)
    parsed = parse_message(invite)
    trace.note(10.0, False, CLIENT, invite)
    for at, status in ((10.01, 100), (10.5, 180), (12.0, 486)):
        trace.note(at, True, CLIENT, bytes(respond(parsed, status, tag="t")))  # type: ignore[arg-type]
    return trace


@pytest.fixture
async def run(door: Door, trace: Trace, redis_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `ivr ARGS` in a thread against a node; its status and what it printed."""
    redis = Redis.from_url(redis_url)

    async def call_id_of(contact: str) -> str:
        return "call-a" if contact == "c-1" else ""

    keeper = Keeper(door, BanStore(redis, "{guard-cli}"), "node-1", clock=lambda: 20.0)
    tracing = Tracing(trace, "node-1", call_id_of, clock=lambda: 20.0)
    await redis.delete("{guard-cli}:bans", "{guard-cli}:version")
    gate = Gate(House(redis, ListedAccounts()), TOKEN, ())
    app = Starlette(routes=SipApi(keeper, tracing, gate).routes, exception_handlers={IvrError: _answer})
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    config, data = tmp_path / "hotline.yaml", tmp_path / "data"
    config.write_text(f"web: {{ listen: '127.0.0.1:{port}' }}\ndata: data\n", "utf-8")
    data.mkdir()
    (data / "admin-token").write_text(TOKEN + "\n", "utf-8")

    async def go(*arguments: str, where: tuple[str, ...] = ("--config", str(config))) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, [*arguments, *where])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    yield go
    server.should_exit = True
    await task
    await redis.aclose()


async def _answer(request: Any, error: Exception) -> Any:
    return answer_error(request, error)


async def test_bans_are_added_listed_exported_and_removed(run: Run, door: Door) -> None:
    status, out, err = await run("bans", "add", "192.0.2.9", "--hours", "2", "--reason", "fraud")
    assert (status, err) == (0, "") and out.startswith("banned 192.0.2.9 until 20")
    assert door.guard.banned("192.0.2.9", 21.0)
    status, out, _ = await run("bans", "list")
    assert status == 0 and "192.0.2.9" in out and "fraud" in out
    status, out, _ = await run("bans", "export", "--nftables", "--port", "5060")
    assert "192.0.2.9 timeout 7200s" in out and "th dport { 5060 }" in out
    assert await run("bans", "remove", "192.0.2.9") == (0, "192.0.2.9 may come again\n", "")
    assert not door.guard.banned("192.0.2.9", 21.0)
    status, _, err = await run("bans", "remove", "192.0.2.9")
    assert status == 1 and err == "ivr bans: 192.0.2.9 is not banned\n"
    status, _, err = await run("bans", "add", "198.51.100.7")
    assert status == 1 and "never banned" in err


@pytest.mark.parametrize("call", ["call-a", "c-1"])
async def test_a_ladder_of_a_call(run: Run, call: str) -> None:
    status, out, _ = await run("trace", call)
    lines = [line for line in out.splitlines() if "─" in line]
    assert status == 0 and "udp 10.0.0.9:5099" in out
    assert ["INVITE" in lines[0], "100 Trying" in lines[1], "486 Busy Here" in lines[3]] == [True] * 3
    assert "▶" in lines[0] and "◀" in lines[1] and "2.000" in lines[3]
    full = (await run("trace", call, "--full"))[1]
    assert "Via: SIP/2.0/UDP 10.0.0.9:5099" in full
    found = json.loads((await run("trace", call, "--json"))[1])
    assert [message["word"] for message in found["messages"]] == ["INVITE", "100 Trying", "180 Ringing", "486 Busy Here"]


async def test_the_list_of_calls_and_the_switch(run: Run, trace: Trace) -> None:
    status, out, _ = await run("trace")
    assert status == 0 and "call-a" in out and "trace is on" in out
    assert await run("trace", "--off") == (0, "the trace is off\n", "")
    assert not trace.enabled
    status, _, err = await run("trace", "none")
    assert status == 1 and "the trace is off: `ivr trace --on`" in err


async def test_a_capture_file_that_tshark_reads(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "call.pcap"
    status, out, _ = await run("trace", "c-1", "--pcap", str(path))
    assert status == 0 and out.startswith(str(path))
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: apt install tshark reads the file too")
    fields = ["-e", "sip.Method", "-e", "sip.Status-Code", "-e", "udp.checksum.status", "-e", "ip.checksum.status"]
    options = ["-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields", *fields]
    read = await asyncio.to_thread(
        subprocess.run, ["tshark", "-r", str(path), *options], capture_output=True, text=True, timeout=60
    )
    assert read.returncode == 0, read.stderr
    assert read.stdout.splitlines() == ["INVITE\t\t1\t1", "\t100\t1\t1", "\t180\t1\t1", "\t486\t1\t1"]


async def test_what_stands_in_the_way_is_one_line(run: Run, tmp_path: Path) -> None:
    status, _, err = await run("trace", "--url", "http://127.0.0.1:1")
    assert status == 1 and "does not answer" in err and err.count("\n") == 1
    (tmp_path / "data" / "admin-token").write_text("wrong", "utf-8")
    status, _, err = await run("bans", "list")
    assert status == 1 and err == "ivr bans: the bearer token is wrong\n"
    (tmp_path / "data" / "admin-token").unlink()
    status, _, err = await run("bans", "list")
    assert status == 1 and "--data names the node's data folder" in err and "Errno" not in err


async def test_url_and_data_need_no_settings_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://" + (tmp_path / "hotline.yaml").read_text("utf-8").split("'")[1]
    monkeypatch.chdir(tmp_path)
    status, out, _ = await run("bans", "list", where=("--url", url, "--data", "data"))
    assert status == 0 and "nobody is banned" in out
