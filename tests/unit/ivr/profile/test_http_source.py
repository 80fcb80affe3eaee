"""The far end is a real server on this machine, and mostly a bad one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ivr.profile.answer import NotThere, SourceFailed, Unaskable
from ivr.profile.asking import PathText, Text
from ivr.profile.http_source import HttpBackend, HttpQuestion, HttpService, check_request
from tests.unit.ivr.profile.crm import CUSTOMER, DEAD, Crm

QUESTIONS = {
    "customer": HttpQuestion(
        PathText.parse("/customers/{number}"), query={"lang": Text.parse("{language}"), "v": Text.parse("2")}
    ),
    "search": HttpQuestion(
        PathText.parse("/search"), "POST", body={"account": Text.parse("{account}"), "deep": Text.parse("no")}
    ),
}


async def ask(crm: Crm, operation: str = "customer", arguments: Mapping[str, Any] | None = None, **service: Any) -> Any:
    backend = HttpBackend(replace(HttpService(crm.url + "/api", timeout=0.5), **service), QUESTIONS)
    try:
        return await backend.fetch(operation, {"number": "1001"} if arguments is None else arguments)
    finally:
        await backend.close()


async def test_a_question_is_sent_as_it_was_declared() -> None:
    async with Crm() as crm:
        assert await ask(crm, headers={"authorization": "Bearer s3cret"}) == CUSTOMER
        assert await ask(crm, arguments={"number": "10&x=1/..", "language": "zh&a=b"}) == CUSTOMER
    (method, target, headers, body), (_, second, _, _) = crm.requests
    assert (method, target, body) == ("GET", "/api/customers/1001?v=2", b"")
    assert headers["authorization"] == "Bearer s3cret" and headers["accept-encoding"] == "identity"
    assert second == "/api/customers/10%26x%3D1%2F..?lang=zh%26a%3Db&v=2"


async def test_a_body_is_json_and_keeps_types() -> None:
    async with Crm() as crm:
        await ask(crm, "search", {"account": 8861})
        await ask(crm, "search", {"account": '8861", "all": "1'})
    assert [body for _, _, _, body in crm.requests] == [
        b'{"account": 8861, "deep": "no"}',
        b'{"account": "8861\\", \\"all\\": \\"1", "deep": "no"}',
    ]
    assert crm.requests[0][2]["content-type"] == "application/json"


async def test_a_status_says_that_nothing_was_found() -> None:
    async with Crm("not_found") as crm:
        with pytest.raises(NotThere):
            await ask(crm)


@pytest.mark.parametrize("mode", DEAD)
async def test_whatever_is_wrong_is_one_error_in_time(mode: str) -> None:
    async with Crm(mode) as crm, asyncio.timeout(5):
        with pytest.raises((SourceFailed, TimeoutError)):
            async with asyncio.timeout(0.6):
                await ask(crm)
    assert all(target.startswith("/api/customers/") for _, target, _, _ in crm.requests)


@pytest.mark.parametrize(
    ("mode", "alive", "again"), [("error_401", True, False), ("error_500", False, True), ("refuse", False, True)]
)
async def test_who_refuses_us_is_alive_and_who_breaks_may_be_asked_again(mode: str, alive: bool, again: bool) -> None:
    async with Crm(mode) as crm:
        with pytest.raises(SourceFailed) as found:
            await ask(crm)
    assert (found.value.alive, found.value.again) == (alive, again)
    assert "127.0.0.1" not in str(found.value) and "1001" not in str(found.value)


async def test_no_cookie_is_carried_from_one_caller_to_the_next() -> None:
    async with Crm() as crm:
        send = crm._send
        crm._send = lambda writer, body: send(writer, body, more="set-cookie: who=1001; path=/\r\n")  # type: ignore[method-assign, misc, assignment]
        backend = HttpBackend(HttpService(crm.url), QUESTIONS)
        for number in ("1001", "1002"):
            await backend.fetch("customer", {"number": number})
        await backend.close()
    assert len(crm.requests) == 2 and all("cookie" not in headers for _, _, headers, _ in crm.requests)


async def test_a_connection_that_closed_meanwhile_is_an_error_to_be_tried_again() -> None:
    async with Crm() as crm:
        backend = HttpBackend(HttpService(crm.url), QUESTIONS)
        await backend.fetch("customer", {"number": "1"})
        crm.mode = "reset"
        with pytest.raises(SourceFailed) as found:
            await backend.fetch("customer", {"number": "1"})
        assert found.value.again
        crm.mode = "fine"
        assert await backend.fetch("customer", {"number": "1"}) == CUSTOMER
        await backend.close()


async def test_an_answer_just_within_its_size_is_read() -> None:
    async with Crm() as crm:
        crm.answer = lambda _: "x" * (1024 - 2)
        assert len(await ask(crm, max_bytes=1024)) == 1022
        with pytest.raises(SourceFailed, match="more than 1023 octets"):
            await ask(crm, max_bytes=1023)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("CONNECT", "/x", None), ("GET", "http://x", None), ("POST", "/x", {"a": object()}), ("POST", "/x", "x" * 70_000)],
)
def test_a_request_of_a_flow_is_checked(method: str, path: str, body: Any) -> None:
    with pytest.raises(Unaskable):
        check_request(method, path, body)
