"""Settings of trunks and rules: what they come to, and one clear line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.wiring_outbound import with_contacts
from ivr.wiring_trunks import doubts, policy_of, trunks_of
from telephony.gateway.sip import SipSettings
from telephony.sip.numbers import NumberClass, NumberForm
from telephony.sip.outbound import Destination, Refused
from telephony.sip.trunk import CallerFrom

WHOLE = """
trunks:
  carrier:
    hosts: [sbc.example.net, "203.0.113.5:5070"]
    transport: tcp
    user: acct
    password: secret
    numbers: ["+49*"]
    sources: [203.0.113.0/24]
    register: { at: reg.example.net, expires: 5m }
    health: { every: 10s, down_after: 2 }
    limits: { calls_out: 30, rate_out: 2.5 }
    caller_id: { show: caller, number: "+4930123456", format: national, assert_identity: true }
    format: plain
    rewrite_out: [{ match: '49(\\d+)', to: '0\\1' }]
    codecs: [PCMA, PCMU]
    headers: { X-Tenant: "7" }
    drop_headers: [History-Info]
    delayed_offer: true
  pbx: { sources: [10.0.0.1/32], tls_names: [pbx.example.net] }
outbound:
  region: DE
  zone: Europe/Berlin
  classes: { "+4930": local }
  prices: { national: 0.01, mobile: 0.15 }
  rules:
    - { name: never, classes: [premium, satellite], allow: false }
    - name: office
      who: ["flow:*", agent:anna]
      classes: [local, national, mobile]
      when: { days: mon-fri, hours: "08:00-20:00" }
      trunks: [carrier]
    - { name: partner, hosts: ["*.partner.example"] }
  limits:
    - { name: day, who: ["flow:*"], minutes_per_day: 600, money_per_day: 50 }
    - { name: lines, who: ["trunk:carrier"], concurrent: 30 }
agents:
  - { id: anna, device: "sip:anna@10.0.0.9" }
  - { id: ben, device: "tel:030 901820" }
