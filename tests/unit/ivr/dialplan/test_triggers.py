"""What a hit leaves to be done, and when a promise is due."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.dialplan.triggers import KINDS, SPEAKERS, Task, Trigger, built_in, due_at, task_row

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 1, 5, 10, 0, tzinfo=ZoneInfo(ZONE)).timestamp()
"""A Monday."""


@pytest.mark.parametrize(
    ("language", "text", "due"),
    [
        ("zh", "我明天给您回电", "2026-01-06 18:00"),
        ("zh", "我明天下午三点前给您回电", "2026-01-06 15:00"),
        ("zh", "两个小时内给您答复", "2026-01-05 12:00"),
        ("zh", "三个工作日内处理好", "2026-01-08 18:00"),
        ("zh", "周五之前一定给您回复", "2026-01-09 18:00"),
        ("en", "I'll call you back by Friday", "2026-01-09 18:00"),
        ("en", "I will call you back tomorrow at 3 pm", "2026-01-06 15:00"),
        ("en", "I'll get back to you within two hours", "2026-01-05 12:00"),
        ("en", "we will send it by the end of the day", "2026-01-05 18:00"),
        ("en", "by the end of the week", "2026-01-09 18:00"),
        ("en", "I will call you back", None),
        ("zh", "我会尽快联系您", None),
    ],
)
def test_a_promise_is_due_when_it_says(language: str, text: str, due: str | None) -> None:
    found = due_at(text, language, NOW, ZONE)
    assert (None if found is None else f"{datetime.fromtimestamp(found, ZoneInfo(ZONE)):%Y-%m-%d %H:%M}") == due


def test_a_task_takes_the_date_that_was_said_or_its_own() -> None:
    trigger = Trigger("promise", task=Task(kind="promise", subject={"en": "Keep it"}, said=True))
    row = task_row(trigger, "I'll call you back by Friday", "en", NOW, ZONE)
    assert (row["kind"], row["subject"], row["body"]) == ("promise", "Keep it", "I'll call you back by Friday")
    assert row["due_at"] == NOW + (4 * 24 + 8) * 3600
    assert task_row(trigger, "I'll call you back", "en", NOW, ZONE)["due_at"] == NOW + 86400
    plain = task_row(Trigger("x", task=Task()), "我考虑一下", "zh", NOW, ZONE)
    assert (plain["subject"], plain["due_at"], plain["priority"]) == ("我考虑一下", None, "normal")


def test_a_task_may_be_a_callback() -> None:
    row = task_row(Trigger("x", task=Task("callback", due=3600, queue="sales")), "think", "en", NOW, ZONE)
    assert (row["queue"], row["from_at"], row["until_at"]) == ("sales", NOW + 3600, NOW + 5 * 3600)


def test_hostile_words_make_no_task_fail() -> None:
    trigger = Trigger("x", task=Task(said=True))
    for text in ("9" * 5000, "\x00\ud800", "三十二号" * 500, "on 99/99/9999 at 77:77", "in 999999999999 days"):
        for language in ("zh", "en"):
            assert task_row(trigger, text, language, NOW, ZONE)["due_at"] > NOW


def test_those_of_the_house_are_whole() -> None:
    found = built_in()
    assert {"hesitation", "churn", "legal", "competitor", "vulnerable", "promise"} == set(found)
    for one in found.values():
        assert one.kind in KINDS
        assert one.speaker in SPEAKERS
        assert one.did
        assert one.name == "competitor" or all(len(one.phrases[language]) > 20 for language in ("zh", "en"))
    assert found["promise"].task is not None
    assert found["promise"].task.said
    assert found["vulnerable"].alert
    assert not found["vulnerable"].guard
