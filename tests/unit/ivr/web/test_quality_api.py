"""`/api/v1/quality` over real tables: a review from the list to the decided appeal, and what is refused in words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from ivr.errors import IvrError
from ivr.quality.house import QualityHouse
from ivr.web.api import answer_error
from ivr.web.auth import Gate
from ivr.web.openapi.of_quality import OPS
from ivr.web.openapi.shapes import schema_of
from ivr.web.quality_api import QualityApi
from tests.unit.ivr.quality.conftest import T0, Clock, Told, call, clock, empty, engine, house, told
from tests.unit.ivr.web.signed_in import SignedIn

__all__ = ["clock", "empty", "engine", "house", "told"]

ROLES = {
    "wei": ("quality",),
    "boss": ("supervisor",),
    "anna": ("agent",),
    "leo": ("agent", "supervisor"),
    "tom": ("field",),
}
SHAPES = {one.route: one.answer for one in OPS}


@pytest.fixture
async def web(house: QualityHouse) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=QualityApi(house, cast(Gate, SignedIn(ROLES))).routes, exception_handlers={IvrError: answer_error})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here/api/v1/quality") as client:
        yield client


async def ask(web: httpx.AsyncClient, who: str, line: str, status: int = 200, **body: Any) -> Any:
    """The answer, which has the shape that the API's document promises."""
    method, path = line.split(" ", 1)
    response = await web.request(method, path, headers={"who": who}, json=None if method == "GET" else body)
    assert response.status_code == status, response.text
    told = response.json()
    if status < 300:
        Draft202012Validator(schema_of(shape_of(method, path.partition("?")[0]))).validate(told)
    return told


def shape_of(method: str, path: str) -> Any:
    """What the document says of an address; `/mine/count` before `/mine/{id}`."""
    given = path.split("/")
    found = [
        (route.count("{"), shape)
        for route, shape in SHAPES.items()
        if route.startswith(f"{method} ") and _is(route.partition("/api/v1/quality")[2].split("/"), given)
    ]
    return min(found, key=lambda one: one[0])[1]


def _is(parts: list[str], given: list[str]) -> bool:
    return len(parts) == len(given) and all(a == b or a.startswith("{") for a, b in zip(parts, given, strict=True))


async def test_from_a_contact_to_a_decided_appeal(
    web: httpx.AsyncClient, engine: AsyncEngine, caplog: pytest.LogCaptureFixture, told: Told
) -> None:
    caplog.set_level(logging.INFO, "ivr.audit")
    await call(engine)
    draft = await ask(web, "wei", "POST /reviews", 201, contact="c1")
    assert (await ask(web, "wei", "POST /reviews", contact="c1"))["id"] == draft["id"]
    one = f"/reviews/{draft['id']}"
    kept = await ask(
        web, "wei", f"PATCH {one}", rev=1, answers={"right": {"value": "poor", "at": 12}, "recorded": {"value": "na"}}
    )
    assert (kept["rev"], kept["score"]["score"], kept["score"]["open"]) == (2, 46.9, [])
    assert (await ask(web, "wei", f"PATCH {one}", 409, rev=1, comment="old"))["error"]["code"] == "conflict"
    done = await ask(web, "wei", f"POST {one}/publish", rev=2)
    assert done["state"] == "published"
    assert told.news == [("anna", {"unseen": 1, "coaching": 0})]
    assert await ask(web, "anna", "GET /mine/count") == {"unseen": 1, "coaching": 0}
    await ask(web, "anna", f"POST {one}/acknowledge")
    asked = await ask(web, "anna", f"POST {one}/appeal", reasons={"right": "the bill was right"}, comment="please look")
    assert asked["appeal_body"]["reasons"] == {"right": "the bill was right"}
    assert [one["appeal"]["state"] for one in (await ask(web, "boss", "GET /appeals?state=open"))["appeals"]] == ["open"]
    decision = {"right": {"granted": True, "value": "good", "reason": "so it was"}}
    assert (await ask(web, "wei", f"POST {one}/decide", 403, decisions=decision))["error"]["code"] == "not_allowed"
    settled = await ask(web, "boss", f"POST {one}/decide", decisions=decision, answer="you are right")
    assert (settled["state"], settled["score"]["score"]) == ("settled", 96.9)
    mine = await ask(web, "anna", "GET /mine")
    assert [(row["state"], row["score"]["score"]) for row in mine["reviews"]] == [("settled", 96.9)]
    assert [what for what in ("published a review", "appealed", "decided an appeal") if what not in caplog.text] == []


