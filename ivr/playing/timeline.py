"""A contact that is over on one time line, second 0 being its beginning: sound, what was said, and what happened. Pure.

A turn has the time at which it was known: what the bot says begins then, what a person says has just ended. Where there is
sound, the turn is where a voice is heard about that time; where there is none, how long it took is reckoned from its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from ivr.playing.spans import Span, common, joined, seconds, spoken_seconds, without
from ivr.playing.voices import STEP, Levels, overlaps, silences, voices

MOST_PEAKS = 2_000
"""Of each channel."""
FINEST = 0.05
"""Seconds of one peak at least."""
MOST_MARKS = 500
BEFORE, AFTER = 1.2, 0.3
"""Seconds by which a person's turn may be known late, and a voice go on after it."""
LONGEST = 60.0
"""Seconds of one turn at most."""
CALLER, HEARD = 0, 1


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording of the contact."""

    number: int
    offset: float
    """Seconds after the beginning of the contact."""
    length: float
    url: str
    """"" where it cannot be played here."""
    why: str = ""
    """Why not."""
    levels: Levels = field(default_factory=lambda: np.zeros((0, 4), np.uint8))
    marks: Sequence[Mapping[str, Any]] = ()
    """Of the notes beside the file: `paused`, `resumed`, `silenced`, by seconds of the file."""

    @property
    def span(self) -> Span:
        return (self.offset, self.offset + self.length)


def playback(contact: Mapping[str, Any], sounds: Sequence[Sound]) -> dict[str, Any]:
    """What `GET /api/v1/contacts/ID/playback` answers (docs/quality.md), but for what a route adds."""
    began = seconds(contact.get("started_at")) or 0.0
    turns = list(contact.get("turns") or ())
    there = [sound for sound in sounds if sound.url]
    heard = [joined(_voices(there, channel)) for channel in (CALLER, HEARD)]
    times = _times(turns, began, heard)
    ends = [sound.span[1] for sound in sounds] + [end for _, end in times]
    ended = seconds(contact.get("ended_at"))
    length = max([0.0, *ends, *([] if ended is None else [ended - began])])
    recorded = joined(sound.span for sound in there)
    return {
        "contact_id": contact.get("id"),
        "started_at": began,
        "seconds": round(length, 3),
        "begins": round(recorded[0][0], 3) if recorded else None,
        "recordings": [_recording(sound) for sound in sounds],
        "peaks": _peaks(there),
        "turns": [_turn(turn, span, recorded) for turn, span in zip(turns, times, strict=True)],
        "marks": _marks(contact, began, sounds, recorded, heard),
    }


def _recording(sound: Sound) -> dict[str, Any]:
    told = {"number": sound.number, "offset": round(sound.offset, 3), "seconds": round(sound.length, 3)}
    return {**told, "url": sound.url or None, "why": sound.why}


def _voices(sounds: Iterable[Sound], channel: int) -> Iterable[Span]:
    return (span for sound in sounds for span in voices(sound.levels, channel, sound.offset))


# --- the picture


def _peaks(sounds: Sequence[Sound]) -> dict[str, Any]:
    """0 to 1, from the first sound to the last; between recordings there is nothing."""
    if not sounds:
        return {"from": 0.0, "step": FINEST, "caller": [], "agent": []}
    begin, end = min(sound.offset for sound in sounds), max(sound.span[1] for sound in sounds)
    step = max(FINEST, (end - begin) / MOST_PEAKS)
    drawn = np.zeros((min(MOST_PEAKS, int((end - begin) / step) + 1), 2), np.uint8)
    for sound in sounds:
        rows = sound.levels[: int(sound.length / STEP) + 1, :2]
        places = ((sound.offset - begin + np.arange(len(rows)) * STEP) / step).astype(int)
        np.maximum.at(drawn, np.minimum(places, len(drawn) - 1), rows)
    shares = [[round(int(one) / 255, 2) for one in drawn[:, channel]] for channel in (CALLER, HEARD)]
    return {"from": round(begin, 3), "step": round(step, 4), "caller": shares[CALLER], "agent": shares[HEARD]}


# --- turns


def _turn(turn: Mapping[str, Any], span: Span, recorded: Sequence[Span]) -> dict[str, Any]:
    names = ("index", "speaker", "text", "language", "medium", "mood", "confidence", "intent")
    start, end = span
    sounding = bool(common([(start, max(end, start + 0.01))], recorded))
    return {**{name: turn.get(name) for name in names}, "from": round(start, 2), "to": round(end, 2), "recorded": sounding}


def _times(turns: Sequence[Mapping[str, Any]], began: float, heard: Sequence[Sequence[Span]]) -> list[Span]:
    """From when to when each turn was said; they begin in the order of their sides' turns."""
    ends = [0.0, 0.0]
    found: list[Span] = []
    ats = [max(0.0, (seconds(turn.get("at")) or began) - began) for turn in turns]
    for number, (turn, at) in enumerate(zip(turns, ats, strict=True)):
        side = CALLER if turn.get("speaker") == "caller" else HEARD
        long = min(LONGEST, max(0.5, spoken_seconds(str(turn.get("text") or ""))))
        if turn.get("medium") == "keys":
            span = (at, at)
        elif turn.get("speaker") == "bot":
            following = next((later for later in ats[number + 1 :] if later > at), at + LONGEST)
            span = _played(at, long, following, heard[side])
        else:
            span = _spoken(at, long, ends[side], heard[side])
        ends[side] = max(ends[side], span[1])
        found.append(span)
    return found


