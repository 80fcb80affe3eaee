"""What pages are told of scenes and of the flows' own words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ivr.dialplan.loader import FlowStore
from ivr.dialplan.model import Flow
from ivr.scenes.checking import House
from ivr.scenes.folder import Shelf
from ivr.settings_workbench import WorkbenchOptions
from ivr.wiring_side import Bench, labels_of

FLOW = """\
flow: {name}
languages: [zh, en]
intents:
  bill: {{ label: {label}, zh: [查账单], en: [my bill] }}
  agent: {{ zh: [人工], en: [a person] }}
defaults: {{ error: main }}
states:
  main: {{ hangup: normal }}
"""


def flows_of(folder: Path, **labels: str) -> Mapping[str, Flow]:
    for name, label in labels.items():
        (folder / f"{name}.yaml").write_text(FLOW.format(name=name, label=label), "utf-8")
    store = FlowStore([folder])
    assert set(store.reload()) == set(labels), store.problems
    return store.flows


def test_the_first_flow_by_name_says_what_an_intent_is_called(tmp_path: Path) -> None:
    flows = flows_of(tmp_path, shop="{ zh: 账单, en: Bill }", bank="{ en: Statement }")
    assert labels_of(flows) == {"bill": {"zh": "账单", "en": "Statement"}}


def test_pages_have_words_for_every_wish_of_the_samples() -> None:
    store = FlowStore([Path(__file__).parents[3] / "dialplans"])
    store.reload()
    assert not store.problems
    named = labels_of(store.flows)
    wishes = {name for flow in store.flows.values() for name in flow.intents}
    assert {name for name in wishes if set(named.get(name, {})) != {"zh", "en"}} == set()


def test_a_book_with_other_words_has_another_version(tmp_path: Path) -> None:
    flows = flows_of(tmp_path, shop="{ zh: 账单 }")
    shelf = Shelf([tmp_path / "scenes"], lambda: House(frozenset(), frozenset(), frozenset(), frozenset()))
    bench = Bench(shelf, WorkbenchOptions(), flows=lambda: flows)
    before = bench.version
    assert bench.book()["intents"] == {"bill": {"zh": "账单"}} and bench.version == before
    flows = flows_of(tmp_path, shop="{ zh: 话费 }")
    assert bench.book()["intents"] == {"bill": {"zh": "话费"}} and bench.version != before
