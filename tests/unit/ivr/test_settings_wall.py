"""`wall`, `alerts` and `care` of the settings: what is wrong is refused with its place and its cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.settings_wall import FIGURES, STANDARD
from ivr.wall.figures import BY_NAME


def loaded(folder: Path, **more: Any) -> Settings:
    path = folder / "hotline.yaml"
    path.write_text(yaml.safe_dump({"queues": {"support": {}}, **more}, allow_unicode=True), "utf-8")
    return load_settings(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        wall={"within": "30s", "queues": {"support": "10s"}},
        alerts=[{"name": "slow", "metric": "wait", "above": "2m", "clear": "1m", "lasting": "30s", "again": "15m"}],
        care={"breathing": {"enabled": True, "length": "3m"}},
    )
    assert (found.wall.within, found.wall.queues) == (30.0, {"support": 10.0})
    (slow,) = found.alerts
    assert (slow.above, slow.clear, slow.lasting, slow.again) == (120.0, 60.0, 30.0, 900.0)
    assert [one.name for one in found.breaks][-1] == "breathing"


def test_nothing_written_are_the_standard_rules_and_no_breathing(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.alerts == STANDARD and "breathing" not in [one.name for one in found.breaks]
    assert loaded(tmp_path, alerts=[]).alerts == ()


def test_a_figure_of_a_rule_is_one_of_the_board() -> None:
    assert set(FIGURES) == set(BY_NAME) - {"csat_answers"}


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        ({"metric": "patience", "above": 1}, "metric: 'patience' is none of"),
        ({"metric": "wait"}, "exactly one of above, below, usual, falls and rises; found none"),
        ({"metric": "wait", "above": 1, "below": 2}, "found above, below"),
        ({"metric": "service_level", "below": 70}, "write 0.7 for 70 %"),
        ({"metric": "wait", "usual": 1.3}, "usual: only figures of a stretch of time"),
        ({"metric": "csat", "falls": 1}, "2 to 12"),
        ({"metric": "csat", "falls": 3, "clear": 4}, "clear goes with above or below alone"),
        ({"metric": "wait", "above": "1m", "clear": "2m"}, "clear: 120 lies beyond the limit 60"),
        ({"metric": "wait", "above": "1m", "of": ["sales"]}, "there is no queue 'sales'; write `all`, or one of support"),
        ({"metric": "state_seconds", "above": "1m"}, "state: which one lasts too long"),
        ({"metric": "wait", "above": "1m", "state": "wrap_up"}, "state goes with the metric state_seconds alone"),
        ({"metric": "wait", "above": "1m", "severity": "red"}, "neither attention nor danger"),
        ({"metric": "wait", "above": "1m", "email": ["a@b.org"]}, "there is no channel `notices.email`"),
        ({"metric": "wait", "above": "1m", "again": "5s"}, "again: 1m or more"),
        ({"metric": "wait", "above": "1m", "over": "1s"}, "over: from 1m to 24h"),
        ({"metric": "wait", "above": "1m", "zh": "{agent}"}, "zh: only {subject}, {value} and {limit}"),
        ({"metric": "wait", "above": "1m", "en": "{"}, "en: only {subject}"),
        ({"metric": "wait", "above": "1m", "name": "a b"}, "is no name"),
        ({"metric": "wait", "above": "1m", "to": ["night"]}, "to: there is no 'night' in on_call.rota; there are: none"),
        ({"metric": "wait", "above": "1m", "escalate": [{"after": "10s", "to": ["night"]}]}, "escalate[0]: after: 1m or more"),
        ({"metric": "wait", "above": "1m", "escalate": [{"after": "5m"}]}, "escalate[0]: nobody; write to, email or sms"),
        ({"metric": "wait", "above": "1m", "escalate": [{"after": "5m", "sms": ["+1"]}]}, "no channel `notices.sms`"),
        ({"metric": "wait", "abov": "1m"}, "unknown key; did you mean 'above'?"),
    ],
)
def test_a_wrong_rule_is_refused(tmp_path: Path, alert: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, alerts=[{"name": "one", **alert}])
    assert words in str(caught.value) and "alerts[0]" in str(caught.value)


def test_an_address_is_one_and_a_name_stands_once(tmp_path: Path) -> None:
    notices = {"email": {"host": "127.0.0.1", "sender": "a@b.org"}}
    rule = {"name": "one", "metric": "wait", "above": "1m"}
    with pytest.raises(ConfigError, match="'boss' is no address"):
        loaded(tmp_path, notices=notices, alerts=[{**rule, "email": ["boss"]}])
    with pytest.raises(ConfigError, match=r"alerts\[1\]: name: 'one' stands there twice"):
        loaded(tmp_path, alerts=[rule, rule])
    with pytest.raises(ConfigError, match="101 rules; 100 at most"):
        loaded(tmp_path, alerts=[{**rule, "name": f"r{number}"} for number in range(101)])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"wall": {"queues": {"sales": 10}}}, "wall.queues: there is no queue 'sales'; there are: support"),
        ({"wall": {"within": 0}}, "above 0 s, such as 20s"),
        ({"care": {"breathing": {"length": "1s"}}}, "care.breathing.length"),
        ({"care": {"breathing": {"mood": 7}}}, "levels above 0 and up to 1"),
        ({"care": {"breathing": {"at_once": 0}}}, "at_once 1 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, **more)
    assert words in str(caught.value)


MAIL = {"email": {"host": "127.0.0.1", "sender": "a@b.org"}}


def test_who_is_on_duty_is_read(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        notices=MAIL,
        on_call={
            "rota": {"front": [{"at": "08:00", "length": "12h", "email": "day@b.org"}, {"email": ["night@b.org"]}]},
            "quiet": [{"at": "22:00", "length": "9h"}],
            "time_zone": "Asia/Shanghai",
        },
        alerts=[
            {
                "name": "slow",
                "metric": "wait",
                "above": "2m",
                "to": "front",
                "escalate": [{"after": "10m", "email": "boss@b.org"}],
            }
        ],
    )
    assert [one.email for one in found.on_call.rota["front"]] == [("day@b.org",), ("night@b.org",)]
    assert (found.alerts[0].to, found.alerts[0].escalate[0].after) == (("front",), 600.0)


@pytest.mark.parametrize(
    ("on_call", "words"),
    [
        ({"rota": {"front": []}}, "on_call.rota.front: no shift at all"),
        ({"rota": {"front": [{"at": "08:00"}]}}, "on_call.rota.front[0]: nobody"),
        ({"rota": {"front": [{"at": "25:00", "email": "a@b.org"}]}}, "'25:00' is not a time of day"),
        ({"rota": {"front": [{"email": "boss"}]}}, "'boss' is no address"),
        ({"rota": {"front": [{"sms": "+86138"}]}}, "no channel `notices.sms`"),
        ({"quiet": [{"at": "22:00", "length": "25h"}]}, "on_call.quiet[0]: length: 90000 s is not from 1m to 24h"),
        ({"quiet": [{"at": "22:00", "length": "9h", "days": ["monday"]}]}, "days: some of mon tue"),
        ({"time_zone": "Mars/Olympus"}, "on_call.time_zone: 'Mars/Olympus' is no zone"),
        ({"quite": []}, "did you mean 'quiet'?"),
    ],
)
def test_wrong_duty_is_refused(tmp_path: Path, on_call: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, notices=MAIL, on_call=on_call)
    assert words in str(caught.value)
