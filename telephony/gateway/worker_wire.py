"""The listeners of a worker: another process owns them, hands messages in and takes out what does not leave by UDP at once."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from telephony.gateway.dispatch import SEND, Channel, frame
from telephony.gateway.sip_wire import Wire, WireSettings, _Opened
from telephony.sip.flow import Flow


class ByDispatcher:
    """A stream listener of the dispatcher's process."""

    def __init__(self, host: str, port: int, channel: Channel) -> None:
        self.host, self.port, self._channel = host, port, channel

    def send(self, data: bytes, flow: Flow) -> None:
        self._channel.send(frame(SEND, data, flow))

    def close(self) -> None:
        """The dispatcher closes it."""


class ByInheritedSocket:
    """A UDP listener of the dispatcher's process, whose socket we hold too: it reads, both write."""

    def __init__(self, host: str, port: int, descriptor: int) -> None:
        self.host, self.port = host, port
        self._socket = socket.socket(fileno=descriptor)
        self.errors = 0
        """Datagrams that the operating system refused to send."""

    def send(self, data: bytes, flow: Flow) -> None:
        try:
            self._socket.sendto(data, (flow.host, flow.port))
        except (OSError, ValueError):
            self.errors += 1

    def close(self) -> None:
        self._socket.close()


class WorkerWire(Wire):
    """A `Wire` that opens nothing: `ports` are those that the dispatcher bound, `udp` its UDP sockets by listener number."""

    def __init__(
        self,
        settings: WireSettings,
        receive: Callable[[bytes, Flow], None],
        failed: Callable[[str, str, int, int], None],
        accepts: Callable[[str], bool] = lambda host: True,
        *,
        channel: Channel,
        ports: Sequence[int],
        udp: Mapping[int, int],
    ) -> None:
        super().__init__(settings, receive, failed, accepts)
        self._channel, self._ports, self._udp = channel, ports, udp
        self.take = receive
        """Gets what the dispatcher hands in."""
        self.lost = self._failed
        """Hears of far ends that the dispatcher could not reach."""
        self.counted: Counter[str] = Counter()
        """What the dispatcher turned away, by reason, as it last told."""

    def turned_away(self) -> Counter[str]:
        return self.refused + self.counted

    async def _listen(self, opened: _Opened) -> ByDispatcher | ByInheritedSocket:
        listener = opened.listener
        port = self._ports[listener.number - 1]
        if listener.number in self._udp:
            return ByInheritedSocket(listener.host, port, self._udp[listener.number])
        return ByDispatcher(listener.host, port, self._channel)
