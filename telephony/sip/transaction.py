"""The four transactions of RFC 3261 §17 with RFC 6026, as tables. No I/O, no clock.

A trigger that a state does not list is absorbed, as §17 says of stray and repeated messages. A transaction sets its deadlines
in `Timers` under `(transaction, Trigger)`; whoever pops such a key gives the trigger back to `handle`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from telephony.sip.timers import Timers

T1 = 0.5
"""Seconds: estimate of a round trip."""
T2 = 4.0
"""Seconds: longest pause between retransmissions."""
T4 = 5.0
"""Seconds that a message may stay in the network."""


class State(Enum):
    # Members are compared by identity; Enum hashes their names, which takes ten times as long.
    __hash__ = object.__hash__

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Trigger(Enum):
    """What may happen to a transaction; one letter is a timer of RFC 3261 table 4."""

    __hash__ = object.__hash__

    START = "start"
    REQUEST = "request"
    """The same request again."""
    ACK = "ack"
    SEND_1XX = "send 1xx"
    SEND_2XX = "send 2xx"
    SEND_FINAL = "send 300-699"
    RECEIVE_1XX = "receive 1xx"
    RECEIVE_2XX = "receive 2xx"
    RECEIVE_FINAL = "receive 300-699"
    UNREACHABLE = "transport error"
    A = "A"
    B = "B"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"
    I = "I"  # noqa: E741
    J = "J"
    K = "K"
    L = "L"
    M = "M"


class Kind(Enum):
    __hash__ = object.__hash__

    INVITE_SERVER = "INVITE server"
    SERVER = "non-INVITE server"
    INVITE_CLIENT = "INVITE client"
    CLIENT = "non-INVITE client"


S, T = State, Trigger
Table = Mapping[State, Mapping[Trigger, State]]

TRANSITIONS: Mapping[Kind, Table] = {
    Kind.INVITE_SERVER: {
        S.PROCEEDING: {T.REQUEST: S.PROCEEDING, T.SEND_1XX: S.PROCEEDING, T.SEND_2XX: S.ACCEPTED, T.SEND_FINAL: S.COMPLETED},
        S.COMPLETED: {T.REQUEST: S.COMPLETED, T.G: S.COMPLETED, T.ACK: S.CONFIRMED, T.H: S.TERMINATED},
        S.CONFIRMED: {T.I: S.TERMINATED},
        # The 2xx goes out again on a repeated INVITE as well: its sender has evidently not seen it.
        S.ACCEPTED: {T.REQUEST: S.ACCEPTED, T.SEND_2XX: S.ACCEPTED, T.L: S.TERMINATED},
    },
    Kind.SERVER: {
        S.TRYING: {T.SEND_1XX: S.PROCEEDING, T.SEND_2XX: S.COMPLETED, T.SEND_FINAL: S.COMPLETED},
        S.PROCEEDING: {T.REQUEST: S.PROCEEDING, T.SEND_1XX: S.PROCEEDING, T.SEND_2XX: S.COMPLETED, T.SEND_FINAL: S.COMPLETED},
        S.COMPLETED: {T.REQUEST: S.COMPLETED, T.J: S.TERMINATED},
    },
    Kind.INVITE_CLIENT: {
        S.CALLING: {
            T.START: S.CALLING,
            T.A: S.CALLING,
            T.B: S.TERMINATED,
            T.RECEIVE_1XX: S.PROCEEDING,
            T.RECEIVE_2XX: S.ACCEPTED,
            T.RECEIVE_FINAL: S.COMPLETED,
            T.UNREACHABLE: S.TERMINATED,
        },
        S.PROCEEDING: {
            T.RECEIVE_1XX: S.PROCEEDING,
            T.RECEIVE_2XX: S.ACCEPTED,
            T.RECEIVE_FINAL: S.COMPLETED,
            T.UNREACHABLE: S.TERMINATED,
        },
        S.COMPLETED: {T.RECEIVE_FINAL: S.COMPLETED, T.D: S.TERMINATED},
        S.ACCEPTED: {T.RECEIVE_2XX: S.ACCEPTED, T.M: S.TERMINATED},
    },
    Kind.CLIENT: {
        S.TRYING: {
            T.START: S.TRYING,
            T.E: S.TRYING,
            T.F: S.TERMINATED,
            T.RECEIVE_1XX: S.PROCEEDING,
            T.RECEIVE_2XX: S.COMPLETED,
            T.RECEIVE_FINAL: S.COMPLETED,
            T.UNREACHABLE: S.TERMINATED,
        },
        S.PROCEEDING: {
            T.E: S.PROCEEDING,
            T.F: S.TERMINATED,
            T.RECEIVE_1XX: S.PROCEEDING,
            T.RECEIVE_2XX: S.COMPLETED,
            T.RECEIVE_FINAL: S.COMPLETED,
            T.UNREACHABLE: S.TERMINATED,
        },
        S.COMPLETED: {T.K: S.TERMINATED},
    },
}

FIRST = {
    Kind.INVITE_SERVER: S.PROCEEDING,
    Kind.SERVER: S.TRYING,
    Kind.INVITE_CLIENT: S.CALLING,
    Kind.CLIENT: S.TRYING,
}

ALWAYS, UNRELIABLE, LINGER = "always", "unreliable", "linger"
"""A timer runs on any transport, on UDP only, or on UDP for its time and else for none."""

TIMERS: Mapping[tuple[Kind, State], tuple[tuple[Trigger, float, str], ...]] = {
    (Kind.INVITE_SERVER, S.COMPLETED): ((T.G, T1, UNRELIABLE), (T.H, 64 * T1, ALWAYS)),
    (Kind.INVITE_SERVER, S.CONFIRMED): ((T.I, T4, LINGER),),
    (Kind.INVITE_SERVER, S.ACCEPTED): ((T.L, 64 * T1, ALWAYS),),
    (Kind.SERVER, S.COMPLETED): ((T.J, 64 * T1, LINGER),),
    (Kind.INVITE_CLIENT, S.CALLING): ((T.A, T1, UNRELIABLE), (T.B, 64 * T1, ALWAYS)),
    (Kind.INVITE_CLIENT, S.COMPLETED): ((T.D, 64 * T1, LINGER),),
    (Kind.INVITE_CLIENT, S.ACCEPTED): ((T.M, 64 * T1, ALWAYS),),
    (Kind.CLIENT, S.TRYING): ((T.E, T1, UNRELIABLE), (T.F, 64 * T1, ALWAYS)),
    (Kind.CLIENT, S.PROCEEDING): ((T.E, T2, UNRELIABLE), (T.F, 64 * T1, ALWAYS)),
    (Kind.CLIENT, S.COMPLETED): ((T.K, T4, LINGER),),
}
"""What starts when a state is entered, and its seconds (RFC 3261 table 4)."""

_SENDING = frozenset((T.START, T.SEND_1XX, T.SEND_2XX, T.SEND_FINAL))
_RESENDING = frozenset((T.REQUEST, T.A, T.E, T.G))
_RECEIVING = frozenset((T.RECEIVE_1XX, T.RECEIVE_2XX, T.RECEIVE_FINAL))
_FAILING = frozenset((T.B, T.F, T.H, T.UNREACHABLE))
_UNCAPPED = frozenset((T.A,))


@dataclass(frozen=True, slots=True)
class Step:
    """What one trigger asks of the transaction's owner."""

    send: bytes = b""
    """Put on the wire, where not empty."""
    deliver: bool = False
    """The received response is news to the user of the transaction."""
    failed: bool = False
    """No answer came in time, or the transport gave up."""
    acknowledge: bool = False
    """An ACK is due for a final response to INVITE (§17.1.1.3)."""


