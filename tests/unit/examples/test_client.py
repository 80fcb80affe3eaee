"""The example client: what it asks, what it makes of the answers, and which events it believes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from ivr.messages.signing import signed

FILE = Path(__file__).resolve().parents[3] / "examples" / "client" / "hotline_client.py"
SECRET, NOW = "a secret of this test", 1_790_000_000.0


@pytest.fixture(scope="module")
def client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hotline_client", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_asks_with_the_token_page_by_page_and_again_where_the_server_is_busy(
    client: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[httpx.Request] = []
    slept: list[float] = []
    monkeypatch.setattr(client.time, "sleep", slept.append)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            return httpx.Response(503, headers={"retry-after": "2"}, json={"error": {"code": "unavailable", "message": ""}})
        first = "before" not in request.url.params
        return httpx.Response(200, json={"contacts": [{"id": "c2" if first else "c1"}], "next": "c2" if first else None})

    house = client.Hotline("http://here/", "t", httpx.MockTransport(answer))
    assert [row["id"] for row in house.contacts(queue="support")] == ["c2", "c1"]
    assert slept == [2.0]
    assert {request.headers["authorization"] for request in asked} == {"Bearer t"}
    assert str(asked[-1].url) == "http://here/api/v1/contacts?before=c2&limit=200&queue=support"
    house.close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(409, json={"error": {"code": "conflict", "message": "no page is open"}}), "conflict"),
        (httpx.Response(502, text="<html>"), "http"),
    ],
)
def test_what_the_server_refuses_is_an_error_with_its_words(client: ModuleType, answer: httpx.Response, code: str) -> None:
    house = client.Hotline("http://here", "t", httpx.MockTransport(lambda _: answer))
    with pytest.raises(client.HotlineError) as caught:
        house.order("anna", "available")
    assert (caught.value.code, caught.value.status) == (code, answer.status_code)
    house.close()


def test_an_event_is_believed_where_it_is_signed_and_of_now(client: ModuleType) -> None:
    body = json.dumps({"id": "c:1", "type": "contact.ended"}).encode()
    headers = {name.title(): value for name, value in signed(SECRET, body, NOW).items()}
    assert client.event_of(SECRET, headers, body, NOW + 299) == {"id": "c:1", "type": "contact.ended"}
    for secret, octets, now, why in (
        ("another secret", body, NOW, "signature"),
        (SECRET, body + b" ", NOW, "signature"),
        (SECRET, body, NOW + 301, "too old"),
    ):
        with pytest.raises(ValueError, match=why):
            client.event_of(secret, headers, octets, now)
    with pytest.raises(ValueError, match="signature"):
        client.event_of(SECRET, {}, body, NOW)


def test_an_event_that_comes_twice_is_heard_once(client: ModuleType) -> None:
    once = client.Once(2)
    assert [once.first({"id": name}) for name in ("a", "a", "b", "c", "a")] == [True, False, True, True, True]
