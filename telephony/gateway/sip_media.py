"""The media of one SIP leg: an RTP port, what offer and answer came to, and the stream that follows it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from telephony.gateway.shield import Shield
from telephony.gateway.sip_reports import Reports
from telephony.media.codec import Codec
from telephony.media.stream import MediaStream
from telephony.net.dtls import Identity
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker
from telephony.sip.negotiation import Agreement, MediaPolicy, Negotiation


class SipMedia:
    """Opens a port at once. Raises PortsExhausted."""

    def __init__(
        self,
        host: str,
        ports: RtpPorts,
        ticker: Ticker,
        *,
        on_digit: Callable[[str], None],
        on_playback: Callable[[int, bool, int], None],
        policy: MediaPolicy | None = None,
        identity: Identity | None = None,
        on_failed: Callable[[str], None] = lambda detail: None,
    ) -> None:
        """`host` is the address that the far end is told; `identity` is for DTLS; `on_failed` hears why its keys failed."""
        self.host = host
        self._rtp = ports.open(_unheard)
        self._ticker = ticker
        self._negotiation = Negotiation(host, self._rtp.port, secrets.randbits(62), policy, secrets.token_bytes)
        self._shield = Shield(self._rtp, identity, self._controlled, on_failed)
        self._reports: Reports | None = None
        self.stream = MediaStream(
            ssrc=secrets.randbits(32),
            # 15 bits: a first wrap within a lost packet would break SRTP's index estimate (RFC 3711 §3.3.1).
            sequence=secrets.randbits(15),
            timestamp=secrets.randbits(32),
            transmit=self._rtp.send,
            on_digit=on_digit,
            on_playback=on_playback,
        )
        self._rtp.receive = self.stream.receive
        if self._negotiation.policy.rtcp:
            self._reports = Reports(self.stream, self._shield, self._rtp, ports, ticker)
            self.stream.on_control = self._reports.heard
        self.quiet_since = 0.0
        """When RTP was first to be expected, on the loop's clock."""
        ticker.attach(self.stream)

    @property
    def policy(self) -> MediaPolicy:
        return self._negotiation.policy

    @property
    def agreement(self) -> Agreement | None:
        return self._negotiation.agreement

    @property
    def spoken(self) -> tuple[Codec, ...]:
        """What both sides are known to speak, in our order."""
        return self._negotiation.spoken

    @property
    def held(self) -> bool:
        """The far end asked us to send nothing."""
        return self.agreement is not None and self.agreement.held

    @property
    def expects_voice(self) -> bool:
        return self.agreement is not None and self.agreement.receiving and not self.agreement.held

    def offer(self, codecs: Sequence[Codec] = (), direction: str = "") -> bytes:
        """Our offer, as `Negotiation.offer` says; it changes nothing before `take_answer`."""
        return self._negotiation.offer(codecs, direction)

    def answer(self, offer: bytes, now: float) -> bytes:
        """Take an offer and return our answer. Raises PeerFault and TransportError; then everything stays as it was."""
        before = self.agreement
        try:
            body = self._negotiation.answer(offer)
            self._follow(now)
        except Exception:
            self._negotiation.agreement = before
            raise
        return body

    def take_answer(self, answer: bytes, now: float) -> None:
        """Take the answer to our offer. Raises PeerFault and TransportError."""
        self._negotiation.take_answer(answer)
        self._follow(now)

    @property
    def last_sign(self) -> float:
        """When the far end was last known to be there, by voice or by a report, on the loop's clock."""
        reported = self._reports.last_heard if self._reports is not None else 0.0
        return max(self.quiet_since, self.stream.last_received, reported)

    def silent_for(self, now: float) -> float:
        """Seconds for which neither voice nor a report came although voice was to be expected; 0 while none is."""
        return now - self.last_sign if self.expects_voice else 0.0

    def quality(self) -> dict[str, Any]:
        figures = self.stream.quality()
        if self._shield.suite:
            figures |= {"srtp": self._shield.suite, "packets_rejected": self._shield.rejected}
        return figures | self._reports.figures() if self._reports is not None else figures

    def close(self) -> None:
        """Fall silent and give the port back."""
        if self._reports is not None:
            self._reports.close()
        self._shield.close()
        self._ticker.detach(self.stream)
        self.stream.close()
        self._rtp.close()

    def _follow(self, now: float) -> None:
        """Make port and stream follow what is agreed."""
        agreed = self.agreement
        if agreed is not None:
            if agreed.ice is None:
                self._rtp.aim(agreed.host, agreed.port)
            self._shield.follow(agreed, now)
            self.stream.configure(agreed.codec, agreed.payload_type, agreed.telephone_event, agreed.sending)
            self.quiet_since = now
            if self._reports is not None:
                self._reports.follow(agreed)

    def _controlled(self, packet: bytes, now: float) -> None:
        if self._reports is not None:
            self._reports.heard(packet, now)


def _unheard(packet: bytes, now: float) -> None:
    """Take what comes before there is a stream: nothing."""
