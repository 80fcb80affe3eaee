"""Write-ahead records: a contact lives in Redis while it goes on, and becomes rows once it is over.

One hash a contact, `{log:<id>}`: everything about it is on one shard and each write is one step. The set `log:open` only says
where to look: an entry is made before its hash and goes after it, so no hash is ever out of sight. The hash goes only after
the rows are committed, and only if nothing was added meanwhile (`rev`); writing the rows twice gives the same rows. What
this process wrote it also remembers, so that it need not read the hash before it writes the rows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, cast

from redis.asyncio import Redis
from sqlalchemy import Table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.call import Call, Disposition, Turn
from ivr.errors import NotFound
from ivr.records.database import redis_errors, sql_errors
from ivr.records.indexing import index_turns
from ivr.records.schema import TIMES, contacts, turns
from ivr.records.together import Together

FIELDS = frozenset(column.name for column in contacts.columns) - {"id"}
"""What `update` and `close` take."""

_OPEN = "log:open"
_EMPTY: Mapping[str, Any] = {
    "slots": {},
    "tags": [],
    "profile": {},
    "quality": {},
    "recordings": [],
    "signalling": {},
    "handover": {},
    "queueing": {},
    "moments": [],
    "note": "",
}

GATHER_SECONDS = 0.1
"""How long a record that is over waits for others, so that a busy node commits many at once."""
MOST_TOGETHER = 200

_ADD = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local rev = redis.call('HINCRBY', KEYS[1], 'rev', 1)
redis.call('HSET', KEYS[1], 'w:' .. rev, ARGV[1])
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'handover', ARGV[2]) end
return rev
"""
_FORGET = """
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class ContactLog:
    """Keeps what happens on calls so that no crash loses it. Every method raises StoreUnavailable where a store is away."""

    def __init__(self, redis: Redis, engine: AsyncEngine) -> None:
        self._redis = redis
        self._engine = engine
        self._together = Together(redis)
        self._known: dict[str, dict[str, str]] = {}
        """The hashes of contacts that were opened here, as far as this process wrote them."""
        self._due: dict[str, list[asyncio.Future[bool]]] = {}
        """Contacts to be settled, and who waits for it."""
        self._settling: asyncio.Task[None] | None = None
        self._unsettled: set[str] = set()
        """Contacts that are over and not in SQL yet."""

    async def open(self, call: Call, node: str) -> None:
        """Begin the record of a call that `node` holds."""
        first, _ = _write(_of_call(call, node), dict(enumerate(call.turns)))
        await self._together.run(
            ("SADD", _OPEN, _entry(call.id, node)), ("HSET", _key(call.id), "rev", "0", "node", node, "w:0", first)
        )
        self._known[call.id] = {"rev": "0", "node": node, "w:0": first}

    async def update(self, contact_id: str, **fields: Any) -> None:
        """Set fields of the record, of a contact that goes on or of one that is over (a note in the wrap-up).

        Raises NotFound, and TypeError for a field that is not in FIELDS.
        """
        _check(fields)
        if not fields or await self._add(contact_id, _write(fields)):
            return
        values = {name: json.loads(_json(value)) for name, value in fields.items()}
        with sql_errors():
            async with self._engine.begin() as connection:
                result = await connection.execute(update(contacts).where(contacts.c.id == contact_id).values(**values))
        if result.rowcount == 0:
            raise NotFound(f"there is no contact {contact_id}")

    async def add(self, contact_id: str, fields: Mapping[str, Any], said: Mapping[int, Turn]) -> None:
        """Fields and turns of a contact that goes on, in one step. Raises NotFound, and TypeError as `update`."""
        _check(fields)
        if (fields or said) and not await self._add(contact_id, _write(fields, said)):
            raise NotFound(f"there is no contact {contact_id} that goes on")

    async def turn(self, contact_id: str, index: int, turn: Turn) -> None:
        """Add the turn with this number; the same number again replaces it. Raises NotFound."""
        if await self._add(contact_id, _write({}, {index: turn})):
            return
        try:
            async with self._engine.begin() as connection:
                row = {"contact_id": contact_id, "index": index, **turn.to_dict()}
                await connection.execute(_upsert(connection.dialect.name, turns), [row])
                await index_turns(connection, [row])
        except IntegrityError as error:
            raise NotFound(f"there is no contact {contact_id}") from error

    async def close(self, contact_id: str, **fields: Any) -> None:
        """Write the contact to SQL with these last fields, in one transaction; then Redis forgets it.

        Where SQL is away the record stays in Redis, marked as over, for `flush`. Without effect on a record that is written.
        Raises TypeError for a field that is not in FIELDS.
        """
        _check(fields)
        if await self._add(contact_id, _write(fields)):
            self._unsettled.add(contact_id)
            await self._settle(contact_id)
            self._unsettled.discard(contact_id)

    async def live(self, contact_id: str) -> dict[str, Any] | None:
        """A contact that goes on, or that SQL could not take yet: its row with its `turns`; None for any other."""
        found = await self._read([contact_id])
        if contact_id not in found:
            return None
        row, said = _rows(contact_id, found[contact_id])
        return {**row, "turns": [{name: value for name, value in one.items() if name != "contact_id"} for one in said]}

    async def flush(self) -> int:
        """Write what `close` could not write because SQL was away. Return how many. Costs nothing where all is written."""
        due = list(self._unsettled - self._due.keys())
        written = await asyncio.gather(*(self._settle(contact_id) for contact_id in due))
        self._unsettled.difference_update(due)
        return sum(written)

    async def recover(self, alive_nodes: Collection[str]) -> int:
        """Write what dead nodes left behind, as `lost` unless its end is known; return how many.

        Call it at start, before this node opens a contact; leave its own name out of `alive_nodes` then.
        """
        return await self._write_those(lambda holder, _: holder not in alive_nodes)

    async def _write_those(self, chosen: Callable[[str, Mapping[str, str]], bool]) -> int:
        with redis_errors():
            entries = await cast(Awaitable[set[Any]], self._redis.smembers(_OPEN))
        held = dict(_text(entry).partition("|")[::2] for entry in entries)
        written = 0
        names = sorted(held)
        for start in range(0, len(names), MOST_TOGETHER):
            found = await self._read(names[start : start + MOST_TOGETHER])
            due = [name for name in names[start : start + MOST_TOGETHER] if chosen(held[name], found.get(name, {}))]
            written += sum(await asyncio.gather(*(self._settle(name) for name in due)))
            if gone := [_entry(name, held[name]) for name in due]:
                with redis_errors():
                    await self._redis.srem(_OPEN, *gone)
        return written

    async def _settle(self, contact_id: str) -> bool:
        """Bring the hash into SQL and drop it, together with all that are due now. False where there is none."""
        settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._due.setdefault(contact_id, []).append(settled)
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_all())
        return await settled

    async def _settle_all(self) -> None:
        """Write everything due, one transaction for all of it: what comes during a commit is in the next one."""
        while self._due:
            await asyncio.sleep(GATHER_SECONDS)
            group = dict(list(self._due.items())[:MOST_TOGETHER])
            for contact_id in group:
                del self._due[contact_id]
            try:
                found = await self._settle_group(list(group))
            except Exception as error:
                await self._settle_alone(group, error)
                continue
            for contact_id, waiting in group.items():
                _answer(waiting, contact_id in found)

    async def _settle_alone(self, group: Mapping[str, list[asyncio.Future[bool]]], error: Exception) -> None:
        """A group failed: one record that SQL refuses must not keep the others out."""
        for contact_id, waiting in group.items():
            try:
                if len(group) == 1:
                    raise error
                _answer(waiting, bool(await self._settle_group([contact_id])))
            except Exception as own:
                for future in waiting:
                    if not future.done():
                        future.set_exception(own)

    async def _settle_group(self, contact_ids: list[str]) -> set[str]:
        """The ids that had a hash; each is written again for as long as it grew meanwhile."""
        found: set[str] = set()
        records = {contact_id: known for contact_id in contact_ids if (known := self._known.pop(contact_id, None))}
        if unknown := [contact_id for contact_id in contact_ids if contact_id not in records]:
            records |= await self._read(unknown)
        while records:
            found |= records.keys()
            await self._commit(records)
            gone = await self._forget(records)
            grown = [contact_id for contact_id in records if contact_id not in gone]
            records = await self._read(grown) if grown else {}
        return found

    async def _add(self, contact_id: str, written: tuple[str, str]) -> bool:
        (revision,) = await self._together.run(("EVAL", _ADD, 1, _key(contact_id), *written))
        known = self._known.get(contact_id)
        if known is not None:
            # Somebody else wrote too where the number is not the next one: then the hash is read at the end.
            if int(revision) == int(known["rev"]) + 1:
                known["rev"] = str(int(revision))
                known[f"w:{int(revision)}"], handover = written
                if handover:
                    known["handover"] = handover
            else:
                del self._known[contact_id]
        return bool(revision)

    async def _read(self, contact_ids: Collection[str]) -> dict[str, dict[str, str]]:
        """The hashes that exist, by contact."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for contact_id in contact_ids:
                    pipe.hgetall(_key(contact_id))
                raw = await pipe.execute()
        named = zip(contact_ids, raw, strict=True)
        return {contact_id: {_text(name): _text(value) for name, value in data.items()} for contact_id, data in named if data}

    async def _commit(self, records: Mapping[str, Mapping[str, str]]) -> None:
        made = [_rows(contact_id, data) for contact_id, data in records.items()]
        said = [turn for _, one in made for turn in one]
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(_upsert(connection.dialect.name, contacts), [row for row, _ in made])
                if said:
                    await connection.execute(_upsert(connection.dialect.name, turns), said)
                    await index_turns(connection, said)

    async def _forget(self, records: Mapping[str, Mapping[str, str]]) -> set[str]:
        """Drop the hashes that did not grow since they were read; their ids."""
        drops = [("EVAL", _FORGET, 1, _key(contact_id), data["rev"]) for contact_id, data in records.items()]
        answers = await self._together.run(*drops)
        gone = {contact_id for contact_id, answer in zip(records, answers, strict=True) if answer}
        if gone:
            entries = [_entry(contact_id, records[contact_id]["node"]) for contact_id in gone]
            await self._together.run(("SREM", _OPEN, *entries))
        return gone


