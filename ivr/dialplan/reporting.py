"""What `ivr check` prints: for a person, for a program, for code review (GitHub), for tools (SARIF). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ivr.dialplan.codes import Code, codes
from ivr.dialplan.problems import Problem, ordered, render

FORMATS = ("text", "json", "github", "sarif")
_COLOURS = {"error": "31", "warning": "33"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def report(problems: Sequence[Problem], form: str, *, colour: bool = False, version: str = "") -> str:
    """The problems in one of FORMATS, by file, line and column; "" for no problems as text or github.

    Raises ValueError for another format.
    """
    match form:
        case "text":
            return "\n".join(_text(problem, colour) for problem in ordered(problems))
        case "json":
            return render(problems, "json")
        case "github":
            return "\n".join(_annotation(problem) for problem in ordered(problems))
        case "sarif":
            return json.dumps(sarif(ordered(problems), version), ensure_ascii=False, indent=2)
    raise ValueError(f"no format {form!r}: {', '.join(FORMATS)}")


def _text(problem: Problem, colour: bool) -> str:
    cure = f"{problem.cure} " if problem.cure else ""
    if not colour:
        return f"{_head(problem)}\n    {cure}({problem.link})"
    place = f"{problem.file}:{problem.line}:{problem.column}"
    severity = f"\x1b[1;{_COLOURS[problem.severity]}m{problem.severity}[{problem.code}]\x1b[0m"
    return f"\x1b[1m{place}:\x1b[0m {severity} {problem.message}\n    \x1b[32m{cure}\x1b[0m\x1b[2m({problem.link})\x1b[0m"


def _head(problem: Problem) -> str:
    return str(problem).partition("\n")[0]


def _annotation(problem: Problem) -> str:
    """A workflow command: a line at the file in a pull request."""
    where = f"file={_property(problem.file)},line={problem.line},col={problem.column},title={_property(problem.code)}"
    text = problem.message if not problem.cure else f"{problem.message}\n{problem.cure}"
    return f"::{problem.severity} {where}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def sarif(problems: Sequence[Problem], version: str = "") -> dict[str, Any]:
    """The problems as one run of SARIF 2.1.0 (OASIS)."""
    known = codes()
    names = sorted({problem.code for problem in problems})
    driver: dict[str, Any] = {"name": "ivr check", "rules": [_rule(name, known) for name in names]}
    if version:
        driver["version"] = version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, names.index(problem.code)) for problem in problems],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str, known: Mapping[str, Code]) -> dict[str, Any]:
    code = known.get(name)
    rule: dict[str, Any] = {"id": name}
    if code is not None:
        rule["shortDescription"] = {"text": code.means}
        rule["help"] = {"text": code.cure}
    return rule


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    text = problem.message if not problem.cure else f"{problem.message}. {problem.cure}"
    region = {"startLine": problem.line, "startColumn": problem.column}
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(problem.file)}, "region": region}}],
    }


def _uri(file: str) -> str:
    return quote(file.replace("\\", "/"), safe="/:+-._~")
