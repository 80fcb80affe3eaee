"""From settings to the door of SIP: who is listened to, what is kept."""

from __future__ import annotations

from ivr.acd.store import AcdStore
from ivr.guarding.tracing import Tracing
from ivr.nodes.link import NodeLink
from ivr.records.reader import ContactReader
from ivr.session.switchboard import Switchboard
from ivr.settings import SipOptions
from ivr.settings_guard import parse_hep
from telephony.gateway.sip import SipGateway
from telephony.gateway.sip_door import DoorSettings, HepSettings
from telephony.sip.suspicion import GuardSettings, Rate
from telephony.sip.trace import TraceSettings


def door_settings(options: SipOptions, allow: tuple[str, ...] = ()) -> DoorSettings:
    """`allow` are networks that other settings vouch for: those of trunks."""
    guard = options.guard
    hep = HepSettings()
    if options.hep:
        transport, host, port = parse_hep(options.hep, "sip.hep")
        hep = HepSettings(host, port, transport, password=options.hep_password)
    return DoorSettings(
        guard=GuardSettings(
            enabled=guard.enabled,
            allow=(*guard.allow, *options.trusted_networks, *allow),
            messages=Rate(guard.messages, guard.messages * 5),
            invites=Rate(guard.calls, guard.calls * 5),
            registers=Rate(guard.registers, guard.registers * 10),
            strangers=Rate(guard.strangers, guard.strangers * 2),
            threshold=guard.threshold,
            half_life=guard.half_life,
            ban_seconds=guard.ban,
            ban_most=guard.ban_most,
            mute_seconds=guard.mute,
            scanners=guard.scanners,
        ),
        trace=TraceSettings(options.trace.enabled, options.trace.megabytes << 20),
        hep=hep,
    )


def tracing_of(sip: SipGateway, switchboard: Switchboard, contacts: ContactReader, link: NodeLink, acd: AcdStore) -> Tracing:
    """Who finds a call's messages by its contact, here and on other nodes."""

    async def call_id_of(contact: str) -> str:
        session = switchboard.find(contact)
        return session.call.correlation if session else str((await contacts.get(contact))["correlation"])

    return Tracing(sip.door.trace, link.node, call_id_of, link, acd.alive_nodes)
