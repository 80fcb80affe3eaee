"""A recording read in parts from any place, plain or sealed, as a player that seeks asks for it. Blocking: use a thread."""

from __future__ import annotations

import os
from pathlib import Path

from telephony.gateway.recording_files import SEALED
from telephony.gateway.sealed_reading import SealedReader
from telephony.media import wav


class RecordingReader:
    """What a player is given: the sound as it would be without a seal, with a header that is right."""

    def __init__(self, path: Path, key: bytes | None) -> None:
        """Raises OSError and SealBroken. `close` it."""
        self.media_type = "audio/ogg" if ".ogg" in path.suffixes else "audio/wav"
        sealed = path.name.endswith(SEALED)
        if sealed and key is None:
            raise OSError(f"{path.name} is sealed and there is no key")
        self._file = path.open("rb")
        try:
            stat = os.fstat(self._file.fileno())  # of what is open: the name may be another's by now
            self._sealed = SealedReader(self._file, key) if sealed and key is not None else None
            self.size = self._sealed.size if self._sealed is not None else stat.st_size
            self.tag = f"{self.size:x}-{stat.st_mtime_ns:x}"
            """Changes with the sound: what was silenced since is another."""
            first = self._part(0, wav.HEADER_SIZE)
            self._head = wav.repaired(first, self.size) or first
        except BaseException:
            self._file.close()
            raise

    def read(self, start: int, count: int) -> bytes:
        """Octets from `start`, at most `count`; fewer at the end. Raises OSError and SealBroken."""
        data = self._part(start, count)
        if start < len(self._head):
            return self._head[start : start + len(data)] + data[len(self._head) - start :]
        return data

    def close(self) -> None:
        self._file.close()

    def _part(self, start: int, count: int) -> bytes:
        if self._sealed is not None:
            return self._sealed.read(start, count)
        self._file.seek(start)
        return self._file.read(max(0, min(count, self.size - start)))
