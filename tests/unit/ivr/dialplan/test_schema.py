"""The schema for editors is current and agrees with what the loader takes."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from ivr.dialplan import registry
from ivr.dialplan.build import FLOW_KEYS, state_keys
from ivr.dialplan.build_edges import EDGE_KEYS
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, read
from ivr.dialplan.problems import Findings
from ivr.dialplan.schema import schema, text
from tests.unit.ivr.dialplan.flows import EVERY_STEP, LOADTEST, ROOT, TELECOM

VALIDATOR = jsonschema.Draft202012Validator(schema())


def plain(node: Node | None) -> Any:
    match node:
        case Mapping():
            return {name: plain(inner) for name, _, inner in node.items()}
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Scalar(value=value):
            return value
    return None


def errors(source: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(plain(read(source, Findings("f"))))]


def test_the_file_in_dialplans_is_current() -> None:
    assert (ROOT / "dialplans" / "schema.json").read_text(encoding="utf-8") == text()


def test_the_schema_is_one_and_names_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    defs = schema()["$defs"]
    assert set(schema()["properties"]) == set(FLOW_KEYS)
    assert set(defs["state"]["properties"]) == set(state_keys())
    assert set(defs["edge"]["anyOf"][1]["properties"]) == set(EDGE_KEYS)
    named = {name for one in defs["instant"]["anyOf"][2:] for name in one["properties"]}
    named |= {one["const"] for one in defs["instant"]["anyOf"][:2]}
    assert named == set(registry.instant())
    assert json.loads(text()) == schema()


@pytest.mark.parametrize(
    "source", [TELECOM.read_text("utf-8"), LOADTEST.read_text("utf-8"), EVERY_STEP], ids=["telecom", "load", "every"]
)
def test_right_flows_are_valid(source: str) -> None:
    assert errors(source) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("barge_in: false", "barge_in: no"),
        ("wait: { for: 10s }", "wait: { for: 10 }"),
        ("need:", "needs:"),
        ("hangup: busy", "hangup: x"),
    ],
)
def test_wrong_flows_are_not(old: str, new: str) -> None:
    assert old in EVERY_STEP
    assert errors(EVERY_STEP.replace(old, new)) != []
