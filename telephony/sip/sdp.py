"""Session descriptions as values: bytes to Description and back (RFC 4566). Pure; bounded before it is read."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.errors import MalformedMessage

MAX_BYTES = 32_768
MAX_LINES = 512
MAX_MEDIA = 16

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
"""What answers a direction, seen from the other side (RFC 3264 §6.1)."""


@dataclass(frozen=True, slots=True)
class Media:
    """One m= section."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str = ""
    """Address of its own c= line or of the session's; "" where neither stands."""
    direction: str = "sendrecv"
    attributes: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of an attribute; a flag has the value ""."""
        return tuple(value for key, value in self.attributes if key == name)

    def value(self, name: str) -> str | None:
        """The first value of an attribute, None where it is not there."""
        return next((value for key, value in self.attributes if key == name), None)

    @property
    def held(self) -> bool:
        """The far end wants nothing from us (RFC 3264 §8.4, and the 0.0.0.0 of RFC 2543)."""
        return self.direction in ("sendonly", "inactive") or self.host in ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Description:
    media: tuple[Media, ...]
    origin: str = ""
    """Value of o=."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Those of the whole session."""

    @classmethod
    def parse(cls, body: bytes) -> Description:
        """Raises MalformedMessage (400)."""
        if len(body) > MAX_BYTES or body.count(b"\n") > MAX_LINES:
            raise MalformedMessage("the session description is too large")
        lines = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if lines[0].strip() != "v=0":
            raise MalformedMessage("not a session description")
        head, *sections = _sections(lines[1:])
        if len(sections) > MAX_MEDIA:
            raise MalformedMessage("too many media sections")
        host, direction = _host(head), _direction(head)
        origin = next((value for kind, value in head if kind == "o"), "")
        media = tuple(_media(section, host, direction or "sendrecv") for section in sections)
        return cls(media, origin, _attributes(head))


Line = tuple[str, str]


def _sections(lines: list[str]) -> list[list[Line]]:
    """The session's own lines, then those of each m= with it."""
    sections: list[list[Line]] = [[]]
    for line in lines:
        if not line.strip():
            continue
        if len(line) < 2 or line[1] != "=":
            raise MalformedMessage("a line of the session description is malformed")
        if line[0] == "m":
            sections.append([])
        sections[-1].append((line[0], line[2:].strip()))
    return sections


def _host(lines: list[Line]) -> str:
    for kind, value in lines:
        if kind == "c":
            words = value.split()
            if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
                raise MalformedMessage("c= is malformed")
            return words[2].partition("/")[0]
    return ""


def _direction(lines: list[Line]) -> str:
    return next((value.lower() for kind, value in lines if kind == "a" and value.lower() in DIRECTIONS), "")


def _attributes(lines: list[Line]) -> tuple[tuple[str, str], ...]:
    found = []
    for kind, value in lines:
        if kind == "a":
            name, _, rest = value.partition(":")
            found.append((name.lower(), rest.strip()))
    return tuple(found)


def _media(lines: list[Line], host: str, direction: str) -> Media:
    words = lines[0][1].split()
    if len(words) < 4:
        raise MalformedMessage("m= is malformed")
    port = words[1].partition("/")[0]
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise MalformedMessage("m= has no port")
    return Media(
        kind=words[0].lower(),
        port=int(port),
        protocol=words[2].upper(),
        formats=tuple(words[3:]),
        host=_host(lines) or host,
        direction=_direction(lines) or direction,
        attributes=_attributes(lines),
    )


def rejected(media: Media) -> str:
    """The section that turns `media` away: port 0, the rest as offered (RFC 3264 §6)."""
    return f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}\r\n"
