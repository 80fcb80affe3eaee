"""The guard over calls out, what an administrator may do about it, and what `/metrics` tells of trunks."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from typing import Any

from redis.asyncio import Redis

from ivr.errors import Conflict
from ivr.outbound.counters import RedisCounters
from ivr.session.agents import Agents
from ivr.session.devices import Devices
from ivr.settings import Settings
from ivr.wiring_trunks import doubts, policy_of
from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.toll_guard import TollGuard
from telephony.gateway.trunks import Trunk, Trunks
from telephony.sip.outbound import KINDS

log = logging.getLogger(__name__)


def guard_of(settings: Settings, redis: Redis, stack: AsyncExitStack) -> TollGuard:
    """The guard of this node, at work; all nodes count in one Redis. What hardly was meant is said in the log.

    Raises ConfigError.
    """
    for severity, line in doubts(settings):
        log.warning("%s: %s", severity, line)
    guard = TollGuard(policy_of(settings), time.time, RedisCounters(redis))
    guard.start()
    stack.push_async_callback(guard.close)
    return guard


def with_contacts(sip: SipSettings, secret: str) -> SipSettings:
    """Trunks whose registered contact is the same on every node that knows `secret`: whichever gets the call knows it."""
    return replace(
        sip,
        trunks=tuple(
            replace(one, contact=hmac.new(secret.encode(), f"trunk {one.name}".encode(), hashlib.sha256).hexdigest()[:32])
            for one in sip.trunks
        ),
    )


def devices_of(settings: Settings, agents: Agents, sip: SipGateway) -> Devices:
    """Whose phone can be rung, kept up to date by what registers."""
    users = {one.user for one in settings.sip.accounts}
    phones = {one.id: one.device for one in settings.agents if one.device}
    devices = Devices(agents, phones, lambda device: sip.is_registered(device) if device in users else None)
    sip.on_registered = devices.changed
    return devices


class OutboundDesk:
    """The `ivr.web.parts.OutboundDesk`."""

    def __init__(self, guard: TollGuard, trunks: Trunks) -> None:
        self._guard = guard
        self._trunks = trunks

    async def state(self) -> Mapping[str, Any]:
        """Trunks of this node, who is blocked on all, and this node's last alarms."""
        return {
            "trunks": [trunk_view(one) for one in self._trunks],
            "blocked": dict(await self._guard.blocked()),
            "alarms": [asdict(one) for one in reversed(self._guard.alarms)],
            "calls": self._guard.calls,
        }

    async def release(self, subject: str) -> bool:
        """Let a payer call again, with a fresh budget for today."""
        return await self._guard.unblock(_subject(subject))

    async def block(self, subject: str, reason: str) -> None:
        """Let a payer make no call, and end those of this node."""
        await self._guard.block(_subject(subject), reason or "by an operator")


def _subject(text: str) -> str:
    kind, colon, name = text.partition(":")
    if text != "nobody" and not (colon and name and kind in KINDS and len(text) <= 200):
        raise Conflict(f"'{text[:60]}' is not {', '.join(f'{kind}:NAME' for kind in KINDS)} or nobody")
    return text


def trunk_view(trunk: Trunk) -> dict[str, Any]:
    registration = trunk.registration
    return {
        "name": trunk.options.name,
        "state": trunk.vitals.state.value,
        "registered": None if registration is None else registration.registered,
        "detail": registration.detail if registration is not None else "",
        "calls_in": trunk.calls_in,
        "calls_out": trunk.calls_out,
        "calls": dict(trunk.counts),
        "refused": dict(trunk.refused),
    }


def trunk_metrics(sip: SipGateway) -> list[str]:
    """Lines of Prometheus text for trunks and for calls out."""
    lines = []
    for name, kind, values in _families(sip.trunks, sip.toll_guard):
        if values:
            lines.append(f"# TYPE hotline_{name} {kind}")
            lines += [f"hotline_{name}{_labels(labels)} {value:g}" for labels, value in values]
    return lines


Values = Sequence[tuple[Mapping[str, str], float]]


def _families(trunks: Trunks, guard: TollGuard | None) -> list[tuple[str, str, Values]]:
    states, calls, totals, refused, registered = [], [], [], [], []
    for one in trunks:
        name = {"trunk": one.options.name}
        states.append(({**name, "state": one.vitals.state.value}, 1.0))
        calls += [({**name, "way": "in"}, float(one.calls_in)), ({**name, "way": "out"}, float(one.calls_out))]
        totals += [({**name, "way": way}, float(count)) for way, count in sorted(one.counts.items())]
        refused += [({**name, "reason": reason}, float(count)) for reason, count in sorted(one.refused.items())]
        if one.registration is not None:
            registered.append((name, float(one.registration.registered)))
    found: list[tuple[str, str, Values]] = [
        ("trunk_state", "gauge", states),
        ("trunk_registered", "gauge", registered),
        ("trunk_calls", "gauge", calls),
        ("trunk_calls_total", "counter", totals),
        ("trunk_refused_total", "counter", refused),
    ]
    if guard is not None:
        found += [
            ("outbound_calls", "gauge", [({}, float(guard.calls))]),
            ("outbound_refused_total", "counter", [({"reason": why}, float(n)) for why, n in sorted(guard.refused.items())]),
            ("outbound_seconds_total", "counter", [({"class": kind}, float(n)) for kind, n in sorted(guard.spent.items())]),
            ("outbound_alarms_total", "counter", [({"what": what}, float(n)) for what, n in sorted(guard.alarmed.items())]),
        ]
    return found


def _labels(labels: Mapping[str, str]) -> str:
    text = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{text}}}" if text else ""
