from __future__ import annotations

from pathlib import Path

import pytest

from ivr.doubts import keys_in_the_open
from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.wiring import desk_settings
from ivr.wiring_media import browser_gateway, media_policy, page_ice_servers, srtp_rules
from telephony.net.ticker import Ticker
from telephony.sip.keying import Srtp

EVERYTHING = """
sip:
  listen: ["udp://127.0.0.1:5070"]
  accounts:
    - {user: alice, password: x, srtp: required}
    - {user: bob, password: x}
media:
  srtp: off
  srtp_listeners: {"udp:5070": required, "tls:5061": optional}
  srtp_suites: [AEAD_AES_256_GCM, AES_CM_128_HMAC_SHA1_80]
  rtcp: no
  ice: no
trunks:
  carrier: {hosts: [192.0.2.1], srtp: required}
"""


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "hotline.yaml"
    path.write_text(text)
    return load_settings(path)


def test_every_option_reaches_the_policy(tmp_path: Path) -> None:
    settings = loaded(tmp_path, EVERYTHING)
    policy, rules = media_policy(settings.media), srtp_rules(settings)
    assert policy.secrecy.srtp is Srtp.OFF, "a bare `off` is false to YAML"
    assert policy.secrecy.suites == ("AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80")
    assert not policy.rtcp and not policy.answers_ice and not policy.comfort_noise
    assert rules.listeners == {("udp", 5070): Srtp.REQUIRED, ("tls", 5061): Srtp.OPTIONAL}
    assert rules.accounts == {"alice": Srtp.REQUIRED}


def test_the_defaults_answer_what_is_offered(tmp_path: Path) -> None:
    policy = media_policy(loaded(tmp_path, "name: x\n").media)
    assert policy.secrecy.srtp is Srtp.OPTIONAL and policy.rtcp and policy.answers_ice and not policy.secrecy.dtls


def test_keys_in_the_open_are_named_one_by_one(tmp_path: Path) -> None:
    found = keys_in_the_open(loaded(tmp_path, EVERYTHING))
    assert [line.split(":")[0] for line in found] == ["media.srtp_listeners", "sip.accounts", "trunks.carrier"]
    assert keys_in_the_open(loaded(tmp_path, EVERYTHING.replace("media:", "media:\n  dtls: yes"))) == []
    assert len(keys_in_the_open(loaded(tmp_path, EVERYTHING.replace("srtp: off", "srtp: required")))) == 4


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("media: {srtp: maybe}", "media.srtp: 'maybe' is not one of off, optional, required"),
        ("media: {srtp: 5}", "media.srtp: expected text"),
        ("media: {srtp_suites: [NULL_SHA1]}", "media.srtp_suites: 'NULL_SHA1' is not one of AES_CM_128_HMAC_SHA1_80"),
        ("media: {srtp_suites: []}", "media.srtp_suites: expected one of"),
        ("media: {srtp_listeners: {here: off}}", "media.srtp_listeners: 'here' is not a listener"),
        ('media: {srtp_listeners: {"tls:5061": on}}', "media.srtp_listeners.tls:5061: 'True' is not one of"),
        ("sip: {accounts: [{user: a, password: b, srtp: sometimes}]}", "sip.accounts: a: srtp: 'sometimes' is not one of"),
    ],
)
def test_mistakes_are_named_in_one_line(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text + "\n")
    assert place in str(caught.value) and "\n" not in str(caught.value)


def test_ice_servers_reach_both_sides_with_their_secret_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURN_PASSWORD", "hush")
    settings = loaded(
        tmp_path,
        "web:\n  ice_servers:\n    - {url: 'stun:192.0.2.1:3478'}\n"
        "    - {url: 'turn:turn.example:3478?transport=tcp', username: page, password: env:TURN_PASSWORD}\n",
    )
    assert page_ice_servers(settings) == [
        {"urls": "stun:192.0.2.1:3478"},
        {"urls": "turn:turn.example:3478?transport=tcp", "username": "page", "credential": "hush"},
    ]
    assert desk_settings(settings)["ice_servers"] == page_ice_servers(settings)
    gateway = browser_gateway(settings, Ticker(), ("127.0.0.1",))
    assert [(one.url, one.username, one.password) for one in gateway.ice_servers] == [
        ("stun:192.0.2.1:3478", "", ""),
        ("turn:turn.example:3478?transport=tcp", "page", "hush"),
    ]


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("{url: 'http://x'}", "'http://x' is not stun:HOST:PORT"),
        ("{url: 'stun:x?transport=udp'}", "is not stun:HOST:PORT"),
        ("{url: 'turn:x', username: a}", "turn:x needs a username and a password"),
    ],
)
def test_a_wrong_ice_server_is_named(tmp_path: Path, server: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"web\.ice_servers: ") as caught:
        loaded(tmp_path, f"web:\n  ice_servers: [{server}]\n")
    assert said in str(caught.value)
