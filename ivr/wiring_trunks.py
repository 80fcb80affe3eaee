"""From the settings of trunks and calls out to what telephony takes; a mistake is one line with its place and its cure."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar
from zoneinfo import ZoneInfo

import phonenumbers

from ivr.errors import ConfigError
from ivr.settings import Settings
from ivr.settings_secrecy import mode_of
from ivr.settings_trunks import LimitOptions, OutboundOptions, RewriteOptions, RuleOptions, TrunkSettings, WhenOptions
from telephony.errors import TelephonyError
from telephony.media.codec import Codec
from telephony.sip.digest import Account
from telephony.sip.grammar import Uri
from telephony.sip.keying import Srtp
from telephony.sip.numbers import SHORT_DIGITS, NumberClass, NumberForm, Rewrite, e164
from telephony.sip.outbound import KINDS, Destination, Hours, Limit, Policy, Rule, overlapping, overshadowed
from telephony.sip.trunk import CallerFrom, CallerId, Health, RegistrationOptions, TrunkLimits, TrunkOptions

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLASSES = {one.value: one for one in NumberClass if one is not NumberClass.SIP}
_T = TypeVar("_T")


def trunks_of(settings: Settings) -> tuple[TrunkOptions, ...]:
    """Raises ConfigError."""
    return tuple(_trunk(name, one, settings.outbound.region) for name, one in settings.trunks.items())


def policy_of(settings: Settings) -> Policy:
    """Rules, limits and prices; an agent's device may be called on his behalf without a rule. Raises ConfigError."""
    options = settings.outbound
    _region(options.region, "outbound.region")
    _zone(options.zone, "outbound.zone")
    rules = [*_devices(settings), *(_rule(one, options, settings) for one in options.rules)]
    names = [one.name for one in options.rules] + [one.name for one in options.limits]
    _once(names, "outbound")
    return Policy(
        rules=tuple(rules),
        limits=tuple(_limit(one, settings) for one in options.limits),
        region=options.region,
        classes={
            _prefix(prefix): _one_of(CLASSES, name, f"outbound.classes.{prefix}") for prefix, name in options.classes.items()
        },
        prices={_one_of(CLASSES, name, "outbound.prices"): price for name, price in options.prices.items()},
        zone=options.zone,
    )


def doubts(settings: Settings) -> list[tuple[str, str]]:
    """What is allowed and hardly meant: `error` or `warning`, and one line each. Raises ConfigError for what is wrong."""
    trunks, policy = trunks_of(settings), policy_of(settings)
    own = [_narrowed(rule, policy) for rule in policy.rules[len(_devices(settings)) :]]
    found = [
        ("error", f"outbound.rules: '{rule.name}' can never decide: '{earlier.name}' before it takes all its calls; swap them")
        for rule, earlier in overshadowed(policy.rules)
    ]
    found += [
        (
            "warning",
            f"outbound.rules: '{first.name}' and '{second.name}' share some calls and differ: '{first.name}' decides them",
        )
        for first, second in overlapping(own)
    ]
    for rule in own:
        if "*" in rule.hosts and rule.allow:
            found.append(("warning", f"outbound.rules: '{rule.name}' lets call any host; name those that are meant"))
    if any(rule.numbers and rule.allow for rule in own):
        if not any(one.hosts for one in trunks):
            found.append(("error", "outbound.rules: numbers are allowed, and no trunk has hosts to call them over"))
        elif not policy.limits:
            found.append(("warning", "outbound.limits: none; a stolen password may call until somebody notices"))
    found += [("warning", line) for line in _same_sources(trunks)]
    priced = {kind for kind, price in policy.prices.items() if price > 0}
    for limit in policy.limits:
        if limit.money_per_day and not (limit.classes or set(CLASSES.values())) & priced:
            found.append(
                ("error", f"outbound.limits: '{limit.name}' counts money, and outbound.prices has none for its classes")
            )
    return found


def _narrowed(rule: Rule, policy: Policy) -> Rule:
    """A rule about single numbers with their classes: it shares no call with one about other classes."""
    if rule.classes or not rule.numbers or any(one.endswith("*") for one in rule.numbers):
        return rule
    return replace(rule, classes=frozenset(policy.kind_of(Destination(one)) for one in rule.numbers))


def _same_sources(trunks: Sequence[TrunkOptions]) -> Iterable[str]:
    seen: dict[str, str] = {}
    for trunk in trunks:
        for source in trunk.sources:
            network = str(ipaddress.ip_network(source, strict=False))
            if network in seen and seen[network] != trunk.name:
                yield f"trunks: {seen[network]} and {trunk.name} share the source {network}: its calls are {seen[network]}'s"
            seen.setdefault(network, trunk.name)


