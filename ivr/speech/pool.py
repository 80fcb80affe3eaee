"""Recognition in worker processes that share their models (a `Recognizer`).

    server (event loop) -- control --> model host: loads models --fork--> workers, about one a core
                        <-- audio, events -- one socket a worker -->

Memory is paid once for each model. A worker that dies is replaced and its turns are lost (`RecognitionLost`); where the model
host dies, it is started anew. Streams are placed turn by turn, on the worker whose turns take the least; one that is behind its
callers gets none, and where all of them are, new turns are refused (`SpeechBusy`).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.errors import SpeechBusy, SpeechUnavailable
from ivr.speech.host_process import HostProcess
from ivr.speech.models import find_models
from ivr.speech.pool_tally import PoolTally, Prices, pool_metrics
from ivr.speech.pooled_stream import PooledStream
from ivr.speech.recognizer import RecognitionEvent
from ivr.speech.settings import SpeechSettings
from ivr.speech.wire import Kind
from ivr.speech.worker_link import WorkerLink

log = logging.getLogger(__name__)

RESTART_AFTER = (0.0, 0.2, 1.0, 5.0)
"""Seconds before the next start, by how many ended shortly before; the last is kept."""
STEADY = 30.0
"""Seconds after which an end no longer counts."""
SAY_AGAIN = 10.0
"""Seconds between two log lines about refused turns."""


@dataclass(frozen=True, slots=True)
class WorkerMetrics:
    pid: int
    turns: int
    audio_seconds: float
    """Heard since the worker began."""
    cpu_seconds: float
    dropped: int
    """Audio messages it could not take."""
    peak_kilobytes: int
    """Resident, most of it shared with the other workers."""

    @property
    def cpu_per_audio_second(self) -> float:
        return self.cpu_seconds / self.audio_seconds if self.audio_seconds else 0.0


class RecognizerPool:
    """See `ivr.speech.recognizer.Recognizer`."""

    def __init__(self, settings: SpeechSettings) -> None:
        self.settings = settings
        self.tally = PoolTally()
        self.prices = Prices()
        self._said_at = -SAY_AGAIN
        self.failed: Mapping[str, str] = {}
        """Language to the reason why it has no recognition."""
        self._languages: dict[str, str] = {}
        self._workers: list[WorkerLink] = []
        self._host: HostProcess | None = None
        self._streams = 0
        self._ends: list[float] = []
        self._revival: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def languages(self) -> Mapping[str, str]:
        return dict(self._languages)

    @property
    def workers(self) -> Sequence[WorkerLink]:
        """Those that run or are about to."""
        return tuple(self._workers)

    @property
    def host_pid(self) -> int | None:
        """Process id of the model host; None while there is none."""
        return self._host.pid if self._host is not None else None

    async def start(self) -> None:
        found, missing = find_models(self.settings)
        if not found:
            raise SpeechUnavailable("; ".join(missing.values()) or "no speech model is configured")
        await self._start_host(found, missing)

    async def close(self) -> None:
        self._closed = True
        if self._revival is not None:
            self._revival.cancel()
        for worker in self._workers:
            worker.close()
        self._workers.clear()
        if self._host is not None:
            host, self._host = self._host, None
            host.close()

    def open(self, handler: Callable[[RecognitionEvent], None]) -> PooledStream:
        self._streams += 1
        return PooledStream(self._streams, self, asyncio.get_running_loop(), handler)

    def place(self, *languages: str) -> WorkerLink:
        for language in languages:
            if language not in self._languages:
                reason = self.failed.get(language, f"no speech model for {language!r} is installed")
                raise SpeechUnavailable(reason)
        running = [worker for worker in self._workers if worker.open]
        if not running:
            raise self._busy("down", "no recognition worker is running")
        roomy = [worker for worker in running if len(worker.turns) < self.settings.streams_per_worker]
        if not roomy:
            raise self._busy("full", "every recognition worker is full")
        timely = [worker for worker in roomy if worker.lag <= self.settings.most_lag]
        if not timely:
            raise self._busy("lag", f"every recognition worker is more than {self.settings.most_lag:g} s behind")
        self.tally.turns += 1
        return min(timely, key=lambda worker: worker.load)

    def _busy(self, why: str, reason: str) -> SpeechBusy:
        """Count a turn that nobody takes, and say so now and then."""
        self.tally.refused[why] += 1
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= SAY_AGAIN:
            self._said_at = now
            log.warning("%s: callers are asked for keys (%d turns refused so far)", reason, self.tally.refused.total())
        return SpeechBusy(reason)

    def metrics_text(self) -> str:
        """Prometheus text of this pool."""
        alive = (worker for worker in self._workers if worker.alive)
        return pool_metrics(self.tally, ({"turns": len(one.turns), "load": one.load, "lag": one.lag} for one in alive))

    async def unheard(self, language: str, phrases: Sequence[str]) -> tuple[str, ...]:
        """The phrases the model of `language` cannot hear: ask once when a flow is loaded. Raises SpeechUnavailable."""
        worker = self.place(language)
        answer = await worker.ask(Kind.UNHEARD, {"language": language, "phrases": list(phrases)})
        return tuple(str(phrase) for phrase in answer) if isinstance(answer, list) else ()

    async def metrics(self) -> tuple[WorkerMetrics, ...]:
        """One entry for each running worker."""
        return tuple([await _measure(worker) for worker in self._workers if worker.alive])

    async def _start_host(self, found: Mapping[str, Mapping[str, Any]], missing: Mapping[str, str]) -> None:
        host, loaded, failed = await HostProcess.start(found, self.settings.longest_utterance, self.settings.start_timeout)
        self.failed = {**missing, **failed}
        for reason in self.failed.values():
            log.warning("%s", reason)
        if not loaded:
            host.close()
            raise SpeechUnavailable("; ".join(self.failed.values()))
        self._languages = {language: self.settings.models[language] for language in loaded}
        self._host = host
        host.watch(self._host_ended)
        self._workers = [self._new_worker(host) for _ in range(self.settings.workers or os.cpu_count() or 1)]
        await asyncio.gather(*(worker.ready for worker in self._workers))

    def _new_worker(self, host: HostProcess) -> WorkerLink:
        return WorkerLink(host.spawn_worker(), asyncio.get_running_loop(), self._worker_ended)

    def _worker_ended(self, worker: WorkerLink) -> None:
        if self._closed or worker not in self._workers:
            return
        self._workers.remove(worker)
        log.error("recognition worker %d ended with %d turns; starting another", worker.pid, len(worker.turns))
        pause = self._pause_before_start()
        if pause:
            asyncio.get_running_loop().call_later(pause, self._replace)
        else:
            self._replace()

    def _replace(self) -> None:
        if self._closed or self._host is None:
            return
        try:
            self._workers.append(self._new_worker(self._host))
            self.tally.restarts += 1
        except SpeechUnavailable:
            log.debug("the model host ended as well; it is started anew")

    def _host_ended(self) -> None:
        if self._closed or self._host is None:
            return
        host, self._host = self._host, None
        host.close()
        log.error("the process with the speech models ended; starting it anew")
        self._revival = asyncio.create_task(self._revive())

    async def _revive(self) -> None:
        while not self._closed:
            await asyncio.sleep(self._pause_before_start())
            try:
                found, missing = find_models(self.settings)
                await self._start_host(found, missing)
            except SpeechUnavailable as error:
                log.error("speech recognition is off: %s", error)
            else:
                return

    def _pause_before_start(self) -> float:
        now = asyncio.get_running_loop().time()
        self._ends = [at for at in self._ends if now - at < STEADY] + [now]
        return RESTART_AFTER[min(len(self._ends), len(RESTART_AFTER)) - 1]


async def _measure(worker: WorkerLink) -> WorkerMetrics:
    answer = await worker.ask(Kind.MEASURE)
    told = answer if isinstance(answer, dict) else {}
    return WorkerMetrics(
        worker.pid,
        len(worker.turns),
        float(told.get("audio_seconds", 0.0)),
        float(told.get("cpu_seconds", 0.0)),
        worker.dropped,
        int(told.get("peak_kilobytes", 0)),
    )
