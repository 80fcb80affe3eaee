"""Settings of messages: what is wrong is refused with its place and the cure."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.errors import ConfigError
from ivr.settings_messages import (
    ChatOptions,
    HookOptions,
    ImapOptions,
    MailboxOptions,
    MessageOptions,
    TicketOptions,
    check_messages,
)

SECRET = "0123456789abcdef"


def check(options: MessageOptions, smtp: str = "smtp.example.org") -> None:
    check_messages(options, ["support"], smtp, ["telecom"], "h.yaml")


def test_what_is_right_passes() -> None:
    check(
        MessageOptions(
            chat=ChatOptions(True, "support", {"telecom": 3}, sites=("https://www.example.org",)),
            email=MailboxOptions("support@example.org", imap=ImapOptions("mail", user="u")),
            hooks={"gate": HookOptions(SECRET, "sms", "https://gate.example.org/send")},
        )
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"accept": "maybe"}, r"h.yaml: messages.accept: 'maybe' is not auto or ask"),
        ({"tickets": TicketOptions(accept="maybe")}, r"messages.tickets.accept: 'maybe' is not auto or ask"),
        ({"tickets": TicketOptions("none")}, r"messages.tickets.queue: there is no queue 'none'"),
        ({"tickets": TicketOptions("support", {"magic": 3})}, r"messages.tickets.needs: magic"),
        ({"redact": "later"}, r"messages.redact: 'later' is not closed, at_once, off"),
        ({"files": 50}, r"messages.files: 50 MB; 0 to 10"),
        ({"queue": "none"}, r"messages.queue: there is no queue 'none'; there are: support"),
        ({"chat": ChatOptions(needs={"magic": 3})}, r"messages.chat.needs: magic"),
        ({"chat": ChatOptions(ask=("age",))}, r"messages.chat.ask: 'age' is not name, phone, email"),
        ({"chat": ChatOptions(sites=("www.example.org",))}, r"messages.chat.sites: .* such as https"),
        ({"chat": ChatOptions(sites=("https://a.org; script-src *",))}, r"messages.chat.sites"),
        ({"hooks": {"gate": HookOptions("short")}}, r"hooks.gate.secret: 16 characters"),
        ({"hooks": {"tel": HookOptions(SECRET)}}, r"hooks.tel: a name of small letters"),
        ({"hooks": {"gate": HookOptions(SECRET, "fax")}}, r"hooks.gate.kind: 'fax' is not sms"),
        ({"hooks": {"gate": HookOptions(SECRET, url="ftp://x")}}, r"hooks.gate.url: 'ftp://x'"),
        ({"email": MailboxOptions(listen="127.0.0.1:25")}, r"email.address: name the address"),
        ({"email": MailboxOptions("a@b.org")}, r"by `listen` \(SMTP\) or by `imap`"),
        ({"clocks": {"soon": object()}}, r"clocks: 'soon' is no priority"),
        ({"clock_stops": ("asleep",)}, r"clock_stops: 'asleep' is no state"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check(MessageOptions(**given))


def test_answers_to_e_mails_need_a_way_out() -> None:
    with pytest.raises(ConfigError, match=r"answers leave by `notices.email`"):
        check(MessageOptions(email=MailboxOptions("a@b.org", "127.0.0.1:25")), smtp="")
