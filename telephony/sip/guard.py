"""Who is listened to at all: rates, points and bans for each source of SIP messages. Pure; bounded; one look-up for the banned.

A UDP source address can be made up. So two kinds of signs are kept apart:

- What proves a round trip (a wrong answer to a nonce that we sent to that very address, anything over a connection) gives
  points that decay; enough of them make a ban that grows with each repetition.
- What a single made-up datagram can do (garbage, a scanner's name, requests without credentials) costs that source at most
  `mute_seconds` of silence. Such a mute is short, does not grow, is not shared and is never exported.

Networks of the settings are never limited. Hosts that we send requests to, and hosts that have just proven a password, are
never muted, and banned only for guessing on a large scale. A flood from made-up addresses therefore cannot silence a trunk
or a registered phone, cannot fill the table of bans, and costs a fixed table of sources.
"""

from __future__ import annotations

import heapq
import ipaddress
import re
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from telephony.sip.suspicion import POINTS, PROVEN, Ban, GuardSettings, Sign, source_of

MAX_VOUCHED = 20_000
_HEAD = 1500
"""Octets of a message that are searched for a scanner's name."""
_NAMING = (b"\nuser-agent:", b"\nfrom:", b"\nf:")


@dataclass(slots=True)
class _Source:
    """What one source may still send, and how it behaved."""

    at: float
    messages: float
    invites: float
    registers: float
    octets: float
    allowed: bool
    noise: float = 0.0
    muted_until: float = 0.0


@dataclass(slots=True)
class _Points:
    value: float = 0.0
    at: float = 0.0

    def add(self, points: float, half_life: float, now: float) -> float:
        self.value = self.value * 0.5 ** (max(0.0, now - self.at) / half_life) + points
        self.at = now
        return self.value


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\r", at)
    return len(data) if end < 0 else end


@dataclass(slots=True)
class _Bucket:
    """All strangers' one."""

    tokens: float
    at: float = 0.0


