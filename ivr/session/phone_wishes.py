"""What phones in a talk ask for by themselves: to be replaced by somebody else, or to give their place to another call."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from ivr.session.referral import Referral
from telephony.leg import CallLeg, Ended, LegState, TransferRequested

if TYPE_CHECKING:
    from ivr.session.talk import Talk

FAREWELL_SECONDS = 2.0
"""A phone that was transferred away hangs up by itself; after this we do."""


class PhoneWishes:
    """Follows what the legs of one talk do with it by themselves (RFC 3515, RFC 3891)."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._referral: Referral | None = None
        self.kept: Ended | None = None
        """The end of the caller's leg, while a transfer that it asked for goes on."""
        self.hold = False
        """The agent's phone has put the caller on hold by itself."""

    def close(self) -> None:
        """The talk is over."""
        if self._referral is not None:
            self._referral.cancel()

    def refer(self, asker: CallLeg, request: TransferRequested) -> None:
        """A phone wants to leave and have `request.target` in its place."""
        talk = self._talk
        busy = self._referral is not None and not self._referral.over
        if talk.exchange is None or busy or talk.consult is not None:
            asker.report_transfer(491 if busy else 603)
            return
        if request.other is not None and talk.exchange.unite(asker is talk.caller, request.other):
            asker.report_transfer(100)
            asker.report_transfer(200)
            return
        stays = talk.agent if asker is talk.caller else talk.caller
        who = stays.caller if stays is talk.caller else stays.callee
        payer, handed = talk.exchange.payer, talk.exchange.handed
        self._referral = Referral(asker, request, who, payer, partial(self._arrived, asker), self._not_arrived, handed)
        self._referral.begin(talk.exchange.dial)

    def _arrived(self, asker: CallLeg, leg: CallLeg) -> None:
        """The one who was called for is there: it takes the asker's place."""
        talk = self._talk
        if talk.finished.done():
            leg.hang_up()
        elif asker is talk.agent:
            talk.partner = leg
            talk.end("transferred")
        else:
            if self.kept is not None:
                self.kept = None
                talk.agent.stop()
            talk.replace_caller(leg)
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, asker.hang_up)

    def _not_arrived(self) -> None:
        """A referral that failed leaves the talk as it is; an asker who did not wait for that is gone."""
        talk = self._talk
        if self.kept is not None and talk.exchange is not None:
            kept, self.kept = self.kept, None
            talk.exchange.heard(kept)
        elif talk.agent.state is LegState.ENDED and not talk.away:
            talk.end("agent_lost")

    def referring(self, asker: CallLeg) -> bool:
        """True while a transfer goes on that this phone asked for; many hang up at once then (RFC 5589 §6.1)."""
        return self._referral is not None and not self._referral.over and self._referral.asker is asker

    def take_over(self, old: CallLeg, by: CallLeg) -> None:
        """INVITE with Replaces: another call takes the place of `old`, which then ends by itself."""
        talk = self._talk
        by.answer()
        if by.state is not LegState.UP:  # given up meanwhile: `old` stays
            return
        if old is not talk.agent:
            talk.replace_caller(by)
            return
        freed = self.hold and talk.held and talk.consult is None  # the phone that held is not there any more
        self.hold = False
        talk.held = talk.held and not freed
        talk.hear_agent(by)
        talk.join()
        if freed:
            talk.changed("connected")
