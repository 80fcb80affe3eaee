"""`triggers:` from its YAML, in a flow or in a file that all flows share; every mistake with its place and a cure. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from ivr.dialplan import positions
from ivr.dialplan.durations import seconds
from ivr.dialplan.fields import Fields, word, words
from ivr.dialplan.positions import Node, Scalar, kind
from ivr.dialplan.problems import Findings, Place, nearest
from ivr.dialplan.schema_parts import DURATION, FLAG, NAME, TEXT, Schema, either, list_of, map_of, record
from ivr.dialplan.triggers import KINDS, SAID, SPEAKERS, Notice, Task, Trigger
from ivr.understanding.phrasing import MOST_FORMS, pieces

PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("sms", "email", "webhook")
KEYS = (
    *("kind", "like", "speaker", "tolerance", "sounds", "guard", "every", "within", "only"),
    *("task", "tag", "alert", "hint", "notify"),
)
TASK_KEYS = ("as", "kind", "subject", "due", "priority", "queue")
MOST = 100
"""Triggers of one flow."""
MOST_PHRASES = 300
"""Of one trigger in one language."""
LONGEST_PHRASE = 100
LONGEST_PATTERN = 600
"""Of a phrase with its choices."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*\Z")
_DAYS = re.compile(r"([1-9][0-9]{0,2})d\Z")
_CJK = re.compile(r"[㐀-鿿]")


def triggers(node: Node, findings: Findings, languages: Collection[str] | None) -> dict[str, Trigger]:
    """The triggers under `triggers`, by name. `languages` are the flow's, None for any."""
    from ivr.dialplan.triggers import built_in

    if not isinstance(node, positions.Mapping):
        cure = "triggers: { hesitation: , price: { zh: [太贵], en: [too expensive], tag: price } }"
        findings.error(node.place, "wrong-type", f"`triggers` must be a mapping, this is {kind(node)}", cure)
        return {}
    found = {}
    for number, (name, key, inner) in enumerate(node.items()):
        if number == MOST:
            findings.error(key.place, "too-many", f"more than {MOST} triggers", "keep those that somebody acts on")
            break
        if not re.fullmatch(r"[A-Za-z]\w{0,63}", name, re.ASCII):
            findings.error(key.place, "bad-name", f"`{name}` is no name of a trigger", "letters, digits and _, a letter first")
        found[name] = _trigger(name, key.place, inner, findings, languages, built_in())
    return found


def library(text: str) -> dict[str, Trigger]:
    """The built-in triggers. Raises ValueError where the file is wrong, which a test would see."""
    findings = Findings("triggers.yaml")
    root = positions.read(text, findings)
    found = {}
    for name, key, inner in root.items() if isinstance(root, positions.Mapping) else ():
        found[name] = _trigger(name, key.place, inner, findings, None, {})
    if findings.failed:
        raise ValueError(str(findings.problems[0]))
    return found


def _trigger(
    name: str,
    place: Place,
    node: Node,
    findings: Findings,
    languages: Collection[str] | None,
    known: Mapping[str, Trigger],
) -> Trigger:
    bare = isinstance(node, Scalar) and node.value is None
    if bare and name not in known and known:
        cure = f"`{name}: {{ zh: [...], en: [...], tag: {name} }}`, or one of those that come with the house"
        findings.unknown(place, "trigger", name, known, cure="" if _like_one(name, known) else cure)
    inside = positions.Mapping(node.place) if bare else node
    spoken = _spoken(inside, languages)
    foreign = _foreign(inside, spoken, findings)
    fields = Fields(inside, findings, "a trigger", (*KEYS, *spoken, *foreign))
    like = fields.text("like", name)
    if fields.get("like") is not None and like not in known:
        findings.unknown(fields.at("like"), "trigger", like, known)
    base = known.get(like, Trigger(name))
    given = _phrases(fields, spoken, findings)
    phrases = given if fields.flag("only", False) else _joined(base.phrases, given, languages)
    made = replace(_scalars(base, fields), name=name, phrases=phrases, place=place)
    made = _actions(made, fields, languages)
    _check(made, findings, bool(known) and not findings.failed)
    return made


def _like_one(name: str, known: Mapping[str, Trigger]) -> bool:
    return any(one.startswith(name[:3]) for one in known)


def _spoken(node: Node, languages: Collection[str] | None) -> tuple[str, ...]:
    """Keys that are languages: those of the flow, or whatever looks like one in a shared file."""
    if languages is not None:
        return tuple(languages)
    names = node.entries if isinstance(node, positions.Mapping) else {}
    return tuple(name for name in names if _LANGUAGE.match(name) and name not in KEYS)


