"""The section `callbacks`: what is right, and one clear line for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.settings_callbacks import CallbackOptions


def options_of(tmp_path: Path, lines: str) -> CallbackOptions:
    path = tmp_path / "hotline.yaml"
    path.write_text(lines)
    return load_settings(path).callbacks


def test_everything_has_a_default(tmp_path: Path) -> None:
    options = options_of(tmp_path, "name: x\n")
    assert (options.dial, options.lead, options.attempts, options.pauses) == (True, 25.0, 4, (120.0, 600.0, 1800.0))


def test_what_is_written_counts(tmp_path: Path) -> None:
    text = (
        "callbacks: { lead: 40s, pauses: [1m, 5m], hours: '08:00-21:00', zone: Asia/Shanghai, machine: talk, confirm: false }\n"
    )
    options = options_of(tmp_path, text)
    assert (options.lead, options.pauses, options.hours, options.machine, options.confirm) == (
        40.0,
        (60.0, 300.0),
        "08:00-21:00",
        "talk",
        False,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("attempts: 0", "callbacks.attempts: 0 is not from 1 to 20"),
        ("pauses: [1s]", "callbacks.pauses: a list of durations from 5s to 24h"),
        ("ring: 1s", "callbacks.ring: 1 s is not from 5s to 2m"),
        ("lead: 1h", "callbacks.lead: 3600 s is not from 0s to 10m"),
        ("at_once: 0", "callbacks.at_once: 0 is not from 1 to 500"),
        ("machine: hang", "callbacks.machine: 'hang' is not later or talk"),
        ("payer: telecom", "callbacks.payer: 'telecom' is not flow:NAME"),
        ("hours: '21:00-08:00'", "callbacks.hours: '21:00-08:00' is not two times of one day"),
        ("hours: '08:00-24:30'", "is not two times of one day"),
        ("zone: Mars/One", "callbacks.zone: 'Mars/One' is no time zone"),
        ("notify: { by: pigeon }", "callbacks.notify.by: 'pigeon' is not sms, email, webhook"),
        ("notify: { by: sms, to: '1' }", "callbacks.notify.by: 'sms' is not set up: see notices.sms"),
        ("lede: 3s", "callbacks.lede: unknown key; did you mean 'lead'?"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options_of(tmp_path, f"callbacks: {{ {text} }}\n")
    assert words in str(caught.value) and "\n" not in str(caught.value)
