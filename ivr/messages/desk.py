"""What customers and agents do with threads: write, answer, take, give away, put aside, close. The same on every node."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, Protocol

from ivr.errors import Conflict, NotAllowed
from ivr.messages.customers import Customers
from ivr.messages.files import Files
from ivr.messages.holding import Holdings, Tell
from ivr.messages.masking import Masks, coming
from ivr.messages.model import EVENTS, SHOWN, Direction, File, Incoming, Move, Placing, Status
from ivr.messages.news import News
from ivr.messages.store import Row, ThreadStore, summary, told

log = logging.getLogger(__name__)

BRINGS = {"email": "email"}
"""Channel to what brings answers, where it is not `hook:SOURCE`."""
MOST_TAGS = 20
TAKES_FILES = frozenset({"chat", "email"})
AT_ONCE = frozenset({"email"})
"""Channels whose thread is put aside with the answer: nobody sits there and waits for the next word."""


Cards = Callable[[str], Awaitable[list[dict[str, str]]]]
"""A conversation to the cards of knowledge for what is written in it: `{name, why}`, the surest first."""


async def no_cards(thread_id: str) -> list[dict[str, str]]:
    """Stands where nothing is known."""
    return []


class Agents(Protocol):
    """Who works here: `ivr.acd.store.AcdStore`."""

    async def agent_ids(self) -> list[str]: ...


class MessageDesk:
    """One a node. Errors carry words for the person; StoreUnavailable where the database is away."""

    def __init__(
        self,
        store: ThreadStore,
        customers: Customers,
        news: News,
        holdings: Holdings,
        tell: Tell,
        agents: Agents,
        queues: Callable[[], Collection[str]],
    ) -> None:
        self.store, self.customers, self.news, self._holdings = store, customers, news, holdings
        self._tell, self._agents, self._queues = tell, agents, queues
        self.cards: Cards = no_cards
        self.masks = Masks()
        self.files: Files | None = None
        holdings.absent = self._absent

    # --- customers

    async def incoming(self, message: Incoming, placing: Placing) -> tuple[Row, Row]:
        """A customer wrote: the thread, and the message in it."""
        kept = await coming(self.masks, self.store, message)
        thread, row, fresh = await self.store.take_in(kept, placing)
        if fresh:
            await self._told_of(thread, row)
            if thread["status"] == Status.WAITING:
                await self.news.tell("queued", thread["id"])
        return thread, row

    async def customer_left(self, thread_id: str) -> None:
        """The customer said that this is all: the thread is closed."""
        thread = await self.store.get(thread_id)
        if thread["status"] != Status.CLOSED:
            await self._event(thread, "left", "")
            await self._over(*await self.store.move(thread_id, Move.CLOSED))

    async def customer_types(self, thread_id: str, agent_id: str) -> None:
        if agent_id:
            await self._tell(agent_id, "inbox_typing", {"thread_id": thread_id})

    # --- agents

    async def mine(self, agent_id: str) -> dict[str, Any]:
        """What the agent's page begins with: `threads`, `waiting` (nobody has them), and `offers`."""
        rows = await self.store.of_agent(agent_id)
        waiting = await self.store.in_queues(Status.WAITING, most=100)
        offers = [
            {"thread_id": one.thread["id"], "until": one.offered[agent_id]}
            for one in self._holdings.held.values()
            if agent_id in one.offered
        ]
        return {
            "threads": [summary(row) for row in rows],
            "waiting": [summary(row) for row in waiting],
            "offers": offers,
        }

    async def thread(self, thread_id: str, before: int | None = None) -> dict[str, Any]:
        """`{thread, messages, addresses}`; 100 messages at a time, those before the index `before`."""
        row = await self.store.get(thread_id)
        messages = await self.with_files(await self.store.last_messages(thread_id, before), told)
        return {"thread": summary(row), "messages": messages, "addresses": await self.customers.addresses(row["customer"])}

    async def with_files(self, rows: Sequence[Row], shown: Callable[[Row], Row]) -> list[Row]:
        """The messages as `shown` makes them, each with what came along as `files`."""
        found = await self.files.of([row["id"] for row in rows]) if self.files is not None and rows else {}
        return [{**shown(row), "files": found.get(row["id"], [])} for row in rows]

    async def reply(self, agent_id: str, thread_id: str, text: str, key: str, files: Sequence[File] = ()) -> Row:
        """Write to the customer. Raises NotAllowed where somebody else has the thread, Conflict for files where none can go."""
        thread = await self._own(agent_id, thread_id)
        if files and thread["channel"] not in TAKES_FILES:
            raise Conflict(f"no file can be sent by {thread['channel']}: put it where the customer finds it, and write where")
        by = BRINGS.get(thread["channel"], f"hook:{thread['source']}") if thread["channel"] != "chat" else ""
        only = {"agent_id": agent_id}
        thread, row = await self.store.add(thread_id, Direction.OUT, agent_id, text, by=by, key=key, only=only, files=files)
        await self._told_of(thread, row)
        if thread["channel"] in AT_ONCE and thread["status"] == Status.ASSIGNED:
            with suppress(Conflict):  # the customer wrote again meanwhile
                await self._put_aside(thread_id, {**only, "asked_at": None})
        return (await self.with_files([row], told))[0]

    async def note(self, agent_id: str, thread_id: str, text: str, key: str) -> Row:
        """Write down something for colleagues."""
        thread, row = await self.store.add(thread_id, Direction.NOTE, agent_id, text, key=key)
        await self._told_of(thread, row)
        return told(row)

    async def types(self, agent_id: str, thread_id: str) -> None:
        await self.news.tell("typing", thread_id, agent=agent_id)

    async def seen(self, agent_id: str, thread_id: str, count: int) -> None:
        await self._own(agent_id, thread_id)
        await self.store.seen(thread_id, count)

    async def decide(self, agent_id: str, thread_id: str, accept: bool) -> None:
        """Accept or decline what is offered; what came too late changes nothing."""
        await self.news.tell("decided", thread_id, agent=agent_id, accept=accept)

    async def take(self, agent_id: str, thread_id: str) -> Row:
        """It is this agent's now, whoever had it; one that was closed is open again."""
        was = await self.store.get(thread_id)
        if was["agent_id"] == agent_id and was["status"] == Status.ASSIGNED:
            return summary(was)
        values: Row = {"agent_id": agent_id, "closed_at": None}
        if was["status"] in (Status.PENDING, Status.CLOSED):
            values |= {"rounds": was["rounds"] + 1, "queued_at": self.store.clock(), "holder": ""}
        thread, _ = await self.store.move(thread_id, Move.TAKEN, **values)
        await self._event(thread, "reopened" if was["status"] == Status.CLOSED else "assigned", agent_id)
        await self.news.tell("taken", thread_id, agent=agent_id)
        await self.news.tell("queued", thread_id)
        await self._changed(thread, was["agent_id"])
        return summary(thread)

    async def give(self, agent_id: str, thread_id: str, to: str) -> Row:
        """Give it away: `queue:NAME`, `agent:ID` (waits a while for that one alone), or "" for its own queue."""
        was = await self._own(agent_id, thread_id)
        kind, _, name = to.partition(":")
        values: Row = {"agent_id": ""}
        if kind == "queue" and name in self._queues():
            values |= {"queue": name, "needs": {}}
        elif kind == "agent" and name in await self._agents.agent_ids():
            values["agent_id"] = name
        elif to:
            raise Conflict(f"'{to[:80]}' is neither agent:ID nor queue:NAME of this house")
        thread, _ = await self.store.move(thread_id, Move.GIVEN_BACK, {"agent_id": agent_id}, **values)
        await self._event(thread, "moved" if to else "released", to or thread["queue"])
        await self._leaves_queue(thread)
        await self._changed(thread, was["agent_id"])
        return summary(thread)

    async def put_aside(self, agent_id: str, thread_id: str) -> Row:
        """Answered; the agent has room for another until the customer writes."""
        await self._own(agent_id, thread_id)
        return await self._put_aside(thread_id, {"agent_id": agent_id})

    async def close(self, agent_id: str, thread_id: str) -> Row:
        await self._own(agent_id, thread_id)
        return await self._over(*await self.store.move(thread_id, Move.CLOSED, {"agent_id": agent_id}), by=agent_id)

    async def change(self, thread_id: str, tags: Sequence[str] | None = None, subject: str | None = None) -> Row:
        values: Row = {} if tags is None else {"tags": list(dict.fromkeys(tags))[:MOST_TAGS]}
        if subject is not None:
            values["subject"] = subject
        thread = await self.store.change(thread_id, **values)
        await self._changed(thread)
        return summary(thread)

    async def linked(self, thread_id: str, number: str) -> None:
        """It has a ticket now."""
        await self._event(await self.store.get(thread_id), "ticket", number)

    async def retry(self, agent_id: str, thread_id: str, index: int) -> None:
        """Send an answer once more that was given up. Raises Conflict where it was not."""
        await self._own(agent_id, thread_id)
        found = [row for row in await self.store.messages(thread_id, index, 1) if row["index"] == index]
        if not found or not await self.store.send_again(found[0]["id"]):
            raise Conflict("only an answer that was given up can be sent again")
        await self.sending_changed(thread_id, found[0]["id"])

    # --- what follows

    async def assigned(self, thread: Row) -> None:
        """The queue found an agent."""
        await self._event(thread, "assigned", thread["agent_id"])
        await self._changed(thread)

    async def sending_changed(self, thread_id: str, message_id: str) -> None:
        """An answer is on its way, or was given up."""
        thread = await self.store.get(thread_id)
        for row in await self.store.last_messages(thread_id, most=200):
            if row["id"] == message_id and thread["agent_id"]:
                message = (await self.with_files([row], told))[0]
                await self._tell(thread["agent_id"], "inbox_message", {"thread_id": thread_id, "message": message})

    async def _absent(self, row: Row) -> bool:
        """Its agent is gone, or waits for nothing: others get what nobody answered, the rest is put aside."""
        if row["status"] != Status.ASSIGNED:
            return False
        only = {"agent_id": row["agent_id"], "asked_at": row["asked_at"]}
        with suppress(Conflict):  # somebody was faster: the next look sees what is to be done now
            await (self._put_aside(row["id"], only) if row["asked_at"] is None else self._give_back(row, only))
        return False

    async def _give_back(self, row: Row, only: Row) -> None:
        thread, _ = await self.store.move(row["id"], Move.GIVEN_BACK, only, agent_id="")
        log.info("conversation %s goes back to %s: agent %s is gone", row["id"], thread["queue"], row["agent_id"])
        await self._event(thread, "released", thread["queue"])
        await self._leaves_queue(thread)
        await self._changed(thread, row["agent_id"])

    async def _put_aside(self, thread_id: str, only: Row) -> Row:
        thread, _ = await self.store.move(thread_id, Move.PUT_ASIDE, only)
        await self._event(thread, "pending", "")
        await self.news.tell("ended", thread_id)
        await self._changed(thread)
        return summary(thread)

    async def _over(self, thread: Row, changed: bool, by: str = "") -> Row:
        if changed:
            await self._event(thread, "closed", by)
            await self.news.tell("ended", thread["id"])
            await self._changed(thread)
        return summary(thread)

    async def _leaves_queue(self, thread: Row) -> None:
        """Its place before is given up, and it gets a new one."""
        await self.news.tell("ended", thread["id"])
        await self.news.tell("queued", thread["id"])

    async def _own(self, agent_id: str, thread_id: str) -> Row:
        thread = await self.store.get(thread_id)
        if thread["agent_id"] != agent_id or thread["status"] not in (Status.ASSIGNED, Status.PENDING):
            raise NotAllowed("this conversation is not yours; take it first")
        return thread

    async def _event(self, thread: Row, what: str, value: str) -> None:
        assert what in EVENTS
        text = f"{what}:{value}" if value else what
        changed, row = await self.store.add(thread["id"], Direction.EVENT, "", text)
        thread["count"] = changed["count"]
        await self._told_of(changed, row)

    async def _told_of(self, thread: Row, row: Row) -> None:
        """Pages hear of a new message."""
        await self.news.tell("message", thread["id"], index=row["index"])
        if thread["agent_id"] and thread["status"] in (Status.ASSIGNED, Status.PENDING):
            message = (await self.with_files([row], told))[0]
            shown = {"thread_id": thread["id"], "message": message, "thread": summary(thread)}
            await self._tell(thread["agent_id"], "inbox_message", shown)
            if row["direction"] in SHOWN and (cards := await self.cards(thread["id"])):
                await self._tell(thread["agent_id"], "inbox_cards", {"contact_id": thread["id"], "cards": cards})

    async def _changed(self, thread: Row, before: str = "") -> None:
        """Pages hear that the thread is another now; `before` had it."""
        await self.news.tell("state", thread["id"], status=thread["status"])
        for agent_id in {before, thread["agent_id"]} - {""}:
            await self._tell(agent_id, "inbox_thread", {"thread": summary(thread)})
