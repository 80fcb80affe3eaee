"""Reference: what was played comes out in order, in step with what was sent."""

from __future__ import annotations

import numpy as np
import pytest

from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.reference import STRAY, Reference
from tests.unit.telephony.media.rig import Rig


def ramp(frames: float, first: int) -> Clip:
    """Each frame holds its number, counted from `first`."""
    return Clip.from_pcm((np.arange(round(frames * 160)) // 160 + first).astype(np.int16))


def numbers(reference: Reference, sent: list[int]) -> list[int | None]:
    return [None if (frame := reference.frame(at)) is None else int(frame[0]) for at in sent]


def test_frames_follow_each_other_over_clips() -> None:
    reference = Reference(1, [ramp(2, 10), ramp(1.5, 20), Clip.silence(0), ramp(1, 30)], Codec.PCMU)
    assert numbers(reference, [1, 2, 3, 4, 5, 5, 5]) == [10, 11, 20, 21, 30, None, None]


def test_it_goes_on_by_one_where_frames_are_heard_in_bursts() -> None:
    reference = Reference(1, [ramp(50, 0)], Codec.PCMU)
    assert numbers(reference, [11, 11, 15, 15, 15, 15, 16, 19, 19]) == [9, 10, 11, 12, 13, 14, 15, 16, 17]


def test_what_was_not_sent_yet_was_silence() -> None:
    """The process was held up: frames come in a burst, and none went out meanwhile."""
    reference = Reference(1, [ramp(50, 0)], Codec.PCMU)
    assert numbers(reference, [11, 12, 12, 12, 12, 13, 14]) == [9, 10, 11, None, None, 12, 13]


def test_what_strayed_begins_at_what_is_sent() -> None:
    """Nobody asked for a while, or the round began anew."""
    reference = Reference(1, [ramp(50, 0)], Codec.PCMU)
    assert numbers(reference, [10, 11, 12 + STRAY + 1, 3]) == [8, 9, 12 + STRAY - 1, 1]


def test_the_last_frame_is_filled_up() -> None:
    frame = Reference(1, [ramp(0.5, 7)], Codec.PCMA).frame(1)
    assert frame is not None
    assert (len(frame), int(frame[0]), int(frame[-1])) == (160, 7, 0)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_stream_tells_what_sounds(codec: Codec) -> None:
    stream = Rig(codec).stream
    assert stream.sounded() is None
    stream.play([ramp(3, 100)])
    stream.tick(0.02)
    first = stream.sounded()
    assert first is not None
    assert int(first[0]) == 100
    assert stream.sounded() is None
    stream.tick(0.04)
    second = stream.sounded()
    assert second is not None
    assert int(second[0]) == 101
    stream.stop()
    assert stream.sounded() is None
