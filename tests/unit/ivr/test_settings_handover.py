"""Settings of handovers: each mistake is one line with its place and its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.wiring_trunks import trunks_of


def written(folder: Path, text: str) -> Path:
    path = folder / "hotline.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_trunk_says_what_its_far_end_is_told(tmp_path: Path) -> None:
    text = (
        "web: { public_url: https://hotline.example.org }\nhandover: { expires: 30m, body: 4096 }\n"
        "trunks: { pbx: { hosts: [127.0.0.9], handover: body }, carrier: { hosts: [127.0.0.8] } }\n"
    )
    settings = load_settings(written(tmp_path, text))
    assert (settings.handover.expires, settings.handover.phones) == (1800.0, "link")
    assert {one.name: one.handover for one in trunks_of(settings)} == {"pbx": "body", "carrier": "none"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("handover: { url: hotline }", "handover.url: 'hotline' is not such as https://"),
        ("handover: { phones: all }", "handover.phones: 'all' is not none, link or body"),
        ("handover: { expires: 5s }", "handover.expires: 5 s; from 60s to 168h"),
        ("handover: { size: 10 }", "handover.size: 10 octets; from 4096"),
        ("handover: { body: 99999 }", "handover.body: 99999 octets; from 4096 to 32768"),
        ("trunks: { a: { hosts: [127.0.0.9], handover: yes please } }", "trunks.a.handover: 'yes please' is not"),
        ("trunks: { a: { hosts: [127.0.0.9], handover: link } }", "set handover.url or web.public_url"),
        ("trunks: { a: { hosts: [127.0.0.9], handover: body, delayed_offer: true } }", "there is no body; use link"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(written(tmp_path, text))
    assert words in str(error.value)
    assert "\n" not in str(error.value)
