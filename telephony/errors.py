"""Everything `telephony` raises.

TelephonyError
  PeerFault           the far end sent something wrong; carries the SIP status that answers it
    MalformedMessage    400, not SIP, or SIP that breaks a limit or a rule
    NoCommonCodec       488, an offer that we cannot answer
    AuthenticationFailed  401 or 403
  Misuse              our own code called something in a state that does not allow it
  TransportError      the network or the operating system refused
  PortsExhausted      503, no RTP port is left in the configured range
"""

from __future__ import annotations


class TelephonyError(Exception):
    """Root of the tree."""

    status = 500
    """SIP status code that answers the request which caused this."""


class PeerFault(TelephonyError):
    """The far end is at fault; `status` says how to answer it."""

    status = 400

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        if status is not None:
            self.status = status


class MalformedMessage(PeerFault):
    """Bytes that are not a SIP, SDP, RTP or STUN message as its RFC defines it, or that exceed a limit of ours."""


class NoCommonCodec(PeerFault):
    """An SDP offer without any stream that we can answer (RFC 3264 §6)."""

    status = 488


class AuthenticationFailed(PeerFault):
    """Missing, stale or wrong digest credentials (RFC 8760, RFC 3261 §22)."""

    status = 401


class Misuse(TelephonyError):
    """A command in a state that does not allow it: a defect on our side."""


class TransportError(TelephonyError):
    """The operating system refused to open, bind or send."""

    status = 503


class PortsExhausted(TransportError):
    """Every RTP port of the configured range is in use."""
