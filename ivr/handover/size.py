"""Keeps a handover within so many octets. Pure.

What goes first, until it fits:
1. the oldest turns in the middle: the first `HEAD` say how it began, the last `TAIL` what it is about now;
2. what was measured or is past: talk, media, signalling, triggers, earlier wishes, the profile's history;
3. the ends of long texts (`SHORT` characters stay);
4. the rest of the turns, the oldest first; then facts, profile, reasons, slots and notes.
Who it is, the wish and the beginning of the summary stay. `left_out` says how many turns went, and what else.
"""

from __future__ import annotations

from typing import Any

from ivr.handover.document import Document, packed

HEAD, TAIL = 2, 6
SHORT, SHORTEST = 280, 64
LEAST = 4096
"""Octets into which everything that stays fits."""
_PAST = ("talk", "media", "signalling", "triggers", "intents", "profile.history")
_REST = ("facts", "profile", "reasons", "tags", "slots", "agent_note", "note")
_TEXTS = ("summary", "note", "agent_note")


def bounded(found: Document, octets: int) -> Document:
    """`found`, or as much of it as `octets` hold (`LEAST` or more). Takes time in proportion to its length."""
    octets = max(octets, LEAST)
    if (size := len(packed(found))) <= octets:
        return found
    cut = _Cut(found, octets, size)
    if cut.drop_turns(HEAD, TAIL) or any(cut.empty(name) for name in _PAST):
        return cut.found
    if cut.shorten(SHORT) or cut.drop_turns(0, 1) or any(cut.empty(name) for name in _REST):
        return cut.found
    cut.drop_turns(0, 0)
    cut.squeeze()
    return cut.found


class _Cut:
    """A copy of a document that gets smaller; each step tells whether it fits now."""

    def __init__(self, found: Document, octets: int, size: int) -> None:
        self.found = {**found, "left_out": {"turns": found["left_out"]["turns"], "cut": list(found["left_out"]["cut"])}}
        self._octets = octets
        self._over = size - octets + 64  # `left_out` itself grows

    def drop_turns(self, head: int, tail: int) -> bool:
        turns = self.found["turns"]
        last = max(head, len(turns) - tail)
        gone = head
        while gone < last and self._over > 0:
            self._over -= len(packed(turns[gone])) + 1
            gone += 1
        self.found["turns"] = [*turns[:head], *turns[gone:]]
        self.found["left_out"]["turns"] += gone - head
        return self._fits()

    def empty(self, name: str) -> bool:
        outer, _, inner = name.partition(".")
        holder: dict[str, Any] = self.found
        if inner:
            holder = self.found[outer] = dict(self.found[outer])
        key = inner or outer
        if value := holder.get(key):
            self._over -= len(packed({key: value})) - len(packed({key: type(value)()}))
            holder[key] = type(value)()
            self.found["left_out"]["cut"].append(name)
        return self._fits()

    def shorten(self, most: int) -> bool:
        for name in _TEXTS:
            self.found[name] = short(self.found[name], most)
        self.found["turns"] = [{**turn, "text": short(turn["text"], most)} for turn in self.found["turns"]]
        self.found["left_out"]["cut"].append("texts")
        self._over = len(packed(self.found)) - self._octets + 64
        return self._fits()

    def squeeze(self) -> None:
        """The last resort: names that are longer than any real one."""
        for part in ("contact", "caller", "intent", "mood"):
            values = self.found[part]
            if values is not None:
                self.found[part] = {
                    name: short(one, SHORTEST) if isinstance(one, str) else [] if isinstance(one, list) else one
                    for name, one in values.items()
                }
        self.found["summary_by"] = short(self.found["summary_by"], SHORTEST)

    def _fits(self) -> bool:
        return self._over <= 0 and len(packed(self.found)) <= self._octets


def short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
