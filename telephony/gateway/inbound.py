"""Calls that come: over which trunk, from whom as far as that can be believed, and whether the trunk has room for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from telephony.errors import MalformedMessage, PeerFault
from telephony.gateway.parties import party_of
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.trunks import Trunk, Trunks
from telephony.leg import Party
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address
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
        leg.callee = Party(_number(_called(call, trunk), trunk), host=call.invite.uri.host)

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


def _called(call: IncomingCall, trunk: Trunk) -> str:
    """Whom a call is for; one to the contact that we registered says so in P-Called-Party-ID (RFC 7315 §4.2) or in To."""
    if call.invite.uri.user != trunk.contact:
        return call.invite.uri.user
    try:
        named = Address.parse(call.invite.headers.get("p-called-party-id")).uri.user
    except MalformedMessage:
        named = ""
    own = trunk.options.caller_id.number or (trunk.options.registration.user if trunk.options.registration else "")
    return next((one for one in (named, call.invite.recipient.uri.user) if one not in ("", trunk.contact)), own)


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
