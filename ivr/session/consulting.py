"""What an agent does with a third party: asked while the caller hears music, joined, or given the caller. Part of a talk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from ivr.errors import Conflict
from ivr.session.consult import Consult
from ivr.session.exchange import Exchange
from ivr.session.inviting import Guest
from ivr.session.monitoring import Audience
from ivr.session.taking import Heir
from telephony.leg import Bridge, CallLeg, Party
from telephony.media.clip import Clip


class Consulting(ABC):
    """Everything raises Conflict, with words for the agent, where it cannot be now."""

    caller: CallLeg
    agent: CallLeg
    bridge: Bridge
    music: Sequence[Clip]
    exchange: Exchange | None
    changed: Callable[[str], None]
    audience: Audience
    consult: Consult | None = None
    """The third party, while there is one."""
    held: bool = False
    partner: CallLeg | None = None
    heir: Heir | None = None
    """Whose leg `partner` is, where that is an agent."""

    def call(self, target: str, caller: Party) -> None:
        """Begin a consultation: the caller hears music, the agent hears `target` ring and then talks with it; supervisors stay
        with the agent. Raises Conflict where one goes on already."""
        self._begin_consult({"kind": "number", "to": target}).dial(target, caller)

    def invite(self, guest: Guest, name: str) -> None:
        """As `call`, with a colleague who has been reserved. Raises Conflict as `call`; then he is not asked."""
        self._begin_consult({"kind": "agent", "id": guest.agent_id, "name": name}).invite(guest)

    def toggle(self) -> None:
        """Talk with the other one of caller and third party; the one left behind hears music. Raises Conflict without one."""
        consult = self._consulting()
        consult.toggle(None if self.audience else self.bridge)
        if self.audience:  # they go along
            self.join()
        self.route()

    def three_way(self) -> None:
        """All three hear each other. Raises Conflict where the third party is not there."""
        self._consulting().conference(self.bridge)
        self.held = False
        self.route()
        self.changed("connected")

    def complete(self) -> None:
        """Warm transfer: caller and third party talk with each other, the agent is free. Raises Conflict as `three_way`."""
        consult = self._consulting()
        self.audience.stand()
        self.partner, self.heir = consult.give_away(self.bridge), consult.guest
        self.consult = None
        self.leave_to_partner()

    def back(self) -> None:
        """Let the third party go and talk with the caller again. Raises Conflict without one."""
        if self.consult is None:
            raise Conflict("there is nobody to come back from")
        self.consult.end()

    def no_consult(self) -> None:
        """Raises Conflict where a third party is there."""
        if self.consult is not None:
            raise Conflict("a third party is on the line: complete, or come back first")

    # --- what the talk gives

    @abstractmethod
    def join(self) -> None:
        """Bridge the legs as they are now."""

    @abstractmethod
    def route(self) -> None:
        """Tell who is to be heard."""

    @abstractmethod
    def leave_to_partner(self) -> None:
        """The agent goes; whoever has the caller now is set."""

    @abstractmethod
    def insist_there(self) -> None:
        """Raises Conflict while the agent's audio is lost."""

    @abstractmethod
    def needs_exchange(self) -> Exchange:
        """What third parties are called with. Raises Conflict where there is none, or the talk is over."""

    @abstractmethod
    def hold_caller(self) -> None:
        """The caller hears music."""

    @abstractmethod
    def consult_over(self) -> None:
        """The third party is gone."""

    # --- parts

    def _begin_consult(self, who: Mapping[str, str]) -> Consult:
        exchange = self.needs_exchange()
        self.no_consult()
        self.insist_there()
        if not self.held:
            self.hold_caller()
        self.consult = Consult(self.caller, self.agent, self.music, exchange, self.consult_over, who, self.audience)
        if self.audience:
            self.join()
        return self.consult

    def _consulting(self) -> Consult:
        self.insist_there()
        if self.consult is not None and self.consult.away:
            raise Conflict("the audio of whom you asked is not back yet")
        if self.consult is None or not self.consult.up:
            raise Conflict("there is no third party on the line")
        return self.consult
