"""OPTIONS to phones that registered over UDP: they keep the NAT before a phone open, and find out who is gone. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from telephony.sip.core import Core
from telephony.sip.events import Registered
from telephony.sip.grammar import Uri
from telephony.sip.message import MAX_HOPS, Headers, Request, Response
from telephony.sip.registrar import Binding, Registrar

MISSES = 3
"""OPTIONS in a row without any answer after which a contact is forgotten."""
MOST = 200
"""OPTIONS at once; those that are due besides wait for `PAUSE`."""
PAUSE = 0.05


class Keepalive:
    """Asks each contact `AgentSettings.keepalive` seconds after its last answer: one that is silent is not asked in between."""

    def __init__(self, core: Core, registrar: Registrar) -> None:
        self._core = core
        self._registrar = registrar
        self._due: deque[tuple[float, str, str]] = deque()
        """When, user and key of a contact; the pause is the same for all, so the first is always due first."""
        self._watched: dict[tuple[str, str], int] = {}
        """Contacts that are being asked, with how often in a row they gave no answer."""

    def __len__(self) -> int:
        return len(self._watched)

    def watch(self, user: str, bindings: Sequence[Binding], now: float) -> None:
        """Ask these contacts from now on, those over UDP: streams have keep-alives of their own."""
        if self._core.settings.keepalive <= 0:
            return
        for binding in bindings:
            if binding.flow.reliable or (user, binding.key) in self._watched:
                continue
            self._watched[user, binding.key] = 0
            self._later(user, binding.key, now)

    def on_timer(self, now: float) -> None:
        """Ask whoever is due."""
        asked = 0
        while self._due and self._due[0][0] <= now and asked < MOST:
            _, user, key = self._due.popleft()
            binding = self._binding(user, key, now)
            if binding is None:
                del self._watched[user, key]
            else:
                asked += 1
                self._ask(user, binding, now)
        if self._due:
            self._core.timers.set((self, "due"), max(self._due[0][0], now + PAUSE))

    def _ask(self, user: str, binding: Binding, now: float) -> None:
        def hear(status: int, response: Response | None, at: float) -> None:
            if status >= 200:
                self._answered(user, binding.key, response is not None, at)

        flow, target = binding.flow, str(binding.contact.uri)
        host = f"[{flow.local_host}]" if ":" in flow.local_host else flow.local_host
        headers = Headers(
            {
                "Max-Forwards": (str(MAX_HOPS),),
                "From": (f"<{Uri('sip', '', host, flow.local_port)}>;tag={self._core.token()}",),
                "To": (f"<{target}>",),
                "Call-ID": (self._core.token(),),
                "CSeq": ("1 OPTIONS",),
                "User-Agent": (self._core.settings.server,),
            }
        )
        self._core.transactions.request(Request("OPTIONS", target, headers), flow, now, hear)

    def _answered(self, user: str, key: str, alive: bool, now: float) -> None:
        """Any answer is one: that a phone does not know OPTIONS shows that it is there."""
        binding = self._binding(user, key, now)
        self._watched[user, key] = misses = 0 if alive else self._watched.get((user, key), 0) + 1
        if misses >= MISSES and binding is not None and self._registrar.drop(binding, user):
            self._core.refused["silent contact"] += 1
            self._core.events.append(Registered(user, len(self._registrar.lookup(user, now))))
            binding = None
        if binding is None:
            del self._watched[user, key]
        else:
            self._later(user, key, now)

    def _binding(self, user: str, key: str, now: float) -> Binding | None:
        found = next((one for one in self._registrar.lookup(user, now) if one.key == key), None)
        return found if found is not None and not found.flow.reliable else None

    def _later(self, user: str, key: str, now: float) -> None:
        due = now + self._core.settings.keepalive
        self._due.append((due, user, key))
        if (self, "due") not in self._core.timers:
            self._core.timers.set((self, "due"), due)
