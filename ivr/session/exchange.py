"""What a talk needs of its call and its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telephony.joining import Confer
from telephony.leg import Bridger, CallLeg, Dialer, Ended, Handed
from telephony.media.clip import Clip


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a talk needs to become another one."""

    bridge: Bridger
    confer: Confer
    dial: Dialer
    payer: str
    """Whose rules count for calls that the far side asks for: `agent:anna`, `flow:main`."""
    ringback: Sequence[Clip]
    told: Callable[[Mapping[str, Any]], None]
    """Hears how a consultation stands: `{state, with, reason}` of docs/desk-protocol.md."""
    swap: Callable[[CallLeg], None]
    """The caller's leg gives its place to another."""
    heard: Callable[[Ended], None]
    """Takes an end of the caller's leg that `Talk.keeps` held back."""
    unite: Callable[[bool, CallLeg], bool]
    """Joins who is left when a phone, our caller's or else our agent's, leaves this talk and another call of the node, which
    it is in by that leg. False where that cannot be."""
    handed: Callable[[], Handed] = Handed
    """What those who are called are told of the call."""
    patience: float = 0.0
    """For how many seconds a colleague is waited for whose page lost its audio while being asked."""
