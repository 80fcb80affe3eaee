"""Supervisors beside an agent: they hear whom the agent hears, caller or third party, and are heard as they chose."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.errors import Conflict
from telephony.errors import TelephonyError
from telephony.joining import Conference, Role
from telephony.leg import Bridge, CallLeg, Ended, LegEvent, LegState

if TYPE_CHECKING:
    from ivr.session.talk import Talk

log = logging.getLogger(__name__)

ROLES = {"listen": Role.LISTENER, "whisper": Role.COACH, "barge": Role.SPEAKER}


@dataclass(slots=True)
class Seat:
    """One supervisor."""

    leg: CallLeg
    mode: str
    told: Callable[[str], None]
    """Hears why it ends: `stopped`, `over`, `lost`."""


class Audience:
    """Of one talk. While somebody is here, what would be a bridge of the agent's is a conference with all of them in it."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._seats: dict[str, Seat] = {}
        self._room: Conference | None = None

    def __contains__(self, who: str) -> bool:
        return who in self._seats

    def __len__(self) -> int:
        return len(self._seats)

    # --- supervisors

    def add(self, who: str, leg: CallLeg, mode: str, told: Callable[[str], None]) -> None:
        """Let an UP leg in; it is ours from now on. Raises Conflict where there is no room, and leaves it as it is."""
        before, first = self._seats.get(who), not self._seats
        if before is not None:
            self._up(before)
        self._seats[who] = Seat(leg, mode, told)
        if first:
            self._talk.rewire()
        elif self._room is not None:
            self._sit(who, self._room)
        if before is not None:
            before.leg.hang_up()
        if who not in self._seats:
            raise Conflict("nobody else can be let into this call")
        leg.subscribe(lambda event: self._event(who, leg, event))
        if leg.state is LegState.ENDED:
            self.remove(who, "lost")

    def change(self, who: str, mode: str) -> None:
        """From listening to whispering to barging in, without a gap."""
        seat = self._seats[who]
        seat.mode = mode
        if self._room is not None:
            self._room.role(seat.leg, ROLES[mode], self._coached(mode))

    def remove(self, who: str, why: str = "stopped") -> None:
        """Let a supervisor go and release the leg. Without effect on who is not here."""
        seat = self._seats.pop(who, None)
        if seat is None:
            return
        self._up(seat)
        seat.leg.hang_up()
        seat.told(why)
        if not self._seats:
            self._room = None
            self._talk.rewire()

    def release(self, who: str) -> CallLeg:
        """Take a supervisor out and leave the leg as it is, for its new owner. Raises Conflict for who is not here."""
        seat = self._seats.pop(who, None)
        if seat is None:
            raise Conflict("you do not listen to this call")
        seat.leg.subscribe(lambda event: None)
        self._up(seat)
        return seat.leg

    def close(self) -> None:
        """The talk is over for all of them."""
        seats, self._seats, self._room = self._seats, {}, None
        for seat in seats.values():
            seat.leg.hang_up()
            seat.told("over")

    # --- where the agent is

    def bridge(self, one: CallLeg, other: CallLeg) -> Bridge:
        """Join two legs, the agent's among them, with everybody who is here. Raises TelephonyError as a bridge does."""
        exchange = self._talk.exchange
        assert exchange is not None
        if not self._seats:
            return exchange.bridge(one, other)
        room = exchange.confer(self._talk.music)
        try:
            room.join(one)
            room.join(other)
        except BaseException:
            room.close()
            raise
        self.sit(room)
        return room

    def sit(self, room: Conference) -> None:
        """All go where the agent is; who cannot is told `lost`."""
        self.stand()
        if not self._seats:
            return
        self._room = room
        for who in tuple(self._seats):
            self._sit(who, room)

    def stand(self, room: Bridge | None = None) -> None:
        """All wait, in silence, for the next `bridge` or `sit`; those alone who are in `room`, where one is named."""
        if room is not None and room is not self._room:
            return
        for seat in self._seats.values():
            self._up(seat)
        self._room = None

    # --- parts

    def _sit(self, who: str, room: Conference) -> None:
        seat = self._seats[who]
        try:
            room.join(seat.leg, ROLES[seat.mode], self._coached(seat.mode))
        except TelephonyError as error:
            log.warning("supervisor %s cannot be joined: %s", who, error)
            del self._seats[who]
            seat.leg.hang_up()
            seat.told("lost")

    def _up(self, seat: Seat) -> None:
        if self._room is not None:
            self._room.leave(seat.leg)

    def _coached(self, mode: str) -> CallLeg | None:
        return self._talk.agent if mode == "whisper" else None

    def _event(self, who: str, leg: CallLeg, event: LegEvent) -> None:
        seat = self._seats.get(who)
        if isinstance(event, Ended) and seat is not None and seat.leg is leg:
            self.remove(who, "lost")