def _trunk(name: str, one: TrunkSettings, region: str) -> TrunkOptions:
    place = f"trunks.{name}"
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise ConfigError(f"{place}: a trunk's name has letters, digits, dots, dashes and underscores")
    _region(one.region or region, f"{place}.region")
    if not (one.hosts or one.sources or one.tls_names or one.register.at):
        raise ConfigError(
            f"{place}: neither calls out (hosts) nor calls in (sources, tls_names, register); give it one of them"
        )
    if one.password and not (one.user or one.register.user):
        raise ConfigError(f"{place}.password: there is no user that it belongs to; add `user`")
    if one.health.down_after < 1 or one.health.up_after < 1:
        raise ConfigError(f"{place}.health: down_after and up_after are 1 or more")
    account = Account(one.user or one.register.user, one.password) if one.password else None
    _patterns(one.numbers, f"{place}.numbers")
    for source in one.sources:
        _network(source, f"{place}.sources")
    return TrunkOptions(
        name=name,
        hosts=tuple(_host(host, one.transport, f"{place}.hosts") for host in one.hosts),
        domain=one.domain,
        account=account,
        numbers=one.numbers,
        priority=one.priority,
        weight=_at_least(one.weight, 0, f"{place}.weight"),
        patience=one.patience,
        sources=one.sources,
        tls_names=one.tls_names,
        trust_identity=one.trust_identity,
        registration=_registration(one, place),
        health=Health(one.health.every, one.health.timeout, one.health.down_after, one.health.up_after),
        limits=TrunkLimits(
            one.limits.calls_in, one.limits.calls_out, one.limits.rate_in, one.limits.rate_out, one.limits.burst
        ),
        caller_id=_caller_id(one, place),
        region=one.region or region,
        form=_one_of({form.value: form for form in NumberForm}, one.format, f"{place}.format"),
        rewrite_in=_rewrites(one.rewrite_in, f"{place}.rewrite_in"),
        rewrite_out=_rewrites(one.rewrite_out, f"{place}.rewrite_out"),
        codecs=tuple(_one_of({codec.value: codec.value for codec in Codec}, codec, f"{place}.codecs") for codec in one.codecs),
        srtp=Srtp(mode_of(one.srtp, f"{place}.srtp")) if one.srtp != "" else None,
        delayed_offer=one.delayed_offer,
        handover=one.handover,
        add_headers=dict(one.headers),
        remove_headers=frozenset(name.lower() for name in one.drop_headers),
    )


def _registration(one: TrunkSettings, place: str) -> RegistrationOptions | None:
    if not one.register.at:
        return None
    user = one.register.user or one.user
    if not user:
        raise ConfigError(f"{place}.register: whom to register? Add `user`")
    hosts = tuple(_host(host, one.transport, f"{place}.register.at") for host in one.register.at)
    return RegistrationOptions(hosts, user, int(one.register.expires))


def _caller_id(one: TrunkSettings, place: str) -> CallerId:
    options = one.caller_id
    if options.number and not re.fullmatch(r"\+\d{5,15}", options.number):
        raise ConfigError(f"{place}.caller_id.number: '{options.number}' is not E.164; write it in quotes, with its plus")
    return CallerId(
        source=_one_of({form.value: form for form in CallerFrom}, options.show, f"{place}.caller_id.show"),
        number=options.number,
        form=_one_of({form.value: form for form in NumberForm}, options.format, f"{place}.caller_id.format"),
        assert_identity=options.assert_identity,
    )


def _rewrites(rules: Iterable[RewriteOptions], place: str) -> tuple[Rewrite, ...]:
    try:
        return tuple(Rewrite(one.match, one.to, one.strip, one.prepend) for one in rules)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None


def _host(text: str, transport: str, place: str) -> str:
    """A SIP URI without a user."""
    if transport not in ("", "udp", "tcp", "tls"):
        raise ConfigError(f"{place.rpartition('.')[0]}.transport: '{transport}' is not udp, tcp or tls")
    try:
        uri = Uri.parse(f"sip:{text}" + (f";transport={transport}" if transport else ""))
    except TelephonyError as error:
        raise ConfigError(f"{place}: '{text}' is not HOST or HOST:PORT: {error}") from None
    if uri.user or (":" in text and "[" not in text and uri.port is None):
        raise ConfigError(f"{place}: '{text}' is not HOST or HOST:PORT")
    return str(uri)


def _devices(settings: Settings) -> list[Rule]:
    """A rule for each agent's device that is no user of ours."""
    found = []
    for agent in settings.agents:
        who, name = (f"agent:{agent.id}",), f"device of {agent.id}"
        if agent.device.lower().startswith(("sip:", "sips:")):
            found.append(Rule(name, who, hosts=(str(Uri.parse(agent.device)),)))
        elif agent.device.lower().startswith("tel:") or agent.device.startswith("+"):
            found.append(Rule(name, who, numbers=(_number(agent.device, settings.outbound.region, f"agents: {agent.id}"),)))
    return found


