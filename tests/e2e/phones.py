"""Telephones of our own core, each with a tone for a voice, in the test's process: they say who hears whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np

from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener
from telephony.leg import CallLeg, Ended, Frame, LegEvent, LegState, Party, Replaced
from telephony.media.clip import Clip
from telephony.net.ticker import Ticker
from tests.unit.telephony.media.sounds import levels

RATE = 8000
KEPT = 50
"""Frames: the last second of what a phone heard."""


class Phone:
    """One call of one telephone: speaks its tone, keeps what it hears and what happened."""

    def __init__(self, leg: CallLeg, hertz: float) -> None:
        self.leg, self.hertz = leg, hertz
        self.events: list[LegEvent] = []
        self._heard: list[Frame] = []
        leg.subscribe(self._event)
        leg.hear(self._hear)

    def _event(self, event: LegEvent) -> None:
        self.events.append(event)
        if isinstance(event, Replaced):
            event.by.answer()

    def _hear(self, frame: Frame) -> None:
        self._heard = [*self._heard[1 - KEPT :], frame]

    def speak(self) -> None:
        self.leg.play([Clip.tone(self.hertz, 1.0, 3000)], repeat=True)

    def level(self, hertz: float) -> float:
        """dBm0 of a tone in the last half second of what was heard."""
        voice = np.concatenate(self._heard[-25:]) if self._heard else np.zeros(160, np.int16)
        return levels(voice, hertz)[0]

    def fresh(self) -> None:
        """Forget what was heard so far."""
        self._heard.clear()

    async def until(self, what: Callable[[], bool], words: str, seconds: float = 20.0) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not what():  # noqa: ASYNC110  # sound has no event
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{self.leg.correlation}: {words}; {self.leg.state} {self.events[-3:]}") from None

    async def hears(self, *others: Phone, not_: tuple[Phone, ...] = ()) -> None:
        """Wait until exactly these tones are heard: those of `others` loud, those of `not_` 25 dB below them."""

        def now() -> bool:
            loud = all(self.level(one.hertz) > -26 for one in others)
            return len(self._heard) >= 30 and loud and all(self.level(one.hertz) < -51 for one in not_)

        def words() -> str:
            return str({one.hertz: round(self.level(one.hertz)) for one in (*others, *not_)})

        try:
            await self.until(now, "")
        except AssertionError as error:
            raise AssertionError(f"{error}: {words()}") from None

    async def up(self) -> None:
        await self.until(lambda: self.leg.state is LegState.UP, "did not come up")
        self.speak()

    async def ended(self) -> Ended:
        await self.until(lambda: self.leg.state is LegState.ENDED, "did not end")
        await self.until(lambda: bool(self.events) and isinstance(self.events[-1], Ended), "told no end")
        ended = self.events[-1]
        assert isinstance(ended, Ended)
        return ended


class Phones:
    """A gateway at which telephones answer: the called user says which tone it speaks."""

    def __init__(self, tones: dict[str, float]) -> None:
        self.tones = tones
        self.called: dict[str, Phone] = {}
        self.port = 0

    def uri(self, user: str) -> str:
        return f"sip:{user}@127.0.0.1:{self.port}"

    def _take(self, leg: SipLeg) -> None:
        leg.ring()
        self.called[leg.callee.user] = Phone(leg, self.tones[leg.callee.user])
        leg.answer()

    async def answered(self, user: str) -> Phone:
        async with asyncio.timeout(30):
            while user not in self.called:  # noqa: ASYNC110  # somebody else calls
                await asyncio.sleep(0.02)
        phone = self.called.pop(user)
        await phone.up()
        return phone

    async def call(self, user: str, target: str) -> Phone:
        """Call `target` as `user` and wait for the answer."""
        phone = Phone(self.gateway.dial(target, Party(user, user.title())), self.tones[user])
        await phone.up()
        return phone

    @classmethod
    @asynccontextmanager
    async def open(cls, tones: dict[str, float]) -> AsyncIterator[Phones]:
        phones, ticker = cls(tones), Ticker()
        ticker.start()
        here = Listener("udp", "127.0.0.1", 0)
        settings = SipSettings((here,), trusted_networks=("127.0.0.0/8",), rtp_low=31000, rtp_high=31998)
        phones.gateway = SipGateway(settings, ticker, phones._take)
        await phones.gateway.start()
        phones.port = phones.gateway.listeners[0].port
        try:
            yield phones
        finally:
            await phones.gateway.close()
            await ticker.close()

    gateway: SipGateway
