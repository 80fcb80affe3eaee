"""Moods on a call: turns, handover, record and desk, by the words, the keys and the voice of both sides."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

from ivr.call import Call, Caller, Medium, Speaker, Turn
from ivr.dialplan.events import Heard, Phrase, Pressed, SpokenOver, TimerFired
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.state import State
from ivr.session.feelings import CallFeelings
from ivr.session.turns import About
from ivr.settings_understanding import MoodOptions
from ivr.speech.recognizer import UtteranceHeard, VoiceFacts
from tests.unit.ivr.dialplan.flows import NOON, TELECOM


@dataclass
class Voice:
    phrases: tuple[Phrase, ...] = ()
    utterance: UtteranceHeard | None = None

    def behind(self, heard: Heard) -> UtteranceHeard | None:
        return self.utterance


@dataclass
class Session:
    """As much of a session as moods need."""

    machine: Machine = field(default_factory=lambda: Machine(load(TELECOM)))
    voice: Voice = field(default_factory=Voice)
    talk: object | None = None
    call: Call = field(
        default_factory=lambda: Call("c", Caller("1001"), "hotline", NOON, language="zh", handover={"note": "x"})
    )
    recorded: list[Any] = field(default_factory=list)
    shown: int = 0

    def __post_init__(self) -> None:
        self.flow_state: State | None = self.machine.start(self.call.to_dict(), {}, NOON)[0]

    def change(self, **changes: Any) -> None:
        self.call = replace(self.call, **changes)

    def record(self, **fields: Any) -> None:
        self.recorded.append(fields)

    def show(self) -> None:
        self.shown += 1


def said(feelings: CallFeelings, session: Session, text: str, speaker: Speaker = Speaker.CALLER, **more: Any) -> Turn:
    voice = more.pop("voice", None)
    utterance = None if voice is None else UtteranceHeard(0.0, text, 0.9, 0.0, voice=voice)
    turn = Turn(NOON, speaker, text, language="zh", **more)
    return feelings.see(turn, About(cast(Any, session), 0, utterance))


def test_an_angry_turn_is_marked_and_handed_over_with_its_reason() -> None:
    feelings, session = CallFeelings(MoodOptions()), Session()
    assert said(feelings, session, "查账单").mood == "calm"
    assert said(feelings, session, "你们这是什么服务气死我了").mood == "angry"
    handover = session.call.handover
    assert handover["note"] == "x" and handover["mood"] == "angry" and handover["mood_trend"] == "rising"
    assert handover["mood_why"][0]["en"].startswith("said “")
    assert session.recorded[-1] == {"handover": handover} and session.shown == 2
    heard = cast(Heard, feelings.felt(cast(Any, session), Heard("你们这是什么服务气死我了", 0.9)))
    assert (heard.mood, heard.mood_fresh, heard.mood_level) == ("angry", True, feelings.caller.level)


def test_the_bot_feels_nothing_and_keys_show_what_was_there() -> None:
    feelings, session = CallFeelings(MoodOptions()), Session()
    assert said(feelings, session, "垃圾", Speaker.BOT).mood == ""
    said(feelings, session, "我要投诉")
    assert said(feelings, session, "5", medium=Medium.KEYS).mood == "tense"


def test_hammered_keys_and_silence_count_and_change_no_event() -> None:
    feelings, session = CallFeelings(MoodOptions()), Session()
    for _ in range(4):
        assert feelings.felt(cast(Any, session), Pressed("#")) == Pressed("#")
    assert session.call.handover["mood"] == "tense" and session.call.handover["mood_why"][0]["code"] == "keys"
    for event in (SpokenOver(), TimerFired("no_input"), TimerFired("other")):
        assert feelings.felt(cast(Any, session), event) == event


def test_speech_that_nobody_understood_still_has_a_sound() -> None:
    feelings, session = CallFeelings(MoodOptions()), Session()
    calm, loud = VoiceFacts(1.0, -22.0, 180.0, 5.0), VoiceFacts(1.0, -13.0, 225.0, 5.0)
    for _ in range(2):
        said(feelings, session, "查账单", voice=calm)
    session.voice.utterance = UtteranceHeard(0.0, "", 0.0, 0.0, voice=loud)
    heard = cast(Heard, feelings.felt(cast(Any, session), Heard("", 0.0)))
    assert heard.mood == "tense"


def test_both_sides_of_a_talk_are_followed_apart() -> None:
    feelings, session = CallFeelings(MoodOptions()), Session(talk=object())
    assert said(feelings, session, "你们都是骗子", state="talk").mood == "angry"
    assert said(feelings, session, "您别着急", Speaker.AGENT, state="talk").mood == "calm"
    assert said(feelings, session, "少废话", Speaker.AGENT, state="talk").mood == "angry"
    assert session.call.handover["mood_why"][0]["value"].startswith("骗子")


def test_what_the_flow_listens_for_is_no_anger() -> None:
    feelings, session = CallFeelings(MoodOptions()), Session(voice=Voice((Phrase("垃圾公司", "spam"),)))
    assert said(feelings, session, "垃圾公司").mood == "calm"


def test_switched_off_nothing_is_told() -> None:
    feelings, session = CallFeelings(MoodOptions(enabled=False)), Session()
    assert said(feelings, session, "气死我了").mood == ""
    assert feelings.felt(cast(Any, session), Heard("气死我了", 0.9)) == Heard("气死我了", 0.9)
    assert session.recorded == []
