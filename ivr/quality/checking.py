"""What is wrong between the files of scorecards, and between them and the rest of the house. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from ivr.dialplan.problems import Findings, Problem
from ivr.dialplan.sheets import Use, check_sheets
from ivr.quality.reading import CHANNELS, Page


@dataclass(frozen=True, slots=True)
class House:
    """Names of the settings, flows and scenes; None where they are not known."""

    queues: Collection[str] | None = None
    flows: Collection[str] | None = None
    intents: Collection[str] | None = None
    lines: Collection[str] | None = None


def check_pages(pages: Sequence[Page], house: House) -> list[Problem]:
    """Names that lead nowhere, cards that stand twice, and texts without one of the languages that others have."""
    return check_sheets(pages, partial(_check, house))


def _check(house: House, use: Use, findings: Findings) -> None:
    name, place = use.name, use.place
    match use.what:
        case "channel" if name not in CHANNELS:
            findings.unknown(place, "channel", name, CHANNELS)
        case "queue" if house.queues is not None and name not in house.queues:
            findings.unknown(place, "queue", name, house.queues)
        case "flow" if house.flows is not None and name not in house.flows:
            findings.unknown(place, "flow", name, house.flows)
        case "intent" if house.intents is not None and name not in house.intents:
            findings.unknown(place, "intent", name, house.intents)
        case "line" if house.lines is not None and name not in house.lines:
            findings.unknown(place, "line", name, house.lines)
