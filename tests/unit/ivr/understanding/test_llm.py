"""A language model that words summaries, against a server that answers as scripted: over real HTTP, on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from ivr.call import Call, Caller, Speaker, Turn
from ivr.understanding.llm import FAILURES, Summaries, fit, record_of
from ivr.understanding.redaction import Rules

CALL = Call(
    "c",
    Caller("1001", "Ann"),
    "hotline",
    0.0,
    language="en",
    turns=(
        Turn(0, Speaker.BOT, "How can I help?", "en"),
        Turn(1, Speaker.CALLER, "I was charged 128 twice, my card is 4111 1111 1111 1111", "en"),
    ),
)
GOOD = "Ann was charged 128 twice for one order. Nothing was done yet."
RULES = Rules()


@dataclass
class Model:
    """An endpoint like OpenAI's: keeps what it is asked, answers what it is told to."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    answer: Any = GOOD
    status: int = 200
    body: bytes | None = None
    hold: asyncio.Event | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        if self.hold is not None:
            await self.hold.wait()
        if self.body is not None:
            return web.Response(body=self.body, status=self.status)
        text = json.dumps({"choices": [{"message": {"role": "assistant", "content": self.answer}}]})
        return web.Response(text=text, status=self.status, content_type="application/json")


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    made = Model()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.7", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/v1"
    yield made
    if made.hold is not None:
        made.hold.set()
    await runner.cleanup()


@pytest.fixture
async def summaries(model: Model) -> AsyncIterator[Summaries]:
    made = Summaries(model.url, "small", "top-secret", 5.0)
    yield made
    await made.close()


async def until(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_it_words_a_summary_and_gets_nothing_private(model: Model, summaries: Summaries) -> None:
    assert await summaries.summarise(CALL, "Ann said: charged twice.", RULES) == GOOD
    [asked] = model.asked
    assert asked["model"] == "small" and asked["temperature"] == 0 and asked["stream"] is False
    told = json.dumps(asked, ensure_ascii=False)
    assert "4111" not in told and "[card]" in told and "Caller: I was charged 128 twice" in told and "Menu: How" in told
    assert model.keys == ["Bearer top-secret"]
    assert summaries.written == 1 and "hotline_llm_summaries_written_total 1" in summaries.metrics()


async def test_a_chinese_call_is_asked_for_in_chinese(model: Model, summaries: Summaries) -> None:
    model.answer = "李强来电投诉重复扣费，尚未处理，情绪激动。"
    call = Call("c", Caller("1"), "", 0.0, language="zh", turns=(Turn(0, Speaker.CALLER, "重复扣费了", "zh"),))
    assert await summaries.summarise(call, "", RULES) == model.answer
    assert "中文" in model.asked[0]["messages"][0]["content"]
    model.answer = "Ann was charged twice for one order."
    assert await summaries.summarise(call, "", RULES) == ""


@pytest.mark.parametrize(
    "answer",
    ["", "ok", 7, None, ["a"], "x" * 700, "Ann owes 99999 for the order that she made.", "bad \x00 control " * 3],
)
async def test_garbage_is_thrown_away(model: Model, summaries: Summaries, answer: Any) -> None:
    model.answer = answer
    assert await summaries.summarise(CALL, "", RULES) == ""
    assert summaries.refused == 1 and summaries.failed == 0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b"not json"),
        (200, b"{}"),
        (200, b"[]"),
        (200, b'{"choices": []}'),
        (200, b"x" * 100_000),
        (302, b""),
    ],
)
async def test_a_far_end_that_is_none_costs_nothing_but_the_extra(
    model: Model, summaries: Summaries, status: int, body: bytes
) -> None:
    model.status, model.body = status, body
    assert await summaries.summarise(CALL, "", RULES) == ""
    assert summaries.failed == 1


async def test_it_has_its_time_and_no_more(model: Model) -> None:
    model.hold = asyncio.Event()
    slow = Summaries(model.url, "small", within=0.2)
    assert await slow.summarise(CALL, "", RULES) == "" and slow.failed == 1
    await slow.close()


async def test_after_failures_in_a_row_it_is_left_alone(model: Model, summaries: Summaries) -> None:
    model.status = 503
    for _ in range(FAILURES + 2):
        assert await summaries.summarise(CALL, "", RULES) == ""
    assert len(model.asked) == FAILURES
    summaries.write(CALL, "", RULES, lambda text, by: pytest.fail("nobody may be asked"))
    assert len(model.asked) == FAILURES


async def test_what_it_wrote_is_marked_and_told(model: Model, summaries: Summaries) -> None:
    told: list[tuple[str, str]] = []
    summaries.write(CALL, "", RULES, lambda text, by: told.append((text, by)))
    await until(lambda: told)

    async def kept(text: str, by: str) -> None:
        told.append((text, by))

    summaries.write_later(CALL, "", RULES, kept)
    await until(lambda: len(told) == 2)
    assert told == [(GOOD, "llm:small")] * 2


async def test_a_listener_that_fails_harms_nobody(model: Model, summaries: Summaries, caplog: pytest.LogCaptureFixture) -> None:
    def broken(text: str, by: str) -> None:
        raise RuntimeError("gone")

    summaries.write(CALL, "", RULES, broken)
    await until(lambda: "summary by small" in caplog.text)


async def test_a_crowd_finds_room_for_some_and_the_rest_keep_theirs(model: Model, summaries: Summaries) -> None:
    model.hold = asyncio.Event()
    told: list[str] = []
    for _ in range(100):
        summaries.write(CALL, "", RULES, lambda text, by: told.append(text))
    await until(lambda: len(model.asked) == 4)
    model.hold.set()
    await until(lambda: len(told) == 32)
    assert len(model.asked) == 32


def test_marks_of_lists_and_code_are_taken_off() -> None:
    assert fit("# Summary\n- Ann was charged **twice**\n```", "", RULES, "en").startswith("Summary Ann was charged")


def test_numbers_must_have_been_named() -> None:
    told = record_of(CALL, "", RULES)
    assert fit("Ann was charged 128 twice, she says.", told, RULES, "en")
    assert not fit("Ann was charged 129 twice, she says.", told, RULES, "en")
