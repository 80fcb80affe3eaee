"""Administrators make, change and take out accounts; everything is written down; nobody else may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.unit.ivr.web.town import TOKEN, Town, town

PEOPLE = "/api/v1/people"


@pytest.fixture
async def here(redis: Redis, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(redis, tmp_path) as made:
        yield made


@pytest.fixture
async def root(here: Town) -> httpx.AsyncClient:
    return await here.signed_in("a-admin")


async def made(root: httpx.AsyncClient, name: str = "mei", **more: Any) -> str:
    """The password of a new account."""
    response = await root.post(PEOPLE, json={"id": name, "roles": ["agent"], **more})
    assert response.status_code == 201, response.text
    return str(response.json()["password"])


async def test_a_new_person_chooses_a_password_first(here: Town, root: httpx.AsyncClient) -> None:
    password = await made(root, name="mei", roles=["supervisor"])
    mei = await here.signed_in("mei", password)
    assert (await mei.get("/api/v1/me")).json() == {
        "id": "mei",
        "name": "mei",
        "roles": ["supervisor"],
        "limited": "password",
    }
    refused = await mei.get("/api/v1/contacts")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "unfinished")
    weak = await mei.post("/api/v1/account/password", json={"password": "short"})
    assert (weak.status_code, weak.json()["error"]["code"]) == (422, "weak_password")
    done = await mei.post("/api/v1/account/password", json={"password": "a bicycle in the rain"})
    assert done.json() == {"limited": ""}
    assert (await mei.get("/api/v1/account/tokens")).status_code == 200
    await here.signed_in("mei", "a bicycle in the rain", address="10.0.0.2")
    wrong = await here.client(address="10.0.0.3").post("/api/v1/login", json={"username": "mei", "password": password})
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"id": "", "roles": ["agent"]}, "1 to 64 letters"),
        ({"id": "a b", "roles": ["agent"]}, "1 to 64 letters"),
        ({"id": "x", "roles": ["boss"]}, "'boss' is no role"),
        ({"id": "x", "roles": []}, "send `roles`"),
        ({"id": "x", "roles": "agent"}, "send `roles`"),
        ({"id": "x", "roles": ["agent"], "provider": "nobody"}, "no provider"),
        ({"id": "x", "roles": ["agent"], "name": 5}, "`name`"),
    ],
)
async def test_what_cannot_be_made_says_why(root: httpx.AsyncClient, body: dict[str, Any], words: str) -> None:
    response = await root.post(PEOPLE, json=body)
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


async def test_a_name_is_there_once(root: httpx.AsyncClient) -> None:
    await made(root, name="mei")
    assert (await root.post(PEOPLE, json={"id": "MEI", "roles": ["agent"]})).status_code == 409
    assert (await root.post(PEOPLE, json={"id": "A-Admin", "roles": ["agent"]})).status_code == 409


async def test_new_roles_and_being_disabled_end_sessions_at_once(here: Town, root: httpx.AsyncClient) -> None:
    await made(root, password="a bicycle in the rain")
    await here.books.people.change("mei", {"must_change": False})
    mei = await here.signed_in("mei", "a bicycle in the rain")
    assert (await root.patch(f"{PEOPLE}/mei", json={"roles": ["agent", "quality"]})).status_code == 200
    assert (await mei.get("/api/v1/me")).status_code == 401
    mei = await here.signed_in("mei", "a bicycle in the rain")
    assert (await mei.get("/api/v1/me")).json()["roles"] == ["agent", "quality"]
    assert (await root.patch(f"{PEOPLE}/mei", json={"disabled": True})).status_code == 200
    assert (await mei.get("/api/v1/me")).status_code == 401
    again = await here.client().post("/api/v1/login", json={"username": "mei", "password": "a bicycle in the rain"})
    assert again.status_code == 401


async def test_nobody_takes_the_own_rights(here: Town, root: httpx.AsyncClient) -> None:
    await made(root, name="root2", roles=["admin"], password="a bicycle in the rain")
    await here.books.people.change("root2", {"must_change": False})
    root2 = await here.signed_in("root2", "a bicycle in the rain")
    for body in ({"roles": ["agent"]}, {"disabled": True}):
        assert (await root2.patch(f"{PEOPLE}/root2", json=body)).status_code == 409
    assert (await root2.delete(f"{PEOPLE}/root2")).status_code == 409
    assert (await root2.patch(f"{PEOPLE}/a-admin", json={"disabled": True})).status_code == 409  # of the settings


async def test_a_reset_tells_a_password_once(here: Town, root: httpx.AsyncClient) -> None:
    await made(root)
    password = (await root.post(f"{PEOPLE}/mei/reset")).json()["password"]
    mei = await here.signed_in("mei", password)
    assert (await mei.get("/api/v1/me")).json()["limited"] == "password"
    assert (await root.post(f"{PEOPLE}/nobody/reset")).status_code == 404


async def test_a_reset_ends_tokens_unless_they_are_kept(here: Town, root: httpx.AsyncClient) -> None:
    """Whoever knew the password may have made a token with it."""
    await made(root)
    _, kept = await here.books.tokens.make("mei", "t", ["contacts:read"], None)
    await here.books.tokens.make("mei", "over", ["contacts:read"], -1.0)
    _, others = await here.books.tokens.make("a-agent", "t", ["contacts:read"], None)
    row = next(row for row in (await root.get(PEOPLE)).json()["people"] if row["id"] == "mei")
    assert row["tokens"] == 1, "one of two is over"
    assert (await root.post(f"{PEOPLE}/mei/reset", json={"keep_tokens": True})).json()["tokens_ended"] == 0
    assert await here.books.tokens.find(kept, "") is not None
    assert (await root.post(f"{PEOPLE}/mei/reset", json={"keep_tokens": 1})).status_code == 400
    assert (await root.post(f"{PEOPLE}/mei/reset")).json()["tokens_ended"] == 2
    assert await here.books.tokens.find(kept, "") is None
    assert await here.books.tokens.find(others, "") is not None


async def test_people_of_the_settings_show_when_they_were_here(here: Town, root: httpx.AsyncClient) -> None:
    here.now += 60
    await here.signed_in("a-agent")
    here.now += 60
    await here.client().post("/api/v1/login", json={"username": "a-senior", "password": "wrong"})
    seen = {row["id"]: row["signed_in_at"] for row in (await root.get(PEOPLE)).json()["people"]}
    assert (seen["a-admin"], seen["a-agent"], seen["a-senior"]) == (here.now - 120, here.now - 60, None)


async def test_who_is_taken_out_is_gone_with_tokens(here: Town, root: httpx.AsyncClient) -> None:
    await made(root)
    _, text = await here.books.tokens.make("mei", "t", ["contacts:read"], None)
    assert (await root.delete(f"{PEOPLE}/mei")).status_code == 200
    assert await here.books.tokens.find(text, "") is None
    listed = (await root.get(PEOPLE)).json()["people"]
    assert "mei" not in {row["id"] for row in listed}
    assert {row["source"] for row in listed} == {"settings"}


async def test_a_lock_is_shown_and_taken_back(here: Town, root: httpx.AsyncClient) -> None:
    password = await made(root)
    for n in range(20):
        await here.client(address=f"10.1.0.{n}").post("/api/v1/login", json={"username": "mei", "password": "x"})
    body = {"username": "mei", "password": password}
    assert (await here.client(address="10.2.0.1").post("/api/v1/login", json=body)).status_code == 429
    row = next(row for row in (await root.get(PEOPLE)).json()["people"] if row["id"] == "mei")
    assert 800 < row["locked_for"] <= 900
    assert ("", "sign-in locked", "mei") in await here.told()
    assert (await root.post(f"{PEOPLE}/mei/unlock")).status_code == 200
    assert (await here.client(address="10.2.0.1").post("/api/v1/login", json=body)).status_code == 200


async def test_strangers_do_not_lock_out_who_was_here_before(here: Town, root: httpx.AsyncClient) -> None:
    password = await made(root)
    await here.signed_in("mei", password, address="10.0.0.7")
    for n in range(20):
        await here.client(address=f"10.1.0.{n}").post("/api/v1/login", json={"username": "mei", "password": "x"})
    await here.signed_in("mei", password, address="10.0.0.7")


async def test_rights_are_changed_with_a_fresh_password(here: Town, root: httpx.AsyncClient) -> None:
    here.now += 16 * 60
    refused = await root.post(PEOPLE, json={"id": "mei", "roles": ["agent"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "prove_again")
    assert (await root.get(PEOPLE)).status_code == 200
    assert (await root.post("/api/v1/account/prove", json={"password": "wrong"})).status_code == 403
    assert (await root.post("/api/v1/account/prove", json={"password": "a-admin"})).status_code == 200
    await made(root)


async def test_everything_is_written_down_with_who_and_whom(here: Town, root: httpx.AsyncClient) -> None:
    await made(root)
    await root.patch(f"{PEOPLE}/mei", json={"roles": ["senior"]})
    await root.post(f"{PEOPLE}/mei/reset")
    assert (await here.told())[:4] == [
        ("a-admin", "password reset", "mei"),
        ("a-admin", "account: roles changed", "mei"),
        ("a-admin", "account made", "mei"),
        ("a-admin", "signed in", "settings"),
    ]
    page = (await root.get("/api/v1/audit?limit=2")).json()
    rest = (await root.get(f"/api/v1/audit?limit=2&before={page['next']}")).json()
    assert [line["what"] for line in page["lines"] + rest["lines"]][2:] == ["account made", "signed in"]
    assert [line["what"] for line in (await root.get("/api/v1/audit?text=RESET&subject=mei")).json()["lines"]] == [
        "password reset"
    ]
    for wrong in ("limit=0", "before=x", "limit=1e3"):
        assert (await root.get(f"/api/v1/audit?{wrong}")).status_code == 400


async def test_the_token_of_the_house_may_do_it_too(here: Town) -> None:
    client = here.client(authorization=f"Bearer {TOKEN}")
    await made(client)
    assert ("api token", "account made", "mei") in await here.told()
