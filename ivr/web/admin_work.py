"""What administrators' texts are put through: functions that a process of their own can run. Plain data in and out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ivr.dialplan.build import build, sketch
from ivr.dialplan.diagram import Look
from ivr.dialplan.diagram_svg import draw
from ivr.dialplan.formatting import formatted
from ivr.dialplan.linking import calls, link
from ivr.dialplan.linking import problems as link_problems
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.model import Flow
from ivr.dialplan.outline import outline
from ivr.dialplan.problems import Findings, Problem

MOST_PROBLEMS = 500

Files = Mapping[str, str]
"""Flow to its file: what a text may call."""


def as_json(do: Callable[..., Any], *arguments: Any) -> bytes:
    """What `do` gives, ready to be sent: nothing large is put into words where calls run."""
    return json.dumps(do(*arguments), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def run_here(do: Callable[..., Any], *arguments: Any) -> Any:
    """The work without a process of its own."""
    return do(*arguments)


def checked(text: str, file: str, around: Surroundings, files: Files) -> dict[str, Any]:
    """`{problems, outline}` of a text as the server would see it."""
    _, problems = examined(text, file, around, files)
    return {"problems": told(problems), "outline": outline(text)}


def examined(text: str, file: str, around: Surroundings, files: Files) -> tuple[Flow | None, list[Problem]]:
    """The flow with those that it calls, None where it has an error, and every problem. Never raises."""
    flow, problems = examine(text, file or "draft", around)
    if flow is None:
        return None, problems
    known, elsewhere = {flow.name: flow}, set[str]()
    for name, path in files.items() if calls(flow) else ():
        found = flow if name == flow.name else _in_file(path)
        if found is None or found.name != name:
            elsewhere.add(name)
        else:
            known.setdefault(name, found)
    problems = [*problems, *link_problems(flow, known, elsewhere)]
    wrong = any(one.severity == "error" for one in problems)
    return None if wrong else link(flow, known), problems


def _in_file(file: str) -> Flow | None:
    path = Path(file)
    try:
        return _read(file, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=64)
def _read(file: str, changed: int) -> Flow | None:
    """The flow of a file, read once for each version of it."""
    return examine(Path(file).read_text("utf-8"), file)[0]


def facts(text: str, file: str, around: Surroundings, files: Files) -> dict[str, Any]:
    """What a list of flows tells of a text: `{languages, entry, states, errors, warnings}`."""
    _, problems = examined(text, file, around, files)
    errors = sum(one.severity == "error" for one in problems)
    found = outline(text) or {"languages": [], "entry": "", "states": []}
    counted = {"states": len(found["states"]), "errors": errors, "warnings": len(problems) - errors}
    return {"languages": found["languages"], "entry": found["entry"], **counted}


def evened(text: str) -> dict[str, Any]:
    """`{text, changed, problems}` of a text made even."""
    even, findings = formatted(text), Findings("")
    if outline(text) is None:
        build(text, findings)
    return {"text": even, "changed": even != text, "problems": told(findings.problems)}


def drawn(text: str, wish: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """`{svg, nodes, edges, width, height, problems}`; `wish` has fields of `Look`, `texts` what prompts say."""
    findings = Findings("")
    flow = sketch(text, findings)
    nothing = {"svg": None, "nodes": [], "edges": [], "width": 0, "height": 0, "problems": told(findings.problems)}
    if flow is None or not flow.states:
        return nothing

    def said(name: str, language: str) -> str:
        return str((texts.get(name) or {}).get(language, ""))

    try:
        drawing = draw(flow, Look(**wish, texts=said))
    except ValueError as error:
        findings.warn(flow.place, "too-big", str(error), "split the flow")
        return {**nothing, "problems": told(findings.problems)}
    ends = {state["name"]: state["end_line"] for state in (outline(text) or {"states": []})["states"]}
    nodes = [{**node, "end_line": ends.get(node["state"], node["line"])} for node in drawing.nodes]
    picture = {"svg": drawing.svg, "nodes": nodes, "edges": drawing.edges, "width": drawing.width, "height": drawing.height}
    return {**picture, "problems": told(findings.problems)}


def told(problems: list[Problem]) -> list[dict[str, Any]]:
    """Problems in the order of the text, the first `MOST_PROBLEMS`, as the API tells them."""
    ordered = sorted(problems, key=lambda one: (one.line, one.column, one.code))
    return [problem_data(one) for one in ordered[:MOST_PROBLEMS]]


def problem_data(problem: Problem) -> dict[str, Any]:
    found = problem.to_dict()
    return {"link": found.get("reference", ""), **found}
