"""A worker at its seat: its end of the channel to the process that owns the listeners, and what a gateway takes from that."""

from __future__ import annotations

import secrets
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ivr.seat import Seat
from telephony.gateway.dispatch import BINDINGS, COUNTED, FAILED, MESSAGE, MOVED, READY, Channel, frame, owns
from telephony.gateway.hosting import Hosting, Packed
from telephony.gateway.sip import SipGateway
from telephony.gateway.sip_wire import WireSettings
from telephony.gateway.worker_wire import WorkerWire
from telephony.sip.flow import Flow


class Post:
    """Make it in the event loop; `stop` is called where the dispatcher is gone."""

    def __init__(self, seat: Seat, stop: Callable[[], None]) -> None:
        self.seat = seat
        self._owns = owns(seat.index, seat.workers)
        self._channel = Channel(socket.socket(fileno=seat.channel), self._hear, stop)
        self._wire: WorkerWire | None = None
        self._gateway: SipGateway | None = None
        self._adopted: dict[str, Sequence[Packed]] = {}
        """Registrations that came before there was a gateway."""

    @property
    def hosting(self) -> Hosting:
        return Hosting(
            token=self._token,
            secret=bytes.fromhex(self.seat.secret),
            wire=self._make_wire,
            registered=self._tell,
            moved=lambda call_id: self._channel.send(frame(MOVED, call_id)),
        )

    @property
    def peers(self) -> tuple[str, ...]:
        """Names of the other workers' nodes."""
        return tuple(name for index, name in enumerate(self.seat.names) if index != self.seat.index)

    @property
    def group(self) -> str:
        """What the workers have in common."""
        return self.seat.names[0].rpartition("-")[0]

    def serve(self, gateway: SipGateway) -> None:
        """Give `gateway`, which is started, what the dispatcher hands in."""
        self._gateway = gateway
        for user, bindings in self._adopted.items():
            gateway.adopt(user, bindings)
        self._adopted.clear()

    def ready(self, banner: str) -> None:
        """Tell the dispatcher that this worker takes calls."""
        self._channel.send(frame(READY, banner))

    def web_socket(self) -> socket.socket | None:
        """The listening socket of the pages, where this worker serves them."""
        return socket.socket(fileno=self.seat.web) if self.seat.web >= 0 else None

    def _token(self) -> str:
        """A token that, as a Call-ID, leads back to this worker."""
        while not self._owns(token := secrets.token_hex(8)):
            pass
        return token

    def _make_wire(
        self,
        settings: WireSettings,
        receive: Callable[[bytes, Flow], None],
        failed: Callable[[str, str, int, int], None],
        accepts: Callable[[str], bool] = lambda host: True,
    ) -> WorkerWire:
        udp = {int(number): descriptor for number, descriptor in self.seat.udp.items()}
        make = partial(WorkerWire, channel=self._channel, ports=self.seat.ports, udp=udp)
        self._wire = make(settings, receive, failed, accepts)
        return self._wire

    def _tell(self, user: str, bindings: Sequence[Packed]) -> None:
        self._channel.send(frame(BINDINGS, (user, list(bindings))))

    def _hear(self, kind: int, body: Any, flow: Flow | None) -> None:
        if kind == MESSAGE and flow is not None:
            if self._wire is not None and self._gateway is not None:
                self._wire.take(body, flow)
        elif kind == FAILED:
            if self._wire is not None and self._gateway is not None:
                self._wire.lost(*body)
        elif kind == COUNTED:
            if self._wire is not None:
                self._wire.counted = Counter(body)
        elif kind == BINDINGS:
            user, bindings = body
            if self._gateway is not None:
                self._gateway.adopt(user, bindings)
            else:
                self._adopted[user] = bindings
