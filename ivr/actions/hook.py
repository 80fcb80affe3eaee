"""How an action leaves the house: a POST, signed with the secret of its hook, and what the far end answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from ivr.messages.signing import signed

AGAIN = frozenset({408, 425, 429})
"""Refusals by HTTP that another try may turn."""
MOST_ANSWER = 65_536
"""Octets of an answer that are read."""
MOST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try."""

    status: str
    """`done`; `refused` where the far end said no; `again` where another try may do."""
    reason: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    """`message`: text, or language to text, for the agent; `data`: whatever else came."""


class Hook:
    """One address. The id of an action is also its `Idempotency-Key`: the far end can tell a second try from a second order."""

    def __init__(self, url: str, secret: str, seconds: float = 5.0, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url, self._secret = url, secret
        self._client = httpx.AsyncClient(timeout=seconds, follow_redirects=False, transport=transport)

    async def send(self, body: Mapping[str, Any], now: float) -> Outcome:
        """Send it once; never raises. `now` is epoch seconds: the signature holds for some minutes."""
        octets = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers = {
            "content-type": "application/json",
            "idempotency-key": str(body["id"]),
            **signed(self._secret, octets, now),
        }
        try:
            async with self._client.stream("POST", self._url, content=octets, headers=headers) as response:
                data, whole = await _read(response)
        except (httpx.HTTPError, UnicodeError) as error:
            return Outcome("again", f"no answer: {type(error).__name__}")
        answer = _answer(data) if whole else {}
        if response.is_success:
            return Outcome("done", "", answer)
        status = response.status_code
        if status >= 500 or status in AGAIN:
            return Outcome("again", f"the far end answered {status}", answer)
        return Outcome("refused", f"the far end answered {status}", answer)

    async def close(self) -> None:
        await self._client.aclose()


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    data = b""
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MOST_ANSWER:
            return b"", False
    return data, True


def _answer(data: bytes) -> dict[str, Any]:
    """What of an answer is kept: its words for the agent, and its data. Anything that is no JSON object says nothing."""
    try:
        found = json.loads(data) if data.strip() else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    kept: dict[str, Any] = {}
    message = found.get("message", found.get("error"))
    if isinstance(message, str):
        kept["message"] = message[:MOST_MESSAGE]
    elif isinstance(message, dict):
        kept["message"] = {str(name)[:8]: str(text)[:MOST_MESSAGE] for name, text in list(message.items())[:10]}
    if isinstance(found.get("data"), dict):
        kept["data"] = {str(name)[:60]: _flat(value) for name, value in list(found["data"].items())[:20]}
    return kept


def _flat(value: Any) -> str | float | bool | None:
    return value if isinstance(value, bool | float | int | None) else str(value)[:200]
