"""A worker's place among several: what the process that owns the listeners hands down to it, in its environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from ivr.settings import Settings, parse_ports

VARIABLE = "HOTLINE_SEAT"


@dataclass(frozen=True, slots=True)
class Seat:
    index: int
    """0 for the first worker, which also serves pages and API."""
    workers: int
    channel: int
    """Descriptor of this worker's end of the packet socket."""
    web: int
    """Descriptor of the listening web socket; -1 where this worker serves no pages."""
    udp: Mapping[str, int]
    """Number of a UDP listener to the descriptor of its socket: answers leave by it at once."""
    ports: tuple[int, ...]
    """Ports that are really bound, one a listener of the settings."""
    redis: str
    """URL of the Redis that all share."""
    secret: str
    """Signs nonces, so that all workers take each other's; hexadecimal."""
    names: tuple[str, ...]
    """The workers' nodes."""

    def environment(self) -> dict[str, str]:
        """The environment of the worker's process."""
        return {**os.environ, VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def taken(cls) -> Seat | None:
        """The seat of this process, None where it is no worker. Its own children see nothing of it."""
        text = os.environ.pop(VARIABLE, "")
        if not text:
            return None
        data = json.loads(text)
        return cls(**{**data, "ports": tuple(data["ports"]), "names": tuple(data["names"])})

    def settings(self, settings: Settings) -> Settings:
        """This worker's share of the settings: a name, a range of RTP ports, and part of every limit of its own."""
        low, high = parse_ports(settings.sip.rtp_ports, "sip.rtp_ports")
        share = (high + 1 - low) // self.workers // 2 * 2
        first = low + self.index * share
        recognisers = settings.speech.workers or os.cpu_count() or 1
        return replace(
            settings,
            node=self.names[self.index],
            redis=self.redis,
            sip=replace(
                settings.sip,
                rtp_ports=f"{first}-{first + share - 1}",
                max_calls=-(-settings.sip.max_calls // self.workers),
                max_call_rate=-(-settings.sip.max_call_rate // self.workers),
            ),
            speech=replace(settings.speech, workers=max(1, recognisers // self.workers)),
        )
