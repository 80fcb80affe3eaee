"""What the roots of expressions hold: names and types, as far as anybody can know before a call. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from ivr.call import Call, Caller
from ivr.dialplan.environment import Environment


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value; ANY where it is not known."""

    kind: str
    """`any null bool int double number text bytes list map moment span`; a number is an int or a double."""
    fields: Mapping[str, Type] | None = None
    """Of a map: its names; None where any may be there."""
    item: Type | None = None
    """Of a list."""
    values: frozenset[str] | None = None
    """Of text: all that it can be; None for anything."""


ANY = Type("any")
NULL = Type("null")
BOOL = Type("bool")
INT = Type("int")
DOUBLE = Type("double")
NUMBER = Type("number")
TEXT = Type("text")
TEXTS = Type("list", item=TEXT)
FREE = Type("map")
WORDS = {
    "null": "null",
    "bool": "true or false",
    "int": "a number",
    "double": "a number",
    "number": "a number",
    "text": "text",
    "bytes": "bytes",
    "list": "a list",
    "map": "a group of names",
    "moment": "a point in time",
    "span": "a duration",
}
NUMBERS = frozenset({"int", "double", "number"})

TIME = Type("map", {**dict.fromkeys(("hour", "minute", "weekday", "day", "month", "year", "epoch"), INT), "date": TEXT})
OPENING = Type(
    "map",
    {"open": BOOL, "closes_in": INT, "closes_at": TEXT, "opens_in": INT, "opens_at": TEXT, "holiday": TEXT},
)
QUEUE = Type(
    "map",
    {"position": INT, "size": INT, "waited": NUMBER, "outcome": TEXT, "told": NUMBER, "estimated_wait": NUMBER},
)
ASR = Type("map", {"available": BOOL, "languages": TEXTS})
MOOD = Type("text", values=frozenset({"", "calm", "tense", "angry"}))
TREND = Type("text", values=frozenset({"", "rising", "falling", "steady"}))
_OF_FIELDS = {"str": TEXT, "bool": BOOL, "float": NUMBER, "int": INT}


def joined(types: Collection[Type]) -> Type:
    """What fits all of them."""
    found: Type | None = None
    for one in types:
        found = one if found is None else _both(found, one)
    return found or ANY


def _both(one: Type, other: Type) -> Type:
    if one == other or other.kind == "null":
        return one
    if one.kind == "null":
        return other
    if one.kind in NUMBERS and other.kind in NUMBERS:
        return one if one.kind == other.kind else NUMBER
    if one.kind != other.kind:
        return ANY
    if one.kind == "text":
        return Type("text", values=None if one.values is None or other.values is None else one.values | other.values)
    return Type(one.kind)


def of_data(value: object) -> Type:
    """The type of plain data."""
    match value:
        case None:
            return ANY
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return DOUBLE
        case str():
            return TEXT
        case Mapping():
            return Type("map", {str(name): of_data(inner) for name, inner in value.items()})
        case list() | tuple():
            return Type("list", item=joined([of_data(inner) for inner in value]) if value else ANY)
        case _:
            return ANY


def roots(languages: Collection[str], intents: Collection[str], environment: Environment | None) -> dict[str, Type]:
    """Every root but `vars` and `slots`. Without an environment its names are not known and so not checked."""
    spoken, wished = frozenset({"", *languages}), frozenset({"", "agent", "yes", "no", *intents})
    own = {"tags": TEXTS, "intent": Type("text", values=wished), "attempt": INT, "flow": TEXT}
    call = {**_fields(Call), **own, "language": Type("text", values=spoken)}
    for hidden in ("profile", "slots", "turns"):
        call.pop(hidden, None)
    caller = Type("map", {**_fields(Caller), "user": TEXT})
    return {
        "time": TIME,
        "queue": QUEUE,
        "asr": ASR,
        "mood": MOOD,
        "mood_level": NUMBER,
        "mood_trend": TREND,
        "caller": caller,
        "call": Type("map", {**call, "caller": caller}),
        "hours": _hours(environment),
        "flags": Type("map", item=BOOL) if environment is None else Type("map", dict.fromkeys(environment.flags, BOOL)),
        "env": FREE if environment is None else of_data(environment.values),
        "profile": FREE,
        "result": FREE,
    }


def _hours(environment: Environment | None) -> Type:
    return Type("map", item=OPENING) if environment is None else Type("map", dict.fromkeys(environment.hours, OPENING))


def _fields(kind: type[Call] | type[Caller]) -> dict[str, Type]:
    return {one.name: _OF_FIELDS.get(str(one.type), ANY) for one in fields(kind)}