"""


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "hotline.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path)


def test_everything_that_can_be_said_of_a_trunk(tmp_path: Path) -> None:
    carrier, pbx = trunks_of(settings(tmp_path, WHOLE))
    assert carrier.hosts == ("sip:sbc.example.net;transport=tcp", "sip:203.0.113.5:5070;transport=tcp")
    assert carrier.account is not None
    assert (carrier.account.user, carrier.account.password) == ("acct", "secret")
    assert carrier.registration is not None
    assert (carrier.registration.registrars, carrier.registration.expires) == (("sip:reg.example.net;transport=tcp",), 300)
    assert (carrier.health.interval, carrier.health.down_after, carrier.limits.rate_out) == (10.0, 2, 2.5)
    assert (carrier.caller_id.source, carrier.caller_id.form) == (CallerFrom.CALLER, NumberForm.NATIONAL)
    assert carrier.written("+4930901820") == "030901820"
    assert carrier.remove_headers == {"history-info"}
    assert carrier.delayed_offer and not pbx.delayed_offer
    assert pbx.hosts == ()


def test_rules_of_the_file_and_those_of_devices(tmp_path: Path) -> None:
    policy = policy_of(settings(tmp_path, WHOLE))
    noon, night = 1_772_622_000.0, 1_772_665_200.0
    assert policy.permit("flow:x", Destination("+4940123456"), noon).rule == "office"
    assert policy.permit("agent:anna", Destination(uri="sip:anna@10.0.0.9", host="10.0.0.9"), night).rule == "device of anna"
    assert policy.permit("agent:ben", Destination("+4930901820"), night).rule == "device of ben"
    for payer, number, at, reason in (
        ("flow:x", "+4940123456", night, "hour"),
        ("flow:x", "+499001234567", noon, "forbidden"),
        ("agent:ben", "+4940123456", noon, "no rule"),
    ):
        with pytest.raises(Refused) as caught:
            policy.permit(payer, Destination(number), at)
        assert caught.value.reason == reason
    assert policy.kind_of(Destination("+4930901820")) is NumberClass.LOCAL
    assert doubts(settings(tmp_path, WHOLE)) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("trunks: { a: {} }", "trunks.a: neither calls out (hosts) nor calls in"),
        ("trunks: { a: { hosts: [x], sources: [10.0.0.300] } }", "trunks.a.sources:"),
        ("trunks: { a: { hosts: ['u@x'] } }", "trunks.a.hosts: 'u@x' is not HOST or HOST:PORT"),
        ("trunks: { a: { hosts: [x], transport: sctp } }", "trunks.a.transport: 'sctp' is not udp, tcp or tls"),
        ("trunks: { a: { hosts: [x], numbers: [+4930123456] } }", "trunks.a.numbers: '4930123456' is no pattern"),
        ("trunks: { a: { hosts: [x], codecs: [PCMB] } }", "trunks.a.codecs: 'PCMB' is unknown; did you mean"),
        ("trunks: { a: { hosts: [x], format: nationl } }", "did you mean 'national'?"),
        ("trunks: { a: { hosts: [x], region: Germany } }", "trunks.a.region: 'Germany' is no country"),
        ("trunks: { a: { hosts: [x], caller_id: { number: '030' } } }", "is not E.164"),
        ("trunks: { a: { hosts: [x], rewrite_in: [{ match: '(', to: x }] } }", "trunks.a.rewrite_in: '(' is not a regular"),
        ("trunks: { a: { hosts: [x], password: y } }", "there is no user"),
        ("trunks: { a: { register: { at: x } } }", "trunks.a.register: whom to register?"),
        ("trunks: { a: { hsts: [x] } }", "did you mean 'hosts'?"),
        ("trunks: { 'a b': { hosts: [x] } }", "a trunk's name has letters"),
        ("outbound: { rules: [{ name: r, trunks: [b] }] }", "outbound.rules: r: trunks: 'b' is unknown"),
        ("outbound: { rules: [{ name: r, classes: [premum] }] }", "did you mean 'premium'?"),
        ("outbound: { rules: [{ name: r, who: [anna] }] }", "who: 'anna' is not flow:NAME"),
        ("outbound: { rules: [{ name: r, who: ['agent:x'] }] }", "who: agent: 'x' is unknown"),
        ("outbound: { rules: [{ name: r, when: { hours: '8-20' } }] }", "hours: '8-20' is not such as"),
        ("outbound: { rules: [{ name: r, when: { days: weekend } }] }", "days: 'weekend' is not such as"),
        ("outbound: { rules: [{ name: r }, { name: r }] }", "'r' stands there twice"),
        ("outbound: { zone: Berlin }", "outbound.zone: 'Berlin' is no time zone"),
        ("outbound: { classes: { +49900: premium } }", "outbound.classes: '49900' is no prefix"),
        ("outbound: { limits: [{ name: l }] }", "outbound.limits: l: bounds nothing"),
        ("agents: [{ id: a, device: 'tel:x' }]", "agents: a: device: 'tel:x'"),
    ],
)
def test_a_mistake_is_one_line_with_place_and_cure(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        found = settings(tmp_path, text)
        trunks_of(found)
        policy_of(found)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "severity", "says"),
    [
        ("{ rules: [{ name: all }, { name: few, numbers: ['+49*'], allow: false }] }", "error", "'few' can never decide"),
        (
            "{ rules: [{ name: a, numbers: ['+49*'] }, { name: b, classes: [premium], allow: false }] }",
            "warning",
            "'a' decides them",
        ),
        ("{ rules: [{ name: any, hosts: ['*'] }] }", "warning", "lets call any host"),
        ("{ rules: [{ name: a }] }", "error", "no trunk has hosts"),
        ("{ limits: [{ name: m, money_per_day: 5 }] }", "error", "counts money, and outbound.prices has none"),
    ],
)
def test_what_is_allowed_and_hardly_meant(tmp_path: Path, text: str, severity: str, says: str) -> None:
    found = doubts(settings(tmp_path, f"outbound: {text}"))
    assert any(one == severity and says in line for one, line in found), found


def test_numbers_without_limits_and_shared_sources_are_doubted(tmp_path: Path) -> None:
    text = (
        "trunks: { a: { hosts: [x], sources: [10.0.0.1] }, b: { sources: [10.0.0.1/32] } }\noutbound: { rules: [{ name: r }] }"
    )
    lines = [line for _, line in doubts(settings(tmp_path, text))]
    assert any("a stolen password" in line for line in lines)
    assert any("share the source 10.0.0.1/32" in line for line in lines)


def test_every_node_registers_the_same_contact(tmp_path: Path) -> None:
    sip = SipSettings(trunks=trunks_of(settings(tmp_path, WHOLE)))
    one, again, other = (with_contacts(sip, secret).trunks[0].contact for secret in ("a", "a", "b"))
    assert one == again != other
    assert len(one) == 32
