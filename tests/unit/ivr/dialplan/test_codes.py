"""Every code is explained, and every example has exactly the problem that it stands for."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from ivr.dialplan.codes import Code, codes, page
from ivr.dialplan.environment import Environment, build_environment
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import check, examine
from ivr.dialplan.problems import Findings, Problem

ROOT = Path(__file__).parents[4]
AROUND = Surroundings(
    prompts={"hello": {"zh", "en"}, "half": {"zh"}, "music": ()},
    queues={"support"},
    skills={"telecom"},
    teams={"gold"},
    sites={"bonn"},
    sources={"crm": {"balance"}},
    environment=Environment(),
)
NAME = re.compile(r"[a-z]+(?:-[a-z]+)*\Z")
REPORTING = {"error": 1, "warn": 1, "complain": 1, "_refuse": 1}
"""Method that reports to where its code stands."""


@cache
def written() -> set[str]:
    """Every code that the source can report."""
    found: set[str] = set()
    for path in (ROOT / "ivr").rglob("*.py"):
        if path.parts[-2] not in ("dialplan", "steps", "publishing", "ivr", "forms", "scenes", "quality"):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found |= set(reported(node, constants))
    return found


def reported(node: ast.Call, constants: Mapping[str, object]) -> list[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    texts = [constants.get(one.id) if isinstance(one, ast.Name) else getattr(one, "value", None) for one in node.args]
    if name == "unknown" and len(node.args) == 4:
        return [what_code(node.args[1])]
    if name == "Problem" and len(node.args) > 4 and isinstance(texts[4], str):
        return [texts[4]]
    place = REPORTING.get(name)
    if place is None or len(texts) < 3:
        return []
    code = texts[place]
    return [code] if isinstance(code, str) and NAME.match(code) else []


def what_code(what: ast.expr) -> str:
    text = what.value if isinstance(what, ast.Constant) else ast.unparse(what).lstrip("f").strip("'\"")
    return "unknown-" + re.split(" (?:in|of|to|beside) ", str(text))[0].replace(" ", "-")


def test_every_code_is_explained() -> None:
    assert written() - set(codes()) == set()


def test_every_explanation_is_of_a_code_that_there_is() -> None:
    assert set(codes()) - written() == set()


def test_the_page_is_made_of_them() -> None:
    """`python -m ivr.dialplan.codes > docs/check.md`"""
    assert (ROOT / "docs" / "check.md").read_text("utf-8") == page()


@pytest.mark.parametrize("name", [name for name, code in codes().items() if code.example is not None or code.files])
def test_an_example_has_exactly_its_problem(name: str, tmp_path: Path) -> None:
    code = codes()[name]
    found = problems(code, tmp_path)
    assert {problem.code for problem in found} == {name, *code.also}, [str(problem) for problem in found]
    assert {problem.severity for problem in found if problem.code == name} == {code.severity}
    assert all(problem.cure for problem in found), "each says what would be right"
    assert all(problem.link == f"docs/check.md#{problem.code}" for problem in found)


def problems(code: Code, folder: Path) -> list[Problem]:
    if code.of == "folder":
        for name, text in code.files.items():
            (folder / name).write_text(text, "utf-8")
        return check([folder], AROUND)
    if code.of == "environment":
        findings = Findings("environment.yaml")
        build_environment(code.text, findings)
        return findings.problems
    return examine(code.text, "example.yaml", AROUND)[1]
