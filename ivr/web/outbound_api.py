"""`/api/v1/outbound`: trunks, and who may not call out any more. For administrators and the API token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import NotFound
from ivr.web.auth import Gate
from ivr.web.parts import OutboundDesk


class OutboundApi:
    """The routes; `desk` is what stands behind them."""

    def __init__(self, desk: OutboundDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/outbound", self.state),
            Route("/api/v1/outbound/blocked/{subject}", self.block, methods=["PUT"]),
            Route("/api/v1/outbound/blocked/{subject}", self.release, methods=["DELETE"]),
        ]

    async def state(self, request: Request) -> Response:
        await self._gate.require(request, "supervisor", "admin")
        return JSONResponse(dict(await self._desk.state()))

    async def block(self, request: Request) -> Response:
        await self._gate.require(request, "admin")
        await self._desk.block(request.path_params["subject"], request.query_params.get("reason", "")[:200])
        return JSONResponse({})

    async def release(self, request: Request) -> Response:
        """404 where the payer was not blocked; its budget for today is fresh in either case."""
        await self._gate.require(request, "admin")
        subject = request.path_params["subject"]
        if not await self._desk.release(subject):
            raise NotFound(f"{subject[:60]} was not blocked")
        return JSONResponse({})
