from __future__ import annotations

import pytest

from telephony.gateway.media_rules import MediaRules, SrtpRules
from telephony.media.codec import Codec
from telephony.sip.flow import Flow
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.trunk import TrunkOptions

RULES = MediaRules(
    MediaPolicy((Codec.PCMU, Codec.PCMA), secrecy=Secrecy(Srtp.OPTIONAL)),
    SrtpRules({("tls", 5061): Srtp.REQUIRED}, {"alice": Srtp.OFF, "bob": Srtp.REQUIRED}),
)


def flow(transport: str, port: int = 5060) -> Flow:
    return Flow(transport, "192.0.2.1", 5060, "192.0.2.2", port)


def trunk(srtp: Srtp | None, *codecs: str) -> TrunkOptions:
    return TrunkOptions("carrier", srtp=srtp, codecs=codecs)


@pytest.mark.parametrize(
    ("way", "carrier", "user", "expected"),
    [
        (flow("udp"), None, "", Srtp.OPTIONAL),
        (flow("tls", 5061), None, "", Srtp.REQUIRED),
        (flow("tls", 5062), None, "", Srtp.OPTIONAL),
        (flow("tls", 5061), None, "alice", Srtp.OFF),
        (flow("udp"), None, "bob", Srtp.REQUIRED),
        (flow("udp"), trunk(Srtp.OFF), "bob", Srtp.OFF),
        (flow("udp"), trunk(None), "bob", Srtp.REQUIRED),
        (flow("wss"), None, "alice", Srtp.REQUIRED),
    ],
)
def test_trunk_before_account_before_listener_before_all(
    way: Flow, carrier: TrunkOptions | None, user: str, expected: Srtp
) -> None:
    assert RULES.policy(way, carrier, user).secrecy.srtp is expected


def test_codecs_of_a_trunk_and_one_certificate_for_all() -> None:
    policy = RULES.policy(flow("udp"), trunk(None, "PCMA"))
    assert policy.codecs == (Codec.PCMA,) and policy.secrecy.fingerprint == RULES.identity.fingerprint
    assert policy is RULES.policy(flow("udp"), trunk(None, "PCMA"))


def test_keys_are_hidden_by_tls_alone_and_browsers_get_dtls_with_ice() -> None:
    hidden = {name: RULES.policy(flow(name)).secrecy.hidden for name in ("udp", "tcp", "tls", "ws", "wss")}
    assert hidden == {"udp": False, "tcp": False, "tls": True, "ws": False, "wss": True}
    browser = RULES.policy(flow("wss"))
    assert browser.offers_ice and browser.answers_ice and browser.secrecy.dtls and browser.secrecy.feedback
    assert not RULES.policy(flow("tls")).offers_ice
