"""The stage of a simulated call: its clock, its log, and somebody who obeys every command of the flow. Pure.

Nothing is called, written or sent, and nothing waits: the clock moves from one thing that is due to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr.dialplan import events as flow
from ivr.dialplan.agenda import MESSAGE, QUEUE, SOUND, TASK, TIMER, TOLD, Agenda
from ivr.dialplan.machine import Commands, Machine
from ivr.dialplan.mocks import Line, PlainWording, Reply, Wording, World, numbered, reply
from ivr.dialplan.model import END
from ivr.dialplan.moments import Moment, Spoken, data_of
from ivr.dialplan.state import Phase, State

MOST_HAPPENINGS = 2000
"""Things that may happen before the caller has a turn again: no flow needs as many."""
LONGEST_LISTEN = 600.0
"""Seconds that a caller listens before doing something."""
TALKS: Mapping[str, Callable[[str], flow.Event]] = {
    "bridge": flow.BridgeEnded,
    "transfer": flow.TransferEnded,
    "park": flow.ParkEnded,
}
"""What the caller waits for outside, by the name of its phase."""
Watch = Callable[[State, flow.Event | None, State, Commands, float], None]
"""Sees every step of the machine: the state before, the event (None at the start), the state after, the commands, and `now`."""


class Stage:
    """One call from its beginning; `log`, `said`, `edges` and `state` tell how it goes."""

    def __init__(
        self,
        machine: Machine,
        world: World | None = None,
        *,
        at: float,
        call: Mapping[str, Any] | None = None,
        wording: Wording | None = None,
        watch: Watch | None = None,
    ) -> None:
        """`at` is seconds since the epoch; `call` any part of `Call.to_dict()`; `watch` sees every step of the machine."""
        self.machine = machine
        self.world = world or World()
        self.began = self.now = at
        self.log: list[Moment] = []
        self.said: list[Spoken] = []
        """What was spoken, oldest first."""
        self.commands: list[flow.Command] = []
        """Every command of the call."""
        self.edges: list[flow.CountEdge] = []
        self.visited: list[str] = []
        """States, in the order they were entered."""
        self.entered: list[tuple[str, str]] = []
        """Those with their flows."""
        self.unanswered: list[str] = []
        """Lookups that the world has no answer for."""
        self.acted = 0.0
        """When the caller last did something, in seconds since the call began."""
        self.faults: list[str] = []
        """Why `error` edges were taken, where nothing outside failed."""
        self._wording: Wording = wording or PlainWording()
        self.unrecorded: list[str] = []
        """Prompts that a real call would have failed at."""
        self._watch = watch
        self._agenda = Agenda()
        self._asked: dict[str, int] = {}
        self._listen: flow.Listen | None = None
        self._line, self._entered, self._every = Line(), 0.0, 0.0
        self._failing = False
        self._begin(call or {})

    def _begin(self, call: Mapping[str, Any]) -> None:
        world = self.world
        late = world.profile_delay > world.profile_budget
        self.now += min(world.profile_delay, world.profile_budget)
        if late:
            self.note(f"the profile took longer than {world.profile_budget:g} s: the call goes on as a stranger's")
        asr: dict[str, Any] = {"available": world.asr is None or bool(world.asr)}
        if world.asr is not None:
            asr["languages"] = list(world.asr)
        whole = {"id": "simulated", "called": "", "language": "", "started_at": self.began, **call}
        profile = {} if late else world.profile
        self.state, commands = self.machine.start(whole, profile, self.now, asr=asr)
        self._enter(self.machine.flow.name, self.machine.flow.entry)
        self._after(self.state, None, commands)

    # --- what can be seen

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return round(self.now - self.began, 3)

    @property
    def ended(self) -> str:
        """How it ended: "hangup" (by the caller), "flow", "rejected", "busy", "error"; "" while it runs."""
        return self.state.ended if self.state.phase is Phase.ENDED else ""

    @property
    def speaking(self) -> bool:
        """Whether something is heard that has an end."""
        return self._agenda.has(SOUND)

    @property
    def pending(self) -> bool:
        """Whether anything will happen by itself."""
        return self._agenda.next() is not None

    @property
    def playing(self) -> bool:
        """Whether a recording plays again and again."""
        return bool(self.said) and self.said[-1].until is None and not self.speaking

    @property
    def asked(self) -> bool:
        """Whether it is the caller's turn: the question was heard, or a message is being recorded."""
        if self.ended or self.speaking:
            return False
        return self.state.phase is Phase.LISTEN or self.state.hearing or self._agenda.has(MESSAGE)

    @property
    def listening(self) -> flow.Listen | None:
        """What is listened for now; None where nothing is."""
        return self._listen if self.state.hearing else None

    @property
    def listened_for(self) -> tuple[flow.Phrase, ...]:
        """What is understood now."""
        return () if self.listening is None else self.listening.phrases

    def timers(self) -> dict[str, float]:
        """Running timers and the seconds that they have left."""
        names = [name for name in self._agenda.names() if name.startswith(TIMER)]
        return {name.removeprefix(TIMER): (self._agenda.at(name) or 0.0) - self.now for name in names}

    def waiting_for(self) -> str:
        """What outside of the caller this waits for: "queue", "bridge", "transfer", "park", "task", or "" for nothing."""
        if self.in_queue and not (self.state.held and self._agenda.has(TASK, MESSAGE)):
            return QUEUE
        if self.state.phase.value in TALKS:
            return str(self.state.phase.value)
        return "task" if self._agenda.has(TASK) else ""

    @property
    def in_queue(self) -> bool:
        """Whether the call waits for an agent, also while the flow does something else."""
        return self.state.phase is Phase.QUEUE or bool(self.state.held)

    @property
    def looking_up(self) -> bool:
        """Whether what is waited for outside is the answer of a source."""
        return any(
            name.startswith(TASK) and isinstance(self._agenda.get(name), flow.LookupEnded) for name in self._agenda.names()
        )

    # --- the clock

    def wait(self, seconds: float) -> None:
        """Let time pass; whatever is due meanwhile happens."""
        until = self.now + seconds
        for _ in range(MOST_HAPPENINGS):
            due = self._agenda.next()
            if due is None or due[1] > until or self.ended:
                break
            self._happen(due[0])
        self.now = max(self.now, until)

    def hear_out(self) -> None:
        """Let time pass until the caller is asked, or until only somebody outside can go on."""
        until = self.now + LONGEST_LISTEN
        for _ in range(MOST_HAPPENINGS):
            due = self._agenda.next()
            if self.ended or self.asked or due is None or due[1] > until or not self._busy():
                return
            self._happen(due[0])

    def listen_for(self, wanted: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until `wanted` holds; False where the caller's turn or the end of the time comes first."""
        until = self.now + seconds
        for _ in range(MOST_HAPPENINGS):
            if wanted():
                return True
            due = self._agenda.next()
            if self.ended or self.asked or due is None or due[1] > until:
                return False
            self._happen(due[0])
        return wanted()

    def _busy(self) -> bool:
        decided = self.state.phase is Phase.QUEUE and self._line.waits is not None
        return decided or self.state.phase is Phase.WAIT or self._agenda.has(SOUND, TASK)

    def _happen(self, name: str) -> None:
        self.now = max(self.now, self._agenda.at(name) or self.now)
        event = self._agenda.take(name)
        if name == SOUND and self.said:
            self.said[-1].until, self.said[-1].whole = self.elapsed, True
        if isinstance(event, flow.TimerFired):
            self.write("timer", f"{event.name} is over", {"name": event.name, "seconds": 0.0})
        if isinstance(event, flow.QueueLeft | flow.BridgeEnded | flow.TransferEnded | flow.ParkEnded):
            self._agenda.drop(QUEUE, TOLD)
            self.write("note", f"{self.state.phase.value}: {event.outcome}", {"outcome": event.outcome})
        self.report(event)
        if name == TOLD and self.in_queue:
            self._tell_again()

    def report(self, event: flow.Event) -> None:
        """Hand the machine an event, now; a call that ended hears nothing."""
        if self.ended:
            return
        before = self.state
        self.state, commands = self.machine.handle(before, event, self.now)
        self._after(before, event, commands)

    def note(self, text: str) -> None:
        self.write("note", text, {})

    # --- what the flow wants

    def _after(self, before: State, event: flow.Event | None, commands: Commands) -> None:
        self.commands.extend(commands)
        for command in commands:
            self._obey(command)
        if self._watch is not None:
            self._watch(before, event, self.state, commands, self.now)
        if self.ended:
            self._agenda.clear()
            self._hushed()
            self.write("end", self.ended, {"cause": self.ended})

    def _obey(self, command: flow.Command) -> None:
        match command:
            case flow.CountEdge():
                self._count(command)
            case flow.Say(utterances=utterances, number=number):
                self._say(utterances, number, True)
            case flow.Play(name=name, repeat=repeat, number=number):
                self._say((flow.Prompt(name, self.state.language),), number, not repeat)
            case flow.StopSpeaking():
                self._hushed()
            case flow.Listen():
                self._listen = command
            case flow.StopListening():
                self._listen = None
            case flow.SetTimer(name=name, seconds=seconds):
                self._agenda.set(TIMER + name, self.now + seconds, flow.TimerFired(name))
                self.write("timer", f"{name} in {seconds:g} s", {"name": name, "seconds": seconds})
            case flow.CancelTimer(name=name):
                self._agenda.drop(TIMER + name)
            case flow.Note():
                self._noted(command)
            case _:
                self.write("command", type(command).__name__, {"name": type(command).__name__, "data": data_of(command)})
                self._obey_outside(command)

    def _obey_outside(self, command: flow.Command) -> None:
        """Commands that somebody else would carry out. One that this does not know and that has a task is done at once."""
        match command:
            case flow.Enqueue():
                self._enqueue(command)
            case flow.LeaveQueue():
                self._agenda.drop(QUEUE, TOLD)
            case flow.BridgeTo(ring_seconds=seconds) | flow.TransferTo(ring_seconds=seconds):
                talk = "bridge" if isinstance(command, flow.BridgeTo) else "transfer"
                self._agenda.set(QUEUE, self.now + seconds, TALKS[talk]("no_answer"))
            case flow.ParkCaller(seconds=seconds) if seconds > 0:
                self._agenda.set(QUEUE, self.now + seconds, flow.ParkEnded("timeout"))
            case flow.Lookup(source=source, operation=operation):
                self._look_up(command.task, command.seconds, f"{source}.{operation}", source)
            case flow.HttpRequest(service=service, method=method, path=path):
                self._look_up(command.task, command.seconds, f"{service} {method} {path}", f"{service} {path}", service)
            case flow.RecordMessage(task=task, seconds=seconds):
                self._agenda.set(f"{MESSAGE}{task}", self.now + seconds, flow.MessageEnded(task, "empty"))
            case flow.EndTask(task=task, keep=keep):
                self._end_task(f"{MESSAGE}{task}", f"{TASK}{task}", keep)
            case _:
                self._do_task(command)

    def _end_task(self, message: str, task: str, keep: bool) -> None:
        """Nobody waits for it; a message that is to be kept ends now."""
        if not keep:
            self._agenda.drop(message, task)
        elif self._agenda.has(message):
            self._agenda.set(message, self.now, self._agenda.take(message))

    def _do_task(self, command: flow.Command) -> None:
        number = getattr(command, "task", None)
        if isinstance(number, int):
            answer = self._reply((type(command).__name__,)) or Reply("done", numbered(command, number))
            ended = flow.TaskEnded(number, answer.outcome, dict(answer.result))
            self._agenda.set(f"{TASK}{number}", self.now + answer.delay, ended)

    def _look_up(self, task: int, seconds: float, *names: str) -> None:
        answer = self._reply(names)
        if answer is None:
            self.note(f"nothing answers {names[0]}")
            answer = self.world.unknown
        if answer is None:
            self.unanswered.append(names[0])
            answer = Reply("error")
        if answer.delay > seconds:
            answer = Reply("timeout", {}, seconds)
        ended = flow.LookupEnded(task, answer.outcome, dict(answer.result))
        self._agenda.set(f"{TASK}{task}", self.now + answer.delay, ended)

    def _reply(self, names: tuple[str, ...]) -> Reply | None:
        name = next((one for one in names if self.world.lookups.get(one)), "")
        if not name:
            return None
        found = reply(self.world, (name,), self._asked.get(name, 0))
        self._asked[name] = self._asked.get(name, 0) + 1
        return found

    def _enqueue(self, command: flow.Enqueue) -> None:
        self._line = self.world.queues.get(command.queue, self.world.queues.get("", Line()))
        self._entered, self._every = self.now, command.announce_every
        if (ends := self._line.ends(command)) is not None:
            self._agenda.set(QUEUE, self.now + ends[0], flow.QueueLeft(ends[1]))
        if self._line.waits != 0:
            self._agenda.set(TOLD, self.now, self._line.place(0.0))

    def _tell_again(self) -> None:
        if self._every > 0:
            at = self.now + self._every
            self._agenda.set(TOLD, at, self._line.place(at - self._entered))

    def _say(self, utterances: tuple[flow.Utterance, ...], number: int, ends: bool) -> None:
        self._hushed()
        missing = [one for one in utterances if self._wording.missing(one)]
        for one in missing:
            name = f"{getattr(one, 'name', '') or getattr(one, 'text', '')} in {one.language}"
            self.unrecorded.append(name)
            self.note(f"not recorded: {name}")
        prompts = [
            {"name": getattr(one, "name", ""), "language": one.language, "text": self._wording.text((one,))}
            for one in utterances
        ]
        names = tuple(one.name for one in utterances if isinstance(one, flow.Prompt))
        text = self._wording.text(utterances)
        languages = tuple(dict.fromkeys(one.language for one in utterances))
        self.said.append(Spoken(self.elapsed, text, names, languages, self.state.state))
        language = languages[0] if languages else self.state.language
        queued = {"queued": True} if self.state.phase is Phase.QUEUE else {}
        self.write("bot", text, {"language": language, "prompts": prompts, **queued})
        if ends:
            seconds = sum(self._wording.seconds(one) for one in utterances)
            self._agenda.set(SOUND, self.now + seconds, flow.PromptEnded(number))

    def _hushed(self) -> None:
        self._agenda.drop(SOUND)
        if self.said and self.said[-1].until is None:
            self.said[-1].until = self.elapsed

    def _noted(self, note: flow.Note) -> None:
        data = {name: value for name, value in data_of(note).items() if value not in ("", None, [], {})}
        words = [*note.why] or [f"{name}: {value}" for name, value in data.items()]
        self.write("note", "; ".join(words), data)

    def _count(self, edge: flow.CountEdge) -> None:
        self.edges.append(edge)
        if edge.why and not self._failing:
            self.faults.append(f"state `{edge.state}`: {edge.why}")
        more = {"flow": edge.flow, "key": f"{edge.state} {edge.edge}", "from": edge.state, "to": edge.to}
        self.write("edge", f"{edge.state} — {edge.edge} → {edge.to}", more)
        if edge.why:
            self.note(edge.why)
        root = self.machine.flow
        if edge.edge == "call!":
            sub = root.subflows.get(edge.to, root)
            self._enter(sub.name, sub.entry)
        elif edge.to and edge.to != END and edge.edge != "return!":
            self._enter(edge.flow, edge.to)

    def _enter(self, name: str, state: str) -> None:
        self.visited.append(state)
        self.entered.append((name, state))
        known = self.machine.flow.subflows.get(name, self.machine.flow).states.get(state)
        place = {} if known is None else {"line": known.place.line, "column": known.place.column}
        self.write("state", state, {"flow": name, "state": state, **place})

    def write(self, kind: str, text: str, more: Mapping[str, Any]) -> None:
        self.log.append(Moment(self.elapsed, kind, text, more))
