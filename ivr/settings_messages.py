"""Settings of what is written: `messages`, with chat, e-mail, hooks of other systems, and the clocks of tickets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ivr.errors import ConfigError

KINDS = ("sms", "wechat", "whatsapp", "webhook")
ASKED = ("name", "phone", "email")
PRIORITIES = ("low", "normal", "high", "urgent")
STATES = ("open", "pending", "solved", "closed")
REDACT = ("closed", "at_once", "off")
MOST_MEGABYTES = 10
_NAME = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class ChatOptions:
    enabled: bool = False
    """Whether `/chat` is there, for anybody."""
    queue: str = ""
    """Empty: `messages.queue`."""
    needs: Mapping[str, int] = field(default_factory=dict)
    """Skill to level."""
    greeting: Mapping[str, str] = field(default_factory=dict)
    """By language: what the page says first."""
    ask: tuple[str, ...] = ("name",)
    """What visitors may say of themselves: `name`, `phone`, `email`."""
    sites: tuple[str, ...] = ()
    """Pages that may show it in a frame: `https://www.example.org`."""


@dataclass(frozen=True, slots=True)
class ImapOptions:
    host: str = ""
    """Empty: no mailbox is read."""
    port: int = 993
    user: str = ""
    password: str = ""
    """By `env:NAME`."""
    tls: bool = True
    folder: str = "INBOX"
    every: float = 30.0
    """Seconds between looks where the server does not tell of new mail."""


@dataclass(frozen=True, slots=True)
class MailboxOptions:
    address: str = ""
    """`support@example.org`: customers write there, and answers come from there by `notices.email`. Empty: no e-mail."""
    listen: str = ""
    """`127.0.0.1:2525` where a mail server hands e-mail over by SMTP; empty: not."""
    imap: ImapOptions = field(default_factory=ImapOptions)
    queue: str = ""
    needs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HookOptions:
    """A system that sends messages to `/api/v1/messages/hooks/NAME` and takes answers at `url`."""

    secret: str = ""
    """What both sign with, by `env:NAME`; 16 characters or more."""
    kind: str = "webhook"
    """`sms`, `wechat`, `whatsapp` or `webhook`."""
    url: str = ""
    """`https://HOST/PATH` that takes each answer as signed JSON; empty: answers cannot be sent."""
    timeout: float = 5.0
    queue: str = ""
    needs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClockOptions:
    respond: float = 0.0
    """Time until somebody has answered, `4h`; 0 for no promise."""
    resolve: float = 0.0
    """Time until it is solved."""
    hours: str = ""
    """Calendar of the environment in whose hours the time counts, `always` for day and night; empty: `messages.clock_hours`."""


@dataclass(frozen=True, slots=True)
class TicketOptions:
    """How tickets find who works on them."""

    queue: str = ""
    """Where those wait that nobody has and that name no queue; empty: tickets wait nowhere, owners are set by hand."""
    needs: Mapping[str, int] = field(default_factory=dict)
    accept: str = "auto"
    """`auto`: who has room has it; `ask`: he is asked first, as long as the queue rings."""
    away: float = 1800.0
    """How long an agent may be off duty, `30m`, before others get the tickets that he has not begun."""


_CLOCKS: Mapping[str, ClockOptions] = {
    "urgent": ClockOptions(3600.0, 8 * 3600.0),
    "high": ClockOptions(4 * 3600.0, 24 * 3600.0),
    "normal": ClockOptions(8 * 3600.0, 72 * 3600.0),
    "low": ClockOptions(24 * 3600.0, 7 * 24 * 3600.0),
}


@dataclass(frozen=True, slots=True)
class MessageOptions:
    queue: str = ""
    """Where messages wait; empty: the first of `queues`."""
    accept: str = "auto"
    """`auto`: who has room has it; `ask`: he is asked first, as long as the queue rings."""
    prefer: float = 120.0
    """How long a customer who writes again waits for the same agent alone, `2m`."""
    idle: float = 600.0
    """How long a customer may say nothing after our answer before the agent has room for another, `10m`."""
    away: float = 30.0
    """How long an agent's page may be gone before others get the messages that he has not answered."""
    reopen: float = 72 * 3600.0
    """How long after its end a conversation goes on when the customer writes again, `72h`."""
    chat: ChatOptions = field(default_factory=ChatOptions)
    email: MailboxOptions = field(default_factory=MailboxOptions)
    hooks: Mapping[str, HookOptions] = field(default_factory=dict)
    clocks: Mapping[str, ClockOptions] = field(default_factory=lambda: dict(_CLOCKS))
    """Priority of tickets to what is promised."""
    clock_stops: tuple[str, ...] = ("pending",)
    """States of tickets in which the clock stands still."""
    clock_hours: str = ""
    """Calendar of the environment in whose hours all clocks run; empty: day and night."""
    clock_warns: float = 900.0
    """How long before a clock runs out its owner is told, `15m`; 0: never."""
    tickets: TicketOptions = field(default_factory=TicketOptions)
    redact: str = "closed"
    """When private numbers (`privacy`) are taken out of what is kept: `closed`: cards and codes as they come, the rest when the
    conversation is closed; `at_once`: all of it as it comes; `off`: never."""
    files: int = 5
    """Largest file that may come with a message, in MB; 0: files are named and not kept."""


