"""`ticket`, `callback`, `notify`, `handover`: what they write, and what is asked before."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from ivr.dialplan.events import (
    CallerHungUp,
    EndTask,
    Heard,
    Listen,
    Note,
    Notify,
    OpenTicket,
    Pressed,
    ScheduleCallback,
    SpeechLost,
    TaskEnded,
)
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.positions import read
from ivr.dialplan.problems import Findings
from ivr.dialplan.schema import schema
from ivr.dialplan.steps.calling_back import callable_number, span
from tests.unit.ivr.dialplan.flows import NOON, Caller, flow_with, machine_of
from tests.unit.ivr.dialplan.test_schema import plain

TICKET = """
  one:
    ticket:
      kind: fault
      subject: "No line at {caller.name}"
      body: "{caller.number}"
      priority: "{profile.tier == 'gold' ? 'high' : 'whatever'}"
      fields: { area: north, "n": 3 }
      due: 2d
    on: { done: told, error: sorry }
  told: { say: { en: "It is {result.number}." }, on: { done: end } }
  sorry: { say: { en: Sorry. }, on: { done: end } }
"""
CALLBACK = """
  one:
    callback: { window: "09:00-18:00", queue: support, need: { telecom: 2 }, priority: 7, reason: "{caller.name}" }
    on: { done: told }
  told: { say: { en: "{result.phone}" }, on: { done: end } }
"""
CONFIRM = """
  one:
    callback: { confirm: true }
    on: { done: told, no_input: lost, error: sorry }
  told: { say: { en: "{result.phone}" }, on: { done: end } }
  lost: { say: { en: Lost. }, on: { done: end } }
  sorry: { say: { en: Sorry. }, on: { done: end } }
"""
INSTANT = """
  one:
    do:
      - notify: { by: sms, to: "{caller.number}", text: { en: "Hello {caller.name}." } }
      - notify: { by: email, to: a@example.org, subject: { en: Your call }, text: Hello }
      - notify: { by: webhook, text: "{caller.number}" }
      - handover: "Wants {caller.name}"
      - handover: { summary: Short., facts: { tier: "{profile.tier}", missing: "{profile.nothing}" } }
    hangup: normal
