"""One page, in Chinese and English, that shows what conversations went through: figures, diagram, every state and edge. Pure.

The page is a file of its own: no script, nothing from elsewhere; light and dark.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from html import escape

from ivr.dialplan.cases_report import Result
from ivr.dialplan.coverage import DEFAULTS, Coverage, Point
from ivr.dialplan.model import FlowState

Draw = Callable[[Coverage, str], str]
"""A flow's coverage and a language to its diagram as SVG; "" where there is none."""
LANGUAGES = {"zh": "中文", "en": "English"}

_WORDS = {
    "title": ("对话测试覆盖率", "What conversations tried"),
    "states": ("状态", "states"),
    "edges": ("出口", "edges"),
    "passed": ("段对话通过", "conversations passed"),
    "failed": ("段未通过", "failed"),
    "all": ("每一行都有对话走过。", "Every line of the file was tried."),
    "missing": ("没有对话走过的", "What nobody tried"),
    "never_entered": ("从未进入", "never entered"),
    "never_taken": ("从未走过", "never taken"),
    "diagram": ("流程图", "Diagram"),
    "every_state": ("全部状态", "Every state"),
    "defaults": ("默认出口", "defaults"),
    "inherited": ("继承自默认", "inherited from defaults"),
    "entered": ("进入次数", "entered"),
    "line": ("第 {} 行", "line {}"),
}

_STYLE = """
:root { color-scheme: light dark; --bg: light-dark(#f3f4f6, #111417); --surface: light-dark(#fff, #191d21);
  --line: light-dark(#dfe3e8, #2c323a); --ink: light-dark(#1a2028, #e7eaee); --soft: light-dark(#566170, #9ea9b5);
  --good: light-dark(#17703f, #55c98c); --good-wash: light-dark(#e6f4ec, #15291f);
  --bad: light-dark(#b3261e, #ff8a80); --bad-wash: light-dark(#fcebea, #33191a);
  --diagram-paper: light-dark(#fff, #191d21); --diagram-ink: light-dark(#1c2430, #e8edf4);
  --diagram-faint: light-dark(#5b6676, #a3afbf); --diagram-line: light-dark(#8d98a8, #6d7a8c);
  --diagram-good: light-dark(#23804a, #5cc98a); --diagram-danger: light-dark(#c02f2f, #ff8080); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; background: var(--bg); color: var(--ink);
  line-height: 1.5;
  font: .9375rem/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.125rem; margin: 0; } h3 { font-size: .9375rem;
  margin: 1.25rem 0 .5rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; margin-bottom: 1.5rem; }
header .languages { margin-left: auto; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: .375rem; padding: 1rem 1.25rem;
  margin: 1rem 0; }
.figures { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: center; }
.figures h2 { min-width: 9rem; }
.meter { display: flex; gap: .6rem; align-items: center; color: var(--soft); font-variant-numeric: tabular-nums; }
.bar { width: 9rem; height: .5rem; border-radius: .25rem; background: var(--bad-wash); border: 1px solid var(--line);
  overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--good); }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
code, .chip, td:first-child { font-family: ui-monospace, "DejaVu Sans Mono", "Noto Sans Mono", monospace;
  font-size: .8125rem; }
ul { margin: 0; padding-left: 1.1rem; } li { margin: .15rem 0; }
.scroll { overflow-x: auto; } .scroll svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .35rem .5rem .35rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; padding-right: 1rem; } td:nth-child(2) { color: var(--soft); white-space: nowrap;
  text-align: right; padding-right: 1rem; }
.chip { display: inline-block; border-radius: .25rem; padding: .05rem .4rem; margin: .1rem .25rem .1rem 0;
  border: 1px solid var(--line); }
.chip.good { background: var(--good-wash); border-color: transparent; } .chip.bad { background: var(--bad-wash);
  border-color: currentColor; }
.chip.soft { border-style: dashed; } .chip b { font-weight: 600; opacity: .75; }
details > summary { cursor: pointer; margin: 1.25rem 0 .5rem; font-weight: 600; }
.languages input { position: absolute; opacity: 0; } .languages label { cursor: pointer; padding: .15rem .5rem;
  border-radius: .25rem; color: var(--soft); }
.languages input:checked + label { background: var(--surface); color: var(--ink); outline: 1px solid var(--line); }
.languages input:focus-visible + label { outline: 2px solid var(--diagram-accent, #2456c8); }
body:has(#zh:checked) [lang=en], body:has(#en:checked) [lang=zh] { display: none; }
.languages [lang] { display: inline !important; }
"""


