"""ICE as a lite agent (RFC 8445 §2.5, RFC 8839): one address of ours, the far end does the checking. Pure.

A gateway is reached under an address that it knows, for plain RTP as well, so it needs neither to gather candidates nor to
check any: answering is enough, and costs no second socket and no waiting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from telephony.sip.sdp import Description, Media

_WORD = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PRIORITY = (126 << 24) + (65535 << 8) + 256
"""Of a host candidate, less its component (RFC 8445 §5.1.2.1)."""


@dataclass(frozen=True, slots=True)
class IceSession:
    """Who may check, and how: the user names of both sides, and our password that signs."""

    ufrag: str
    """Ours."""
    password: str = field(repr=False)
    """Ours: checks are signed with it, and our responses too."""
    peer: str
    """The far end's ufrag."""
    peer_password: str = field(repr=False)

    def lines(self, host: str, port: int, *, shared: bool) -> list[str]:
        """What the stream says about us; RTCP has a component of its own, the next port, unless it is `shared`."""
        components = (1,) if shared else (1, 2)
        candidates = [f"a=candidate:1 {one} UDP {_PRIORITY - one} {host} {port + one - 1} typ host" for one in components]
        return [f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}", *candidates]


def begin(random: Callable[[int], bytes]) -> IceSession:
    """Fresh credentials, before the far end's are known."""
    return IceSession(random(4).hex(), random(16).hex(), "", "")


def credentials(description: Description, media: Media) -> tuple[str, str] | None:
    """The far end's user name and password; None where it has no ICE, or waits for our checks as a lite agent itself."""
    values = dict(description.attributes) | dict(media.attributes)
    ufrag, password = values.get("ice-ufrag", ""), values.get("ice-pwd", "")
    if "ice-lite" in values or not _WORD.fullmatch(ufrag) or not _WORD.fullmatch(password) or len(password) < 22:
        return None
    return ufrag, password
