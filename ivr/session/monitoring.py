"""Supervisors in a talk: a bridge that is a conference, with people in it who listen, whisper or have barged in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from telephony.joining import Confer, Role
from telephony.leg import CallLeg, Ended, LegEvent, LegState
from telephony.media.clip import Clip

ROLES = {"listen": Role.LISTENER, "whisper": Role.COACH, "barge": Role.SPEAKER}


class Monitored:
    """A `telephony.leg.Bridge` of caller and agent with supervisors by name. `empty` is called when the last one has gone."""

    def __init__(
        self, confer: Confer, caller: CallLeg, agent: CallLeg, music: Sequence[Clip], empty: Callable[[], None]
    ) -> None:
        self._agent, self._empty = agent, empty
        self._room = confer(music)
        self._room.join(caller)
        self._room.join(agent)
        self._legs: dict[str, CallLeg] = {}
        self._told: dict[str, Callable[[str], None]] = {}

    def __contains__(self, who: str) -> bool:
        return who in self._legs

    def add(self, who: str, leg: CallLeg, mode: str, told: Callable[[str], None]) -> None:
        """Let an UP leg in; it is ours from now on. Raises Misuse where the conference is full.

        `told` hears why that ends: `stopped`, `over`, `lost`.
        """
        coached = self._agent if mode == "whisper" else None
        self._room.join(leg, ROLES[mode], coached)
        before, self._legs[who] = self._legs.get(who), leg
        self._told[who] = told
        if before is not None:
            self._room.leave(before)
            before.hang_up()
        leg.subscribe(lambda event: self._event(who, leg, event))
        if leg.state is LegState.ENDED:
            self.remove(who, "lost")

    def change(self, who: str, mode: str) -> None:
        """From listening to whispering to barging in, without a gap."""
        self._room.role(self._legs[who], ROLES[mode], self._agent if mode == "whisper" else None)

    def remove(self, who: str, why: str = "stopped") -> None:
        """Let a supervisor go and release the leg. Without effect on who is not here."""
        leg = self._legs.pop(who, None)
        if leg is None:
            return
        self._room.leave(leg)
        leg.hang_up()
        self._told.pop(who)(why)
        if not self._legs:
            self._empty()

    def release(self, who: str) -> CallLeg:
        """Take a supervisor out and leave the leg as it is, for its new owner. Raises KeyError for who is not here."""
        leg = self._legs.pop(who)
        del self._told[who]
        leg.subscribe(lambda event: None)
        self._room.leave(leg)
        return leg

    # --- telephony.leg.Bridge

    def hold(self, leg: CallLeg, music: Sequence[Clip]) -> None:
        """`leg` hears music; agent and supervisors go on hearing each other."""
        self._room.hold(leg, music)

    def resume(self, leg: CallLeg) -> None:
        self._room.resume(leg)

    def close(self) -> None:
        self._room.close()
        legs, self._legs = self._legs, {}
        for who, leg in legs.items():
            leg.hang_up()
            self._told.pop(who)("over")

    def _event(self, who: str, leg: CallLeg, event: LegEvent) -> None:
        if isinstance(event, Ended) and self._legs.get(who) is leg:
            self.remove(who, "lost")
