"""What every hotline understands: sentences by people who never saw the library, through the flow as it is delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr import intent_bench
from ivr.dialplan.loader import load
from ivr.minds import Minds

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module", params=["callers_a", "callers_b"])
def report(request: pytest.FixtureRequest) -> dict[str, Any]:
    flow = load((ROOT / "dialplans" / "shop.yaml").read_text("utf-8"), str(ROOT / "dialplans" / "shop.yaml"))
    cases = intent_bench.cases_of(ROOT / "tests" / "understanding" / f"{request.param}.json")
    return dict(intent_bench.report_of(intent_bench.measure(flow, cases, Minds())))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_callers_are_understood(report: dict[str, Any], language: str) -> None:
    found = report["languages"][language]
    assert found["cases"] == 222
    assert found["accuracy"] >= 0.94
    assert found["out_of_scope_recall"] >= 0.82


def test_no_intent_is_left_behind(report: dict[str, Any]) -> None:
    assert {
        name: row["recall"] for name, row in report["intents"].items() if name != "out_of_scope" and row["recall"] < 0.82
    } == {}
