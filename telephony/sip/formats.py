"""How SDP names what an audio stream carries (RFC 8866 §6.6, RFC 3551, RFC 7587, RFC 4733, RFC 3389). Pure.

Numbers above 95 are dynamic: whoever meets one first fixes what it means for the rest of the session (RFC 3264 §8.3.2), so
`Numbers` remembers those of both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from telephony.media.codec import Codec
from telephony.sip.sdp import Media

MOST_FORMATS = 64
"""Formats of one stream that are looked at; the rest stands there for nothing."""

MAX_PARAMETERS = 256
"""Characters of an a=fmtp that are kept."""

EVENT = "TELEPHONE-EVENT"
NOISE = "CN"
NOISE_TYPE = 13

_CHANNELS = {"OPUS": 2}
"""What rtpmap must say, however many channels are in the packets (RFC 7587 §7)."""

_PARAMETERS = {"OPUS": "minptime=20;useinbandfec=1", EVENT: "0-15"}
_PREFERRED = {("OPUS", 48000): 111, (EVENT, 8000): 101, (EVENT, 48000): 102}
"""Dynamic numbers of our own offers, while nobody has given them another meaning."""

_STATIC = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), NOISE_TYPE: (NOISE, 8000)}


@dataclass(frozen=True, slots=True)
class Format:
    """One number of an m= line and what it stands for."""

    payload_type: int
    name: str
    """Encoding name in upper case."""
    clock_rate: int
    channels: int = 1
    parameters: str = ""
    """Value of its a=fmtp."""

    def lines(self) -> list[str]:
        channels = f"/{self.channels}" if self.channels > 1 else ""
        name = {EVENT: "telephone-event", "OPUS": "opus"}.get(self.name, self.name)
        found = [f"a=rtpmap:{self.payload_type} {name}/{self.clock_rate}{channels}"]
        return [*found, f"a=fmtp:{self.payload_type} {self.parameters}"] if self.parameters else found


@dataclass(frozen=True, slots=True)
class Choice:
    """What one stream will carry: a codec, and the keys and the noise that go with it."""

    codec: Codec
    voice: Format
    event: Format | None = None
    noise: Format | None = None

    @property
    def formats(self) -> list[Format]:
        """What an answer of ours lists: the far end's numbers, our parameters."""
        chosen = (one for one in (self.voice, self.noise, self.event) if one is not None)
        return [replace(one, parameters=_PARAMETERS.get(one.name, "")) for one in chosen]


class Numbers:
    """What the payload types of one session mean."""

    def __init__(self) -> None:
        self._meaning: dict[int, tuple[str, int]] = {}

    def learn(self, formats: Iterable[Format]) -> None:
        """Remember what dynamic numbers stand for; the first meaning stays."""
        for one in formats:
            if one.payload_type > 95:
                self._meaning.setdefault(one.payload_type, (one.name, one.clock_rate))

    def format(self, name: str, clock_rate: int) -> Format:
        """How we offer it: under the number that it has already, else one that is free."""
        return Format(self._number(name, clock_rate), name, clock_rate, _CHANNELS.get(name, 1), _PARAMETERS.get(name, ""))

    def _number(self, name: str, clock_rate: int) -> int:
        key = name, clock_rate
        fixed = [number for number, meaning in (*_STATIC.items(), *self._meaning.items()) if meaning == key]
        if fixed:
            return fixed[0]
        free = [number for number in (_PREFERRED.get(key, 96), *range(96, 128)) if number not in self._meaning]
        number = free[0] if free else 127
        self._meaning[number] = key
        return number


def formats_of(media: Media) -> tuple[Format, ...]:
    """The formats of a stream that are numbers with a meaning, in its order."""
    names = _by_number(media, "rtpmap")
    parameters = _by_number(media, "fmtp")
    found = []
    for text in dict.fromkeys(media.formats[:MOST_FORMATS]):
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 127):
            continue
        name, clock_rate, channels = _encoding(names[text]) if text in names else (*_STATIC.get(int(text), ("", 0)), 1)
        if name:
            found.append(Format(int(text), name, clock_rate, channels, parameters.get(text, "")[:MAX_PARAMETERS]))
    return tuple(found)


def _by_number(media: Media, attribute: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in media.attributes:
        if name == attribute:
            number, _, text = value.partition(" ")
            found.setdefault(number, text.strip())
    return found


def _encoding(text: str) -> tuple[str, int, int]:
    name, _, rest = text.partition("/")
    rate, _, channels = rest.partition("/")
    return name.strip().upper(), _small(rate), _small(channels) or 1


def _small(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def choose(formats: Sequence[Format], codecs: Sequence[Codec], *, own_order: bool, noise: bool) -> Choice | None:
    """The codec to speak, None where there is none in common.

    The first of the far end's list, or of ours with `own_order`. Keys come at the clock of the codec (RFC 4733 §2.1), or at
    another where the far end has them at that alone. With `noise`, comfort noise is taken where it goes with the codec.
    """
    known = {(codec.encoding_name.upper(), codec.clock_rate): codec for codec in codecs}
    common = [
        (known[one.name, one.clock_rate], one)
        for one in formats
        if (one.name, one.clock_rate) in known and one.channels == _CHANNELS.get(one.name, 1)
    ]
    if not common:
        return None
    codec, voice = min(common, key=lambda pair: codecs.index(pair[0])) if own_order else common[0]
    events = sorted((one for one in formats if one.name == EVENT), key=lambda one: one.clock_rate != voice.clock_rate)
    quiet = next((one for one in formats if one.name == NOISE and one.clock_rate == voice.clock_rate), None)
    return Choice(codec, voice, events[0] if events else None, quiet if noise else None)


def offered(codecs: Sequence[Codec], numbers: Numbers, *, noise: bool) -> list[Format]:
    """Everything that an offer of ours lists: `codecs` in order, comfort noise, and keys at each clock of theirs."""
    found = [numbers.format(codec.encoding_name.upper(), codec.clock_rate) for codec in codecs]
    if noise and any(one.clock_rate == 8000 for one in found):
        found.append(numbers.format(NOISE, 8000))
    clocks = dict.fromkeys(8000 if one.clock_rate < 48000 else one.clock_rate for one in found)
    return found + [numbers.format(EVENT, clock) for clock in clocks]
