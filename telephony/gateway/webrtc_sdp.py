"""The one offer a browser gets from us and the answer it gives back (RFC 8829, RFC 8866). No I/O, no clock.

We always offer: the codecs of the setting and telephone-event at their clocks, one bundled audio section, every candidate in
the text (no trickle).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telephony.errors import MalformedMessage, NoCommonCodec
from telephony.media.codec import Codec

CODECS = (Codec.PCMU, Codec.OPUS)
"""What is offered, best first. Browsers speak the first they know: µ-law, which most calls need no transcoding for."""

EVENT_PAYLOADS = {8000: 101, 48000: 110}
"""By clock rate (RFC 4733 §2.1): the payload type SIP phones use most, so that a bridge need not renumber it."""

MAX_BYTES = 16384
MAX_LINES = 400
MAX_CANDIDATES = 24
"""Candidates beyond this are ignored: each costs a connectivity check."""

_ICE_CHARS = re.compile(r"[A-Za-z0-9+/=_-]+")
_DIGEST = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){15,63}")


@dataclass(frozen=True, slots=True)
class IceDescription:
    """One side of a peer connection: who it is, and where it may be reached."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    """(hash name in lower case, hexadecimal digest with colons)."""
    candidates: tuple[str, ...]
    """Values of `a=candidate:` (RFC 8839 §5.1), without that prefix."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser accepted."""

    ice: IceDescription
    browser_is_client: bool
    """True where the browser starts the DTLS handshake (`a=setup:active`)."""
    codec: Codec
    """The browser's first: what it sends, and what it gets."""
    telephone_event: int | None
    """Payload type of keys at the clock of the codec, else at another; None where telephone-event was not kept."""


def offer_text(ice: IceDescription, *, session: int, ssrc: int, codecs: Sequence[Codec] = CODECS) -> str:
    """The complete SDP offer, ending in CRLF; `session` is the number of the `o=` line (RFC 8866 §5.2)."""
    algorithm, digest = ice.fingerprints[0]
    events = [(EVENT_PAYLOADS[clock], clock) for clock in dict.fromkeys(codec.clock_rate for codec in codecs)]
    payloads = [codec.payload_type for codec in codecs] + [number for number, _ in events]
    return "\r\n".join(
        [
            "v=0",
            f"o=- {session} 1 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0",
            "a=msid-semantic:WMS *",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, payloads))}",
            "c=IN IP4 0.0.0.0",
            "a=rtcp:9 IN IP4 0.0.0.0",
            *(f"a=candidate:{candidate}" for candidate in ice.candidates),
            "a=end-of-candidates",
            f"a=ice-ufrag:{ice.ufrag}",
            f"a=ice-pwd:{ice.password}",
            f"a=fingerprint:{algorithm} {digest}",
            "a=setup:actpass",
            "a=mid:0",
            "a=sendrecv",
            "a=msid:hotline audio",
            "a=rtcp-mux",
            *(f"a=rtpmap:{codec.payload_type} {codec.rtpmap}" for codec in codecs),
            *(f"a=fmtp:{codec.payload_type} {codec.fmtp}" for codec in codecs if codec.fmtp),
            *(f"a=rtpmap:{number} telephone-event/{clock}\r\na=fmtp:{number} 0-15" for number, clock in events),
            "a=ptime:20",
            f"a=ssrc:{ssrc} cname:hotline",
            "",
        ]
    )


def parse_answer(text: str, codecs: Sequence[Codec] = CODECS) -> Answer:
    """Read the browser's answer to `offer_text` with the same `codecs`.

    Raises MalformedMessage for anything that is not such an answer or exceeds a limit, and NoCommonCodec where the
    browser refused the audio section or every codec.
    """
    lines = _lines(text)
    starts = [number for number, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) != 1:
        raise MalformedMessage(f"the answer has {len(starts)} media sections; one was offered")
    payloads = _payloads(lines[starts[0]])
    codec = _codec(payloads, codecs)
    attributes = _attributes(lines)
    setup = _one(attributes, "setup")
    if setup not in ("active", "passive"):
        raise MalformedMessage(f"a=setup:{setup} cannot answer actpass (RFC 5763 §5)")
    if "rtcp-mux" not in attributes:
        raise MalformedMessage("the answer lacks a=rtcp-mux, and only one port was offered")
    return Answer(
        ice=IceDescription(
            _ice(attributes, "ice-ufrag", 4), _ice(attributes, "ice-pwd", 22), _prints(attributes), _candidates(attributes)
        ),
        browser_is_client=setup == "active",
        codec=codec,
        telephone_event=_event(payloads, codec),
    )


def _lines(text: str) -> list[str]:
    if len(text) > MAX_BYTES:
        raise MalformedMessage(f"the answer has {len(text)} characters, at most {MAX_BYTES} are read")
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    if len(lines) > MAX_LINES:
        raise MalformedMessage(f"the answer has {len(lines)} lines, at most {MAX_LINES} are read")
    if not lines or lines[0] != "v=0":
        raise MalformedMessage("not SDP: the first line is not v=0")
    return lines


def _payloads(media: str) -> list[str]:
    fields = media[2:].split()
    if len(fields) < 4 or fields[0] != "audio" or not fields[1].isdecimal():
        raise MalformedMessage("the media line of the answer is not audio as it was offered")
    if fields[1] == "0":
        raise NoCommonCodec("the browser refused the audio section")
    return fields[3:]


def _codec(payloads: list[str], codecs: Sequence[Codec]) -> Codec:
    for payload in payloads:
        for codec in codecs:
            if payload == str(codec.payload_type):
                return codec
    raise NoCommonCodec(f"the browser refused {', '.join(codec.encoding_name for codec in codecs)}")


def _event(payloads: list[str], codec: Codec) -> int | None:
    kept = {clock: number for clock, number in EVENT_PAYLOADS.items() if str(number) in payloads}
    return kept.get(codec.clock_rate, next(iter(kept.values()), None))


def _attributes(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            found.setdefault(name, []).append(value.strip())
    return found


def _one(attributes: dict[str, list[str]], name: str) -> str:
    if name not in attributes:
        raise MalformedMessage(f"the answer lacks a={name}")
    return attributes[name][-1]


def _ice(attributes: dict[str, list[str]], name: str, shortest: int) -> str:
    value = _one(attributes, name)
    if not shortest <= len(value) <= 256 or not _ICE_CHARS.fullmatch(value):
        raise MalformedMessage(f"a={name} is not {shortest} to 256 ICE characters (RFC 8839 §5.4)")
    return value


def _prints(attributes: dict[str, list[str]]) -> tuple[tuple[str, str], ...]:
    prints = []
    for value in attributes.get("fingerprint", [])[:8]:
        algorithm, _, digest = value.partition(" ")
        if not _DIGEST.fullmatch(digest.strip()):
            raise MalformedMessage("a=fingerprint is not a hash name and a digest (RFC 8122 §5)")
        prints.append((algorithm.lower(), digest.strip().upper()))
    if not prints:
        raise MalformedMessage("the answer lacks a=fingerprint")
    return tuple(prints)


def _candidates(attributes: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(attributes.get("candidate", [])[:MAX_CANDIDATES])