def check_messages(options: MessageOptions, queues: Collection[str], smtp: str, skills: Collection[str], file: str) -> None:
    """Raises ConfigError in one line. `smtp` is the server of `notices.email`."""
    place = f"{file}: messages"
    for where, accept in (("", options.accept), (".tickets", options.tickets.accept)):
        if accept not in ("auto", "ask"):
            raise ConfigError(f"{place}{where}.accept: '{accept}' is not auto or ask")
    if options.redact not in REDACT:
        raise ConfigError(f"{place}.redact: '{options.redact}' is not {', '.join(REDACT)}")
    if not 0 <= options.files <= MOST_MEGABYTES:
        raise ConfigError(f"{place}.files: {options.files} MB; 0 to {MOST_MEGABYTES}")
    named = {"": options.queue, ".chat": options.chat.queue, ".email": options.email.queue, ".tickets": options.tickets.queue}
    wanted = {".chat": options.chat.needs, ".email": options.email.needs, ".tickets": options.tickets.needs}
    for name, hook in options.hooks.items():
        _check_hook(name, hook, f"{place}.hooks.{name}")
        named[f".hooks.{name}"], wanted[f".hooks.{name}"] = hook.queue, hook.needs
    for where, queue in named.items():
        if queue and queue not in queues:
            raise ConfigError(f"{place}{where}.queue: there is no queue '{queue}'; there are: {', '.join(sorted(queues))}")
    for where, needs in wanted.items():
        for skill, level in needs.items():
            if not 1 <= level <= 10 or skill not in skills:
                raise ConfigError(
                    f"{place}{where}.needs: {skill}: {level}: a skill that an agent has, with a level from 1 to 10"
                )
    if (options.chat.enabled or options.email.address or options.hooks) and not queues:
        raise ConfigError(f"{place}: nobody could answer: `queues` is empty")
    _check_chat(options.chat, f"{place}.chat")
    _check_email(options.email, smtp, f"{place}.email")
    for name in options.clocks:
        if name not in PRIORITIES:
            raise ConfigError(f"{place}.clocks: '{name}' is no priority: {', '.join(PRIORITIES)}")
    for name in options.clock_stops:
        if name not in STATES:
            raise ConfigError(f"{place}.clock_stops: '{name}' is no state of a ticket: {', '.join(STATES)}")


def _check_chat(chat: ChatOptions, place: str) -> None:
    for one in chat.ask:
        if one not in ASKED:
            raise ConfigError(f"{place}.ask: '{one}' is not {', '.join(ASKED)}")
    for site in chat.sites:
        parts = urlsplit(site)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or parts.path not in ("", "/")
            or set(site) & set(" ;,'\"")
        ):
            raise ConfigError(f"{place}.sites: '{site}' is not such as https://www.example.org")


def _check_email(email: MailboxOptions, smtp: str, place: str) -> None:
    if not email.address:
        if email.listen or email.imap.host:
            raise ConfigError(f"{place}.address: name the address that customers write to, such as support@example.org")
        return
    if "@" not in email.address:
        raise ConfigError(f"{place}.address: '{email.address}' is no address; such as support@example.org")
    if not email.listen and not email.imap.host:
        raise ConfigError(f"{place}: e-mail comes in by `listen` (SMTP) or by `imap`; name one")
    if not smtp:
        raise ConfigError(f"{place}: answers leave by `notices.email`; name its host")
    if email.imap.host and not email.imap.user:
        raise ConfigError(f"{place}.imap.user: name the user of the mailbox")


def _check_hook(name: str, hook: HookOptions, place: str) -> None:
    if not _NAME.fullmatch(name) or name in ("chat", "email", "tel", "mailto"):
        raise ConfigError(f"{place}: a name of small letters, digits, _ and -, other than chat, email, tel, mailto")
    if hook.kind not in KINDS:
        raise ConfigError(f"{place}.kind: '{hook.kind}' is not {', '.join(KINDS)}")
    if len(hook.secret) < 16:
        raise ConfigError(f"{place}.secret: 16 characters or more that both sides sign with; env:NAME")
    parts = urlsplit(hook.url)
    if hook.url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None):
        raise ConfigError(f"{place}.url: '{hook.url}' is not https://HOST/PATH")
