"""`understanding.talk` of the settings, and what a check says of the shared triggers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.checking import check_dialplans
from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.settings_understanding import TalkOptions

FLOW = """
flow: x
languages: [en]
defaults: { error: end }
states: { start: { hangup: normal } }
talk: { hints: { price: { kind: offer, when: { trigger: price }, en: Offer it } } }
"""


def settings(folder: Path, understanding: str) -> Path:
    (folder / "flows").mkdir(exist_ok=True)
    (folder / "flows" / "x.yaml").write_text(FLOW, "utf-8")
    path = folder / "hotline.yaml"
    path.write_text(f"routes: [{{ to: '*', flow: x }}]\ndialplans: flows\nunderstanding: {understanding}\n", "utf-8")
    return path


def talk(folder: Path, text: str) -> TalkOptions:
    return load_settings(settings(folder, f"{{ talk: {text} }}")).understanding.talk


def test_off_is_off_with_and_without_quotes(tmp_path: Path) -> None:
    assert TalkOptions().way("support") == "phrases"
    assert talk(tmp_path, "{ transcribe: off }").way("support") == "off"
    assert talk(tmp_path, "{ transcribe: 'off' }").way("support") == "off"
    found = talk(tmp_path, "{ transcribe: free, queues: { care: off, billing: phrases } }")
    assert [found.way(queue) for queue in ("support", "care", "billing", "")] == ["free", "off", "phrases", "free"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{ transcribe: loud }", "understanding.talk.transcribe: 'loud' is not off, phrases or free"),
        ("{ transcribe: on }", "understanding.talk.transcribe: 'True' is not off"),
        ("{ queues: { care: all } }", "understanding.talk.queues.care: 'all' is not off"),
        ("{ sure: 7 }", "understanding.talk.sure: a confidence from 0 to 1"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        talk(tmp_path, text)


def test_a_check_reads_the_shared_triggers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = tmp_path / "shared.yaml"
    shared.write_text("triggers: { price: { en: [too dear], tag: price } }\n", "utf-8")
    config = settings(tmp_path, "{ triggers: shared.yaml }")
    assert check_dialplans([], "text", None, config) == 0, capsys.readouterr().out
    shared.write_text("triggers: { price: { en: [ok], tag: price } }\n", "utf-8")
    assert check_dialplans([], "text", None, config) == 1
    told = capsys.readouterr().out
    assert "shared.yaml:1:" in told
    assert "short-phrase" in told
    assert check_dialplans([], "text", None, settings(tmp_path, "{}")) == 1
    assert "unknown-trigger" in capsys.readouterr().out
