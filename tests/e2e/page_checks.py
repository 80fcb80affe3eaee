"""What every page must stand: axe in both languages, light and dark; no wider than the screen; every control by keys."""

from __future__ import annotations

from functools import cache

from playwright.async_api import Page, expect

from tests.e2e.server import ROOT

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
Look = tuple[str, str, str]
LOOKS: tuple[Look, ...] = (
    ("en", "light", ""),
    ("zh", "dark", ""),
    ("en", "dark", "color-contrast"),
    ("zh", "light", "color-contrast"),
)
"""Language, colours, and the one rule of axe that is worth asking again; "" for all of them."""
TWO = LOOKS[:2]
"""Each language and each colour once."""

FIND = """async (rule) => {
  const found = await axe.run({ resultTypes: ['violations'], ...(rule && { runOnly: [rule] }) });
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 4).map((node) => node.target.join(' ')).join(' | ')}`);
}"""

CONTROLS = """() => {
  const wanted = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !one.closest('[inert]');
  // Of radio buttons of one name the chosen one alone is reached by Tab, or else the first: the others by arrows.
  const of = (name) => [...document.querySelectorAll('input[type=radio]')].filter((one) => one.name === name);
  const chosen = ({ name }) => of(name).find((one) => one.checked) ?? of(name)[0];
  const others = (one) => one.type === 'radio' && chosen(one) !== one;
  const all = [...document.querySelectorAll(wanted)].filter((one) => seen(one) && one.tabIndex >= 0 && !others(one));
  all.forEach((one, number) => (one.dataset.walk = String(number)));
  return all.length;
}"""

HERE = """() => {
  const one = document.activeElement;
  if (one === null || one === document.body) return null;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
  const ringed = (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
  const words = one.dataset.testid || one.getAttribute('aria-label') || one.textContent.trim().slice(0, 30) || one.tagName;
  return { walk: one.dataset.walk ?? '', ringed, words };
}"""

MISSED = """(reached) => [...document.querySelectorAll('[data-walk]')]
  .filter((one) => !reached.includes(one.dataset.walk))
  .map((one) => one.dataset.testid || one.getAttribute('aria-label') || one.textContent.trim().slice(0, 30) || one.tagName)"""


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


async def stands(page: Page, what: str, looks: tuple[Look, ...] = LOOKS) -> list[str]:
    """What axe, and the width of the page, have against it as it is now, each with `what` before it; [] is well.

    The page is left in English, as it was asked for. The page's own switch changes the language: nothing is loaded again.
    """
    wrong: list[str] = []
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_axe())  # by the debugger: the page's own policy stays as it is
    for language, colours, rule in looks:
        # Without motion: what is between two colours, on its way to the other ones, is no finding.
        await page.emulate_media(color_scheme="dark" if colours == "dark" else "light", reduced_motion="reduce")
        await page.get_by_test_id(f"lang-{language}").first.evaluate("(one) => one.click()")  # a window may be open over it
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN" if language == "zh" else "en")
        wrong += [f"{what} ({language}, {colours}): {found}" for found in await page.evaluate(FIND, rule)]
        wide = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        wrong += [f"{what} ({language}): {wide} px too wide"] if wide > 0 else []
    await page.emulate_media(color_scheme="light")
    await page.get_by_test_id("lang-en").first.evaluate("(one) => one.click()")
    return wrong


async def walked(page: Page, what: str) -> list[str]:
    """Go through the page by Tab until it begins anew: controls that it does not reach, or that do not show it; [] is well."""
    count = int(await page.evaluate(CONTROLS))
    await page.evaluate("() => { document.activeElement?.blur(); document.body.tabIndex = -1; document.body.focus(); }")
    reached: list[str] = []
    wrong: list[str] = []
    for _ in range(count + 20):
        await page.keyboard.press("Tab")
        here = await page.evaluate(HERE)
        again = here is not None and here["walk"] in reached
        if here is None or (again and here["walk"] != reached[-1]):
            break
        if not again:  # a date has several stops of its own, which the browser rings itself
            wrong += [] if here["ringed"] else [f"{what}: no ring around '{here['words']}'"]
        reached.append(here["walk"])
    missed = await page.evaluate(MISSED, reached)
    await page.evaluate("() => document.body.removeAttribute('tabindex')")
    return wrong + [f"{what}: Tab does not reach '{words}'" for words in missed]
