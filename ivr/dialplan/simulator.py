"""A caller for a flow: says, presses, waits and hangs up on a virtual clock, and somebody who ends what is waited for outside.

The same acts give the same log. Pure; understanding is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ivr.dialplan import events as flow
from ivr.dialplan.agenda import MESSAGE, QUEUE, TASK
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import Feel, Others, Understand, Wording, World, reading_seconds
from ivr.dialplan.moods import Situation, matters, situation
from ivr.dialplan.overheard import Overheard, Spot
from ivr.dialplan.stage import TALKS, Stage, Watch

BETWEEN_KEYS = 0.2
PATIENCE = 0.4
UNHEARD: tuple[str, float, Others] = ("", 0.3, ())
"""What speech means that nobody understands, and how certain that is."""


class Simulation(Stage):
    """One call. It begins when this is made; the acts are methods, and what came of them is in `log`, `said` and `state`."""

    def __init__(
        self,
        machine: Machine,
        world: World | None = None,
        *,
        at: float,
        understand: Understand,
        feel: Feel | None = None,
        call: Mapping[str, Any] | None = None,
        wording: Wording | None = None,
        watch: Watch | None = None,
        spot: Spot | None = None,
    ) -> None:
        """`at` is seconds since the epoch, `call` any part of `Call.to_dict()`."""
        self.overheard = Overheard(machine.flow, spot)
        self._understand, self._mind = understand, None if feel is None else feel(machine.flow)
        super().__init__(machine, world, at=at, call=call, wording=wording, watch=watch)

    # --- what the caller does

    def say(
        self,
        text: str,
        *,
        confidence: float | None = None,
        mood: str = "",
        voice: Mapping[str, float] | None = None,
        over: bool = False,
    ) -> bool:
        """Speak, after the prompt unless `over`; False where nothing listened. "" is speech that nobody understands.

        `mood` is believed whatever the words are; `voice` is how it sounds beside the calm voice: `louder` (dB), `higher`
        (semitones), `faster` (times).
        """
        if not over:
            self.hear_out()
        if self.ended:
            return False
        self._act()
        if self._agenda.has(MESSAGE):
            return self._leave_message(text)
        if self.overheard.with_agent and self.waiting_for():
            return self.talk("caller", text)
        language, (name, certain, others) = self._in_language(text)
        certain = certain if confidence is None else confidence
        heard = self.state.hearing and not self.ended
        event = flow.Heard(text, certain, name, mood, others, language)
        if heard:
            event = self._felt(event, voice)
        taken = {"understood": name, "confidence": certain, "mood": event.mood} if heard else {}
        self._tell("speech", text, heard=heard, **taken)
        if not heard:
            self.note("nothing listened")
            return False
        self._spotted("caller", text, language or self.state.language)
        self.report(flow.SpokenOver())
        patience = self._listen.patience if self._listen is not None else PATIENCE
        self.wait(reading_seconds(text, self.state.language) + patience)
        if self.state.hearing:
            Stage.report(self, event)
        self._act()
        return True

    def report(self, event: flow.Event) -> None:
        """Hand the machine an event, now, with what it says of the caller's mood; a call that ended hears nothing."""
        if self._mind is not None and not self.ended and matters(event) and not isinstance(event, flow.SpokenOver):
            event = self._mind.felt(event, self._situation())
        super().report(event)

    def _felt(self, event: flow.Heard, voice: Mapping[str, float] | None) -> flow.Heard:
        """What is said with the mood that it shows."""
        felt = None if self._mind is None else self._mind.felt(event, self._situation(), voice)
        return felt if isinstance(felt, flow.Heard) else event

    def _situation(self) -> Situation:
        return situation(self.machine.flow, self.state, self.listened_for)

    def _in_language(self, text: str) -> tuple[str, tuple[str, float, Others]]:
        """The language of a text where several are listened for (where it means most, else by script), and what it means."""
        if not text:
            return "", UNHEARD
        if self.listening is None or not self.listening.also:
            return "", self._understood(text, self.listened_for, self.state.language)
        lists = {self.listening.language: self.listening.phrases, **self.listening.also}
        meant = {language: self._understood(text, phrases, language) for language, phrases in lists.items()}
        found = max(meant, key=lambda language: (bool(meant[language][0]), meant[language][1] if meant[language][0] else 0.0))
        if not meant[found][0] and "zh" in lists:
            chinese = any("\u4e00" <= one <= "\u9fff" for one in text)
            found = "zh" if chinese else next(language for language in lists if language != "zh")
        return found, meant[found]

    def _understood(self, text: str, phrases: Sequence[flow.Phrase], language: str) -> tuple[str, float, Others]:
        version = "" if self.listening is None else self.listening.flow
        return self._understand(text, phrases, version, language)

    def talk(self, speaker: str, text: str) -> bool:
        """Let the agent, or the caller to the agent, say something; False where the call waits for nobody outside."""
        if self.ended or not self.waiting_for():
            return False
        self.overheard.with_agent = True
        self._act()
        if speaker == "caller":
            self._tell("speech", text)
        else:
            self.write("note", f"agent: {text}", {"speaker": speaker})
        self._spotted(speaker, text, self.state.language)
        self.wait(reading_seconds(text, self.state.language))
        self._act()
        return True

    def _spotted(self, speaker: str, text: str, language: str) -> None:
        for name in self.overheard.heard(speaker, text, language, self.now):
            self.note(f"trigger: {name}")

    def press(self, keys: str, *, over: bool = False) -> None:
        """Press keys one after another, after the prompt unless `over`."""
        if not over:
            self.hear_out()
        if self.ended:
            return
        self._act()
        self._tell("keys", keys)
        for number, key in enumerate(keys):
            if number:
                self.wait(BETWEEN_KEYS)
            self.report(flow.Pressed(key))
        self._act()

    def stay_silent(self) -> None:
        """Say nothing until the next thing happens by itself: the end of the time for an answer, mostly."""
        self.hear_out()
        self._act()
        due = self._agenda.next()
        if due is not None and not self.ended:
            self._happen(due[0])
            self._act()

    def hang_up(self) -> None:
        if not self.ended:
            self._act()
            self._tell("hang_up", "")
            self.report(flow.CallerHungUp())

    def _leave_message(self, text: str) -> bool:
        """Speak into the recording that is being made of the caller."""
        self._tell("speech", text)
        for name in self._agenda.names():
            if name.startswith(MESSAGE):
                seconds = reading_seconds(text, self.state.language) if text else 0.0
                task = int(name.removeprefix(MESSAGE))
                ended = flow.MessageEnded(task, "done", seconds, "simulated") if text else flow.MessageEnded(task, "empty")
                self._agenda.set(name, self.now + seconds, ended)
                self._happen(name)
        self._act()
        return True

    def _act(self) -> None:
        self.acted = self.elapsed

    def _tell(self, medium: str, text: str, **more: Any) -> None:
        self.write("caller", text, {"medium": medium, "understood": "", "confidence": None, "heard": True, **more})

    # --- what the world does

    def outcome(self, name: str, **data: Any) -> bool:
        """End what the call waits for outside (queue, talk, lookup, message) so; False where it waits for nothing."""
        if not self._agenda.has(TASK):
            self.hear_out()
        waits = "" if self.ended else self.waiting_for()
        if waits == QUEUE:
            return self._settle(flow.QueueLeft(name))
        if waits in TALKS:
            return self._settle(TALKS[waits](name))
        for key in self._agenda.names():
            event = self._agenda.take(key) if key.startswith((TASK, MESSAGE)) else None
            if isinstance(event, flow.LookupEnded | flow.TaskEnded | flow.MessageEnded):
                self.write("note", f"answer: {name}", {"outcome": name})
                self.report(replace(event, outcome=name, **data))
                return True
        return False

    def _settle(self, event: flow.Event) -> bool:
        self._agenda.set(QUEUE, self.now, event)
        self._happen(QUEUE)
        return True

    def move_up(self, position: int) -> bool:
        """Tell the place in the queue; False where the call is in none."""
        if not self.in_queue:
            return False
        self._line = replace(self._line, position=position)
        self.write("note", f"position {position}", {"position": position})
        self.report(self._line.place(self.now - self._entered))
        return True

    def ring(self) -> bool:
        """An agent is rung for the caller; False where the call is in no queue. `move_up` tells that it came to nothing."""
        if not self.in_queue:
            return False
        self.write("note", "an agent is rung", {})
        self.report(flow.AgentRung())
        return True

    def lose_speech(self, *, busy: bool = False) -> None:
        """The recogniser goes away; `busy`: none has room."""
        self.write("note", "the recogniser is lost", {})
        self.report(flow.SpeechLost(busy))

    def fail(self, what: str) -> None:
        """A command could not be done."""
        self.write("note", f"failed: {what}", {})
        self._failing = True
        self.report(flow.StepFailed(what))
        self._failing = False
