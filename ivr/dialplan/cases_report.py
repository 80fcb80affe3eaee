"""How test cases went, for people (text), for programs (JSON) and for build servers (JUnit XML). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ivr.dialplan.cases_expect import TELLING
from ivr.dialplan.cases_run import Verdict
from ivr.dialplan.moments import Moment

WHO = {"bot": "bot", "caller": "caller", "state": "", "note": "", "does": "does", "end": "ended"}


@dataclass(frozen=True, slots=True)
class Result:
    """One case of one file."""

    file: str
    flow: str
    verdict: Verdict
    seconds: float
    """That it took, on a real clock."""

    def to_dict(self) -> dict[str, Any]:
        case, verdict = self.verdict.case, self.verdict
        told = {
            "at": {"line": verdict.place.line, "column": verdict.place.column},
            "log": [one.to_dict() for one in verdict.log],
        }
        return {
            "file": self.file,
            "flow": self.flow,
            "name": case.name,
            "line": case.place.line,
            "ok": verdict.ok,
            "message": verdict.message,
            "cure": verdict.cure,
            "seconds": round(self.seconds, 4),
            **({"at": None, "log": []} if verdict.ok else told),
        }


def failure(result: Result, *, paint: bool = False) -> str:
    """One failed case for a person: where, what, and the conversation up to there."""
    verdict = result.verdict
    red, faint, plain = ("\x1b[31m", "\x1b[2m", "\x1b[0m") if paint else ("", "", "")
    lines = [f"{red}FAIL{plain} {verdict.case.name}"]
    for at, who, words in conversation(verdict.log):
        if who == "state":
            lines.append(f"{faint}  {at:7.1f}  · {words}{plain}")
        elif who == "note":
            lines.append(f"{faint}  {at:7.1f}    ({words}){plain}")
        else:
            lines.append(f"  {at:7.1f}  {WHO.get(who, who):>6}: {words}")
    lines.append(f"{result.file}:{verdict.place.line}:{verdict.place.column}: {red}{verdict.message}{plain}")
    if verdict.cure:
        lines.append(f"    {verdict.cure}")
    return "\n".join(lines)


def conversation(log: Iterable[Moment]) -> list[tuple[float, str, str]]:
    """Who said what and where the call went, as a person reads it: time, who, words."""
    lines: list[tuple[float, str, str]] = []
    for moment in log:
        match moment.kind:
            case "bot" | "caller":
                medium = moment.more.get("medium", "")
                text = "hangs up" if medium == "hang_up" else moment.text or "(mumbles)"
                lines.append((moment.at, moment.kind, f"[{text}]" if medium == "keys" else text))
            case "state" | "note" | "end":
                lines.append((moment.at, moment.kind, moment.text))
            case "command" if moment.text in TELLING and moment.text != "Hangup":
                data = json.dumps(moment.more.get("data", {}), ensure_ascii=False)
                lines.append((moment.at, "does", f"{moment.text} {data}"))
    return lines


def junit(results: Sequence[Result]) -> str:
    """JUnit XML: a suite a file, a case a conversation."""
    root = ElementTree.Element("testsuites")
    for file in dict.fromkeys(result.file for result in results):
        own = [result for result in results if result.file == file]
        failed = [result for result in own if not result.verdict.ok]
        counts = {
            "tests": str(len(own)),
            "failures": str(len(failed)),
            "errors": "0",
            "time": f"{sum(r.seconds for r in own):.4f}",
        }
        suite = ElementTree.SubElement(root, "testsuite", {"name": file, **counts})
        for result in own:
            verdict = result.verdict
            about = {"name": verdict.case.name, "classname": result.flow, "file": file, "line": str(verdict.case.place.line)}
            case = ElementTree.SubElement(suite, "testcase", {**about, "time": f"{result.seconds:.4f}"})
            if not verdict.ok:
                told = ElementTree.SubElement(case, "failure", {"message": _printable(verdict.message)})
                told.text = _printable(failure(result))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


_UNPRINTABLE = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return _UNPRINTABLE.sub("", text)
