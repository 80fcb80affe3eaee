"""What one phone account is told: where its PBX is, who it is there, and how much it may take."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_CALLS = 30
"""pyVoIP's threads bear no more in one process."""


@dataclass(frozen=True, slots=True)
class PhoneAccountSettings:
    name: str
    """By which it is dialled: `sip:NUMBER@NAME`."""
    server: str
    """Name or address of the PBX, the host part of its URIs."""
    user: str
    password: str = field(default="", repr=False)
    port: int = 5060
    auth_user: str = ""
    """Where the PBX wants another name than `user` with the password."""
    display: str = ""
    host: str = ""
    """Our address towards the PBX; "" for the one that packets to it leave from."""
    sip_port: int = 0
    """0 for any."""
    number: str = ""
    """What a call to this account counts as called, for the routes; "" for `user`."""
    max_calls: int = 10
    rtp_low: int = 20000
    rtp_high: int = 29999
    media_timeout: float = 30.0
    """Seconds without RTP after which a call is given up; 0 for never."""
    memory: int = 256 * 2**20
    """Bytes of address space that the child may take besides those that it starts with."""

    def __post_init__(self) -> None:
        """Raises ValueError for what no phone could be."""
        if not 1 <= self.max_calls <= MOST_CALLS:
            raise ValueError(f"pyVoIP bears 1 to {MOST_CALLS} calls in one process, not {self.max_calls}")
        for what, text in (("name", self.name), ("user", self.user), ("server", self.server)):
            if not re.fullmatch(r"[0-9A-Za-z._+-]{1,128}", text):
                raise ValueError(f"{what} {text!r} is not made of letters, digits and . _ + -")
