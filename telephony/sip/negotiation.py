"""Offer and answer for one audio stream (RFC 3264), 20 ms packets. Pure.

An answer names one codec, so the far end cannot change it in mid-stream. What a stream is kept secret with is
`telephony.sip.keying`'s to say; one over SAVP is never answered as AVP: the caller asked for encryption.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from telephony.errors import MalformedMessage, Misuse, NoCommonCodec
from telephony.media.codec import Codec
from telephony.sip.formats import Choice, Format, Numbers, choose, formats_of, offered
from telephony.sip.ice_lite import IceSession, begin, credentials
from telephony.sip.keying import DtlsPeer, Keying, Keys, Secrecy, Secured, Srtp
from telephony.sip.sdp import MIRRORED, Description, Media, rejected

SENDING = ("sendrecv", "sendonly")
HOLDING = ("sendonly", "inactive")
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
    """Send and hear reports, on the RTP port itself where the far end can (RFC 5761)."""
    keepalive: bool = False
    """Send silence while the leg is up and there is nothing else to send."""
    secrecy: Secrecy = field(default_factory=Secrecy)
    answers_ice: bool = False
    """Take part in ICE where the far end offers it."""
    offers_ice: bool = False
    """Offer ICE, as browsers insist on it, with the rest of what they expect: a bundle of one, named stream."""

    def over(self, transport: str) -> MediaPolicy:
        """What it comes to for a call that is signalled over `transport`.

        Over WebSocket there is a browser: it takes DTLS-SRTP with ICE or nothing (RFC 8827 §6.5). Keys in a description are
        hidden by TLS, and by nothing else.
        """
        if transport in ("ws", "wss"):
            secrecy = replace(self.secrecy, srtp=Srtp.REQUIRED, dtls=True, feedback=True, hidden=transport == "wss")
            return replace(self, secrecy=secrecy, answers_ice=True, offers_ice=True)
        return replace(self, secrecy=replace(self.secrecy, hidden=transport == "tls"))


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
    """Where the far end hears reports; the RTP port itself with rtcp-mux (RFC 5761); 0 for nowhere."""
    protocol: str = "RTP/AVP"
    keys: Keys = None
    """How packets are kept secret; None for not at all."""
    ice: IceSession | None = None

    @property
    def sending(self) -> bool:
        return self.direction in SENDING and not self.held

    @property
    def rtcp_mux(self) -> bool:
        return self.rtcp_port == self.port


@dataclass(frozen=True, slots=True)
class _Proposal:
    """An offer of ours that waits for its answer."""

    codecs: tuple[Codec, ...] = ()
    direction: str = "sendrecv"
    protocol: str = ""
    ice: IceSession | None = None


class Negotiation:
    """Our side of the session of one call: its origin, its version, and what is agreed."""

    def __init__(
        self, host: str, port: int, session: int, policy: MediaPolicy | None = None, random: Callable[[int], bytes] = bytes
    ) -> None:
        """`session` is a random number of at most 62 bits; `random` gives that many octets fit for keys."""
        self._host = host
        self._port = port
        self._session = session
        self.policy = policy or MediaPolicy()
        self._random = random
        self._keying = Keying(self.policy.secrecy, random)
        self._numbers = Numbers()
        self._version = 0
        self._last = ""
        self._wish = "sendrecv"
        """The direction that we want of our own accord."""
        self._proposal: _Proposal | None = None
        self._sections: tuple[Media, ...] = ()
        """Every stream of the newest answer: later offers keep their places and their names (RFC 3264 §8)."""
        self._bundled = False
        self.agreement: Agreement | None = None
        self.spoken: tuple[Codec, ...] = ()
        """Of our codecs those that the far end was ever heard to speak, in our order: what a new offer may turn to."""

    def offer(self, codecs: Sequence[Codec] = (), direction: str = "") -> bytes:
        """Our offer: `codecs` of our own, by default all, the one in use first.

        `direction` is sendonly or inactive to hold the far end and sendrecv to take it back; by default it stays. It holds
        once the answer is taken.
        """
        chosen = tuple(codec for codec in codecs if codec in self.policy.codecs) or self.policy.codecs
        current = self.agreement
        if current is not None and not codecs:
            chosen = tuple(sorted(chosen, key=lambda codec: codec is not current.codec))
        protocol, lines = self._keying.offer(current.keys if current else None, current.protocol if current else "")
        ice = current.ice if current else begin(self._random) if self.policy.offers_ice else None
        self._proposal = _Proposal(chosen, direction or self._wish, protocol, ice)
        place = current.section if current and current.section < len(self._sections) else -1
        mid = _mid(self._sections[place]) if place >= 0 else ["a=mid:0"] if self.policy.offers_ice else []
        mux = ["a=rtcp-mux"] if self.policy.rtcp or self.policy.offers_ice else []
        extra = [*mid, *mux, *lines, *(ice.lines(self._host, self._port, shared=False) if ice else [])]
        formats = offered(chosen, self._numbers, noise=self.policy.comfort_noise)
        bundled = mid and (self._bundled if place >= 0 else self.policy.offers_ice)
        head = ("a=ice-lite\r\n" if ice else "") + (f"a=group:BUNDLE {mid[0][6:]}\r\n" if bundled else "")
        voice = self._section(formats, self._proposal.direction, extra, protocol)
        rest = [voice if index == place else _turned_away(one) for index, one in enumerate(self._sections)]
        return self._compose(rest if place >= 0 else [voice], head)

    def answer(self, body: bytes) -> bytes:
        """Take an offer and return the answer to it. Raises MalformedMessage, and NoCommonCodec (488)."""
        description = Description.parse(body)
        for media in description.media:
            self._numbers.learn(formats_of(media))
        agreed, choice, secured = self._agree(description)
        self.agreement = agreed
        sections = []
        for index, media in enumerate(description.media):
            if index == agreed.section:
                mux = ["a=rtcp-mux"] if agreed.rtcp_mux and media.value("rtcp-mux") is not None else []
                ice = agreed.ice.lines(self._host, self._port, shared=agreed.rtcp_mux) if agreed.ice else []
                extra = [*_mid(media), *mux, *secured.lines, *ice]
                sections.append(self._section(choice.formats, agreed.direction, extra, media.protocol))
            else:
                sections.append(_turned_away(media))
        group = _group(description, agreed.section)
        self._sections, self._bundled = description.media, bool(group)
        return self._compose(sections, ("a=ice-lite\r\n" if agreed.ice else "") + group)

    def take_answer(self, body: bytes) -> Agreement:
        """Take the answer to our offer. Raises MalformedMessage, and NoCommonCodec where it holds nothing that we offered."""
        proposal = self._proposal
        if proposal is None:
            raise Misuse("an answer without an offer")
        description = Description.parse(body)
        place = self.agreement.section if self.agreement else 0
        stream = next((one for one in enumerate(description.media) if one[1].kind == "audio" and one[0] >= place), None)
        if stream is None or not stream[1].port:
            raise NoCommonCodec("the answer turns the audio stream away")
        index, media = stream
        current = self.agreement
        secured = self._keying.accept(description, media, current.keys if current else None, proposal.protocol)
        if secured is None:
            raise NoCommonCodec("the answer does not keep the audio stream as secret as the offer")
        choice = choose(formats_of(media), proposal.codecs, own_order=False, noise=self.policy.comfort_noise)
        if choice is None:
            raise NoCommonCodec("the answer has no codec that we offered")
        self._learn(media)
        names = credentials(description, media) if proposal.ice else None
        ice = replace(proposal.ice, peer=names[0], peer_password=names[1]) if proposal.ice and names else None
        self.agreement = self._settle(media, index, choice, proposal.direction, secured.keys, ice)
        self._wish = proposal.direction
        return self.agreement

    def _agree(self, description: Description) -> tuple[Agreement, Choice, Secured]:
        """The first stream that we can take."""
        current, policy = self.agreement, self.policy
        for index, media in enumerate(description.media):
            if media.kind != "audio" or not media.port:
                continue
            secured = self._keying.answer(description, media, current.keys if current else None)
            choice = choose(formats_of(media), policy.codecs, own_order=policy.own_order, noise=policy.comfort_noise)
            if secured is not None and choice is not None:
                self._learn(media)
                ice = self._ice(description, media)
                return self._settle(media, index, choice, self._wish, secured.keys, ice), choice, secured
        raise NoCommonCodec("no audio stream with a codec and a profile in common")

    def _learn(self, media: Media) -> None:
        names = {(one.name, one.clock_rate) for one in formats_of(media)}
        self.spoken = tuple(
            codec
            for codec in self.policy.codecs
            if codec in self.spoken or (codec.encoding_name.upper(), codec.clock_rate) in names
        )

    def _ice(self, description: Description, media: Media) -> IceSession | None:
        """Our part in the ICE that is offered; names that changed ask for a restart (RFC 8839 §4.4.1.1.1)."""
        names = credentials(description, media) if self.policy.answers_ice else None
        current = self.agreement.ice if self.agreement else None
        if names is None:
            return None
        if current is not None and (current.peer, current.peer_password) == names:
            return current
        return replace(begin(self._random), peer=names[0], peer_password=names[1])

    def _settle(self, media: Media, index: int, choice: Choice, wish: str, keys: Keys, ice: IceSession | None) -> Agreement:
        if not media.host and ice is None:
            raise MalformedMessage("the audio stream has no c= line")
        direction = _combined(wish, MIRRORED[media.direction])
        return Agreement(
            codec=choice.codec,
            payload_type=choice.voice.payload_type,
            telephone_event=choice.event.payload_type if choice.event else None,
            host=media.host,
            port=media.port,
            held=media.held if ice is None else media.direction in HOLDING,
            receiving=direction in HEARING,
            section=index,
            direction=direction,
            comfort_noise=choice.noise.payload_type if choice.noise else None,
            parameters=choice.voice.parameters,
            rtcp_port=self._rtcp_port(media, alone=isinstance(keys, DtlsPeer), ice=ice is not None),
            protocol=media.protocol,
            keys=keys,
            ice=ice,
        )

    def _rtcp_port(self, media: Media, *, alone: bool, ice: bool) -> int:
        """RFC 3605 and RFC 5761: the port itself where both want to share it, a named one, else the next.

        0, for none, where RTP is `alone`: beside it would have to be another DTLS handshake.
        """
        if media.value("rtcp-mux") is not None and (self.policy.rtcp or alone or ice):
            return media.port
        if alone:
            return 0
        text = (media.value("rtcp") or "").partition(" ")[0]
        port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
        return port if 0 < port <= 65535 else min(media.port + 1, 65535)

    def _section(self, formats: list[Format], direction: str, extra: list[str], protocol: str) -> str:
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


def _mid(media: Media) -> list[str]:
    """The name of a stream, repeated in the answer (RFC 5888 §9.1)."""
    name = media.value("mid") or ""
    return [f"a=mid:{name}"] if 0 < len(name) <= MAX_MID and " " not in name else []


def _turned_away(media: Media) -> str:
    """A stream that we do not take, in its place."""
    return rejected(media) + "".join(f"{line}\r\n" for line in _mid(media))


def _group(description: Description, section: int) -> str:
    """Of a bundle only the stream that we take (RFC 9143 §7.3)."""
    name = description.media[section].value("mid") or ""
    bundles = (value.split()[1:] for key, value in description.attributes if key == "group" and value[:7] == "BUNDLE ")
    return f"a=group:BUNDLE {name}\r\n" if name and any(name in names for names in bundles) else ""
