"""The mood of one caller through a flow: events in, the same events with the mood by now out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.dialplan.dialogue import NO_INPUT
from ivr.dialplan.events import Event, Heard, Pressed, SpokenOver, TimerFired
from ivr.dialplan.model import Flow
from ivr.dialplan.moods import MoodRules, Situation
from ivr.dialplan.question import ANGRY, bare
from ivr.settings_understanding import MoodOptions
from ivr.speech.recognizer import VoiceFacts
from ivr.understanding.feelings import Feelings, Limits, feel
from ivr.understanding.observations import KeptSilent, Keyed, Said
from ivr.understanding.tone import Sounds

LEVELS = {"calm": 0.0, "tense": 0.5, "angry": 0.9}
"""What a mood that somebody states is worth."""
APART = 0.05
"""The least between the levels of two moods, where a flow and the settings together say less."""


def limits_of(rules: MoodRules, options: MoodOptions) -> Limits:
    """What a flow says, and where it says nothing the settings."""
    tense = options.tense if rules.tense.level is None else rules.tense.level
    angry = options.angry if rules.angry.level is None else rules.angry.level
    voice = options.voice if rules.voice is None else rules.voice
    return Limits(min(tense, 1 - APART), max(angry, min(tense, 1 - APART) + APART), voice)


def _sounds(voice: Mapping[str, float]) -> Sounds:
    return Sounds(voice.get("louder", 0.0), voice.get("higher", 0.0), voice.get("faster", 1.0))


class CallMind:
    """Follows one caller. `now` is what is felt by now."""

    def __init__(self, flow: Flow, options: MoodOptions | None = None, before: Feelings | None = None) -> None:
        """`before` is what another process, or another flow of this call, knew."""
        self.now = before or Feelings()
        self._options = options or MoodOptions()
        self.limits = limits_of(flow.mood, self._options)
        self._over = False

    def begin(self, flow: Flow) -> None:
        """Go on in another flow, by its rules."""
        self.limits = limits_of(flow.mood, self._options)

    def felt(self, event: Event, where: Situation, voice: Mapping[str, float] | None = None) -> Event:
        """What the flow is to get for an event that nobody has looked at; a mood that is stated with it is believed.

        `voice` is how it sounds beside the calm voice: `louder` (dB), `higher` (semitones), `faster` (times).
        """
        if isinstance(event, Heard):
            if event.mood:
                self._stated(event.mood)
            else:
                self.said(event, where, sounds=None if voice is None else _sounds(voice))
            return self.dressed(event)
        self.happened(event, where)
        return event

    def happened(self, event: Event, where: Situation) -> None:
        """Anything but speech."""
        match event:
            case SpokenOver():
                self._over = where.prompting
            case Pressed(digit=digit):
                self._see(Keyed(digit, where.value))
            case TimerFired(name=name) if name == NO_INPUT and where.asking:
                self._see(KeptSilent())

    def said(
        self,
        event: Heard,
        where: Situation,
        *,
        text: str | None = None,
        voice: VoiceFacts | None = None,
        sounds: Sounds | None = None,
    ) -> None:
        """The caller spoke; `text` where it is to be judged by other words than the flow gets."""
        language = event.language or where.language
        over, self._over = self._over or where.prompting, False
        words = event.text if text is None else text
        self._see(Said(words, language, voice, sounds, event.intent, self._written(words, where), over))

    def heard(self, text: str, language: str, voice: VoiceFacts | None) -> None:
        """Somebody spoke outside of a flow: in a talk, in a queue."""
        self._see(Said(text, language, voice))

    def dressed(self, event: Heard) -> Heard:
        """What was said, with the mood by now."""
        now = self.now
        if not self._options.enabled or not now.label:
            return event
        return replace(
            event,
            mood=now.label,
            mood_level=now.level,
            mood_trend=now.trend,
            mood_turns=max(1, now.in_row),
            mood_fresh=now.fresh,
        )

    def _see(self, seen: Said | Keyed | KeptSilent) -> None:
        if self._options.enabled:
            self.now = feel(self.now, seen, self.limits)

    def _stated(self, label: str) -> None:
        before = self.now
        in_row = before.in_row + 1 if before.label == label else 1
        level = LEVELS.get(label, 0.0)
        self.now = replace(before, label=label, level=level, slope=level - before.level, fresh=True, in_row=in_row)

    def _written(self, text: str, where: Situation) -> bool:
        """Whether the flow itself wrote these words as an answer that is not `angry`."""
        said = bare(text)
        return bool(said) and any(bare(one.text) == said and one.intent != ANGRY for one in where.phrases)
