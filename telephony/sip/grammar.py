"""The words of SIP headers: URI, name-addr and Via (RFC 3261 §25.1). Pure, and linear in the length of what is read.

Lenient where phones are: any case of a scheme, `pbx1` and `my_host` as hosts, UTF-8 display names, `;` inside quotes. Strict
where a bug would hide: control characters and ports out of range are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self
from urllib.parse import quote, unquote

from telephony.errors import MalformedMessage

MAX_PARAMETERS = 64
"""Parameters of one URI, address or Via: real ones have fewer than ten."""

REMEMBERED = 200
"""Characters up to which an address, URI, host or Via is remembered: every message of a call says the same few again."""

_FORBIDDEN = re.compile(r'[\x00-\x08\x0a-\x1f\x7f<>"]')
"""In a URI: control characters, and what would end it early where we write it between angle brackets."""
_HOST = re.compile(r"\A(?:\[[0-9A-Fa-f:.]{2,45}(?:%[0-9A-Za-z]+)?\]|[A-Za-z0-9._-]{1,253})\Z")
_SCHEME = re.compile(r"\A[a-z][a-z0-9+.-]{0,31}\Z")
_USER_SAFE = "-_.!~*'()&=+$,;?/#"
_MARKS = {",": re.compile(r'[",<>]'), ";": re.compile(r'[";<>]')}


def split(text: str, separator: str) -> list[str]:
    """Cut `text` at each `separator` ("," or ";") that stands neither in quotes nor in angle brackets."""
    if '"' not in text and "<" not in text:
        return text.split(separator)
    pieces, start, depth, at = [], 0, 0, 0
    while found := _MARKS[separator].search(text, at):
        mark, at = found.group(), found.end()
        if mark == '"':
            at = _after_quote(text, at)
        elif mark == "<":
            depth += 1
        elif mark == ">":
            depth -= 1
        elif depth <= 0:
            pieces.append(text[start : at - 1])
            start = at
    return [*pieces, text[start:]]


_QUOTE_END = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def _after_quote(text: str, at: int) -> int:
    """Where the string whose opening quote stands before `at` is over."""
    if (end := _QUOTE_END.match(text, at)) is None:
        raise MalformedMessage("a quoted string is not closed")
    return end.end()


def unquoted(text: str) -> str:
    """`text` without the quotes around it and the backslashes inside."""
    if text[:1] == '"' and len(text) >= 2 and text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text


def parameters(text: str) -> dict[str, str | None]:
    """`;a=b;c` as a mapping with lower-case names; quotes are taken off, an escaped octet stays as it is."""
    if not text or text.isspace():
        return {}
    pieces = split(text, ";")
    if len(pieces) > MAX_PARAMETERS or pieces[0].strip() or not all(map(str.strip, pieces[1:-1])):
        raise MalformedMessage("parameters are malformed or too many")
    found: dict[str, str | None] = {}
    for piece in pieces[1:]:
        name, equals, value = piece.partition("=")
        name = name.strip().lower()
        if name and name not in found:
            found[name] = unquoted(value.strip()) if equals else None
    return found


_NEEDS_QUOTES = re.compile(r'[;,"<>\s\\]')


def format_quoted(values: Mapping[str, str | None]) -> str:
    """Parameters of a header: what would end a value, or begin another parameter, stands in quotes as it came."""
    written: dict[str, str | None] = {}
    for name, value in values.items():
        if value is not None and _NEEDS_QUOTES.search(value):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            value = f'"{escaped}"'
        written[name] = value
    return format_parameters(written)


def format_parameters(values: Mapping[str, str | None]) -> str:
    if not values:
        return ""
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in values.items())


def host_and_port(text: str) -> tuple[str, int | None]:
    """Split `host[:port]`. Raises MalformedMessage for anything that is not a host name, an address or a port."""
    return _near(text) if len(text) <= REMEMBERED else _host_and_port(text)


def _host_and_port(text: str) -> tuple[str, int | None]:
    text = text.strip()
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        # RFC 3261's own grammar wrote three colons before an IPv4 tail; both forms mean one address (RFC 5118 §4.10).
        host, port = host.replace(":::", "::") + bracket, rest.removeprefix(":") if rest.startswith(":") else rest and "?"
    else:
        host, _, port = (part.strip() for part in text.partition(":"))
    if _HOST.match(host) is None:
        raise MalformedMessage("not a host")
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise MalformedMessage("not a port")
    return host, int(port)


_near = lru_cache(1024)(_host_and_port)


@dataclass(frozen=True, slots=True)
class Uri:
    """A SIP, SIPS or TEL URI (RFC 3261 §19.1, RFC 3966); for TEL `user` is the number and `host` is empty.

    One of another scheme may name a far end, but nobody can be called by it.
    """

    scheme: str
    user: str
    """Unescaped; "" where there is none."""
    host: str
    port: int | None = None
    parameters: tuple[tuple[str, str | None], ...] = ()
    headers: str = ""

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Read any absolute URI; one of another scheme keeps what follows the colon in `host`. Raises MalformedMessage."""
        return _uri(text) if len(text) <= REMEMBERED else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> Self:
        scheme, colon, rest = text.strip().partition(":")
        scheme = scheme.lower()
        if _FORBIDDEN.search(text) or " " in text.strip() or not colon:
            raise MalformedMessage("not a URI")
        if scheme == "tel":
            number, _, tail = rest.partition(";")
            return cls("tel", number, "", None, tuple(parameters(";" + tail if tail else "").items()))
        if scheme not in ("sip", "sips"):
            if _SCHEME.match(scheme) is None or not rest:
                raise MalformedMessage("not a URI")
            return cls(scheme, "", rest)
        user, at, rest = rest.rpartition("@") if "@" in rest else ("", "", rest)
        if at and not user:
            raise MalformedMessage("URI has an empty user")
        rest, _, headers = rest.partition("?")
        address, semicolon, tail = rest.partition(";")
        host, port = host_and_port(address)
        values = tuple(parameters(semicolon + tail).items())
        # Octets that are no UTF-8 become U+FFFD: a user goes into records and other messages, which take nothing else.
        name = unquote(user.partition(":")[0]).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return cls(scheme, name, host.lower(), port, values, headers)

    def parameter(self, name: str) -> str | None:
        """Value of a parameter, "" where it has none, None where it is absent."""
        return next((value or "" for key, value in self.parameters if key == name), None)

    @property
    def transport(self) -> str:
        """The transport that the URI names, "" where it names none."""
        return (self.parameter("transport") or "").lower()

    def __str__(self) -> str:
        short = len(self.user) + len(self.host) <= REMEMBERED and not self.parameters and not self.headers
        return _written(self) if short else self._write()

    def _write(self) -> str:
        tail = format_parameters(dict(self.parameters))
        if self.scheme == "tel":
            return f"tel:{self.user}{tail}"
        if self.scheme not in ("sip", "sips"):
            return f"{self.scheme}:{self.host}"
        user = f"{quote(self.user, safe=_USER_SAFE)}@" if self.user else ""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}:{user}{self.host}{port}{tail}" + (f"?{self.headers}" if self.headers else "")


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr or addr-spec with its header parameters: From, To, Contact, Route (RFC 3261 §20.10)."""

    uri: Uri
    display: str = ""
    parameters: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises MalformedMessage."""
        return _address(text) if len(text) <= REMEMBERED else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> Self:
        text = text.strip()
        at = _after_quote(text, 1) if text.startswith('"') else 0
        opening = text.find("<", at)
        if opening < 0:
            bare, semicolon, tail = text.partition(";")
            if "?" in bare or "," in bare:
                raise MalformedMessage("a URI with ? or , needs angle brackets")
            return cls(Uri.parse(bare), "", parameters(semicolon + tail))
        closing = text.find(">", opening)
        if closing < 0:
            raise MalformedMessage("an address lacks its closing bracket")
        uri = Uri.parse(text[opening + 1 : closing])
        return cls(uri, unquoted(text[:opening].strip()), parameters(text[closing + 1 :]))

    @property
    def tag(self) -> str:
        """The tag parameter, "" where there is none."""
        return self.parameters.get("tag") or ""

    def __str__(self) -> str:
        escaped = self.display.replace("\\", "\\\\").replace('"', '\\"')
        return (f'"{escaped}" ' if escaped else "") + f"<{self.uri}>" + format_quoted(self.parameters)


@dataclass(frozen=True, slots=True)
class Via:
    """One hop that a request took (RFC 3261 §20.42, RFC 3581)."""

    transport: str
    """Upper case, as sent."""
    host: str
    port: int | None
    parameters: Mapping[str, str | None]

    @classmethod
    def parse(cls, text: str) -> Via:
        """Raises MalformedMessage."""
        return _via(text) if len(text) <= REMEMBERED else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> Self:
        head, semicolon, tail = text.partition(";")
        pieces = head.replace("/", " / ").split()
        if len(pieces) < 6 or pieces[1] != "/" or pieces[3] != "/" or f"{pieces[0]}/{pieces[2]}".upper() != "SIP/2.0":
            raise MalformedMessage("Via is not SIP/2.0")
        host, port = host_and_port("".join(pieces[5:]))
        return cls(pieces[4].upper(), host.lower(), port, parameters(semicolon + tail))

    @property
    def branch(self) -> str:
        return self.parameters.get("branch") or ""

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_quoted(self.parameters)}"


_uri = lru_cache(2048)(Uri._parse)
_address = lru_cache(4096)(Address._parse)
_via = lru_cache(2048)(Via._parse)
_written = lru_cache(2048)(Uri._write)
