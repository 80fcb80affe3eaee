"""Nodes adopt what is live: by word, by asking, and whatever their files and stores do meanwhile."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import load
from ivr.errors import Conflict, DialplanError, NotFound, StoreUnavailable
from ivr.publishing.model import version_of
from tests.unit.ivr.dialplan.flows import flow_with
from tests.unit.ivr.publishing.town import FOUR, NOON, ONE, THREE, TWO, WRONG, Town, text, until


async def test_the_files_of_the_first_start_are_version_one(town: Town) -> None:
    node = await town.node()
    found = await node.desk.versions("small")
    assert found["live"] == 1
    assert [(one["author"], one["action"], one["state"]) for one in found["versions"]] == [("file", "file", "live")]
    assert node.live() == version_of(ONE)


async def test_a_changed_file_is_published_and_a_wrong_one_is_not(town: Town) -> None:
    node, other = await town.node("one"), await town.node("two")
    node.write(TWO)
    await node.step()
    assert node.has(TWO)
    node.write(WRONG)
    await node.step()
    assert node.has(TWO)
    assert [problem.code for problem in node.store.problems] == ["unknown-state"]
    await other.publisher.step()
    assert other.has(TWO), "what a file of one node published is live on the other"


async def test_a_changed_file_is_not_called_another_text_on_its_way(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    node = await town.node()
    node.write(TWO)
    with caplog.at_level(logging.WARNING, "ivr.publishing.upkeep"):
        await node.step()
    assert node.has(TWO) and not caplog.records


async def test_a_file_may_go_back_and_forth(town: Town) -> None:
    node = await town.node()
    for wanted in (TWO, ONE, TWO, ONE):
        node.write(wanted)
        await node.step()
        assert node.has(wanted)
    assert (await node.desk.versions("small"))["live"] == 5


async def test_two_nodes_on_one_folder_publish_a_change_once(town: Town) -> None:
    one, two = await town.node("one", folder="shared"), await town.node("two", folder="shared")
    one.write(TWO)
    await asyncio.gather(one.step(), two.step())
    await asyncio.gather(one.publisher.step(), two.publisher.step())
    assert one.has(TWO)
    assert two.has(TWO)
    assert (await one.desk.versions("small"))["live"] == 2


async def test_a_file_that_comes_late_does_not_undo_what_is_newer(town: Town) -> None:
    """A rolling deployment: the second host gets each commit later than the first."""
    first, second = await town.node("one"), await town.node("two")
    for commit in (TWO, THREE):
        first.write(commit)
        await first.step()
    second.write(TWO)
    await second.step()
    assert second.has(THREE), "version two was published before: this file only follows"
    second.write(THREE)
    await second.step()
    assert (await first.desk.versions("small"))["live"] == 3
    second.write(FOUR)
    await second.step()
    await first.publisher.step()
    assert first.has(FOUR)


async def test_a_restart_with_an_old_file_keeps_what_was_published(town: Town) -> None:
    node = await town.node(writes=False)
    await node.desk.publish_texts("root", "from the page", {"small": TWO})
    assert node.file() == ONE
    again = await town.node("one", None, writes=False)
    assert again.has(TWO)
    assert "write_files" in again.publisher.health()["drift"]["small"]


async def test_a_file_that_was_changed_while_the_node_was_down_is_published(town: Town) -> None:
    await town.node()
    again = await town.node("one", TWO)
    assert again.has(TWO)
    reverted = await town.node("one", ONE)
    assert reverted.has(ONE)
    assert (await reverted.desk.versions("small"))["live"] == 3


async def test_a_new_host_with_old_files_publishes_nothing(town: Town) -> None:
    node = await town.node()
    node.write(TWO)
    await node.step()
    late = await town.node("two", ONE)
    assert late.has(TWO)
    assert "a file elsewhere was published" in late.publisher.health()["drift"]["small"]
    assert late.file() == ONE, "files that are deployed elsewhere are deployed here too: they are not written"


async def test_a_page_brings_the_files_of_all_nodes_along(town: Town) -> None:
    one, two = await town.node("one"), await town.node("two")
    (one.folder / "small.yaml").chmod(0o640)
    await one.desk.publish_texts("root", "from the page", {"small": TWO})
    await two.publisher.step()
    assert one.file() == two.file() == TWO
    assert (one.folder / "small.yaml").stat().st_mode & 0o777 == 0o640
    await asyncio.gather(one.step(), two.step())
    assert (await one.desk.versions("small"))["live"] == 2, "the written files are not published once more"
    assert one.publisher.health()["drift"] == {}


async def test_a_folder_that_cannot_be_written_is_told(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await town.node()

    def refuse(path: object, content: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(node.files, "write", refuse)
    await node.desk.publish_texts("root", "", {"small": TWO})
    assert node.has(TWO)
    assert "Permission denied" in node.publisher.health()["drift"]["small"]
    assert "hotline_flows_drifting 1\n" in node.publisher.metrics()


async def test_a_file_that_somebody_works_on_is_never_written_over(town: Town) -> None:
    node = await town.node()
    node.write(WRONG)
    await node.step()
    with pytest.raises(Conflict, match=r"small\.yaml was changed by hand"):
        await node.desk.publish_texts("root", "", {"small": TWO})
    node.write(ONE)
    await node.step()
    node.write(THREE)
    two = await town.node("two")
    await two.desk.publish_texts("root", "", {"small": TWO})
    await node.publisher.step()
    assert node.file() == THREE, "it was saved after the node had looked"


async def test_a_node_that_cannot_run_a_version_keeps_its_own_and_says_so(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    queued = "  one: { enqueue: { queue: care }, on: { no_agents: end, timeout: end, closed: end, full: end } }\n"
    with_queue = text(1).replace("  one: { wait: 1s, on: { done: end } }\n", queued)
    assert with_queue != text(1)
    one, two = await town.node("one"), await town.node("two", around=Surroundings(queues=frozenset({"support"})))
    await one.desk.publish_texts("root", "", {"small": with_queue, "other": text(1, "other")})
    with caplog.at_level(logging.ERROR):
        await two.publisher.step()
    assert one.has(with_queue)
    assert two.has(ONE)
    assert two.live("other") == "", "what was published together is refused together"
    health = two.publisher.health()
    assert "unknown-queue" in health["refused"]["small"]
    assert "published together" in health["refused"]["other"]
    assert "is refused here" in caplog.text
    assert "hotline_flows_refused 2\n" in two.publisher.metrics()
    told = {node["node"]: node for node in (await one.desk.status())["nodes"]}
    assert set(told["two"]["refused"]) == {"small", "other"}
    assert told["one"]["refused"] == {}
    two.store.around = Surroundings(queues=frozenset({"support", "care"}))
    town.clock.now += 11
    await two.publisher.step()
    assert two.has(with_queue), "what was refused is tried again"
    assert two.publisher.health()["refused"] == {}


async def test_another_node_runs_it_within_two_seconds(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = await town.node("one"), await town.node("two")
    one.start()
    two.start()
    took = []
    for n in range(2, 7):
        publishing = asyncio.create_task(one.desk.publish_texts("root", "", {"small": text(n)}))
        took.append(await two.until(text(n)))
        await publishing
        assert one.has(text(n))
    with capsys.disabled():
        print(f"\nfive publishes ran on the other node after {max(took) * 1000:.0f} ms at most")
    assert max(took) < 2.0


async def test_a_word_that_got_lost_costs_a_second(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between writing and telling: nobody tells, the other node asks."""
    one, two = await town.node("one"), await town.node("two")
    two.start()

    async def killed(serial: int) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(one.publisher.news, "tell", killed)
    publishing = asyncio.create_task(one.desk.publish_texts("root", "", {"small": TWO}))
    assert await two.until(TWO) < 2.0
    await asyncio.gather(publishing, return_exceptions=True)
    assert publishing.cancelled()
    assert one.has(ONE), "the node that was killed did not get that far"
    again = await town.node("one", None)
    assert again.has(TWO)
    assert again.file() == TWO


