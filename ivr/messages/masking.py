"""Private numbers are taken out of what is kept of messages: what nobody needs as it comes, the rest when all is said."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import IvrError
from ivr.messages.model import Direction, Incoming, Status
from ivr.messages.store import Row, ThreadStore
from ivr.messages.tables import messages, threads
from ivr.records.database import sql_errors

log = logging.getLogger(__name__)

PIECE = 2000
"""Characters that are looked at together: a longer text is looked at piece by piece."""
LONGEST = 100
"""Characters of a number, with what stands between its digits."""
_DIGITS = "0-9０-９〇零○洞一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖"
_ENDS = re.compile(rf"[\n。！？；，]|(?<![{_DIGITS} -]) (?![{_DIGITS}(+-])")
_RUN = re.compile(rf"[{_DIGITS} .()+-]+\Z")
LOOK_SECONDS = 30.0
AT_ONCE = 20
"""Conversations in one look."""
SLACK = 60.0
"""Seconds by which the clocks of nodes may differ."""
MOST = 200
"""Messages of one of them in one transaction."""

Clean = Callable[[str, str, str], str]
"""(text, language, what was asked before) to the text as it may be kept. Blocking: milliseconds."""


def unchanged(text: str, language: str, asked: str) -> str:
    """Stands where nothing is taken out."""
    return text


@dataclass(frozen=True, slots=True)
class Masks:
    """What is taken out of texts, and when."""

    coming: Clean = unchanged
    """As a customer's message or a ticket's text comes."""
    said: Clean = unchanged
    """Of what customers wrote, when the conversation is closed."""
    answered: Clean = unchanged
    """Of what agents wrote, then."""

    @property
    def later(self) -> bool:
        """Whether something is taken out of conversations that are closed."""
        return self.said is not unchanged


async def cleaned(clean: Clean, text: str, language: str = "", asked: str = "") -> str:
    """The text as it may be kept; a long one in a thread, piece by piece."""
    if clean is unchanged or not text:
        return text
    return await asyncio.to_thread(in_pieces, clean, text, language, asked)


def in_pieces(clean: Clean, text: str, language: str, asked: str) -> str:
    """Of pieces that end with a sentence or a word, where there is such an end, and never within a number."""
    found, at = [], 0
    while at < len(text):
        end = _end_of_piece(text, at)
        found.append(clean(text[at:end], language, asked))
        at = end
    return "".join(found)


def _end_of_piece(text: str, at: int) -> int:
    end = at + PIECE
    if end >= len(text):
        return len(text)
    ends = [one.end() for one in _ENDS.finditer(text, at, end + 1) if one.end() <= end]
    run = _RUN.search(text, max(at + 1, end - LONGEST), end)
    return ends[-1] if ends else run.start() if run else end


async def coming(masks: Masks, store: ThreadStore, message: Incoming) -> Incoming:
    """The message as it is written down; what was asked last says what a row of digits is. Raises StoreUnavailable."""
    if masks.coming is unchanged or not any(one.isnumeric() for one in message.text + message.subject):
        return message
    thread = message.thread or await store.latest_of(message.sender.address)
    before = await store.last_messages(thread, most=3) if thread else []
    asked = next((str(row["text"]) for row in reversed(before) if row["direction"] == Direction.OUT), "")
    language = message.sender.language
    text, subject = [await cleaned(masks.coming, one, language, asked) for one in (message.text, message.subject)]
    return replace(message, text=text, subject=subject)


class Masking:
    """Goes over conversations that are closed. Any node may, twice comes out the same."""

    def __init__(self, engine: AsyncEngine, masks: Masks, clock: Callable[[], float]) -> None:
        self._engine, self._masks, self._clock = engine, masks, clock
        self._since = 0.0
        """Conversations that were closed before are done, but for those that were held back."""
        self._held: dict[str, None] = {}
        """Not gone through to their end; they come after those that were closed since, in turns."""

    async def run(self) -> None:
        """Until cancelled. What fails is tried again."""
        while self._masks.later:
            went = 0
            try:
                went = await self.look()
            except IvrError as error:
                log.warning("private numbers of closed conversations wait: %s", error)
            except Exception:
                log.exception("private numbers of closed conversations wait")
            await asyncio.sleep(0.1 if went else LOOK_SECONDS)

    async def look(self) -> int:
        """Take what is private out of some; how many of them were gone on with. Raises StoreUnavailable."""
        now = self._clock()
        new = await self._due(threads.c.updated_at >= self._since, threads.c.id.not_in(list(self._held)))
        some = list(self._held)[: AT_ONCE - len(new)]
        went, left = 0, list[str]()
        for row in [*new, *(await self._due(threads.c.id.in_(some)) if some else ())]:
            done = await self._one(row)
            went += done > row["masked"]
            left += [row["id"]] if done < row["count"] else []
        for name in some:
            del self._held[name]
        self._held |= dict.fromkeys(left)
        self._since = max(self._since, (now if len(new) < AT_ONCE else new[-1]["updated_at"]) - SLACK)
        return went

    async def _due(self, *which: ColumnElement[bool]) -> list[Row]:
        due = and_(threads.c.status == Status.CLOSED, threads.c.masked < threads.c.count)
        query = select(threads).where(due, *which).order_by(threads.c.updated_at).limit(AT_ONCE)
        with sql_errors():
            async with self._engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def _one(self, thread: Row) -> int:
        """How many of its messages are done: one that is still to be sent holds those after it back."""
        mine, first = messages.c.thread_id == thread["id"], max(0, thread["masked"] - 3)
        query = select(messages).where(mine, messages.c.index >= first).order_by(messages.c.index).limit(MOST)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        asked, done, changed = "", thread["masked"], list[tuple[str, str]]()
        for row in rows:
            if row["status"] == "waiting":
                break
            if row["index"] >= done:
                text = await self._text(row, thread["language"], asked)
                changed += [(row["id"], text)] if text != row["text"] else []
                done = row["index"] + 1
            asked = row["text"] if row["direction"] == Direction.OUT else asked
        subject = await cleaned(self._masks.said, thread["subject"], thread["language"])
        await self._write(thread, done, subject, changed)
        return int(done)

    async def _text(self, row: Row, language: str, asked: str) -> str:
        match row["direction"]:
            case Direction.IN | Direction.NOTE:
                return await cleaned(self._masks.said, row["text"], language, asked)
            case Direction.OUT:
                return await cleaned(self._masks.answered, row["text"], language)
        return str(row["text"])

    async def _write(self, thread: Row, done: int, subject: str, changed: list[tuple[str, str]]) -> None:
        values: dict[str, Any] = {"masked": done, "subject": subject[:300]}
        with sql_errors():
            async with self._engine.begin() as connection:
                for message_id, text in changed:
                    await connection.execute(update(messages).where(messages.c.id == message_id).values(text=text))
                await connection.execute(update(threads).where(threads.c.id == thread["id"]).values(**values))
