"""Files become flows; a bad one is refused and the old one stays; calls keep the version they began with."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from ivr.dialplan.loader import KEPT_VERSIONS, FlowStore, Share, catalogue, check, flow_files, load
from ivr.dialplan.watch import watch
from ivr.errors import DialplanError, NotFound
from tests.unit.ivr.dialplan.flows import ROOT, flow_with

TEXT = flow_with("  one: { wait: 1s, on: { done: end } }\n")
NEWER = TEXT.replace("1s", "2s")
WRONG = TEXT.replace("done: end", "done: nowhere")


def test_a_flow_is_loaded_from_text_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert load(path).version == load(TEXT).version != load(NEWER).version


def test_a_wrong_flow_raises_with_every_problem() -> None:
    with pytest.raises(DialplanError, match=r"<text>:5:\d+: error\[unknown-state\]") as caught:
        load(WRONG)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"x" * (1 << 20) + b"y"])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.yaml"
    if content is not None:
        path.write_bytes(content)
    [problem] = check([path])
    assert problem.file == str(path)
    with pytest.raises(DialplanError):
        load(path)


def test_tests_beside_flows_are_not_flows_and_a_name_is_taken_once(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml", "a.test.yaml"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    assert [path.name for path in flow_files([tmp_path])] == ["a.yaml", "b.yaml"]
    assert [problem.code for problem in check([tmp_path])] == ["duplicate-flow"]


def test_a_catalogue_gives_the_languages_of_prompts(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text("hello: { zh: 你好, en: hello }\nmusic: instrumental\n", encoding="utf-8")
    assert catalogue(path) == {"hello": {"zh", "en"}, "music": frozenset()}
    lines = ["recordings:", "- { name: hello, language: zh }", "- { name: hello, language: en }", "- { name: music }"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert catalogue(path) == {"hello": {"zh", "en"}, "music": frozenset()}
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(DialplanError, match="not a list of prompts"):
        catalogue(path)


def test_a_bad_file_is_refused_and_the_old_version_stays(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(TEXT, encoding="utf-8")
    store = FlowStore([tmp_path])
    assert store.reload() == ["small"]
    assert store.reload() == []
    old = store.begin("small")
    path.write_text(WRONG, encoding="utf-8")
    assert store.reload() == []
    assert [problem.code for problem in store.problems] == ["unknown-state"]
    assert store.machine("small") is old
    path.write_text(NEWER, encoding="utf-8")
    assert store.reload() == ["small"]
    assert store.problems == []
    assert store.machine("small") is not old
    assert store.machine("small", old.flow.version) is old


def test_a_call_survives_fifty_publishes_and_its_version_goes_after_it() -> None:
    store = FlowStore([])
    store.publish(load(TEXT))
    machine = store.begin("small")
    state, _ = machine.start({}, {}, 0.0)
    for number in range(2, 52):
        store.publish(load(TEXT.replace("1s", f"{number}s")))
    assert store.machine("small", state.version).restore(state.to_dict()) == state
    store.finish(machine.flow)
    for number in range(52, 54 + KEPT_VERSIONS):
        store.publish(load(TEXT.replace("1s", f"{number}s")))
    with pytest.raises(NotFound, match="version"):
        store.machine("small", state.version)


def rolled_out(percent: float) -> tuple[FlowStore, str]:
    """A store with a candidate, and its version."""
    store, newer = FlowStore([]), load(NEWER)
    store.publish(load(TEXT))
    store.keep(newer)
    store.stand("small", Share(load(TEXT).version, newer.version, percent, "7"))
    return store, newer.version


CALLERS = [f"+86138{n:08d}" for n in range(2000)]


@pytest.mark.parametrize("percent", [0.0, 0.5, 10.0, 50.0, 100.0])
def test_a_roll_out_reaches_so_many_callers_and_each_always_gets_the_same(percent: float) -> None:
    store, newer = rolled_out(percent)
    begun = [store.begin("small", caller).flow.version for caller in CALLERS]
    assert abs(begun.count(newer) / len(CALLERS) * 100 - percent) <= (2.5 if 0 < percent < 100 else 0)
    assert [store.begin("small", caller).flow.version for caller in CALLERS] == begun


def test_whoever_has_the_candidate_keeps_it_while_the_roll_out_widens() -> None:
    had: set[str] = set()
    for percent in (1.0, 10.0, 11.0, 60.0):
        store, newer = rolled_out(percent)
        has = {caller for caller in CALLERS if store.begin("small", caller).flow.version == newer}
        assert had < has
        had = has


def test_flows_that_are_rolled_out_together_reach_the_same_callers() -> None:
    one, other = Share("a", "b", 30.0, "7"), Share("c", "d", 30.0, "7")
    alone = Share("c", "d", 30.0, "8")
    chosen = [(one.chosen(caller) == "b", other.chosen(caller) == "d", alone.chosen(caller) == "d") for caller in CALLERS]
    assert all(first == second for first, second, _ in chosen)
    assert any(first != third for first, _, third in chosen)


def test_calls_are_counted_by_version_and_a_retired_flow_takes_no_new_ones() -> None:
    store, newer = rolled_out(100.0)
    machine = store.begin("small", "1")
    assert store.calls == {("small", newer): 1}
    store.retire("small")
    with pytest.raises(NotFound):
        store.begin("small", "1")
    assert store.machine("small", newer) is machine
    store.finish(machine.flow)
    assert store.calls == {}


def test_a_version_that_is_not_at_hand_cannot_be_chosen() -> None:
    store, _ = rolled_out(10.0)
    before = store.shares["small"]
    with pytest.raises(NotFound, match="version x"):
        store.stand("small", Share(before.version, "x", 10.0))
    assert store.shares["small"] == before


def test_an_unknown_flow_is_not_found() -> None:
    with pytest.raises(NotFound, match="no flow `x`"):
        FlowStore([]).machine("x")


def test_the_flow_in_the_documentation_is_right() -> None:
    page = (ROOT / "docs" / "dialplan.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert sorted(load(example).states) == ["human", "main", "read_bill"]


async def test_a_changed_file_is_told_and_a_test_beside_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    told, stop = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(watch([tmp_path], told.set, stop=stop))
        for _ in range(4):
            (tmp_path / "small.test.yaml").write_text(TEXT, encoding="utf-8")
            await asyncio.sleep(0.1)
        assert not told.is_set()
        while not told.is_set():
            path.write_text(NEWER, encoding="utf-8")
            await asyncio.sleep(0.1)
        stop.set()


def big(states: int) -> str:
    lines = [
        "flow: big",
        "languages: [zh, en]",
        "vars: { n: 0 }",
        "defaults: { no_input: { retry: 1, then: end }, no_match: s0, error: end }",
        "intents:",
    ]
    lines += [f"  i{n}: {{ zh: [词{n}, 再{n}], en: [word {n}, other {n}] }}" for n in range(50)]
    lines.append("states:")
    for n in range(states):
        following = f"s{n + 1}" if n + 1 < states else "end"
        lines += [
            f"  s{n}:",
            f"    do: [{{ set: {{ n: '{{vars.n + {n}}}' }} }}]",
            "    menu:",
            f"      say: {{ zh: 您好{n}, en: 'hello {{vars.n}} {n}' }}",
            f"      options: [i{n % 50}, i{(n + 1) % 50}]",
            "    on:",
            f"      i{n % 50}: {following}",
            f"      i{(n + 1) % 50}: {{ to: end, tag: t{n} }}",
        ]
    return "\n".join(lines)


def test_a_flow_of_500_states_loads_and_checks_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Target: under 300 ms of CPU; the bound here leaves room for a busy machine."""
    text = big(500)
    begin = time.thread_time()
    flow = load(text)
    took = time.thread_time() - begin
    with capsys.disabled():
        print(f"\n500 states, {len(text)} characters: {took * 1000:.0f} ms")
    assert len(flow.states) == 500
    assert took < 3.0
