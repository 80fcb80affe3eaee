"""The levels of a recording, plain or sealed, WAV or Opus; kept beside it so that they are made once. Blocking: use a thread.

They are kept as `NAME.levels`: what the recording was when they were made (size and time of change), then the levels, sealed
where the recording is. A recording that was silenced since, or grew, has others, and they are made anew.
"""

from __future__ import annotations

import io
import logging
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO, cast

import av
import numpy as np
from numpy.typing import NDArray

from telephony.errors import PeerFault
from telephony.gateway.recording_files import SEALED
from telephony.gateway.sealing import SealedWriter, unseal
from telephony.media import wav
from telephony.media.envelope import Envelope, Levels
from telephony.media.g711 import decode_pcmu
from telephony.media.two_channel import RATE

log = logging.getLogger(__name__)

_HEAD = Struct("<8sQQ")
_MAGIC = b"HLLEVEL1"
_FRAMES = 400
"""Opus frames of 20 ms that are worked on together."""
_THIN = 48_000 // RATE
"""Opus is decoded at 48 kHz. What was recorded at 8 kHz needs no filter to be thinned to it again."""
_PIECE = 1 << 19
"""Octets that are worked on at once: about a millisecond."""


def levels_of(path: Path, key: bytes | None, keep: bool = True) -> Levels:
    """The levels of a recording, from beside it or from itself; `keep` writes them down for the next time.

    Raises OSError, SealBroken, and ValueError for a file that is no recording of ours.
    """
    stat = path.stat()
    head = _HEAD.pack(_MAGIC, stat.st_size, stat.st_mtime_ns)
    sealing = key if path.name.endswith(SEALED) else None
    if (found := _kept(path, head, sealing)) is not None:
        return found
    made = _made(path, key)
    if keep:
        try:
            _keep(path, head, made, sealing)
        except OSError as error:  # a folder that is full, or can only be read: they are made again next time
            log.info("the levels of %s are not kept: %s", path.name, error)
    return made


def levels_file(path: Path) -> Path:
    return path.with_name(path.name.split(".")[0] + ".levels")


def _kept(path: Path, head: bytes, key: bytes | None) -> Levels | None:
    try:
        with levels_file(path).open("rb") as file:
            if file.read(_HEAD.size) != head:
                return None
            data = file.read() if key is None else b"".join(unseal(file, key, whole=True))
    except (OSError, PeerFault):
        return None
    return np.frombuffer(data, np.uint8).reshape(-1, 4) if len(data) % 4 == 0 else None


def _keep(path: Path, head: bytes, made: Levels, key: bytes | None) -> None:
    """Whole or not at all."""
    target = levels_file(path)
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")  # two who look at once write one each
    try:
        raw = cast(BinaryIO, os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb"))
        with raw:
            raw.write(head)
            out = raw if key is None else SealedWriter(raw, key)
            out.write(made.tobytes())
            out.close()
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _made(path: Path, key: bytes | None) -> Levels:
    sealed = path.name.endswith(SEALED)
    if sealed and key is None:
        raise OSError(f"{path.name} is sealed and there is no key")
    envelope = Envelope()
    with path.open("rb") as file:
        if ".ogg" in path.suffixes:
            whole = io.BytesIO(b"".join(unseal(file, key))) if sealed and key is not None else file
            blocks = _of_ogg(whole)
        else:
            blocks = _of_wav(unseal(file, key) if sealed and key is not None else iter(lambda: file.read(_PIECE), b""))
        for block in blocks:
            envelope.add(block)
    return envelope.close()


def _of_wav(pieces: Iterator[bytes]) -> Iterator[NDArray[np.int16]]:
    rest, tag = b"", 0
    for piece in pieces:
        rest += piece
        if not tag:
            if len(rest) < wav.HEADER_SIZE:
                continue
            tag = int.from_bytes(rest[20:22], "little")
            if rest[:4] != b"RIFF" or tag not in (wav.PCM, wav.MULAW):
                raise ValueError("this is no recording of ours")
            rest = rest[wav.HEADER_SIZE :]
        width = 2 if tag == wav.MULAW else 4
        count = len(rest) // width * width
        samples = decode_pcmu(rest[:count]) if tag == wav.MULAW else np.frombuffer(rest[:count], "<i2").astype(np.int16)
        rest = rest[count:]
        yield samples.reshape(-1, 2)


def _of_ogg(file: Any) -> Iterator[NDArray[np.int16]]:
    try:
        with av.open(file, "r", format="ogg") as container:
            parts: list[NDArray[Any]] = []
            for frame in container.decode(audio=0):
                parts.append(frame.to_ndarray())
                if len(parts) == _FRAMES:
                    yield _thinned(parts)
                    parts = []
            if parts:
                yield _thinned(parts)
    except av.FFmpegError as error:
        raise ValueError(f"the recording cannot be read: {error}") from error


def _thinned(parts: list[NDArray[Any]]) -> NDArray[np.int16]:
    """Planar floats at 48 kHz, shape (2, n) each, as interleaved samples at 8 kHz. Raises ValueError for anything else."""
    whole = np.concatenate(parts, axis=1)
    if whole.dtype != np.float32 or whole.shape[0] != 2:
        raise ValueError("this is no recording of ours")
    return np.asarray(np.clip(whole[:, ::_THIN].T * 32767.0, -32768, 32767), np.int16)
