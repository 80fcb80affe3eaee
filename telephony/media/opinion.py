"""What a listener would say of a call, estimated from what the network did to it. No I/O, no clock."""

from __future__ import annotations

from typing import Any

from telephony.media.rtcp import Reporter
from telephony.media.rtp import Reception

PACKET_TIME = 0.020
"""Seconds of voice in a packet: it is complete only at its end."""

ROBUSTNESS = 25.1
"""Bpl of G.711 with concealment (ITU-T G.113 Appendix I, table I.4); taken for every codec, as each is concealed here."""


def mean_opinion(loss: float, delay: float) -> float:
    """Mean opinion score, 1.0 to 4.4, of a one-way path that loses `loss` (0..1) of its packets and takes `delay` seconds.

    The E-model of ITU-T G.107 (06/2015) with its default values, so that only delay and loss are left:
    R = 93.2 - Id - Ie,eff, where Ie,eff = 95 * Ppl / (Ppl + Bpl) for random loss and a codec without impairment of its own
    (§7.4), and Id = 0.024 d + 0.11 (d - 177.3) beyond 177.3 ms, d in ms: the usual fit of §7.3 (R. Cole and J. Rosenbluth,
    "Voice over IP performance monitoring", 2001). MOS = 1 + 0.035 R + 7e-6 R (R - 60) (100 - R) (Annex B). The scale is that
    of narrow band telephony: wide band voice is rated as if it were narrow.
    """
    milliseconds = max(0.0, delay) * 1000
    percent = 100 * min(max(loss, 0.0), 1.0)
    delayed = 0.024 * milliseconds + 0.11 * max(0.0, milliseconds - 177.3)
    rating = min(max(93.2 - delayed - 95 * percent / (percent + ROBUSTNESS), 0.0), 100.0)
    return max(1.0, 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating))


def figures(reporter: Reporter, reception: Reception, sent: int, clock: int) -> dict[str, Any]:
    """What both sides' reports say of a call, units in the keys; `sent` are our packets, `clock` the Hz of their timestamps.

    `mos` is what arrives here, `peer_mos` what arrives there. A key is missing while nobody can know it.
    """
    found: dict[str, Any] = {}
    way = (reporter.round_trip or 0.0) / 2 + PACKET_TIME
    if reporter.round_trip is not None:
        found["round_trip_ms"] = round(reporter.round_trip * 1000, 1)
    if reception.expected > 0:  # twice the jitter is what a listener's buffer adds
        found["mos"] = round(mean_opinion(reception.lost / reception.expected, way + 2 * reception.jitter), 2)
    block = reporter.block
    if block is not None and sent:
        lost, jitter = max(0, block.cumulative_lost) / sent, block.jitter / clock
        found |= {
            "peer_packets_lost": block.cumulative_lost,
            "peer_loss_percent": round(100 * lost, 2),
            "peer_jitter_ms": round(jitter * 1000, 2),
            "peer_mos": round(mean_opinion(lost, way + 2 * jitter), 2),
        }
    return found
