"""SIP messages: bytes to Request or Response and back (RFC 3261 §7). Pure; cost is linear in the size, and bounded.

Limits come first, so that a hostile datagram costs a length check. Structure is read by `parse`; the typed headers are read
when they are asked for, once. A message whose structure stands but whose headers do not can therefore still be answered.
Octets that are not UTF-8 survive unchanged into what is copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, overload

from telephony.errors import MalformedMessage
from telephony.sip.grammar import Address, Uri, Via, split

MAX_BYTES = 65_536
MAX_HEADERS = 256
"""Header values, where a comma-separated list counts once."""
MAX_LINE = 8_192
MAX_HOPS = 70

_TOKEN = re.compile(r"\A[A-Za-z0-9.!%*_+`'~-]+\Z")
_FOLD = re.compile(r"\r\n[ \t]+")
_CSEQ = re.compile(r"\A(\d{1,10})[ \t]+([A-Za-z0-9.!%*_+`'~-]+)\Z", re.ASCII)
_COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition", "e": "content-encoding",
    "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported", "l": "content-length", "m": "contact",
    "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires",
    "y": "identity",
}  # fmt: skip
_SPELLING = {
    "call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate", "mime-version": "MIME-Version",
    "rseq": "RSeq", "rack": "RAck", "min-se": "Min-SE",
}  # fmt: skip
REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 302: "Moved Temporarily",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 413: "Request Entity Too Large",
    414: "Request-URI Too Long", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete",
    486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending",
    500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable", 504: "Server Time-out",
    505: "Version Not Supported", 513: "Message Too Large", 600: "Busy Everywhere", 603: "Decline",
    604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}  # fmt: skip
SINGLE = ("call-id", "cseq", "from", "to", "max-forwards")
"""Headers that stand at most once (RFC 3261 §7.3.1): a second one would let two readers see two different messages."""


T = TypeVar("T")
_COMMON = {name: _SPELLING.get(name) or name.title() for name in (
    "via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route", "content-type",
    "content-length", "allow", "supported", "require", "server", "user-agent", "expires", "authorization",
    "www-authenticate", "event", "proxy-authorization", "proxy-authenticate",
    "session-expires", "min-se", "rseq", "rack", "refer-to", "referred-by",
    "replaces", "retry-after", "reason", "accept", "allow-events", "subscription-state", "date", "subject",
    "p-asserted-identity",
)}  # fmt: skip
_KNOWN = {spelled: name for name, spelled in _COMMON.items()} | {name: name for name in _COMMON}
"""Names as they mostly come, and in lower case."""


class once(Generic[T]):
    """A property that is read once and then kept in the object; unlike `cached_property` it takes no lock."""

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> once[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> once[T] | T:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._read(instance)
        return value


class Headers:
    """Header values by name, in the order in which they came; names match in any case."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Iterable[str]] | None = None) -> None:
        self._values: dict[str, list[str]] = {name.lower(): list(found) for name, found in values.items()} if values else {}

    def get(self, name: str, default: str = "") -> str:
        """The first value."""
        found = self._values.get(name.lower())
        return found[0] if found else default

    def all(self, name: str) -> list[str]:
        return self._values.get(name.lower(), [])

    def items_of(self, name: str) -> list[str]:
        """Every member of a comma-separated header, over all its lines, without empty ones."""
        return [piece for value in self.all(name) for item in split(value, ",") if (piece := item.strip())]

    def tokens(self, name: str) -> frozenset[str]:
        return frozenset(item.lower() for item in self.items_of(name))

    def names(self) -> list[str]:
        """Every name, in lower case, in the order in which they came."""
        return list(self._values)

    def add(self, name: str, value: str) -> None:
        self._values.setdefault(name.lower(), []).append(value)

    def set(self, name: str, *values: str) -> None:
        """Put `values` in place of what stood there; none removes the header."""
        if values:
            self._values[name.lower()] = list(values)
        else:
            self._values.pop(name.lower(), None)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def __str__(self) -> str:
        lines = []
        for name, values in self._values.items():
            spelled = _COMMON.get(name) or _SPELLING.get(name) or name.title()
            for value in values:
                lines.append(f"{spelled}: {value}\r\n")
        return "".join(lines)

    @classmethod
    def owning(cls, values: dict[str, list[str]]) -> Headers:
        """Headers that are `values` themselves: names in lower case, lists of one value at least."""
        made = cls.__new__(cls)
        made._values = values
        return made


