"""`/api/v1/sip`: bans of SIP sources and the trace of SIP messages. For administrators and the API token."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict
from ivr.web.auth import Gate
from ivr.web.parts import SipBans, SipTrace

MAX_BODY = 4096


class SipApi:
    """The routes."""

    def __init__(self, bans: SipBans, trace: SipTrace, gate: Gate) -> None:
        self._bans = bans
        self._trace = trace
        self._gate = gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/sip/bans", self.bans),
            Route("/api/v1/sip/bans", self.ban, methods=["POST"]),
            Route("/api/v1/sip/bans/{source:path}", self.lift, methods=["DELETE"]),
            Route("/api/v1/sip/trace", self.traces),
            Route("/api/v1/sip/trace", self.switch, methods=["PUT"]),
            Route("/api/v1/sip/trace/{call:path}", self.traced),
        ]

    async def bans(self, request: Request) -> Response:
        await self._gate.require(request, "admin")
        return JSONResponse({"bans": self._bans.bans()})

    async def ban(self, request: Request) -> Response:
        await self._gate.require(request, "admin")
        body = await _body(request)
        source, seconds, reason = body.get("source"), body.get("seconds", 86_400), body.get("reason", "")
        if not isinstance(source, str) or not isinstance(reason, str) or len(source) > 100 or len(reason) > 200:
            raise Conflict("send source and reason as text")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds) or seconds < 1:
            raise Conflict("seconds must be a number from 1")
        return JSONResponse(await self._bans.ban(source, float(seconds), reason), 201)

    async def lift(self, request: Request) -> Response:
        await self._gate.require(request, "admin")
        await self._bans.lift(request.path_params["source"])
        return JSONResponse({})

    async def traces(self, request: Request) -> Response:
        await self._gate.require(request, "admin")
        return JSONResponse(await self._trace.traces())

    async def switch(self, request: Request) -> Response:
        await self._gate.require(request, "admin")
        enabled = (await _body(request)).get("enabled")
        if not isinstance(enabled, bool):
            raise Conflict("send enabled as true or false")
        return JSONResponse(await self._trace.switch_trace(enabled))

    async def traced(self, request: Request) -> Response:
        """A call's messages as JSON, or with `?format=pcap` as a capture file."""
        await self._gate.require(request, "admin")
        call = request.path_params["call"]
        if request.query_params.get("format") != "pcap":
            return JSONResponse(await self._trace.traced(call))
        data = await self._trace.capture(call, request.query_params.get("secrets") == "1")
        headers = {"content-disposition": 'attachment; filename="call.pcap"'}
        return Response(data, media_type="application/vnd.tcpdump.pcap", headers=headers)


async def _body(request: Request) -> dict[str, Any]:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise Conflict(f"the body is larger than {MAX_BODY} octets")
    try:
        body = json.loads(data)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Conflict("the body is not JSON") from error
    if not isinstance(body, dict):
        raise Conflict("the body is not a JSON object")
    return body
