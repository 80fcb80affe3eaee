"""Who calls, who was called before, and what was said about it: the identity headers of an INVITE, read and written. Pure.

Read: P-Asserted-Identity and P-Preferred-Identity (RFC 3325), Privacy (RFC 3323), Diversion (RFC 5806), History-Info
(RFC 7044, and RFC 4244 as older peers write it), User-to-User (RFC 7433), Reason (RFC 3326). Hostile input costs a bounded
look and never raises: what cannot be read counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from telephony.errors import MalformedMessage
from telephony.leg import CallInfo, Party
from telephony.sip.grammar import Address, Uri, parameters, split, unquoted
from telephony.sip.message import Headers

MAX_ENTRIES = 20
"""Diversions or history entries that are looked at; a call that was diverted more often runs in a circle."""
MAX_USER_TO_USER = 1024
"""Characters; ISDN carries 128 octets."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CAUSES = {
    "302": "unconditional",
    "404": "unknown",
    "408": "no-answer",
    "480": "deflection",
    "486": "user-busy",
    "487": "deflection",
    "503": "unavailable",
}
"""`cause` of RFC 4458 and of a Reason in History-Info to the words of Diversion (RFC 7544 §3)."""
_WORDS = {word: cause for cause, word in reversed(_CAUSES.items())}


def info_of(headers: Headers, *, trusted: bool, trunk: str = "") -> CallInfo:
    """What an INVITE tells of its call. Of a peer that is not `trusted` nothing is believed about identity (RFC 3325 §8).

    Privacy counts in either case: who asks not to be shown is not shown.
    """
    diversions, reason = _diversions(headers) or _history(headers) or ((), "")
    return CallInfo(
        asserted=_asserted(headers) if trusted else None,
        diversions=diversions,
        diversion_reason=reason,
        private=_private(headers),
        user_to_user=(handed := _user_to_user(headers)),
        user_to_user_text=user_to_user_text(handed),
        trunk=trunk,
    )


def party(address: Address) -> Party:
    """The party that an identity header names; nothing about it is proven."""
    display = _CONTROL.sub("", _plain(address.display))[:128]
    user = _plain(address.uri.user)
    return Party("" if user.lower() == "anonymous" else user, display, address.uri.host)


def _asserted(headers: Headers) -> Party | None:
    """The first SIP URI asserted, else the first TEL URI; a `P-Preferred-Identity` is only a wish, and the last resort."""
    for name in ("p-asserted-identity", "p-preferred-identity"):
        found = [one for one in _addresses(headers, name) if one.uri.user]
        if found:
            return party(next((one for one in found if one.uri.scheme != "tel"), found[0]))
    return None


def _private(headers: Headers) -> bool:
    values = {one.strip() for value in headers.all("privacy")[:4] for one in value.lower().split(";")}
    return bool(values & {"id", "user", "header"})


def _diversions(headers: Headers) -> tuple[tuple[Party, ...], str] | None:
    found = _addresses(headers, "diversion")
    if not found:
        return None
    return tuple(party(one) for one in found), (found[0].parameters.get("reason") or "").lower()[:40]


def _history(headers: Headers) -> tuple[tuple[Party, ...], str] | None:
    """Who diverted, from History-Info, the last one first.

    RFC 7044 marks the entry that a diversion led to: `mp` names the index of who diverted. RFC 4244 put a Reason or a `cause`
    there instead; then whoever stands before an entry with a cause diverted.
    """
    entries = _addresses(headers, "history-info")
    by_index = {one.parameters.get("index"): one for one in entries}
    found: list[tuple[Party, str]] = []
    for before, entry in zip([None, *entries], entries, strict=False):
        cause = _CAUSES.get(entry.uri.parameter("cause") or "", "")
        diverter = by_index.get(entry.parameters.get("mp") or "")
        if diverter is None and before is not None and not {"rc", "np"} & entry.parameters.keys():
            cause = cause or _reason_within(before.uri)
            diverter = before if cause else None
        if diverter is not None and diverter is not entry:
            found.append((party(diverter), cause or _reason_within(diverter.uri) or "unknown"))
    if not found:
        return None
    return tuple(one for one, _ in reversed(found)), found[-1][1]


def _reason_within(uri: Uri) -> str:
    """The cause of a Reason that a URI carries as a header, escaped: `?Reason=SIP%3Bcause%3D302`."""
    cause = re.search(r"cause(?:%3D|=)(\d{3})", uri.headers[:512], re.IGNORECASE)
    return _CAUSES.get(cause[1], "") if cause and "reason" in uri.headers[:512].lower() else ""


def _addresses(headers: Headers, name: str) -> list[Address]:
    found = []
    try:
        items = headers.items_of(name)[:MAX_ENTRIES]
    except MalformedMessage:
        return []
    for item in items:
        try:
            found.append(Address.parse(item))
        except MalformedMessage:
            continue
    return found


def _user_to_user(headers: Headers) -> str:
    value = headers.get("user-to-user")
    return "" if len(value) > MAX_USER_TO_USER else _CONTROL.sub("", _plain(value)).strip()


