"""Arguments put into a question so that they can never change whom it is put to. Pure.

A path is written once, in the settings; what a caller says or types fills a piece between two slashes and stays one:
everything but letters, digits and `-_~.` is percent-encoded, and a piece that would be empty, `.` or `..` is not sent at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from ivr.profile.answer import Unaskable

MAX_ARGUMENT = 256
"""Characters of one argument."""
MAX_PATH = 2000

_NAME = re.compile(r"\{([A-Za-z_]\w{0,63})\}")
_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%-]*")
_SENT = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """Text with `{arguments}` in it."""

    source: str
    names: tuple[str, ...]

    @classmethod
    def parse(cls, source: str) -> Text:
        """Raises ValueError for a brace that names no argument."""
        if set(_NAME.sub("", source)) & set("{}"):
            raise ValueError(f"'{source}': an argument stands in braces: {{account}}")
        return cls(source, tuple(dict.fromkeys(_NAME.findall(source))))

    def value(self, arguments: Mapping[str, Any]) -> Any:
        """The text filled in; where it is one argument and nothing else, that with its type; None where one is missing."""
        values = {name: scalar(name, arguments.get(name)) for name in self.names}
        if any(value is None for value in values.values()):
            return None
        if len(self.names) == 1 and self.source == f"{{{self.names[0]}}}":
            return values[self.names[0]]
        return _NAME.sub(lambda found: written(values[found[1]]), self.source)


@dataclass(frozen=True, slots=True)
class PathText:
    """A path below an address, such as `/accounts/{account}/balance`."""

    text: Text

    @classmethod
    def parse(cls, source: str) -> PathText:
        """Raises ValueError with what is wrong."""
        text = Text.parse(source)
        if not source.startswith("/") or source.startswith("//"):
            raise ValueError(f"'{source}': a path begins with one slash")
        pieces = [_NAME.sub("x", piece) for piece in source.split("/")]
        if any(not _LITERAL.fullmatch(piece) or _DOTS.fullmatch(piece) for piece in pieces):
            raise ValueError(
                f"'{source}': letters, digits and {{arguments}} between slashes; what follows ? belongs into `query`"
            )
        return cls(text)

    @property
    def names(self) -> tuple[str, ...]:
        return self.text.names

    def fill(self, arguments: Mapping[str, Any]) -> str:
        """The path with every argument as a part of one piece. Raises Unaskable."""
        pieces = []
        for piece in self.text.source.split("/")[1:]:
            filled = _NAME.sub(lambda found: _piece(found[1], arguments), piece)
            if _DOTS.fullmatch(filled):
                raise Unaskable("an argument would lead to another path")
            pieces.append(filled)
        return "/" + "/".join(pieces)


def _piece(name: str, arguments: Mapping[str, Any]) -> str:
    value = scalar(name, arguments.get(name))
    text = "" if value is None else written(value)
    if not text:
        raise Unaskable(f"the argument {name} is empty")
    return quote(text, safe="")


def scalar(name: str, value: Any) -> str | int | float | bool | None:
    """An argument that a question may hold: one value, no control characters. Raises Unaskable."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        raise Unaskable(f"the argument {name} is {type(value).__name__}, a question takes one value")
    if len(value) > MAX_ARGUMENT or not value.isprintable():
        raise Unaskable(f"the argument {name} is longer than {MAX_ARGUMENT} characters or not printable")
    return value


def written(value: str | int | float | bool | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def sent_path(path: str) -> str:
    """A path that a flow has put together, with its query: checked. Raises Unaskable for what might lead elsewhere."""
    bare = path.partition("?")[0]
    if len(path) > MAX_PATH or not _SENT.fullmatch(path) or path.startswith("//"):
        raise Unaskable("the path is not /letters/digits?name=value with everything else percent-encoded")
    if any(_DOTS.fullmatch(piece) for piece in bare.split("/")):
        raise Unaskable("the path leads upwards")
    return path


def base_url(text: str) -> str:
    """The address of a service without a slash at its end. Raises ValueError with the cure."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http://HOST[:PORT][/PATH] or https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the address holds no password and no query; a secret belongs into `token` or `headers`")
    _ = parts.port  # raises ValueError where it is none
    return text.rstrip("/")