def page(coverages: Sequence[Coverage], results: Sequence[Result], draw: Draw) -> str:
    """The whole page."""
    failed = [result for result in results if not result.verdict.ok]
    passed = len(results) - len(failed)
    switch = "".join(
        f'<input type="radio" name="language" id="{code}"{" checked" if code == "zh" else ""}>'
        f'<label for="{code}" lang="{code}">{name}</label>'
        for code, name in LANGUAGES.items()
    )
    tone = "bad" if failed else "good"
    told = f"{passed} {_say('passed')}" + (f", {len(failed)} {_say('failed')}" if failed else "")
    counted = f'<span class="{tone}">{told}</span>'
    body = [f'<header><h1>{_say("title")}</h1>{counted}<span class="languages">{switch}</span></header>', *_failures(failed)]
    body += [_flow(one, draw) for one in coverages]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    whole = f"<head>{head}<title>Hotline</title><style>{_STYLE}</style></head>\n<body>{''.join(body)}</body>"
    return f'<!doctype html>\n<html lang="zh">{whole}</html>\n'


def _say(name: str, *values: object) -> str:
    zh, en = (text.format(*values) for text in _WORDS[name])
    return f'<span lang="zh">{escape(zh)}</span><span lang="en">{escape(en)}</span>'


def _failures(failed: Sequence[Result]) -> Iterator[str]:
    if failed:
        lines = "".join(
            f"<li><code>{escape(one.file)}:{one.verdict.place.line}</code> {escape(one.verdict.case.name)}: "
            f'<span class="bad">{escape(one.verdict.message)}</span></li>'
            for one in failed
        )
        yield f"<section><h2>{_say('failed')}</h2><ul>{lines}</ul></section>"


def _flow(one: Coverage, draw: Draw) -> str:
    states, points = len(one.flow.states), len(one.points)
    parts = [
        f'<div class="figures"><h2>{escape(one.flow.name)}</h2>',
        _meter("states", states - len(one.missed_states), states, one.states_percent),
        _meter("edges", points - len(one.missed), points, one.edges_percent),
        f'<span class="soft"><code>{escape(one.flow.file)}</code></span></div>',
        *_missing(one),
    ]
    drawn = {language: draw(one, language) for language in LANGUAGES}
    if any(drawn.values()):
        pictures = "".join(f'<div class="scroll" lang="{language}">{svg}</div>' for language, svg in drawn.items())
        parts.append(f"<details open><summary>{_say('diagram')}</summary>{pictures}</details>")
    rows = "".join([_defaults(one), *(_state(one, state) for state in one.flow.states.values())])
    parts.append(f"<details><summary>{_say('every_state')}</summary><table>{rows}</table></details>")
    return f'<section id="flow-{escape(one.flow.name)}">{"".join(parts)}</section>'


def _meter(name: str, part: int, whole: int, percent: float) -> str:
    tone = "good" if part == whole else "bad"
    return (
        f'<span class="meter"><span class="bar"><i style="width:{percent:g}%"></i></span>'
        f'<span class="{tone}">{percent:g} %</span> {part}/{whole} {_say(name)}</span>'
    )


def _missing(one: Coverage) -> Iterator[str]:
    if not one.missed and not one.missed_states:
        yield f'<p class="good">{_say("all")}</p>'
        return
    yield f"<h3>{_say('missing')}</h3><ul>"
    for state in one.missed_states:
        yield f"<li>{_say('line', state.place.line)} {_say('never_entered')}: <code>{escape(state.name)}</code></li>"
    for line, points in itertools.groupby(one.missed, lambda point: point.place.line):
        names = " ".join(f'<span class="chip bad">{escape(point.key)}</span>' for point in points)
        yield f"<li>{_say('line', line)} {_say('never_taken')}: {names}</li>"
    yield "</ul>"


def _state(one: Coverage, state: FlowState) -> str:
    times = one.states[state.name]
    own = _keys(one, state.name)
    chips = "".join(_chip(key, one.edges[f"{state.name} {key}"]) for key in own)
    others = sorted(key.partition(" ")[2] for key in one.edges if key.partition(" ")[0] == state.name)
    chips += "".join(_chip(key, one.edges[f"{state.name} {key}"], "soft") for key in others if key not in own)
    tone = "" if times else "bad"
    return f'<tr><td class="{tone}">{escape(state.name)}</td><td>{times or ""}</td><td>{chips}</td></tr>'


def _defaults(one: Coverage) -> str:
    missed = {point.key for point in one.missed}
    keys = [point.key for point in one.points if point.key.startswith(f"{DEFAULTS} ")]
    chips = "".join(f'<span class="chip {"bad" if key in missed else "good"}">{escape(key[2:])}</span>' for key in keys)
    return f"<tr><td>{_say('defaults')}</td><td></td><td>{chips}</td></tr>" if keys else ""


def _keys(one: Coverage, state: str) -> list[str]:
    """Keys of the edges that count in this state, in the order of the file."""
    found: list[Point] = [point for point in one.points if point.key.partition(" ")[0] == state]
    return [point.key.partition(" ")[2] for point in sorted(found)]


def _chip(key: str, times: int, tone: str = "") -> str:
    tone = tone or ("good" if times else "bad")
    return f'<span class="chip {tone}">{escape(key)}{f" <b>{times}</b>" if times else ""}</span>'