"""


def a_call(states: str, number: str = "13800138000", tier: str = "gold") -> Caller:
    call = {"called": "1", "language": "", "caller": {"number": number, "name": "Ann"}}
    return Caller(machine_of(flow_with(states)), call, {"tier": tier})


# --- ticket


def test_a_ticket_is_written_and_its_number_told() -> None:
    caller = a_call(TICKET)
    [written] = caller.of(OpenTicket)
    assert written.fields == {
        "kind": "fault",
        "subject": "No line at Ann",
        "body": "13800138000",
        "priority": "high",
        "fields": {"area": "north", "n": 3},
        "due_at": NOON + 2 * 86400,
    }
    caller.does(TaskEnded(1, "done", {"number": "T-000123"}))
    assert caller.said() == ["It is T-000123."] and not caller.of(EndTask)


def test_a_priority_that_is_none_is_normal() -> None:
    assert a_call(TICKET, tier="tin").of(OpenTicket)[0].fields["priority"] == "normal"


def test_a_ticket_that_cannot_be_written_is_an_error() -> None:
    assert a_call(TICKET).does(TaskEnded(1, "error")).said() == ["Sorry."]
    assert a_call(TICKET).does(TaskEnded(2, "done", {"number": "x"})).state.state == "one", "of another task"
    assert a_call(TICKET).waits().said() == ["Sorry."], "the store never answered"


# --- callback


def test_a_callback_is_promised() -> None:
    caller = a_call(CALLBACK)
    [written] = caller.of(ScheduleCallback)
    fields = dict(written.fields)
    begin, end = fields.pop("from_at"), fields.pop("until_at")
    given = {"number": "13800138000", "queue": "support", "needs": {"telecom": 2}, "priority": 7, "reason": "Ann"}
    assert fields == {**given, "keep_place": True}
    assert NOON <= begin < end
    assert caller.does(TaskEnded(1, "done", {"phone": "13800138000"})).said() == ["13800138000"]


def test_the_window_is_today_or_tomorrow() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    at = datetime(2026, 9, 21, 12, 0, tzinfo=zone).timestamp()
    assert span(3600.0, at, "UTC") == (at, at + 3600.0)
    hours = [datetime.fromtimestamp(one, zone).strftime("%d %H:%M") for one in span((540, 1080), at, "Asia/Shanghai")]
    assert hours == ["21 12:00", "21 18:00"]
    late = datetime(2026, 9, 21, 20, 0, tzinfo=zone).timestamp()
    hours = [datetime.fromtimestamp(one, zone).strftime("%d %H:%M") for one in span((540, 1080), late, "Asia/Shanghai")]
    assert hours == ["22 09:00", "22 18:00"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+86 138-0013-8000", "+8613800138000"),
        ("(010) 6552 9988", "01065529988"),
        ("anonymous", ""),
        ("", ""),
        ("12", ""),
        ("1" * 21, ""),
        ("sip:1001@x", ""),
        ("１２３４", ""),
    ],
)
def test_numbers_that_can_be_called(text: str, number: str) -> None:
    assert callable_number(text) == number


def test_a_number_that_cannot_be_called_is_an_error() -> None:
    assert a_call(CALLBACK, "anonymous").ended == "flow"


def test_the_number_is_read_out_and_confirmed() -> None:
    caller = a_call(CONFIRM)
    assert caller.said() == [
        "We will call this number:",
        "13800138000",
        "If that is right, press 1. For another number, press 2.",
    ]
    assert {"yes", "no"} <= set(caller.phrases.values())
    caller.does(Pressed("1"))
    assert caller.of(ScheduleCallback)[0].fields["number"] == "13800138000"
    caller = a_call(CONFIRM).does(Heard("yes please", 0.9, "yes"))
    assert caller.of(ScheduleCallback)


def test_another_number_is_keyed_and_read_out_again() -> None:
    caller = a_call(CONFIRM).hears_out().does(Heard("no", 0.9, "no"))
    assert caller.said() == ["Say or enter the number to call, then press the hash key."]
    caller.does(*(Pressed(digit) for digit in "01065529988#"))
    assert caller.said()[1] == "01065529988"
    caller.does(Pressed("1"))
    assert caller.of(ScheduleCallback)[0].fields["number"] == "01065529988"


def test_another_number_may_be_said_and_corrected() -> None:
    caller = a_call(CONFIRM, "anonymous").hears_out()
    assert [one.expects for one in caller.log if isinstance(one, Listen)] == ["phone"]
    caller.does(Heard("one three eight double oh one three eight double oh oh", 0.9))
    assert caller.said()[1] == "13800138000"
    caller.does(Heard("no one three nine double oh one three eight double oh oh", 0.9))
    assert caller.said()[1] == "13900138000"
    caller = a_call(CONFIRM, "anonymous").hears_out().does(Heard("whatever", 0.9))
    assert caller.said() == ["Say or enter the number to call, then press the hash key."]


def test_a_number_that_ends_by_silence() -> None:
    caller = a_call(CONFIRM, "anonymous")
    assert caller.said() == ["Say or enter the number to call, then press the hash key."]
    caller.hears_out().does(*(Pressed(digit) for digit in "5551"))
    assert caller.waits().said()[1] == "5551"


def test_who_says_nothing_is_asked_once_more() -> None:
    caller = a_call(CONFIRM).hears_out().waits()
    assert caller.said()[1] == "13800138000"
    assert caller.hears_out().waits().said() == ["Lost."]


def test_a_recogniser_that_is_lost_leaves_the_keys() -> None:
    caller = a_call(CONFIRM).does(SpeechLost())
    assert caller.said()[1] == "13800138000"
    assert caller.does(Pressed("1")).of(ScheduleCallback)


def test_who_hangs_up_is_not_called() -> None:
    caller = a_call(CONFIRM).does(Pressed("2"), CallerHungUp())
    assert caller.ended == "hangup" and not caller.of(ScheduleCallback)


# --- notify, handover


def test_messages_and_what_is_handed_over() -> None:
    caller = a_call(INSTANT)
    assert caller.of(Notify) == [
        Notify("sms", "13800138000", "Hello Ann.", ""),
        Notify("email", "a@example.org", "Hello", "Your call"),
        Notify("webhook", "", "13800138000", ""),
    ]
    assert [note.handover for note in caller.of(Note)] == [
        {"note": "Wants Ann"},
        {"summary": "Short.", "facts": {"tier": "gold"}},
    ]


# --- what check says


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("ticket: {}", "error[missing-key] ticket needs `kind`"),
        ("ticket: { kind: a, priority: urgentt }", "error[unknown-priority]"),
        ("ticket: { kind: a, due: 2w }", "or days: 3d"),
        ("ticket: { kind: a, kindd: b }", "error[unknown-key]"),
        ("callback: { window: 18:00-09:00 }", "error[bad-duration] `window` is no window: `18:00-09:00`"),
        ("callback: { window: soon }", "error[bad-duration]"),
        ("callback: { queue: suport }", "error[unknown-queue]"),
        ("callback: { need: { tele: 2 } }", "error[unknown-skill]"),
        ("callback: { need: [a] }", "error[wrong-type]"),
        ("callback: { confirm: true }", "error[missing-edge] `one` has no edge `no_input`"),
    ],
)
def test_check_names_the_place_and_the_cure(step: str, expected: str) -> None:
    around = Surroundings(queues={"support"}, skills={"telecom"})
    _, found = examine(flow_with(f"  one:\n    {step}\n    on: {{ done: end }}\n"), "x.yaml", around)
    assert any(expected in str(one) for one in found), found


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("notify: { by: pigeon, to: a, text: b }", "error[unknown-channel] there is no channel `pigeon`"),
        ("notify: { by: sms, text: b }", "error[missing-key] notify needs `to`"),
        ("notify: { by: sms, to: a }", "error[missing-key] notify needs `text`"),
        ("notify: { by: sms, to: a, text: { zh: 好 } }", "error[unknown-language]"),
        ("notify: { by: sms, to: a, text: [hello] }", "error[wrong-type] `text` is written, not spoken"),
        ("handover: {}", "error[missing-key] handover needs something"),
    ],
)
def test_check_of_instant_steps(step: str, expected: str) -> None:
    _, found = examine(flow_with(f"  one:\n    do: [{{ {step} }}]\n    hangup: normal\n"), "x.yaml")
    assert any(expected in str(one) for one in found), found


def test_a_channel_that_is_not_there_is_doubted() -> None:
    _, found = examine(flow_with(INSTANT), "x.yaml", Surroundings(channels={"sms", "webhook"}))
    assert [(one.code, one.line) for one in found if one.severity == "warning"] == [("no-channel", 9)]


@pytest.mark.parametrize("states", [TICKET, CALLBACK, CONFIRM, INSTANT])
def test_the_schema_takes_it(states: str) -> None:
    tree = read(flow_with(states), Findings("x"))
    assert tree is not None
    jsonschema.validate(plain(tree), schema())
