"""Names and words that want to be more than text, and what tells whether a page took them for more."""

from __future__ import annotations

from typing import Self

from playwright.async_api import Page, Request

MARKUP = '"><img src=x onerror="window.__xss=1"><script>window.__xss=2</script>'
MORE = (
    '<svg onload=window.__xss=3></svg><a href="javascript:window.__xss=4">go</a>'
    "<iframe srcdoc='<script>parent.__xss=5</script>'></iframe>"
)
ELSEWHERE = "<base href=//evil.example/><link rel=stylesheet href=//evil.example/a.css><img src=http://evil.example/pixel>"
TURNED = "\u202elive\u202c\u2067x\u2066\u200f"
LONG = "W" * 400
NAME = f"{TURNED}<b>Li</b>{MARKUP}"
TEXT = f"{MARKUP} {MORE} {ELSEWHERE} {TURNED} {{{{constructor.constructor('window.__xss=6')()}}}} {{name}} {LONG}"

SPY = """
(() => {
  if (window.__violations) return;
  window.__violations = [];
  addEventListener('securitypolicyviolation', (event) =>
    window.__violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = () => { window.__xss = name; };
})();
"""

LOOK = """
() => {
  const found = window.__violations.map((one) => `violation: ${one}`);
  const told = (one) => `${one.tagName}.${one.className} in ${one.parentElement?.className}: ${one.textContent.slice(0, 40)}`;
  if (window.__xss !== undefined) found.push(`a script ran: ${window.__xss}`);
  const alien = ['img[src="x"]', '[src*="evil"]', '[href*="evil"]', 'base', '[srcdoc]', '[onload]', '[onerror]',
    'a[href^="javascript:"]', 'script:not([src])'];
  for (const one of document.querySelectorAll(alien.join())) found.push(`an element: ${one.outerHTML.slice(0, 120)}`);
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth + 1) {
    const over = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    const inner = over.filter((one) => !over.some((other) => other !== one && one.contains(other)));
    found.push(`wider than the window: ${wide} of ${innerWidth}: ${inner.slice(0, 4).map(told).join(' | ')}`);
  }
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const box = node.parentElement;
    if (!/[\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data) || box.closest('option, script, textarea, select')) continue;
    const style = getComputedStyle(box);
    const apart = /isolate|plaintext/.test(style.unicodeBidi) || !style.display.startsWith('inline');
    const beside = [...box.childNodes].some((one) => one !== node && one.nodeType === Node.TEXT_NODE && one.data.trim() !== '');
    if (!apart || beside) found.push(`turns around what stands beside it: ${told(box)}`);
  }
  return found;
}
"""


class Watch:
    """One page: what ran in it, what it asked for elsewhere, what its policy had to refuse."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url
        self._told: list[str] = []
        page.on("dialog", lambda dialog: self._told.append(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: self._told.append(f"uncaught: {error}"))
        page.on("request", self._asked)
        page.context.on("page", lambda other: self._told.append(f"a window: {other.url}"))

    @classmethod
    async def on(cls, page: Page, url: str) -> Self:
        """From the next load of `page` on."""
        await page.context.add_init_script(SPY)
        watch = cls(page, url)
        await page.reload()
        return watch

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._url, "data:", "blob:")):
            self._told.append(f"asked for {request.url[:200]}")

    async def clean(self, shot: str = "") -> None:
        """Raises AssertionError with what is wrong now, as it is and at 360 px. `shot` begins the names of two pictures."""
        wrong = [*self._told]
        for where, width in (("wide", 1280), ("narrow", 360)):
            await self.page.set_viewport_size({"width": width, "height": 800})
            await self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if shot:
                await self.page.screenshot(path=f"{shot}-{where}.png")
            wrong += [f"{where}: {one}" for one in await self.page.evaluate(LOOK)]
        await self.page.set_viewport_size({"width": 1280, "height": 800})
        assert not wrong, "\n".join(wrong)
