"""What a caller who waits is told, and when: the place and the time left, and a kind word now and then. Pure.

Told is what got better, or what is still so after a while; a place or a time that got worse is not told, and the music goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.dialplan.build_speech import speech
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import Site
from ivr.dialplan.positions import Node, Sequence
from ivr.dialplan.reading import minutes_told
from ivr.dialplan.schema_parts import DURATION, Schema, list_of, record, ref
from ivr.dialplan.speech import Speech

LEAST = 15.0
"""Seconds between two announcements at least, even of something better."""
LEAST_EVERY = 5.0
LEAST_COMFORT = 10.0
MOST_MESSAGES = 20


@dataclass(frozen=True, slots=True)
class Announce:
    """What the waiting caller is told about the place in the queue."""

    every: float
    speech: Speech
    first: Speech = ()
    """Spoken instead to the one who is next."""

    def due(self, told: Mapping[str, Any], position: int, estimate: float | None, waited: float) -> bool:
        """Whether to tell it now; `told` is what `noted` gave, empty before the first time."""
        if not told:
            return True
        if position > told["position"]:
            return False
        gap, minutes = waited - told["at"], None if estimate is None else minutes_told(estimate)
        sooner = minutes is not None and told["minutes"] is not None and minutes < told["minutes"]
        better = position < told["position"] or sooner
        return gap >= self.every * 0.9 or (better and gap >= min(LEAST, self.every * 0.9))


def promised(told: Mapping[str, Any], estimate: float | None) -> float | None:
    """The estimate as it may be told: None where it would be a longer wait than was told before."""
    before = told.get("minutes")
    return None if estimate is not None and before is not None and minutes_told(estimate) > before else estimate


def noted(told: Mapping[str, Any], position: int, estimate: float | None, waited: float) -> dict[str, Any]:
    """What was told by now, as plain data: `at` (seconds of waiting), `position`, and the least `minutes`."""
    minutes = told.get("minutes")
    if estimate is not None and (minutes is None or minutes_told(estimate) < minutes):
        minutes = minutes_told(estimate)
    return {"at": waited, "position": position, "minutes": minutes}


@dataclass(frozen=True, slots=True)
class Comfort:
    """Messages over the music, one after another, from the first one again after the last."""

    every: float
    messages: tuple[Speech, ...]

    def message(self, number: int) -> Speech:
        return self.messages[number % len(self.messages)]


ANNOUNCE: Schema = record({"every": DURATION, "say": ref("speech"), "first": ref("speech")}, ("say",), Announce)
COMFORT: Schema = record(
    {"every": DURATION, "say": list_of(ref("speech"), minItems=1, maxItems=MOST_MESSAGES)}, ("say",), Comfort
)


def announce(node: Node | None, site: Site) -> Announce | None:
    if node is None:
        return None
    fields = Fields(node, site.findings, "announce", ("every", "say", "first"))
    said, first = fields.need("say", "say: [position_is, { number: queue.position }]"), fields.get("first")
    spoken, to_first = (() if one is None else speech(one, site.findings, site.languages) for one in (said, first))
    every = fields.duration("every", 30.0)
    if every < LEAST_EVERY:
        message = f"a place told each {every:g} s leaves no music"
        site.findings.error(fields.place, "out-of-range", message, f"every: {LEAST_EVERY:g}s, or more")
    return Announce(every, spoken, to_first)


def comfort(node: Node | None, site: Site) -> Comfort | None:
    if node is None:
        return None
    fields = Fields(node, site.findings, "comfort", ("every", "say"))
    said = fields.need("say", "say: [thanks_for_waiting, another_prompt], one after another")
    items = said.items if isinstance(said, Sequence) else [] if said is None else [said]
    if said is not None and not 0 < len(items) <= MOST_MESSAGES:
        message = f"`comfort` needs 1 to {MOST_MESSAGES} messages, this has {len(items)}"
        site.findings.error(said.place, "out-of-range", message, "say: [thanks_for_waiting]")
    every = fields.duration("every", 40.0)
    if every < LEAST_COMFORT:
        message = f"`comfort` each {every:g} s leaves no music"
        site.findings.error(fields.place, "out-of-range", message, "every: 10s, or more")
    messages = tuple(speech(item, site.findings, site.languages) for item in items)
    return Comfort(every, messages) if messages else None


def speeches(announced: Announce | None, comforting: Comfort | None) -> Iterator[Speech]:
    """Everything that the two can say."""
    if announced is not None:
        yield announced.speech
        yield announced.first
    if comforting is not None:
        yield from comforting.messages
