"""`notices` in the settings: what is right, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.wiring_followups import channels_of


def of(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "hotline.yaml"
    file.write_text(text)
    return file


def test_channels_are_those_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_TOKEN", "t")
    text = "notices: {sms: {url: 'https://sms.example.org/send', token: 'env:SMS_TOKEN'}, email: {host: mail, sender: a@b.c}}"
    options = load_settings(of(tmp_path, text)).notices
    assert options.sms.token == "t" and set(channels_of(options)) == {"sms", "email"}
    assert channels_of(load_settings(of(tmp_path, "name: x")).notices) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{sms: {url: 'sms.example.org'}}", "notices.sms.url: 'sms.example.org' is not https://HOST/PATH"),
        ("{webhook: {url: 'https://me:pw@h/'}}", "notices.webhook.url"),
        ("{email: {host: mail}}", "notices.email.sender: '' is no address"),
        ("{email: {host: mail, sender: a@b, tls: maybe}}", "notices.email.tls: 'maybe' is not starttls, tls, none"),
        ("{email: {port: 0}}", "notices.email.port: 0 is no port"),
        ("{pigeon: {}}", "notices.pigeon: unknown key"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match="^.*hotline.yaml: " + expected.replace("(", r"\(")):
        load_settings(of(tmp_path, f"notices: {text}"))
