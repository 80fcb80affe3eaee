"""What the admin API is made of on a node: names, uses, forms that take effect, recordings that are heard at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import FlowStore
from ivr.errors import StoreUnavailable
from ivr.settings import Settings, load_settings
from ivr.speech.prompts import PromptLibrary
from ivr.speech.recording import write_recording
from ivr.speech.shelf_files import Folders
from ivr.stores import Stores
from ivr.wiring_admin import Office, _applied, _forms, follow_prompts

FLOW = """\
flow: telecom
languages: [en]
defaults: { error: end }
states:
  hello:
    do: [{ say: welcome }]
    goto: bye
  bye: { do: [{ say: [goodbye, { prompt: welcome }] }], hangup: normal }
"""
SETTINGS = """\
queues: { support: {} }
agents:
  - { id: a, password: x, skills: { telecom: 3 } }
"""


def tone(seconds: float) -> Any:
    return (np.sin(np.arange(round(8000 * seconds)) / 3) * 5000).astype(np.int16)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "telecom.yaml").write_text(FLOW, "utf-8")
    prompts = tmp_path / "prompts"
    for name in ("welcome", "goodbye"):
        write_recording(prompts / "en" / f"{name}.wav", tone(0.3), 8_000)
    (prompts / "texts.yaml").write_text("welcome: { en: Hello }\n", "utf-8")
    library = PromptLibrary.load([prompts], ["en"])
    flows = FlowStore([tmp_path / "flows"], Surroundings(library.names(), frozenset({"support"}), frozenset({"telecom"})))
    flows.reload()
    assert flows.problems == []
    settings = replace(Settings(), prompts=(str(prompts),))
    return Office(settings, flows, library, Folders([prompts]))


def test_names_are_those_of_the_running_server(office: Office) -> None:
    names = office.names()
    assert (names["queues"], names["skills"], names["flows"]) == (["support"], ["telecom"], ["telecom"])
    assert names["texts"] == {"welcome": {"en": "Hello"}} and names["prompts"]["goodbye"] == {"en"}


def test_uses_name_every_place_of_a_prompt(office: Office) -> None:
    uses = office.uses()
    assert [(one["state"], one["line"]) for one in uses["welcome"]] == [("hello", 6), ("bye", 8)]
    assert [one["flow"] for one in uses["goodbye"]] == ["telecom"]


def test_a_text_is_checked_as_if_it_were_live(office: Office) -> None:
    flow, problems = office.examine(FLOW.replace("goodbye", "godbye"), "telecom")
    assert flow is None and [one.code for one in problems if one.severity == "error"] == ["unknown-prompt"]
    assert office.examine(FLOW, "")[0] is not None
    assert office.file_of("telecom").endswith("telecom.yaml") and office.file_of("other") == ""


class Told:
    def __init__(self) -> None:
        self.queues: list[str] = []
        self.agents: dict[str, dict[str, int]] = {}

    def define_queues(self, queues: Any) -> str:
        self.queues = [one.name for one in queues]
        return "done"

    def define_agents(self, agents: Any) -> str:
        self.agents = {one.id: dict(one.skills) for one in agents}
        return "done"


def done(_: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(None)
    return future


def test_queues_and_skills_work_at_once_and_other_things_after_a_restart(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(SETTINGS, "utf-8")
    running, told = load_settings(file), Told()
    stores = cast(Stores, SimpleNamespace(acd=told))
    file.write_text(
        SETTINGS.replace("support: {}", "support: {}, vip: {}").replace("telecom: 3", "telecom: 4, vip: 9"), "utf-8"
    )
    assert _applied("queues", file, running, done, stores, office.flows) is True
    assert told.queues == ["support", "vip"] and office.flows.around.queues == {"support", "vip"}
    assert _applied("skills", file, running, done, stores, office.flows) is True
    assert told.agents == {"a": {"telecom": 4, "vip": 9}} and office.flows.around.skills == {"telecom", "vip"}
    assert _applied("routes", file, running, done, stores, office.flows) is False
    file.write_text(SETTINGS.replace("password: x", "password: y"), "utf-8")
    assert _applied("agents", file, running, done, stores, office.flows) is False


async def test_what_was_written_while_redis_is_away_begins_with_the_next_start(office: Office, tmp_path: Path) -> None:
    """The answer must not be 503, which says that nothing was changed."""

    class Away:
        async def define_queues(self, queues: Any) -> None:
            raise StoreUnavailable("Redis does not answer")

    file = tmp_path / "hotline.yaml"
    file.write_text(SETTINGS, "utf-8")
    forms = _forms(load_settings(file), tmp_path / "data", cast(Stores, SimpleNamespace(acd=Away())), office.flows)
    assert forms is not None
    value: dict[str, Any] = {"support": {}, "vip": {}}
    found = await asyncio.to_thread(forms.write, "queues", value, forms.read("queues")["stamp"], "root")
    assert found["restart"] == ["queues"] and load_settings(file).queues.keys() == {"support", "vip"}


async def test_a_new_recording_is_heard_by_the_next_prompt(office: Office) -> None:
    folder = Path(office.settings.prompts[0])
    task = asyncio.create_task(follow_prompts(office.settings, office.flows, office.prompts))
    try:
        async with asyncio.timeout(20):
            number = 0
            while "extra" not in office.prompts.names():
                number += 1  # the watch may begin after the first of them
                await asyncio.to_thread(write_recording, folder / "en" / "extra.wav", tone(0.2 + number / 100), 8_000)
                await asyncio.sleep(0.5)
        assert office.flows.around.prompts is not None and "extra" in office.flows.around.prompts
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_without_a_folder_nothing_is_followed(office: Office) -> None:
    await follow_prompts(replace(office.settings, prompts=("/nowhere",)), office.flows, office.prompts)
    assert office.prompts.names() != {}
