from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from telephony.media.listening import MAX_FILL, Listening
from tests.unit.telephony.media.waves import sine

WAVE = np.arange(8000, dtype=np.int16)


def heard(packets: list[tuple[int, int]], ssrc: int = 1) -> tuple[list[NDArray[np.int16]], Listening]:
    """Frames that come of packets given as (first sample, samples)."""
    frames: list[NDArray[np.int16]] = []
    listening = Listening(frames.append)
    for start, length in packets:
        listening.receive(WAVE[start : start + length], start, ssrc)
    return frames, listening


@pytest.mark.parametrize("length", [40, 80, 160, 240, 320, 480, 13])
def test_any_packet_time_is_cut_into_frames_of_20_ms(length: int) -> None:
    frames, _ = heard([(start, length) for start in range(0, 1600, length)])
    joined = np.concatenate(frames)
    assert all(frame.shape == (160,) for frame in frames)
    assert np.array_equal(joined, WAVE[: len(joined)])
    assert len(joined) >= 1600 - 160


def test_a_lost_packet_is_filled_with_what_the_voice_would_have_been() -> None:
    tone, frames = sine(125, 0.2), list[NDArray[np.int16]]()
    listening = Listening(frames.append)
    for start in (0, 160, 320, 480, 800, 960):
        listening.receive(tone[start : start + 160], start, 1)
    assert len(frames) == 7
    assert np.array_equal(frames[6], tone[960:1120])
    assert listening.concealed == 160
    error = np.abs(np.concatenate(frames).astype(int) - tone[: 7 * 160])
    assert error[640:].max() < 2000 and error[:640].max() == 0


def test_a_longer_loss_fades_out() -> None:
    frames, _ = heard([(160, 160), (320, 160), (160 * 8, 160)])
    peaks = [int(np.abs(frame).max()) for frame in frames]
    assert peaks[:3] == [319, 479, peaks[2]] and peaks[2] > peaks[3] > peaks[4] > peaks[5] == peaks[6] == 0
    assert peaks[7] == 160 * 9 - 1


def test_time_is_kept_up_to_the_bound_only() -> None:
    frames, _ = heard([(0, 160), (7000, 160)])
    assert len(frames) == 2 + MAX_FILL // 160


def test_late_packets_are_left_out() -> None:
    frames, _ = heard([(0, 160), (320, 160), (160, 160), (480, 160)])
    assert len(frames) == 4
    assert np.array_equal(frames[3], WAVE[480:640])


def test_a_new_source_or_a_clock_set_back_starts_anew() -> None:
    frames: list[NDArray[np.int16]] = []
    listening = Listening(frames.append)
    for start, ssrc in ((5, 1), (4_000_000_000, 2), (100_000, 2), (100_160, 2)):
        listening.receive(WAVE[:160], start, ssrc)
    assert len(frames) <= 4 + MAX_FILL // 160
    assert len(frames) >= 4


def test_a_wrapping_timestamp_is_no_gap() -> None:
    frames: list[NDArray[np.int16]] = []
    listening = Listening(frames.append)
    for start in (2**32 - 160, 0, 160):
        listening.receive(WAVE[:160], start, 1)
    assert len(frames) == 3
    assert listening.concealed == 0
