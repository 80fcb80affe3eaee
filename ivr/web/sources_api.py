"""`/api/v1/sources`: how the sources of data of this node are. For supervisors, administrators and the API token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import NotFound
from ivr.web.auth import Gate

View = Callable[[], Sequence[Mapping[str, Any]]]


class SourcesApi:
    """The routes; `view` tells how things are now, without addresses, arguments or answers."""

    def __init__(self, view: View, gate: Gate) -> None:
        self._view = view
        self._gate = gate

    @property
    def routes(self) -> list[Route]:
        return [Route("/api/v1/sources", self.sources), Route("/api/v1/sources/{name}", self.source)]

    async def sources(self, request: Request) -> Response:
        await self._gate.require(request, "supervisor", "admin")
        return JSONResponse({"sources": list(self._view())})

    async def source(self, request: Request) -> Response:
        await self._gate.require(request, "supervisor", "admin")
        name = request.path_params["name"]
        found = next((one for one in self._view() if one["name"] == name), None)
        if found is None:
            raise NotFound(f"there is no source {name[:64]}")
        return JSONResponse(dict(found))
