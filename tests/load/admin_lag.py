"""How late the event loop is while administrators' texts are checked, drawn and made even: `python -m tests.load.admin_lag`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from ivr.web.admin_parts import AdminParts
from ivr.workbench import Workbench
from tests.unit.ivr.dialplan.test_diagram import large
from tests.unit.ivr.web.admin_house import House

ROUNDS = 3
STEP = 0.005


class BenchHouse(House):
    """The API with its process beside."""

    bench = Workbench()

    def parts(self) -> AdminParts:
        return replace(super().parts(), bench=self.bench.run)


async def probe(stop: asyncio.Event) -> list[float]:
    """Milliseconds by which the loop came late, sorted."""
    found = []
    while not stop.is_set():
        asked = time.perf_counter()
        await asyncio.sleep(STEP)
        found.append((time.perf_counter() - asked - STEP) * 1e3)
    return sorted(found)


async def main() -> None:
    house = BenchHouse()
    texts = {"22 states": await asyncio.to_thread(Path("dialplans/telecom.yaml").read_text, "utf-8"), "500 states": large(500)}
    work = [("nothing", "", "")] + [(f"{path} {name}", path, text) for name, text in texts.items() for path in PATHS]
    async with house.client() as client:
        await client.post("/format", json={"text": "a: 1"})  # the process is up
        for name, path, text in work:
            stop, begun = asyncio.Event(), time.perf_counter()
            probing = asyncio.create_task(probe(stop))
            if path:
                for _ in range(ROUNDS):
                    (await client.post(path, json={"text": text})).raise_for_status()
                    house.now += 10
            else:
                await asyncio.sleep(2)
            seconds = time.perf_counter() - begun
            stop.set()
            late = await probing
            p50, p99 = late[len(late) // 2], late[int(len(late) * 0.99)]
            print(f"{name:22} {seconds:5.2f} s   late p50 {p50:5.1f}  p99 {p99:5.1f}  max {late[-1]:5.1f} ms")
    house.bench.close()


PATHS = ("/check", "/diagram", "/format")

if __name__ == "__main__":
    asyncio.run(main())
