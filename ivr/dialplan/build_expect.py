"""What a question expects, from its YAML: types with their bounds, choices, lists of phrases. Pure but for files of phrases."""

from __future__ import annotations

import re
from pathlib import Path

import phonenumbers

from ivr.dialplan.expect import LONGEST_PHRASE, MOST_PHRASES, YES_NO, Choice, Expect, PhraseList, Typed
from ivr.dialplan.fields import Fields, template, word, words
from ivr.dialplan.kinds import Schema, Site
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence
from ivr.dialplan.schema_parts import NAME, TEXT, either, list_of, map_of, record
from ivr.dialplan.slots import KINDS, SlotType

TYPES = tuple(name for name in KINDS if name not in (YES_NO, "choice"))
TYPE_KEYS = ("type", "min", "max", "when", "region", "terminator", "choices")
MOST_BYTES = 64 * 1024
_CURE = "yes_no, a type such as digits, amount or date, { type: amount, min: 1, max: 500 } or { choice: [intent, ...] }"
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\Z")
_LENGTHS = {"digits": (1, 64, 32), "text": (1, 300, None)}
"""Least and most length of a type, and the most where nothing is written."""


def expect(node: Node | None, site: Site) -> Expect:
    """What `expect` says; mistakes go to `site.findings`."""
    match node:
        case None:
            return None
        case Scalar(value="yes_no"):
            return YES_NO  # type: ignore[return-value]
        case Scalar() if node.text in TYPES:
            return Typed(_bounded(node.text))
        case Mapping() if "type" in node.entries:
            return typed(Fields(node, site.findings, "expect", TYPE_KEYS), site)
        case Mapping() if len(node.entries) == 1 and "digits" in node.entries:
            fields = Fields(node.entries["digits"][1], site.findings, "digits", ("min", "max", "terminator"))
            return Typed(_lengths("digits", fields), _terminator(fields))
        case Mapping() if len(node.entries) == 1 and "choice" in node.entries:
            return _choice(node.entries["choice"][1], site)
        case _:
            site.findings.error(node.place, "bad-expect", "this cannot be expected", _CURE)
            return None


def typed(fields: Fields, site: Site, default: str = "") -> Expect:
    """What the keys `type`, `min`, `max`, `when`, `region`, `terminator` and `choices` of a mapping say."""
    node = fields.get("type")
    name = fields.text("type", default)
    if name == "choice":
        choices = fields.need("choices", "choices: [intent, ...]")
        return Choice(()) if choices is None else _choice(choices, site)
    if name == YES_NO:
        return YES_NO  # type: ignore[return-value]
    if name not in TYPES:
        if name or node is not None:
            place = fields.place if node is None else node.place
            site.findings.unknown(place, "type", name, (*TYPES, YES_NO, "choice"))
        return None
    for key in ("choices", *(() if KINDS[name].limits else ("min", "max")), *(() if "date" in name else ("when",))):
        if key in fields.node.entries:
            place = fields.node.entries[key][0].place
            site.findings.error(place, "dead-option", f"`{key}` means nothing for the type `{name}`", "remove it")
    return Typed(_slot(name, fields), _terminator(fields))


def _choice(node: Node, site: Site) -> Choice:
    named = words(node, site.findings, "an intent")
    return Choice(tuple(name for name, _ in named), tuple(place for _, place in named))


def _bounded(name: str) -> SlotType:
    return SlotType(name, *((1, 32) if name == "digits" else ()))


def _slot(name: str, fields: Fields) -> SlotType:
    if name in _LENGTHS:
        return _lengths(name, fields)
    when = fields.text("when")
    if when not in ("", "past", "future"):
        fields.findings.unknown(fields.node.entries["when"][1].place, "value of when", when, ("past", "future"))
        when = ""
    region = fields.text("region", "CN")
    if region not in phonenumbers.SUPPORTED_REGIONS:
        fields.findings.unknown(fields.place, "region", region, phonenumbers.SUPPORTED_REGIONS)
        region = "CN"
    clock = KINDS[name].limits == "clock"
    least, most = (_clock(fields, key) if clock else fields.number(key, None) for key in ("min", "max"))
    if least is not None and most is not None and least > most:
        fields.findings.error(fields.place, "out-of-range", f"`min` is above `max` for `{name}`", "swap them")
        least, most = most, least
    return SlotType(name, least, most, when, region)


def _lengths(name: str, fields: Fields) -> SlotType:
    low, high, usual = _LENGTHS[name]
    least = fields.whole("min", low, low, high)
    most = fields.whole("max", usual or high, low, high)
    if least > most:
        fields.findings.error(fields.place, "out-of-range", f"min {least} is above max {most}", "swap them")
    return SlotType(name, min(least, most), most)


def _clock(fields: Fields, name: str) -> float | None:
    node = fields.get(name)
    if node is None:
        return None
    found = _CLOCK.match(node.text) if isinstance(node, Scalar) else None
    if found is None:
        fields.findings.error(node.place, "wrong-type", f"`{name}` must be a time of day", f'{name}: "09:00"')
        return None
    return float(int(found[1]) * 60 + int(found[2]))


