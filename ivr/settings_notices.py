"""Settings of how notifications leave the house: `notices`."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ivr.errors import ConfigError

SAFETY = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    url: str = ""
    """`https://HOST/PATH` that takes each notification as JSON; empty: the channel is not there."""
    token: str = ""
    """Bearer token, by `env:NAME`."""
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class EmailOptions:
    host: str = ""
    """SMTP server; empty: the channel is not there."""
    port: int = 587
    user: str = ""
    password: str = ""
    """By `env:NAME`."""
    sender: str = ""
    """`Hotline <hotline@example.org>`."""
    tls: str = "starttls"
    """`starttls`, `tls` or `none`."""
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class NoticeOptions:
    sms: WebhookOptions = field(default_factory=WebhookOptions)
    webhook: WebhookOptions = field(default_factory=WebhookOptions)
    email: EmailOptions = field(default_factory=EmailOptions)


def channel_names(options: NoticeOptions) -> frozenset[str]:
    """Names of the channels that are there."""
    there = {"sms": options.sms.url, "webhook": options.webhook.url, "email": options.email.host}
    return frozenset(name for name, place in there.items() if place)


def check_notices(options: NoticeOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    for name, hook in (("sms", options.sms), ("webhook", options.webhook)):
        parts = urlsplit(hook.url)
        if hook.url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None):
            raise ConfigError(
                f"{file}: notices.{name}.url: '{hook.url}' is not https://HOST/PATH; a secret belongs into `token`"
            )
    email = options.email
    if email.tls not in SAFETY:
        raise ConfigError(f"{file}: notices.email.tls: '{email.tls}' is not {', '.join(SAFETY)}")
    if email.host and "@" not in email.sender:
        raise ConfigError(f"{file}: notices.email.sender: '{email.sender}' is no address; such as hotline@example.org")
    if not 1 <= email.port <= 65535:
        raise ConfigError(f"{file}: notices.email.port: {email.port} is no port")
