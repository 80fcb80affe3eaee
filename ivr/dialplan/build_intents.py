"""Intents of a flow from its YAML: examples and patterns of its own, and those of a library that it takes in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ivr.dialplan import library
from ivr.dialplan.fields import words
from ivr.dialplan.model import Intent
from ivr.dialplan.patterns import PatternError, expand
from ivr.dialplan.positions import Mapping, Node, Scalar
from ivr.dialplan.problems import Findings, Place

USE = "use"
"""The key in `intents` that names libraries; no intent is called so."""
AMBIGUOUS = "ambiguous"
"""The key in `intents` that says how close two of them may be."""
RESERVED_NAMES = (USE, AMBIGUOUS)
MARGIN = 0.2
MOST_EXAMPLES = 2000
"""Sentences of one intent in one language, patterns multiplied out."""

Examples = tuple[tuple[str, Place], ...]


def sentences(written: Iterable[tuple[str, Place]], findings: Findings) -> Examples:
    """Examples with their patterns multiplied out, each sentence at the place of its pattern."""
    found: list[tuple[str, Place]] = []
    for text, place in written:
        try:
            found.extend((one, place) for one in expand(text, {}))
        except PatternError as error:
            findings.error(place, "bad-example", f"`{text}`: {error}", "(one|other) chooses, [this] may be left out")
    if len(found) > MOST_EXAMPLES:
        message = f"{len(found)} sentences for one intent: {MOST_EXAMPLES} are the limit"
        findings.error(found[0][1], "too-big", message, "write fewer patterns")
    return tuple(found)


def ambiguous(node: Node | None, findings: Findings) -> float:
    """How much likelier one wish must be than the next one; 0 where the caller is never asked which of two was meant."""
    found = node.entries.get(AMBIGUOUS) if isinstance(node, Mapping) else None
    if found is None:
        return MARGIN
    value = found[1].value if isinstance(found[1], Scalar) else None
    if value is False:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        findings.error(found[1].place, "out-of-range", "`ambiguous` must be a number from 0 to 1, or false", "ambiguous: 0.2")
        return MARGIN
    return float(value)


def taken_in(node: Node, languages: Sequence[str], findings: Findings) -> dict[str, Intent]:
    """The intents of the libraries that `use` names."""
    found: dict[str, Intent] = {}
    for name, place in words(node, findings, "a library"):
        if name not in library.names():
            findings.unknown(place, "library", name, library.names())
            continue
        for known in library.library(name).intents.values():
            if known.name != library.OUT_OF_SCOPE:
                found.setdefault(known.name, _intent(known, name, place, languages))
    return found


def _intent(known: library.Known, name: str, place: Place, languages: Sequence[str]) -> Intent:
    label = {language: known.label[language] for language in languages if language in known.label}
    commonest = {language: known.first(language) for language in languages}
    return Intent(known.name, place, {}, label=label, library=name, commonest=commonest)


def joined(own: Intent, shared: Intent | None) -> Intent:
    """An intent of the flow with what a library knows of it; the flow's own words come first."""
    if shared is None:
        return own
    return replace(own, label=own.label or shared.label, library=shared.library, commonest=shared.commonest)
