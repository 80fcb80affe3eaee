"""The header `profile` of a flow: whose data is asked for, how long a call waits, what stands for an unknown caller. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivr.call import IDENTITIES
from ivr.dialplan import positions
from ivr.dialplan.fields import Fields, words
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.schema_parts import DURATION, NAME, Schema, either, map_of, record

if TYPE_CHECKING:
    from ivr.dialplan.lint import Surroundings

KEYS = ("lookup", "by", "within", "otherwise")
ANONYMOUS = "anonymous"
PROFILE = "profile"
"""The operation that a source is asked for."""
LONGEST = 10.0
"""Seconds that callers may be made to wait."""

Plain = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ProfileWish:
    """What is read of a caller before the flow begins: `anonymous` for nothing, or keys.

    `lookup`: the sources that are asked, of the settings (`profiles`, `sources`); all of `profiles` without it. `by`: what
    stands for the caller, such as `caller.number`. `within`: how long the call waits; what has come by then is the profile.
    `otherwise`: `anonymous`, or fields for what no source gives.
    """

    lookup: tuple[str, ...] | None = None
    """None: as the settings say; empty: nothing is asked."""
    by: str = ""
    within: float | None = None
    """Seconds."""
    otherwise: Mapping[str, Plain] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    """Of the names in `lookup`."""


def profile_wish(node: Node, findings: Findings) -> ProfileWish:
    """What `node`, the value under `profile`, says. Mistakes go to `findings`."""
    if isinstance(node, Scalar):
        if node.text != ANONYMOUS:
            cure = "profile: anonymous, or profile: { lookup: crm, within: 300ms }"
            findings.error(node.place, "wrong-type", f"`profile` is `{node.text}`", cure)
        return ProfileWish(lookup=())
    fields = Fields(node, findings, "`profile`", KEYS)
    lookup = fields.get("lookup")
    named = () if lookup is None else words(lookup, findings, "a source")
    return ProfileWish(
        lookup=None if lookup is None else tuple(dict.fromkeys(name for name, _ in named)),
        by=_by(fields),
        within=_within(fields),
        otherwise=_otherwise(fields.get("otherwise"), findings),
        places=tuple(place for _, place in named),
    )


def _by(fields: Fields) -> str:
    node, text = fields.get("by"), fields.text("by")
    if node is not None and text not in IDENTITIES:
        fields.findings.unknown(node.place, "identity", text, IDENTITIES)
    return text


def _within(fields: Fields) -> float | None:
    node = fields.get("within")
    if node is None:
        return None
    seconds = fields.duration("within", 0.3)
    if not 0.01 <= seconds <= LONGEST:
        fields.findings.error(node.place, "out-of-range", f"`within` is {seconds:g}s", "from 10ms to 10s; 300ms is usual")
    return seconds


def _otherwise(node: Node | None, findings: Findings) -> dict[str, Plain]:
    if node is None or (isinstance(node, Scalar) and node.text == ANONYMOUS):
        return {}
    if not isinstance(node, positions.Mapping):
        cure = "otherwise: anonymous, or fields such as { tier: none, language: zh }"
        findings.error(node.place, "wrong-type", f"`otherwise` is {positions.kind(node)}", cure)
        return {}
    found: dict[str, Plain] = {}
    for name, key, inner in node.items():
        if isinstance(inner, Scalar) and isinstance(inner.value, str | int | float | bool):
            found[name] = inner.value
        else:
            findings.error(key.place, "wrong-type", f"`{name}` is {positions.kind(inner)}", "one plain value")
    return found


def check_profile(wish: ProfileWish, findings: Findings, around: Surroundings) -> None:
    """Report sources that are not there, or that know no profiles."""
    if around.sources is None or wish.lookup is None:
        return
    for name, place in zip(wish.lookup, wish.places, strict=False):
        if name not in around.sources:
            findings.unknown(place, "source", name, around.sources)
        elif not _asked(name, around.sources[name], around.profile_sources):
            cure = f"name it under `profiles.sources` of the settings, or give it an operation `{PROFILE}`"
            findings.error(place, "unknown-operation", f"nothing says what the source `{name}` is asked", cure)


def _asked(name: str, operations: Collection[str], profiles: Collection[str]) -> bool:
    return PROFILE in operations or name in profiles


def schema() -> Schema:
    names: Schema = {"type": "array", "items": NAME, "minItems": 1}
    plain: Schema = {"type": ["string", "number", "boolean"]}
    fields: dict[str, Schema] = {
        "lookup": either(NAME, names),
        "by": {"enum": list(IDENTITIES)},
        "within": DURATION,
        "otherwise": either({"const": ANONYMOUS}, map_of(plain)),
    }
    return either({"const": ANONYMOUS}, record(fields), of=ProfileWish)
