"""One leg's DTLS handshake over its RTP port: who may take part, what is repeated when, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telephony.net.dtls import Handshake, Identity, Keys
from telephony.net.rtp_socket import Address, RtpSocket
from telephony.sip.keying import DtlsPeer

PATIENCE = 15.0
"""Seconds until a handshake must be through."""

LINGER = 10.0
"""Seconds for which a finished one still answers repeated flights; then its memory is given back."""


class Handshaking:
    """From the first datagram to the keys, which `on_keys` gets; `on_failed` gets why there are none. One of both, once.

    Without ICE the far end's own address may differ from the signalled one (NAT), so a stranger may begin; whoever holds the
    signalled address takes over from it. The fingerprint decides in the end.
    """

    def __init__(
        self,
        identity: Identity,
        peer: DtlsPeer,
        port: RtpSocket,
        signalled: str,
        on_keys: Callable[[Keys], None],
        on_failed: Callable[[str], None],
    ) -> None:
        """`signalled` is the host that the description names."""
        self._identity, self._peer, self._port, self._signalled = identity, peer, port, signalled
        self._on_keys, self._on_failed = on_keys, on_failed
        self._loop = asyncio.get_running_loop()
        self._source: Address | None = None
        self._inner: Handshake | None = self._fresh()
        self._repeat: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = self._loop.call_later(PATIENCE, self._give_up)

    def start(self) -> None:
        """Say hello, where we are the client; to where the port sends. Again without effect."""
        if self._peer.we_begin and self._inner is not None and self._repeat is None and self._inner.keys is None:
            self._inner.start()
            self._follow_up()

    def receive(self, datagram: bytes, source: Address) -> None:
        """Take a DTLS datagram from `source`."""
        if self._inner is None:
            return
        if source != self._source:
            rightful = source[0] == self._signalled
            if self._source is not None and (not rightful or self._source[0] == self._signalled):
                return
            if self._source is not None and not self._peer.we_begin and self._inner.keys is None:
                self._inner = self._fresh()
            self._source = source
        known = self._inner.keys
        self._inner.receive(datagram)
        self._follow_up()
        if known is None and self._inner is not None and self._inner.keys is not None:
            self._rest()
            self._on_keys(self._inner.keys)

    def moved(self, path: Address) -> None:
        """Go on by the path that ICE found."""
        self._source = path

    def close(self) -> None:
        """Forget it, without a word: the call's own signalling says that it is over."""
        for timer in (self._repeat, self._end):
            if timer is not None:
                timer.cancel()
        self._repeat = self._end = None
        self._inner = None

    def _fresh(self) -> Handshake:
        return Handshake(self._identity, self._peer.fingerprints, client=self._peer.we_begin)

    def _follow_up(self) -> None:
        """Send what there is, and mind the time."""
        inner = self._inner
        if inner is None:
            return
        for datagram in inner.output():
            self._port.send_bare(datagram, self._source)
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None
        if inner.failed:
            self.close()
            self._on_failed(inner.failed)
        elif (pause := inner.timeout) is not None:
            self._repeat = self._loop.call_later(max(pause, 0.01), self._again)

    def _again(self) -> None:
        if self._inner is not None:
            self._repeat = None
            self._inner.on_timer()
            self._follow_up()

    def _rest(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = self._loop.call_later(LINGER, self.close)

    def _give_up(self) -> None:
        self.close()
        self._on_failed(f"DTLS: no keys within {PATIENCE:.0f} s")
