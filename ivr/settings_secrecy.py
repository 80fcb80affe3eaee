"""What settings may say about SRTP: `media.srtp`, `trunks.NAME.srtp`, `sip.accounts: srtp`."""

from __future__ import annotations

import re
from typing import Any

from ivr.errors import ConfigError

MODES = ("off", "optional", "required")
SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")

_LISTENER = re.compile(r"(udp|tcp|tls|ws|wss):(\d{1,5})")


def mode_of(value: Any, place: str, *, empty: bool = False) -> str:
    """`off`, `optional` or `required`; YAML reads a bare `off` as false. Raises ConfigError."""
    text = "off" if value is False else value
    if text not in MODES and not (empty and text == ""):
        raise ConfigError(f"{place}: '{value}' is not one of {', '.join(MODES)}")
    return str(text)


def check_suites(suites: tuple[str, ...], place: str) -> None:
    """Raises ConfigError."""
    unknown = [suite for suite in suites if suite not in SUITES]
    if unknown or not suites:
        what = f"'{unknown[0]}' is not" if unknown else "expected"
        raise ConfigError(f"{place}: {what} one of {', '.join(SUITES)}")


def listener_of(text: str, place: str) -> tuple[str, int]:
    """`tls:5061` as transport and port. Raises ConfigError."""
    found = _LISTENER.fullmatch(text)
    if found is None:
        raise ConfigError(f"{place}: '{text}' is not a listener as TRANSPORT:PORT, such as tls:5061")
    return found[1], int(found[2])
