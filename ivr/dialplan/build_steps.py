"""Steps from their YAML: one small function a step, found by its name in `INSTANT` and `WAITING`. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ivr.dialplan import build_calls
from ivr.dialplan.build_speech import speech
from ivr.dialplan.expression import Template, compile_template
from ivr.dialplan.fields import Fields, duration, expression, integer, template, word, words
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, kind
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.steps import (
    Announce,
    AnswerStep,
    AskStep,
    Choice,
    Digits,
    EnqueueStep,
    Expect,
    Instant,
    MenuStep,
    PlayStep,
    SayStep,
    SetStep,
    SpeakStep,
    Speech,
    TagStep,
    Waiting,
    WaitStep,
)

Languages = tuple[str, ...]
_READ = {"true": "always", "always": "always", "false": "never", "never": "never", "retry": "retry"}


def _answer(node: Node, findings: Findings, languages: Languages) -> Instant:
    if not isinstance(node, Scalar) or node.value not in (None, True):
        findings.error(node.place, "wrong-type", "`answer` takes nothing", "write `- answer`")
    return AnswerStep()


def _say(node: Node, findings: Findings, languages: Languages) -> Instant:
    return SayStep(speech(node, findings, languages))


def assignments(node: Node, findings: Findings, languages: Languages) -> tuple[dict[str, Template], Template | None]:
    """What a `set` remembers, and the language that it changes to."""
    values: dict[str, Template] = {}
    if not isinstance(node, Mapping):
        findings.error(node.place, "wrong-type", f"`set` must be a mapping, this is {kind(node)}", "set: { name: value }")
        return {}, None
    for name, key, inner in node.items():
        if not name.isidentifier():
            findings.error(key.place, "bad-name", f"`{name}` is no name of a variable", "letters, digits and _")
            continue
        compiled = _value(inner, findings)
        if compiled is not None:
            values[name] = compiled
    return values, None


def _value(node: Node, findings: Findings) -> Template | None:
    """A literal or `{expression}`; numbers, true, false and null keep their type as an expression of themselves."""
    if isinstance(node, Scalar) and not isinstance(node.value, str):
        literal = "null" if node.value is None else str(node.value).lower()
        return compile_template("{" + literal + "}", node.place)
    return template(node, findings)


def _set(node: Node, findings: Findings, languages: Languages) -> Instant:
    values, _ = assignments(node, findings, languages)
    return SetStep(values)


def language_of(node: Node, findings: Findings, languages: Languages) -> Template | None:
    compiled = template(node, findings)
    if compiled is not None and compiled.fixed is not None and compiled.fixed not in languages:
        findings.unknown(node.place, "language", compiled.fixed, languages)
    return compiled


def _language(node: Node, findings: Findings, languages: Languages) -> Instant:
    return SetStep({}, language_of(node, findings, languages))


def _tag(node: Node, findings: Findings, languages: Languages) -> Instant:
    return TagStep(template(node, findings) or Template("", node.place, ()))


def _barge_in(fields: Fields) -> float | None:
    node = fields.get("barge_in")
    if node is None or (isinstance(node, Scalar) and node.value is True):
        return 0.3
    if isinstance(node, Scalar) and node.value is False:
        return None
    return Fields(node, fields.findings, "barge_in", ("after",)).duration("after", 0.3)


def _optional_speech(fields: Fields, name: str, languages: Languages) -> Speech:
    node = fields.get(name)
    return () if node is None else speech(node, fields.findings, languages)


def _ask(node: Node, findings: Findings, languages: Languages) -> Waiting:
    allowed = ("say", "expect", "hint", "into", "timeout", "between_keys", "patience", "barge_in")
    fields = Fields(node, findings, "ask", allowed)
    fields.need("say", "say what is asked")
    return AskStep(
        speech=_optional_speech(fields, "say", languages),
        expect=_expect(fields.get("expect"), findings),
        place=node.place,
        hint=_optional_speech(fields, "hint", languages),
        into=fields.text("into"),
        timeout=fields.duration("timeout", 6.0),
        between_keys=fields.duration("between_keys", 3.0),
        patience=fields.duration("patience", 0.4),
        barge_in=_barge_in(fields),
    )


def _expect(node: Node | None, findings: Findings) -> Expect:
    cure = "yes_no, digits, { digits: { min: 4, max: 11 } } or { choice: [intent, ...] }"
    match node:
        case None:
            return None
        case Scalar(value="yes_no"):
            return "yes_no"
        case Scalar(value="digits"):
            return Digits()
        case Mapping() if len(node.entries) == 1 and "digits" in node.entries:
            return _digits(Fields(node.entries["digits"][1], findings, "digits", ("min", "max", "terminator")))
        case Mapping() if len(node.entries) == 1 and "choice" in node.entries:
            named = words(node.entries["choice"][1], findings, "an intent")
            return Choice(tuple(name for name, _ in named), tuple(place for _, place in named))
        case _:
            findings.error(node.place, "bad-expect", "this cannot be expected", cure)
            return None


def _digits(fields: Fields) -> Digits:
    least, most = fields.whole("min", 1, 1, 64), fields.whole("max", 32, 1, 64)
    terminator = fields.text("terminator", "#") if fields.get("terminator") is not None else "#"
    if terminator not in ("#", "*", "none"):
        fields.findings.error(fields.place, "bad-key", f"`{terminator}` cannot end a number", 'terminator: "#", "*" or none')
    if least > most:
        fields.findings.error(fields.place, "out-of-range", f"min {least} is above max {most}", "swap them")
    return Digits(min(least, most), most, "" if terminator == "none" else terminator)


def _menu(node: Node, findings: Findings, languages: Languages) -> Waiting:
    fields = Fields(node, findings, "menu", ("say", "options", "hint", "read", "into", "timeout", "patience", "barge_in"))
    options = fields.need("options", "options: [intent, ...], keys 1..n follow their order")
    names = words(options, findings, "an option") if options is not None else ()
    if len(names) > 9:
        findings.error(names[9][1], "too-many", "a menu has nine keys", "make a second menu; people remember five")
    read = fields.text("read", "retry")
    if read not in _READ:
        findings.unknown(fields.place, "value of read", read, ("true", "false", "retry"))
    return MenuStep(
        speech=_optional_speech(fields, "say", languages),
        options=tuple(name for name, _ in names[:9]),
        place=node.place,
        places=tuple(place for _, place in names[:9]),
        hint=_optional_speech(fields, "hint", languages),
        read=_READ.get(read, "retry"),  # type: ignore[arg-type]
        into=fields.text("into"),
        timeout=fields.duration("timeout", 6.0),
        patience=fields.duration("patience", 0.4),
        barge_in=_barge_in(fields),
    )


def _speak(node: Node, findings: Findings, languages: Languages) -> Waiting:
    return SpeakStep(speech(node, findings, languages), node.place)


def _play(node: Node, findings: Findings, languages: Languages) -> Waiting:
    empty = Template("", node.place, ())
    if isinstance(node, Scalar):
        return PlayStep(template(node, findings) or empty, node.place)
    fields = Fields(node, findings, "play", ("name", "repeat", "answer"))
    fields.need("name", "name: the recording")
    name = fields.template("name") or empty
    return PlayStep(name, node.place, fields.flag("repeat", False), fields.flag("answer", True))


def _wait(node: Node, findings: Findings, languages: Languages) -> Waiting:
    if isinstance(node, Scalar):
        return WaitStep(duration(node, findings, "`wait`", 1.0), node.place)
    fields = Fields(node, findings, "wait", ("for",))
    fields.need("for", "for: 10s")
    return WaitStep(fields.duration("for", 1.0), node.place)


def _enqueue(node: Node, findings: Findings, languages: Languages) -> Waiting:
    fields = Fields(node, findings, "enqueue", ("queue", "need", "priority", "music", "announce", "max_wait"))
    fields.need("queue", "queue: name")
    priority = fields.get("priority")
    return EnqueueStep(
        queue=fields.template("queue") or Template("", node.place, ()),
        place=node.place,
        needs=_needs(fields),
        need_places=_need_places(fields.get("need")),
        priority=None if priority is None else expression(priority, findings),
        music=fields.text("music", "music"),
        announce=_announce(fields.get("announce"), findings, languages),
        max_wait=fields.duration("max_wait", 0.0),
    )


def _needs(fields: Fields) -> dict[str, int]:
    node = fields.get("need")
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        fields.findings.error(node.place, "wrong-type", f"`need` must be a mapping, this is {kind(node)}", "need: { skill: 3 }")
        return {}
    return {name: integer(level, fields.findings, f"the level of `{name}`", 1, 1, 10) for name, _, level in node.items()}


def _need_places(node: Node | None) -> dict[str, Place]:
    return {name: key.place for name, key, _ in node.items()} if isinstance(node, Mapping) else {}


def _announce(node: Node | None, findings: Findings, languages: Languages) -> Announce | None:
    if node is None:
        return None
    fields = Fields(node, findings, "announce", ("every", "say", "first"))
    fields.need("say", "say: [position_is, { number: queue.position }]")
    spoken = _optional_speech(fields, "say", languages)
    return Announce(max(fields.duration("every", 30.0), 5.0), spoken, _optional_speech(fields, "first", languages))


INSTANT: dict[str, Callable[[Node, Findings, Languages], Instant]] = {
    "answer": _answer,
    "say": _say,
    "set": _set,
    "language": _language,
    "tag": _tag,
    "progress": build_calls.progress,
    "record": build_calls.record,
}
WAITING: dict[str, Callable[[Node, Findings, Languages], Waiting]] = {
    "ask": _ask,
    "menu": _menu,
    "say": _speak,
    "play": _play,
    "wait": _wait,
    "enqueue": _enqueue,
    "bridge": build_calls.bridge,
    "transfer": build_calls.transfer,
    "park": build_calls.park,
}


def instants(node: Node, findings: Findings, languages: Languages) -> tuple[Instant, ...]:
    """The steps of `do`; a step without arguments is its bare name."""
    items = node.items if isinstance(node, Sequence) else [node]
    return tuple(step for step in (_instant(item, findings, languages) for item in items) if step is not None)


def _instant(node: Node, findings: Findings, languages: Languages) -> Instant | None:
    if isinstance(node, Mapping) and len(node.entries) == 1:
        [(name, key, inner)] = node.items()
        place = key.place
    else:
        name, inner, place = word(node, findings, "a step"), Scalar(None, "", node.place), node.place
    build = INSTANT.get(name)
    if build is not None:
        return build(inner, findings, languages)
    if name in WAITING:
        findings.error(place, "waits", f"`{name}` waits, so it cannot stand in `do`", "make it the step of the state")
    elif name:
        findings.unknown(place, "step", name, INSTANT)
    return None
