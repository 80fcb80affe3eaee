"""Calls that come: over which trunk, from whom as far as that can be believed, and whether the trunk has room for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from telephony.errors import PeerFault
from telephony.gateway.parties import party_of
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.trunks import Trunk, Trunks
from telephony.leg import Party
from telephony.sip.flow import Flow
from telephony.sip.identity import info_of
from telephony.sip.incoming import IncomingCall
from telephony.sip.numbers import dialable, e164, rewritten

log = logging.getLogger(__name__)


class Inbound:
    def __init__(self, trunks: Trunks, trusts: Callable[[Flow], bool]) -> None:
        self._trunks = trunks
        self._trusts = trusts
        self._legs: dict[SipLeg, Trunk] = {}

    def introduce(self, leg: SipLeg, call: IncomingCall) -> None:
        """Tell `leg` what signalling says of its call: numbers in E.164, and identity only where the peer is trusted."""
        trunk = self._trunks.get(call.trunk)
        trusted = trunk.options.trust_identity if trunk is not None else self._trusts(call.flow)
        leg.info = info_of(call.invite.headers, trusted=trusted, trunk=call.trunk)
        if trunk is None:
            return
        leg.caller = _caller(leg, call, trunk)
        # A call to the contact that we registered says in To, or in the asserted called party, whom it was meant for.
        called = call.invite.uri.user
        if called == trunk.contact:
            called = party_of(call.invite.recipient).user
        leg.callee = Party(_number(called, trunk), host=call.invite.uri.host)

    def take(self, leg: SipLeg, call: IncomingCall, now: float) -> str:
        """Count the call for its trunk; returns why there is no room for it, "" where there is."""
        trunk = self._trunks.get(call.trunk)
        if trunk is None:
            return ""
        if reason := trunk.take("in", now):
            log.warning("trunk %s: call %s refused: %s", call.trunk, call.call_id, reason)
            return reason
        self._legs[leg] = trunk
        return ""

    def ended(self, leg: SipLeg) -> None:
        if (trunk := self._legs.pop(leg, None)) is not None:
            trunk.give_back("in")


def _caller(leg: SipLeg, call: IncomingCall, trunk: Trunk) -> Party:
    """The asserted caller where there is one and he does not hide; else From, which anybody may write."""
    caller = party_of(call.invite.sender)
    asserted = leg.info.asserted
    if asserted is not None and not leg.info.private:
        caller = Party(asserted.user, asserted.display or caller.display, asserted.host)
    if leg.info.private:
        return replace(caller, user="", display="")
    return replace(caller, user=_number(caller.user, trunk))


def _number(text: str, trunk: Trunk) -> str:
    """A number of this trunk in E.164; a name stays as it is."""
    number = rewritten(dialable(text), trunk.options.rewrite_in)
    if not number:
        return text
    try:
        return e164(number, trunk.options.region)
    except PeerFault:
        return number
