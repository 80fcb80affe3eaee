"""Which media policy holds for which call: by trunk, else by account, else by listener, else the one of the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from telephony.media.codec import Codec
from telephony.net.dtls import Identity
from telephony.sip.flow import Flow
from telephony.sip.keying import Srtp
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.trunk import TrunkOptions


@dataclass(frozen=True, slots=True)
class SrtpRules:
    """Where SRTP is handled otherwise than the gateway's own policy says."""

    listeners: Mapping[tuple[str, int], Srtp] = field(default_factory=dict)
    """By transport and port of the listener that a call comes by."""
    accounts: Mapping[str, Srtp] = field(default_factory=dict)
    """By the user that registered or authenticated."""


class MediaRules:
    """Gives each call its policy, and all of them one certificate."""

    def __init__(self, policy: MediaPolicy, rules: SrtpRules) -> None:
        self.identity = Identity()
        self._policy = replace(policy, secrecy=replace(policy.secrecy, fingerprint=self.identity.fingerprint))
        self._rules = rules
        self._made: dict[tuple[str, Srtp, tuple[str, ...]], MediaPolicy] = {}

    def policy(self, flow: Flow, trunk: TrunkOptions | None = None, user: str = "") -> MediaPolicy:
        """The policy for a call that is signalled along `flow`; the same object for calls of the same kind."""
        srtp = self._srtp(flow, trunk, user)
        names = trunk.codecs if trunk is not None else ()
        key = flow.transport, srtp, names
        policy = self._made.get(key)
        if policy is None:
            policy = replace(self._policy, secrecy=replace(self._policy.secrecy, srtp=srtp))
            if names:
                policy = replace(policy, codecs=tuple(Codec(name) for name in names))
            policy = self._made[key] = policy.over(flow.transport)
        return policy

    def _srtp(self, flow: Flow, trunk: TrunkOptions | None, user: str) -> Srtp:
        if trunk is not None and trunk.srtp is not None:
            return trunk.srtp
        found = self._rules.accounts.get(user) or self._rules.listeners.get((flow.transport, flow.local_port))
        return found or self._policy.secrecy.srtp
