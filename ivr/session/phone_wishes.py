"""What phones in a talk ask for by themselves: to be replaced by somebody else, or to give their place to another call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from ivr.session.consult import Consult
from ivr.session.exchange import Exchange
from ivr.session.referral import Referral
from telephony.leg import CallLeg, Ended, LegState, TransferRequested

FAREWELL_SECONDS = 2.0
"""A phone that was transferred away hangs up by itself; after this we do."""


class PhoneWishes:
    """The part of `ivr.session.talk.Talk` that follows its legs' own transfers (RFC 3515, RFC 3891)."""

    _caller: CallLeg
    _agent: CallLeg
    _exchange: Exchange | None
    _referral: Referral | None
    _kept: Ended | None
    _held_by_phone: bool
    _changed: Callable[[str], None]
    consult: Consult | None
    held: bool
    partner: CallLeg | None
    finished: asyncio.Future[str]

    def replace_caller(self, leg: CallLeg) -> None:
        raise NotImplementedError

    def _hear_agent(self, agent: CallLeg) -> None:
        raise NotImplementedError

    def _join(self) -> None:
        raise NotImplementedError

    def _end(self, how: str) -> None:
        raise NotImplementedError

    def _refer(self, asker: CallLeg, request: TransferRequested) -> None:
        """A phone wants to leave and have `request.target` in its place."""
        busy = self._referral is not None and not self._referral.over
        if self._exchange is None or busy or self.consult is not None:
            asker.report_transfer(491 if busy else 603)
            return
        if request.other is not None and self._exchange.unite(asker is self._caller, request.other):
            asker.report_transfer(100)
            asker.report_transfer(200)
            return
        stays = self._agent if asker is self._caller else self._caller
        who = stays.caller if stays is self._caller else stays.callee
        payer, handed = self._exchange.payer, self._exchange.handed
        self._referral = Referral(asker, request, who, payer, partial(self._arrived, asker), self._not_arrived, handed)
        self._referral.begin(self._exchange.dial)

    def _arrived(self, asker: CallLeg, leg: CallLeg) -> None:
        """The one who was called for is there: it takes the asker's place."""
        if self.finished.done():
            leg.hang_up()
        elif asker is self._agent:
            self.partner = leg
            self._end("transferred")
        else:
            if self._kept is not None:
                self._kept = None
                self._agent.stop()
            self.replace_caller(leg)
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, asker.hang_up)

    def _not_arrived(self) -> None:
        """A referral that failed leaves the talk as it is; an asker who did not wait for that is gone."""
        if self._kept is not None and self._exchange is not None:
            kept, self._kept = self._kept, None
            self._exchange.heard(kept)
        elif self._agent.state is LegState.ENDED:
            self._end("agent_lost")

    def _referring(self, asker: CallLeg) -> bool:
        """True while a transfer goes on that this phone asked for; many hang up at once then (RFC 5589 §6.1)."""
        return self._referral is not None and not self._referral.over and self._referral.asker is asker

    def _take_over(self, old: CallLeg, by: CallLeg) -> None:
        """INVITE with Replaces: another call takes the place of `old`, which then ends by itself."""
        by.answer()
        if by.state is not LegState.UP:  # given up meanwhile: `old` stays
            return
        if old is not self._agent:
            self.replace_caller(by)
            return
        freed = self._held_by_phone and self.held and self.consult is None  # the phone that held is not there any more
        self._held_by_phone = False
        self.held = self.held and not freed
        self._hear_agent(by)
        self._join()
        if freed:
            self._changed("connected")
