"""An agent whose audio is lost, page and all, and who may come back to the caller: the caller hears music meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.session.talk import Talk


class Absence:
    """The wait of one talk for its agent, of `patience` seconds; 0 where nobody is waited for."""

    def __init__(self, talk: Talk, patience: float) -> None:
        self._talk, self.patience = talk, patience
        self._due: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        return self._due is not None

    def begin(self) -> None:
        """The caller hears music until the agent is back; those who are three talk on. Without effect while it runs."""
        if self._due is not None:
            return
        talk = self._talk
        self._due = asyncio.get_running_loop().call_later(self.patience, self._not_back)
        if talk.consult is None or not talk.consult.three:
            talk.audience.stand()
            talk.bridge.close()
            talk.caller.play(talk.music, repeat=True)
        if talk.consult is not None:
            talk.consult.left_alone()
        talk.route()
        talk.changed("connecting")

    def close(self) -> None:
        """The agent is back, or the talk is over."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _not_back(self) -> None:
        consult = self._talk.consult
        if consult is not None and consult.three and consult.up:
            self.close()
            self._talk.complete()
        else:
            self._talk.end("agent_lost")
