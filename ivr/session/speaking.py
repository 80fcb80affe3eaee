"""Saying what is still being rendered: the first piece sounds while the voice speaks the next one.

Pieces follow each other without a gap where the voice is quick enough; where it is not, silence is played between two of
them, at a stop of the text. Nothing is said twice and no word is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ivr.dialplan.events import Words
from ivr.errors import PromptMissing, SpeechUnavailable
from telephony.leg import PlaybackFinished
from telephony.media.clip import Clip

Play = Callable[[Sequence[Clip], bool], int]
"""(clips, for ever) to the number of the playback."""
Render = Callable[[Words], Awaitable[Clip]]
GAP = Clip.silence(0.2)
"""Repeated until the next piece is there, so that the far end goes on getting packets."""


class Speaking:
    """One speech of several pieces. `over` is called once: with None at its end, with the error that ended it before."""

    def __init__(
        self, pieces: Sequence[Clip | Words], play: Play, render: Render, over: Callable[[Exception | None], None]
    ) -> None:
        self._pieces, self._play, self._render, self._over = pieces, play, render, over
        self._ready: list[Clip] = []
        self._playback = self._gap = 0
        """Numbers of what sounds now, 0 for nothing: a piece, or the silence before the next."""
        self._complete = False
        self._task: asyncio.Task[None] | None = asyncio.get_running_loop().create_task(self._run())

    def cancel(self) -> None:
        """Render and say no more; `over` is not called any more. Without effect the second time."""
        task, self._task = self._task, None
        self._ready.clear()
        self._playback = self._gap = 0
        if task is not None:
            task.cancel()

    def on_playback(self, event: PlaybackFinished) -> None:
        """Go on with the next piece. What ends before its time was stopped or replaced: then all of it is over."""
        if self._task is None or not event.playback or event.playback not in (self._playback, self._gap):
            return
        if event.playback == self._gap or not event.completed:
            self._end(None)
            return
        self._playback = 0
        if self._ready:
            self._sound()
        elif self._complete:
            self._end(None)
        else:
            self._gap = self._play((GAP,), True)

    async def _run(self) -> None:
        try:
            for piece in self._pieces:
                if isinstance(piece, Clip):
                    self._ready.append(piece)
                    continue
                self._sound()
                self._ready.append(await self._render(piece))
                self._sound()
        except (PromptMissing, SpeechUnavailable) as error:
            self._end(error)
            return
        self._complete = True
        self._sound()
        if not self._playback:
            self._end(None)

    def _sound(self) -> None:
        """Play what is ready, unless something sounds still."""
        if not self._ready or self._playback:
            return
        clips, self._ready = self._ready, []
        self._gap = 0  # its end is our own doing
        self._playback = self._play(clips, False)

    def _end(self, error: Exception | None) -> None:
        self.cancel()
        self._over(error)