def _answer(waiting: list[asyncio.Future[bool]], found: bool) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(found)


def _key(contact_id: str) -> str:
    return f"{{log:{contact_id}}}"


def _entry(contact_id: str, node: str) -> str:
    return f"{contact_id}|{node}"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a record cannot hold a {type(value).__name__}")


_json = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
"""Made once: `json.dumps` with arguments of its own would make an encoder for each value."""


def _check(fields: Mapping[str, Any]) -> None:
    unknown = sorted(set(fields) - FIELDS)
    if unknown:
        raise TypeError(f"a contact's record has no field {', '.join(unknown)}")


def _of_call(call: Call, node: str) -> dict[str, Any]:
    return {
        "channel": call.caller.channel,
        "caller_number": call.caller.number,
        "caller_name": call.caller.name,
        "called": call.called,
        "flow": call.flow,
        "flow_version": call.flow_version,
        "language": call.language,
        "correlation": call.correlation,
        "started_at": call.started_at,
        "intent": call.intent.name if call.intent else None,
        "intent_confidence": call.intent.confidence if call.intent else None,
        "slots": call.slots,
        "tags": call.tags,
        "profile": call.profile,
        "signalling": {name: value for name, value in call.signalling.items() if value},
        "node": node,
    }


def _write(fields: Mapping[str, Any], said: Mapping[int, Turn] | None = None) -> tuple[str, str]:
    """What one write says, columns and turns; and what is handed over, "" for nothing: of that only the latest is kept, for it
    is long, and written anew with every mood, trigger and hint."""
    rest = {name: value for name, value in fields.items() if name != "handover"}
    turned = {index: turn.to_dict() for index, turn in said.items()} if said else {}
    return _json((rest, turned)), _json(fields["handover"]) if "handover" in fields else ""


