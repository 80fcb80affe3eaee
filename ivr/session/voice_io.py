"""The mouth and ears of one call: speaks what the flow says, listens where it asks, and turns both into the flow's events."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ivr.dialplan.events import Event, Heard, Listen, Phrase, Play, Prompt, PromptEnded, Say, SpeechLost, SpokenOver, StepFailed
from ivr.dialplan.slots.vocabulary import vocabulary
from ivr.errors import PromptMissing, SpeechBusy, SpeechUnavailable
from ivr.session.speaking import Speaking
from ivr.speech.prompts import PromptLibrary
from ivr.speech.recognizer import (
    PartialHeard,
    RecognitionEvent,
    RecognitionLost,
    RecognitionStream,
    Recognizer,
    SpeechStarted,
    UtteranceHeard,
)
from ivr.understanding.meaning import Understand, by_phrases
from telephony.leg import FRAME_SAMPLES, CallLeg, Frame, PlaybackFinished
from telephony.media.clip import Clip

log = logging.getLogger(__name__)

FRAME_SECONDS = 0.02
GAP_SECONDS = 0.1
"""Without a packet for this long the caller counts as silent, not as late."""
NOBODYS = -1
"""Number of what no flow says: its end, and that it cannot be said, are nobody's next step."""
RETRY_SECONDS = (0.3, 1.0, 3.0, 10.0)
"""Between tries to listen again where nobody would ask the caller anew; the last is kept."""
SILENT_FRAME: Frame = np.zeros(FRAME_SAMPLES, np.int16)


