"""Colours for a terminal; nothing anywhere else."""

from __future__ import annotations

from dataclasses import dataclass

_CODES = {"bold": "1", "faint": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours text where `on`."""

    on: bool

    def __call__(self, colour: str, text: str) -> str:
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.on and text else text