class Message:
    """What requests and responses share. Typed headers raise MalformedMessage when they are read."""

    def __init__(self, headers: Headers, body: bytes = b"") -> None:
        self.headers = headers
        self.body = body
        self.fault: MalformedMessage | None = None
        """A rule that the message breaks although it can be read and therefore answered; `check` raises it."""

    start_line = ""

    @once
    def via(self) -> Via:
        """The topmost Via."""
        first = self.headers.get("via")
        return Via.parse(split(first, ",")[0] if "," in first else first)

    @once
    def sender(self) -> Address:
        """From."""
        return Address.parse(self.headers.get("from"))

    @once
    def recipient(self) -> Address:
        """To."""
        return Address.parse(self.headers.get("to"))

    @once
    def call_id(self) -> str:
        value = self.headers.get("call-id")
        if not value or len(value) > 512:
            raise MalformedMessage("Call-ID is missing or too long")
        return value

    @once
    def cseq(self) -> tuple[int, str]:
        """Number, below 2**31, and method."""
        found = _CSEQ.match(self.headers.get("cseq"))
        if found is None or int(found[1]) >= 2**31:
            raise MalformedMessage("CSeq is missing or out of range")
        return int(found[1]), found[2]

    @once
    def contact(self) -> Address | None:
        """The first Contact; None where there is none, or the `*` of a REGISTER."""
        items = self.headers.items_of("contact")
        return Address.parse(items[0]) if items and items[0] != "*" else None

    @once
    def content_type(self) -> str:
        """Media type in lower case without parameters, "" where there is no body."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()

    def number(self, name: str) -> int | None:
        """A header that holds one decimal number; None where it is absent. Raises MalformedMessage."""
        text = self.headers.get(name).partition(";")[0].strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise MalformedMessage(f"{name} is not a number")
        return int(text)

    def check(self) -> None:
        """Read everything that a message must have. Raises MalformedMessage."""
        if self.fault is not None:
            raise self.fault
        _ = (self.via, self.sender, self.recipient, self.call_id, self.cseq)
        for name in SINGLE:
            if len(self.headers.all(name)) > 1:
                raise MalformedMessage("a header that may stand once stands twice")

    def __bytes__(self) -> bytes:
        head = f"{self.start_line}\r\n{self.headers}Content-Length: {len(self.body)}\r\n\r\n"
        return head.encode("utf-8", "surrogateescape") + self.body


class Request(Message):
    """A request; `target` is the text of the Request-URI."""

    def __init__(self, method: str, target: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.target = target

    @property
    def start_line(self) -> str:  # type: ignore[override]
        return f"{self.method} {self.target} SIP/2.0"

    @once
    def uri(self) -> Uri:
        return Uri.parse(self.target)

    def check(self) -> None:
        super().check()
        if self.cseq[1] != self.method:
            raise MalformedMessage("CSeq names another method")
        if self.uri.scheme not in ("sip", "sips", "tel"):
            raise MalformedMessage("URI scheme is not supported", 416)
        if self.uri.headers:
            raise MalformedMessage("the Request-URI has headers")
        _ = self.contact
        hops = self.number("max-forwards")
        if hops is not None and hops > 255:
            raise MalformedMessage("Max-Forwards is out of range")


class Response(Message):
    def __init__(self, status: int, headers: Headers, body: bytes = b"", reason: str = "") -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason or REASONS.get(status, "Status")

    @property
    def start_line(self) -> str:  # type: ignore[override]
        return f"SIP/2.0 {self.status} {self.reason}"


def parse(data: bytes) -> Request | Response:
    """Read one whole message, from a datagram or from the framer of a stream.

    A body longer than Content-Length is cut to it (RFC 3261 §18.3). Raises MalformedMessage: 400 for bytes that are no SIP
    message, 513 for one beyond the limits. What can be answered nevertheless is left for
    `check` to raise: a wrong Content-Length (400), stray spaces in the request line (400), another version (505).
    """
    if len(data) > MAX_BYTES:
        raise MalformedMessage("message is too large", 513)
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        raise MalformedMessage("the headers do not end")
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    if len(lines) > MAX_HEADERS + 1 or max(map(len, lines)) > MAX_LINE:
        raise MalformedMessage("too many headers, or one too long", 513)
    message = _start(lines[0], _headers(lines))
    try:
        message.body = _body(message.headers, body)
    except MalformedMessage as error:
        message.fault = message.fault or error
    return message


def _body(headers: Headers, body: bytes) -> bytes:
    lengths = headers.all("content-length")
    headers.set("content-length")
    if not lengths:
        return body
    text = lengths[0].strip()
    if len(lengths) > 1 or not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise MalformedMessage("Content-Length is no number, or stands twice")
    if int(text) > len(body):
        raise MalformedMessage("the body is shorter than Content-Length")
    return body[: int(text)]


def _headers(lines: list[str]) -> Headers:
    found: dict[str, list[str]] = {}
    for line in lines[1:]:
        raw, colon, value = line.partition(":")
        name = _KNOWN.get(raw) or _name(raw)
        if not colon or "\n" in value or "\r" in value:
            raise MalformedMessage("a header line is malformed")
        if name in found:
            found[name].append(value.strip(" \t"))
        else:
            found[name] = [value.strip(" \t")]
    return Headers.owning(found)


def _name(raw: str) -> str:
    """The name of a header as it was sent, in lower case and not compact. Raises MalformedMessage."""
    name = raw.rstrip(" \t")
    if _TOKEN.match(name) is None:
        raise MalformedMessage("a header line is malformed")
    name = name.lower()
    return _COMPACT.get(name, name)


def _start(line: str, headers: Headers) -> Request | Response:
    first, _, rest = line.partition(" ")
    if first.upper() == "SIP/2.0":
        code, _, reason = rest.partition(" ")
        if not (len(code) == 3 and code.isascii() and code.isdigit() and 100 <= int(code) <= 699):
            raise MalformedMessage("not a status code")
        return Response(int(code), headers, b"", reason)
    target, _, version = rest.strip().rpartition(" ")
    if _TOKEN.match(first) is None or not target or not version.upper().startswith("SIP/"):
        raise MalformedMessage("neither a request nor a response")
    request = Request(first, target.strip(), headers)
    if version.upper() != "SIP/2.0":
        request.fault = MalformedMessage("another version of SIP", 505)
    elif " " in target or rest != f"{target} {version}":
        request.fault = MalformedMessage("the request line has spaces where none belong")
    return request


def respond(
    request: Request,
    status: int,
    *,
    tag: str = "",
    source: tuple[str, int] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    reason: str = "",
) -> Response:
    """Build the response to `request`: all Vias in order, the first with `received` and `rport`; `tag` goes into a bare To.

    `source` is the address the request came from. Record-Route goes into 101 to 299 (RFC 3261 §8.2.6, §12.1.1, RFC 3581).
    """
    given = request.headers
    values = {"via": given.all("via") if source is None else _stamped(request, source)}
    for name in ("from", "to", "call-id", "cseq"):
        values[name] = [given.get(name)]
    if tag and status > 100 and not _has_tag(request):
        values["to"] = [f"{values['to'][0]};tag={tag}"]
    if 100 < status < 300 and "record-route" in given:
        values["record-route"] = list(given.all("record-route"))
    for name, value in (headers or {}).items():
        values[name.lower()] = [value]
    found = Headers.owning(values)
    return Response(status, found, body, reason)


def _has_tag(request: Request) -> bool:
    try:
        return bool(request.recipient.tag)
    except MalformedMessage:
        return True  # a To that cannot be read is copied as it stands


def _stamped(request: Request, source: tuple[str, int]) -> list[str]:
    first, *others = request.headers.all("via") or [""]
    try:
        via = request.via
    except MalformedMessage:
        return [first, *others]
    values = dict(via.parameters)
    host, port = source
    if "rport" in values:
        values["rport"] = str(port)
    if "rport" in values or via.host.strip("[]") != host:
        values["received"] = host
    rest = split(first, ",")[1:] if "," in first else []
    return [str(Via(via.transport, via.host, via.port, values)), *(item.strip() for item in rest), *others]
