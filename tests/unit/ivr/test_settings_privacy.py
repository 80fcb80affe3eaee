"""Settings of what is private and how long it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.settings_privacy import DAY, period


def loaded(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "hotline.yaml"
    file.write_text(text, "utf-8")
    return load_settings(file)


def test_kinds_are_masked_unless_told_otherwise(tmp_path: Path) -> None:
    text = "privacy: { card: last4, phone: off, patterns: { contract: 'AB-[0-9]{6}' }, silence: false }\n"
    privacy = loaded(tmp_path, text).privacy
    assert privacy.modes() == {
        "card": "last4",
        "id": "mask",
        "phone": "off",
        "code": "mask",
        "account": "last4",
        "email": "mask",
        "plate": "off",
    }
    assert privacy.patterns == {"contract": "AB-[0-9]{6}"} and privacy.silence is False
    assert loaded(tmp_path, "name: x\n").privacy.modes()["phone"] == "last4"


def test_periods_are_days_weeks_months_and_years(tmp_path: Path) -> None:
    kept = loaded(tmp_path, "retention: { recordings: 90d, transcripts: 12w, contacts: 3y, voicemail: 30 }\n").retention
    assert kept.seconds() == {
        "recordings": 90 * DAY,
        "transcripts": 84 * DAY,
        "contacts": 3 * 365 * DAY,
        "voicemail": 30 * DAY,
    }
    assert loaded(tmp_path, "name: x\n").retention.seconds() == {}
    assert period("48h") == 2 * DAY


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("privacy: { card: hide }", "privacy.card: 'hide' is not mask, off, or last1 to last8"),
        ("privacy: { patterns: { x: '(a+)+' } }", "privacy.patterns: the pattern 'x' repeats too often"),
        ("privacy: { cards: mask }", "did you mean 'card'"),
        ("retention: { recordings: soon }", "retention.recordings: 'soon' is no period"),
        ("retention: { recordings: 0d }", "retention.recordings: '0d' is no period"),
        ("retention: { at: '25:00' }", "retention.at: '25:00' is no time of day"),
        ("retention: { recordings: 5y, contacts: 3y }", "retention.recordings is longer than retention.contacts"),
        ("understanding: { llm: { url: 'ftp://x' } }", "understanding.llm.url"),
        ("understanding: { llm: { url: 'http://x/v1' } }", "understanding.llm.model: name the model"),
        ("understanding: { llm: { url: 'http://x/v1', model: m, tasks: [poem] } }", "'poem' is not summary"),
        ("understanding: { llm: { url: 'http://x/v1', model: m, within: 60s } }", "from 200ms to 30s"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, text + "\n")
    assert why in str(raised.value)
