"""A caller and an agent joined: hold, digits, and the end of it, whoever ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ivr.errors import Conflict
from telephony.leg import Bridge, CallLeg, Ended, LegEvent, LegState
from telephony.media.clip import Clip


class Talk:
    """One bridged conversation; made when both legs are UP.

    `finished` is set to how it ended: "agent" (hung up in order), "agent_lost" (the page or phone vanished).
    A caller who hangs up ends the coroutine that owns the talk, which then calls `close`.
    """

    def __init__(
        self, caller: CallLeg, agent: CallLeg, bridge: Bridge, music: Sequence[Clip], changed: Callable[[str], None]
    ) -> None:
        self._caller, self._agent, self._bridge, self._music = caller, agent, bridge, music
        self._changed = changed
        self._hung_up_here = False
        self.held = False
        self.finished: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        agent.subscribe(self._agent_event)
        if agent.state is LegState.ENDED:
            self._end("agent_lost")

    def hold(self) -> None:
        """The caller hears music. Raises Conflict where it does already."""
        if self.held:
            raise Conflict("the caller is on hold already")
        self.held = True
        self._bridge.hold(self._caller, self._music)
        self._changed("held")

    def resume(self) -> None:
        if not self.held:
            raise Conflict("the caller is not on hold")
        self.held = False
        self._bridge.resume(self._caller)
        self._changed("connected")

    def send_digits(self, digits: str) -> None:
        """Press keys towards the caller's side. Raises Conflict for anything that is not a key."""
        if not digits or len(digits) > 32 or not set(digits) <= set("0123456789*#ABCD"):
            raise Conflict("keys are 0-9, *, # and A-D, 32 at most")
        self._caller.send_digits(digits)

    def hang_up(self) -> None:
        """End it by the agent's wish."""
        self._hung_up_here = True
        self._end("agent")

    def close(self) -> None:
        """Part the legs and release the agent's. Without effect the second time."""
        self._end("caller")
        self._bridge.close()
        self._agent.hang_up()

    def _agent_event(self, event: LegEvent) -> None:
        if isinstance(event, Ended):
            orderly = self._hung_up_here or event.cause.value in ("hung_up", "released")
            self._end("agent" if orderly else "agent_lost")

    def _end(self, how: str) -> None:
        if not self.finished.done():
            self.finished.set_result(how)


class Talks:
    """The running talks of this node by contact id: what the desk's buttons find."""

    def __init__(self) -> None:
        self._talks: dict[str, tuple[str, Talk]] = {}

    def add(self, contact_id: str, agent_id: str, talk: Talk) -> None:
        self._talks[contact_id] = (agent_id, talk)

    def remove(self, contact_id: str) -> None:
        self._talks.pop(contact_id, None)

    def find(self, contact_id: str, agent_id: str) -> Talk:
        """The talk, if it is this agent's. Raises Conflict where it has ended or is somebody else's."""
        owner, talk = self._talks.get(contact_id, ("", None))
        if talk is None or owner != agent_id:
            raise Conflict("this call has ended")
        return talk

    def __len__(self) -> int:
        return len(self._talks)
