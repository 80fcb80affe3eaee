"""The voice's process starts with the node only where a flow says what nobody could record."""

from __future__ import annotations

import pytest

from ivr.dialplan.loader import load
from ivr.speech.live_voice import LiveVoice
from ivr.speech.voice import EspeakVoice
from ivr.wiring_voice import warm_for

PLAIN = """
flow: plain
languages: [en]
defaults: { error: end }
states:
  only: { say: { en: Hello }, on: { done: end } }
"""


@pytest.mark.parametrize(("text", "warmed"), [(PLAIN, [[]]), (PLAIN.replace("Hello", '"Hello {caller.name}"'), [["en"]])])
def test_it_is_warmed_for_what_flows_say(text: str, warmed: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    voice = LiveVoice(EspeakVoice)
    monkeypatch.setattr(voice, "warm", asked.append)
    warm_for(voice, [load(text)])
    warm_for(None, [load(text)])
    assert asked == warmed
