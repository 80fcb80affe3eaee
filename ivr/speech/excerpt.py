"""A recording, or a part of it, as a file for somebody's player: WAV, MP3 or Ogg. Blocking: use it in a thread."""

from __future__ import annotations

import io

from pydub import AudioSegment
from pydub.exceptions import PydubException

from ivr.errors import IvrError

MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg"}
_EXPORT = {
    "wav": {"format": "wav"},
    "mp3": {"format": "mp3", "bitrate": "48k"},
    "ogg": {"format": "ogg", "codec": "libopus", "bitrate": "32k"},
}


class ExcerptFailed(IvrError):
    """The sound cannot be read, or the program `ffmpeg` is missing."""


def excerpt(data: bytes, form: str, start: float = 0.0, end: float | None = None) -> bytes:
    """Seconds `start` to `end` of a WAV or Ogg file as `form`: `wav`, `mp3` or `ogg`. Both channels stay apart.

    Raises ExcerptFailed. Anything but WAV to WAV needs `ffmpeg`.
    """
    try:
        sound = AudioSegment.from_file(io.BytesIO(data), format="ogg" if data[:4] == b"OggS" else "wav")
        part = sound[round(start * 1000) : None if end is None else round(end * 1000)]
        out = io.BytesIO()
        part.export(out, **_EXPORT[form])
    except (PydubException, OSError, ValueError, IndexError) as error:
        raise ExcerptFailed(f"the recording cannot be given as {form}: {str(error).splitlines()[0][:200]}") from error
    return out.getvalue()
