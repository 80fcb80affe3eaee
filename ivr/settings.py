"""One frozen `Settings`, read once from YAML and checked as a whole. Units and defaults stand in the classes.

A wrong file raises ConfigError in one line that names the place and the cure. Secrets may be given as `env:NAME`.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from ivr.errors import ConfigError
from ivr.settings_accounts import AccountsOptions, check_accounts
from ivr.settings_callbacks import CallbackOptions, check_callbacks
from ivr.settings_calls import ParkingOptions, RecordingOptions, check_calls
from ivr.settings_duty import STANDARD, BreakOptions, check_reasons
from ivr.settings_guard import GuardOptions, TraceOptions, check_guard
from ivr.settings_handover import HandoverOptions, check_handover
from ivr.settings_hooks import HookOptions, check_hooks
from ivr.settings_media import IceServerOptions, MediaOptions, check_ice_servers, check_media
from ivr.settings_messages import MessageOptions, check_messages
from ivr.settings_net import DnsOptions, TlsOptions, check_net
from ivr.settings_notices import NoticeOptions, channel_names, check_notices
from ivr.settings_on_call import OnCallOptions, check_on_call, check_people
from ivr.settings_outcomes import STANDARD as OUTCOMES
from ivr.settings_outcomes import OutcomeOptions, check_outcomes
from ivr.settings_phone import PhoneAccountOptions, check_phone_accounts
from ivr.settings_privacy import PrivacyOptions, RetentionOptions, check_privacy
from ivr.settings_publishing import PublishingOptions
from ivr.settings_quality import QualityOptions, check_quality
from ivr.settings_queues import AgentOptions, QueueOptions, check_agents, check_rules
from ivr.settings_secrecy import mode_of
from ivr.settings_sources import ProfileOptions, SourceOptions, check_sources
from ivr.settings_speech import SpeechOptions, check_speech
from ivr.settings_trunks import OutboundOptions, TrunkSettings
from ivr.settings_understanding import UnderstandingOptions, check_understanding
from ivr.settings_wall import STANDARD as STANDARD_ALERTS
from ivr.settings_wall import AlertOptions, CareOptions, WallOptions, check_alerts, check_wall, with_breathing
from ivr.settings_workbench import WorkbenchOptions, check_workbench

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class SipAccount:
    """A phone that may register and call."""

    user: str
    password: str
    """Clear text, or `env:NAME`. Digest needs it or its hash."""
    srtp: str | bool = ""
    """`off`, `optional` or `required`; empty: as `media.srtp` says."""


@dataclass(frozen=True, slots=True)
class SipOptions:
    listen: tuple[str, ...] = ("udp://127.0.0.1:5060", "tcp://127.0.0.1:5060")
    """`udp://ADDRESS:PORT`, `tcp://`, `tls://`, `ws://`, `wss://`, IPv6 in brackets; port 0 takes a free one. Behind it
    `?advertised=HOST[:PORT]` is for that listener alone."""
    advertised: str = ""
    """Address that far ends are told to use, where it differs from the listener's (NAT)."""
    local_networks: tuple[str, ...] = ()
    """Networks (CIDR) behind the same NAT: they are told the listener's own address."""
    tls: TlsOptions = field(default_factory=TlsOptions)
    dns: DnsOptions = field(default_factory=DnsOptions)
    keepalive: float = 30.0
    """Seconds between pings to phones and along silent connections, so that a NAT stays open; 0 for none."""
    origins: tuple[str, ...] = ()
    """Pages (`https://HOST`) that may connect by WebSocket; empty: any."""
    trusted_networks: tuple[str, ...] = ()
    """Networks (CIDR) whose calls need no authentication. Empty: every call must authenticate."""
    realm: str = "hotline"
    digest: tuple[str, ...] = ("SHA-256", "MD5")
    """What phones are challenged with. Old ones (baresip 1.x) give up where SHA-256 is offered at all: `[MD5]` for them."""
    rtp_ports: str = "20000-29999"
    max_calls: int = 2000
    media_timeout: float = 30.0
    """Seconds without any RTP after which a leg is given up; `30s`."""
    session_expires: float = 1800.0
    """Seconds between the refreshes of a call (RFC 4028), `30m`; 0 to ask for none."""
    min_se: float = 90.0
    """Seconds, 90 or more: phones that want to refresh more often are told not to."""
    max_call_rate: int = 0
    """New calls a second; what is more is sent elsewhere (503). 0 for any."""
    max_lag: float = 0.5
    """Seconds by which this node may come late (95th percentile) before new calls are sent elsewhere, `500ms`; 0 for any."""
    accounts: tuple[SipAccount, ...] = ()
    guard: GuardOptions = field(default_factory=GuardOptions)
    trace: TraceOptions = field(default_factory=TraceOptions)
    hep: str = ""
    """`udp://HOST:PORT` or `tcp://HOST:PORT` of a Homer server that gets every message (HEP3)."""
    hep_password: str = ""


