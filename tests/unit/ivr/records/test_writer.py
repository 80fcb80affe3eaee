"""Nothing lost, nothing doubled, whenever the process dies."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.call import Disposition, Speaker, Turn
from ivr.errors import NotFound, StoreUnavailable
from ivr.records.database import open_database, sqlite_url
from ivr.records.reader import ContactReader
from ivr.records.schema import contacts, turns
from ivr.records.writer import ContactLog
from tests.unit.ivr.records.samples import HEARD, T0, a_call

ROOT = Path(__file__).parents[4]


async def test_a_contact_becomes_one_row_with_its_turns(log: ContactLog, redis: Redis, engine: AsyncEngine) -> None:
    await log.open(a_call(), "n1")
    await log.turn("c1", 1, HEARD)
    await log.update("c1", queue="support", queued_at=T0 + 5, slots={"month": "8"})
    await log.update("c1", connected_at=T0 + 15, agent_id="ann")
    await log.close("c1", ended_at=T0 + 75.5, disposition=Disposition.SERVED, end_cause="hung_up")
    found = await ContactReader(engine).get("c1")
    assert {name: found[name] for name in ("disposition", "wait_seconds", "talk_seconds", "slots", "tags", "profile")} == {
        "disposition": "served",
        "wait_seconds": 10.0,
        "talk_seconds": 60.5,
        "slots": {"month": "8"},
        "tags": ["upset"],
        "profile": {"tier": "gold"},
    }
    assert [(turn["index"], turn["speaker"], turn["confidence"]) for turn in found["turns"]] == [
        (0, "bot", None),
        (1, "caller", 0.91),
    ]
    assert await redis.keys() == []


@pytest.mark.parametrize("remembered", [True, False])
async def test_of_what_is_handed_over_only_the_latest_is_kept(
    log: ContactLog, redis: Redis, engine: AsyncEngine, remembered: bool
) -> None:
    """It is written with every mood, trigger and hint: a long call must not fill Redis."""
    await log.open(a_call(), "n1")
    for number in range(50):
        await log.update("c1", handover={"triggers": ["x" * 1000], "number": number})
    hash_ = await redis.hgetall("{log:c1}")
    assert sum(map(len, hash_.values())) < 5000
    await (log if remembered else ContactLog(redis, engine)).close("c1", ended_at=T0 + 9, disposition=Disposition.SERVED)
    found = await ContactReader(engine).get("c1")
    assert found["handover"] == {"triggers": ["x" * 1000], "number": 49}
    await log.update("c1", handover={"summary": "over"})
    assert (await ContactReader(engine).get("c1"))["handover"] == {"summary": "over"}


async def test_what_comes_after_the_end_changes_the_row(log: ContactLog, engine: AsyncEngine) -> None:
    await log.open(a_call(), "n1")
    await log.close("c1", ended_at=T0 + 9, disposition=Disposition.SERVED)
    await log.update("c1", note="will call back", agent_disposition="follow_up", wrap_up_ended_at=T0 + 20)
    await log.turn("c1", 1, Turn(T0 + 10, Speaker.AGENT, "bye"))
    await log.close("c1", disposition=Disposition.LOST)
    found = await ContactReader(engine).get("c1")
    assert (found["note"], found["agent_disposition"], found["disposition"]) == ("will call back", "follow_up", "served")
    assert len(found["turns"]) == 2


async def test_unknown_contacts_and_fields_are_refused(log: ContactLog) -> None:
    with pytest.raises(NotFound):
        await log.update("nobody", note="x")
    with pytest.raises(NotFound):
        await log.turn("nobody", 0, HEARD)
    with pytest.raises(TypeError, match="no field colour"):
        await log.update("c1", colour="red")


async def test_a_note_that_arrives_while_the_row_is_written_is_kept(
    log: ContactLog, engine: AsyncEngine, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, times = log._commit, 0

    async def with_a_note_in_between(records: Mapping[str, Mapping[str, str]]) -> None:
        nonlocal times
        times += 1
        await commit(records)
        if times == 1:
            await log.update("c1", note="in between")

    monkeypatch.setattr(log, "_commit", with_a_note_in_between)
    await log.open(a_call(), "n1")
    await log.close("c1", disposition=Disposition.SERVED)
    assert (await ContactReader(engine).get("c1"))["note"] == "in between"
    assert times == 2
    assert await redis.keys() == []


async def test_sql_away_keeps_the_record_for_flush(
    log: ContactLog, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(records: object) -> None:
        raise StoreUnavailable("database is locked")

    await log.open(a_call(), "n1")
    with monkeypatch.context() as patch:
        patch.setattr(log, "_commit", away)
        with pytest.raises(StoreUnavailable):
            await log.close("c1", disposition=Disposition.SERVED)
    await log.open(a_call("c2"), "n1")
    assert await log.flush() == 1
    assert await log.flush() == 0
    assert await redis.smembers("log:open") == {b"c2|n1"}


async def test_many_that_end_together_are_one_commit_each_with_its_own_turns(
    log: ContactLog, engine: AsyncEngine, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, sizes = log._commit, []

    async def counted(records: Mapping[str, Mapping[str, str]]) -> None:
        sizes.append(len(records))
        await commit(records)

    monkeypatch.setattr(log, "_commit", counted)
    for n in range(10):
        await log.open(a_call(f"c{n}"), "n1")
        await log.add(f"c{n}", {"note": f"note {n}"}, {1: HEARD})
    await asyncio.gather(*(log.close(f"c{n}", disposition=Disposition.SERVED) for n in range(10)))
    assert sum(sizes) == 10
    assert len(sizes) < 10
    for n in range(10):
        row = await ContactReader(engine).get(f"c{n}")
        assert (row["note"], len(row["turns"])) == (f"note {n}", 2)
    assert await redis.keys() == []


async def test_one_record_that_sql_refuses_keeps_no_other_out(
    log: ContactLog, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = log._commit

    async def picky(records: Mapping[str, Mapping[str, str]]) -> None:
        if "bad" in records:
            raise StoreUnavailable("refused")
        await commit(records)

    monkeypatch.setattr(log, "_commit", picky)
    for name in ("good", "bad"):
        await log.open(a_call(name), "n1")
    good, bad = await asyncio.gather(log.close("good"), log.close("bad"), return_exceptions=True)
    assert good is None
    assert isinstance(bad, StoreUnavailable)
    assert [row["id"] for row in await ContactReader(engine).list()] == ["good"]


async def test_recover_leaves_living_nodes_alone(log: ContactLog, engine: AsyncEngine) -> None:
    for name, node in (("c1", "dead"), ("c2", "alive")):
        await log.open(a_call(name), node)
    await log.turn("c1", 1, HEARD)
    assert await log.recover({"alive"}) == 1
    assert await log.recover({"alive"}) == 0
    found = await ContactReader(engine).list()
    assert [(row["id"], row["disposition"], row["ended_at"]) for row in found] == [("c1", "lost", "2026-09-21T14:13:23.000Z")]


NURSERY = """
import asyncio, os, signal, sys
from pathlib import Path
from redis.asyncio import Redis
from ivr.records.database import open_database, sqlite_url
from ivr.records.writer import ContactLog
from tests.unit.ivr.records.samples import HEARD, T0, a_call

