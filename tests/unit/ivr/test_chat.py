"""The conversation in the terminal: what may be typed, and what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.chat import Chat
from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.cases_run import run_case
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import Reply, World
from ivr.dialplan.problems import Findings
from ivr.dialplan.simulator import Simulation
from ivr.errors import SpeechUnavailable
from ivr.paint import Paint
from ivr.rehearsing import House, Theatre, understand
from tests.unit.ivr.dialplan.flows import NOON, ROOT

THEATRE = Theatre.load([ROOT / "dialplans" / "telecom.yaml"], House(prompts=(ROOT / "prompts",)))
MACHINE: Machine = THEATRE.machine("telecom", {}, {})


class Terminal:
    """A chat and what it wrote."""

    def __init__(self, world: World | None = None, *, colours: bool = False, heard: tuple[str, float] | None = None) -> None:
        self.lines: list[str] = []

        def ears(path: Path) -> tuple[str, float]:
            if heard is None:
                raise SpeechUnavailable("no speech model for 'zh' is installed")
            return heard

        self.chat = Chat(self.begin, world or World(), Paint(colours), self.lines.append, ears)

    def begin(self, world: World) -> Simulation:
        call = {"language": "zh"}
        return Simulation(MACHINE, world, at=NOON, understand=understand, call=call, wording=THEATRE.wording)

    def types(self, *lines: str) -> str:
        """What these lines add to the screen."""
        shown = len(self.lines)
        for line in lines:
            self.chat.take(line)
        return "\n".join(self.lines[shown:])


def test_the_call_begins_with_what_the_caller_hears() -> None:
    text = "\n".join(Terminal().lines)
    assert "bot  您好，欢迎致电星河电信" in text
    assert "· main" in text
    assert "no_input" not in text


def test_words_are_said_and_digits_are_pressed() -> None:
    terminal = Terminal()
    assert "you  查账单  → bill (100%)" in terminal.types("查账单")
    assert "you  [1]" in terminal.types("1")
    assert "you  2" in terminal.types("/say 2")
    assert "you  [9]" in terminal.types("/press 9")
    assert "you  [3]" in terminal.types("/over 3")
    assert terminal.types("", "   ", "# a note in a script") == ""


def test_time_silence_and_noise() -> None:
    terminal = Terminal()
    assert "我没有听到您的声音" in terminal.types("/silent")
    assert "我还是没有听到您的声音" in terminal.types("/wait 7s")
    assert "(mumbles)" in terminal.types("/mumble")
    assert "Enqueue" in terminal.lines[-2] + terminal.lines[-1] + terminal.lines[-3]


def test_a_queue_is_entered_moved_up_and_left() -> None:
    terminal = Terminal()
    assert 'Enqueue {"queue": "support"' in terminal.types("0")
    assert "position 3" in terminal.types("/position 3")
    assert "— ended: flow" in terminal.types("/served")
    assert "the call is over" in terminal.types("查账单")
    terminal.types("/restart", "0")
    assert "目前线路繁忙" in terminal.types("/outcome full")


def test_what_is_remembered_due_and_understood_is_shown_on_request() -> None:
    terminal = Terminal(World(profile={"name": "王芳"}))
    terminal.types("3", "8861")
    assert 'slots: {"account": "8861"}' in terminal.types("/state")
    assert "no_input: 6.0 s" in terminal.types("/timers")
    assert "yes: 是的" in terminal.types("/phrases")
    assert terminal.types("/profile") == '{"name": "王芳"}'
    assert "shown" in terminal.types("/trace")
    assert "edge: fault_confirm — yes → fault_restarted" in terminal.types("/press 1")
    assert "hidden" in terminal.types("/trace")
    assert "/lookup" in terminal.types("/help")


def test_another_profile_begins_anew_and_lookups_answer_from_now_on() -> None:
    terminal = Terminal()
    assert "一百二十八元五角" in terminal.types("查账单")
    assert "· arrive" in terminal.types("/profile {bill: 5}")
    assert "五元" in terminal.types("查账单")
    assert "billing.balance answers {amount: 5}" in terminal.types("/lookup billing.balance {amount: 5}")
    terminal.types("/lookup crm timeout")
    assert terminal.chat.simulation.world.lookups == {
        "billing.balance": (Reply("found", {"amount": 5}),),
        "crm": (Reply("timeout"),),
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/foo", "no command /foo: /help lists them"),
        ("/press abc", "keys are 0 to 9"),
        ("/press", "keys are 0 to 9"),
        ("/wait long", "300ms, 15s"),
        ("/outcome", "no command /outcome"),
        ("/position x", "no command /position x"),
        ("/lookup crm", "/lookup billing.balance"),
        ("/lookup crm gone", "one of found"),
        ("/lookup crm {a: [}", "expected"),
        ("/profile 3", "a profile is keys and values"),
        ("/served", "nothing here waits for that"),
        ("/position 2", "nothing here waits for that"),
        ("/audio x.wav", "no speech model"),
    ],
)
def test_what_cannot_be_obeyed_is_said_and_changes_nothing(line: str, message: str) -> None:
    terminal = Terminal()
    before = len(terminal.chat.simulation.edges)
    assert message in terminal.types(line)
    assert len(terminal.chat.simulation.edges) == before


def test_failures_by_hand() -> None:
    terminal = Terminal()
    assert "请问您要办理什么业务" in terminal.types("/lose")
    assert "正在为您转接人工客服" in terminal.types("/fail the line")
    assert "— ended: hangup" in terminal.types("/hangup")
    terminal.chat.close()
    assert "goes on" not in terminal.lines[-1]


def test_a_recording_is_heard_and_said() -> None:
    terminal = Terminal(heard=("查账单", 0.8))
    text = terminal.types("/audio x.wav")
    assert "the recogniser heard: 查账单 (80%)" in text
    assert "· read_bill" in text
    assert "(mumbles)" in Terminal(heard=("", 0.0)).types("/audio x.wav")


def test_the_conversation_can_be_kept_as_a_test_that_passes() -> None:
    terminal = Terminal()
    terminal.types("报修", "8861", "/silent", "/over 1", "/wait 3s", "/mumble")
    text = terminal.types("/test").replace("…", "kept")
    findings = Findings("x")
    file = build_cases(f"flow: telecom\ngiven: {{ language: zh }}\ncases:\n{text}\n", findings)
    assert file is not None, findings.problems
    verdict = run_case(file.cases[0], THEATRE.rehearsal("telecom"))
    assert verdict.message == ""


def test_the_end_of_the_input_is_told_and_quitting_ends_it() -> None:
    terminal = Terminal()
    assert terminal.chat.take("查账单")
    assert not terminal.chat.take("/quit")
    terminal.chat.close()
    assert "the call goes on in `more`" in terminal.lines[-1]


def test_colours_are_for_terminals() -> None:
    assert any("\x1b[36m" in line for line in Terminal(colours=True).lines)
    assert not any("\x1b" in line for line in Terminal().lines)
