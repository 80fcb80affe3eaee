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
