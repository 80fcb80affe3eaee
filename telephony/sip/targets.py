"""Where a call of ours is tried, one after the other: servers of a name, and those that 3xx names. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telephony.errors import MalformedMessage
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import Response

MAX_TARGETS = 16
"""Attempts that may wait."""
MAX_REDIRECTS = 5
"""Targets that one call takes over from 3xx responses, over all hops (RFC 3261 §8.1.3.4)."""
PATIENCE = 4.0
"""Seconds without any response after which the next target is tried, where there is one."""


@dataclass(frozen=True, slots=True)
class Target:
    uri: Uri
    flow: Flow


class Targets:
    """`follow` says which URIs of a 3xx may be called, and which way; None for none, and without it none are."""

    def __init__(self, first: Sequence[Target], follow: Callable[[Uri], Flow | None] | None = None) -> None:
        self._waiting = deque(first[:MAX_TARGETS])
        self._follow = follow
        self._seen = {str(one.uri) for one in first}
        self._redirects = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self) -> Target | None:
        """Take out the target to try now."""
        return self._waiting.popleft() if self._waiting else None

    def redirected(self, response: Response) -> bool:
        """Put the targets of a 3xx before all others, the best q first; False where it holds none to follow.

        Whatever was tried before is not tried again: redirections in a circle end here.
        """
        if self._follow is None:
            return False
        found = []
        for uri in _contacts(response):
            text = str(uri)
            if text in self._seen or self._redirects >= MAX_REDIRECTS:
                continue
            self._seen.add(text)
            if (flow := self._follow(uri)) is not None:
                self._redirects += 1
                found.append(Target(uri, flow))
        self._waiting.extendleft(reversed(found))
        return bool(found)


def _contacts(response: Response) -> list[Uri]:
    """URIs of Contact, the best first; one that is no SIP URI, or cannot be read, counts as absent."""
    found: list[tuple[float, Uri]] = []
    for item in response.headers.items_of("contact")[: 4 * MAX_REDIRECTS]:
        try:
            address = Address.parse(item)
        except MalformedMessage:
            continue
        if address.uri.scheme in ("sip", "sips") and not address.uri.headers:
            found.append((_weight(address.parameters.get("q")), address.uri))
    return [uri for _, uri in sorted(found, key=lambda one: -one[0])]


def _weight(text: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text and len(text) < 8 else 1.0
    except ValueError:
        return 0.0
