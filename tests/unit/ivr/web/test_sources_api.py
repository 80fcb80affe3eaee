"""How sources are, by the API: who may, and what comes."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from ivr.errors import IvrError
from ivr.web.auth import Gate
from ivr.web.sources_api import SourcesApi
from tests.unit.ivr.web.test_calls_api import SignedIn, _answer

CRM = {"name": "crm", "kind": "http", "circuit": "open", "p95_ms": 12.5}


async def get(path: str, **headers: str) -> httpx.Response:
    api = SourcesApi(lambda: [CRM, {"name": "calls"}], cast(Gate, SignedIn()))
    app = Starlette(routes=api.routes, exception_handlers=cast(Any, {IvrError: _answer}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("headers", [{"who": "boss"}, {"who": "root"}, {"authorization": "Bearer t"}])
async def test_supervisors_and_administrators_see_how_sources_are(headers: dict[str, str]) -> None:
    assert (await get("/api/v1/sources", **headers)).json() == {"sources": [CRM, {"name": "calls"}]}
    assert (await get("/api/v1/sources/crm", **headers)).json() == CRM


async def test_nobody_else_does() -> None:
    assert (await get("/api/v1/sources")).status_code == 401
    assert (await get("/api/v1/sources/crm", who="wang")).status_code == 401


async def test_a_source_that_is_none_is_not_found() -> None:
    assert (await get("/api/v1/sources/crn", who="boss")).status_code == 404
