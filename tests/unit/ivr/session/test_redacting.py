"""Private numbers over several turns, secrets, what the bot reads back, and what is silent in recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from ivr.call import Call, Caller, Medium, Speaker, Turn
from ivr.dialplan.events import Heard, Lookup, Note, Pressed, Say, Words
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.state import Phase, State
from ivr.session.redacting import Privacy, Redacting, Shown, privacy_of
from ivr.session.turns import About
from ivr.speech.recognizer import SpokenWord, UtteranceHeard
from ivr.understanding.redaction import MOST, Rules
from telephony.leg import DtmfReceived

FLOW = """
flow: bank
languages: [en]
privacy: { phone: last2, patterns: { contract: 'AB-[0-9]{4}' } }
defaults: { error: end, no_input: end, no_match: end }
states:
  card:
    ask: { say: { en: "Your card number, please?" }, expect: { digits: { min: 4, max: 19 } }, into: number }
    on: { done: pin }
  pin:
    ask: { say: { en: Your PIN? }, expect: { digits: { min: 4, max: 4 } }, into: pin, secret: true }
    on: { done: both }
  both:
    collect:
      slots:
        name: { ask: { en: Your name? }, type: text, known: false }
        otp: { ask: { en: The code? }, type: digits, secret: true }
      confirm: false
    on: { done: end }
