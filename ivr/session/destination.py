"""Where an agent, a phone or a flow may send a caller: an agent, a queue, a flow, or a number. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from ivr.errors import Conflict

_NAME = re.compile(r"[^\s;=|,{}]{1,64}")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}|[A-Za-z0-9._-]{1,64}|(?:sips?|tel):[^\s<>\"]{1,256}")


class Kind(Enum):
    AGENT = "agent"
    QUEUE = "queue"
    FLOW = "flow"
    NUMBER = "number"
    PARK = "park"


@dataclass(frozen=True, slots=True)
class Destination:
    kind: Kind
    name: str
    """Of the agent, queue or flow; a number, a registered user or a SIP URI; a parking slot, "" for a free one."""

    def __str__(self) -> str:
        return self.name if self.kind is Kind.NUMBER else f"{self.kind.value}:{self.name}"


def destination(text: str) -> Destination:
    """Read `agent:anna`, `queue:support`, `flow:main`, `park`, `park:701`, `number:123`, or a number, user or SIP URI alone.

    Raises Conflict with words for a person.
    """
    head, colon, rest = text.strip().partition(":")
    if head == "park" and re.fullmatch(r"[0-9*#]{0,16}", rest):
        return Destination(Kind.PARK, rest)
    if colon and head in ("agent", "queue", "flow"):
        if _NAME.fullmatch(rest):
            return Destination(Kind(head), rest)
    else:
        number = rest if head == "number" and colon else text.strip()
        if _NUMBER.fullmatch(number):
            return Destination(Kind.NUMBER, number)
    raise Conflict("that is no destination: write agent:NAME, queue:NAME, flow:NAME, park, or a number")
