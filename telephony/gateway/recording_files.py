"""Sound files that grow while a call goes on: WAV and Opus in Ogg, plain or sealed. Blocking; run it in the writer's thread.

What was flushed is in the hands of the operating system, so the death of the process loses nothing of it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import quote

import av
import numpy as np
from numpy.typing import NDArray

from telephony.errors import PeerFault
from telephony.gateway.recording_silence import Span, hush_file, hush_wav
from telephony.gateway.sealing import SealedWriter, unseal
from telephony.media import wav
from telephony.media.g711 import encode_pcmu

logger = logging.getLogger(__name__)

RATE = 8000
FORMATS = ("wav", "wav_pcmu", "opus")
SUFFIX = {"wav": ".wav", "wav_pcmu": ".wav", "opus": ".ogg"}
SEALED = ".sealed"

REPAIR_MARGIN = 86_400.0
"""Seconds by which clocks may have been set back between two starts."""

_OPUS_FRAME = 160


class SoundFile(Protocol):
    """One growing file. Every method may raise OSError."""

    def write(self, block: NDArray[np.int16]) -> None:
        """Append interleaved samples, shape (n, 2), and flush."""

    def close(self) -> None: ...


class WavFile:
    """Linear PCM or µ-law. A plain file's header is right after every block; a sealed one's says "to the end"."""

    def __init__(self, out: BinaryIO | SealedWriter, tag: int) -> None:
        self._out, self._tag, self._octets = out, tag, 0
        out.write(wav.header(tag, 2, RATE, 0 if self._plain else None))
        out.flush()

    @property
    def _plain(self) -> bool:
        return not isinstance(self._out, SealedWriter)

    def write(self, block: NDArray[np.int16]) -> None:
        flat = np.ascontiguousarray(block).reshape(-1)
        data = encode_pcmu(flat) if self._tag == wav.MULAW else flat.astype("<i2").tobytes()
        self._out.write(data)
        self._octets += len(data)
        self._settle()

    def silence(self, span: Span) -> None:
        """Take out what is written of a part. Only of a plain file; of a sealed one nothing can be changed where it is."""
        if not isinstance(self._out, SealedWriter):
            hush_wav(self._out, self._tag, [span])
            self._out.seek(0, os.SEEK_END)
            self._out.flush()

    def close(self) -> None:
        self._settle()
        self._out.close()

    def _settle(self) -> None:
        if not isinstance(self._out, SealedWriter):
            self._out.seek(0)
            self._out.write(wav.header(self._tag, 2, RATE, self._octets))
            self._out.seek(0, os.SEEK_END)
        self._out.flush()


class OggFile:
    """Opus at 32 kbit/s for both channels. Every half second is a page of its own: what is there can be played."""

    def __init__(self, out: BinaryIO | SealedWriter) -> None:
        self._out = out
        options = {"page_duration": "500000", "flush_packets": "1"}
        self._container = av.open(_Unseekable(out), "w", format="ogg", options=options)
        self._stream = self._container.add_stream("libopus", rate=RATE)
        self._stream.layout = "stereo"
        self._stream.bit_rate = 32000
        self._at = 0

    def write(self, block: NDArray[np.int16]) -> None:
        for start in range(0, len(block), _OPUS_FRAME):
            part = np.ascontiguousarray(block[start : start + _OPUS_FRAME])
            frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, Fraction(1, RATE)
            self._at += len(part)
            self._container.mux(self._stream.encode(frame))
        self._out.flush()

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._out.flush()
        self._out.close()


class _Unseekable:
    """A file that libavformat may only append to."""

    def __init__(self, out: BinaryIO | SealedWriter) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        return self._out.write(bytes(data))

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def create(path: Path, form: str, key: bytes | None) -> SoundFile:
    """Make a new file; readable by its owner and group only. Raises OSError, FileExistsError where it is there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    raw = cast(BinaryIO, os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640), "w+b"))
    out = SealedWriter(raw, key) if key is not None else raw
    if form == "opus":
        return OggFile(out)
    return WavFile(out, wav.MULAW if form == "wav_pcmu" else wav.PCM)


def note(path: Path, about: Mapping[str, Any]) -> None:
    """Write the JSON beside a recording, whole or not at all. Raises OSError."""
    beside = sidecar(path)
    fresh = beside.with_suffix(".tmp")
    fresh.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")
    fresh.replace(beside)


def sidecar(path: Path) -> Path:
    return path.with_name(path.name.split(".")[0] + ".json")


def read_sidecar(path: Path) -> dict[str, Any]:
    """What stands beside a recording; {} where it cannot be read."""
    try:
        about = json.loads(sidecar(path).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def repair(folder: Path, node: str = "", key: bytes | None = None) -> list[Path]:
    """Make every file readable that a crash left unfinished, and say so beside it; returns those files.

    What was still to be silenced is silenced now.

    Call it at the start, before anything is recorded. Files of another `node` than ours are left alone: it may be writing
    them now. Folders in which nothing was made or ended since a day before the last time are not read: years of recordings
    are in them. Raises OSError.
    """
    mended: list[Path] = []
    mark = folder / f".repaired-{quote(node, safe='')}"
    since = mark.stat().st_mtime - REPAIR_MARGIN if mark.exists() else 0.0
    for beside in _notes_since(folder, since):
        about = read_sidecar(beside)
        path = beside.with_name(str(about.get("file", "")))
        others = about.get("node", node) != node
        if others or not about.get("file") or not path.is_file():
            continue
        if about.get("ended"):
            _hush_rest(path, about, key)
            continue
        size, written = path.stat().st_size, path.stat().st_mtime
        if path.suffix == ".wav":
            with path.open("r+b") as file:
                right = wav.repaired(file.read(wav.HEADER_SIZE), size)
                if right is not None:
                    file.seek(0)
                    file.write(right)
        seconds = round(max(0.0, written - float(about.get("started_at", written))), 3)
        note(path, {**about, "ended": "crash", "octets": size, "seconds": seconds})
        _hush_rest(path, read_sidecar(path), key)
        mended.append(path)
    mark.touch()
    return mended


def _hush_rest(path: Path, about: Mapping[str, Any], key: bytes | None) -> None:
    """Silence what the notes say is to be, where nothing says that it was done. A file that cannot be is told and left."""
    marks = [mark for mark in about.get("marks", ()) if mark.get("what") == "silenced"]
    if len(marks) <= about.get("silenced", 0):
        return
    spans = [Span(round(one["second"] * RATE), round(one["until"] * RATE), bool(one.get("both", True))) for one in marks]
    try:
        hush_file(path, spans, key)
    except (OSError, ValueError, PeerFault) as error:
        logger.error("recording %s: private parts of it could not be silenced: %s", path, error)
        return
    note(path, {**about, "silenced": len(marks), "octets": path.stat().st_size})


def _notes_since(folder: Path, since: float) -> Iterator[Path]:
    """What may be a sidecar, of folders that changed since then."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        if Path(place).stat().st_mtime >= since:
            yield from (Path(place) / name for name in sorted(names) if name.endswith(".json"))


def plain(path: Path, key: bytes | None) -> bytes:
    """A whole recording as a player takes it, unsealed where it is sealed. Raises OSError and SealBroken.

    An hour of two-channel PCM is 115 MB; use it in a thread.
    """
    if not path.name.endswith(SEALED):
        return path.read_bytes()
    if key is None:
        raise OSError(f"{path.name} is sealed and there is no key")
    with path.open("rb") as file:
        data = b"".join(unseal(file, key))
    right = wav.repaired(data[: wav.HEADER_SIZE], len(data))
    return data if right is None else right + data[wav.HEADER_SIZE :]
