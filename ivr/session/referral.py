"""A phone in a talk asks that somebody else take its place (REFER): we place the call, tell it how that goes, and swap.

No task of its own: the dialled leg's events drive it. What the new call costs is judged by the rules of whoever pays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from telephony.errors import TelephonyError
from telephony.leg import Answered, CallLeg, Dialer, DialOptions, EndCause, Ended, Handed, LegEvent, LegState, Party, Ringing
from telephony.leg import TransferRequested as Requested

log = logging.getLogger(__name__)

RING_SECONDS = 45.0

STATUS = {
    EndCause.BUSY: 486,
    EndCause.DECLINED: 603,
    EndCause.NO_ANSWER: 480,
    EndCause.UNREACHABLE: 404,
    EndCause.CANCELLED: 487,
}
"""What the asker is told of a call that failed; 500 for any other cause."""


class Referral:
    """One transfer in progress. `arrived` gets the new leg once it is UP; `failed` is told where there will be none."""

    def __init__(
        self,
        asker: CallLeg,
        request: Requested,
        caller: Party,
        payer: str,
        arrived: Callable[[CallLeg], None],
        failed: Callable[[], None],
        handed: Callable[[], Handed] = Handed,
    ) -> None:
        self.asker, self._request, self._caller, self._payer = asker, request, caller, payer
        self._arrived, self._failed, self._handed = arrived, failed, handed
        self._leg: CallLeg | None = None
        self.over = False

    def begin(self, dial: Dialer) -> None:
        """Take the order and dial. Never raises: what stands in the way is told to the asker."""
        self.asker.report_transfer(100)
        headers = {"Replaces": self._request.replaces} if self._request.replaces else {}
        if self._request.referred_by:
            headers["Referred-By"] = self._request.referred_by
        options = DialOptions(payer=self._payer, ring_timeout=RING_SECONDS, headers=headers, handed=self._handed())
        try:
            leg = self._leg = dial(self._request.target, self._caller, options=options)
        except TelephonyError as error:
            log.warning("%s transfer: %s", self.asker.correlation, error)
            self._fail(503)
            return
        leg.subscribe(self._event)
        if leg.state is LegState.ENDED and not self.over:
            self._fail(404)

    def cancel(self) -> None:
        """Give it up, because the talk is over. Without effect once it is through."""
        if not self.over:
            self._fail(487)
            if self._leg is not None:
                self._leg.hang_up(EndCause.CANCELLED)

    def _event(self, event: LegEvent) -> None:
        if self.over:
            return
        match event:
            case Ringing():
                self.asker.report_transfer(180)
            case Answered():
                assert self._leg is not None
                self.over = True
                self.asker.report_transfer(200)
                self._arrived(self._leg)
            case Ended(cause=cause):
                self._fail(STATUS.get(cause, 500))

    def _fail(self, status: int) -> None:
        self.over = True
        self.asker.report_transfer(status)
        self._failed()
