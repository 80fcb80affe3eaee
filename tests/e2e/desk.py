"""An agent at the desk page, as a person would use it."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Protocol

from playwright.async_api import Page, expect

from tests.e2e.browser import Browser


class Site(Protocol):
    """A node, or what stands in front of some."""

    @property
    def url(self) -> str: ...

    def password(self, agent: str) -> str: ...


class DeskPage:
    """One signed-in agent in a browser context of its own."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(cls, browser: Browser, server: Site, agent: str, *, language: str = "en", **size: int) -> DeskPage:
        """Sign in, allow the microphone, and go available."""
        page = await browser.page(f"{server.url}/desk?debug=1", language=language, **size)
        await page.get_by_test_id("login-user").fill(agent)
        await page.get_by_test_id("login-password").fill(server.password(agent))
        await page.get_by_test_id("login-submit").click()
        await expect(page.get_by_test_id("desk")).to_be_visible()
        desk = cls(page)
        await desk.go("available")
        return desk

    async def go(self, state: str) -> None:
        """Choose a state; where a caller waits, "available" is "reserved" at once."""
        await self.page.get_by_test_id("state-select").select_option(state)
        reached = re.compile("^(available|reserved)$" if state == "available" else f"^{state}$")
        await expect(self.page.get_by_test_id("desk")).to_have_attribute("data-agent-state", reached)

    async def until_state(self, state: str, seconds: float = 30.0) -> None:
        await expect(self.page.get_by_test_id("desk")).to_have_attribute("data-agent-state", state, timeout=seconds * 1000)

    async def until_ring(self, seconds: float = 30.0) -> None:
        await expect(self.page.get_by_test_id("accept")).to_be_visible(timeout=seconds * 1000)

    async def accept(self) -> None:
        await self.page.get_by_test_id("accept").click()
        await expect(self.page.get_by_test_id("hang-up")).to_be_visible()

    async def decline(self) -> None:
        await self.page.get_by_test_id("decline").click()

    async def turns(self) -> list[str]:
        """The conversation as it stands on the screen."""
        return [text.strip() for text in await self.page.get_by_test_id("turn").all_inner_texts()]

    async def until_turn(self, words: str, seconds: float = 30.0) -> None:
        await expect(self.page.get_by_test_id("turns")).to_contain_text(words, timeout=seconds * 1000)

    async def marks(self) -> list[dict[str, Any]]:
        """What happened on the page, with milliseconds since the epoch: `contact-shown`, `ring` and so on."""
        found: list[dict[str, Any]] = await self.page.evaluate("() => window.hotline.log")
        return found

    async def hang_up(self) -> None:
        await self.page.get_by_test_id("hang-up").click()

    async def wrap_up(self, disposition: str, note: str) -> None:
        await self.page.get_by_test_id("note").fill(note)
        await self.page.get_by_test_id(f"disposition-{disposition}").click()
        await self.page.get_by_test_id("finish").click()

    async def level(self, hertz: float) -> float:
        """Decibels below full scale of a tone in what the agent hears now."""
        found: dict[str, float] = await self.page.evaluate("hertz => window.hotline.level(hertz)", hertz)
        return found["db"]

    async def until_level(self, hertz: float, decibels: float, seconds: float = 20.0) -> float:
        """Milliseconds since the epoch when the tone was first that loud. Raises AssertionError."""
        loudest = -200.0
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            loudest = max(loudest, await self.level(hertz))
            if loudest >= decibels:
                return float(await self.page.evaluate("() => Date.now()"))
            await asyncio.sleep(0.02)
        raise AssertionError(f"{hertz} Hz was never louder than {loudest:.1f} dB; wanted {decibels} dB")
