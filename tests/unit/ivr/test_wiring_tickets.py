"""Promises of the settings in the hours of the environment: other hours are other promises, and a wrong name is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.dialplan.calendar import Calendar
from ivr.errors import ConfigError
from ivr.settings import Settings
from ivr.settings_messages import ClockOptions, MessageOptions
from ivr.wiring_tickets import policies

OFFICE = Calendar("office", "UTC", (((9 * 60, 17 * 60),),) * 5 + ((), ()))
CLOCKS = {"urgent": ClockOptions(60.0, 600.0, "always"), "normal": ClockOptions(3600.0)}
SETTINGS = replace(Settings(), messages=MessageOptions(clock_hours="office", clocks=CLOCKS))


def test_clocks_run_in_the_hours_that_are_named() -> None:
    hours = {"office": OFFICE}
    policy = policies(SETTINGS, lambda: hours)
    assert (policy().promises["normal"].hours, policy().promises["urgent"].hours) == (OFFICE, None)
    assert policy() is policy()
    before = policy()
    hours = {"office": Calendar("office", "UTC", ((),) * 7)}
    assert policy().version != before.version, "what was reckoned is reckoned anew"


def test_hours_that_nobody_has_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"messages.clocks: there is no calendar 'office'; .*name a file of hours"):
        policies(SETTINGS, dict)
    with pytest.raises(ConfigError, match=r"did you mean|offices"):
        policies(SETTINGS, lambda: {"offices": OFFICE})
