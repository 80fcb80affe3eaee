"""Public holidays of a country by year, with the weekend days that are worked instead (调休). Pure: the year is an input.

The data is that of the package `holidays`; a new year is known when a release of it knows that year.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

_LOCALES = {"zh": ("zh_CN", "zh"), "en": ("en_US", "en")}
_REMARK = re.compile(r"\s*[(（].*")
_IN_LIEU = ("休息日", "Day off", "補假")
ANNOUNCED = ("CN",)
"""Countries whose government says each autumn which weekends are worked: before that a year is half known."""


@dataclass(frozen=True, slots=True)
class Year:
    """The holidays of one country in one year."""

    names: Mapping[date, Mapping[str, str]]
    """Day off to its name by language."""
    worked: frozenset[date]
    """Saturdays and Sundays that are working days."""
    settled: bool
    """False where the worked weekends are not known, though this country has some every year."""


def known_region(region: str) -> bool:
    """Whether `CN`, or `DE-BY` for a part of a country, is one whose holidays are known."""
    country, _, part = region.partition("-")
    parts = holidays.list_supported_countries().get(country)
    return parts is not None and (not part or part in parts)


def regions() -> tuple[str, ...]:
    """Every country whose holidays are known."""
    return tuple(holidays.list_supported_countries())


@lru_cache(maxsize=512)
def national_year(region: str, year: int) -> Year:
    """The holidays of `region` in `year`. Raises ValueError for a region that is not known."""
    if not known_region(region):
        raise ValueError(f"no holidays are known of `{region}`")
    country, _, part = region.partition("-")
    named: dict[date, dict[str, str]] = {}
    worked: frozenset[date] = frozenset()
    for language, wanted in _LOCALES.items():
        found = _days(country, part or None, year, wanted)
        worked = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year == year)
        for day, name in found.items():
            if day.year == year:
                named.setdefault(day, {})[language] = name.split("; ")[0]
    if country in ANNOUNCED:
        _stretch(named, worked, year)
    return Year(_spoken(named), worked, country not in ANNOUNCED or bool(worked))


def _days(country: str, part: str | None, year: int, locales: tuple[str, ...]) -> holidays.HolidayBase:
    spoken = holidays.country_holidays(country, subdiv=part).supported_languages
    language = next((one for one in locales if one in spoken), "en_US" if "en_US" in spoken else None)
    return holidays.country_holidays(country, subdiv=part, years=year, language=language)


def _stretch(named: dict[date, dict[str, str]], worked: frozenset[date], year: int) -> None:
    """Count the weekends that touch a holiday in: the official stretch always has them."""
    for step in (1, -1):
        for start in sorted(named, reverse=step < 0):
            names, day = named[start], start + timedelta(days=step)
            while day.weekday() >= 5 and day not in worked and day not in named and day.year == year:
                named[day] = names
                day += timedelta(days=step)


def _spoken(named: dict[date, dict[str, str]]) -> dict[date, Mapping[str, str]]:
    """The names without remarks; a day off in lieu has the name of the holiday that it belongs to."""
    real = [day for day, names in named.items() if not _lieu(names)]
    found: dict[date, Mapping[str, str]] = {}
    for day, names in named.items():
        if _lieu(names) and real:
            names = named[min(real, key=lambda one: (abs(one - day), one))]
        found[day] = {language: _REMARK.sub("", name) for language, name in names.items()}
    return found


def _lieu(names: Mapping[str, str]) -> bool:
    return any(name.startswith(_IN_LIEU) for name in names.values())
