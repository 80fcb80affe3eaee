"""Phrases that a model cannot hear are told with state, language and cure, once for each version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ivr.dialplan.loader import FlowStore
from ivr.errors import SpeechUnavailable
from ivr.unheard import AT_ONCE, Unheard, listened_for, problems

FLOW = """
flow: shop
languages: [zh, en]
intents:
  bill: {zh: [查账单, 华为账单], en: [my bill], label: {zh: 账单, en: the bill}}
defaults: {error: done}
states:
  main:
    ask: {say: {text: {zh: 请问, en: Yes}}}
    on: {bill: done, no_input: done, no_match: done}
  done:
    hangup: normal
"""


@pytest.fixture
def store(tmp_path: Path) -> FlowStore:
    (tmp_path / "shop.yaml").write_text(FLOW, "utf-8")
    store = FlowStore([tmp_path])
    store.reload()
    assert "shop" in store.flows, store.problems
    return store


async def test_a_warning_names_state_phrase_model_and_cure_once(store: FlowStore, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    async def ask(language: str, phrases: Sequence[str]) -> Sequence[str]:
        asked.append((language, tuple(phrases)))
        return [phrase for phrase in phrases if "华为" in phrase]

    unheard = Unheard(store, lambda: {"zh": "small-cn"}, ask)
    await unheard.look()
    await unheard.look()
    assert [language for language, _ in asked] == ["zh"]
    assert "查账单" in asked[0][1]
    (found,) = unheard.problems
    assert found.message == "the model of zh (small-cn) cannot hear '华为账单' in state `main`"
    assert "alias" in found.cure
    assert (Path(found.file).name, found.line) == ("shop.yaml", 8)
    assert caplog.text.count("华为账单") == 1


async def test_it_looks_again_where_a_flow_or_a_model_changes(store: FlowStore) -> None:
    models, asked = {"zh": "one"}, []

    async def ask(language: str, phrases: Sequence[str]) -> Sequence[str]:
        asked.append(language)
        return phrases[:1]

    unheard = Unheard(store, lambda: models, ask)
    await unheard.look()
    models["zh"] = "two"
    await unheard.look()
    assert asked == ["zh", "zh"]
    store.retire("shop")
    await unheard.look()
    assert unheard.problems == []


async def test_no_worker_is_no_verdict(store: FlowStore) -> None:
    async def ask(language: str, phrases: Sequence[str]) -> Sequence[str]:
        raise SpeechUnavailable("down")

    unheard = Unheard(store, lambda: {"zh": "one"}, ask)
    with pytest.raises(SpeechUnavailable):
        await unheard.look()
    assert unheard.problems == []


async def test_many_phrases_are_asked_in_parts(store: FlowStore) -> None:
    sizes: list[int] = []

    async def ask(language: str, phrases: Sequence[str]) -> Sequence[str]:
        sizes.append(len(phrases))
        return ()

    unheard = Unheard(store, lambda: {"zh": "one"}, ask)
    await unheard._deaf("zh", [str(number) for number in range(AT_ONCE + 5)])
    assert sizes == [AT_ONCE, 5]


def test_a_long_list_is_cut_in_the_message(store: FlowStore) -> None:
    flow = store.flows["shop"]
    phrases = list(listened_for(flow, "zh"))
    told = problems(flow, "zh", "m", phrases)
    assert len(told) == 1
    assert len(told[0].message) < 200
