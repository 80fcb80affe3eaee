"""One call, as every test of this folder knows it."""

from __future__ import annotations

from ivr.call import Call, Caller, Intent, Medium, Speaker, Turn

T0 = 1_790_000_000.0


def a_call(name: str = "c1", at: float = T0) -> Call:
    return Call(
        name,
        Caller("+8613800138000", "李强", "sip"),
        "1000",
        at,
        "telecom",
        "3",
        "zh",
        "abc@host",
        turns=(Turn(at + 1, Speaker.BOT, "您好", "zh", state="greet"),),
        intent=Intent("bill", 0.91),
        slots={"month": "7"},
        tags=("upset",),
        profile={"tier": "gold"},
    )


HEARD = Turn(T0 + 3, Speaker.CALLER, "上个月怎么扣了这么多钱", "zh", Medium.SPEECH, 0.91, "greet", "bill")

WHO = {"contact_id": "c1", "caller_number": "+8613800138000", "caller_name": "李强", "language": "zh", "flow": "telecom"}
"""Columns that every follow-up has of its call."""
TICKET = {
    **WHO,
    "kind": "fault",
    "subject": "宽带坏了",
    "body": "",
    "priority": "normal",
    "fields": {"area": "north"},
    "due_at": None,
}
CALLBACK = {
    **WHO,
    "number": "+8613800138000",
    "queue": "support",
    "needs": {"telecom": 2},
    "priority": 5,
    "reason": "queue was full",
    "handover": {},
    "from_at": T0,
    "until_at": T0 + 3600,
}


def a_notice(name: str = "n1", **changes: object) -> dict[str, object]:
    row: dict[str, object] = {"id": name, "contact_id": "c1", "by": "sms", "recipient": "+86138", "subject": "", "text": "您好"}
    row |= {
        "language": "zh",
        "status": "waiting",
        "attempts": 0,
        "reason": "",
        "created_at": T0,
        "next_at": T0,
        "sent_at": None,
    }
    return {**row, **changes}
