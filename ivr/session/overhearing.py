"""Both sides of a talk, heard while the bridge carries them: turns, measures and advice for the agent's page.

The bridge relays packets as ever; a side that is heard is decoded besides, nothing more. Only what a far end says is heard:
never what is played to it. On hold, and while the agent talks to a third party alone, nobody is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ivr.call import Speaker, Turn
from ivr.dialplan.events import Note
from ivr.dialplan.talk import FREE, OFF, PHRASES
from ivr.dialplan.triggers import Trigger
from ivr.errors import SpeechUnavailable
from ivr.session.hinting import Hint, Hinting, Situation
from ivr.session.knowing import noted
from ivr.session.measures import SIDES, Measures
from ivr.session.triggering import keep_hint, react
from ivr.speech.recognizer import (
    RecognitionEvent,
    RecognitionLost,
    RecognitionStream,
    Recognizer,
    SpeechStarted,
    UtteranceHeard,
)
from ivr.understanding.phrasing import spoken
from telephony.leg import FRAME_SAMPLES, CallLeg, Frame

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession
    from ivr.session.talk import Talk

log = logging.getLogger(__name__)

STATE = "talk"
"""What turns of a talk have for a state."""
PATIENCE, CONFIRM = 0.6, 0.25
FRAME_SECONDS = 0.02
GAP_SECONDS = 0.1
"""Without a packet for this long a side counts as silent, not as late."""
RETRY_SECONDS = (0.5, 2.0, 5.0, 10.0)
"""Until a side is heard again whose recogniser was lost or had no room; the last one repeats."""
TICK_SECONDS = 1.0
TOLD_EVERY = 3.0
"""Seconds between two pushes of measures."""
MOST_PHRASES = 500
SILENT_FRAME: Frame = np.zeros(FRAME_SAMPLES, np.int16)


class Ear:
    """One side: a leg whose far end is heard, a stream of recognition, and its way back where that is lost."""

    def __init__(
        self,
        recognizer: Recognizer,
        lists: Callable[[str], Sequence[Sequence[str]]],
        heard: Callable[[RecognitionEvent], None],
    ) -> None:
        """`lists` tells what is listened for in a language: an empty list for everything; the next one where the model can hear
        nothing of the one before; none, or none left: nothing."""
        self._recognizer, self._lists, self._heard = recognizer, lists, heard
        self._loop = asyncio.get_running_loop()
        self._leg: CallLeg | None = None
        self._stream: RecognitionStream | None = None
        self._language = ""
        self._tries = self._deaf = 0
        """Since the last utterance; and lists that the model can hear nothing of."""
        self._last_frame = 0.0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.listening = False

    def hear(self, leg: CallLeg | None, language: str) -> None:
        """Hear the far end of `leg`, in `language`, from now on; nobody where it is None."""
        if leg is self._leg and (leg is None or (language == self._language and self.listening)):
            return
        if self._leg is not None and leg is not self._leg:
            self._leg.hear(None)
        if language != self._language:
            self._deaf = 0
        self._leg, self._language, self._tries = leg, language, 0
        self._stop("again")
        if leg is None:
            self._pause()
        else:
            self._listen()

    def close(self) -> None:
        """Let go of leg and stream. Without effect the second time."""
        self.hear(None, self._language)
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _pause(self) -> None:
        self.listening = False
        self._stop("fill")
        if self._stream is not None:
            self._stream.pause()

    def _listen(self) -> None:
        self._timers.pop("again", None)
        leg = self._leg
        if leg is None:
            return
        lists = self._lists(self._language)[self._deaf :]
        if not lists or self._language not in self._recognizer.languages:
            return
        try:
            if self._stream is None:
                self._stream = self._recognizer.open(self._on_event)
            self._stream.listen(self._language, lists[0], patience=PATIENCE, confirm=CONFIRM)
        except SpeechUnavailable as error:
            log.debug("%s is not heard now: %s", leg.correlation, error)
            self._again()
            return
        self.listening = True
        self._last_frame = self._loop.time()
        leg.hear(self._feed)
        self._stop("fill")
        self._timers["fill"] = self._loop.call_later(GAP_SECONDS, self._fill)

    def _again(self) -> None:
        self._pause()
        seconds = RETRY_SECONDS[min(self._tries, len(RETRY_SECONDS) - 1)]
        self._tries += 1
        self._stop("again")
        self._timers["again"] = self._loop.call_later(seconds, self._listen)

    def _feed(self, frame: Frame) -> None:
        self._last_frame = self._loop.time()
        if self._stream is not None and self.listening:
            self._stream.feed(frame)

    def _fill(self) -> None:
        """Silence for a far end that sends none: without it no utterance would end."""
        if self._stream is None or not self.listening:
            return
        missing = int((self._loop.time() - self._last_frame - GAP_SECONDS) / FRAME_SECONDS)
        for _ in range(missing):
            self._stream.feed(SILENT_FRAME)
        self._last_frame += max(0, missing) * FRAME_SECONDS
        self._timers["fill"] = self._loop.call_later(GAP_SECONDS, self._fill)

    def _on_event(self, event: RecognitionEvent) -> None:
        if isinstance(event, RecognitionLost) and event.deaf and self._leg is not None:
            log.info("%s %s in %r", self._leg.correlation, event.reason, self._language)
            self._pause()
            self._deaf += 1
            self._listen()
        elif isinstance(event, RecognitionLost) and self._leg is not None:
            log.info("%s %s; trying again", self._leg.correlation, event.reason)
            self._again()
        elif isinstance(event, UtteranceHeard):
            self._tries = 0
        self._heard(event)

    def _stop(self, name: str) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()


class Overhearing:
    """Of one talk of one agent; made by `overhear`, ended by `close`."""

    def __init__(self, session: CallSession, transcribe: str, recognizer: Recognizer | None) -> None:
        self._session, self._transcribe = session, transcribe
        wish, options = session.machine.flow.talk, session.services.talk_options
        self._sure = options.sure if wish.sure is None else wish.sure
        self._keywords = wish.keywords
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._measures, self._hinting = Measures(now, transcribe), Hinting(wish.rules())
        self._ears: dict[str, Ear] = {}
        if recognizer is not None and transcribe != OFF:
            for side in SIDES:
                self._ears[side] = Ear(recognizer, self._lists_of(side), self._hearer(side))
        self._started: dict[str, float] = {}
        self._hits: set[str] = set()
        self._said: set[str] = set()
        """Compliance lines that were said, or whose absence was told."""
        self._unclear = 0
        self._ever = False
        """Whether both were ever heard: without that there is nothing to measure."""
        self._told_at, self._told = now, dict[str, Any]()
        self._tick_at = self._loop.call_later(TICK_SECONDS, self._tick)
        self._closed = False

    # --- what the talk tells

    def route(self, caller: CallLeg | None, agent: CallLeg | None) -> None:
        """Hear these legs from now on: both, or nobody where one of them is not in the talk now."""
        if self._closed:
            return
        self._ever = self._ever or self.hearing
        both = caller is not None and agent is not None
        now, language = self._loop.time(), self._session.call.language
        if both:
            self._measures.resume(now)
        else:
            self._measures.hold(now)
            self._started.clear()
        for side, leg in zip(SIDES, (caller, agent), strict=True):
            if side in self._ears:
                self._ears[side].hear(leg if both else None, language)

    @property
    def quiet(self) -> float:
        """Seconds for which nobody has spoken; 0 while not both are heard."""
        return self._measures.quiet_for(self._loop.time()) if self.hearing else 0.0

    @property
    def hearing(self) -> bool:
        """Both are heard now."""
        return bool(self._ears) and all(ear.listening for ear in self._ears.values())

    def close(self) -> None:
        """Hear nobody any more, and keep what the talk came to. Without effect the second time."""
        if self._closed:
            return
        self._closed, self._ever = True, self._ever or self.hearing
        self._tick_at.cancel()
        for ear in self._ears.values():
            ear.close()
        try:
            self._tell(self._loop.time(), final=True)
        except Exception:
            log.exception("%s what the talk came to is not kept", self._session.call.correlation)

    # --- what triggers tell

    def named(self, trigger: Trigger, phrase: str) -> None:
        """A phrase of a trigger was said."""
        self._measures.named(phrase)
        self._hits.add(trigger.name)
        self._said.add(trigger.name)

    def advise(self, hint: Hint, every: float) -> None:
        """A hint that is to be given as soon as there is room."""
        self._hinting.offer(hint, self._loop.time(), every)

    # --- what is heard

    def _hearer(self, side: str) -> Callable[[RecognitionEvent], None]:
        return lambda event: self._heard(side, event)

    def _heard(self, side: str, event: RecognitionEvent) -> None:
        if self._closed:
            return
        if isinstance(event, SpeechStarted):
            self._started[side] = event.at - CONFIRM
            self._measures.speaking(side, event.at - CONFIRM)
        elif isinstance(event, UtteranceHeard):
            self._spoken(side, event)
        elif isinstance(event, RecognitionLost):
            self._started.pop(side, None)
            self._measures.silent(side, event.at)
            if event.deaf and not self._ears[side].listening and not self._measures.utterances(side):
                self._ever = False  # it was listened to for a while, and could not have been heard

    def _spoken(self, side: str, said: UtteranceHeard) -> None:
        began = self._started.pop(side, said.speech_ended_at)
        if said.words:
            began = min(began, said.words[0].start)
        language = said.language or self._session.call.language
        rate = said.voice.rate if said.voice is not None else 0.0
        self._measures.spoke(side, began, max(began, said.speech_ended_at), said.text, language, rate)
        sure = bool(said.text) and said.confidence >= self._sure
        if side == "caller" and (sure or said.text or self._transcribe == FREE):
            self._unclear = 0 if sure else self._unclear + 1
        if sure or (said.text and self._transcribe == FREE):
            self._turn(side, said, language)
        self._advise_now()

    def _turn(self, side: str, said: UtteranceHeard, language: str) -> None:
        session = self._session
        intent = "" if side == "agent" else next((one.intent for one in session.phrases() if one.text == said.text), "")
        if intent or said.text in self._keywords.get(language, ()):
            self._measures.named(said.text)
        more = {"confidence": said.confidence, "state": STATE, "intent": intent, "language": language}
        session.add_turn(Speaker.CALLER if side == "caller" else Speaker.AGENT, said.text, utterance=said, **more)

    def _lists_of(self, side: str) -> Callable[[str], Sequence[Sequence[str]]]:
        return lambda language: self._lists(side, language)

    def _lists(self, side: str, language: str) -> list[list[str]]:
        """What a side is listened for; see `Ear`. A side of whom nothing is waited for is measured by the other's list."""
        if self._transcribe != PHRASES:
            return [[]]
        return [found for one in (side, *(other for other in SIDES if other != side)) if (found := self._list(one, language))]

    def _list(self, side: str, language: str) -> list[str]:
        """Keywords, what triggers wait for, and of the caller the intents."""
        session = self._session
        found = dict.fromkeys(self._keywords.get(language, ()))
        if side == "caller":
            found |= dict.fromkeys(phrase.text for phrase in session.phrases())
        waited: tuple[str, ...] = ()
        for trigger in session.services.spotters.of(session.machine.flow).triggers.values():
            if trigger.speaker in (side, "both"):
                waited += trigger.phrases.get(language, ())
        return list(found | dict.fromkeys(spoken(waited)))[:MOST_PHRASES]

    # --- from time to time

    def _tick(self) -> None:
        self._tick_at = self._loop.call_later(TICK_SECONDS, self._tick)
        now, session = self._loop.time(), self._session
        self._ever = self._ever or self.hearing
        for trigger in session.services.spotters.of(session.machine.flow).triggers.values():
            due = trigger.within and self.hearing and trigger.name not in self._said
            if due and self._measures.told(now)["seconds"] >= trigger.within:
                self._said.add(trigger.name)
                side = Speaker.AGENT if trigger.speaker != "caller" else Speaker.CALLER
                react(session, trigger, Turn(session.services.clock(), side, ""), None)
        self._advise_now()
        if now - self._told_at >= TOLD_EVERY:
            self._tell(now)

    def _advise_now(self) -> None:
        now = self._loop.time()
        situation = Situation(
            mood=str(self._session.call.handover.get("mood") or ""),
            quiet=self._measures.quiet_for(now) if self.hearing else 0.0,
            unclear=self._unclear,
            overs=self._measures.recent_overs(now),
            rate=self._measures.rate("agent") or 0.0,
            talked=float(self._measures.told(now)["seconds"]),
            triggers=frozenset(self._hits),
        )
        self._hits.clear()
        hint = self._hinting.next(now, situation)
        if hint is not None:
            keep_hint(self._session, hint, self._session.services.clock())

    def _tell(self, now: float, *, final: bool = False) -> None:
        """Bring the agent's page up to date, and the record at the end."""
        session, told = self._session, self._measures.told(now)
        self._told_at = now
        if not self._ever:
            return
        if final:
            before = [one for one in (session.call.handover.get("talk"),) if one]
            earlier = [*(before[0].get("earlier", ()) if before else ()), *({**one, "earlier": []} for one in before)][-5:]
            told = {**told, "agent_id": session.served_by, **({"earlier": earlier} if earlier else {})}
            session.call, fields = noted(session.call, Note(handover={"talk": told}))
            session.record(**fields)
        if session.agent_id and (final or told != self._told):
            self._told = told
            session.services.desk.push(session.agent_id, "measures", {"contact_id": session.call.id, "talk": told})


def overhear(session: CallSession, talk: Talk) -> Overhearing | None:
    """Begin to hear a talk of `session` as its flow, its queue or the settings say; where that fails it goes on unheard."""
    queue = "" if session.placement is None else session.placement.queue
    transcribe = session.machine.flow.talk.transcribe or session.services.talk_options.way(queue)
    ears = None
    try:
        ears = Overhearing(session, transcribe, session.services.recognizer)
        talk.attend(ears)
    except Exception:
        log.exception("%s the talk is not heard", session.call.correlation)
        if ears is not None:
            ears.close()
        talk.ears = ears = None
    return ears