async def test_coaching_and_calibrations_over_http(web: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await call(engine)
    note = await ask(web, "wei", "POST /coaching", 201, agent="anna", contact="c1", at=12.5, text="Let him finish")
    assert [one["id"] for one in (await ask(web, "anna", "GET /coaching?open=yes"))["coaching"]] == [note["id"]]
    await ask(web, "anna", f"POST /coaching/{note['id']}/acknowledge", answer="I will")
    await ask(web, "wei", f"DELETE /coaching/{note['id']}", 409)
    made = await ask(web, "boss", "POST /calibrations", 201, contact="c1", evaluators=["wei", "boss"], title="May")
    joined = await ask(web, "wei", f"POST /calibrations/{made['id']}/join")
    assert joined["calibration"] == made["id"]
    assert (await ask(web, "boss", f"GET /reviews/{joined['id']}", 403))["error"]["code"] == "not_allowed"
    await ask(web, "boss", f"POST /calibrations/{made['id']}/close", 409)
    [listed] = (await ask(web, "wei", "GET /calibrations?state=open"))["calibrations"]
    assert (listed["title"], listed["mine"]) == ("May", joined["id"])


async def test_figures(web: httpx.AsyncClient, engine: AsyncEngine, clock: Clock) -> None:
    await call(engine)
    draft = await ask(web, "wei", "POST /reviews", 201, contact="c1")
    answers = {"right": {"value": "good"}, "recorded": {"value": "no"}}
    await ask(web, "wei", f"PATCH /reviews/{draft['id']}", rev=1, answers=answers)
    await ask(web, "wei", f"POST /reviews/{draft['id']}/publish", rev=2)
    during = f"from={T0 - 86400 * 3:.0f}&to={T0 + 86400:.0f}"
    points = (await ask(web, "boss", f"GET /trend?agent=anna&evaluator=people&step=day&{during}"))["points"]
    assert len(points) == 5, "without gaps"
    assert [one for one in points if one["reviews"]] == [
        {"at": T0 // 86400 * 86400, "score": 0.0, "reviews": 1, "passed": 0, "fatal": 1}
    ]
    [row] = (await ask(web, "boss", f"GET /agents?{during}"))["agents"]
    assert (row["agent_name"], row["reviews"], row["score"], row["fatal"], row["automatic_reviews"]) == ("Anna", 1, 0.0, 1, 0)
    told = await ask(web, "anna", f"GET /questions?agent=leo&{during}")
    assert {one["name"]: one["failed"] for one in told["questions"]}["recorded"] == 1, "agents get their own figures"
    assert (await ask(web, "leo", f"GET /questions?agent=leo&{during}"))["questions"][0]["answered"] == 0
    people = await ask(web, "boss", "GET /people")
    assert [one["id"] for one in people["agents"]] == ["anna", "leo"]
    assert [one["id"] for one in people["reviewers"]] == ["boss", "leo", "wei"]
    cards = await ask(web, "anna", "GET /cards")
    assert [one["name"] for one in cards["cards"]] == ["hotline"]


async def test_lists_of_contacts_and_work(web: httpx.AsyncClient, engine: AsyncEngine) -> None:
    for number in range(3):
        await call(engine, f"c{number}", started_at=T0 + number)
    page = await ask(web, "wei", "GET /contacts?limit=2")
    assert [one["contact"]["id"] for one in page["contacts"]] == ["c2", "c1"]
    rest = await ask(web, "wei", f"GET /contacts?limit=2&before={page['next']}")
    assert ([one["contact"]["id"] for one in rest["contacts"]], rest["next"]) == (["c0"], None)
    assert (await ask(web, "wei", "GET /work"))["work"] == []
    await ask(web, "wei", "POST /work/c1/skip", 404, reason="not there")
    assert (await ask(web, "wei", "GET /contacts/c1"))["card"] == "hotline"
    await ask(web, "wei", "GET /contacts/c9", 404)


@pytest.mark.parametrize(
    ("line", "body", "words"),
    [
        ("GET /reviews?state=lost", {}, "state: one of"),
        ("GET /reviews?most=101", {}, "most"),
        ("GET /reviews?from=nan", {}, "from"),
        ("GET /reviews?limit=0", {}, "limit"),
        ("GET /contacts?mood=sad", {}, "mood: one of"),
        ("GET /trend?step=month", {}, "step: one of"),
        ("GET /trend?from=10&to=5", {}, "before"),
        ("GET /work?reason=x", {}, "reason"),
        ("POST /reviews", {}, "contact"),
        ("POST /reviews", {"contact": ""}, "contact: which one?"),
        ("PATCH /reviews/r1", {"answers": {}}, "rev"),
        ("PATCH /reviews/r1", {"rev": True}, "rev"),
        ("PATCH /reviews/r1", {"rev": 1, "answers": []}, "answers"),
        ("PATCH /reviews/r1", {"rev": 1, "answers": {"a": {"points": 3}}}, "there is no points"),
        ("PATCH /reviews/r1", {"rev": 1, "answers": {"a": {"value": [1]}}}, "value is"),
        ("PATCH /reviews/r1", {"rev": 1, "answers": {"a": {"at": -1}}}, "at"),
        ("PATCH /reviews/r1", {"rev": 1, "comment": "x" * 4001}, "comment"),
        ("POST /coaching", {"agent": "anna", "text": "  "}, "text"),
        ("POST /reviews/r1/decide", {"decisions": {"a": {"granted": True, "reason": "x"}}}, "value"),
        ("POST /reviews/r1/decide", {"decisions": {"a": {"granted": "yes", "reason": "x"}}}, "granted"),
        ("POST /calibrations", {"contact": "c1", "evaluators": "wei"}, "evaluators"),
    ],
)
async def test_what_cannot_be_understood_is_said_by_name(web: httpx.AsyncClient, line: str, body: Any, words: str) -> None:
    assert words in (await ask(web, "wei", line, 400, **body))["error"]["message"]


async def test_nobody_else_and_no_other_site(web: httpx.AsyncClient) -> None:
    for who, status in (("nobody", 401), ("tom", 403)):
        assert (await web.get("/cards", headers={"who": who})).status_code == status
    assert (await web.get("/work", headers={"who": "anna"})).status_code == 403
    elsewhere = {"who": "wei", "origin": "https://evil.example"}
    assert (await web.post("/reviews", headers=elsewhere, json={"contact": "c1"})).status_code == 403
