"""The address of another system's page within the desk, with a token that says who sits there and who calls. Pure.

The token is a JWT (RFC 7519), HS256 with the secret that both know: `iss` hotline, `aud` the frame's name, `sub` the agent,
`exp`, `jti`, and `agent` and `contact` as objects. It stands in the address as `hotline_token`, holds for a minute, and is
good for one visit where the other system keeps `jti`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from joserfc import jwt
from joserfc.jwk import OctKey

PARAMETER = "hotline_token"


class Options(Protocol):
    """`ivr.settings_workbench.FrameOptions`."""

    @property
    def url(self) -> str: ...

    @property
    def secret(self) -> str: ...

    @property
    def expires(self) -> float: ...


def address(options: Options, name: str, agent: Mapping[str, Any], contact: Mapping[str, Any], now: float, jti: str) -> str:
    """Where the frame leads for this contact. `now` is epoch seconds, `jti` a fresh random token."""
    caller = contact.get("caller") or {}
    places = {
        "number": caller.get("number", ""),
        "customer": contact.get("customer", ""),
        "contact": contact.get("id", ""),
        "language": contact.get("language", ""),
    }
    url = options.url
    for place, value in places.items():
        url = url.replace("{" + place + "}", quote(str(value), safe=""))
    if not options.secret:
        return url
    parts = urlsplit(url)
    query = "&".join(
        one for one in (parts.query, urlencode({PARAMETER: token(options, name, agent, contact, now, jti)})) if one
    )
    return urlunsplit(parts._replace(query=query))


def token(options: Options, name: str, agent: Mapping[str, Any], contact: Mapping[str, Any], now: float, jti: str) -> str:
    """The signed token alone."""
    claims = {
        "iss": "hotline",
        "aud": name,
        "sub": str(agent.get("id", "")),
        "iat": int(now),
        "exp": int(now + options.expires),
        "jti": jti,
        "agent": dict(agent),
        "contact": dict(contact),
    }
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(options.secret))
