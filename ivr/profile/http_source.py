"""A source that speaks HTTP and JSON. What comes back is bounded, and nothing in it is followed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ssl import create_default_context
from typing import Any
from urllib.parse import quote, urlencode

from ivr.profile.answer import NotThere, SourceFailed, Unaskable
from ivr.profile.asking import PathText, Text, sent_path, written
from ivr.profile.http_client import HttpClient

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Statuses after which another try may do."""
MAX_BODY = 65_536
"""Octets of a request that a flow sends."""


@dataclass(frozen=True, slots=True)
class HttpQuestion:
    """How one operation is asked."""

    path: PathText
    method: str = "GET"
    query: Mapping[str, Text] = field(default_factory=dict)
    """An argument that is missing leaves its name out."""
    body: Mapping[str, Text] | None = None
    """Sent as a JSON object; an argument alone keeps its type."""
    not_found: frozenset[int] = frozenset({404})
    """Statuses that say so."""


@dataclass(frozen=True, slots=True)
class HttpService:
    """Where it is and how it is spoken to."""

    url: str
    """Without a slash at its end; see `asking.base_url`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = 262_144
    """An answer with more octets is refused."""
    connect_seconds: float = 1.0
    timeout: float = 2.0
    authority: str = ""
    """File of the certificates that it is checked by; empty: those of the system."""


class HttpBackend:
    """Keeps connections open between questions."""

    def __init__(self, service: HttpService, questions: Mapping[str, HttpQuestion]) -> None:
        """Raises OSError or ValueError where the certificates cannot be read."""
        self._service, self._questions = service, questions
        secure = create_default_context(cafile=service.authority or None) if service.url.startswith("https:") else None
        self._client = HttpClient(
            service.url, service.headers, secure=secure, connect_seconds=min(service.connect_seconds, service.timeout)
        )

    async def fetch(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Raises NotThere, Unaskable, SourceFailed."""
        question = self._questions[operation]
        filled = {name: value for name, text in question.query.items() if (value := text.value(arguments)) is not None}
        target = question.path.fill(arguments)
        if filled:
            target += "?" + urlencode({name: written(value) for name, value in filled.items()}, quote_via=quote, safe="")
        body = None
        if question.body is not None:
            body = {name: text.value(arguments) for name, text in question.body.items()}
        return await self._send(question.method, target, body, question.not_found)

    async def request(self, method: str, path: str, body: Any) -> Any:
        """What a flow sends by itself, checked by `check_request`. Raises NotThere for 404, SourceFailed."""
        return await self._send(method, path, body, frozenset({404}))

    async def close(self) -> None:
        await self._client.close()

    async def _send(self, method: str, target: str, body: Any, not_found: frozenset[int]) -> Any:
        octets = None if body is None else _octets(body)
        response = await self._client.send(method, target, octets, self._service.max_bytes)
        if response.status in not_found:
            raise NotThere(f"status {response.status}")
        if not 200 <= response.status < 300:
            refused = 400 <= response.status < 500 and response.status != 429
            raise SourceFailed(f"status {response.status}", again=response.status in AGAIN, alive=refused)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise SourceFailed("the answer is compressed, which was not asked for")
        return _json(response.body)


def check_request(method: str, path: str, body: Any) -> None:
    """Raises Unaskable for a request that may not be sent."""
    if method not in METHODS:
        raise Unaskable(f"the method is none of {', '.join(METHODS)}")
    sent_path(path)
    _octets(body)


def _octets(body: Any) -> bytes:
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError) as error:
        raise Unaskable("the body is not plain data") from error
    if len(text) > MAX_BODY:
        raise Unaskable(f"the body has more than {MAX_BODY} octets")
    return text


def _json(data: bytes) -> Any:
    if not data.strip():
        return {}
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceFailed("the answer is not JSON, or nested too deeply") from error