def _rule(one: RuleOptions, options: OutboundOptions, settings: Settings) -> Rule:
    place = f"outbound.rules: {one.name}"
    for trunk in one.trunks:
        _one_of({name: name for name in settings.trunks}, trunk, f"{place}: trunks")
    _patterns(one.numbers, f"{place}: numbers")
    return Rule(
        name=one.name,
        who=_who(one.who, settings, place),
        numbers=one.numbers or (() if one.hosts else ("*",)),
        classes=frozenset(_one_of(CLASSES, name, f"{place}: classes") for name in one.classes),
        hosts=one.hosts,
        when=tuple(_hours(when, options.zone, place) for when in one.when),
        trunks=one.trunks,
        allow=one.allow,
    )


def _limit(one: LimitOptions, settings: Settings) -> Limit:
    place = f"outbound.limits: {one.name}"
    if not (one.concurrent or one.calls_per_hour or one.minutes_per_day or one.money_per_day):
        raise ConfigError(f"{place}: bounds nothing; give it concurrent, calls_per_hour, minutes_per_day or money_per_day")
    classes = frozenset(_one_of(CLASSES, name, f"{place}: classes") for name in one.classes)
    who = _who(one.who, settings, place)
    return Limit(one.name, who, classes, one.concurrent, one.calls_per_hour, one.minutes_per_day, one.money_per_day)


def _who(who: Sequence[str], settings: Settings, place: str) -> tuple[str, ...]:
    known = {"agent": {one.id for one in settings.agents}, "user": {one.user for one in settings.sip.accounts}}
    known["trunk"] = set(settings.trunks)
    for one in who:
        kind, colon, name = one.partition(":")
        if one == "*":
            continue
        if not colon or kind not in KINDS:
            raise ConfigError(f"{place}: who: '{one}' is not {', '.join(f'{kind}:NAME' for kind in KINDS)} or *")
        if kind in known and not name.endswith("*"):
            _one_of({name: name for name in known[kind]}, name, f"{place}: who: {kind}")
    return tuple(who)


def _hours(when: WhenOptions, zone: str, place: str) -> Hours:
    _zone(when.zone or zone, f"{place}: zone")
    found = re.fullmatch(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", when.hours)
    if found is None:
        raise ConfigError(f"{place}: hours: '{when.hours}' is not such as 08:00-20:00, in quotes")
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return Hours(when.zone or zone, _days(when.days, place), start, min(end, 24 * 60))


def _days(text: str, place: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ConfigError(f"{place}: days: '{text}' is not such as mon-fri or sat,sun")
        begin, end = DAYS.index(first), DAYS.index(last if dash else first)
        found.update(day % 7 + 1 for day in range(begin, end + 1 if end >= begin else end + 8))
    return frozenset(found)


def _patterns(patterns: Iterable[str], place: str) -> None:
    for one in patterns:
        digits = one.removesuffix("*")
        if digits and not re.fullmatch(rf"\+\d{{0,15}}|\d{{1,{SHORT_DIGITS}}}", digits):
            raise ConfigError(f"{place}: '{one}' is no pattern of E.164 numbers; write it in quotes, such as \"+49*\"")


def _prefix(text: str) -> str:
    if not re.fullmatch(r"\+\d{1,15}", text):
        raise ConfigError(f"outbound.classes: '{text}' is no prefix; write it in quotes with its plus, such as \"+49900\"")
    return text


def _network(text: str, place: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}; write it as 203.0.113.0/24") from None


def _region(text: str, place: str) -> None:
    if text and text not in phonenumbers.SUPPORTED_REGIONS:
        raise ConfigError(f"{place}: '{text}' is no country; write its two capitals, such as DE")


def _zone(text: str, place: str) -> None:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"{place}: '{text}' is no time zone; write it as Europe/Berlin") from None


def _once(names: Sequence[str], place: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{place}: '{name}' stands there twice; rules and limits have names of their own")


def _at_least(value: int, least: int, place: str) -> int:
    if value < least:
        raise ConfigError(f"{place}: {value}; {least} or more")
    return value


def _number(device: str, region: str, place: str) -> str:
    try:
        return e164(device.removeprefix("tel:"), region)
    except TelephonyError as error:
        raise ConfigError(f"{place}: device: '{device}': {error}") from None


def _one_of(known: dict[str, _T], name: str, place: str) -> _T:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, 1)
    cure = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
    raise ConfigError(f"{place}: '{name}' is unknown; {cure}")
