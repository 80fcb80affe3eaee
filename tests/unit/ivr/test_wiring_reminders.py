"""Follow-ups are told once: at the desk before they are due, by e-mail where no page was open; whichever node does it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.records.database import open_database, sqlite_url
from ivr.records.followups import FollowUps
from ivr.records.reminders import KEPT, LATEST, Reminders
from ivr.records.schema import follow_up_reminders, tickets
from ivr.wiring_reminders import Reminding

NOW = 1_790_000_000.0


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(sqlite_url(tmp_path))
    yield engine
    await engine.dispose()


class Node:
    def __init__(self, engine: AsyncEngine, *online: str, addresses: Mapping[str, str] | None = None) -> None:
        self.online = list(online)
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.mails: list[Mapping[str, Any]] = []
        self.away = False

        async def send(row: Mapping[str, Any]) -> None:
            if self.away:
                raise StoreUnavailable("no outbox")
            self.mails.append(row)

        self.reminding = Reminding(
            Reminders(engine),
            lambda: self.online,
            lambda agent, kind, data: self.told.append((agent, {"type": kind, **data})),
            send,
            addresses or {},
            600.0,
            "https://here/desk",
        )

    async def step(self, now: float) -> None:
        await self.reminding.step(now)


async def promise(engine: AsyncEngine, due: float, agent: str = "emma", **more: Any) -> None:
    row = {"kind": "follow_up", "subject": "回访: 李强", "body": "", "priority": "normal", "contact_id": "c-1", "flow": ""}
    caller = {"caller_number": "+86138", "caller_name": "李强", "language": "zh"}
    made = {**row, **caller, "fields": {}, "assignee": agent, "due_at": due, **more}
    await FollowUps(engine, lambda: NOW - 3600).open_ticket(f"{agent}:{due}", made)


async def test_the_desk_is_told_once_before_it_is_due(engine: AsyncEngine) -> None:
    await promise(engine, NOW + 900)
    await promise(engine, NOW + 900, "bob")
    await promise(engine, NOW + 800, kind="promise")
    node, other = Node(engine, "emma"), Node(engine, "emma")
    await node.step(NOW)
    assert node.told == []
    await node.step(NOW + 301)
    await other.step(NOW + 301)
    await node.step(NOW + 316)
    told = {"type": "told", "kind": "follow_up_due", "ticket": "T-000001", "subject": "回访: 李强", "contact_id": "c-1"}
    assert node.told == [("emma", {**told, "due_at": NOW + 900})]
    assert other.told == [], "another node told it"


async def test_who_was_not_there_gets_an_e_mail_when_it_is_due_and_the_line_later(engine: AsyncEngine) -> None:
    await promise(engine, NOW + 900)
    await promise(engine, NOW + 900, "bob")
    addresses = {"emma": "emma@example.org"}
    node, other = Node(engine, addresses=addresses), Node(engine, addresses=addresses)
    await node.step(NOW + 899)
    assert node.mails == []
    await node.step(NOW + 900)
    await other.step(NOW + 900)
    (mail,) = node.mails
    assert other.mails == []
    assert (mail["recipient"], mail["by"], mail["contact_id"]) == ("emma@example.org", "email", "c-1")
    assert "https://here/desk#ticket=T-000001" in mail["text"]
    assert "李强" in mail["text"]
    node.online = ["emma"]
    await node.step(NOW + 2000)
    assert [agent for agent, _ in node.told] == ["emma"]
    await node.step(NOW + 2015)
    assert len(node.told) == len(node.mails) == 1


async def test_whoever_saw_it_gets_no_e_mail(engine: AsyncEngine) -> None:
    await promise(engine, NOW + 60)
    node = Node(engine, "emma", addresses={"emma": "emma@example.org"})
    await node.step(NOW)
    await node.step(NOW + 61)
    assert (len(node.told), node.mails) == (1, [])


async def test_an_e_mail_that_found_no_outbox_goes_out_later(engine: AsyncEngine) -> None:
    await promise(engine, NOW)
    node = Node(engine, addresses={"emma": "emma@example.org"})
    node.away = True
    with pytest.raises(StoreUnavailable):
        await node.step(NOW)
    node.away = False
    await node.step(NOW + 15)
    await node.step(NOW + 30)
    assert len(node.mails) == 1


async def test_done_old_and_put_off_follow_ups(engine: AsyncEngine) -> None:
    await promise(engine, NOW)
    await promise(engine, NOW - LATEST - 1, "bob")
    node = Node(engine, "emma", "bob")
    async with engine.begin() as connection:
        await connection.execute(update(tickets).values(status="solved").where(tickets.c.assignee == "emma"))
    await node.step(NOW)
    assert node.told == []
    async with engine.begin() as connection:
        await connection.execute(update(tickets).values(status="open", due_at=NOW + 60).where(tickets.c.assignee == "emma"))
    await node.step(NOW)
    async with engine.begin() as connection:
        await connection.execute(update(tickets).values(due_at=NOW + 7200).where(tickets.c.assignee == "emma"))
    await node.step(NOW + 7000)
    assert [data["due_at"] for _, data in node.told] == [NOW + 60, NOW + 7200], "one that is put off is told again"
    await Reminders(engine).clean(NOW + KEPT + 7300)
    async with engine.connect() as connection:
        assert (await connection.execute(select(follow_up_reminders))).all() == []
