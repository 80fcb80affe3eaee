"""Settings of the SIP transports, from YAML to what the gateway takes; every mistake is one line that names its key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ivr.checking import check_dialplans
from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.wiring import overridden, sip_settings
from telephony.gateway.sip_wire import Listener
from tests.unit.telephony.net.certificates import Authority

FULL = """
sip:
  listen:
    - udp://0.0.0.0:5060
    - udp://[::]:5060
    - tcp://0.0.0.0:5060
    - tls://0.0.0.0:5061?advertised=sip.example.com
    - wss://0.0.0.0:8443?advertised=sip.example.com:443
  advertised: 203.0.113.7
  local_networks: [10.0.0.0/8]
  tls: {certificate: tls/full.pem, key: tls/key.pem, ca: tls/ca.pem, client_ca: /etc/carriers.pem, verify: true}
  dns: {nameservers: [192.0.2.53, "192.0.2.54:5353", "[2001:db8::53]:53"], timeout: 2s}
  keepalive: 25s
  origins: [https://phone.example.com]
"""


def load(folder: Path, text: str) -> Path:
    path = folder / "hotline.yaml"
    path.write_text(text, "utf-8")
    return path


def test_everything_reaches_the_gateway_with_paths_from_the_files_folder(tmp_path: Path) -> None:
    config = load(tmp_path, FULL)
    told = sip_settings(overridden(load_settings(config), config, None, None, None))
    assert told.listeners == (
        Listener("udp", "0.0.0.0", 5060),
        Listener("udp", "::", 5060),
        Listener("tcp", "0.0.0.0", 5060),
        Listener("tls", "0.0.0.0", 5061, advertised="sip.example.com"),
        Listener("wss", "0.0.0.0", 8443, advertised="sip.example.com:443"),
    )
    wire = told.wire
    assert (wire.advertised, wire.local_networks, wire.keepalive) == ("203.0.113.7", ("10.0.0.0/8",), 25.0)
    assert wire.origins == ("https://phone.example.com",)
    assert wire.tls.certificate == str(tmp_path / "tls/full.pem") and wire.tls.client_ca == "/etc/carriers.pem"
    assert wire.dns.nameservers == ("192.0.2.53", "192.0.2.54:5353", "[2001:db8::53]:53") and wire.dns.timeout == 2.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("listen: ['sctp://0.0.0.0:5060']", "is not udp://HOST:PORT"),
        ("listen: ['udp://::1:5060']", "IPv6 in brackets"),
        ("listen: ['udp://sip.example.com:5060']", "is not an address"),
        ("listen: ['udp://0.0.0.0:70000']", "ports go to 65535"),
        ("listen: ['udp://0.0.0.0:5060', 'udp://0.0.0.0:5060']", "stands there twice"),
        ("listen: ['tls://0.0.0.0:5061']", "sip.tls.certificate"),
        ("listen: ['udp://0.0.0.0:5060?advertised=a<b']", "far ends can be told"),
        ("advertised: 'a b'", "sip.advertised"),
        ("local_networks: [10.0.0.1/8]", "sip.local_networks"),
        ("dns: {nameservers: [dns.example]}", "sip.dns.nameservers"),
        ("dns: {nameserver: [192.0.2.1]}", "did you mean 'nameservers'"),
        ("origins: [phone.example]", "sip.origins"),
        ("keepalive: soon", "sip.keepalive"),
    ],
)
def test_a_mistake_is_one_line_with_its_key(tmp_path: Path, text: str, words: str) -> None:
    config = load(tmp_path, f"sip: {{{text}}}")
    with pytest.raises(ConfigError) as caught:
        load_settings(config)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(config))


def test_the_check_looks_at_the_files_of_the_certificate(tmp_path: Path) -> None:
    """`ivr check --config`: missing, expired, mismatched, each in one line; sound ones pass."""
    flow = tmp_path / "flow.yaml"
    flow.write_text("flow: a\nlanguages: [en]\nentry: end\nstates:\n  end: {hangup: normal}\n", "utf-8")
    authority = Authority(tmp_path)
    good, past = authority.sign("good.example"), authority.sign("past.example", days=2, since=-9)

    def checked(certificate: str, key: str) -> int:
        tls = {"certificate": Path(certificate).name, "key": Path(key).name, "ca": Path(authority.ca).name}
        config = load(tmp_path, yaml.safe_dump({"sip": {"listen": ["tls://127.0.0.1:0"], "tls": tls}}))
        return check_dialplans([flow], "text", None, config)

    for certificate, key, words in (
        ("gone.pem", good.key, "there is no such file"),
        (good.certificate, past.key, "does not belong to"),
        (past.certificate, past.key, "expired on"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            checked(certificate, key)
        assert "sip.tls" in str(caught.value) and "\n" not in str(caught.value)
    assert checked(good.certificate, good.key) in (0, 1)