def _plain(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class UserToUser:
    """What one user lets the network hand to the other (RFC 7433)."""

    data: bytes
    encoding: str = "hex"
    purpose: str = ""
    content: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the first value; without `encoding` it is hex where it can be, else text. Raises MalformedMessage."""
        value, semicolon, tail = split(text, ",")[0].strip().partition(";")
        if len(text) > MAX_USER_TO_USER or not value:
            raise MalformedMessage("User-to-User is empty or too long")
        found = parameters(semicolon + tail)
        quoted = value.startswith('"')
        encoding = (found.get("encoding") or ("text" if quoted else "hex")).lower()
        raw = unquoted(value)
        if encoding == "hex" and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", raw):
            data = bytes.fromhex(raw)
        elif encoding == "hex" and "encoding" in found:
            raise MalformedMessage("User-to-User is not hex")
        else:
            data, encoding = raw.encode("utf-8", "surrogateescape"), "text" if encoding == "hex" else encoding
        return cls(data, encoding, found.get("purpose") or "", found.get("content") or "")

    @classmethod
    def of(cls, text: str) -> Self:
        """`text` as a value that any peer can read: UTF-8 in hex."""
        return cls(text.encode("utf-8", "replace"))

    @property
    def text(self) -> str:
        """The data as text; "" where it is none. Of isdn-uui the protocol discriminator (first octet) is left out."""
        data = self.data
        if self.encoding == "hex" and data[:1] in (b"\x00", b"\x04"):  # Q.931 §4.5.30: user-specific, IA5
            data = data[1:]
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return ""
        return "" if _CONTROL.search(text) else text

    def __str__(self) -> str:
        if self.encoding == "hex":
            value = self.data.hex()
        else:
            plain = _CONTROL.sub("", self.data.decode("utf-8", "replace"))
            value = '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
        tail = f";purpose={self.purpose}" if self.purpose else ""
        tail += f";content={self.content}" if self.content else ""
        return f"{value}{tail};encoding={self.encoding}"


def user_to_user_text(value: str) -> str:
    """What a User-to-User value says to a person: its text, or the value itself where it is none."""
    try:
        return UserToUser.parse(value).text or value
    except MalformedMessage:
        return value


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something ended, in the words of one protocol (RFC 3326)."""

    protocol: str
    """`SIP` or `Q.850`."""
    cause: int
    text: str = ""

    @classmethod
    def parse_all(cls, value: str) -> tuple[Self, ...]:
        """Every reason of a header that can be read."""
        found = []
        try:
            items = split(value[:MAX_USER_TO_USER], ",")[:MAX_ENTRIES]
        except MalformedMessage:
            return ()
        for item in items:
            protocol, semicolon, tail = item.strip().partition(";")
            try:
                values = parameters(semicolon + tail)
            except MalformedMessage:
                continue
            cause = values.get("cause") or ""
            if protocol and cause.isascii() and cause.isdigit() and len(cause) <= 3:
                found.append(cls(protocol.strip(), int(cause), _CONTROL.sub("", _plain(values.get("text") or ""))[:128]))
        return tuple(found)

    def __str__(self) -> str:
        text = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f"{self.protocol};cause={self.cause}" + (f';text="{text}"' if text else "")


def diversion_headers(diversions: Sequence[Party], reason: str, target: Uri) -> dict[str, list[str]]:
    """Diversion and History-Info (the older and the newer way to say the same) of a call diverted to `target`; {} for none.

    Its host stands where a party has none of its own.
    """
    chosen = diversions[:MAX_ENTRIES]
    if not chosen:
        return {}
    word = reason if re.fullmatch(r"[a-z-]{1,32}", reason) else "unknown"
    uris = [Uri("sip", one.user or "anonymous", one.host or target.host) for one in chosen]
    cause = _WORDS.get(word, "404")
    history: list[str] = []
    index = "1"
    for uri in reversed(uris):
        mapped = f";mp={index.rpartition('.')[0]}" if history else ""
        history.append(f"<{uri}?Reason=SIP%3Bcause%3D{cause}>;index={index}{mapped}")
        index += ".1"
    history.append(f"<{target}>;index={index};mp={index.rpartition('.')[0]}")
    return {"Diversion": [f"<{uri}>;reason={word};counter=1" for uri in uris], "History-Info": history}


def asserted_headers(asserted: Address | None, *, private: bool) -> dict[str, list[str]]:
    """P-Asserted-Identity and Privacy, for a peer that we trust with the caller's number (RFC 3325 §7)."""
    found: dict[str, list[str]] = {}
    if asserted is not None:
        found["P-Asserted-Identity"] = [str(Address(asserted.uri, asserted.display))]
    if private:
        found["Privacy"] = ["id"]
    return found


def anonymous(display: str = "Anonymous") -> Address:
    """From of a caller who is not to be known (RFC 3323 §4.1.1.3)."""
    return Address(Uri("sip", "anonymous", "anonymous.invalid"), display)


def user_to_user_header(value: str) -> dict[str, list[str]]:
    """User-to-User for a new call: a value in the header's own form stands as it is, any other text goes in hex."""
    if not value:
        return {}
    try:
        ready = "encoding" in parameters(";" + value.partition(";")[2])
    except MalformedMessage:
        ready = False
    clean = _CONTROL.sub("", value)[:MAX_USER_TO_USER]
    return {"User-to-User": [clean if ready else str(UserToUser.of(clean))]}
