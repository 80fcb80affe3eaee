"""What `ivr check` says of questions that ask for secrets without saying so. Pure."""

from __future__ import annotations

import re

from ivr.dialplan.kinds import About
from ivr.dialplan.problems import Place
from ivr.dialplan.slots import SlotType

_SECRET = re.compile(
    r"(?:^|_)(?:pin|otp|cvv|cvc|passcode|password|secret|card_?(?:no|num|number|digits)?|one_time_code|code)(?:_|$)"
    r"|密码|验证码|卡号|口令",
    re.IGNORECASE,
)
_KINDS = ("digits", "number", "text", "id_number")
_CURE = "secret: true, or another name where it is none"


def check(about: About, name: str, slot: SlotType | None, secret: bool, place: Place) -> None:
    """Warn of a slot that by its name holds a PIN, a card or a code, and is written into the transcript all the same."""
    if secret or slot is None or slot.name not in _KINDS or _SECRET.search(name) is None:
        return
    message = f"`{name}` sounds like a secret, and what is keyed for it stays in the record"
    about.findings.warn(place, "not-secret", message, _CURE)
