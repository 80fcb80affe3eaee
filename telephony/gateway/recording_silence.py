"""Takes the sound out of parts of a finished recording, plain or sealed: nothing else of the file changes. Blocking.

What cannot be changed where it stands is written anew beside the file and put in its place in one step, so that a crash leaves
the old one or the new one. A channel alone can be silenced in PCM and µ-law; of Opus both go.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import av
import numpy as np
from numpy.typing import NDArray

from telephony.gateway.sealing import SealedWriter, unseal
from telephony.media import wav

RATE = 8000
OPUS_RATE = 48000
ULAW_SILENCE = 0xFF
FRAME = Fraction(1, 50)
"""Seconds of an Opus packet."""


class Span(NamedTuple):
    """A part of a recording, in samples since its beginning."""

    start: int
    end: int
    both: bool = True
    """Whether what the leg heard goes too, not only what it said."""


def hush_block(block: NDArray[np.int16], at: int, spans: Sequence[Span]) -> None:
    """Silence the parts of interleaved samples, shape (n, 2), that begin at position `at`, in place."""
    for start, end, both in spans:
        low, high = max(0, start - at), min(len(block), end - at)
        if low < high:
            block[low:high, : 2 if both else 1] = 0


def hush_wav(file: BinaryIO, tag: int, spans: Sequence[Span]) -> None:
    """Silence parts of a plain WAV of ours where they stand; what lies beyond its end is nothing. Raises OSError."""
    size = file.seek(0, os.SEEK_END)
    width = 2 if tag == wav.MULAW else 4
    for start, end, both in spans:
        begin = wav.HEADER_SIZE + max(0, start) * width
        count = min(end - max(0, start), (size - begin) // width)
        if count > 0:
            file.seek(begin)
            there = file.read(count * width)
            file.seek(begin)
            file.write(_hushed(there, tag, both))


def _hushed(data: bytes, tag: int, both: bool) -> bytes:
    samples = np.frombuffer(data, np.uint8 if tag == wav.MULAW else np.dtype("<i2")).reshape(-1, 2).copy()
    samples[:, : 2 if both else 1] = ULAW_SILENCE if tag == wav.MULAW else 0
    return samples.tobytes()


def hush_file(path: Path, spans: Sequence[Span], key: bytes | None) -> None:
    """Silence parts of a recording that is over. Raises OSError, SealBroken, and ValueError for a file that is none of ours."""
    if not spans:
        return
    sealed = path.name.endswith(".sealed")
    if sealed and key is None:
        raise OSError(f"{path.name} is sealed and there is no key")
    opus = ".ogg" in path.suffixes
    if not sealed and not opus:
        with path.open("r+b") as file:
            hush_wav(file, _tag_of(file.read(wav.HEADER_SIZE)), spans)
            file.flush()
            os.fsync(file.fileno())
        return
    fresh = path.with_name(path.name + ".hushed")
    try:
        raw = cast(BinaryIO, os.fdopen(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640), "w+b"))
        with raw:
            _written(raw, path, spans, key if sealed else None, opus)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _written(raw: BinaryIO, path: Path, spans: Sequence[Span], key: bytes | None, opus: bool) -> None:
    """The whole file anew, flushed to the disk."""
    out = SealedWriter(_Open(raw), key) if key is not None else raw  # type: ignore[arg-type]
    with path.open("rb") as file:
        pieces = unseal(file, key) if key is not None else iter((file.read(),))
        if opus:
            out.write(hush_ogg(b"".join(pieces), spans))
        else:
            for piece in _hushed_pieces(pieces, spans):
                out.write(piece)
    if isinstance(out, SealedWriter):
        out.close()
    raw.flush()
    os.fsync(raw.fileno())


class _Open:
    """A file that `SealedWriter.close` leaves open."""

    def __init__(self, raw: BinaryIO) -> None:
        self.write, self.flush = raw.write, raw.flush

    def close(self) -> None:
        """The owner closes it."""


def _hushed_pieces(pieces: Iterator[bytes], spans: Sequence[Span]) -> Iterator[bytes]:
    """The octets of a WAV, piece by piece, with silence where it is wanted."""
    head, at, tag = b"", 0, wav.PCM
    for piece in pieces:
        if at == 0 and len(head) + len(piece) < wav.HEADER_SIZE:
            head += piece
            continue
        if at == 0:
            piece, head = head + piece, b""
            tag = _tag_of(piece)
        yield _hushed_piece(piece, at, tag, spans)
        at += len(piece)
    if head:
        yield head


def _hushed_piece(piece: bytes, at: int, tag: int, spans: Sequence[Span]) -> bytes:
    """`piece` begins at octet `at` of the file; a sample may be cut by its ends."""
    changed, width = bytearray(piece), 1 if tag == wav.MULAW else 2
    for start, end, both in spans:
        low = max(at, wav.HEADER_SIZE + start * 2 * width)
        high = min(at + len(piece), wav.HEADER_SIZE + end * 2 * width)
        if low >= high:
            continue
        where = np.arange(low, high) - wav.HEADER_SIZE
        mine = where[(where // width) % 2 == 0] if not both else where
        view = np.frombuffer(changed, np.uint8)
        view[mine + wav.HEADER_SIZE - at] = ULAW_SILENCE if tag == wav.MULAW else 0
    return bytes(changed)


def _tag_of(first: bytes) -> int:
    """Raises ValueError where this is no WAV of ours."""
    tag = int.from_bytes(first[20:22], "little")
    if first[:4] != b"RIFF" or tag not in (wav.PCM, wav.MULAW):
        raise ValueError("this is no recording of ours")
    return tag


# --- Opus


def hush_ogg(data: bytes, spans: Sequence[Span]) -> bytes:
    """The same packets, with silent ones in place of those that have anything of the spans. Raises ValueError."""
    out = io.BytesIO()
    quiet = _quiet_packets()
    try:
        with av.open(io.BytesIO(data), "r", format="ogg") as old, av.open(out, "w", format="ogg") as new:
            stream = new.add_stream_from_template(old.streams.audio[0])
            for number, packet in enumerate(old.demux(audio=0)):
                if packet.dts is None:
                    continue
                _mux(new, stream, _or_quiet(packet, spans, quiet[min(number, len(quiet) - 1)]))
    except av.FFmpegError as error:
        raise ValueError(f"the recording cannot be read: {error}") from error
    return out.getvalue()


def _mux(new: Any, stream: Any, packet: Any) -> None:
    packet.stream = stream
    new.mux(packet)


def _or_quiet(packet: Any, spans: Sequence[Span], quiet: bytes) -> Any:
    begins = packet.pts * packet.time_base
    low, high = begins * RATE, (begins + FRAME) * RATE
    if not any(start < high and low < end for start, end, _ in spans):
        return packet
    silent = av.Packet(quiet)
    silent.pts, silent.dts, silent.duration, silent.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    return silent


@cache
def _quiet_packets() -> tuple[bytes, ...]:
    """Packets of 20 ms of silence, as our recordings are encoded."""
    codec: Any = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE, "stereo", "s16", 32000
    found: list[bytes] = []
    for number in range(4):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 320), np.int16), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, number * 160, Fraction(1, RATE)
        found += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(found)
