"""`GET /api/v1/openapi.json`: what this node's HTTP API takes and gives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ivr.web.openapi.document import document
from ivr.web.openapi.tables import OPS

PATH = "/api/v1/openapi.json"


def spoken(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """`(path, method, endpoint)` of what belongs to the API: neither pages nor sockets."""
    for route in routes:
        if isinstance(route, Route) and (route.path.startswith("/api/") or route.path == "/metrics"):
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                yield route.path, method, route.endpoint


class OpenApi:
    """Anybody may read it: it names no person and no setting."""

    def __init__(self, routes: Callable[[], Sequence[BaseRoute]]) -> None:
        """`routes` are those of the whole application, once it is put together."""
        self._all = routes
        self._made: dict[str, Any] | None = None

    @property
    def routes(self) -> list[Route]:
        return [Route(PATH, self.document)]

    async def document(self, _request: Request) -> Response:
        """This document, of the routes that this node has."""
        if self._made is None:
            self._made = await asyncio.to_thread(document, tuple(spoken(self._all())), OPS, version("hotline"))
        return JSONResponse(self._made, headers={"cache-control": "max-age=300"})
