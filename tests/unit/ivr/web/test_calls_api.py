"""Recordings and parked callers by the API: who may, what comes, and the line that says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from ivr.errors import IvrError, NotFound
from ivr.web.api import answer_error
from ivr.web.auth import Gate, SignInNeeded
from ivr.web.calls_api import CallsApi
from ivr.web.parts import Account, WebParts

ROLES = {"boss": ("supervisor",), "root": ("admin",)}


class SignedIn:
    """A gate for whom a header says who signed in."""

    async def account(self, connection: Any) -> Account | None:
        name = connection.headers.get("who", "")
        return Account(name, roles=ROLES[name]) if name in ROLES else None

    async def require(self, connection: Any, *roles: str, scope: str = "") -> None:
        account = await self.account(connection)
        if connection.headers.get("authorization") != "Bearer t" and (account is None or not set(roles) & set(account.roles)):
            raise SignInNeeded("sign in")

    def same_origin(self, connection: Any) -> bool:
        return connection.headers.get("origin") in (None, "http://test")


@dataclass
class Parts:
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    recorded: bool = True

    @property
    def contacts(self) -> Parts:
        return self

    async def get(self, contact_id: str) -> Mapping[str, Any]:
        if contact_id != "c-1":
            raise NotFound("no such contact")
        return {"recordings": [{"file": "2026/a.wav"}, {"file": ""}]}

    @property
    def recording(self) -> Any:
        return self._sound if self.recorded else None

    async def _sound(self, file: str, form: str, start: float, end: float | None) -> bytes:
        self.asked.append((file, form, start, end))
        return b"sound"

    async def parked(self) -> Sequence[Mapping[str, Any]]:
        return [{"slot": "701"}]


@pytest.fixture
def parts() -> Parts:
    return Parts()


def client(parts: Parts, **headers: str) -> httpx.AsyncClient:
    api = CallsApi(cast(WebParts, parts), cast(Gate, SignedIn()))
    app = Starlette(routes=api.routes, exception_handlers={IvrError: _answer})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", headers=headers)


async def _answer(request: Any, error: Exception) -> Any:
    return answer_error(request, error)


ONE = "/api/v1/contacts/c-1/recordings/1"


async def test_a_recording_is_given_and_that_is_written_down(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "ivr.audit"):
        async with client(parts, authorization="Bearer t") as http:
            plain = await http.get(ONE)
            part = await http.get(ONE, params={"format": "mp3", "start": "1.5", "end": "3"})
        async with client(parts, who="root") as http:
            await http.get(ONE, params={"format": "ogg"})
    assert (plain.content, plain.headers["content-type"]) == (b"sound", "audio/wav")
    assert part.headers["content-disposition"] == 'attachment; filename="c-1-1.mp3"'
    assert parts.asked == [("2026/a.wav", "wav", 0.0, None), ("2026/a.wav", "mp3", 1.5, 3.0), ("2026/a.wav", "ogg", 0.0, None)]
    lines = [record.getMessage() for record in caplog.records if record.name == "ivr.audit"]
    assert [line.split(" given to ")[1].split(" at ")[0] for line in lines] == ["api token", "api token", "root"]


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        (ONE, "", 401),
        (ONE, "boss", 401),
        (ONE.replace("s/1", "s/2"), "root", 404),
        (ONE.replace("s/1", "s/3"), "root", 404),
        (ONE.replace("s/1", "s/0"), "root", 404),
        (ONE.replace("c-1", "c-2"), "root", 404),
        (ONE + "?format=exe", "root", 409),
        (ONE + "?start=-1", "root", 409),
        (ONE + "?end=nan", "root", 409),
    ],
)
async def test_everybody_else_and_everything_else_is_refused(parts: Parts, path: str, who: str, status: int) -> None:
    async with client(parts, who=who) as http:
        assert (await http.get(path)).status_code == status
    assert parts.asked == []


async def test_where_nothing_is_recorded_there_is_nothing(parts: Parts) -> None:
    parts.recorded = False
    async with client(parts, who="root") as http:
        assert (await http.get(ONE)).status_code == 404


async def test_supervisors_see_who_is_parked(parts: Parts) -> None:
    async with client(parts, who="boss") as http:
        assert (await http.get("/api/v1/parked")).json() == {"parked": [{"slot": "701"}]}
    async with client(parts) as http:
        assert (await http.get("/api/v1/parked")).status_code == 401