class Doomed(ContactLog):
    step = 0

def deadly(name, where, fatal):
    inner = getattr(ContactLog, name)
    async def outer(self, *args):
        Doomed.step += 1
        if where == "before" and Doomed.step == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await inner(self, *args)
        if where == "after" and Doomed.step == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(Doomed, name, outer)

async def live(url, data):
    engine = await open_database(sqlite_url(Path(data)))
    log = Doomed(Redis.from_url(url), engine)
    await log.open(a_call(), "doomed")                                              # 1
    await log.turn("c1", 1, HEARD)                                                  # 2
    await log.update("c1", queue="support", queued_at=T0 + 5)                       # 3
    await log.close("c1", ended_at=T0 + 9, disposition="abandoned")                 # 4 add, 5 commit, 6 forget
    os.kill(os.getpid(), signal.SIGKILL)                                            # 7

for line in sys.stdin:
    url, data, where, fatal = line.split()
    child = os.fork()
    if child == 0:
        for name in ("open", "_add", "_commit", "_forget"):
            deadly(name, where, int(fatal))
        asyncio.run(live(url, data))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    """A process that has imported everything and forks a child a line: one start instead of one a case."""
    command = [sys.executable, "-c", NURSERY]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.mark.parametrize(("where", "step"), [("before", n) for n in range(1, 8)] + [("after", n) for n in range(1, 7)])
async def test_kill_9_at_every_step(
    step: int, where: str, redis: Redis, log_redis_url: str, tmp_path: Path, nursery: subprocess.Popen[str]
) -> None:
    assert nursery.stdin and nursery.stdout
    nursery.stdin.write(f"{log_redis_url} {tmp_path} {where} {step}\n")
    nursery.stdin.flush()
    assert await asyncio.to_thread(nursery.stdout.readline) == f"{-signal.SIGKILL}\n"
    engine = await open_database(sqlite_url(tmp_path))
    try:
        log = ContactLog(redis, engine)
        await log.recover(set())
        await log.recover(set())
        async with engine.connect() as connection:
            rows = (await connection.execute(select(contacts.c.disposition))).scalars().all()
            said = (await connection.execute(select(func.count()).select_from(turns))).scalar_one()
    finally:
        await engine.dispose()
    done = step - (where == "before")
    assert rows == ([] if done == 0 else ["lost"] if done < 4 else ["abandoned"])
    assert said == (0 if done == 0 else 1 if done == 1 else 2)
    assert await redis.keys() == []
