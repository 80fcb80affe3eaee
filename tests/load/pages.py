"""How soon each page is painted by a server on this machine: `python -m tests.load.pages [--runs 5]`.

Each run is a browser context of its own, so nothing is in its cache; signed-in pages come with the session. "Painted" is the
browser's own first contentful paint, "stands" is when what the page is for is there; milliseconds since the page was asked for.
The browser is headless and draws without a graphics card.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path

from playwright.async_api import StorageState

from tests.e2e.browser import Browser
from tests.e2e.server import HotlineProcess

PAGES = (
    ("/", "", "health"),
    ("/call", "", "dial"),
    ("/chat", "", "chat-text"),
    ("/desk", "wang", "go-available"),
    ("/wall", "root", "figure-waiting"),
    ("/quality", "root", "quality"),
    ("/account", "root", "account"),
    ("/admin", "root", "editor"),
)
"""Address, who is signed in, and the mark of what the page is for."""

PAINTED = """async () => {
  for (;;) {
    const found = performance.getEntriesByName('first-contentful-paint')[0];
    if (found) return found.startTime;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}"""


async def measured(browser: Browser, url: str, mark: str, session: StorageState | None) -> tuple[float, float]:
    """Milliseconds until the page was painted, and until it stood."""
    assert browser._chromium is not None
    context = await browser._chromium.new_context(
        storage_state=session, permissions=["microphone"], locale="en", viewport={"width": 1280, "height": 800}
    )
    page = await context.new_page()
    await page.goto(url, wait_until="commit")
    await page.get_by_test_id(mark).first.wait_for(timeout=30_000)
    stands = float(await page.evaluate("() => performance.now()"))
    painted = float(await page.evaluate(PAINTED))
    await context.close()
    return painted, stands


async def session_of(browser: Browser, server: HotlineProcess, who: str) -> StorageState:
    page = await browser.page(f"{server.url}/account")
    answer = await page.request.post(f"{server.url}/api/v1/login", data={"username": who, "password": server.password(who)})
    assert answer.ok, await answer.text()
    state = await page.context.storage_state()
    await page.context.close()
    return state


async def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        agents = [
            {"id": "wang", "name": "王芳", "skills": {"telecom": 3, "complaint": 3}},
            {"id": "root", "name": "Root", "roles": ["supervisor", "admin", "quality"]},
        ]
        server = HotlineProcess(
            Path(folder), speech={"enabled": False, "voice": "none"}, agents=agents, messages={"chat": {"enabled": True}}
        )
        async with server, Browser() as browser:
            sessions = {who: await session_of(browser, server, who) for who in ("wang", "root")}
            print(f"load before: {os.getloadavg()[0]:.1f}; {runs} runs each, median (most)")
            print(f"{'page':10} {'painted ms':>16} {'stands ms':>16}")
            for path, who, mark in PAGES:
                if (await (await browser.page(f"{server.url}/")).request.get(f"{server.url}{path}")).status != 200:
                    continue
                times = [await measured(browser, server.url + path, mark, sessions.get(who)) for _ in range(runs)]
                painted, stands = ([round(one[n]) for one in times] for n in (0, 1))
                told = (f"{statistics.median(one):.0f} ({max(one)})" for one in (painted, stands))
                print(f"{path:10} " + " ".join(f"{words:>16}" for words in told))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    asyncio.run(main(max(1, min(parser.parse_args().runs, 50))))
