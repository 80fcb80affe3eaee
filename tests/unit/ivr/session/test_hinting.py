"""Advice comes one at a time, for a reason, and not over and over."""

from __future__ import annotations

from ivr.dialplan.talk import HintRule, TalkWish, When
from ivr.session.hinting import APART, STALE, Hint, Hinting, Situation

ANGRY = Situation(mood="angry", overs=3)


def names(hinting: Hinting, moments: list[float], situation: Situation) -> list[str]:
    found = [hinting.next(at, situation) for at in moments]
    return [one.name for one in found if one is not None]


def test_the_most_urgent_first_and_never_two_within_eight_seconds() -> None:
    hinting = Hinting(TalkWish().rules())
    assert names(hinting, [0.0, 1.0, APART - 0.1], ANGRY) == ["calm"]
    assert names(hinting, [APART, 2 * APART, 3 * APART], ANGRY) == ["talk_over"]
    assert names(hinting, [70.0], ANGRY) == ["talk_over"], "calm waits two minutes, talk_over one"


def test_each_rule_asks_for_all_it_names() -> None:
    rule = HintRule("r", "offer", When(mood="tense", silence=5.0, talked=60.0), {"en": "x"})
    so = {"mood": "angry", "quiet": 6.0, "talked": 61.0}
    assert names(Hinting([rule]), [0.0], Situation(**so)) == ["r"]  # type: ignore[arg-type]
    for missing in ({"mood": "calm"}, {"quiet": 4.0}, {"talked": 59.0}):
        assert names(Hinting([rule]), [0.0], Situation(**{**so, **missing})) == []  # type: ignore[arg-type]


def test_a_hint_says_why() -> None:
    hint = Hinting(TalkWish().rules()).next(0.0, Situation(quiet=9.0))
    assert hint is not None
    told = hint.to_dict(5.0)
    assert (told["name"], told["kind"], told["at"]) == ("silence", "clarify", 5.0)
    assert told["why"] == {"zh": "8 秒没人说话", "en": "Nobody has spoken for 8 s"}
    assert set(told["text"]) == {"zh", "en"}


def test_a_trigger_that_is_hit_while_there_is_no_room_waits() -> None:
    rule = HintRule("offer", "offer", When(trigger="hesitation"), {"en": "Offer it"})
    hinting = Hinting([rule, *TalkWish().rules()])
    assert names(hinting, [0.0], Situation(mood="angry")) == ["calm"]
    assert names(hinting, [1.0], Situation(triggers=frozenset({"hesitation"}))) == []
    assert names(hinting, [APART + 1], Situation()) == ["offer"]


def test_what_others_offer_is_given_in_time_once_or_never() -> None:
    hinting = Hinting([])
    hinting.offer(Hint("a", "calm", {"en": "a"}), 0.0)
    hinting.offer(Hint("a", "calm", {"en": "a"}), 0.0)
    hinting.offer(Hint("b", "calm", {"en": "b"}), 0.0)
    assert names(hinting, [0.0, 1.0, APART, 2 * APART], Situation()) == ["a", "b"]
    hinting.offer(Hint("a", "calm", {"en": "a"}), 30.0, every=60.0)
    assert names(hinting, [40.0], Situation()) == [], "it was given half a minute ago"
    for number in range(50):
        hinting.offer(Hint(f"x{number}", "calm", {}), 100.0)
    assert names(hinting, [100.0 + STALE + 1], Situation()) == [], "old advice is none"