@dataclass(frozen=True, slots=True)
class WebOptions:
    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    """What browsers type, where a proxy stands in front."""
    media_hosts: tuple[str, ...] = ()
    """Addresses offered to browsers for audio; empty: those of this machine (loopback where the pages are on loopback)."""
    reattach: float = 30.0
    """Seconds for which a caller waits with music for an agent whose page is away, `30s`; 0: back to the queue at once."""
    ice_servers: tuple[IceServerOptions, ...] = ()
    """STUN and TURN, for pages and for this machine; of each kind this machine takes the first."""


@dataclass(frozen=True, slots=True)
class Route:
    """Which flow answers a called number."""

    to: str
    """The user part of the called URI; `*` for any."""
    flow: str


@dataclass(frozen=True, slots=True)
class Settings:
    name: str = "hotline"
    node: str = ""
    """Name of this node in the live state; empty: the host's name."""
    data: str = "data"
    redis: str = ""
    """URL; empty: the bundled Redis in the data folder."""
    database: str = ""
    """SQLAlchemy URL; empty: SQLite in the data folder."""
    dialplans: tuple[str, ...] = ("dialplans",)
    prompts: tuple[str, ...] = ("prompts",)
    profiles: str | ProfileOptions = ""
    """YAML file of known customers by number, or which `sources` give what."""
    environment: str = ""
    """YAML file of values, flags, business hours and holidays that flows see; read again when it changes."""
    sources: Mapping[str, SourceOptions] = field(default_factory=dict)
    """Name to where data is looked up."""
    publishing: PublishingOptions = field(default_factory=PublishingOptions)
    routes: tuple[Route, ...] = (Route("*", "telecom"),)
    sip: SipOptions = SipOptions()
    web: WebOptions = WebOptions()
    speech: SpeechOptions = field(default_factory=SpeechOptions)
    understanding: UnderstandingOptions = field(default_factory=UnderstandingOptions)
    media: MediaOptions = field(default_factory=MediaOptions)
    trunks: Mapping[str, TrunkSettings] = field(default_factory=dict)
    """Name to a carrier or PBX."""
    phone_accounts: Mapping[str, PhoneAccountOptions] = field(default_factory=dict)
    """Name to an extension of a PBX that is held by pyVoIP."""
    outbound: OutboundOptions = field(default_factory=OutboundOptions)
    """Who may call whom."""
    handover: HandoverOptions = field(default_factory=HandoverOptions)
    """What those outside are told who get a call."""
    queues: Mapping[str, QueueOptions] = field(default_factory=dict)
    agents: tuple[AgentOptions, ...] = ()
    accounts: AccountsOptions = field(default_factory=AccountsOptions)
    """Who signs in how."""
    breaks: tuple[BreakOptions, ...] = STANDARD
    """Reasons that agents may choose for a break."""
    dispositions: tuple[str | OutcomeOptions, ...] = OUTCOMES
    """What agents say became of a contact: names, or a tree."""
    recording: RecordingOptions = field(default_factory=RecordingOptions)
    privacy: PrivacyOptions = field(default_factory=PrivacyOptions)
    """Private numbers in what is kept of calls."""
    retention: RetentionOptions = field(default_factory=RetentionOptions)
    """How long what is kept."""
    parking: ParkingOptions = field(default_factory=ParkingOptions)
    callbacks: CallbackOptions = field(default_factory=CallbackOptions)
    """How customers are called back who were promised it."""
    notices: NoticeOptions = field(default_factory=NoticeOptions)
    """How notifications leave the house: `sms`, `email`, `webhook`."""
    webhooks: tuple[HookOptions, ...] = ()
    """Other systems that are told what happens here."""
    workbench: WorkbenchOptions = field(default_factory=WorkbenchOptions)
    """What stands beside a conversation on the desk, and where its actions go."""
    quality: QualityOptions = field(default_factory=QualityOptions)
    """Scorecards, and what is done about contacts by them."""
    messages: MessageOptions = field(default_factory=MessageOptions)
    """Chat, e-mail and hooks of other systems, and the clocks of tickets."""
    tones: str = "cn"
    """Whose ringing tone callers hear: cn, us, uk or eu."""
    inband_dtmf: bool = False
    """Listen for keys in the voice of every SIP call that comes in; a trunk has the same option for its own."""
    wall: WallOptions = field(default_factory=WallOptions)
    """What the figures of the wallboard count."""
    alerts: tuple[AlertOptions, ...] = STANDARD_ALERTS
    """Who is told when something is wrong; `[]` for nobody."""
    on_call: OnCallOptions = field(default_factory=OnCallOptions)
    """Who is on duty when an alert is to be told, and when it is to be quiet."""
    care: CareOptions = field(default_factory=CareOptions)
    """Breathing space for agents."""
    file: str = field(default="", compare=False)
    """Where these settings were read from; nothing that is written there counts."""
    drain_seconds: float = 10.0
    """How long running calls may go on after the order to stop."""

    @property
    def skills(self) -> frozenset[str]:
        """Every skill that somebody has."""
        return frozenset(skill for agent in self.agents for skill in agent.skills)

    @property
    def teams(self) -> frozenset[str]:
        """Every team that somebody is in."""
        return frozenset(agent.team for agent in self.agents if agent.team)

    @property
    def sites(self) -> frozenset[str]:
        """Every site where somebody works."""
        return frozenset(agent.site for agent in self.agents if agent.site)


