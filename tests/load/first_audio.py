"""Measures the handover: accept to first audio in the agent's browser, and the transcript on the screen before the ring.

    python -m tests.load.first_audio [--calls 20] [--json]

Starts `ivr serve` with the demo flow, one Chromium at the desk and one telephone that sends a 440 Hz tone. For each call: the
desk goes available, the phone presses 0, the page shows the contact and rings, Accept is clicked, and the page's own clock
tells when the tone is first in what it receives. Times are the page's; the analyser's window (85 ms at 48 kHz, of which a
tenth is enough) is part of the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from telephony.media.clip import Clip
from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.server import HotlineProcess
from tests.load.phone import Phone

TONE = 440.0

WATCH = """
([hertz, threshold]) => new Promise((resolve) => {
  const ear = window.__ear;
  const started = Date.now();
  const look = () => {
    const fresh = ear.analysers[ear.analysers.length - 1];
    if (fresh && ear.analysers.length > (window.__seen || 0)) {
      fresh.fftSize = 4096;
      if (ear.levels([hertz])[hertz] > threshold) {
        window.__seen = ear.analysers.length;
        return resolve(Date.now());
      }
    }
    if (Date.now() - started > 10000) return resolve(null);
    setTimeout(look, 4);
  };
  look();
})
"""


async def one_call(server: HotlineProcess, desk: DeskPage) -> dict[str, float]:
    """Milliseconds of one handover: `audio` after the accept, `shown` before the ring."""
    page: Page = desk.page
    async with Phone("1001") as phone:
        await phone.call(server.sip)
        await asyncio.sleep(0.5)
        phone.press("0")
        await desk.until_ring()
        phone.speak(Clip.tone(TONE, 20.0, 8000), repeat=True)
        heard = asyncio.ensure_future(page.evaluate(WATCH, [TONE, 0.02]))
        await desk.accept()
        at = await heard
        marks: dict[str, Any] = {mark["name"]: mark["at"] for mark in await desk.marks()}
        phone.hang_up()
    await desk.until_state("wrap_up")
    await page.get_by_test_id("disposition-solved").click()
    await page.get_by_test_id("finish").click()
    await desk.until_state("available")
    if at is None:
        raise RuntimeError("no audio in the browser within 10 s of the accept")
    return {"audio": at - marks["accept"], "shown": marks["ring"] - marks["contact_shown"]}


async def measure(calls: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        microphone = write_tone(Path(folder) / "agent.wav", 660.0)
        async with HotlineProcess(Path(folder), speech={"enabled": False}) as server, Browser(microphone) as browser:
            desk = await DeskPage.open(browser, server, "wangfang")
            taken = []
            for number in range(1, calls + 1):
                taken.append(await one_call(server, desk))
                print(f"\r{number}/{calls} audio {taken[-1]['audio']:.0f} ms".ljust(40), end="", flush=True)
    print()
    audio = sorted(one["audio"] for one in taken)
    return {
        "calls": calls,
        "accept_to_audio_p50_ms": statistics.median(audio),
        "accept_to_audio_max_ms": audio[-1],
        "shown_before_ring": sum(one["shown"] >= 0 for one in taken),
        "shown_before_ring_least_ms": min(one["shown"] for one in taken),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = asyncio.run(measure(args.calls))
    print(json.dumps(result) if args.json else "\n".join(f"{name:28} {value:g}" for name, value in result.items()))


if __name__ == "__main__":
    main()
