"""Headers of growing files, and their repair."""

from __future__ import annotations

import io
import wave

from telephony.media import wav


def test_a_header_is_one_that_others_read() -> None:
    file = wav.header(wav.PCM, 2, 8000, 8) + b"\1\0\2\0\3\0\4\0"
    with wave.open(io.BytesIO(file)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate(), read.getnframes()) == (2, 2, 8000, 2)
        assert read.readframes(2) == b"\1\0\2\0\3\0\4\0"


def test_an_unfinished_file_is_repaired_to_whole_frames() -> None:
    for left in (None, 0, 400):
        first = wav.header(wav.PCM, 2, 8000, left)
        right = wav.repaired(first, wav.HEADER_SIZE + 403 * 4 + 3)
        assert right == wav.header(wav.PCM, 2, 8000, 403 * 4)
    assert wav.repaired(wav.header(wav.MULAW, 2, 8000, None), 58 + 10) == wav.header(wav.MULAW, 2, 8000, 10)


def test_what_is_right_or_not_ours_is_left_alone() -> None:
    assert wav.repaired(wav.header(wav.PCM, 2, 8000, 8), 66) is None
    assert wav.repaired(b"RIFF" + b"\0" * 60, 64) is None
    assert wav.repaired(b"RIFF", 4) is None
    assert wav.repaired(b"", 0) is None
