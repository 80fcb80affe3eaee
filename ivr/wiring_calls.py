"""From settings to what calls may do: conferences, recordings, parking, tones, keys in the voice."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Protocol

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.parked import ParkBoard
from ivr.errors import ConfigError, NotFound
from ivr.session.agents import Agents
from ivr.session.message import rescued
from ivr.session.outgoing import Outgoing
from ivr.session.parking import ParkingLot
from ivr.session.services import Services
from ivr.session.switchboard import Switchboard
from ivr.settings import Settings
from ivr.settings_calls import parse_slots
from ivr.speech.excerpt import excerpt
from ivr.web.parts import WebParts
from ivr.web.playing_api import PlayParts
from ivr.wiring_followups import FollowUpParts, followup_parts
from ivr.wiring_playing import play_parts
from ivr.wiring_recording import recording_settings
from ivr.wiring_sources import SourceParts, source_parts
from telephony.gateway.conference import confer
from telephony.gateway.inband import listen_for_keys
from telephony.gateway.recording import Recorder, RecordingSettings
from telephony.gateway.recording_files import plain, read_sidecar, repair
from telephony.gateway.sealing import SealBroken
from telephony.leg import CallLeg
from telephony.media import tones

log = logging.getLogger(__name__)

Mended = tuple[str, Mapping[str, Any]]
"""A file below the folder of recordings, and its notes."""


class Counted(Protocol):
    def metrics(self) -> str:
        """Prometheus text."""


@dataclass(frozen=True, slots=True)
class CallParts:
    """What calls of this node may do, started; `services`, `web` and `ready` hand it to who needs it."""

    settings: Settings
    recorder: Recorder | None
    board: ParkBoard
    parking: ParkingLot
    data: SourceParts
    left: FollowUpParts | None = None
    play: PlayParts | None = None

    def services(self, services: Services) -> Services:
        ringback = (tones.clip(self.settings.tones, "ringback"),)
        record = None if self.recorder is None else self.recorder.record
        services = replace(services, confer=confer, record=record, parking=self.parking, ringback=ringback)
        services = self.data.services(services)
        return services if self.left is None else self.left.services(services)

    def ready(self, agents: Agents, switchboard: Switchboard) -> Switchboard:
        """Let the agents' buttons find calls, slots and phones."""
        agents.find, agents.parking = switchboard.find, self.parking
        agents.outgoing, agents.flows = Outgoing(switchboard), switchboard.flows
        agents.phones = {agent.id: agent.device for agent in self.settings.agents if agent.device}
        return switchboard

    def web(self, parts: WebParts) -> WebParts:
        """`ivr.web.parts.WebParts` that knows recordings, parked callers and sources."""
        recording = None if self.recorder is None else self.recording
        parts = replace(self.data.web(parts), recording=recording, parked=self.board.views, play=self.play)
        return parts if self.left is None else self.left.web(parts)

    def metrics(self, *others: Counted) -> str:
        """Prometheus text about recordings and parked callers, after that of `others`."""
        found = {"parked gauge": len(self.parking.views())}
        if self.recorder is not None:
            tally = self.recorder.tally
            found |= {"recordings gauge": len(self.recorder), "recordings_started_total counter": tally.files}
            found |= {
                "recordings_failed_total counter": tally.failed,
                "recordings_dropped_batches_total counter": tally.dropped,
            }
            found |= {"recordings_late_samples_total counter": tally.late}
        lines = [other.metrics() for other in (*others, self.data, *(() if self.left is None else (self.left,)))]
        return "".join(lines) + "".join(
            f"# TYPE hotline_{name}\nhotline_{name.split()[0]} {value}\n" for name, value in found.items()
        )

    def offered(self, leg: CallLeg) -> None:
        """Hear keys in the voice of a call whose trunk is set so, or of every call where that is wanted."""
        trunk = self.settings.trunks.get(leg.info.trunk)
        if self.settings.inband_dtmf or (trunk is not None and trunk.inband_dtmf):
            listen_for_keys(leg)

    async def recording(self, file: str, form: str, start: float, end: float | None) -> bytes:
        """A recording, unsealed and converted. Raises NotFound and ExcerptFailed."""
        assert self.recorder is not None
        return await asyncio.to_thread(_given, self.recorder.settings, file, form, start, end)


async def call_parts(settings: Settings, stack: AsyncExitStack, redis: Redis, engine: AsyncEngine | None = None) -> CallParts:
    """Start recorder, board and sources; `stack` ends them. Raises ConfigError."""
    wanted, recorder, mended = recording_settings(settings.recording), None, list[Mended]()
    if wanted is not None:
        mended = await asyncio.to_thread(_prepare, wanted, settings.node)
        recorder = Recorder(wanted)
        recorder.start()
        stack.push_async_callback(recorder.close)
    board = ParkBoard(redis, settings.node)
    writing = asyncio.create_task(board.run())
    stack.callback(writing.cancel)
    lot = ParkingLot(parse_slots(settings.parking.slots, "parking.slots"), board.publish)
    data, folder = await source_parts(settings, stack, engine), None if wanted is None else wanted.folder
    left = None if engine is None else followup_parts(settings.notices, folder, stack, redis, engine)
    for file, about in mended:
        if left is not None and (row := rescued(file, about, time.time())) is not None:
            await left.late.add("voicemails", row)
    play = None if engine is None else play_parts(engine, wanted)
    return CallParts(settings, recorder, board, lot, data, left, play)


def _prepare(wanted: RecordingSettings, node: str) -> list[Mended]:
    """Make the folder, and right what a crash left in it: the files, as recordings name them, with what stands beside them."""
    folder = wanted.folder
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        mended = repair(folder, node, wanted.key)
    except OSError as error:
        raise ConfigError(f"recording.folder: {folder}: {error.strerror}; name a folder that can be written") from error
    if mended:
        log.warning("%d recordings that a crash left unfinished were made readable", len(mended))
    return [(path.relative_to(folder).as_posix(), read_sidecar(path)) for path in mended]


def _given(settings: RecordingSettings, file: str, form: str, start: float, end: float | None) -> bytes:
    path = (settings.folder / file).resolve()
    if not path.is_relative_to(settings.folder.resolve()):
        raise NotFound(f"there is no recording {file}")
    try:
        data = plain(path, settings.key)
    except (OSError, SealBroken) as error:
        raise NotFound(f"the recording {file} cannot be read: {error}") from error
    as_it_is = form == "wav" and data[:4] == b"RIFF"
    return data if as_it_is and not start and end is None else excerpt(data, form, start, end)
