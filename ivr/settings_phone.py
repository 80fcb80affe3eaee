"""Settings of phone accounts: extensions of a PBX that Hotline holds (`phone_accounts`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.errors import ConfigError

MOST_CALLS = 30
_NAME = re.compile(r"[0-9A-Za-z._+-]{1,128}")


@dataclass(frozen=True, slots=True)
class PhoneAccountOptions:
    """Its name is how it is dialled: `sip:200@office`."""

    server: str
    """Name or address of the PBX, the host part of its URIs; `:PORT` behind it where that is not 5060."""
    user: str
    password: str = ""
    """Clear text, or `env:NAME`."""
    kind: str = "pyvoip"
    """Who speaks with the PBX: pyVoIP, in a process of its own."""
    auth_user: str = ""
    """Where the PBX wants another name than `user` with the password."""
    display: str = ""
    host: str = ""
    """Our address towards the PBX; empty: the one that packets to it leave from."""
    number: str = ""
    """What a call to this extension counts as called, for `routes`; empty: `user`."""
    calls: int = 10
    """At the same time, 30 at most."""
    media_timeout: float = 30.0
    """Seconds without any RTP after which a call is given up; `30s`."""
    memory_mb: int = 256
    """Address space that the process may take besides that which it starts with."""


def check_phone_accounts(accounts: Mapping[str, PhoneAccountOptions], file: str) -> None:
    """Raises ConfigError in one line that names the place and the cure."""
    taken: dict[tuple[str, str], str] = {}
    for name, account in accounts.items():
        place = f"{file}: phone_accounts.{name}"
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{place}: a name is made of letters, digits and . _ + -")
        if account.kind != "pyvoip":
            raise ConfigError(f"{place}.kind: '{account.kind}' is not pyvoip; a carrier or PBX without it is a trunk")
        server_of(account.server, f"{place}.server")
        if not _NAME.fullmatch(account.user):
            raise ConfigError(f"{place}.user: '{account.user}' is not made of letters, digits and . _ + -")
        if not 1 <= account.calls <= MOST_CALLS:
            raise ConfigError(f"{place}.calls: from 1 to {MOST_CALLS}, found {account.calls}; make a second account for more")
        if not 64 <= account.memory_mb <= 4096:
            raise ConfigError(f"{place}.memory_mb: from 64 to 4096, found {account.memory_mb}")
        extension = account.server.lower(), account.user
        if extension in taken:
            raise ConfigError(f"{place}: {account.user} at {account.server} is already held by '{taken[extension]}'")
        taken[extension] = name


def server_of(text: str, place: str) -> tuple[str, int]:
    """`HOST` or `HOST:PORT` as host and port. Raises ConfigError."""
    found = re.fullmatch(r"([0-9A-Za-z._-]{1,128})(?::(\d{1,5}))?", text)
    if found is None or not 0 < int(found[2] or 5060) <= 65535:
        raise ConfigError(f"{place}: '{text}' is not HOST or HOST:PORT (pyVoIP has no IPv6)")
    return found[1], int(found[2] or 5060)