def _spoken(at: float, long: float, before: float, heard: Sequence[Span]) -> Span:
    """What a person said, known at `at`, not before the end of the side's turn before."""
    earliest = max(before, at - 1.6 * long - 2.5)
    near = [span for span in heard if span[1] > earliest and span[0] < at and span[1] - earliest > 0.1]
    near = [span for span in near if span[1] - span[0] <= LONGEST]
    if near:
        start, end = max(near[0][0], earliest), min(near[-1][1], at + AFTER)
        if end > start:
            return (start, end)
    end = max(0.0, at - BEFORE / 2)
    start = max(min(before, end), end - long, 0.0)
    return (start, max(end, start + 0.2))


def _played(at: float, long: float, following: float, heard: Sequence[Span]) -> Span:
    """What the bot said, from `at` on; somebody may have spoken into it."""
    latest = max(at + 0.3, min(at + 1.6 * long + 2.0, max(following, at + 1.0)))
    near = [span for span in heard if span[0] < latest and span[1] > at]
    if near:
        return (max(at, near[0][0]), max(min(near[-1][1], latest), max(at, near[0][0]) + 0.2))
    return (at, min(at + long, latest))


# --- marks


def _marks(
    contact: Mapping[str, Any],
    began: float,
    sounds: Sequence[Sound],
    recorded: Sequence[Span],
    heard: Sequence[Sequence[Span]],
) -> list[dict[str, Any]]:
    """What happened, in order: told by the record (queue, hold, transfer, agent), by notes of the sound, and by the sound."""
    told = _happened(contact, began)
    holds = [(one["from"], one["to"]) for one in told if one["kind"] in ("hold", "queue")]
    marks = [*told, *(mark for sound in sounds for mark in _noted(sound))]
    quiet = joined([*holds, *((one["from"], one["to"]) for one in marks if one["kind"] in ("pause", "private"))])
    open_ears = without(recorded, quiet)
    marks += [_mark("silence", *span) for span in silences(heard, open_ears)]
    connected = seconds(contact.get("connected_at"))
    if connected is not None:
        talked = [(max(start, connected - began), end) for start, end in open_ears if end > connected - began]
        marks += [_mark("talk_over", *span) for span in overlaps(heard[CALLER], heard[HEARD], talked)]
    return sorted(marks, key=lambda one: (one["from"], one["to"]))[:MOST_MARKS]


def _mark(kind: str, start: float, end: float, label: str = "") -> dict[str, Any]:
    return {"kind": kind, "from": round(max(0.0, start), 2), "to": round(max(0.0, start, end), 2), "label": label}


def _noted(sound: Sound) -> list[dict[str, Any]]:
    """Pauses and silenced parts of one recording."""
    paused: list[tuple[float, float, str]] = []
    since: tuple[float, str] | None = None
    private: list[Span] = []
    for mark in sound.marks:
        second = seconds(mark.get("second")) or 0.0
        match mark.get("what"):
            case "paused" if since is None:
                since = (second, "private" if mark.get("why") == "private" else "pause")
            case "resumed" if since is not None:
                paused.append((since[0], second, since[1]))
                since = None
            case "silenced":
                private.append((second, seconds(mark.get("until")) or second))
    if since is not None:
        paused.append((since[0], sound.length, since[1]))
    private += [(start, end) for start, end, kind in paused if kind == "private"]
    found = [_mark("pause", sound.offset + start, sound.offset + end) for start, end, kind in paused if kind == "pause"]
    return found + [_mark("private", sound.offset + start, sound.offset + end) for start, end in joined(private)]


def _happened(contact: Mapping[str, Any], began: float) -> list[dict[str, Any]]:
    """Queue, agents, holds and transfers, from `moments`; of records without them from the columns."""
    ended = (seconds(contact.get("ended_at")) or began) - began
    moments = [one for one in contact.get("moments") or () if isinstance(one, Mapping) and seconds(one.get("at")) is not None]
    if not moments:
        moments = _from_columns(contact)
    steps = [
        *((float(one["at"]) - began, str(one.get("kind")), str(one.get("who") or "")) for one in moments),
        (ended, "end", ""),
    ]
    found: list[dict[str, Any]] = []
    agent = ""
    for (at, kind, who), (until, _, _) in pairwise(steps):
        if kind in ("queue", "hold"):
            found.append(_mark(kind, at, until, who))
        elif kind == "transfer":
            found.append(_mark(kind, at, at, who))
        elif kind == "agent" and who != agent:
            found.append(_mark("agent", at, at, who))
        agent = who if kind == "agent" else agent
    return found


def _from_columns(contact: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for column, kind, who in (("queued_at", "queue", "queue"), ("connected_at", "agent", "agent_id")):
        if (at := seconds(contact.get(column))) is not None:
            found.append({"at": at, "kind": kind, "who": contact.get(who) or ""})
    return found
