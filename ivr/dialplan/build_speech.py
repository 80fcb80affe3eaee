"""What is spoken, from its YAML. Pure.

One item or a list of items. An item is a prompt's name; inline text by language; a value, `{amount: expression}`, of the kinds
in `reading.VALUES`; or `{prompt: name}` / `{text: {zh: .., en: ..}}` with `language` and `if`.
"""

from __future__ import annotations

import re

from ivr.dialplan.expression import Template
from ivr.dialplan.fields import Fields, template, torn_off
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, kind
from ivr.dialplan.problems import Findings
from ivr.dialplan.reading import VALUES
from ivr.dialplan.speech import Part, PromptPart, Speech, TextPart, ValuePart

_LONG = ("prompt", "text", *VALUES)
_NAME = re.compile(r"[A-Za-z][\w.-]{0,63}\Z", re.ASCII)


def speech(node: Node, findings: Findings, languages: tuple[str, ...]) -> Speech:
    """Everything that `node` says, in order; what is wrong is left out and reported."""
    items = node.items if isinstance(node, Sequence) else [node]
    parts = (_part(item, findings, languages) for item in items)
    return tuple(part for part in parts if part is not None)


def optional_speech(fields: Fields, name: str, languages: tuple[str, ...]) -> Speech:
    """What a key of a step says; nothing where it is not written."""
    node = fields.get(name)
    return () if node is None else speech(node, fields.findings, languages)


def _part(node: Node, findings: Findings, languages: tuple[str, ...]) -> Part | None:
    match node:
        case Scalar():
            return _prompt(node, findings, languages)
        case Mapping() if any(name in _LONG for name in node.entries):
            return _long(node, findings, languages)
        case Mapping():
            texts = _texts(node, findings, languages)
            return TextPart(texts, node.place) if texts else None
        case _:
            findings.error(
                node.place, "wrong-type", f"this cannot be spoken: {kind(node)}", "a prompt's name, or text by language"
            )
            return None


def _prompt(node: Scalar, findings: Findings, languages: tuple[str, ...]) -> PromptPart | None:
    if isinstance(node.value, str) and _NAME.match(node.text):
        return PromptPart(node.text, node.place)
    example = ", ".join(f"{language}: ..." for language in languages)
    findings.error(
        node.place, "not-a-prompt", f"`{node.text}` is no name of a prompt", f"write text by language: {{ {example} }}"
    )
    return None


def _long(node: Mapping, findings: Findings, languages: tuple[str, ...]) -> Part | None:
    fields = Fields(node, findings, "say", (*_LONG, "language", "if"))
    given = [name for name in _LONG if name in node.entries]
    if len(given) > 1:
        findings.error(node.place, "too-many", f"say one thing an item, not {' and '.join(given)}", "make it a list")
    language = fields.text("language")
    if language and language not in languages:
        findings.unknown(fields.node.entries["language"][1].place, "language", language, languages)
    when = fields.expression("if")
    name, inner = given[0], node.entries[given[0]][1]
    if name == "prompt":
        named = _prompt(inner, findings, languages) if isinstance(inner, Scalar) else None
        return None if named is None else PromptPart(named.name, named.place, language, when)
    if name == "text":
        texts = _texts(inner, findings, languages)
        return TextPart(texts, node.place, language, when) if texts else None
    value = fields.expression(name)
    return None if value is None else ValuePart(name, value, node.place, language, when)


def _texts(node: Node, findings: Findings, languages: tuple[str, ...]) -> dict[str, Template]:
    if not isinstance(node, Mapping):
        findings.error(
            node.place, "wrong-type", f"text must be given by language, this is {kind(node)}", "{ zh: ..., en: ... }"
        )
        return {}
    texts: dict[str, Template] = {}
    unknown = False
    for language, key, value in node.items():
        if language not in languages:
            known = (*languages, *_LONG)
            findings.unknown(key.place, "language", language, known, cure=torn_off(value))
            unknown = True
            continue
        compiled = template(value, findings)
        if compiled is not None:
            texts[language] = compiled
    for language in languages:
        if language not in node.entries and (texts or not unknown):
            findings.error(node.place, "missing-language", f"the text has no `{language}`", f"add `{language}: ...`")
    return texts