ABSORBED = Step()


def trigger_to_send(status: int) -> Trigger:
    return T.SEND_1XX if status < 200 else T.SEND_2XX if status < 300 else T.SEND_FINAL


def trigger_to_receive(status: int) -> Trigger:
    return T.RECEIVE_1XX if status < 200 else T.RECEIVE_2XX if status < 300 else T.RECEIVE_FINAL


class Transaction:
    """One request and its responses on one transport."""

    __slots__ = ("_interval", "_last", "_timers", "context", "kind", "reliable", "state")

    def __init__(self, kind: Kind, timers: Timers[tuple[object, object]], *, reliable: bool = False) -> None:
        self.kind = kind
        self.state = FIRST[kind]
        self.reliable = reliable
        self.context: object = None
        """Whatever the owner keeps with it."""
        self._timers = timers
        self._last = b""
        self._interval = T1

    def handle(self, trigger: Trigger, now: float, message: bytes = b"") -> Step:
        """Take one trigger at `now` (seconds); `message` is what a SEND or START puts on the wire."""
        target = TRANSITIONS[self.kind].get(self.state, {}).get(trigger)
        if target is None:
            return ABSORBED
        if trigger in _SENDING:
            self._last = message
        before, self.state = self.state, target
        if before is not target or trigger is T.START:
            self._enter(before, now)
        elif trigger in (T.A, T.E, T.G):
            self._restart(trigger, now)
        final = trigger is T.RECEIVE_FINAL
        return Step(
            send=self._last if trigger in _SENDING or trigger in _RESENDING else b"",
            deliver=trigger in _RECEIVING and not (final and before is S.COMPLETED),
            failed=trigger in _FAILING,
            acknowledge=final and self.kind is Kind.INVITE_CLIENT,
        )

    def _enter(self, before: State, now: float) -> None:
        kept = (T.F,) if before is S.TRYING and self.state is S.PROCEEDING else ()
        for trigger, _, _ in TIMERS.get((self.kind, before), ()):
            if trigger not in kept:
                self._timers.cancel((self, trigger))
        for trigger, seconds, when in TIMERS.get((self.kind, self.state), ()):
            if trigger in kept or (self.reliable and when is UNRELIABLE):
                continue
            if trigger in (T.A, T.E, T.G):
                self._interval = seconds
            self._timers.set((self, trigger), now + (0.0 if self.reliable and when is LINGER else seconds))

    def _restart(self, trigger: Trigger, now: float) -> None:
        """Double the pause; all but A stop at T2 (§17.1.1.2, §17.1.2.2, §17.2.1)."""
        doubled = self._interval * 2
        self._interval = doubled if trigger in _UNCAPPED else min(doubled, T2)
        self._timers.set((self, trigger), now + self._interval)
