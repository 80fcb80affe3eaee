"""A handover as a page that a person reads: no script, nothing from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_WORDS = {
    "en": ("Handed over", "Summary", "Wants", "Mood", "Note", "Known", "Customer", "Conversation", "{} turns are left out"),
    "zh": ("转接信息", "摘要", "诉求", "情绪", "备注", "已知信息", "客户", "对话", "略去 {} 条"),
}
_SPEAKERS = {
    "en": {"caller": "Caller", "bot": "Bot", "agent": "Agent"},
    "zh": {"caller": "来电人", "bot": "机器人", "agent": "坐席"},
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1c2330}"
    "h1{font-size:1.3rem}h2{font-size:1rem;margin:1.4rem 0 .3rem}dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem}"
    "dt{color:#5b6577}dd{margin:0;overflow-wrap:anywhere}li{margin:.2rem 0}ol{padding-left:0;list-style:none}b{color:#5b6577}"
)


def page_of(found: Mapping[str, Any]) -> str:
    """HTML of a document, in Chinese for a caller who speaks it, else in English. Every text in it is escaped."""
    language = "zh" if found["contact"]["language"].startswith("zh") else "en"
    title, summary, wants, mood, note, known, customer, talk, left_out = _WORDS[language]
    caller, intent = found["caller"], found["intent"]
    about = {wants: intent["name"] if intent else "", mood: found["mood"]["label"], note: found["note"]}
    parts = [
        f"<h1>{escape(title)} · {escape(caller['name'] or caller['number'] or found['contact']['id'])}</h1>",
        f"<h2>{escape(summary)}</h2><p>{escape(found['summary'])}</p>" if found["summary"] else "",
        _list({"☎": caller["number"], **about}),
        _section(known, {**found["slots"], **found["facts"], **found["signalling"]}),
        _section(customer, found["profile"]),
        f"<h2>{escape(talk)}</h2>",
        f"<p>{escape(left_out.format(found['left_out']['turns']))}</p>" if found["left_out"]["turns"] else "",
        f"<ol>{''.join(_said(turn, language) for turn in found['turns'])}</ol>",
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f'<!doctype html><html lang="{language}"><head>{head}<style>{_STYLE}</style></head><body>{"".join(parts)}</body></html>'
    )


def _section(title: str, values: Mapping[str, Any]) -> str:
    return f"<h2>{escape(title)}</h2>{_list(values)}" if values else ""


def _list(values: Mapping[str, Any]) -> str:
    rows = (
        f"<dt>{escape(str(name))}</dt><dd>{escape(_text(one))}</dd>" for name, one in values.items() if one not in ("", None)
    )
    return f"<dl>{''.join(rows)}</dl>"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(one)}" for name, one in value.items())
    return "; ".join(map(_text, value)) if isinstance(value, list) else str(value)


def _said(turn: Mapping[str, Any], language: str) -> str:
    return f"<li><b>{_SPEAKERS[language][turn['speaker']]}</b> {escape(turn['text'])}</li>"