def _rows(contact_id: str, data: Mapping[str, str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The rows of a hash: what was never said is derived, or has its default."""
    known: dict[str, Any] = {}
    turns_by_index: dict[int, Any] = {}
    for number in sorted(int(name[2:]) for name in data if name.startswith("w:")):
        fields, more = json.loads(data[f"w:{number}"])
        known |= fields
        turns_by_index |= {int(index): turn for index, turn in more.items()}
    if "handover" in data:
        known["handover"] = json.loads(data["handover"])
    said = sorted(turns_by_index.items())
    row: dict[str, Any] = {**dict.fromkeys(FIELDS), **_EMPTY, **known, "id": contact_id}
    row["disposition"] = row["disposition"] or Disposition.LOST.value
    if row["ended_at"] is None:
        times = [row[name] for name in TIMES if name != "wrap_up_ended_at" and row[name] is not None]
        row["ended_at"] = max([*times, *(turn["at"] for _, turn in said)])
    ended, queued, connected = row["ended_at"], row["queued_at"], row["connected_at"]
    if row["wait_seconds"] is None and queued is not None:
        row["wait_seconds"] = max(0.0, (ended if connected is None else connected) - queued)
    if row["talk_seconds"] is None and connected is not None:
        row["talk_seconds"] = max(0.0, ended - connected)
    return row, [{"contact_id": contact_id, "index": index, "mood": "", **turn} for index, turn in said]


@lru_cache(maxsize=4)
def _upsert(dialect: str, table: Table) -> Any:
    """The statement that inserts rows or replaces them; built once, for building it costs more than running it."""
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = {column.name for column in table.primary_key}
    fresh = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=sorted(keys), set_=fresh)
