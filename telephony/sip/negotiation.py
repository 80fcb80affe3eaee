"""Offer and answer for one audio stream (RFC 3264), 20 ms packets. Pure.

An answer names one codec, so the far end cannot change it in mid-stream. What a stream is kept secret with is
`telephony.sip.keying`'s to say; one over SAVP is never answered as AVP: the caller asked for encryption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telephony.errors import MalformedMessage, Misuse, NoCommonCodec
from telephony.media.codec import Codec
from telephony.sip.formats import Choice, Format, Numbers, choose, formats_of, offered
from telephony.sip.sdp import MIRRORED, Description, Media, rejected

PLAIN = ("RTP/AVP", "RTP/AVPF")
SENDING = ("sendrecv", "sendonly")
HEARING = ("sendrecv", "recvonly")
MAX_MID = 32
"""Characters of an a=mid that we repeat."""


@dataclass(frozen=True, slots=True)
class MediaPolicy:
    """What one leg may speak, and how it chooses."""

    codecs: tuple[Codec, ...] = (Codec.PCMU, Codec.PCMA)
    """In the order of our liking; offers list them so."""
    own_order: bool = False
    """An answer takes the first of ours that the far end has; else the first of the far end's that we have."""
    comfort_noise: bool = False
    """Agree to comfort noise (RFC 3389): the far end may then fall silent, which costs a recogniser the start of words."""
    rtcp: bool = False
    """Share the RTP port with reports where the far end can (RFC 5761)."""


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
    direction: str = "sendrecv"
    """As an answer of ours says it."""
    comfort_noise: int | None = None
    """Payload type, None where silence is sent as voice."""
    parameters: str = ""
    """The far end's a=fmtp of the codec."""
    rtcp_port: int = 0
    """Where the far end hears reports; the RTP port itself with rtcp-mux (RFC 5761)."""

    @property
    def sending(self) -> bool:
        return self.direction in SENDING and not self.held

    @property
    def rtcp_mux(self) -> bool:
        return self.rtcp_port == self.port


