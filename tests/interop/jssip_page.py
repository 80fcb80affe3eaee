"""JsSIP in Chromium, as tests use it: its page, its bundle, and what it told."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.e2e.browser import EAR, Browser
from tests.e2e.server import ROOT

FOLDER = ROOT / "tests" / "interop" / "jssip"
BUNDLED = FOLDER / "node_modules" / ".bin" / "esbuild"


def missing() -> str:
    """Why it cannot run here, "" where it can."""
    if shutil.which("chromium") is None:
        return "chromium is missing: apt-get install chromium (make setup-test does)"
    if not BUNDLED.exists():
        return "JsSIP is missing: npm ci in tests/interop/jssip (make interop does)"
    return ""


async def bundle(folder: Path) -> None:
    """Make the page and its one script in `folder`."""
    shutil.copy(FOLDER / "phone.html", folder)
    process = await asyncio.create_subprocess_exec(
        *(str(BUNDLED), "./node_modules/jssip/lib/JsSIP.js", "--bundle", "--minify", "--format=iife", "--global-name=JsSIP"),
        f"--outfile={folder / 'jssip.js'}",
        "--log-level=error",
        cwd=FOLDER,
        env={**os.environ},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """pytest's output is no access log."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The files of `folder` over HTTP; gives the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class SecureBrowser(Browser):
    """Takes certificates that nobody vouches for."""

    async def page(self, url: str, *, language: str = "en", width: int = 1280, height: int = 800) -> Page:
        assert self._chromium is not None
        context = await self._chromium.new_context(permissions=["microphone"], ignore_https_errors=True)
        await context.add_init_script(EAR)
        page = await context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        await page.goto(url)
        return page


class JsSip:
    """The phone in the page."""

    def __init__(self, page: Page, browser: Browser) -> None:
        self.page = page
        self._browser = browser
        self._taken = 0

    async def event(self, name: str, seconds: float = 8.0) -> dict[str, Any]:
        """The next event of that name; those before it are over. Raises AssertionError with all that came."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    events: list[dict[str, Any]] = await self.page.evaluate("window.events")
                    for number, found in enumerate(events[self._taken :], self._taken):
                        if found["event"] == name:
                            self._taken = number + 1
                            return found
                    await asyncio.sleep(0.03)
        except TimeoutError:
            found_all = await self.page.evaluate("window.events")
            raise AssertionError(f"no '{name}' from JsSIP: {found_all}\n" + "\n".join(self._browser.console[-30:])) from None

    async def register(self, url: str, uri: str, password: str) -> None:
        await self.page.evaluate("given => window.register(...given)", [url, uri, password])

    async def call(self, uri: str) -> None:
        await self.page.evaluate("uri => window.call(uri)", uri)

    async def act(self, name: str, *given: object) -> None:
        """A method of its session: hold, unhold, sendDTMF, terminate, refer."""
        await self.page.evaluate("given => window.act(...given)", [name, *given])


@asynccontextmanager
async def jssip(folder: Path, microphone: Path) -> AsyncIterator[JsSip]:
    await bundle(folder)
    with served(folder) as base:
        async with SecureBrowser(microphone) as browser:
            yield JsSip(await browser.page(f"{base}/phone.html"), browser)
