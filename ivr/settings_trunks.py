"""Settings of trunks and of calls out: `trunks` and `outbound`. What they come to, and what is wrong with them, is in
`ivr.wiring_trunks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RewriteOptions:
    match: str = ""
    r"""Regular expression for the whole number, such as `00(\d+)`; empty fits any."""
    to: str = ""
    r"""What it becomes, with groups as `\1`."""
    strip: str = ""
    """Prefix to take off; without it the rule does not fit."""
    prepend: str = ""


@dataclass(frozen=True, slots=True)
class HealthOptions:
    every: float = 30.0
    """Seconds between OPTIONS; 0 for none."""
    timeout: float = 5.0
    down_after: int = 3
    """Failures in a row."""
    up_after: int = 2
    """Answers in a row."""


@dataclass(frozen=True, slots=True)
class CallerIdOptions:
    show: str = "trunk"
    """`trunk`, `caller` or `anonymous`."""
    number: str = ""
    """The trunk's own, in E.164 and in quotes: "+4930123"."""
    format: str = "e164"
    """`e164` (+4930123), `plain` (4930123) or `national` (030123)."""
    assert_identity: bool = False
    """Send P-Asserted-Identity."""


@dataclass(frozen=True, slots=True)
class RegisterOptions:
    at: tuple[str, ...] = ()
    """Registrars, `HOST` or `HOST:PORT`; the first is tried first. Empty: this trunk does not register."""
    user: str = ""
    """Empty: that of the trunk."""
    expires: float = 600.0


@dataclass(frozen=True, slots=True)
class TrunkLimitOptions:
    """0 is no limit."""

    calls_in: int = 0
    calls_out: int = 0
    rate_in: float = 0.0
    """New calls a second."""
    rate_out: float = 0.0
    burst: int = 5


@dataclass(frozen=True, slots=True)
class TrunkSettings:
    hosts: tuple[str, ...] = ()
    """Where calls go: `HOST` (a name is looked up, RFC 3263) or `HOST:PORT`; empty for a trunk that only takes calls."""
    transport: str = ""
    """`udp`, `tcp`, `tls`; empty: what the name's records say, else UDP."""
    domain: str = ""
    """Host in From and in the called URI, where it is not that of `hosts`."""
    user: str = ""
    password: str = ""
    """Clear text, or `env:NAME`: what challenges are answered with."""
    numbers: tuple[str, ...] = ("*",)
    """Numbers that it serves, in E.164: `+49*`."""
    priority: int = 10
    """The smaller is tried first."""
    weight: int = 1
    """Share of the calls among trunks of one priority; 0 comes last."""
    patience: float = 4.0
    """Seconds for a first sign of life before the next host or trunk is tried."""
    sources: tuple[str, ...] = ()
    """Networks (CIDR) whose calls are this trunk's and need no authentication."""
    tls_names: tuple[str, ...] = ()
    """The same, by the name in a client certificate."""
    trust_identity: bool = True
    """Believe P-Asserted-Identity."""
    register: RegisterOptions = RegisterOptions()
    health: HealthOptions = HealthOptions()
    limits: TrunkLimitOptions = TrunkLimitOptions()
    caller_id: CallerIdOptions = CallerIdOptions()
    region: str = ""
    """Country (`DE`) in whose way its numbers are written; empty: `outbound.region`."""
    format: str = "e164"
    """How called numbers are written: `e164`, `plain` or `national`."""
    rewrite_in: tuple[RewriteOptions, ...] = ()
    """For called and calling numbers of its calls; the first that fits counts."""
    rewrite_out: tuple[RewriteOptions, ...] = ()
    """For numbers called over it, after `format`."""
    codecs: tuple[str, ...] = ()
    """In order of preference; empty for all."""
    srtp: str | bool = ""
    """`off`, `optional` or `required`; empty: as `media.srtp` says."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Added to each INVITE."""
    drop_headers: tuple[str, ...] = ()
    """Left out of each INVITE: Diversion, History-Info, User-to-User and the like."""
    handover: str = "none"
    """What its far end is told of a call that we send there: `none`, `link` (User-to-User), or `body` (beside the SDP too)."""
    delayed_offer: bool = False
    """Calls over it leave the offer to the far end."""
    inband_dtmf: bool = False
    """Its calls send keys in the voice alone: listen for them there."""


@dataclass(frozen=True, slots=True)
class WhenOptions:
    days: str = "mon-sun"
    """`mon-fri`, `sat,sun`: the days on which the hours begin."""
    hours: str = "00:00-24:00"
    """`22:00-06:00` goes into the next day."""
    zone: str = ""
    """Empty: `outbound.zone`."""


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """Without `numbers`, `classes` and `hosts` a rule is about every number."""

    name: str
    who: tuple[str, ...] = ("*",)
    """`flow:NAME`, `agent:ID`, `user:NAME`, `trunk:NAME`; `*` at the end for any."""
    numbers: tuple[str, ...] = ()
    """`+49*`; in quotes where there is no star."""
    classes: tuple[str, ...] = ()
    """`free local national mobile international premium satellite short`; empty for all."""
    hosts: tuple[str, ...] = ()
    """Hosts of SIP URIs: `pbx.example.net`, `*.example.net`."""
    when: tuple[WhenOptions, ...] = ()
    """Any of them; empty for always."""
    trunks: tuple[str, ...] = ()
    """Those that may be taken; empty for all."""
    allow: bool = True


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """0 is no limit."""

    name: str
    who: tuple[str, ...] = ("*",)
    """Each one counted apart; `trunk:NAME` counts what goes over a trunk."""
    classes: tuple[str, ...] = ()
    concurrent: int = 0
    calls_per_hour: int = 0
    minutes_per_day: float = 0.0
    money_per_day: float = 0.0


@dataclass(frozen=True, slots=True)
class OutboundOptions:
    region: str = ""
    """Country (`DE`) from which numbers are dialled and classes are seen."""
    zone: str = "UTC"
    """Time zone of hours, and where a day begins."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """Prefix, in quotes with its plus, to class; the longest wins. The rest is told from the numbering plan."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """Class to money a minute, for `money_per_day`."""
    rules: tuple[RuleOptions, ...] = ()
    """The first that fits decides; what none allows is refused."""
    limits: tuple[LimitOptions, ...] = ()