"""


@dataclass
class Silences:
    told: list[tuple[float, float, bool]] = field(default_factory=list)

    def silence(self, start: float, end: float, both: bool = True) -> None:
        self.told.append((start, end, both))


class Session:
    """As much of a session as redaction needs."""

    def __init__(self, state: str = "card", **changes: Any) -> None:
        self.machine = Machine(load(FLOW))
        self.flow_state: State | None = State(
            "bank", "", "en", state, Phase.LISTEN, **{"step": {"at": "name"} if state == "both" else {}, **changes}
        )
        self.call = Call("c", Caller("1001"), "hotline", 0.0, flow="bank", language="en")
        self.recordings = Silences()
        self.private = Redacting(Privacy())
        self.amended: list[int] = []

    def amend_turn(self, index: int, turn: Turn) -> None:
        if self.call.turns[index] != turn:  # as `turns.amend` does
            self.amended.append(index)
            self.call = self.call.with_turn(turn, index)

    def say(self, text: str, speaker: Speaker = Speaker.CALLER, utterance: UtteranceHeard | None = None, **more: Any) -> str:
        assert self.flow_state is not None
        turn = Turn(0.0, speaker, text, **{"language": "en", "state": self.flow_state.state, **more})
        turn = self.private.see(turn, About(cast(Any, self), len(self.call.turns), utterance))
        self.call = self.call.with_turn(turn)
        return turn.text

    def key(self, digits: str) -> None:
        for digit in digits:
            self.say(digit, medium=Medium.KEYS)

    def go(self, state: str, **changes: Any) -> None:
        assert self.flow_state is not None
        self.flow_state = replace(self.flow_state, state=state, **changes)

    @property
    def texts(self) -> list[str]:
        return [turn.text for turn in self.call.turns]


async def test_keys_pressed_one_by_one_are_one_number() -> None:
    session = Session()
    session.key("4111111111111111")
    assert session.texts == ["[card]", *"•" * 15]
    assert sorted(session.amended) == list(range(11)), "those before the twelfth, each once"


async def test_digits_said_in_groups_over_turns_are_one_number() -> None:
    session = Session()
    assert session.say("my card is 4111 1111") == "my card is 4111 1111"
    session.say("Go on.", Speaker.BOT)
    assert session.say("one one one one one one one one, that's it") == "…, that's it"
    assert session.texts == ["my card is [card]", "Go on.", "…, that's it"]


async def test_a_number_does_not_go_on_in_another_state_nor_with_another_speaker() -> None:
    session = Session()
    session.say("4111 1111")
    session.go("elsewhere")
    session.say("1111 1111")
    session.say("1111 1111", Speaker.AGENT)
    assert session.texts == ["4111 1111", "1111 1111", "1111 1111"]


async def test_what_an_agent_repeats_is_taken_out_too() -> None:
    session = Session()
    assert session.say("so that is 4111 1111 1111 1111, right?", Speaker.AGENT) == "so that is [card], right?"


async def test_a_card_that_was_misheard_is_known_by_the_question() -> None:
    session = Session()
    session.say("Your card number, please?", Speaker.BOT)
    assert session.say("4111 1111 1111 1112") == "[card]"


async def test_a_code_is_hidden_from_its_first_key_on() -> None:
    session = Session("elsewhere")
    session.say("Please key the code that we sent you.", Speaker.BOT)
    session.key("1")
    assert session.texts[-1] == "[code]"
    session.key("23456")
    assert session.texts[1:] == ["[code]", *"•" * 5]


async def test_the_flow_has_its_own_rules() -> None:
    session = Session()
    assert session.say("call 13800138000 about ab-1234") == "call [phone ending 00] about [contract]"


async def test_the_bot_may_name_a_hotline_but_not_read_the_callers_number_back() -> None:
    session = Session("elsewhere")
    assert session.say("Call us on 202 456 1111.", Speaker.BOT) == "Call us on 202 456 1111."
    session.say("mine is 13800138000")
    assert session.say("You said 1 3 8 0 0 1 3 8 0 0 0, right?", Speaker.BOT) == "You said [phone ending 00], right?"
    assert session.flow_state is not None
    assert session.private.quiet(session.machine, replace(session.flow_state, speaking=True))
    assert not session.private.quiet(session.machine, replace(session.flow_state, speaking=False))
    session.say("What else?", Speaker.BOT)
    assert not session.private.quiet(session.machine, replace(session.flow_state, speaking=True))


# --- secrets


async def test_a_secret_is_shown_by_its_count_alone() -> None:
    session = Session("pin")
    session.key("8861")
    session.say("eight eight six one")
    assert session.texts == ["•", "•", "•", "•", "••••"]
    assert session.amended == []


async def test_asking_for_a_person_instead_of_a_secret_stays_readable() -> None:
    session = Session("pin")
    assert session.say("a person please", intent="agent") == "a person please"
    assert session.say("a person please 8861", intent="agent") == "••••"


async def test_recordings_pause_while_a_secret_is_asked_for() -> None:
    session = Session("pin")
    assert session.flow_state is not None
    assert session.private.quiet(session.machine, session.flow_state)
    session.go("card")
    assert not session.private.quiet(session.machine, session.flow_state)
    session.go("both")
    quiet = {
        at: session.private.quiet(session.machine, replace(session.flow_state, step={"at": at})) for at in ("name", "otp", "*")
    }
    assert quiet == {"name": False, "otp": True, "*": True}


async def test_a_secret_that_is_read_back_is_masked() -> None:
    session = Session("card", slots={"pin": "8861"})
    assert session.say("Your PIN is 8 8 6 1.", Speaker.BOT) == "Your PIN is [secret]."
    assert session.say("yes 8861") == "yes [secret]"


async def test_slots_and_what_is_handed_over_are_clean() -> None:
    session = Session("card", slots={"pin": "8861", "otp": "123456"})
    note = Note(
        slots={"pin": "8861", "number": "4111111111111111", "count": 2},
        handover={"note": "PIN 8861", "facts": {"phone": "13800138000", "total": 12.5}},
    )
    clean = session.private.clean_note(cast(Any, session), note)
    assert clean.slots == {"pin": "••••", "number": "[card]", "count": 2}
    assert clean.handover == {"note": "PIN [secret]", "facts": {"phone": "[phone ending 00]", "total": 12.5}}
    assert session.private.clean_note(cast(Any, session), Note(tags=("vip",))) == Note(tags=("vip",))


# --- recordings


def heard(text: str) -> UtteranceHeard:
    words = tuple(SpokenWord(word, 100.0 + n, 100.8 + n, 0.9) for n, word in enumerate(text.split()))
    return UtteranceHeard(120.0, text, 0.9, 110.0, words)


async def test_private_words_are_silenced_by_their_times() -> None:
    session = Session()
    text = "my card is 4111 1111 1111 1111 thanks"
    session.say(text, utterance=heard(text))
    [(start, end, both)] = session.recordings.told
    assert (round(start, 3), round(end, 3), both) == (102.9, 106.9, True)


async def test_words_of_an_earlier_turn_are_silenced_when_a_later_one_tells_what_they_were() -> None:
    session = Session()
    session.say("it is 4111 1111", utterance=heard("it is 4111 1111"))
    assert session.recordings.told == []
    session.say("1111 1111 ok", utterance=heard("1111 1111 ok"))
    assert [(round(start, 1), round(end, 1)) for start, end, _ in session.recordings.told] == [(101.9, 103.9), (99.9, 101.9)]


async def test_keys_of_a_number_are_silent_on_the_callers_side_once_each() -> None:
    session = Session()
    session.key("4111111111111111")
    assert len(session.recordings.told) == 16 and not any(both for *_, both in session.recordings.told)


async def test_where_recordings_are_not_to_be_silenced_they_are_not() -> None:
    session = Session()
    session.private = Redacting(privacy_of({"card": "mask"}, {"order": "X-[0-9]{3}"}, silence=False))
    text = "4111 1111 1111 1111 x-123"
    assert session.say(text, utterance=heard(text)) == "[card] [order]"
    assert session.recordings.told == []


# --- what must not fail


async def test_words_that_cannot_be_judged_are_kept_nowhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("my PIN is 7777")

    monkeypatch.setattr("ivr.session.redacting.find", broken)
    assert Session().say("my PIN is 7777") == "••••"
    assert "turn 0 is kept without its words: ValueError" in caplog.text and "7777" not in caplog.text


async def test_of_a_text_without_end_only_what_was_looked_at_is_kept() -> None:
    session = Session()
    assert len(session.say("a" * (MOST + 100) + " 4111 1111 1111 1111")) == MOST
    assert session.say("4111 1111 1111 1111") == "[card]", "what was said last is looked at, however much was said before"


async def test_own_patterns_are_found_in_the_last_turn_after_many_words() -> None:
    session = Session()
    for _ in range(30):
        session.say("and then I went to the shop and asked what it costs")
    assert session.say("my contract is AB-1234") == "my contract is [contract]"


async def test_secrets_are_in_no_ticket_and_no_tag() -> None:
    session = Session(slots={"pin": "7413", "number": "12"})
    private = session.private
    assert private.clean(cast(Any, session), {"body": "he says 7413"}) == {"body": "he says [secret]"}
    note = private.clean_note(cast(Any, session), Note(tags=("pin-7413", "vip"), handover={"note": "7413"}))
    assert note.tags == ("pin-[secret]", "vip") and note.handover == {"note": "[secret]"}


# --- logs


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (DtmfReceived(1.0, "7"), "DtmfReceived("),
        (Pressed("7"), "Pressed()"),
        (Heard("my PIN is 7777", 0.9, "agent"), "Heard()"),
        (Say((Words("You said 7777", "en"),)), "Say("),
        (Note(slots={"pin": "7777"}, intent="bill"), "Note(intent='bill'"),
        (Lookup(3, "crm", "find", {"pin": "7777"}, 2.0), "Lookup(task=3, source='crm', operation='find', seconds=2.0"),
    ],
)
def test_a_log_has_neither_words_nor_keys(thing: object, text: str) -> None:
    shown = str(Shown(thing))
    assert shown.startswith(text) and "7777" not in shown and "'7'" not in shown


def test_rules_of_a_flow_go_before_those_of_the_settings() -> None:
    privacy = Privacy(Rules({"card": "off", "phone": "mask"}))
    wish: Mapping[str, Any] = {"modes": {"phone": "last4"}, "patterns": {}}
    flow = load(FLOW).privacy
    assert privacy.of(replace(flow, **wish)).modes == {"card": "off", "phone": "last4"}
    assert privacy.of(replace(flow, modes={}, patterns={})) is privacy.rules
