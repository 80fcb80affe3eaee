"""An agent whose audio is lost, page and all, and who comes back to the caller: the caller hears music meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ivr.errors import Conflict
from ivr.session.consult import Consult
from ivr.session.exchange import Exchange
from telephony.leg import Bridge, CallLeg, LegState
from telephony.media.clip import Clip


class Absence:
    """The part of `ivr.session.talk.Talk` that waits for its agent."""

    _caller: CallLeg
    _agent: CallLeg
    _bridge: Bridge
    _exchange: Exchange | None
    _music: Sequence[Clip]
    _patience: float
    _due: asyncio.TimerHandle | None
    _changed: Callable[[str], None]
    consult: Consult | None
    held: bool
    finished: asyncio.Future[str]

    def complete(self) -> None:
        raise NotImplementedError

    def _hear_agent(self, agent: CallLeg) -> None:
        raise NotImplementedError

    def _join(self) -> None:
        raise NotImplementedError

    def _route(self) -> None:
        raise NotImplementedError

    def _end(self, how: str) -> None:
        raise NotImplementedError

    @property
    def away(self) -> bool:
        """The agent's audio is lost, and waited for."""
        return self._due is not None

    def returned(self, agent: CallLeg) -> None:
        """Go on with another leg of the agent's, which is UP: the page was loaded again, or another tab has it.

        Everybody hears whom they heard before. Raises Conflict where the talk, or that leg, has ended.
        """
        if self.finished.done() or self._exchange is None or agent.state is LegState.ENDED:
            raise Conflict("this call has ended")
        old, due, self._due = self._agent, self._due, None
        if due is not None:
            due.cancel()
        self._hear_agent(agent)
        self._caller.stop()
        self._join()
        old.hang_up()
        self._changed("held" if self.held else "connected")

    def _leave_waiting(self) -> None:
        """The caller hears music until the agent is back; those who are three talk on."""
        self._due = asyncio.get_running_loop().call_later(self._patience, self._not_back)
        if self.consult is None or not self.consult.three:
            self._bridge.close()
            self._caller.play(self._music, repeat=True)
        if self.consult is not None:
            self.consult.left_alone()
        self._route()
        self._changed("connecting")

    def _not_back(self) -> None:
        if self.consult is not None and self.consult.three and self.consult.up:
            self._due = None
            self.complete()
        else:
            self._end("agent_lost")

    def _insist_there(self) -> None:
        if self.away:
            raise Conflict("your audio is not back yet")
