"""A telephone on our own SIP core, for measuring: it dials, speaks clips, and keeps when it heard what."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import numpy as np

from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import Answered, Ended, Frame, LegEvent, LegState, Party
from telephony.media.clip import Clip
from telephony.net.ticker import Ticker

VOICED = 150.0
"""RMS of a 20 ms frame from which it counts as sound."""


class Phone:
    """One line. `heard` has the arrival time (loop clock) and the RMS of each frame."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.heard: list[tuple[float, float]] = []
        self._ticker = Ticker()
        settings = SipSettings(listeners=(Listener("udp", "127.0.0.1", 0),), rtp_low=10000, rtp_high=19998)
        self._gateway = SipGateway(settings, self._ticker, lambda leg: None)
        self._leg: SipLeg | None = None
        self._events: asyncio.Queue[LegEvent] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._ticker.start()
        await self._gateway.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._gateway.close()
        await self._ticker.close()

    async def call(self, uri: str, seconds: float = 10.0) -> None:
        """Dial and wait for the answer. Raises RuntimeError where there is none, TimeoutError where it takes too long."""
        self._leg = self._gateway.dial(uri, Party(self.user))
        self._leg.subscribe(self._events.put_nowait)
        async with asyncio.timeout(seconds):
            while not isinstance(event := await self._events.get(), Answered):
                if isinstance(event, Ended):
                    raise RuntimeError(f"no answer: {event.detail}")
        self.heard.clear()
        self._leg.hear(self._hear)

    def speak(self, clip: Clip, *, repeat: bool = False) -> float:
        """Begin to say a clip now, then keep the line open in silence; the loop's time of its first frame, to 20 ms."""
        assert self._leg is not None
        self._leg.play([clip] if repeat else [clip, Clip.silence(60.0)], repeat=repeat)
        return asyncio.get_running_loop().time()

    def press(self, digits: str) -> None:
        assert self._leg is not None
        self._leg.send_digits(digits)

    def hang_up(self) -> None:
        assert self._leg is not None
        self._leg.hang_up()

    async def until_ended(self, *, within: float = 20.0) -> None:
        """Wait until the other end has hung up. Raises TimeoutError."""
        assert self._leg is not None
        async with asyncio.timeout(within):
            while self._leg.state is not LegState.ENDED:  # noqa: ASYNC110  # its events are read by `call`
                await asyncio.sleep(0.02)

    async def until_quiet(self, seconds: float, *, within: float = 40.0) -> None:
        """Wait until nothing was heard for `seconds` after something was."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within):
            while True:
                last = next((at for at, rms in reversed(self.heard) if rms > VOICED), None)
                if last is not None and loop.time() - last > seconds:
                    return
                await asyncio.sleep(0.05)

    async def until_sound(self, since: float, *, within: float = 5.0) -> float:
        """The arrival of the first sound after `since`. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                for at, rms in reversed(self.heard):
                    if at <= since:
                        break
                    if rms > VOICED:
                        return min(when for when, loud in self.heard if when > since and loud > VOICED)
                await asyncio.sleep(0.02)

    def _hear(self, frame: Frame) -> None:
        rms = float(np.sqrt(np.mean(frame.astype(np.float32) ** 2)))
        self.heard.append((asyncio.get_running_loop().time(), rms))
