"""Moods turn by turn: evidence joined, trend, hysteresis, reasons, and what another process goes on with."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.recognizer import VoiceFacts
from ivr.understanding.feelings import Feelings, Limits, feel
from ivr.understanding.observations import KeptSilent, Keyed, Said, Seen
from ivr.understanding.tone import Sounds


def zh(text: str, **more: object) -> Said:
    return Said(text, "zh", **more)  # type: ignore[arg-type]


def through(*seen: Seen, limits: Limits = Limits()) -> list[Feelings]:  # noqa: B008
    found = [Feelings()]
    for one in seen:
        found.append(feel(found[-1], one, limits))
    return found[1:]


def labels(*seen: Seen, limits: Limits = Limits()) -> list[str]:  # noqa: B008
    return [one.label for one in through(*seen, limits=limits)]


def codes(feelings: Feelings) -> list[str]:
    return [one.code for one in feelings.why]


def test_anger_comes_at_once_and_goes_step_by_step() -> None:
    turns = through(zh("查账单"), zh("你们这是什么服务气死我了"), zh("好的"), zh("是的"), zh("谢谢"), zh("谢谢"))
    assert [one.label for one in turns][:4] == ["calm", "angry", "angry", "tense"]
    assert turns[-1].label == "calm" and turns[-1].why == ()
    assert [one.trend for one in turns][1:4] == ["rising", "falling", "falling"]
    assert [one.fresh for one in turns] == [False, True, False, False, False, False]


def test_the_reason_is_in_words_of_both_languages() -> None:
    told = through(zh("我要投诉"))[-1].told()
    assert told["mood"] == "tense" and 0.35 <= told["mood_level"] <= 0.55
    assert told["mood_why"] == [{"code": "said", "value": "投诉", "zh": "说了“投诉”", "en": "said “投诉”"}]


def test_displeased_three_times_in_a_row_is_angry() -> None:
    found = through(zh("我要投诉"), zh("怎么又断网了"), zh("都三天了还没人来"))
    assert [one.label for one in found] == ["tense", "tense", "angry"]
    assert [one.in_row for one in found] == [1, 2, 1]


def test_a_person_asked_for_again_and_again() -> None:
    found = through(*[zh("人工")] * 4)
    assert found[0].label == "calm" and found[1].label == "calm"
    assert found[2].label == "tense" and found[3].label == "angry"
    assert found[3].why[0].to_dict()["en"] == "asked for a person 4 times"
    assert labels(zh("人工人工人工")) == ["tense"]
    assert labels(Said("agent agent agent", "en")) == ["tense"]


def test_the_same_words_again_tell_and_short_answers_do_not() -> None:
    found = through(*[zh("查一下我的账单")] * 4)
    assert "repeated" in codes(found[2]) and found[2].label == "tense"
    assert set(labels(*[zh("是的")] * 6)) == {"calm"}


def test_hammered_keys_tell_and_a_number_that_was_asked_for_does_not() -> None:
    assert through(*[Keyed("0")] * 4)[-1].label == "tense"
    assert codes(through(*[Keyed("#")] * 4)[-1]) == ["keys"]
    assert through(*[Keyed("0", value=True)] * 12)[-1] == Feelings()
    assert through(*[Keyed(key) for key in "1234567890"])[-1].label == ""


def test_silence_and_speaking_over_alone_make_nobody_tense() -> None:
    silent = through(*[KeptSilent()] * 5)
    assert "silent" in codes(silent[-1]) and silent[-1].label == "calm"
    over = through(*[zh("对", over=True)] * 5)
    assert "over" in codes(over[-1]) and over[-1].label == "calm"


def test_a_voice_is_compared_only_after_two_calm_turns() -> None:
    calm, loud = VoiceFacts(1.0, -22.0, 180.0, 5.0), VoiceFacts(1.0, -13.0, 235.0, 5.5)
    assert labels(zh("查账单", voice=loud), zh("上个月的", voice=loud)) == ["calm", "calm"]
    found = through(zh("查账单", voice=calm), zh("上个月的", voice=calm), zh("就是那个", voice=loud))
    assert found[-1].label == "tense"
    assert {"louder", "higher"} <= set(codes(found[-1]))
    deaf = labels(zh("查账单", voice=calm), zh("对的", voice=calm), zh("那个", voice=loud), limits=Limits(voice=False))
    assert deaf[-1] == "calm"


def test_a_voice_that_is_never_steady_must_change_more() -> None:
    wild = [VoiceFacts(1.0, level, 180.0, 5.0) for level in (-30.0, -18.0, -26.0, -14.0)]
    loud = VoiceFacts(1.0, -10.0, 180.0, 5.0)
    assert labels(*[zh("查账单", voice=one) for one in wild], zh("对的", voice=loud))[-1] == "calm"


def test_what_the_flow_wrote_as_an_answer_is_no_swearing() -> None:
    assert labels(zh("垃圾公司", written=True)) == ["calm"]
    assert labels(zh("垃圾公司")) == ["angry"]
    assert labels(zh("随便一句", intent="angry")) == ["angry"]


def test_levels_are_the_flows() -> None:
    assert labels(zh("我要投诉"), limits=Limits(0.6, 0.9)) == ["calm"]
    assert labels(zh("我要投诉"), limits=Limits(0.2, 0.4)) == ["angry"]


def test_another_process_goes_on_with_it() -> None:
    before = through(zh("我要投诉", voice=VoiceFacts(1.0, -20.0, 150.0, 4.0)), zh("人工"), Keyed("0"), KeptSilent())[-1]
    after = Feelings.from_dict(json.loads(json.dumps(before.to_dict())))
    assert after == before
    assert feel(after, zh("人工")) == feel(before, zh("人工"))


@pytest.mark.parametrize("change", [{"why": [{"code": "odd", "value": ""}]}, {"voices": [{"level": 1}]}, {"more": 1}])
def test_what_is_no_mood_is_refused(change: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        Feelings.from_dict({**Feelings().to_dict(), **change})


SEEN = st.one_of(
    st.builds(
        Said,
        st.text(max_size=600),
        st.sampled_from(["zh", "en", "fr", ""]),
        st.none() | st.builds(VoiceFacts, *[st.floats(-200, 5000)] * 4),
        st.none() | st.builds(Sounds, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
        st.sampled_from(["", "agent", "angry"]),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Keyed, st.sampled_from("0123456789*#"), st.booleans()),
    st.just(KeptSilent()),
)


@given(st.lists(SEEN, max_size=12))
def test_nothing_that_is_seen_breaks_it(seen: list[Seen]) -> None:
    for one in through(*seen):
        assert 0 <= one.level <= 1 and one.label in ("", "calm", "tense", "angry") and len(one.why) <= 6
        assert Feelings.from_dict(json.loads(json.dumps(one.to_dict()))) == one
