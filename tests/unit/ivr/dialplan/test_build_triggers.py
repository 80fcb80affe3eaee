"""`triggers:` of flows: what is taken from the house, what is added, and what is wrong with it."""

from __future__ import annotations

import pytest

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine, load
from ivr.dialplan.triggers import Notice, Task, Trigger, built_in

HEAD = """
flow: x
languages: [zh, en]
defaults: { error: end }
states: { start: { hangup: normal } }
triggers:
"""


def triggers(text: str) -> dict[str, Trigger]:
    return dict(load(HEAD + text).triggers)


def problems(text: str, around: Surroundings = Surroundings()) -> list[tuple[str, int, str]]:  # noqa: B008  # frozen
    return [(one.code, one.line, one.cure) for one in examine(HEAD + text, "x.yaml", around)[1]]


def test_a_name_alone_takes_the_one_of_the_house() -> None:
    found = triggers("  hesitation:\n")["hesitation"]
    assert found.phrases == built_in()["hesitation"].phrases
    assert found.did == ["tag", "hint"]


def test_phrases_are_added_and_what_is_done_is_replaced() -> None:
    found = triggers(
        "  hesitation:\n    zh: [我再瞧瞧]\n    hint: 慢慢来\n"
        "    task: { kind: sales, due: 2d, priority: high, subject: { zh: 回访, en: Call } }\n"
    )["hesitation"]
    assert found.phrases["zh"][-1] == "我再瞧瞧"
    assert len(found.phrases["zh"]) == len(built_in()["hesitation"].phrases["zh"]) + 1
    assert found.task == Task(kind="sales", subject={"zh": "回访", "en": "Call"}, due=172800.0, priority="high")
    assert found.hint == {"zh": "慢慢来", "en": "慢慢来"}
    assert found.tags == ("hesitant",)


def test_one_of_your_own_may_be_like_another_or_stand_alone() -> None:
    found = triggers(
        "  doubt: { like: hesitation, only: true, en: [hum and haw], every: 5m }\n"
        "  price: { zh: 涨价了, kind: custom, speaker: both, tolerance: 0, sounds: false, guard: false, alert: true }\n"
        "  notice: { kind: compliance, speaker: agent, en: [this call is recorded], within: 30s, hint: { en: Say it } }\n"
        "  call: { en: [ring me], task: { as: callback, due: 2h, queue: sales } }\n"
        "  tell: { en: [write to me], task: false, notify: { by: email, to: a@example.org, text: { en: Somebody said it } } }\n"
    )
    assert found["doubt"].phrases == {"en": ("hum and haw",)}
    assert (found["doubt"].cooldown, found["doubt"].tags) == (300.0, ("hesitant",))
    price = found["price"]
    assert (price.tolerance, price.sounds, price.guard, price.did) == (0.0, False, False, ["alert"])
    assert found["notice"].within == 30.0
    assert found["call"].task == Task("callback", due=7200.0, queue="sales")
    assert found["tell"].notice == Notice("email", "a@example.org", {"en": "Somebody said it"})
    assert found["tell"].did == ["notify"]


@pytest.mark.parametrize(
    ("text", "code", "cure"),
    [
        ("  hesitatoin:\n", "unknown-trigger", "did you mean `hesitation`?"),
        ("  hesitation: { like: chrun }\n", "unknown-trigger", "churn"),
        ("  competitor:\n", "empty-phrase", "competitor: { zh"),
        ("  price: { zh: ['？！', 太贵], tag: x }\n", "empty-phrase", "what people say"),
        ("  price: { zh: [贵], tag: x }\n", "short-phrase", "two Chinese characters"),
        ("  price: { en: [a b], tag: x }\n", "short-phrase", "three letters"),
        ("  price: { fr: [trop cher], tag: x }\n", "unknown-language", "`zh`"),
        ("  price: { zh: [太贵], tag: x, speaker: customer }\n", "unknown-choice", "caller"),
        ("  price: { zh: [太贵], tag: x, tolerance: 2 }\n", "out-of-range", "0.25"),
        ("  price: { zh: [太贵], task: { due: soon } }\n", "bad-duration", "3d"),
        ("  price: { zh: [太贵], task: { priority: now } }\n", "unknown-choice", "`low`"),
        ("  price: { zh: [太贵], notify: { by: sms } }\n", "missing-key", "the number"),
        ("  price: { zh: [太贵], kind: compliance, tag: x }\n", "missing-key", "within: 30s"),
        ("  price: { zh: [太贵] }\n", "idle-trigger", "a task"),
        ("  p rice: { zh: [太贵], tag: x }\n", "bad-name", "letters"),
        ("  - hesitation\n", "wrong-type", "triggers: {"),
    ],
)
def test_what_is_wrong_has_its_place_and_cure(text: str, code: str, cure: str) -> None:
    found = problems(text)
    assert [one[0] for one in found] == [code], found
    assert found[0][1] == 7
    assert cure in found[0][2]


def test_a_message_that_nothing_carries_is_told() -> None:
    text = "  price: { zh: [太贵], notify: { by: webhook } }\n"
    assert problems(text) == []
    assert [one[0] for one in problems(text, Surroundings(channels=()))] == ["no-channel"]
    assert problems(text, Surroundings(channels=("webhook",))) == []
