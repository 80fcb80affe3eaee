"""Whom a call of ours says it comes from, and what else its INVITE carries, by the policy of its trunk. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from telephony.leg import DialOptions, Party
from telephony.sip.grammar import Address, Uri
from telephony.sip.identity import anonymous, asserted_headers, diversion_headers, user_to_user_header
from telephony.sip.numbers import dialable, formatted
from telephony.sip.trunk import CallerFrom, TrunkOptions

Dress = dict[str, list[str]]
"""Header name to values."""

_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}")
_BREAK = re.compile(r"[\x00-\x1f\x7f]")
OURS = frozenset(
    ("via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route", "content-type",
     "content-length", "authorization", "proxy-authorization", "supported", "require", "allow")
)  # fmt: skip
"""Headers that make the call what it is: no policy and no option changes them."""


def direct(caller: Party, options: DialOptions, target: Uri, host: str, *, ours: bool = False) -> tuple[Address, Dress]:
    """From, and further headers, of a call that takes no trunk: to a phone of ours (`ours`) or to a SIP URI."""
    sender = anonymous() if options.private else _address(caller, caller.user, host)
    headers = asserted_headers(None, private=options.private)
    return sender, _with_options(headers, options, target, handed_to(options, ours=ours))


def over_trunk(trunk: TrunkOptions, caller: Party, options: DialOptions, target: Uri, host: str) -> tuple[Address, Dress]:
    """From, and further headers, of a call over `trunk`; `host` is ours, for where the trunk names no domain."""
    policy = trunk.caller_id
    private = options.private or policy.source is CallerFrom.ANONYMOUS
    own = policy.number or (trunk.registration.user if trunk.registration else "")
    shown = dialable(caller.user) if policy.source is CallerFrom.CALLER else ""
    number = formatted(shown or own, policy.form, trunk.region)
    domain = trunk.domain or host
    known = _address(caller if shown else replace(caller, display=""), number, domain)
    headers = asserted_headers(known if policy.assert_identity and number else None, private=private)
    dressed = _with_options(headers, options, target, handed_to(options, trunk))
    for name, value in trunk.add_headers.items():
        _put(dressed, name, value)
    kept = {name: values for name, values in dressed.items() if name.lower() not in trunk.remove_headers}
    return (anonymous() if private else known), kept


def handed_to(options: DialOptions, trunk: TrunkOptions | None = None, *, ours: bool = False) -> str:
    """`none`, `link` or `body`: what a far end is told of what went before. `ours` is a phone that registered with us."""
    handed = options.handed
    return handed.how or (trunk.handover if trunk is not None else handed.phones if ours else "none")


def target_of(trunk: TrunkOptions, host: Uri, number: str) -> Uri:
    """Request-URI of a call to an E.164 number at one host of the trunk."""
    return replace(host, user=trunk.written(number), host=trunk.domain or host.host, port=None if trunk.domain else host.port)


def _address(caller: Party, user: str, host: str) -> Address:
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return Address(Uri("sip", user or "anonymous", host), _BREAK.sub("", caller.display)[:128])


def _with_options(headers: Dress, options: DialOptions, target: Uri, handed: str) -> Dress:
    headers = headers | diversion_headers(options.diversions, options.diversion_reason, target)
    link = options.handed.link if handed != "none" else ""
    headers |= user_to_user_header(options.user_to_user or link)
    for name, value in options.headers.items():
        _put(headers, name, value)
    return headers


def _put(headers: Dress, name: str, value: str) -> None:
    """Set a header that is ours to choose; a line break in it would be another header, and is taken out."""
    if _NAME.fullmatch(name) and name.lower() not in OURS:
        headers[name] = [_BREAK.sub(" ", value)[:1024]]
