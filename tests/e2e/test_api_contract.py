"""The HTTP API of a running server keeps to its document, and webhooks tell of a real call, once more where asked."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from http.server import HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.e2e.baresip import free_port
from tests.e2e.phones import Phones
from tests.e2e.server import ROOT, HotlineProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

SECRET = "a secret of this test"
FLOW = """
flow: small
languages: [en]
defaults: { error: over, no_agents: over, closed: over, full: over }
states:
  main: { do: [answer], goto: desk }
  desk:
    enqueue:
      queue: support
      no_agents_after: 1h
      overflow: [{ when: queue.size > 1, to: crowded, tag: crowded }]
  crowded: { hangup: normal }
  over: { hangup: normal }
"""
EXAMPLES = int(os.environ.get("HOTLINE_CONTRACT", "1"))
"""Of each operation; each is a request. More find more, and take their time: `HOTLINE_CONTRACT=20`."""
OWN = ("/api/v1/account", "/api/v1/me", "/api/v1/login", "/api/v1/messages/hooks", "/api/v1/chat/files")
"""What a password, a browser, a signature or a visitor of the chat is needed for."""
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


def client_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hotline_client", ROOT / "examples" / "client" / "hotline_client.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CLIENT = client_module()


class Ear:
    """The receiver of the example, on a port of its own."""

    def __init__(self, port: int) -> None:
        self.events: list[dict[str, Any]] = []
        self._server: HTTPServer = CLIENT.listen(port, SECRET, self.events.append)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    async def until(self, what: Callable[[list[dict[str, Any]]], bool], seconds: float = 20.0) -> list[dict[str, Any]]:
        try:
            async with asyncio.timeout(seconds):
                while not what(self.events):  # noqa: ASYNC110 - another thread hears them
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"heard only {self.events}")
        return list(self.events)


House = tuple[HotlineProcess, Phones, int]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "small.yaml").write_text(FLOW)
    port = free_port()
    async with Phones.open({"1001": 400.0, "1002": 700.0}) as phones:
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "small"}],
            queues={"support": {}},
            agents=[{"id": "emma", "name": "Emma", "languages": ["en"]}],
            webhooks=[
                {"name": "crm", "url": f"http://127.0.0.1:{port}/", "secret": SECRET, "events": ["queue.*", "contact.*"]}
            ],
        )
        server.flows = str(folder / "flows")
        async with server:
            yield server, phones, port


async def test_webhooks_tell_of_a_call_and_once_more(house: House) -> None:
    server, phones, port = house
    client = CLIENT.Hotline(server.url, server.token())
    assert (await asyncio.to_thread(client.ask, "POST", "/webhooks/crm/ping"))["taken"] is False, "nobody listens yet"
    ear, began = Ear(port), time.time()
    try:
        assert (await asyncio.to_thread(client.ask, "POST", "/webhooks/crm/ping"))["taken"] is True
        first = await phones.call("1001", server.sip)
        await ear.until(lambda events: any(one["type"] == "queue.entered" for one in events))
        second = await phones.call("1002", server.sip)
        await second.ended()  # `queue.size` is two: the rule leads out
        await ear.until(lambda events: any(one["type"] == "contact.ended" for one in events))
        row = await server.contact(caller_number="1002")
        assert (row["disposition"], row["tags"]) == ("overflowed", ["crowded"])
        first.leg.hang_up()
        told = await ear.until(lambda events: sum(one["type"] == "contact.ended" for one in events) == 2)
    finally:
        ear.close()
    mine = [one for one in told if one["data"].get("contact_id") == row["id"]]
    assert sorted(one["type"] for one in mine) == ["contact.ended", "queue.entered", "queue.left"]
    ended = next(one for one in mine if one["type"] == "contact.ended")
    assert (ended["data"]["disposition"], ended["data"]["queue"], ended["data"]["tags"]) == (
        "overflowed",
        "support",
        ["crowded"],
    )
    assert next(one for one in mine if one["type"] == "queue.left")["data"]["outcome"] == "overflowed"
    assert "1002" not in str([one["data"] for one in mine]).replace(row["id"], ""), "who called is nobody's business"
    later = Ear(port)
    try:
        count = await asyncio.to_thread(client.replay, "crm", began, time.time() + 1)
        again = await later.until(lambda events: len(events) >= count)
    finally:
        later.close()
    assert {one["id"] for one in again} == {one["id"] for one in told if one["type"] != "ping"}
    shown = await asyncio.to_thread(client.ask, "GET", "/webhooks")
    assert (shown["hooks"][0]["sent"], shown["hooks"][0]["dead"]) == (count, 0)
    client.close()


async def test_every_operation_keeps_to_the_document(house: House) -> None:
    server = house[0]
    failed, answered = await asyncio.to_thread(contract, server.url, server.token())
    assert len(answered) > 150, "the document has lost its operations"
    assert not failed, "\n\n".join(failed[:10])
    assert sum(any(status < 300 for status in statuses) for statuses in answered.values()) > 30, "most were turned away"
    turned_away = [name for name, statuses in answered.items() if 401 in statuses and not any(one in name for one in OWN)]
    assert not turned_away, "the token of the house may do everything but be a person"


def contract(url: str, token: str) -> tuple[list[str], dict[str, list[int]]]:
    """Ask every operation with what the document allows; what came back against it, and the statuses of each."""
    headers = {"authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
    failed: list[str] = []
    answered: dict[str, list[int]] = {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # one that is none raises: the document is ours
        statuses = answered.setdefault(operation.label, [])
        try:
            _of(operation, headers, statuses)()
        except Exception as error:
            failed.append(f"{operation.label}: {type(error).__name__}: {str(error)[:600]}")
    return failed, answered


def _of(operation: Any, headers: dict[str, str], statuses: list[int]) -> Callable[[], None]:
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(headers=headers)
        statuses.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    return ask
