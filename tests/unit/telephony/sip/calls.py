"""Calls between two agents on a fake link, for the tests of what happens within them."""

from __future__ import annotations

from collections.abc import Callable

from telephony.sip.events import AgentEvent, CallOffered
from telephony.sip.grammar import Address, Uri
from telephony.sip.incoming import IncomingCall
from telephony.sip.outgoing import OutgoingCall
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Link, agent

A, B = "10.0.0.1", "10.0.0.2"
ANN = Address.parse(f'"Ann" <sip:ann@{A}>')


class Talk:
    """A calls B; `offered` is what B does with the call."""

    def __init__(
        self,
        offered: Callable[[IncomingCall, float], None] = lambda call, now: call.accept(ANSWER, now),
        *,
        offer: bytes = OFFER,
        here: dict[str, object] | None = None,
        there: dict[str, object] | None = None,
        **dial: object,
    ) -> None:
        self.link = Link({A: agent("a", A, **(here or {})), B: agent("b", B, **(there or {}))})
        self.link.on_event = self._hear
        self._offered = offered
        self.incoming: list[IncomingCall] = []
        self.on_event: Callable[[str, AgentEvent], None] = lambda host, event: None
        self.call: OutgoingCall = self.link.agents[A].dial(Uri.parse(f"sip:1000@{B}"), ANN, **dial)  # type: ignore[arg-type]
        self.call.start(offer, self.link.now)
        self.link.settle()

    def _hear(self, host: str, event: AgentEvent) -> None:
        if isinstance(event, CallOffered):
            self.incoming.append(event.call)
            self._offered(event.call, self.link.now)
        self.on_event(host, event)

    @property
    def far(self) -> IncomingCall:
        return self.incoming[0]

    def words(self) -> list[str]:
        return self.link.words()

    def fresh(self) -> list[str]:
        """What went over the link since the last look."""
        self.link.settle()
        found = self.link.words()
        self.link.lines.clear()
        return found

    def nothing_left(self) -> bool:
        """Let everything run out, and tell whether both ends have forgotten it."""
        self.link.run(200.0)
        cores = [one.core for one in self.link.agents.values()]
        return all((len(core.calls), len(core.transactions), len(core.timers), core.active) == (0, 0, 0, 0) for core in cores)