async def test_without_redis_nodes_find_changes_by_asking(town: Town) -> None:
    one, two = await town.node("one"), await town.node("two")
    gone: Redis = Redis.from_url("unix:///nowhere/redis.sock")
    one.publisher.news._redis = two.publisher.news._redis = gone
    two.start()
    await one.desk.publish_texts("root", "", {"small": TWO})
    assert await two.until(TWO) < 2.0


async def test_without_sql_calls_go_on_and_it_comes_back_by_itself(
    town: Town, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    node = await town.node()
    right = node.ledger.serial

    async def away() -> int:
        raise StoreUnavailable("the database cannot be used")

    monkeypatch.setattr(node.ledger, "serial", away)
    monkeypatch.setattr("ivr.publishing.publisher.POLL_SECONDS", 0.01)
    node.start()
    await until(lambda: node.publisher.condition.away)
    assert node.store.begin("small", "1").flow.version == version_of(ONE)
    assert "hotline_flow_versions_away 1\n" in node.publisher.metrics()
    node.write(TWO)
    monkeypatch.setattr(node.ledger, "serial", right)
    await node.until(TWO)
    await until(lambda: not node.publisher.condition.away)
    assert caplog.text.count("calls go on with those at hand") == 1


async def test_what_is_due_while_sql_is_away_is_not_asked_for_without_a_pause(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await town.node()
    await node.desk.publish_texts("anna", "", {"small": TWO}, at=NOON + 100)
    asked = 0

    async def away() -> int:
        nonlocal asked
        asked += 1
        raise StoreUnavailable("the database cannot be used")

    with monkeypatch.context() as broken:
        broken.setattr(node.ledger, "serial", away)
        town.clock.now += 200
        node.start()
        await until(lambda: node.publisher.condition.away)
        await asyncio.sleep(0.4)
        assert asked <= 3
    await node.until(TWO)


async def test_a_version_of_another_life_can_be_restored(town: Town) -> None:
    node = await town.node()
    machine = node.store.begin("small")
    state: Any = machine.start({}, {}, 0.0)[0].to_dict()
    for n in range(2, 20):
        await node.desk.publish_texts("root", "", {"small": text(n)})
    again = await town.node("two", None)
    assert not again.store.knows("small", state["version"])
    restored = await again.publisher.reader.machine("small", state["version"])
    assert restored.restore(state).to_dict() == state
    assert restored.flow.version == load(ONE).version
    with pytest.raises(NotFound):
        await again.publisher.reader.machine("small", "0" * 16)


def caller_of(returned: str, waits: int = 1) -> str:
    """A flow that calls `helper` and has an edge for what that returns."""
    return flow_with(
        f"  one: {{ call: helper, on: {{ {returned}: two }} }}\n  two: {{ wait: {waits}s, on: {{ done: end }} }}\n"
    )


def helper(returned: str, seconds: int = 1) -> str:
    states = f"  one: {{ wait: {seconds}s, on: {{ done: two }} }}\n  two: {{ return: {returned} }}\n"
    return flow_with(states).replace("flow: small", "flow: helper", 1)


async def test_a_call_keeps_its_sub_flows_too_in_another_life(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("root", "", {"small": caller_of("ready"), "helper": helper("ready")})
    machine = node.store.begin("small")
    state: Any = machine.start({}, {}, 0.0)[0].to_dict()
    assert state["flow"] == "helper"
    with pytest.raises(DialplanError, match="returns `over`") as caught:
        await node.desk.publish_texts("root", "", {"helper": helper("over")})
    assert "small.yaml:" in str(caught.value), "what it breaks is named, though its own text is right"
    await node.desk.publish_texts("root", "", {"small": caller_of("over"), "helper": helper("over")})
    again = await town.node("two", None)
    restored = await again.publisher.reader.machine("small", state["version"])
    assert restored.restore(state).to_dict() == state
    assert restored.flow.pinned == state["version"]
    assert again.store.begin("small").flow.pinned != state["version"]


async def test_a_roll_out_of_a_sub_flow_takes_its_caller_along(town: Town) -> None:
    node = await town.node()
    await node.desk.publish_texts("root", "", {"small": caller_of("ready"), "helper": helper("ready")})
    await node.desk.publish_texts("root", "", {"small": caller_of("over"), "helper": helper("over")}, percent=40)
    begun = [node.store.begin("small", f"+86138{n:08d}") for n in range(100)]
    pairs = {(one.flow.version, one.flow.subflows["helper"].version) for one in begun}
    assert pairs == {(version_of(caller_of(word)), version_of(helper(word))) for word in ("ready", "over")}, (
        "nobody gets one half of what belongs together"
    )


async def test_what_nodes_say_of_themselves_is_there_for_all(town: Town) -> None:
    one, two = await town.node("one"), await town.node("two")
    one.store.begin("small", "1")
    town.clock.now += 6
    await one.publisher.step()
    town.clock.now += 10
    await town.redis.hset("{flows}:nodes", mapping={"odd": "no JSON", "older": "{}", "gone": '{"at": 1.0}'})
    status = await two.desk.status()
    assert [node["node"] for node in status["nodes"]] == ["one", "two"]
    told = {node["node"]: node for node in status["nodes"]}
    assert told["one"]["up"]
    assert not told["two"]["up"]
    assert told["one"]["flows"] == {"small": version_of(ONE)}
    assert (await two.desk.versions("small"))["versions"][0]["calls"] == 1
