"""Ports and streams for the legs of one SIP gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from telephony.errors import TransportError
from telephony.gateway.media_rules import MediaRules, SrtpRules
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_media import SipMedia
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker
from telephony.sip.flow import Flow
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.trunk import TrunkOptions


class LegMedia:
    """Gives each leg media as its flow, its trunk and its user want them."""

    def __init__(self, policy: MediaPolicy, srtp: SrtpRules, ticker: Ticker, host_of: Callable[[str], str]) -> None:
        """`host_of` is the host that far ends are told for media, by that of a flow."""
        self._rules = MediaRules(policy, srtp)
        self._ticker = ticker
        self._host_of = host_of
        self._ports: dict[bool, RtpPorts] = {}  # of IPv6 under True

    def open(self, hosts: Iterable[str], low: int, high: int) -> None:
        """Take the ports between both numbers on the first of `hosts` of each family."""
        for host in filter(None, hosts):
            self._ports.setdefault(":" in host, RtpPorts(host, low, high, self._ticker))

    def give(self, leg: SipLeg, flow: Flow, trunk: TrunkOptions | None = None, user: str = "") -> None:
        """Give `leg` a port and a stream. Raises TransportError."""
        self._give(leg, self._host_of(flow.local_host), self._rules.policy(flow, trunk, user))

    def offer(self, leg: SipLeg, flow: Flow, trunk: TrunkOptions | None = None, user: str = "") -> bytes:
        """Our offer to whom `leg` dials; the port stays, unless the way needs another one. Raises TransportError."""
        policy, media, host = self._rules.policy(flow, trunk, user), leg.sip_media, self._host_of(flow.local_host)
        if media is None or media.policy is not policy or media.host != host:
            media = self._give(leg, host, policy)
        return media.offer()

    def _give(self, leg: SipLeg, host: str, policy: MediaPolicy) -> SipMedia:
        ports = self._ports.get(":" in host)
        if ports is None:
            raise TransportError(f"there is no port for media at {host}")
        media = SipMedia(
            host,
            ports,
            self._ticker,
            on_digit=lambda digit: leg.key(digit, "rtp"),
            on_playback=leg.played,
            policy=policy,
            identity=self._rules.identity,
            on_failed=leg.fail,
        )
        leg.take_media(media)
        return media