def load_settings(path: Path) -> Settings:
    """Read and check a settings file. Relative paths in it are taken from the file's own folder.

    Raises ConfigError with the file and the key.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}. Name a settings file, such as examples/demo/hotline.yaml"
        ) from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: not YAML: {getattr(error, 'problem', None) or error}") from error
    settings: Settings = _build(Settings, data or {}, str(path), "")
    _check(settings, str(path))
    breaks = with_breathing(settings.breaks) if settings.care.breathing.enabled else settings.breaks
    return replace(settings, file=str(path.resolve()), breaks=breaks)


def _build(kind: type[Any], data: Any, file: str, place: str) -> Any:
    """Make the dataclass `kind` of plain data; every complaint names `place`, the dotted key."""
    if not isinstance(data, Mapping):
        raise ConfigError(f"{file}: {place or 'the file'}: expected keys and values, found {_name(data)}")
    hints = get_type_hints(kind)
    known = {item.name for item in fields(kind)}
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            raise ConfigError(
                f"{file}: {_join(place, key)}: unknown key"
                + (f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(sorted(known))}")
            )
    values = {key: _convert(hints[key], value, file, _join(place, key)) for key, value in data.items()}
    try:
        return kind(**values)
    except TypeError:
        missing = [item.name for item in fields(kind) if item.name not in values and item.default is item.default_factory]
        raise ConfigError(f"{file}: {place}: missing {', '.join(missing)}") from None


def _convert(hint: Any, value: Any, file: str, place: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        items = value if isinstance(value, list) else [value]
        return tuple(_convert(args[0], item, file, f"{place}[{n}]") for n, item in enumerate(items))
    if origin is UnionType:
        return _one_of(args, value, file, place)
    if origin is not None:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{file}: {place}: expected names and values, found {_name(value)}")
        return {str(key): _convert(args[1], item, file, _join(place, key)) for key, item in value.items()}
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        return _build(hint, value, file, place)
    if hint is float:
        return _seconds(value, file, place)
    if hint is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{file}: {place}: expected {_WANTED.get(hint, 'text')}, found {_name(value)}")
    if hint is str and value.startswith("env:"):
        return _secret(value[4:], file, place)
    return value


def _one_of(kinds: tuple[Any, ...], value: Any, file: str, place: str) -> Any:
    """A value of several kinds: keys and values become the dataclass among them, a duration where one may be left out."""
    whole = [kind for kind in kinds if hasattr(kind, "__dataclass_fields__")]
    if whole and isinstance(value, Mapping):
        return _build(whole[0], value, file, place)
    if set(kinds) == {float, type(None)}:
        return _seconds(value, file, place)
    if not isinstance(value, kinds) or value is None:
        raise ConfigError(f"{file}: {place}: expected {_WANTED.get(kinds[0], 'text')}, found {_name(value)}")
    return _secret(value[4:], file, place) if isinstance(value, str) and value.startswith("env:") else value


def _seconds(value: Any, file: str, place: str) -> float:
    """`15`, `15s`, `300ms`, `2m`, `1h` as seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?", str(value).strip())
    if not found or isinstance(value, bool):
        raise ConfigError(f"{file}: {place}: expected a duration such as 300ms, 15s or 2m, found {value!r}")
    return float(found[1]) * _UNITS[found[2] or "s"]


