"""What is wrong between the files of scenes, and between them and the rest of the house. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ivr.dialplan.problems import Findings, Problem
from ivr.dialplan.sheets import Use, check_sheets
from ivr.scenes.model import FRAME, MODULES
from ivr.scenes.reading import SECTIONS, Page


@dataclass(frozen=True, slots=True)
class House:
    """Names of the settings and flows; None where they are not known."""

    queues: Collection[str] | None = None
    intents: Collection[str] | None = None
    hooks: Collection[str] | None = None
    frames: Collection[str] | None = None


def check_pages(pages: Sequence[Page], house: House) -> list[Problem]:
    """Names that lead nowhere, names that stand twice, and texts without one of the languages that others have."""
    known = {section: {name for page in pages for name in page.entries[section]} for section in SECTIONS}
    return check_sheets(pages, partial(_check, known, house))


def _check(known: Mapping[str, set[str]], house: House, use: Use, findings: Findings) -> None:
    name, place = use.name, use.place
    match use.what:
        case "module" if name.startswith(FRAME):
            if (frame := name.removeprefix(FRAME)) not in known["frames"]:
                findings.unknown(place, "frame", frame, known["frames"], cure="add it to `frames`")
        case "module" if name not in MODULES:
            findings.unknown(place, "module", name, MODULES)
        case "scene" if name not in known["scenes"]:
            findings.unknown(place, "scene", name, known["scenes"])
        case "procedure" if name not in known["procedures"]:
            findings.unknown(place, "procedure", name, known["procedures"])
        case "line" if name not in known["lines"]:
            findings.unknown(place, "line", name, known["lines"])
        case "action" if name not in known["actions"]:
            findings.unknown(place, "action", name, known["actions"])
        case "hook" if house.hooks is not None and name not in house.hooks:
            findings.unknown(place, "hook", name, house.hooks, cure=_in_settings("hooks", house.hooks))
        case "frame" if house.frames is not None and name not in house.frames:
            findings.unknown(place, "frame", name, house.frames, cure=_in_settings("frames", house.frames))
        case "queue" if house.queues is not None and name not in house.queues:
            findings.unknown(place, "queue", name, house.queues)
        case "intent" if house.intents is not None and name not in house.intents:
            findings.unknown(place, "intent", name, house.intents)


def _in_settings(section: str, names: Collection[str]) -> str:
    return "" if names else f"add it to `workbench.{section}` of the settings"