@dataclass(slots=True)
class Guard:
    """Decides for each message whether it is read: `admits` before parsing, `noticed` for what the reader found out."""

    settings: GuardSettings = field(default_factory=GuardSettings)
    scanners: Iterable[str] = ()
    """Names of scanning tools beside those of the settings."""
    refused: Counter[str] = field(default_factory=Counter)
    """Messages that were not read, by reason; and `evicted` bans and sources."""
    changed: list[Ban] = field(default_factory=list)
    """Bans that were set here since this list was last emptied: what other nodes do not know yet. Bounded as the bans are."""
    _bans: dict[str, Ban] = field(default_factory=dict)
    _sources: OrderedDict[str, _Source] = field(default_factory=OrderedDict)
    _suspects: OrderedDict[str, _Points] = field(default_factory=OrderedDict)
    _vouched: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = field(default_factory=list)
    _strangers: _Bucket = field(default_factory=lambda: _Bucket(0.0))
    _scanner: re.Pattern[bytes] | None = None

    def __post_init__(self) -> None:
        self._networks = [ipaddress.ip_network(one, strict=False) for one in self.settings.allow]
        self._strangers = _Bucket(self.settings.strangers.burst)
        names = sorted({name.strip().lower() for name in (*self.scanners, *self.settings.scanners) if name.strip()})
        if names:
            self._scanner = re.compile(b"|".join(re.escape(name.encode()) for name in names))

    # Before a message is read

    def admits(self, data: bytes, host: str, now: float, *, proven: bool = False) -> bool:
        """True where a message from `host` is to be read. `proven` says that it came over a connection."""
        if not self.settings.enabled:
            return True
        key = host if ":" not in host else source_of(host)
        if (ban := self._bans.get(key)) is not None and ban.until > now:
            self.refused["banned"] += 1
            return False
        source = self._sources.get(key) or self._met(key, host, now)
        if source.allowed:
            return True
        if self._vouched.get(key, 0.0) > now:
            return self._within(source, data, now, self.settings.patience)
        if source.muted_until > now:
            self.refused["muted"] += 1
            return False
        if not self._within(source, data, now):
            return False
        if self._scanner is not None and self._is_scanner(data):
            self.refused["scanner"] += 1
            self.noticed(host, Sign.SCANNER, now, proven=proven)
            return False
        return True

    def turns_away(self, host: str, now: float) -> bool:
        """True where not even a connection of `host` is taken."""
        ban = self._bans.get(source_of(host))
        if self.settings.enabled and ban is not None and ban.until > now:
            self.refused["banned"] += 1
            return True
        return False

    # What its reader found out

    def noticed(self, host: str, sign: Sign, now: float, *, proven: bool = False) -> None:
        """Take a sign from `host`: points, then a mute or a ban; or, for a proven password, trust for a while."""
        if not self.settings.enabled:
            return
        key = source_of(host)
        if sign is Sign.AUTHENTICATED:
            self.vouch(host, now + self.settings.vouch_seconds)
            return
        source = self._sources.get(key) or self._met(key, host, now)
        if source.allowed:
            return
        vouched = self._vouched.get(key, 0.0) > now
        if sign in PROVEN or (proven and not vouched):
            self._suspect(key, sign, now, self.settings.patience**2 if vouched else 1.0)
        elif not vouched:
            source.noise += POINTS[sign]
            if source.noise >= self.settings.threshold:
                source.noise, source.muted_until = 0.0, now + self.settings.mute_seconds

    def _suspect(self, key: str, sign: Sign, now: float, patience: float) -> None:
        suspect = self._suspects.setdefault(key, _Points())
        self._suspects.move_to_end(key)
        if suspect.add(POINTS[sign], self.settings.half_life, now) >= self.settings.threshold * patience:
            self.ban(key, sign.value, now)
        if len(self._suspects) > self.settings.max_sources:
            self._suspects.popitem(last=False)
            self.refused["evicted suspect"] += 1

    def vouch(self, host: str, until: float) -> None:
        """Trust `host` until then: it has proven a password, or we asked something of it. Points for guesses stay."""
        key = source_of(host)
        self._vouched[key] = max(self._vouched.get(key, 0.0), until)
        self._vouched.move_to_end(key)
        if len(self._vouched) > MAX_VOUCHED:
            self._vouched.popitem(last=False)

    # Bans

    def ban(self, source: str, reason: str, now: float, seconds: float = 0.0) -> Ban:
        """Ban `source`, as `source_of` writes it; without `seconds` for longer than the last time."""
        last = self._bans.get(source)
        strikes = 1
        if last is not None:
            forgotten = int(max(0.0, now - last.until) / self.settings.forgive)
            strikes = max(0, last.strikes - forgotten) + 1
        growth = self.settings.ban_growth ** min(strikes - 1, 16)
        lasts = seconds or min(self.settings.ban_seconds * growth, self.settings.ban_most)
        ban = Ban(source, reason, now, now + lasts, strikes)
        self.adopt(ban, now)
        self._suspects.pop(source, None)
        self.changed.append(ban)
        del self.changed[: -self.settings.max_bans]
        return ban

    def adopt(self, ban: Ban, now: float) -> None:
        """Take over a ban that another node set, or that was kept from before a restart; not one of an allowed network."""
        if self.protects(ban.source):
            return
        self._bans[ban.source] = ban
        if len(self._bans) > self.settings.max_bans:
            self._make_room(now)

    def protects(self, source: str) -> bool:
        """True where the settings say that `source` is never banned."""
        return self._allowed(source.partition("/")[0])

    def lift(self, source: str) -> bool:
        """Forget the ban of `source`, its points and its earlier bans. False where there was none."""
        self._suspects.pop(source, None)
        if (record := self._sources.get(source)) is not None:
            record.noise = record.muted_until = 0.0
        return self._bans.pop(source, None) is not None

    def bans(self, now: float) -> list[Ban]:
        """Those in force, the one that ends last first."""
        return sorted((ban for ban in self._bans.values() if ban.until > now), key=lambda ban: ban.until, reverse=True)

    def banned(self, host: str, now: float) -> bool:
        ban = self._bans.get(source_of(host))
        return ban is not None and ban.until > now

    def sizes(self) -> dict[str, int]:
        """Entries of each table."""
        return {
            "sources": len(self._sources),
            "suspects": len(self._suspects),
            "vouched": len(self._vouched),
            "bans": len(self._bans),
        }

    # Parts

    def _met(self, key: str, host: str, now: float) -> _Source:
        limits = self.settings
        bursts = (limits.messages.burst, limits.invites.burst, limits.registers.burst, limits.octets.burst)
        source = _Source(now, *bursts, self._allowed(host))
        self._sources[key] = source
        if len(self._sources) > limits.max_sources:
            self._sources.popitem(last=False)
            self.refused["evicted source"] += 1
        return source

    def _allowed(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if address.version == 6 and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def _within(self, source: _Source, data: bytes, now: float, patience: float = 0.0) -> bool:
        """Take a token from each bucket that the message needs; False, and counted, where one is empty.

        With `patience` the source is known: it may send that many times more, and not at the cost of all strangers.
        """
        limits, passed = self.settings, max(0.0, now - source.at)
        source.at = now
        if source.noise:
            source.noise *= 0.5 ** (passed / limits.half_life)
        more = patience or 1.0
        source.messages = min(limits.messages.burst * more, source.messages + passed * limits.messages.each_second * more)
        source.octets = min(limits.octets.burst, source.octets + passed * limits.octets.each_second)
        if source.messages < 1:
            reason = "message rate"
        elif source.octets < len(data):
            reason = "octet rate"
        else:
            reason = "" if patience else self._strange(source, data, passed, now)
        if reason:
            self.refused[reason] += 1
            return False
        source.messages -= 1
        source.octets -= len(data)
        return True

    def _strange(self, source: _Source, data: bytes, passed: float, now: float) -> str:
        """Take what a source that has proven nothing needs beside; the reason where it is not there."""
        limits, everyone = self.settings, self._strangers
        source.invites = min(limits.invites.burst, source.invites + passed * limits.invites.each_second)
        source.registers = min(limits.registers.burst, source.registers + passed * limits.registers.each_second)
        rate = limits.strangers
        everyone.tokens = min(rate.burst, everyone.tokens + max(0.0, now - everyone.at) * rate.each_second)
        everyone.at = now
        if everyone.tokens < 1:
            return "strangers' rate"
        if data.startswith(b"INVITE "):
            if source.invites < 1:
                return "invite rate"
            source.invites -= 1
        elif data.startswith(b"REGISTER "):
            if source.registers < 1:
                return "register rate"
            source.registers -= 1
        everyone.tokens -= 1
        return ""

    def _is_scanner(self, data: bytes) -> bool:
        assert self._scanner is not None
        head = data[:_HEAD].lower()
        for name in _NAMING:
            at = head.find(name)
            if at >= 0 and self._scanner.search(head, at, _line_end(head, at)):
                return True
        return False

    def _make_room(self, now: float) -> None:
        """Drop what is over, else the twentieth part that ends first: amortised, however many come."""
        count = max(1, self.settings.max_bans // 20)
        over = [key for key, ban in self._bans.items() if ban.until <= now]
        doomed = over or [ban.source for ban in heapq.nsmallest(count, self._bans.values(), key=lambda ban: ban.until)]
        for key in doomed:
            del self._bans[key]
        self.refused["evicted ban"] += 0 if over else len(doomed)
