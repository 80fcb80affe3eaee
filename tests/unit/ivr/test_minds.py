"""Models of flows: shared, kept on disk, made in a process of their own, and done without while they are not there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from ivr import intent_bench, minds
from ivr.dialplan.loader import load
from ivr.dialplan.model import Flow
from ivr.errors import ConfigError
from ivr.learning import Learning
from ivr.minds import Minds, lessons
from ivr.understanding.classifier import OUT_OF_SCOPE

FLOW = """
flow: garage
languages: [en]
defaults: { error: end, no_input: end, no_match: end }
intents:
  tyres: { en: [new tyres, change my tyres, a flat tyre, winter tyres please] }
  paint: { en: [paint my car, a scratch in the paint, respray the door, the colour came off] }
states:
  start:
    menu: { say: { en: Hello }, options: [tyres, paint] }
    on: { tyres: end, paint: end }
"""
CASES = [
    {"language": "en", "text": "i need two tyres", "intent": "tyres"},
    {"language": "en", "text": "could you paint the door", "intent": "paint"},
    {"language": "en", "text": "tell me a joke", "intent": OUT_OF_SCOPE},
]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What other runs learnt is none of these tests' business."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def flow() -> Flow:
    return load(FLOW)


def test_flows_that_add_nothing_share_their_model() -> None:
    text = FLOW.replace("intents:", "intents:\n  use: common")
    one, other = load(text), load(text.replace("garage", "workshop").replace("respray", "spray"))
    assert lessons(one, "en")[0].key == lessons(other, "en")[0].key
    assert lessons(one, "en")[1].key != lessons(other, "en")[1].key


def test_lines_that_a_flow_gains_elsewhere_change_nothing_of_what_is_learnt() -> None:
    longer = FLOW.replace("intents:", "# One comment more\n\nintents:")
    assert [one.key for one in lessons(load(longer), "en")] == [one.key for one in lessons(load(FLOW), "en")]


def test_a_model_is_learnt_once_and_read_from_disk_afterwards(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Minds(tmp_path)
    first.meet([flow])
    assert first.mind(flow.version, "en") is None
    first.learn(first.wanted([flow]))
    mind = first.mind(flow.version, "en")
    assert mind is not None
    assert mind.likely("i need two tyres")[0][0] == "tyres"
    again = Minds(tmp_path)
    monkeypatch.setattr(minds.Lesson, "train", lambda lesson: pytest.fail("learnt a second time"))
    again.meet([flow])
    again.learn(again.wanted([flow]))
    assert again.mind(flow.version, "en") is not None


def test_a_broken_file_is_made_anew(flow: Flow, tmp_path: Path) -> None:
    one = Minds(tmp_path)
    one.meet([flow])
    [lesson] = one.wanted([flow])
    (tmp_path / f"{lesson.key}.mind").write_bytes(b"half a fi")
    one.learn([lesson])
    assert one.mind(flow.version, "en") is not None


def test_while_nothing_is_learnt_the_phrases_are_matched(flow: Flow, tmp_path: Path) -> None:
    one = Minds(tmp_path)
    one.meet([flow])
    assert one.understand("could you paint the door", (), flow.version, "en").name == ""
    assert one.understand("anything", (), "unknown version", "en").name == ""


async def test_a_node_learns_apart_and_only_what_is_new(flow: Flow, tmp_path: Path) -> None:
    one, flows = Minds(tmp_path), [flow]
    learning = Learning(one, lambda: flows)
    assert await learning.look()
    assert one.mind(flow.version, "en") is not None
    made = sorted(tmp_path.iterdir())
    assert await learning.look()
    assert sorted(tmp_path.iterdir()) == made


async def test_a_training_that_fails_is_tried_again(flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Minds(tmp_path)
    learning = Learning(one, lambda: [flow])
    with monkeypatch.context() as here:
        here.setattr(sys, "executable", str(tmp_path / "no python"))
        assert not await learning.look()
    assert one.mind(flow.version, "en") is None
    assert await learning.look()
    assert one.mind(flow.version, "en") is not None


async def test_a_node_that_stops_does_not_wait_for_a_training(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho $$ > " + str(tmp_path / "pid") + "\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    task = asyncio.create_task(Learning(Minds(tmp_path), lambda: [flow]).look())
    async with asyncio.timeout(20):
        while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_what_commands_learnt_a_node_need_not_learn_again(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Minds()
    commands.meet([flow])
    commands.learn(commands.wanted([flow]))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    one = Minds(tmp_path / "data")
    assert await Learning(one, lambda: [flow]).look()
    assert one.mind(flow.version, "en") is not None


def test_the_bench_prints_one_object(flow: Flow, tmp_path: Path) -> None:
    report = intent_bench.report_of(intent_bench.measure(flow, [intent_bench.Case(**case) for case in CASES], Minds(tmp_path)))
    assert report["accuracy"] == 1.0
    assert report["out_of_scope_recall"] == 1.0
    assert report["languages"]["en"]["cases"] == 3
    assert report["intents"]["tyres"] == {"cases": 1, "recall": 1.0, "precision": 1.0}
    assert report["misses"] == []
    assert set(report["ms"]) == {"p50", "p99"}
    assert "tyres" in intent_bench.table(json.loads(json.dumps(report)))


@pytest.mark.parametrize(
    ("data", "why"),
    [("{}", "expected a list"), ('[{"language": "en"}]', "item 0 has no"), ("[", "cases"), ("[1]", "item 0")],
)
def test_wrong_cases_say_where(data: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "cases.json").write_text(data)
    with pytest.raises(ConfigError, match=why):
        intent_bench.cases_of(tmp_path / "cases.json")


def test_an_intent_that_the_flow_does_not_have_is_named(flow: Flow, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not have: wheels"):
        intent_bench.measure(flow, [intent_bench.Case("en", "wheels", "wheels")], Minds(tmp_path))
