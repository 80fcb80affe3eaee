"""A webhook whose far end can tell that it comes from here: what it gets is signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from ivr.notices.channels import AGAIN, Notice, NotSent

Write = Callable[[Notice], Mapping[str, Any]]
Sign = Callable[[bytes], Mapping[str, str]]
"""A body to the headers that prove it."""


class SignedWebhook:
    """POSTs each notice as JSON, written by `write` and signed by `sign` anew with each try."""

    def __init__(
        self, url: str, write: Write, sign: Sign, seconds: float = 5.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url, self._write, self._sign = url, write, sign
        self._client = httpx.AsyncClient(timeout=seconds, follow_redirects=False, transport=transport)

    async def send(self, notice: Notice) -> None:
        """Raises NotSent."""
        body = json.dumps(dict(self._write(notice)), ensure_ascii=False).encode(errors="replace")
        headers = {"content-type": "application/json", "idempotency-key": str(notice["id"]), **self._sign(body)}
        try:
            async with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                pass  # its body says nothing to us, and may have no end
        except (httpx.HTTPError, UnicodeError) as error:
            raise NotSent(f"no answer: {type(error).__name__}", again=True) from error
        if not answer.is_success:
            status = answer.status_code
            raise NotSent(f"the far end answered {status}", again=status >= 500 or status in AGAIN)

    async def close(self) -> None:
        await self._client.aclose()