class VoiceIO:
    """Speaking and listening on one leg. `emit` takes the flow's events; it must not block."""

    def __init__(
        self,
        leg: CallLeg,
        prompts: PromptLibrary,
        recognizer: Recognizer | None,
        emit: Callable[[Event], None],
        understand: Understand = by_phrases,
    ) -> None:
        self._understand, self._flow = understand, ""
        self._leg, self._prompts, self._recognizer, self._emit = leg, prompts, recognizer, emit
        self._stream: RecognitionStream | None = None
        self._phrases: tuple[Phrase, ...] = ()
        self._language = ""
        self._lists: Mapping[str, tuple[Phrase, ...]] = {}
        """What is listened for, by language."""
        self._playback = 0
        self._number = 0
        self._speaking = False
        self._speech: Speaking | None = None
        self.listening = False
        self._loop = asyncio.get_running_loop()
        self._last_frame = 0.0
        self._filler: asyncio.TimerHandle | None = None
        self._lasting: Listen | None = None
        """What is listened for again after a loss."""
        self._tries = 0
        self._retry: asyncio.TimerHandle | None = None
        self.held = False
        """The caller has put us on hold: what comes is music or nothing, and no speech to us."""
        self._utterances: deque[tuple[Heard, UtteranceHeard]] = deque(maxlen=8)

    def move(self, leg: CallLeg) -> None:
        """Speak and listen on another leg from now on; what was being said is not said again, but counts as heard."""
        self._quiet()
        self._leg, speaking, self.held = leg, self._speaking, False
        if self.listening:
            leg.hear(self._feed)
        if speaking:
            self._speaking = False
            self._emit(PromptEnded(self._number))

    # --- mouth

    @property
    def speaking(self) -> bool:
        """Whether something that was told to it still sounds, or is rendered; music that a queue plays is not told to it."""
        return self._speaking

    def say(self, command: Say) -> str:
        """Speak; returns the words for the transcript ("" where a prompt is missing: the flow hears StepFailed)."""
        self._quiet()
        try:
            pieces = self._prompts.pieces(command.utterances)
        except PromptMissing as error:
            self._number = command.number
            self._unspoken(error)
            return ""
        clips = [piece for piece in pieces if isinstance(piece, Clip)]
        if len(clips) == len(pieces):
            self._start(clips, command.number, repeat=False)
        else:
            self._leg.stop()
            self._playback = 0  # the end of what sounded before is reported later, and is not the end of this
            self._speaking, self._number = True, command.number
            self._speech = Speaking(pieces, self._play, self._prompts.spoken, self._spoken)
        return self._prompts.text(command.utterances)

    def _play(self, clips: Sequence[Clip], forever: bool) -> int:
        return self._leg.play(clips, repeat=forever)

    def _spoken(self, error: Exception | None) -> None:
        self._speech = None
        if error is not None:
            self._leg.stop()
            self._unspoken(error)
        else:
            self._speaking = False
            self._emit(PromptEnded(self._number))

    def _quiet(self) -> None:
        """What was still to be rendered is not said any more."""
        if self._speech is not None:
            self._speech.cancel()
            self._speech = None

    def _unspoken(self, error: Exception) -> None:
        log.error("%s: %s", self._leg.correlation, error)
        self._speaking = False
        self._emit(PromptEnded(NOBODYS) if self._number == NOBODYS else StepFailed(str(error)))

    def play(self, command: Play, language: str) -> None:
        self._quiet()
        try:
            clips = self._prompts.clips((Prompt(command.name, language),))
        except PromptMissing as error:
            self._number = command.number
            self._unspoken(error)
            return
        self._start(clips, command.number, repeat=command.repeat)

    def music(self, name: str, language: str) -> list[Clip]:
        """The clips of a piece of music; silence where it is missing, which is logged: a wait must not fail for it."""
        try:
            return self._prompts.clips((Prompt(name, language),))
        except PromptMissing as error:
            log.error("%s: %s", self._leg.correlation, error)
            return [Clip.silence(10.0)]

    def _start(self, clips: Sequence[Clip], number: int, *, repeat: bool) -> None:
        self._speaking, self._number = bool(clips), number
        if clips:
            self._playback = self._leg.play(clips, repeat=repeat)
        else:
            self._emit(PromptEnded(number))

    def stop(self) -> None:
        speech = self._speech is not None
        self._quiet()
        self._leg.stop()
        if speech:  # between two pieces nothing sounds that could report its end
            self._speaking = False
            self._emit(PromptEnded(self._number))

    def on_playback(self, event: PlaybackFinished) -> None:
        """A playback that another one replaced is not the end of the prompt."""
        if self._speech is not None:
            self._speech.on_playback(event)
            return
        if event.playback == self._playback and self._speaking:
            self._speaking = False
            self._emit(PromptEnded(self._number))

    # --- ears

    def can_hear(self, language: str) -> bool:
        return self._recognizer is not None and language in self._recognizer.languages

    def listen(self, command: Listen, *, lasting: bool = False) -> None:
        """Begin a turn; where nothing can recognise now the flow hears SpeechLost and asks for keys.

        One that is `lasting` is a question to nobody: the flow hears of no loss, and it begins again by itself.
        """
        self._forget_retry()
        self._lasting, self._tries = command if lasting else None, 0
        self._listen(command)

    def _listen(self, command: Listen) -> None:
        if self._recognizer is None:
            self._emit(SpeechLost())
            return
        if self._stream is None:
            self._stream = self._recognizer.open(self._on_recognition)
        self._phrases = command.phrases
        self._flow = command.flow
        self._language = command.language
        self._lists = {command.language: command.phrases, **command.also}
        words = () if command.open or command.also else vocabulary(command.expects, command.language)
        phrases = [] if command.open else [*words, *(phrase.text for phrase in command.phrases)]
        also = {name: [] if command.open else [one.text for one in listed] for name, listed in command.also.items()}
        try:
            self._stream.listen(
                command.language,
                phrases,
                patience=command.patience,
                confirm=command.confirm,
                words=bool(words),
                expects=command.expects,
                length=command.length,
                also=also,
            )
        except SpeechUnavailable as error:
            busy = isinstance(error, SpeechBusy)
            log.log(logging.DEBUG if busy else logging.WARNING, "%s: %s", self._leg.correlation, error)
            self._lost(busy)
            return
        self.listening = True
        self._last_frame = self._loop.time()
        self._leg.hear(self._feed)
        if self._filler is None:
            self._filler = self._loop.call_later(GAP_SECONDS, self._fill)

    def _lost(self, busy: bool = False, deaf: bool = False) -> None:
        """Nobody hears the caller any more: try again where that lasts and is of use, else tell the flow."""
        if self._lasting is None:
            self._emit(SpeechLost(busy))
            return
        if deaf:  # the same list again would end the same way, for as long as the caller waits
            self._lasting = None
            return
        seconds = RETRY_SECONDS[min(self._tries, len(RETRY_SECONDS) - 1)]
        self._tries += 1
        self._forget_retry()
        self._retry = self._loop.call_later(seconds, self._listen, self._lasting)

    def _forget_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _feed(self, frame: Frame) -> None:
        self._last_frame = self._loop.time()
        if self._stream is not None:
            self._stream.feed(SILENT_FRAME if self.held else frame, self._leg.sounded())

    def _fill(self) -> None:
        """Feed silence where the caller's phone sends none (silence suppression): without it no utterance would end."""
        self._filler = None
        if not self.listening or self._stream is None:
            return
        missing = int((self._loop.time() - self._last_frame - GAP_SECONDS) / FRAME_SECONDS)
        for _ in range(missing):
            self._stream.feed(SILENT_FRAME, self._leg.sounded())
        if missing > 0:
            self._last_frame += missing * FRAME_SECONDS
        self._filler = self._loop.call_later(GAP_SECONDS, self._fill)

    def pause(self) -> None:
        """Stop listening; the stream stays open for the next turn."""
        self._forget_retry()
        self._lasting = None
        self.listening = False
        self._leg.hear(None)
        if self._stream is not None:
            self._stream.pause()

    def close(self) -> None:
        self._quiet()
        self._forget_retry()
        self._lasting = None
        self._deafen()

    def _deafen(self) -> None:
        self.listening = False
        if self._filler is not None:
            self._filler.cancel()
            self._filler = None
        self._leg.hear(None)
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _on_recognition(self, event: RecognitionEvent) -> None:
        heard: Event | None = None
        if isinstance(event, SpeechStarted):
            heard = SpokenOver()
        elif isinstance(event, UtteranceHeard):
            self._tries = 0
            if event.language in self._lists:
                self._phrases, self._language = self._lists[event.language], event.language
            heard = replace(self._understood(event), language=event.language)
            self._utterances.append((heard, event))
        elif isinstance(event, RecognitionLost):
            log.info("%s: %s", self._leg.correlation, event.reason)
            self._deafen()
            self._lost(deaf=event.deaf)
        elif isinstance(event, PartialHeard):
            return
        if heard is not None:
            self._emit(heard)

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """What is listened for, in the language spoken last."""
        return self._phrases

    def behind(self, heard: Heard) -> UtteranceHeard | None:
        """What the recogniser gave for an event of the last few: words with times, readings, voice."""
        return next((utterance for one, utterance in self._utterances if one is heard), None)

    def _understood(self, event: UtteranceHeard) -> Heard:
        try:
            meaning = self._understand(event.text, self._phrases, self._flow, self._language)
        except Exception as error:  # what was said is not for the log
            log.error("%s words are matched by phrase alone: %s", self._leg.correlation, type(error).__name__)
            meaning = by_phrases(event.text, self._phrases, self._flow, self._language)
        if not meaning.name:
            return Heard(event.text, event.confidence)
        return Heard(event.text, min(event.confidence, meaning.confidence), meaning.name, others=meaning.others)