class Negotiation:
    """Our side of the session of one call: its origin, its version, and what is agreed."""

    def __init__(self, host: str, port: int, session: int, policy: MediaPolicy | None = None) -> None:
        """`session` is a random number of at most 62 bits."""
        self._host = host
        self._port = port
        self._session = session
        self.policy = policy or MediaPolicy()
        self._numbers = Numbers()
        self._version = 0
        self._last = ""
        self._wish = self._offered_wish = "sendrecv"
        """The direction that we want of our own accord; and that of an offer which has no answer yet."""
        self._offered: tuple[Codec, ...] = ()
        self.agreement: Agreement | None = None

    def offer(self, codecs: Sequence[Codec] = (), direction: str = "") -> bytes:
        """Our offer: `codecs` of our own, by default all, the one in use first.

        `direction` is sendonly or inactive to hold the far end and sendrecv to take it back; by default it stays. It holds
        once the answer is taken.
        """
        chosen = tuple(codec for codec in codecs if codec in self.policy.codecs) or self.policy.codecs
        current = self.agreement
        if current is not None and not codecs:
            chosen = tuple(sorted(chosen, key=lambda codec: codec is not current.codec))
        self._offered = chosen
        self._offered_wish = direction or self._wish
        formats = offered(chosen, self._numbers, noise=self.policy.comfort_noise)
        return self._compose([self._section(formats, self._offered_wish, ["a=rtcp-mux"] if self.policy.rtcp else [])])

    def answer(self, body: bytes) -> bytes:
        """Take an offer and return the answer to it. Raises MalformedMessage, and NoCommonCodec (488)."""
        description = Description.parse(body)
        for media in description.media:
            self._numbers.learn(formats_of(media))
        agreed, choice = self._agree(description)
        self.agreement = agreed
        sections = []
        for index, media in enumerate(description.media):
            if index == agreed.section:
                extra = ["a=rtcp-mux"] if self.policy.rtcp and agreed.rtcp_mux else []
                sections.append(self._section(choice.formats, agreed.direction, _mid(media) + extra, media.protocol))
            else:
                sections.append(rejected(media) + "".join(f"{line}\r\n" for line in _mid(media)))
        return self._compose(sections, _group(description, agreed.section))

    def take_answer(self, body: bytes) -> Agreement:
        """Take the answer to our offer. Raises MalformedMessage, and NoCommonCodec where it holds nothing that we offered."""
        if not self._last:
            raise Misuse("an answer without an offer")
        description = Description.parse(body)
        stream = next((one for one in enumerate(description.media) if one[1].kind == "audio"), None)
        agreed = self._match(stream[1], stream[0], answering=False) if stream is not None and stream[1].port else None
        if agreed is None:
            raise NoCommonCodec("the answer has no audio stream with what we offered")
        self._wish = self._offered_wish
        self.agreement = agreed[0]
        return agreed[0]

    def _agree(self, description: Description) -> tuple[Agreement, Choice]:
        for index, media in enumerate(description.media):
            if media.kind == "audio" and media.port and (agreed := self._match(media, index, answering=True)) is not None:
                return agreed
        raise NoCommonCodec("no audio stream with a codec in common over RTP/AVP")

    def _match(self, media: Media, index: int, *, answering: bool) -> tuple[Agreement, Choice] | None:
        if media.protocol not in PLAIN:
            return None
        if not media.host:
            raise MalformedMessage("the audio stream has no c= line")
        choice = choose(
            formats_of(media),
            self.policy.codecs if answering else self._offered,
            own_order=answering and self.policy.own_order,
            noise=self.policy.comfort_noise,
        )
        if choice is None:
            return None
        direction = _combined(self._wish if answering else self._offered_wish, MIRRORED[media.direction])
        agreed = Agreement(
            choice.codec,
            choice.voice.payload_type,
            choice.event.payload_type if choice.event else None,
            media.host,
            media.port,
            media.held,
            direction in HEARING,
            index,
            direction,
            choice.noise.payload_type if choice.noise else None,
            choice.voice.parameters,
            _rtcp_port(media),
        )
        return agreed, choice

    def _section(self, formats: list[Format], direction: str, extra: list[str], protocol: str = "RTP/AVP") -> str:
        lines = [f"m=audio {self._port} {protocol} {' '.join(str(one.payload_type) for one in formats)}"]
        for one in formats:
            lines += one.lines()
        return "\r\n".join([*lines, *extra, "a=ptime:20", f"a={direction}", ""])

    def _compose(self, sections: list[str], group: str = "") -> bytes:
        """The version counts up whenever the text changes, and only then (RFC 3264 §8)."""
        family = "IP6" if ":" in self._host else "IP4"
        rest = f"s=-\r\nc=IN {family} {self._host}\r\nt=0 0\r\n{group}{''.join(sections)}"
        if rest != self._last:
            self._version += 1
            self._last = rest
        return f"v=0\r\no=- {self._session} {self._version} IN {family} {self._host}\r\n{rest}".encode()


def _combined(wish: str, possible: str) -> str:
    """Both directions at once: what each of them allows."""
    sending, hearing = (wish in way and possible in way for way in (SENDING, HEARING))
    return ("sendrecv" if hearing else "sendonly") if sending else ("recvonly" if hearing else "inactive")


def _rtcp_port(media: Media) -> int:
    """RFC 3605 and RFC 5761: the port itself, a named one, else the next."""
    if media.value("rtcp-mux") is not None:
        return media.port
    text = (media.value("rtcp") or "").partition(" ")[0]
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    return port if 0 < port <= 65535 else min(media.port + 1, 65535)


def _mid(media: Media) -> list[str]:
    """The name of a stream, repeated in the answer (RFC 5888 §9.1)."""
    name = media.value("mid") or ""
    return [f"a=mid:{name}"] if 0 < len(name) <= MAX_MID and " " not in name else []


def _group(description: Description, section: int) -> str:
    """Of a bundle only the stream that we take (RFC 9143 §7.3)."""
    name = description.media[section].value("mid") or ""
    bundles = (value.split()[1:] for key, value in description.attributes if key == "group" and value[:7] == "BUNDLE ")
    return f"a=group:BUNDLE {name}\r\n" if name and any(name in names for names in bundles) else ""
