"""A page that comes up at another node than before: what it is given, and what it leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ivr.errors import Conflict
from ivr.web import desk
from tests.unit.ivr.web.conftest import CONTACT, Web, until


async def test_page_that_comes_from_another_node_is_given_its_call_from_there(web: Web) -> None:
    asked: list[tuple[str, str, tuple[str, ...]]] = []

    async def elsewhere(kind: str, agent_id: str, values: Sequence[str]) -> bool:
        asked.append((kind, agent_id, tuple(values)))
        return True

    web.hub.start(web.actions, elsewhere)
    web.hub.push("wang", "contact", {**CONTACT, "id": "c-old", "phase": "connected"})
    seq = web.hub._desks["wang"].state.seq
    web.actions.parts = {"held": ["c-7"], "moved": True}
    page = await web.desk(seq=seq)
    assert (await page.next("snapshot"))["data"]["contact"] is None, "what it showed before is old"
    await until(lambda: ("show", "wang", ("c-7",)) in asked)
    web.hub.push("wang", "contact", {**CONTACT, "id": "c-7", "phase": "connected"})
    web.actions.parts = {"held": ["c-7"], "moved": False}
    again = await web.desk()
    assert (await again.next("snapshot"))["data"]["contact"]["id"] == "c-7"
    assert asked == [("show", "wang", ("c-7",))], "it has the picture"


async def test_page_that_comes_from_another_node_has_its_call_in_the_first_picture(web: Web) -> None:
    """So it keeps its audio, and what is typed; its notes go to the node of the call, or stay where that says nothing."""
    noted: list[tuple[str, ...]] = []

    async def elsewhere(kind: str, agent_id: str, values: Sequence[str]) -> bool:
        if kind == "show":
            web.hub.push(agent_id, "contact", {**CONTACT, "id": values[0], "phase": "connected"})
        elif values[1] == "lost":
            raise Conflict("the node that has this call does not answer")
        else:
            noted.append((kind, agent_id, *values))
        return True

    web.hub.start(web.actions, elsewhere)
    web.actions.parts = {"held": ["c-7"], "moved": True}
    page = await web.desk(seq=web.hub._desk("wang").state.seq + 1)
    assert (await page.next())["data"]["contact"]["id"] == "c-7"
    for text in ("half a w", "lost"):
        assert (await page.request("note", {"contact_id": "c-7", "text": text}))["ok"] is True
    assert noted == [("note", "wang", "c-7", "half a w")]
    assert [one for one in web.actions.done if one[0] == "note"] == [("note", "wang", "c-7", "lost")]


async def test_page_whose_call_is_on_a_node_that_is_silent_opens_without_it(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def elsewhere(kind: str, agent_id: str, values: Sequence[str]) -> bool:
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(desk, "PICTURE", 0.05)
    web.hub.start(web.actions, elsewhere)
    web.actions.parts = {"held": ["c-7"], "moved": True}
    page = await web.desk()
    assert (await page.next("snapshot"))["data"]["contact"] is None


async def test_page_that_is_elsewhere_now_gives_way(web: Web) -> None:
    page = await web.desk()
    await page.next("snapshot")
    web.hub.push("wang", "contact", {**CONTACT, "phase": "connected"})
    web.hub.left("wang")
    assert (await page.closed())[0] == 4001
    assert web.hub._desks["wang"].state.contact is None
