"""A contact on one time line: turns where their voices are, several files in a row, and what happened meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ivr.playing.spans import Span
from ivr.playing.timeline import MOST_PEAKS, Sound, playback
from ivr.playing.voices import STEP, Levels, silences, voices

T0 = 1_790_000_000.0


def levels(seconds: float, *voiced: tuple[int, float, float]) -> Levels:
    """A quiet line of -70 dB with voices of -20 dB: (channel, from, to)."""
    made = np.zeros((round(seconds / STEP), 4), np.uint8)
    made[:, 2:] = 30
    for channel, start, end in voiced:
        part = slice(round(start / STEP), round(end / STEP))
        made[part, channel], made[part, 2 + channel] = 128, 80
    return made


def turn(index: int, at: float, speaker: str, text: str, **more: Any) -> dict[str, Any]:
    return {"index": index, "at": T0 + at, "speaker": speaker, "text": text, "medium": "speech", "mood": "", **more}


def contact(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "c1", "started_at": T0, "ended_at": T0 + 60, "turns": list(turns), **more}


def spans(told: dict[str, Any]) -> list[tuple[float, float]]:
    return [(one["from"], one["to"]) for one in told["turns"]]


def marks(told: dict[str, Any], *kinds: str) -> list[tuple[str, float, float, str]]:
    return [(one["kind"], one["from"], one["to"], one["label"]) for one in told["marks"] if one["kind"] in kinds]


def near(found: list[Span], wanted: list[Span]) -> None:
    assert len(found) == len(wanted), found
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, abs=0.11)


def test_turns_are_where_their_voices_are() -> None:
    sound = Sound(1, 2.0, 40.0, "/a", levels=levels(40, (1, 0.5, 3), (0, 5, 8), (1, 9, 12), (0, 14, 15)))
    told = playback(
        contact(
            turn(0, 2.4, "bot", "您好，请问有什么可以帮您？"),
            turn(1, 10.7, "caller", "上个月怎么扣了这么多钱", mood="angry", confidence=0.9),
            turn(2, 14.6, "agent", "我帮您看一下"),
            turn(3, 16.0, "caller", "5", medium="keys"),
            turn(4, 17.5, "caller", "好"),
        ),
        [sound],
    )
    near(spans(told), [(2.5, 5.0), (7.0, 10.0), (11.0, 14.0), (16.0, 16.0), (16.0, 17.0)])
    assert told["turns"][1]["mood"] == "angry" and all(one["recorded"] for one in told["turns"])
    assert (told["begins"], told["seconds"], told["started_at"]) == (2.0, 60.0, T0)


def test_a_call_without_sound_has_times_from_its_words() -> None:
    told = playback(
        contact(turn(0, 1, "bot", "您好"), turn(1, 6, "caller", "我要查一下上个月的账单"), turn(2, 6.2, "caller", "谢谢")), []
    )
    assert told["begins"] is None and told["peaks"]["caller"] == [] and told["recordings"] == []
    assert [one["recorded"] for one in told["turns"]] == [False] * 3
    for start, end in spans(told):
        assert 0 <= start < end <= 60
    assert spans(told)[1][0] == pytest.approx(2.3, abs=0.2)


def test_several_files_are_one_picture_and_what_lies_between_is_empty() -> None:
    one = Sound(1, 5.0, 10.0, "/1", levels=levels(10, (0, 0, 10)))
    two = Sound(2, 25.0, 10.0, "/2", levels=levels(10, (1, 0, 10)))
    gone = Sound(3, 40.0, 5.0, "", "another node has it")
    told = playback(contact(), [one, two, gone])
    peaks = told["peaks"]
    assert peaks["from"] == 5.0 and len(peaks["caller"]) == len(peaks["agent"]) <= MOST_PEAKS

    def at(second: float) -> tuple[float, float]:
        place = round((second - peaks["from"]) / peaks["step"])
        return peaks["caller"][place], peaks["agent"][place]

    assert [at(10), at(20), at(30)] == [(0.5, 0.0), (0.0, 0.0), (0.0, 0.5)]
    assert [(file["offset"], file["url"], file["why"]) for file in told["recordings"]][2] == (40.0, None, "another node has it")


def test_hours_have_no_more_peaks_than_minutes() -> None:
    told = playback(contact(), [Sound(1, 0.0, 4 * 3600.0, "/1", levels=np.full((4 * 72_000, 4), 51, np.uint8))])
    assert len(told["peaks"]["caller"]) == MOST_PEAKS and set(told["peaks"]["agent"]) == {0.2}


def test_what_happened_is_marked_and_silence_on_hold_is_none() -> None:
    moments = [
        {"at": T0 + 3, "kind": "queue", "who": "support"},
        {"at": T0 + 10, "kind": "agent", "who": "wang"},
        {"at": T0 + 20, "kind": "hold", "who": "wang"},
        {"at": T0 + 30, "kind": "agent", "who": "wang"},
        {"at": T0 + 44, "kind": "transfer", "who": "agent:li"},
        {"at": T0 + 45, "kind": "agent", "who": "li"},
    ]
    notes = [
        {"second": 31.0, "what": "paused", "why": ""},
        {"second": 34.0, "what": "resumed"},
        {"second": 35.0, "what": "silenced", "until": 36.0},
        {"second": 35.5, "what": "silenced", "until": 37.0},
        {"second": 58.0, "what": "paused", "why": "private"},
    ]
    voiced = levels(60, (1, 0, 12), (0, 11, 12), (0, 16, 19), (1, 17, 18.5), (0, 38, 46), (0, 50, 60))
    told = playback(contact(connected_at=T0 + 10, moments=moments), [Sound(1, 0.0, 60.0, "/1", levels=voiced, marks=notes)])
    assert marks(told, "queue", "agent", "hold", "transfer") == [
        ("queue", 3.0, 10.0, "support"),
        ("agent", 10.0, 10.0, "wang"),
        ("hold", 20.0, 30.0, "wang"),
        ("transfer", 44.0, 44.0, "agent:li"),
        ("agent", 45.0, 45.0, "li"),
    ]
    assert marks(told, "pause", "private") == [
        ("pause", 31.0, 34.0, ""),
        ("private", 35.0, 37.0, ""),
        ("private", 58.0, 60.0, ""),
    ]
    near([(start, end) for _, start, end, _ in marks(told, "silence")], [(12.0, 16.0), (46.0, 50.0)])
    near([(start, end) for _, start, end, _ in marks(told, "talk_over")], [(11.0, 12.0), (17.0, 18.5)])


def test_records_of_before_have_what_their_columns_tell() -> None:
    told = playback(contact(queue="sales", agent_id="li", queued_at="2026-09-21T14:13:25.000Z", connected_at=T0 + 12), [])
    assert marks(told, "queue", "agent") == [("queue", 5.0, 12.0, "sales"), ("agent", 12.0, 12.0, "li")]


@pytest.mark.parametrize(
    "wrong", [{"started_at": None}, {"turns": None}, {"moments": ["x", {"at": None}]}, {"ended_at": "soon"}]
)
def test_a_record_with_holes_is_still_told(wrong: dict[str, Any]) -> None:
    told = playback({**contact(turn(0, 1, "bot", "hi")), **wrong}, [])
    assert told["seconds"] >= 0 and isinstance(told["marks"], list)


def test_a_noisy_line_hides_no_voice_and_is_none_itself() -> None:
    noisy = levels(20, (0, 5, 8))
    noisy[:, 2] = np.maximum(noisy[:, 2], 58)
    near(voices(noisy, 0), [(5.0, 8.0)])
    assert silences([voices(noisy, 0)], [(0.0, 20.0)]) == [(0.0, 5.0), (8.0, 20.0)]
    assert voices(levels(0), 0) == []
