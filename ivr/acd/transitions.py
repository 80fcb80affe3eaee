"""What may become of contacts and agents: tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ivr.acd.model import AgentState, ContactState


class Move(Enum):
    """What can happen to a contact or to its agent."""

    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    """The offer came to nothing (declined, missed, page gone), or the call could not be set up: back to the same place."""
    END = "end"
    """The caller left, or the call is over."""
    WORK = "work"
    """The agent asks for `available`."""
    PAUSE = "pause"
    """The agent asks for `break`, or missed a ring."""
    GO = "go"
    """The agent signs out, or the lease of the page ran out."""
    WRAP_UP_ENDED = "wrap_up_ended"


A, C, M = AgentState, ContactState, Move

CONTACT_TRANSITIONS: Mapping[ContactState, Mapping[Move, ContactState]] = {
    C.WAITING: {M.OFFER: C.OFFERED, M.END: C.ENDED},
    C.OFFERED: {M.ACCEPT: C.CONNECTED, M.DECLINE: C.WAITING, M.END: C.ENDED},
    C.CONNECTED: {M.END: C.ENDED, M.DECLINE: C.WAITING},
    C.ENDED: {},
}

AGENT_TRANSITIONS: Mapping[AgentState, Mapping[Move, frozenset[AgentState]]] = {
    A.OFFLINE: {M.WORK: frozenset({A.AVAILABLE}), M.PAUSE: frozenset({A.BREAK})},
    A.BREAK: {M.WORK: frozenset({A.AVAILABLE}), M.GO: frozenset({A.OFFLINE})},
    A.AVAILABLE: {
        M.OFFER: frozenset({A.RESERVED, A.AVAILABLE, A.IN_CALL}),
        M.PAUSE: frozenset({A.BREAK, A.IN_CALL}),
        M.GO: frozenset({A.OFFLINE, A.IN_CALL}),
    },
    A.RESERVED: {
        M.ACCEPT: frozenset({A.IN_CALL}),
        M.DECLINE: frozenset({A.AVAILABLE, A.BREAK, A.OFFLINE}),
        M.END: frozenset({A.AVAILABLE}),
        M.PAUSE: frozenset({A.BREAK}),
        M.GO: frozenset({A.OFFLINE}),
    },
    A.IN_CALL: {
        M.END: frozenset({A.WRAP_UP, A.AVAILABLE, A.BREAK, A.OFFLINE}),
        M.DECLINE: frozenset({A.AVAILABLE, A.BREAK, A.OFFLINE}),
        M.WORK: frozenset({A.AVAILABLE}),
    },
    A.WRAP_UP: {
        M.WRAP_UP_ENDED: frozenset({A.AVAILABLE, A.IN_CALL, A.BREAK, A.OFFLINE}),
        M.WORK: frozenset({A.AVAILABLE}),
        M.PAUSE: frozenset({A.BREAK, A.IN_CALL}),
        M.GO: frozenset({A.OFFLINE, A.IN_CALL}),
    },
}
"""Where each move may lead. Capacity above one, and what is written beside calls, make some of them branch; a pair that is not
listed is refused or leaves the agent as it is (a request for a break during a call is kept and takes effect after it)."""

del A, C, M
