"""The bundled Redis starts, remembers, is ours alone, and never outlives us."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from ivr.acd.embedded import start_embedded
from ivr.errors import StoreUnavailable


async def test_it_remembers_over_a_restart_and_hides_its_socket(tmp_path: Path) -> None:
    for turn in range(2):
        server = await start_embedded(tmp_path)
        client = Redis.from_url(server.url)
        assert await client.get("kept") == (b"yes" if turn else None)
        await client.set("kept", "yes")
        assert await client.config_get("port") == {"port": "0"}
        assert stat.S_IMODE((tmp_path / "redis" / "redis.sock").stat().st_mode) == 0o600
        await client.aclose()
        await server.aclose()
        await server.aclose()


async def test_a_second_run_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    server = await start_embedded(tmp_path)
    with pytest.raises(StoreUnavailable, match=f"is in use: its Redis runs as process {server.pid}"):
        await start_embedded(tmp_path)
    await server.aclose()


async def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    server = await start_embedded(tmp_path / ("x" * 120))
    client = Redis.from_url(server.url)
    assert await client.ping()
    await client.aclose()
    await server.aclose()


async def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be written: Not a directory"):
        await start_embedded(tmp_path / "file")


async def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.acd.embedded._LEAST_FREE", 1 << 60)
    with pytest.raises(StoreUnavailable, match="MB are free"):
        await start_embedded(tmp_path)


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from ivr.acd.embedded import start_embedded
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
async def main():
    server = await start_embedded(Path(sys.argv[1]))
    client = Redis.from_url(server.url)
    await client.set("kept", "yes")
    await client.aclose()
    print(server.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_after_kill_9_of_the_node_the_next_start_takes_over(tmp_path: Path) -> None:
    run = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", CRASH, str(tmp_path)], stdout=subprocess.PIPE, check=False
    )
    assert run.returncode == -signal.SIGKILL
    server = await start_embedded(tmp_path)
    client = Redis.from_url(server.url)
    assert await client.get("kept") == b"yes"
    leftover = Path(f"/proc/{int(run.stdout)}/cmdline")
    assert not leftover.exists() or leftover.read_bytes() == b"", "it is gone, or a zombie that init has yet to reap"
    await client.aclose()
    await server.aclose()


async def test_one_that_dies_is_started_again_and_remembers(tmp_path: Path) -> None:
    """kill -9, twice: the same socket answers again, and what was acknowledged is there."""
    server = await start_embedded(tmp_path)
    client = Redis.from_url(server.url, retry=Retry(ConstantBackoff(0.05), 1000))
    for turn in range(2):
        await client.set(f"kept-{turn}", "yes")
        first = server.pid
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(30):
            while server.restarts == turn:  # noqa: ASYNC110  # it is another process that is waited for
                await asyncio.sleep(0.02)
        assert await client.mget("kept-0", f"kept-{turn}") == [b"yes", b"yes"]
        assert server.pid != first
    await client.aclose()
    await server.aclose()
    assert not (tmp_path / "redis" / "redis.pid").exists()
