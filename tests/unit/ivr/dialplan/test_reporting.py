"""The findings for people, programs, code review and tools."""

from __future__ import annotations

import json

import pytest

from ivr.dialplan.problems import Problem
from ivr.dialplan.reporting import FORMATS, report, sarif

PROBLEMS = [
    Problem("flows/b,c.yaml", 3, 7, "warning", "unused-intent", "nothing listens for 100% of `x`\nat all"),
    Problem("flows/一.yaml", 12, 5, "error", "unknown-state", "there is no state `bil`", "did you mean `bill`?"),
]


def test_text_has_place_cure_and_link_in_order_of_the_files() -> None:
    assert report(PROBLEMS[1:], "text") == (
        "flows/一.yaml:12:5: error[unknown-state] there is no state `bil`\n"
        "    did you mean `bill`? (docs/check.md#unknown-state)"
    )
    coloured = report(PROBLEMS, "text", colour=True)
    assert "\x1b[1;31merror[unknown-state]\x1b[0m" in coloured
    assert coloured.index("b,c.yaml") < coloured.index("一.yaml")
    assert report([], "text") == ""


def test_github_annotations_are_escaped() -> None:
    first, second = report(PROBLEMS, "github").splitlines()
    assert first == (
        "::warning file=flows/b%2Cc.yaml,line=3,col=7,title=unused-intent::nothing listens for 100%25 of `x`%0Aat all"
    )
    assert second.endswith("::there is no state `bil`%0Adid you mean `bill`?")


def test_json_has_every_field() -> None:
    [one, _] = json.loads(report(PROBLEMS, "json"))
    assert set(one) == {"file", "line", "column", "severity", "code", "message", "cure", "link"}


def test_sarif_is_one_run_with_rules_that_results_point_at() -> None:
    log = json.loads(report(PROBLEMS, "sarif", version="1.2"))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("ivr check", "1.2")
    for result, problem in zip(run["results"], PROBLEMS, strict=True):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == problem.code
        assert result["level"] == problem.severity
        assert result["message"]["text"].startswith(problem.message)
        [where] = result["locations"]
        assert where["physicalLocation"]["region"] == {"startLine": problem.line, "startColumn": problem.column}
        assert where["physicalLocation"]["artifactLocation"]["uri"].isascii()
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in driver["rules"])
    assert sarif([])["runs"][0]["results"] == []


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="text, json, github, sarif"):
        report(PROBLEMS, "xml")
    assert FORMATS == ("text", "json", "github", "sarif")
