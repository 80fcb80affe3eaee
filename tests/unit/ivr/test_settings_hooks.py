"""Settings of webhooks: what is wrong is named with its place and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.settings_hooks import HookOptions

RIGHT = "name: crm, url: 'https://crm.example/in', secret: 0123456789abcdefgh"


def load(folder: Path, *hooks: str) -> tuple[HookOptions, ...]:
    file = folder / "hotline.yaml"
    file.write_text("webhooks:\n" + "".join(f"  - {{ {hook} }}\n" for hook in hooks))
    return load_settings(file).webhooks


def test_a_hook_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM", "x" * 20)
    written = "name: crm, url: 'http://127.0.0.1:9000/in', secret: 'env:CRM', events: [contact.*, ticket.opened], timeout: 2s"
    [hook] = load(tmp_path, written)
    assert hook == HookOptions("crm", "http://127.0.0.1:9000/in", "x" * 20, ("contact.*", "ticket.opened"), 2.0)
    assert load(tmp_path, RIGHT)[0].events == ("*",)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (RIGHT.replace("crm,", "Our CRM,"), "webhooks[0].name: 'Our CRM' is not small letters"),
        (RIGHT.replace("https://crm.example/in", "crm.example"), "webhooks[0].url: this is not https://HOST/PATH"),
        (RIGHT.replace("https://", "https://user:geheim@"), "webhooks[0].url: this is not https://HOST/PATH"),
        (RIGHT.replace("crm.example", "[::1"), "webhooks[0].url: this is not https://HOST/PATH"),
        (RIGHT.replace("0123456789abcdefgh", "short"), "webhooks[0].secret: shorter than 16 characters; `openssl"),
        (RIGHT + ", timeout: 5m", "webhooks[0].timeout: 300 s is not from 0.5 to 30"),
        (RIGHT + ", events: [contact.endet]", "no event is called 'contact.endet'; did you mean `contact.ended`?"),
        (RIGHT + ", events: [xyz]", "no event is called 'xyz'; there are queue.entered"),
        ("name: crm", "missing url, secret"),
    ],
)
def test_mistakes_name_the_place_and_the_cure(tmp_path: Path, written: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, written)
    assert words in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_name_stands_there_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"webhooks\[1\].name: 'crm' stands there twice"):
        load(tmp_path, RIGHT, RIGHT)
