"""Conversations with a text on a virtual clock, by the admin API."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import httpx
import pytest

from ivr.dialplan.simulator import Simulation
from ivr.web.admin_trials import EACH, FORGOTTEN_AFTER
from tests.unit.ivr.web.admin_house import TEXT, House

GREETING = """\
flow: telecom
languages: [zh]
time_zone: Asia/Shanghai
defaults: { no_input: end, no_match: end, error: end }
states:
  main:
    do:
      - set: { who: "{profile.name}" }
    go:
      - { if: time.hour < 12, to: morning }
      - { to: evening }
  morning: { do: [{ say: { zh: "早上好{vars.who}" } }], hangup: normal }
  evening: { do: [{ say: { zh: "晚上好{vars.who}" } }], hangup: normal }
"""


async def begin(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/simulations", json={"flow": "telecom", **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def act(client: httpx.AsyncClient, trial: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/simulations/{trial['id']}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_conversation_from_hello_to_the_queue() -> None:
    async with House().client("boss") as client:
        trial = await begin(client, language="zh")
        assert [one["text"] for one in trial["log"] if one["kind"] == "bot"] == ["您好"]
        assert trial["view"]["state"] == "main" and trial["view"]["line"] == 11
        said = await act(client, trial, act="say", text="查账单")
        caller = next(one for one in said["log"] if one["kind"] == "caller")
        assert caller["understood"] == "bill" and said["view"]["state"] == "human"
        assert any(one["kind"] == "edge" and one["key"] == "main bill" for one in said["log"])
        served = await act(client, trial, act="queue", outcome="served")
        assert served["view"]["ended"] and served["log"][-1]["kind"] == "end"
        assert not any(one["kind"] == "caller" for one in served["log"])  # only what is new


async def test_keys_silence_and_hanging_up() -> None:
    async with House().client() as client:
        trial = await begin(client)
        assert (await act(client, trial, act="wait", seconds=8))["view"]["attempt"] == 1
        assert (await act(client, trial, act="press", keys="0"))["view"]["state"] == "human"
        assert (await act(client, trial, act="hang_up"))["view"]["ended"] == "hangup"
        again = await act(client, trial, act="restart")
        assert again["view"]["ended"] == "" and again["log"][0]["kind"] == "state"


@pytest.mark.parametrize(("at", "words"), [("2026-01-31T09:00", "早上好李"), ("2026-01-31T19:00", "晚上好李")])
async def test_time_and_profile_are_given(at: str, words: str) -> None:
    async with House().client() as client:
        trial = await begin(client, text=GREETING, at=at, profile={"name": "李"})
        assert words in [one["text"] for one in trial["log"] if one["kind"] == "bot"]
        assert trial["view"]["vars"] == {"who": "李"} and trial["view"]["clock"].startswith("2026-01-31T")


async def test_a_text_with_errors_is_not_talked_to() -> None:
    async with House().client() as client:
        answer = await client.post("/simulations", json={"flow": "telecom", "text": TEXT.replace("bill: human", "bill: x")})
    assert answer.status_code == 422 and answer.json()["problems"]


@pytest.mark.parametrize(
    "body",
    [
        {"at": "tomorrow"},
        {"at": True},
        {"at": -5},
        {"at": "0001-01-01T00:00"},
        {"profile": 1},
        {"profile_delay": "x"},
        {"lookups": {"a": 1}},
        {"lookups": {"a": {"outcome": "maybe"}}},
        {"lookups": {str(n): {} for n in range(300)}},
        {"asr": "zh"},
        {"asr": [1]},
        {"flags": {"a": "x"}},
        {"caller": {"number": 5}},
        {"text": 5},
        {"language": "x" * 100},
    ],
)
async def test_wrong_beginnings_are_refused(body: dict[str, Any]) -> None:
    async with House().client() as client:
        assert (await client.post("/simulations", json={"flow": "telecom", **body})).status_code in (400, 413)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"act": "fly"},
        {"act": "say"},
        {"act": "say", "text": "x" * 501},
        {"act": "say", "text": "x", "confidence": 2},
        {"act": "press", "keys": "abc"},
        {"act": "press", "keys": ""},
        {"act": "press", "keys": "1" * 65},
        {"act": "wait", "seconds": -1},
        {"act": "wait", "seconds": 1e9},
        {"act": "queue", "outcome": "served"},
    ],
)
async def test_wrong_acts_are_refused(body: dict[str, Any]) -> None:
    async with House().client() as client:
        trial = await begin(client)
        answer = await client.post(f"/simulations/{trial['id']}", json=body)
    assert answer.status_code in (400, 409, 413) and answer.json()["error"]["message"]


async def test_conversations_are_their_owners_and_are_forgotten() -> None:
    house = House()
    async with house.client() as client, house.client("boss") as other:
        trials = [await begin(client) for _ in range(EACH + 1)]
        path = f"/simulations/{trials[-1]['id']}"
        assert (await other.post(path, json={"act": "hang_up"})).status_code == 404
        assert (await client.post(f"/simulations/{trials[0]['id']}", json={"act": "hang_up"})).status_code == 404
        assert (await client.post(path, json={"act": "wait"})).status_code == 200
        house.now += FORGOTTEN_AFTER + 1
        assert (await client.post(path, json={"act": "wait"})).status_code == 404
        trial = await begin(client)
        assert (await client.delete(f"/simulations/{trial['id']}")).status_code == 200
        assert (await client.delete(f"/simulations/{trial['id']}")).status_code == 404


async def test_tests_run_on_what_is_sent_or_kept() -> None:
    async with House().client("boss") as client:
        kept = (await client.post("/flows/telecom/test/run", json={})).json()
        assert (kept["text"], kept["test"]) == (TEXT, "flow: telecom\n")
        sent = (await client.post("/flows/telecom/test/run", json={"text": "a", "test": "b"})).json()
        assert (sent["text"], sent["test"]) == ("a", "b")
        for body in ({"text": 1}, {"test": 1}):
            assert (await client.post("/flows/telecom/test/run", json=body)).status_code == 400
        assert (await client.post("/flows/nothing/test/run", json={})).status_code == 404


async def test_a_server_without_a_simulator_says_so() -> None:
    async with House(bare=True).client() as client:
        assert (await client.post("/simulations", json={"flow": "x", "text": TEXT})).status_code == 501
        assert (await client.post("/flows/telecom/test/run", json={})).status_code == 501


async def test_acts_that_come_at_once_are_taken_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    say, busy = Simulation.say, threading.Event()

    def slowly(self: Simulation, *arguments: Any, **options: Any) -> bool:
        assert not busy.is_set()
        busy.set()
        time.sleep(0.05)
        busy.clear()
        return say(self, *arguments, **options)

    monkeypatch.setattr(Simulation, "say", slowly)
    async with House().client() as client:
        trial = await begin(client, language="zh")
        both = await asyncio.gather(*(act(client, trial, act="say", text="什么") for _ in range(2)))
    said = [one for answer in both for one in answer["log"] if one["kind"] == "caller"]
    assert len(said) == 2  # each is told once
