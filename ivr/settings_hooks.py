"""Settings of webhooks that are told what happens: `webhooks`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from ivr.errors import ConfigError
from ivr.hooks.catalogue import NAMES, wanted

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
LEAST_SECRET = 16
MOST_HOOKS = 50


@dataclass(frozen=True, slots=True)
class HookOptions:
    name: str
    """Small letters, digits, `_` and `-`."""
    url: str
    """`https://HOST/PATH` that takes each event as JSON."""
    secret: str
    """By `env:NAME`: signs what is sent; 16 characters or more."""
    events: tuple[str, ...] = ("*",)
    """Kinds of events, as docs/events.md names them: `contact.ended`, `queue.*`, `*`."""
    timeout: float = 5.0
    """Seconds for one try."""


def check_hooks(hooks: Sequence[HookOptions], file: str) -> None:
    """Raises ConfigError with the file, the key and the cure."""
    if len(hooks) > MOST_HOOKS:
        raise ConfigError(f"{file}: webhooks: {len(hooks)} are more than {MOST_HOOKS}")
    seen: set[str] = set()
    for number, hook in enumerate(hooks):
        place = f"{file}: webhooks[{number}]"
        if not _NAME.fullmatch(hook.name):
            raise ConfigError(f"{place}.name: '{hook.name[:64]}' is not small letters, digits, _ and -; such as crm")
        if hook.name in seen:
            raise ConfigError(f"{place}.name: '{hook.name}' stands there twice")
        seen.add(hook.name)
        try:
            parts = urlsplit(hook.url)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            right, parts = False, urlsplit("")
        if not right or parts.username is not None or parts.password is not None:
            raise ConfigError(f"{place}.url: this is not https://HOST/PATH; the secret belongs into `secret`")
        if len(hook.secret) < LEAST_SECRET:
            raise ConfigError(f"{place}.secret: shorter than {LEAST_SECRET} characters; `openssl rand -hex 32` makes one")
        if not 0.5 <= hook.timeout <= 30:
            raise ConfigError(f"{place}.timeout: {hook.timeout:g} s is not from 0.5 to 30")
        for pattern in hook.events:
            if not any(wanted((pattern,), name) for name in NAMES):
                near = get_close_matches(pattern, NAMES, 1)
                cure = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(NAMES)}"
                raise ConfigError(f"{place}.events: no event is called '{pattern[:64]}'; {cure}")
