"""Write raw µ-law for SIPp's rtp_stream: `python tests/load/tone.py tone.ulaw 30` gives 30 s of 440 Hz."""

from __future__ import annotations

import sys
from pathlib import Path

from telephony.media.clip import Clip
from telephony.media.codec import Codec

if __name__ == "__main__":
    path, seconds = sys.argv[1:]
    Path(path).write_bytes(b"".join(Clip.tone(440, float(seconds)).frames(Codec.PCMU)))
