"""A source that speaks HTTP and JSON. What comes back is bounded before it is read, and nothing in it is followed.

No redirects, no cookies, no compression, no proxy of the environment: the far end gets one question and gives one answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext, create_default_context
from typing import Any

import httpx

from ivr.profile.answer import NotThere, SourceFailed, Unaskable
from ivr.profile.asking import PathText, Text, sent_path

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
    connections: int = 20
    authority: str = ""
    """File of the certificates that it is checked by; empty: those of the system."""


class HttpBackend:
    """Keeps connections open between questions. Make it inside the event loop."""

    def __init__(self, service: HttpService, questions: Mapping[str, HttpQuestion]) -> None:
        self._service, self._questions = service, questions
        secure: SSLContext | bool = False
        if service.url.startswith("https:"):
            secure = create_default_context(cafile=service.authority or None)
        self._client = httpx.AsyncClient(
            verify=secure,
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "hotline", **service.headers},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(service.timeout, connect=min(service.connect_seconds, service.timeout)),
            limits=httpx.Limits(max_connections=service.connections, max_keepalive_connections=service.connections),
            follow_redirects=False,
            trust_env=False,
        )

    async def fetch(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Raises NotThere, Unaskable, SourceFailed."""
        question = self._questions[operation]
        query = {name: value for name, text in question.query.items() if (value := text.value(arguments)) is not None}
        body = None
        if question.body is not None:
            body = {name: text.value(arguments) for name, text in question.body.items()}
        return await self._send(question.method, question.path.fill(arguments), query, body, question.not_found)

    async def request(self, method: str, path: str, body: Any) -> Any:
        """What a flow sends by itself, checked by `checked`. Raises NotThere for 404, SourceFailed."""
        return await self._send(method, path, {}, body, frozenset({404}))

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(self, method: str, path: str, query: Mapping[str, Any], body: Any, not_found: frozenset[int]) -> Any:
        more: dict[str, Any] = {"params": query} if query else {}
        if body is not None:
            more |= {"content": _octets(body), "headers": {"content-type": "application/json"}}
        try:
            async with self._client.stream(method, self._service.url + path, **more) as response:
                return await self._read(response, not_found)
        except httpx.TimeoutException as error:
            raise SourceFailed(f"{_words(error)}: no answer in time", again=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceFailed(f"cannot be reached: {_words(error)}", again=True) from error

    async def _read(self, response: httpx.Response, not_found: frozenset[int]) -> Any:
        status = response.status_code
        if status in not_found:
            raise NotThere(f"status {status}")
        if not 200 <= status < 300:
            raise SourceFailed(f"status {status}", again=status in AGAIN, alive=400 <= status < 500 and status != 429)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise SourceFailed("the answer is compressed, which was not asked for")
        most = self._service.max_bytes
        declared = response.headers.get("content-length", "0")
        data = bytearray()
        if not declared.isdecimal() or len(declared) > 12 or int(declared) > most:
            raise SourceFailed(f"the answer has more than {most} octets")
        async for piece in response.aiter_raw(16_384):
            data += piece
            if len(data) > most:
                raise SourceFailed(f"the answer has more than {most} octets")
        return _json(bytes(data))


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


def _words(error: Exception) -> str:
    """The class alone: the text may hold the address, and the address an account."""
    return type(error).__name__