def _secret(name: str, file: str, place: str) -> str:
    if name not in os.environ:
        raise ConfigError(f"{file}: {place}: the environment variable {name} is not set")
    return os.environ[name]


def _check(settings: Settings, file: str) -> None:
    """What no single value shows."""
    if settings.sip.min_se < 90 or 0 < settings.sip.session_expires < settings.sip.min_se or settings.sip.max_call_rate < 0:
        raise ConfigError(f"{file}: sip: min_se is 90s or more, session_expires 0 or not below it, max_call_rate not below 0")
    for network in settings.sip.trusted_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"{file}: sip.trusted_networks: {error}; write it as 10.0.0.0/8") from None
    if not settings.sip.digest or not set(settings.sip.digest) <= {"SHA-256", "MD5"}:
        raise ConfigError(f"{file}: sip.digest: expected SHA-256, MD5 or both, found {list(settings.sip.digest)}")
    sip = settings.sip
    check_net(sip.listen, sip.advertised, sip.local_networks, sip.origins, sip.tls, sip.dns, file)
    check_calls(settings.recording, settings.parking, settings.tones, file)
    check_notices(settings.notices, file)
    check_accounts(settings.accounts, file)
    check_hooks(settings.webhooks, file)
    check_workbench(settings.workbench, file)
    for agent in settings.agents:
        check_people((agent.email,) if agent.email else (), (), channel_names(settings.notices), f"{file}: agents.{agent.id}")
    check_quality(settings.quality, file)
    check_messages(settings.messages, settings.queues, settings.notices.email.host, settings.skills, file)
    check_callbacks(settings.callbacks, channel_names(settings.notices), file)
    check_wall(settings.wall, settings.care, settings.queues, file)
    check_on_call(settings.on_call, channel_names(settings.notices), file)
    check_alerts(settings.alerts, settings.queues, channel_names(settings.notices), settings.on_call, file)
    check_handover(settings.handover, settings.trunks, settings.web.public_url, file)
    check_privacy(settings.privacy, settings.retention, file)
    check_media(settings.media, file)
    check_ice_servers(settings.web.ice_servers, file)
    check_phone_accounts(settings.phone_accounts, file)
    for account in settings.sip.accounts:
        mode_of(account.srtp, f"{file}: sip.accounts: {account.user}: srtp", empty=True)
    check_sources(settings.sources, settings.profiles, file)
    check_guard(settings.sip.guard, settings.sip.trace, settings.sip.hep, file)
    parse_address(settings.web.listen, f"{file}: web.listen")
    parse_ports(settings.sip.rtp_ports, f"{file}: sip.rtp_ports")
    check_rules(settings.queues, file)
    check_reasons(settings.breaks, file)
    check_outcomes(settings.dispositions, file)
    check_agents(settings.agents, file, settings.breaks)
    check_speech(settings.speech, file)
    check_understanding(settings.understanding, file)


def parse_address(text: str, place: str) -> tuple[str, int]:
    """`HOST:PORT`, `[v6]:PORT` as host and port. Raises ConfigError."""
    found = re.fullmatch(r"\[([0-9a-fA-F:]+)\]:(\d{1,5})|([^:/\s]+):(\d{1,5})", text)
    port = int(found[2] or found[4]) if found else -1
    if not found or port > 65535:
        raise ConfigError(f"{place}: '{text}' is not HOST:PORT")
    return (found[1] or found[3]), port


def parse_ports(text: str, place: str) -> tuple[int, int]:
    """`20000-29999` as its ends. Raises ConfigError."""
    found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text)
    if not found or not 1024 <= int(found[1]) < int(found[2]) <= 65535:
        raise ConfigError(f"{place}: '{text}' is not a range of ports such as 20000-29999")
    return int(found[1]), int(found[2])


_WANTED: Mapping[Any, str] = {int: "a whole number", float: "a number", bool: "yes or no"}


def _join(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)


def _name(value: Any) -> str:
    names = {
        dict: "keys and values",
        list: "a list",
        str: "text",
        int: "a number",
        float: "a number",
        bool: "yes/no",
        type(None): "nothing",
    }
    return names.get(type(value), type(value).__name__)
