"""What a question expects for an answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.dialplan.problems import Place

YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Digits:
    """Keys collected into one number."""

    least: int = 1
    most: int = 32
    terminator: str = "#"
    """Key that ends it early; "" for none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some intents; keys 1..n in order."""

    intents: tuple[str, ...]
    places: tuple[Place, ...] = ()


Expect = Digits | Choice | Literal["yes_no"] | None
