"""Between the words of SIP headers and those of a leg. Pure."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from telephony.errors import MalformedMessage
from telephony.leg import Party
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import Request

MAX_LANGUAGES = 8
MAX_DISPLAY = 128
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def party_of(address: Address, proven: str = "") -> Party:
    """Who `address` names; `proven` is the user that digest has shown, "" for none."""
    display = _CONTROL.sub("", plain(address.display))[:MAX_DISPLAY]
    user = proven or plain(address.uri.user)
    return Party("" if user.lower() == "anonymous" else user, display, address.uri.host, bool(proven))


def address_of(caller: Party, host: str) -> Address:
    """From of a call that we make on behalf of `caller`, in the name of `host`."""
    host = f"[{host}]" if ":" in host else host
    display = _CONTROL.sub("", caller.display)[:MAX_DISPLAY]
    return Address(Uri("sip", caller.user or "anonymous", host), display)


def uri_of(target: str, realm: str) -> Uri:
    """The URI that `target` means: as it stands, or as a user of ours. Raises MalformedMessage."""
    if not target.lower().startswith(("sip:", "sips:", "tel:")):
        target = f"sip:{target}" if "@" in target else f"sip:{target}@{realm}"
    uri = Uri.parse(target)
    if uri.scheme == "tel":
        raise MalformedMessage("a tel URI needs a trunk", 416)
    return uri


def languages_of(request: Request) -> tuple[str, ...]:
    """Languages of Accept-Language, the best first; a malformed weight counts as the least."""
    weighted = []
    for item in request.headers.items_of("accept-language")[:MAX_LANGUAGES]:
        tag, _, tail = item.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", tail)
        if re.fullmatch(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", tag.strip()):
            weighted.append((float(weight[1]) if weight else 0.001 if tail else 1.0, tag.strip()))
    return tuple(tag for weight, tag in sorted(weighted, key=lambda one: -one[0]) if weight > 0)


def plain(text: str) -> str:
    """Octets that were not UTF-8 become U+FFFD, so that every later reader can encode the text."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@lru_cache(4096)
def ip_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `host` is, remembered, since each message asks; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
