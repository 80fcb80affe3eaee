from __future__ import annotations

import io
import json

from ivr.phone.measure import Heard
from ivr.phone.report import Progress, Report

HEARD = Heard(9.98, -18.2, 0.61, 440.0, 0.97, 22.0, 41.0, 0.99)
GOOD = Report(
    "1000",
    "answered",
    "200 OK",
    4.0,
    6.0,
    10.0,
    10.0,
    "far end",
    "hung_up",
    "PCMU",
    {"packets_received": 499},
    HEARD,
    "5",
    "12#",
)


def test_for_programs() -> None:
    read = json.loads(GOOD.to_json())
    assert read["heard"]["tone_hz"] == 440.0 and read["set_up_ms"] == 10.0 and "\n" not in GOOD.to_json()


def test_for_people() -> None:
    text = GOOD.to_text()
    for part in ("1000: answered", "set-up 10 ms", "499 received", "tone 440 Hz", "continuity 99 %", "keys sent 12#"):
        assert part in text
    assert Report("1000", "busy", "486 Busy Here").to_text() == "1000: busy (486 Busy Here)"


def test_nothing_is_drawn_on_a_pipe() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.say("talking")
    progress.stop()
    assert stream.getvalue() == ""
