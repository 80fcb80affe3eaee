"""A desk page in Chromium whose socket a test can speak through as well: what a button would send, before there is one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from playwright.async_api import Page, expect

from tests.e2e.browser import Browser, heard
from tests.e2e.desk import DeskPage, Site

WIRE = """
(() => {
  if (window.__wire) return;
  const wire = (window.__wire = { sockets: [], told: [], number: 0 });
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...given) {
      super(...given);
      wire.sockets.push(this);
      this.addEventListener('message', (event) => {
        const message = JSON.parse(event.data);
        wire.told.push({ when: Date.now(), type: message.type, data: message.data });
      });
    }
  };
  wire.ask = (type, data) => new Promise((resolve) => {
    const id = `t${++wire.number}`;
    const socket = wire.sockets[wire.sockets.length - 1];
    socket.addEventListener('message', function answer(event) {
      const message = JSON.parse(event.data);
      if (message.type !== 'reply' || message.data.id !== id) return;
      socket.removeEventListener('message', answer);
      resolve(message.data);
    });
    socket.send(JSON.stringify({ id, type, data }));
  });
})();
"""


class WiredDesk(DeskPage):
    """`told` has every event of the page that is open now."""

    @classmethod
    async def open(cls, browser: Browser, server: Site, agent: str, *, language: str = "en", **size: int) -> WiredDesk:
        page = await browser.page(f"{server.url}/desk?debug=1", language=language, **size)
        await page.context.add_init_script(WIRE)
        await page.reload()
        await page.get_by_test_id("login-user").fill(agent)
        await page.get_by_test_id("login-password").fill(server.password(agent))
        await page.get_by_test_id("login-submit").click()
        await expect(page.get_by_test_id("desk")).to_be_visible()
        desk = cls(page)
        await desk.go("available")
        return desk

    async def another_tab(self, server: Site, path: str = "/desk") -> Page:
        """A second page of the same browser, signed in as the first; at `/desk` it takes the lead."""
        page = await self.page.context.new_page()
        await page.goto(f"{server.url}{path}?debug=1")
        return page

    async def ask(self, kind: str, **data: str) -> None:
        """Raises AssertionError with the server's words where it refuses."""
        reply = await self.reply(kind, **data)
        assert reply["ok"], reply

    async def reply(self, kind: str, **data: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate("([kind, data]) => window.__wire.ask(kind, data)", [kind, data])
        return found

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind, each with `when`, milliseconds since the epoch."""
        found: list[dict[str, Any]] = await self.page.evaluate(
            "kind => window.__wire.told.filter((one) => one.type === kind).map((one) => ({ ...one.data, when: one.when }))",
            kind,
        )
        return found

    async def until_told(self, kind: str, seconds: float = 30.0, **fields: Any) -> dict[str, Any]:
        """Wait until the last event of this kind has these fields."""
        last: dict[str, Any] = {}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            last = ([{}, *await self.told(kind)])[-1]
            if last and all(last.get(name) == value for name, value in fields.items()):
                return last
            await asyncio.sleep(0.03)
        raise AssertionError(f"no {kind} with {fields}; the last one: { {key: last.get(key) for key in fields} }")

    async def hears(self, *tones: float, not_: tuple[float, ...] = (), seconds: float = 20.0) -> None:
        """Wait until these tones are loud in what the page plays, and those of `not_` are not there at all."""
        levels: dict[float, float] = {}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            levels = await heard(self.page, *tones, *not_)
            if all(levels[one] > 0.02 for one in tones) and all(levels[one] < 0.002 for one in not_):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"wanted {tones} and not {not_}: {levels}")
