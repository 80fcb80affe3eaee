"""Who may have something done from the desk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request

from ivr.errors import NotAllowed, NotFound
from ivr.scenes.folder import Shelf
from ivr.scenes.model import Action, Book
from ivr.settings_workbench import WorkbenchOptions
from ivr.web.api import BadRequest
from ivr.web.bench import WorkbenchDesk
from ivr.web.bench_api import BenchApi
from ivr.web.messages_api import MessagesApi
from ivr.web.parts import Account, WebParts
from ivr.wiring_side import Bench


class Desk:
    """A gate that lets one in, who has every contact; and what it was asked for."""

    def __init__(self, *roles: str) -> None:
        self.account = Account("emma", "Emma", roles)
        self.done: list[Any] = []

    async def require(self, request: Request, *roles: str) -> Account:
        return self.account

    def same_origin(self, request: Request) -> bool:
        return True

    async def has(self, agent_id: str, contact_id: str, asked: bool = False) -> bool:
        return True

    async def get(self, run_id: str) -> dict[str, Any]:
        return {"id": run_id, "contact_id": "c-1", "action": "refund"}

    async def again(self, run_id: str) -> dict[str, Any]:
        self.done.append(run_id)
        return {}

    async def change(self, thread_id: str, tags: Any, subject: Any) -> None:
        self.done.append(subject)


def api(stands: Any) -> BenchApi:
    shelf = Shelf([], book=Book(actions={"refund": Action("refund", {"en": "Refund"}, "shop", roles=("senior",))}))
    desk = WorkbenchDesk(Bench(shelf, WorkbenchOptions()), stands, stands.has, stands, stands, stands, stands, stands)
    parts: WebParts = stands
    return BenchApi(desk, parts, stands)


async def test_what_failed_is_sent_again_by_whoever_may_order_it() -> None:
    request = Request({"type": "http", "path_params": {"contact_id": "c-1", "run_id": "r-1"}, "headers": []})
    agent, senior = Desk("agent"), Desk("agent", "senior")
    with pytest.raises(NotAllowed, match="senior"):
        await api(agent).again(request)
    assert (await api(senior).again(request)).status_code == 202
    assert (agent.done, senior.done) == ([], ["r-1"])


def posted(body: Mapping[str, Any]) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    scope = {"type": "http", "method": "POST", "path_params": {"contact_id": "c-1"}, "headers": []}
    return Request(scope, receive)


class Given(Desk):
    """Whose contact had one hint."""

    async def __call__(self, contact_id: str) -> dict[str, Any]:
        return {"id": contact_id, "handover": {"hints": [{"name": "calm", "kind": "calm"}]}}

    async def put(self, contact_id: str, kind: str, name: str, value: str, agent_id: str) -> str:
        self.done.append((contact_id, kind, name, value, agent_id))
        return ""

    async def counted(self, kind: str) -> dict[str, dict[str, int]]:
        return {"hint": {"calm": {"useful": 3, "useless": 1}}, "card": {"leave": {"opened": 5}}}[kind]


async def test_a_hint_that_was_given_is_judged() -> None:
    desk = Given("agent")
    assert (await api(desk).mark(posted({"kind": "hint", "name": "calm", "value": "useless"}))).status_code == 200
    assert desk.done == [("c-1", "hint", "calm", "useless", "emma")]
    with pytest.raises(NotFound, match="there is no hint price"):
        await api(desk).mark(posted({"kind": "hint", "name": "price", "value": "useful"}))
    with pytest.raises(BadRequest, match="value of a hint: useful, useless"):
        await api(desk).mark(posted({"kind": "hint", "name": "calm", "value": "opened"}))


async def test_who_oversees_reads_what_agents_made_of_cards_and_hints() -> None:
    answer = await api(Given("supervisor")).worth(Request({"type": "http", "headers": []}))
    assert json.loads(bytes(answer.body)) == {
        "cards": [{"name": "leave", "opened": 5, "useful": 0, "useless": 0}],
        "hints": [{"name": "calm", "opened": 0, "useful": 3, "useless": 1}],
    }


async def test_a_subject_is_one_line() -> None:
    stands: Any = Desk("agent")
    stands.desk = stands
    await MessagesApi(stands, stands)._change(stands.account, "m-1", {"subject": " a bill\r\nBcc: x@example.org "})
    assert stands.done == ["a bill Bcc: x@example.org"]
