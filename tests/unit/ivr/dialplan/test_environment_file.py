"""An environment's file: read with its problems, and used by new calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan.environment_file import load_environment, misfits, read_environment
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import FlowStore
from ivr.errors import DialplanError

FLOW = """
flow: shop
languages: [en]
defaults: { error: end }
states:
  arrive:
    go:
      - { if: flags.new_menu, to: new }
      - { to: old }
  new: { say: { en: new }, on: { done: end } }
  old: { say: { en: old }, on: { done: end } }
"""


def house(folder: Path, text: str) -> tuple[Path, FlowStore]:
    (folder / "flows").mkdir()
    (folder / "flows" / "shop.yaml").write_text(FLOW, "utf-8")
    path = folder / "env.yaml"
    path.write_text(text, "utf-8")
    store = FlowStore([folder / "flows"], Surroundings(environment=load_environment(path)))
    assert store.reload() == ["shop"], store.problems
    return path, store


def begins(store: FlowStore) -> str:
    return store.begin("shop").start({"id": "1"}, {}, 0.0)[0].state


def test_a_file_is_read_with_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "env.yaml"
    path.write_text("flags: { new_menu: maybe }\n", "utf-8")
    found, problems = read_environment(path)
    assert found is None
    assert str(problems[0]).startswith(f"{path}:1:20: error[wrong-type]")
    with pytest.raises(DialplanError, match="new_menu"):
        load_environment(path)
    with pytest.raises(DialplanError, match="cannot be read"):
        load_environment(tmp_path / "nothing.yaml")


def test_new_calls_see_a_new_environment_and_running_ones_keep_theirs(tmp_path: Path) -> None:
    path, store = house(tmp_path, "flags: { new_menu: false }")
    running = store.begin("shop")
    assert begins(store) == "old"
    path.write_text("flags: { new_menu: true }", "utf-8")
    store.use(load_environment(path))
    assert begins(store) == "new"
    assert running.start({"id": "1"}, {}, 0.0)[0].state == "old"
    assert store.reload() == [], "the flow is the same version"
    assert store.environment.flags["new_menu"].on


def test_an_environment_that_the_flows_do_not_fit_is_told(tmp_path: Path) -> None:
    path, store = house(tmp_path, "flags: { new_menu: false }")
    path.write_text("flags: { old_menu: true }", "utf-8")
    [problem] = misfits(store.flows.values(), store.surroundings(load_environment(path)))
    assert (problem.code, problem.line) == ("unknown-field", 8)