def _terminator(fields: Fields) -> str:
    terminator = fields.text("terminator", "#") if fields.get("terminator") is not None else "#"
    if terminator not in ("#", "*", "none"):
        fields.findings.error(fields.place, "bad-key", f"`{terminator}` cannot end a number", 'terminator: "#", "*" or none')
    return "" if terminator == "none" else terminator


# --- lists of phrases


def phrase_list(node: Node | None, site: Site) -> PhraseList | None:
    """`[text, ...]`, `{ zh: [text, ...], en: { text: value } }`, `{ file: name }`, or one `"{expression}"`."""
    match node:
        case None:
            return None
        case Scalar() if "{" in node.text:
            computed = template(node, site.findings)
            if computed is not None and (len(computed.parts) != 1 or computed.fixed is not None):
                site.findings.error(node.place, "bad-expression", "a list is one expression", 'phrases: "{profile.products}"')
            return PhraseList(computed=computed)
        case Mapping() if "file" not in node.entries:
            return PhraseList(_by_language(node, site))
        case _:
            pairs = _pairs(node, site)
            return PhraseList(dict.fromkeys(site.languages, pairs))


def _by_language(node: Mapping, site: Site) -> dict[str, tuple[tuple[str, str], ...]]:
    found = {}
    for language, key, inner in node.items():
        if language not in site.languages:
            site.findings.unknown(key.place, "language", language, (*site.languages, "file"))
        else:
            found[language] = _pairs(inner, site)
    for language in site.languages:
        if language not in node.entries:
            message = f"the phrases have no `{language}`"
            site.findings.error(node.place, "missing-language", message, f"add `{language}: [...]`")
    return found


def _pairs(node: Node, site: Site) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    if isinstance(node, Mapping) and set(node.entries) == {"file"}:
        pairs = _file(node.entries["file"][1], site)
    elif isinstance(node, Mapping):
        pairs = [(text, word(value, site.findings, f"the value of `{text}`")) for text, _, value in node.items()]
    elif isinstance(node, Sequence | Scalar):
        pairs = [(text, text) for text, _ in words(node, site.findings, "a phrase")]
    if len(pairs) > MOST_PHRASES:
        site.findings.error(node.place, "too-many", f"{len(pairs)} phrases; {MOST_PHRASES} are the most", "look it up instead")
    for text, _ in pairs:
        if not text.strip() or len(text) > LONGEST_PHRASE:
            message = f"no caller says a phrase of {len(text)} characters"
            site.findings.error(node.place, "bad-phrase", message, f"1 to {LONGEST_PHRASE} characters")
    return tuple(pairs[:MOST_PHRASES])


def _file(node: Node, site: Site) -> list[tuple[str, str]]:
    """The phrases of a file beside the flow: one a line, `text` or `text = value`, `#` before a note."""
    name = word(node, site.findings, "`file`")
    folder = Path(site.findings.file).parent.resolve()
    path = (folder / name).resolve()
    if not name or not path.is_relative_to(folder):
        site.findings.error(node.place, "unknown-file", f"`{name}` is not beside the flow", "phrases/cities.txt")
        return []
    try:
        with path.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
        lines = text.decode("utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        site.findings.error(node.place, "unknown-file", f"`{name}` cannot be read: {reason}", f"put it into {folder.name}/")
        return []
    if len(text) > MOST_BYTES:
        site.findings.error(node.place, "too-big", f"`{name}` has more than {MOST_BYTES // 1024} KiB", "look it up instead")
        return []
    pairs = []
    for line in lines:
        said, _, value = line.partition("#")[0].partition("=")
        if said.strip():
            pairs.append((said.strip(), value.strip() or said.strip()))
    return pairs


# --- schema


def type_schema() -> Schema:
    """Properties of a mapping that says a type."""
    either_number = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"}]}
    return {
        "type": {"enum": [*TYPES, YES_NO, "choice"]},
        "min": {**either_number, "description": "Digits or characters, a number, or a time of day."},
        "max": either_number,
        "when": {"enum": ["past", "future"]},
        "region": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "terminator": {"enum": ["#", "*", "none"]},
        "choices": list_of(NAME),
    }


def expect_schema() -> Schema:
    """JSON Schema of `expect`."""
    count = {"type": "integer", "minimum": 1, "maximum": 64}
    digits = record({"min": count, "max": count, "terminator": {"enum": ["#", "*", "none"]}})
    choice = {"type": "array", "items": NAME, "description": Choice.__doc__}
    return either(
        {"enum": [YES_NO, *TYPES]},
        record(type_schema(), ("type",), Typed),
        record({"digits": digits}, ("digits",)),
        record({"choice": choice}, ("choice",)),
    )


def phrases_schema() -> Schema:
    """JSON Schema of `phrases`."""
    file = record({"file": TEXT}, ("file",))
    one = either(list_of(TEXT), map_of(TEXT), file)
    return either(TEXT, list_of(TEXT), file, map_of(one), of=PhraseList)
