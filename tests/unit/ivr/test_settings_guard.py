from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.wiring_guard import door_settings


def written(folder: Path, text: str) -> Path:
    path = folder / "hotline.yaml"
    path.write_text(text, "utf-8")
    return path


def test_the_guard_of_the_settings(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "sip:\n  trusted_networks: [10.9.0.0/16]\n  hep: tcp://[::1]:9060\n  hep_password: pw\n"
        "  guard: { allow: [192.0.2.0/24], half_life: 2m, ban: 1h, calls: 3, scanners: [evil] }\n"
        "  trace: { megabytes: 2 }\n",
    )
    door = door_settings(load_settings(path).sip, ("203.0.113.5/32",))
    assert door.guard.allow == ("192.0.2.0/24", "10.9.0.0/16", "203.0.113.5/32")
    assert (door.guard.half_life, door.guard.ban_seconds, door.guard.scanners) == (120.0, 3600.0, ("evil",))
    assert (door.guard.invites.each_second, door.guard.invites.burst) == (3, 15)
    assert door.trace.budget == 2 << 20
    assert (door.hep.transport, door.hep.host, door.hep.port, door.hep.password) == ("tcp", "::1", 9060, "pw")


def test_nothing_said_is_guarded_and_traced(tmp_path: Path) -> None:
    door = door_settings(load_settings(written(tmp_path, "name: x")).sip)
    assert door.guard.enabled and door.trace.enabled and not door.hep.host
    assert door.guard.allow == ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("guard: { allow: [10.0.0.0/33] }", "sip.guard.allow"),
        ("guard: { strangers: 0 }", "sip.guard.strangers: must be above 0"),
        ("guard: { alow: [] }", "did you mean 'allow'"),
        ("trace: { megabytes: 0 }", "sip.trace.megabytes: from 1 to 1024"),
        ("hep: homer.example.org", "is not udp://HOST:PORT"),
        ("hep: udp://homer:99999", "is not udp://HOST:PORT"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=r"hotline\.yaml") as caught:
        load_settings(written(tmp_path, f"sip:\n  {text}\n"))
    assert complaint in str(caught.value) and "\n" not in str(caught.value)
