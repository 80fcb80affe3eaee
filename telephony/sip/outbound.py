"""Who may call what, when, and up to which limit. Pure; `now` is seconds since the Unix epoch, for nights have a time zone.

What no rule allows is refused: a gateway that calls whatever it is asked to call is a gift to thieves. The first rule that
fits decides. Limits count apart from rules: every limit that fits a call has to have room for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from telephony.errors import PeerFault
from telephony.sip.numbers import NumberClass, fits, number_class
from telephony.sip.tolls import Ceiling

MICRO = 1_000_000
"""Money is counted in millionths of its unit: no sum of many small prices goes astray."""
KINDS = ("flow", "agent", "user", "trunk")
"""Of payers: `flow:NAME` and so on."""


class Refused(PeerFault):
    """A call that may not be made; `reason` is a word for counters."""

    status = 403

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the week."""

    zone: str = "UTC"
    days: frozenset[int] = frozenset(range(1, 8))
    """1 Monday to 7 Sunday: the days on which a stretch begins."""
    start: int = 0
    """Minutes since midnight."""
    end: int = 24 * 60
    """Exclusive; not after `start` means into the next day."""

    def hold(self, now: float) -> bool:
        there = datetime.fromtimestamp(now, ZoneInfo(self.zone))
        minute, today = there.hour * 60 + there.minute, there.isoweekday()
        yesterday = (today - 2) % 7 + 1
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        return (today in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a call is to go: a number, or a SIP URI of a foreign host."""

    number: str = ""
    """E.164 or a short code; "" for a URI."""
    uri: str = ""
    host: str = ""
    """Of `uri`, lower case."""

    def __str__(self) -> str:
        return self.number or self.uri


@dataclass(frozen=True, slots=True)
class Rule:
    """Allows or forbids some payers some destinations at some times."""

    name: str
    who: tuple[str, ...] = ("*",)
    """Payers: `flow:hotline`, `agent:*`, `*`."""
    numbers: tuple[str, ...] = ()
    """`+49*`; () where the rule is about hosts."""
    classes: frozenset[NumberClass] = frozenset()
    """Empty for all."""
    hosts: tuple[str, ...] = ()
    """Hosts of SIP URIs: `pbx.example.net`, `*.example.net`, or a whole URI."""
    when: tuple[Hours, ...] = ()
    """Any of them; () for always."""
    trunks: tuple[str, ...] = ()
    """The trunks that may be taken; () for all that serve the number."""
    allow: bool = True

    def covers(self, payer: str, destination: Destination, kind: NumberClass) -> bool:
        """Whether the rule is about this call, whatever the time."""
        if not fits(payer or "nobody", self.who):
            return False
        if destination.number:
            return fits(destination.number, self.numbers) and (not self.classes or kind in self.classes)
        return any(host_fits(destination, pattern) for pattern in self.hosts)

    def holds(self, now: float) -> bool:
        return not self.when or any(one.hold(now) for one in self.when)


def host_fits(destination: Destination, pattern: str) -> bool:
    """`*.example.net` fits hosts below it, not example.net itself; a pattern with a colon and a scheme fits the whole URI."""
    pattern = pattern.lower()
    if pattern.startswith(("sip:", "sips:")):
        return destination.uri.lower() == pattern
    if pattern.startswith("*."):
        return destination.host.endswith(pattern[1:])
    return pattern in ("*", destination.host)


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on what one payer, or all calls over one trunk, may spend; 0 is no bound."""

    name: str
    who: tuple[str, ...] = ("*",)
    """Payers, each counted apart; `trunk:NAME` counts a trunk's calls whoever pays."""
    classes: frozenset[NumberClass] = frozenset()
    """Only calls of these are counted; empty for all."""
    concurrent: int = 0
    calls_per_hour: int = 0
    minutes_per_day: float = 0.0
    money_per_day: float = 0.0

    def ceiling(self, payer: str, kind: NumberClass) -> Ceiling | None:
        """What bounds this payer's calls of this class, None where the limit says nothing of them."""
        if not fits(payer or "nobody", self.who) or (self.classes and kind not in self.classes):
            return None
        return Ceiling(
            key=f"{self.name}|{payer or 'nobody'}",
            subject=payer or "nobody",
            concurrent=self.concurrent,
            calls_per_hour=self.calls_per_hour,
            seconds_per_day=round(self.minutes_per_day * 60),
            money_per_day=round(self.money_per_day * MICRO),
        )


@dataclass(frozen=True, slots=True)
class Permission:
    """What a rule allowed."""

    payer: str
    destination: Destination
    kind: NumberClass
    rule: str
    trunks: tuple[str, ...]
    """Those that may be taken; () for all."""


@dataclass(frozen=True, slots=True)
class Policy:
    """All that the operator said about calls out."""

    rules: tuple[Rule, ...] = ()
    limits: tuple[Limit, ...] = ()
    region: str = ""
    """Country from which numbers and classes are seen: "DE"."""
    classes: Mapping[str, NumberClass] = field(default_factory=dict)
    """Prefix in E.164 (or of a short code) to class; the longest wins, before what the numbering plan says."""
    prices: Mapping[NumberClass, float] = field(default_factory=dict)
    """Money a minute, in whatever unit `money_per_day` has."""
    zone: str = "UTC"
    """Where a day begins for the limits."""

    def kind_of(self, destination: Destination) -> NumberClass:
        if not destination.number:
            return NumberClass.SIP
        return number_class(destination.number, self.region, self.classes)

    def permit(self, payer: str, destination: Destination, now: float) -> Permission:
        """What the first rule that fits says. Raises Refused, in words for the operator's log."""
        kind = self.kind_of(destination)
        asleep = ""
        for rule in self.rules:
            if not rule.covers(payer, destination, kind):
                continue
            if not rule.holds(now):
                asleep = asleep or rule.name
                continue
            if not rule.allow:
                raise Refused(f"rule '{rule.name}' forbids {_who(payer)} {kind.value} calls to {destination}", "forbidden")
            return Permission(payer, destination, kind, rule.name, rule.trunks)
        if asleep:
            raise Refused(f"rule '{asleep}' does not hold at this hour for {_who(payer)} to {destination}", "hour")
        raise Refused(f"no outbound rule allows {_who(payer)} {kind.value} calls to {destination}", "no rule")

    def ceilings(self, subject: str, kind: NumberClass) -> tuple[Ceiling, ...]:
        """What bounds a call of `subject`: a payer, or the trunk that it takes as `trunk:NAME`."""
        found = (limit.ceiling(subject, kind) for limit in self.limits)
        return tuple(one for one in found if one is not None)

    def keys_of(self, subject: str) -> tuple[str, ...]:
        """The counters of a subject, of all classes."""
        return tuple(f"{limit.name}|{subject}" for limit in self.limits if fits(subject, limit.who))

    def price(self, kind: NumberClass, seconds: int) -> int:
        """Millionths of money that `seconds` cost."""
        return round(self.prices.get(kind, 0.0) * MICRO * seconds / 60)

    def day(self, now: float) -> str:
        """The day that `now` belongs to, such as 2026-02-28."""
        return datetime.fromtimestamp(now, ZoneInfo(self.zone)).date().isoformat()


def _who(payer: str) -> str:
    return payer or "nobody in particular"


def overshadowed(rules: Sequence[Rule]) -> list[tuple[Rule, Rule]]:
    """Rules that can never decide anything, each with the earlier one that always decides before it."""
    found = []
    for at, rule in enumerate(rules):
        earlier = next((one for one in rules[:at] if _contains(one, rule)), None)
        if earlier is not None:
            found.append((rule, earlier))
    return found


def overlapping(rules: Sequence[Rule]) -> list[tuple[Rule, Rule]]:
    """Pairs of rules that share some calls and differ in the verdict or the trunks, the earlier first: the order decides."""
    return [
        (first, second)
        for at, second in enumerate(rules)
        for first in rules[:at]
        if _meet(first, second)
        and (first.allow, first.trunks) != (second.allow, second.trunks)
        and not _contains(replace(second, when=()), first)  # a special case before the general one is how rules are written
        and not _contains(first, second)
    ]


def _contains(outer: Rule, inner: Rule) -> bool:
    """Whether every call that `inner` is about is one that `outer` is about."""
    numbers = all(any(_within(one, other) for other in outer.numbers) for one in inner.numbers)
    hosts = all(any(one == other or other == "*" or _below(one, other) for other in outer.hosts) for one in inner.hosts)
    classes = not outer.classes or (bool(inner.classes) and inner.classes <= outer.classes)
    who = all(any(_within(one, other) for other in outer.who) for one in inner.who)
    when = not outer.when or (bool(inner.when) and set(inner.when) <= set(outer.when))
    return numbers and hosts and (classes or not inner.numbers) and who and when


def _below(host: str, pattern: str) -> bool:
    return pattern.startswith("*.") and host.endswith(pattern[1:])


def _within(inner: str, outer: str) -> bool:
    """Whether everything that the pattern `inner` fits is fitted by `outer` too."""
    if not outer.endswith("*"):
        return inner == outer
    return inner.rstrip("*").startswith(outer[:-1])


def _meet(one: Rule, other: Rule) -> bool:
    who = any(_within(a, b) or _within(b, a) for a in one.who for b in other.who)
    numbers = any(_within(a, b) or _within(b, a) for a in one.numbers for b in other.numbers)
    classes = not one.classes or not other.classes or bool(one.classes & other.classes)
    hosts = any(a == b or "*" in (a, b) or _below(a, b) or _below(b, a) for a in one.hosts for b in other.hosts)
    return who and ((numbers and classes) or hosts)
