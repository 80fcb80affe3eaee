"""What the settings say of queues beyond who gets whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan.calendar import Calendar
from ivr.dialplan.environment import Environment
from ivr.errors import ConfigError
from ivr.session.queue_rules import ANY, QueueHouse, QueueRules
from ivr.settings import Settings, load_settings
from ivr.wiring_queues import queue_rules

PROMPTS = {"music": (), "waltz": (), "thanks": ("en",)}


def settings(tmp_path: Path, queue: str) -> Settings:
    file = tmp_path / "hotline.yaml"
    file.write_text(f"queues: {{ support: {queue} }}\n")
    return load_settings(file)


def test_the_rules_are_those_of_the_settings(tmp_path: Path) -> None:
    written = "{ hours: office, max_waiting: 3, music: waltz, comfort: [thanks], comfort_every: 1m }"
    found = queue_rules(settings(tmp_path, written), {"office"}, PROMPTS)
    assert found == {"support": QueueRules("office", 3, "waltz", ("thanks",), 60.0)}
    assert QueueHouse(found).of("other") is ANY
    assert queue_rules(settings(tmp_path, "{}"), (), None) == {"support": QueueRules()}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{ hours: ofice }", "queues.support.hours: there is no calendar 'ofice'; did you mean `office`?"),
        ("{ music: walz }", "queues.support.music: there is no recording 'walz'; did you mean `waltz`?"),
        ("{ comfort: [thanks, sorry] }", "queues.support.comfort: there is no recording 'sorry'; there are: `music`"),
        ("{ max_waiting: -1 }", "queues.support.max_waiting: -1 is below 0"),
        ("{ strategy: weighted_random, weights: { ann: -1 } }", "queues.support.weights.ann: -1 is no weight; above 0"),
        ("{ weights: { ann: 0 } }", "queues.support.weights.ann: 0 is no weight"),
        ("{ weights: { ann: 2m } }", "queues.support.weights.ann: expected "),
        ("{ comfort_every: 2s }", "queues.support.comfort_every: 2 s leaves no music"),
    ],
)
def test_mistakes_name_the_key_and_the_cure(tmp_path: Path, written: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        queue_rules(settings(tmp_path, written), {"office"}, PROMPTS)
    assert words in str(caught.value)
    assert "hotline.yaml" in str(caught.value)


def test_hours_without_an_environment_are_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name a file of hours: `environment: "):
        queue_rules(settings(tmp_path, "{ hours: office }"), (), None)


def test_a_queue_is_closed_outside_of_its_hours() -> None:
    office = Calendar("office", "UTC", (((9 * 60, 17 * 60),), *((),) * 6))
    monday, rules = 1_790_000_000.0 - 1_790_000_000 % 86400, QueueRules("office")
    found = [rules.closed(Environment(hours={"office": office}), monday + day * 86400 + 12 * 3600) for day in range(7)]
    assert sorted(found) == [False, *[True] * 6]
    assert not rules.closed(Environment(), monday)
    assert not ANY.closed(Environment(hours={"office": office}), monday)
