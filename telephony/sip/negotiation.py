"""Offer and answer for one audio stream (RFC 3264): G.711 and telephone-event, 20 ms. Pure.

We answer with the first codec of the offer that we speak, and with that alone, so the far end cannot change it in mid-stream.
A stream over SAVP is turned away, never answered as AVP: the caller asked for encryption.
"""

from __future__ import annotations

from dataclasses import dataclass

from telephony.errors import MalformedMessage, Misuse, NoCommonCodec
from telephony.media.codec import Codec
from telephony.sip.sdp import MIRRORED, Description, Media, rejected

TELEPHONE_EVENT = 101
"""Payload type of telephone-event in our own offers."""
PLAIN = ("RTP/AVP", "RTP/AVPF")
SENDING = ("sendrecv", "sendonly")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides settled for the audio stream."""

    codec: Codec
    payload_type: int
    telephone_event: int | None
    """Payload type, None where the far end has no telephone-event."""
    host: str
    port: int
    held: bool
    """The far end asked us to send nothing."""
    receiving: bool = True
    """The far end will send."""
    section: int = 0
    """Which m= of the description it is."""

    @property
    def sending(self) -> bool:
        return not self.held


class Negotiation:
    """Our side of the session of one call: its origin, its version, and what is agreed."""

    def __init__(self, host: str, port: int, session: int, codecs: tuple[Codec, ...] = (Codec.PCMU, Codec.PCMA)) -> None:
        self._host = host
        self._port = port
        self._session = session
        self._codecs = codecs
        self._version = 0
        self._last = ""
        self.agreement: Agreement | None = None

    def offer(self) -> bytes:
        """Our offer: every codec that we speak, the one in use first."""
        current = self.agreement
        order = sorted(self._codecs, key=lambda codec: current is not None and codec is not current.codec)
        return self._compose([self._section([(codec, codec.payload_type) for codec in order], TELEPHONE_EVENT, "sendrecv")])

    def answer(self, body: bytes) -> bytes:
        """Take an offer and return the answer to it. Raises MalformedMessage, and NoCommonCodec (488)."""
        description = Description.parse(body)
        agreed = self._agree(description, answering=True)
        self.agreement = agreed
        sections = []
        for index, media in enumerate(description.media):
            if index != agreed.section:
                sections.append(rejected(media))
                continue
            direction = MIRRORED[media.direction]
            codec = [(agreed.codec, agreed.payload_type)]
            sections.append(self._section(codec, agreed.telephone_event, direction, media.protocol))
        return self._compose(sections)

    def take_answer(self, body: bytes) -> Agreement:
        """Take the answer to our offer. Raises MalformedMessage, and NoCommonCodec where it holds nothing that we offered."""
        if not self._last:
            raise Misuse("an answer without an offer")
        self.agreement = self._agree(Description.parse(body), answering=False)
        return self.agreement

    def _agree(self, description: Description, *, answering: bool) -> Agreement:
        for index, media in enumerate(description.media):
            if media.kind != "audio" or media.port == 0 or media.protocol not in PLAIN:
                continue
            if (agreed := self._match(media, index)) is not None:
                return agreed
            if not answering:
                break
        raise NoCommonCodec("no audio stream with a codec in common over RTP/AVP")

    def _match(self, media: Media, index: int) -> Agreement | None:
        if not media.host:
            raise MalformedMessage("the audio stream has no c= line")
        codec: tuple[Codec, int] | None = None
        event: int | None = None
        known = {one.encoding_name: one for one in self._codecs}
        for text in media.formats[:64]:
            if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 127):
                continue
            name, rate = media.encoding(text)
            if name == "TELEPHONE-EVENT" and rate == 8000 and event is None:
                event = int(text)
            elif codec is None and name in known and rate == known[name].clock_rate:
                codec = known[name], int(text)
        if codec is None:
            return None
        return Agreement(codec[0], codec[1], event, media.host, media.port, media.held, media.direction in SENDING, index)

    def _section(self, codecs: list[tuple[Codec, int]], event: int | None, direction: str, protocol: str = "RTP/AVP") -> str:
        formats = [str(number) for _, number in codecs] + ([str(event)] if event is not None else [])
        lines = [f"m=audio {self._port} {protocol} {' '.join(formats)}"]
        lines += [f"a=rtpmap:{number} {codec.encoding_name}/{codec.clock_rate}" for codec, number in codecs]
        if event is not None:
            lines += [f"a=rtpmap:{event} telephone-event/8000", f"a=fmtp:{event} 0-15"]
        return "\r\n".join([*lines, "a=ptime:20", f"a={direction}", ""])

    def _compose(self, sections: list[str]) -> bytes:
        """The version counts up whenever the text changes, and only then (RFC 3264 §8)."""
        family = "IP6" if ":" in self._host else "IP4"
        rest = f"s=-\r\nc=IN {family} {self._host}\r\nt=0 0\r\n{''.join(sections)}"
        if rest != self._last:
            self._version += 1
            self._last = rest
        return f"v=0\r\no=- {self._session} {self._version} IN {family} {self._host}\r\n{rest}".encode()