def _foreign(node: Node, spoken: Collection[str], findings: Findings) -> tuple[str, ...]:
    """Languages that the flow does not speak, which are reported."""
    found = []
    for name, key, _ in node.items() if isinstance(node, positions.Mapping) else ():
        if len(name) == 2 and _LANGUAGE.match(name) and name not in (*KEYS, *spoken):
            findings.unknown(key.place, "language", name, spoken)
            found.append(name)
    return tuple(found)


def _phrases(fields: Fields, spoken: Collection[str], findings: Findings) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language in spoken:
        node = fields.get(language)
        if node is None:
            continue
        given = words(node, findings, "a phrase")
        if len(given) > MOST_PHRASES:
            findings.error(node.place, "too-many", f"more than {MOST_PHRASES} phrases", "keep those that people say")
        found[language] = tuple(text for text, place in given[:MOST_PHRASES] if usable(text, place, findings))
    return found


def usable(text: str, place: Place, findings: Findings) -> bool:
    """Whether a phrase can be waited for, in its shortest form; else its problem is told."""
    if len(text) > LONGEST_PATTERN:
        findings.error(place, "out-of-range", f"a phrase of {len(text)} characters", f"at most {LONGEST_PATTERN}")
        return False
    try:
        every = pieces(text)
    except ValueError as error:
        cure = f"`(think|mull) it over`: no bracket in another, {MOST_FORMS} phrases at most"
        findings.error(place, "bad-phrase", f"the phrase `{text}` has {error}", cure)
        return False
    return _sayable(" ".join(min(forms, key=len) for forms in every), place, findings)


def _sayable(text: str, place: Place, findings: Findings) -> bool:
    said = re.findall(r"[㐀-鿿]|[^\W_]+", text.casefold())
    if not said:
        findings.error(place, "empty-phrase", f"the phrase `{text}` has no words", "write what people say")
        return False
    chinese, letters = sum(1 for one in said if _CJK.match(one)), sum(len(one) for one in said)
    if (chinese == 1 and len(said) == 1) or (not chinese and letters < 3):
        cure = "two Chinese characters or three letters at least, better a whole expression"
        findings.error(place, "short-phrase", f"`{text}` is so short that it would be heard in everything", cure)
        return False
    if len(text) > LONGEST_PHRASE:
        findings.error(place, "out-of-range", f"a phrase of {len(text)} characters", f"at most {LONGEST_PHRASE}")
        return False
    return True


def _joined(
    base: Mapping[str, tuple[str, ...]], given: Mapping[str, tuple[str, ...]], languages: Collection[str] | None
) -> dict[str, tuple[str, ...]]:
    names = [*given, *(name for name in base if name not in given and (languages is None or name in languages))]
    return {name: tuple(dict.fromkeys((*base.get(name, ()), *given.get(name, ())))) for name in names}


def _scalars(base: Trigger, fields: Fields) -> Trigger:
    return replace(
        base,
        kind=one_of(fields, "kind", base.kind, KINDS),
        speaker=one_of(fields, "speaker", base.speaker, SPEAKERS),
        tolerance=_fraction(fields, "tolerance", base.tolerance),
        sounds=fields.flag("sounds", base.sounds),
        guard=fields.flag("guard", base.guard),
        cooldown=fields.duration("every", base.cooldown),
        within=fields.duration("within", base.within),
    )


def _actions(made: Trigger, fields: Fields, languages: Collection[str] | None) -> Trigger:
    changes: dict[str, Any] = {}
    if (node := fields.get("task")) is not None:
        changes["task"] = _task(node, made.task or Task(), fields.findings, languages)
    if (node := fields.get("tag")) is not None:
        changes["tags"] = tuple(text for text, _ in words(node, fields.findings, "a tag") if text)
    if fields.get("alert") is not None:
        changes["alert"] = fields.flag("alert", False)
    if (node := fields.get("hint")) is not None:
        changes["hint"] = texts(node, fields.findings, languages)
    if (node := fields.get("notify")) is not None:
        changes["notice"] = _notice(node, fields.findings, languages)
    return replace(made, **changes)


