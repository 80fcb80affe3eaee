"""The first piece sounds while the voice still speaks the next; what comes late is waited for in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from ivr.dialplan.events import Words
from ivr.errors import SpeechUnavailable
from ivr.session.speaking import GAP, Speaking
from telephony.fake import FakeLeg
from telephony.leg import LegEvent, LegState, PlaybackFinished
from telephony.media.clip import Clip


def clip(name: str) -> Clip:
    return Clip.from_pcm(np.full(800, 1000, np.int16), name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Scene:
    """A leg whose playbacks end when the test says so, and a voice that speaks when the test says so."""

    def __init__(self) -> None:
        self.leg = FakeLeg(state=LegState.UP)
        self.leg.subscribe(self._heard)
        self.waiting: dict[str, asyncio.Future[Clip]] = {}
        self.over: list[Exception | None] = []
        self.number = 0
        self.speaking: Speaking | None = None

    def say(self, *pieces: Clip | Words) -> Speaking:
        self.speaking = Speaking(pieces, self._play, self._render, self.over.append)
        return self.speaking

    def _play(self, clips: object, forever: bool) -> int:
        self.number = self.leg.play(clips, repeat=forever)  # type: ignore[arg-type]
        return self.number

    def _render(self, words: Words) -> Awaitable[Clip]:
        return self.waiting.setdefault(words.text, asyncio.get_running_loop().create_future())

    def _heard(self, event: LegEvent) -> None:
        if self.speaking is not None and isinstance(event, PlaybackFinished):
            self.speaking.on_playback(event)

    async def rendered(self, text: str) -> None:
        self.waiting[text].set_result(clip(text))
        await settle()

    async def played(self) -> None:
        """What sounds comes to its end."""
        self.leg.playing = ()
        self._heard(PlaybackFinished(0.0, self.number, True, 100))
        await settle()

    @property
    def played_so_far(self) -> list[list[str]]:
        return [names for kind, names in self.leg.commands if kind == "play"]


@pytest.fixture
async def scene() -> Scene:
    return Scene()


def words(text: str) -> Words:
    return Words(text, "en")


async def test_the_first_piece_sounds_while_the_second_is_rendered(scene: Scene) -> None:
    scene.say(words("a"), words("b"), words("c"))
    await settle()
    assert list(scene.waiting) == ["a"]
    await scene.rendered("a")
    assert scene.played_so_far == [["a"]]
    assert list(scene.waiting) == ["a", "b"]
    await scene.rendered("b")
    await scene.rendered("c")
    assert scene.played_so_far == [["a"]]
    await scene.played()
    assert scene.played_so_far == [["a"], ["b", "c"]]
    assert scene.over == []
    await scene.played()
    assert scene.over == [None]


async def test_what_comes_late_is_waited_for_in_silence(scene: Scene) -> None:
    scene.say(words("a"), words("b"))
    await settle()
    await scene.rendered("a")
    await scene.played()
    assert scene.played_so_far == [["a"], [GAP.name]]
    await scene.rendered("b")
    assert scene.played_so_far == [["a"], [GAP.name], ["b"]]
    assert scene.over == []
    await scene.played()
    assert scene.over == [None]


async def test_recordings_before_the_first_words_wait_for_nothing(scene: Scene) -> None:
    scene.say(clip("r1"), clip("r2"), words("a"), clip("r3"))
    await settle()
    assert scene.played_so_far == [["r1", "r2"]]
    await scene.rendered("a")
    await scene.played()
    assert scene.played_so_far == [["r1", "r2"], ["a", "r3"]]


@pytest.mark.parametrize("gap", [False, True])
async def test_what_was_stopped_renders_and_says_no_more(scene: Scene, gap: bool) -> None:
    scene.say(words("a"), words("b"), words("c"))
    await settle()
    await scene.rendered("a")
    if gap:
        await scene.played()
    scene.leg.stop()
    await settle()
    assert scene.over == [None]
    assert scene.waiting["b"].cancelled()
    assert "c" not in scene.waiting
    assert scene.leg.playing == ()


async def test_cancelling_is_silent(scene: Scene) -> None:
    speaking = scene.say(words("a"), words("b"))
    await settle()
    speaking.cancel()
    speaking.cancel()
    await settle()
    assert scene.waiting["a"].cancelled()
    assert scene.over == []
    assert scene.played_so_far == []


async def test_a_piece_that_cannot_be_spoken_ends_it(scene: Scene) -> None:
    scene.say(words("a"), words("b"))
    await settle()
    await scene.rendered("a")
    error = SpeechUnavailable("hoarse")
    scene.waiting["b"].set_exception(error)
    await settle()
    assert scene.over == [error]
    await scene.played()
    assert scene.over == [error]


async def test_a_leg_without_media_ends_it_all_the_same(scene: Scene) -> None:
    played: list[object] = []

    def play(clips: object, forever: bool) -> int:
        played.append(clips)
        return 0

    over: Callable[[Exception | None], None] = scene.over.append
    Speaking([clip("r")], play, scene._render, over)
    await settle()
    assert len(played) == 1
    assert scene.over == [None]
