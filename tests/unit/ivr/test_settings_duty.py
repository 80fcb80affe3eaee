from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings


def load(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "hotline.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path)


def test_reasons_and_planned_breaks(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
breaks: [{ name: meal, zh: 用餐, en: Meal }, { name: gym }]
queues: { a: { missed_limit: 3, declined_limit: 5, pause: 5m, wrap_up_extension: 20s, wrap_up_extensions: 1 } }
agents: [{ id: ann, breaks: [{ at: 12:00, length: 45m }, { at: "09:30", reason: gym, days: [mon, fri] }] }]
""",
    )
    assert [one.name for one in settings.breaks] == ["meal", "gym"]
    assert settings.queues["a"].pause == 300
    noon, gym = settings.agents[0].breaks
    assert (noon.minute, noon.length, noon.reason) == (720, 2700, "meal"), "12:00 without quotes is a number to YAML"
    assert (gym.minute, gym.days) == (570, ("mon", "fri"))


def test_there_are_reasons_where_none_are_set(tmp_path: Path) -> None:
    assert [one.name for one in load(tmp_path, "{}").breaks] == ["short", "meal", "training", "other"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("breaks: [{ name: a }, { name: a }]", "breaks: 'a' stands there twice"),
        ("breaks: [{ name: 'a b' }]", "write letters, digits"),
        ("queues: { a: { missed_limit: -1 } }", "queues.a.missed_limit: -1 is not from 0 to 100"),
        ("breaks: []", "breaks: no reason at all"),
        ("agents: [{ id: ann, breaks: [{ at: '9:00', days: [] }] }]", "agents: ann: breaks: days: none at all"),
        ("agents: [{ id: ann, breaks: [{ at: noon }] }]", "agents: ann: breaks: at: 'noon' is not a time of day"),
        ("agents: [{ id: ann, breaks: [{ at: '25:00' }] }]", "at: '25:00'"),
        ("agents: [{ id: ann, breaks: [{ at: 1500 }] }]", "at: '1500'"),
        ("agents: [{ id: ann, breaks: [{ at: '9:00', length: 10 }] }]", "length: 10 s is not from 1m to 12h"),
        ("agents: [{ id: ann, breaks: [{ at: '9:00', reason: nap }] }]", "reason: 'nap' is none of the `breaks`"),
        ("agents: [{ id: ann, breaks: [{ at: '9:00', days: [monday] }] }]", "days: 'monday' is none of mon tue"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)