def _task(node: Node, base: Task, findings: Findings, languages: Collection[str] | None) -> Task | None:
    """`true`, `false`, or what the task is to be; what is not written is as `base` has it."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return base if node.value else None
    fields = Fields(node, findings, "a task", TASK_KEYS)
    subject, due = fields.get("subject"), fields.get("due")
    text = "" if due is None else word(due, findings, "`due`")
    when: dict[str, Any] = (
        {} if due is None else {"said": text == SAID, "due": 0.0 if text == SAID else _due(due, text, findings)}
    )
    return replace(
        base,
        by=one_of(fields, "as", base.by, ("ticket", "callback")),
        kind=fields.text("kind", base.kind),
        subject=base.subject if subject is None else texts(subject, findings, languages),
        priority=one_of(fields, "priority", base.priority, PRIORITIES),
        queue=fields.text("queue", base.queue),
        **when,
    )


def _due(node: Node, text: str, findings: Findings) -> float:
    if days := _DAYS.match(text):
        return int(days[1]) * 86400.0
    try:
        return seconds(text)
    except ValueError as error:
        cure = f"{error}; days: 3d; or `{SAID}`, the date that was said"
        findings.error(node.place, "bad-duration", f"`due` is no duration: `{text}`", cure)
        return 0.0


def _notice(node: Node, findings: Findings, languages: Collection[str] | None) -> Notice:
    fields = Fields(node, findings, "notify", ("by", "to", "subject", "text"))
    fields.need("by", "by: sms, email or webhook")
    by, text = one_of(fields, "by", "webhook", CHANNELS), fields.get("text")
    if by != "webhook":
        fields.need("to", "to: the number or address that it goes to")
    return Notice(by, fields.text("to"), {} if text is None else texts(text, findings, languages), fields.text("subject"))


def texts(node: Node, findings: Findings, languages: Collection[str] | None) -> dict[str, str]:
    """Text for people by language; one text alone is that of all of them."""
    if isinstance(node, Scalar):
        text = word(node, findings, "the text")
        return dict.fromkeys(languages or ("zh", "en"), text) if text else {}
    fields = Fields(node, findings, "a text", _spoken(node, languages) if languages is None else languages)
    return {name: fields.text(name) for name in fields.node.entries if fields.text(name)}


def one_of(fields: Fields, name: str, default: str, known: Collection[str]) -> str:
    """One of some words; `default` where it is not written, or is none of them."""
    found = fields.text(name, default)
    if found not in known and fields.get(name) is not None:
        message = f"`{name}` of {fields.what} is `{found}`"
        fields.findings.error(fields.at(name), "unknown-choice", message, nearest(found, known))
        return default
    return found


def _fraction(fields: Fields, name: str, default: float) -> float:
    node = fields.get(name)
    if node is None:
        return default
    found = node.value if isinstance(node, Scalar) else None
    if isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found <= 0.5:
        return float(found)
    fields.findings.error(node.place, "out-of-range", f"`{name}` must be a number from 0 to 0.5", f"{name}: 0.25")
    return default


def _check(made: Trigger, findings: Findings, whole: bool) -> None:
    """What can be told of a trigger that is right as far as it goes."""
    if not whole:
        return
    if not any(made.phrases.values()):
        message = f"the trigger `{made.name}` waits for nothing"
        findings.error(made.place, "empty-phrase", message, f"{made.name}: {{ zh: [...], en: [...] }}")
    if (made.kind == "compliance") != bool(made.within):
        message = f"`{made.name}`: a line that must be said has `kind: compliance` and the time for it, `within`"
        findings.error(made.place, "missing-key", message, "kind: compliance, speaker: agent, within: 30s, hint: {...}")
    if not made.did:
        cure = "give it a task, a tag, an alert, a hint or a message"
        findings.warn(made.place, "idle-trigger", f"nothing is done when `{made.name}` is said", cure)


def check_triggers(found: Mapping[str, Trigger], findings: Findings, channels: Collection[str] | None) -> None:
    """Report messages that nothing carries. `channels` are those of the settings, None where they are not known."""
    for one in found.values():
        if one.notice is not None and channels is not None and one.notice.by not in channels:
            message = f"nothing leaves the house by {one.notice.by}: the setting `notices.{one.notice.by}` is empty"
            findings.warn(one.place, "no-channel", message, "set it; messages stay in the outbox as failed until then")


def schema() -> Schema:
    """Of `triggers:`."""
    text = either(TEXT, map_of(TEXT))
    due = {"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d)|said)$", "description": "2h, 3d, said"}
    task = {
        "as": {"enum": ["ticket", "callback"]},
        "kind": TEXT,
        "subject": text,
        "due": due,
        "priority": {"enum": list(PRIORITIES)},
        "queue": TEXT,
    }
    notice = {"by": {"enum": list(CHANNELS)}, "to": TEXT, "subject": TEXT, "text": text}
    keys = {
        "kind": {"enum": list(KINDS)},
        "like": NAME,
        "speaker": {"enum": list(SPEAKERS)},
        "tolerance": {"type": "number", "minimum": 0, "maximum": 0.5},
        "sounds": FLAG,
        "guard": FLAG,
        "every": DURATION,
        "within": DURATION,
        "only": FLAG,
        "task": either(FLAG, record(task)),
        "tag": either(TEXT, list_of(TEXT)),
        "alert": FLAG,
        "hint": text,
        "notify": record(notice, ("by",)),
    }
    one = record(keys, (), Trigger, additionalProperties=either(TEXT, list_of(TEXT)))
    return map_of(either({"type": "null"}, one))
