"""A gateway in its process, alone or one of several workers; it knows the phones that registered before a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr.nodes.locations import Locations
from ivr.post import Post
from telephony.gateway.hosting import Hosting, Packed
from telephony.gateway.sip import SipGateway


@dataclass(frozen=True, slots=True)
class Hosted:
    locations: Locations
    post: Post | None
    """None for a process on its own."""

    @property
    def hosting(self) -> Hosting:
        """What the gateway takes; where phones register is kept, and told to the other workers."""
        hosting = self.post.hosting if self.post is not None else Hosting()

        def registered(user: str, bindings: Sequence[Packed]) -> None:
            self.locations.note(user, bindings)
            hosting.registered(user, bindings)

        return replace(hosting, registered=registered)

    async def listen(self, gateway: SipGateway) -> None:
        """Begin to take calls. Raises TransportError and StoreUnavailable."""
        await gateway.start()
        for user, bindings in (await self.locations.load()).items():
            gateway.adopt(user, bindings)
        if self.post is not None:
            self.post.serve(gateway)
