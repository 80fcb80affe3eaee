"""One's own account: password, app, sessions, tokens; and what a thief of a cookie cannot do with it."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from redis.asyncio import Redis
from sqlalchemy import select
from starlette.datastructures import URL, Address

from ivr.accounts.factors import Factors
from ivr.accounts.model import Account, session_id
from ivr.accounts.sessions import SESSION_SECONDS, SessionStore
from ivr.accounts.tables import factors
from ivr.errors import NotAllowed
from ivr.web.auth import COOKIE, SIGNED_OUT
from tests.unit.ivr.web.town import BROWSER, TOKEN, Town, town

ACCOUNT = "/api/v1/account"


@pytest.fixture
async def here(redis: Redis, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(redis, tmp_path) as made:
        yield made


async def test_sessions_are_listed_and_ended(here: Town) -> None:
    one = await here.signed_in("a-agent", address="10.0.0.1")
    other = await here.signed_in("a-agent", address="10.0.0.2")
    listed = (await one.get(f"{ACCOUNT}/sessions")).json()["sessions"]
    assert sorted((row["address"], row["this"]) for row in listed) == [("10.0.0.1", True), ("10.0.0.2", False)]
    that = next(row["id"] for row in listed if not row["this"])
    assert (await one.delete(f"{ACCOUNT}/sessions/{that}")).status_code == 200
    assert (await one.delete(f"{ACCOUNT}/sessions/{that}")).status_code == 404
    assert (await other.get("/api/v1/me")).status_code == 401
    await here.signed_in("a-agent", address="10.0.0.3")
    assert (await one.delete(f"{ACCOUNT}/sessions")).json() == {"ended": 1}
    assert (await one.get("/api/v1/me")).status_code == 200


async def test_nobody_ends_sessions_of_others(here: Town) -> None:
    one, other = await here.signed_in("a-agent"), await here.signed_in("a-senior")
    listed = (await other.get(f"{ACCOUNT}/sessions")).json()["sessions"]
    assert (await one.delete(f"{ACCOUNT}/sessions/{listed[0]['id']}")).status_code == 404
    assert (await other.get("/api/v1/me")).status_code == 200


async def test_a_stolen_cookie_in_another_browser_ends_the_session(here: Town) -> None:
    victim = await here.signed_in("a-agent")
    cookie = {COOKIE: victim.cookies[COOKIE]}
    newer = here.client(browser=BROWSER.replace("149", "150"))
    newer.cookies.update(cookie)
    assert (await newer.get("/api/v1/me")).status_code == 200  # the same browser after its update
    thief = here.client(address="203.0.113.9", browser="curl/8.5.0")
    thief.cookies.update(cookie)
    assert (await thief.get("/api/v1/me")).status_code == 401
    assert (await victim.get("/api/v1/me")).status_code == 401
    assert (await here.told())[0][1] == "session ended: used by another browser"


async def test_a_copy_of_redis_opens_no_session(here: Town) -> None:
    await here.signed_in("a-agent")
    keys = [key.decode() if isinstance(key, bytes) else key async for key in here.redis.scan_iter("web:session:*")]
    assert len(keys) == 1
    thief = here.client()
    thief.cookies.set(COOKIE, keys[0].rpartition(":")[2])
    assert (await thief.get("/api/v1/me")).status_code == 401


async def test_an_account_has_so_many_sessions_and_no_more(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.accounts.sessions.MOST_OF_ONE", 2)
    clients = []
    for _ in range(4):
        here.now += 1
        clients.append(await here.signed_in("a-agent"))
    assert [(await one.get("/api/v1/me")).status_code for one in clients] == [401, 401, 200, 200]


async def test_a_held_socket_closes_with_its_session(here: Town) -> None:
    client = await here.signed_in("a-agent")
    sessions, sid = here.gate.house.sessions, session_id(client.cookies[COOKIE])
    closed = asyncio.Event()
    with sessions.held(sid, closed.set):
        await client.post("/api/v1/logout")
        async with asyncio.timeout(5):
            await closed.wait()


async def test_another_node_hears_that_a_session_ended(here: Town) -> None:
    client = await here.signed_in("a-agent")
    other, closed = SessionStore(here.redis), asyncio.Event()
    with other.held(session_id(client.cookies[COOKIE]), closed.set):
        following = asyncio.create_task(other.follow())
        await client.post("/api/v1/logout")  # told, or found gone when it begins to listen
        async with asyncio.timeout(10):
            await closed.wait()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_an_app_is_set_up_asked_for_and_taken_out(here: Town) -> None:
    client = await here.signed_in("a-agent")
    begun = (await client.post(f"{ACCOUNT}/totp")).json()
    assert begun["uri"].startswith("otpauth://totp/") and len(begun["rows"]) == len(begun["rows"][0])
    app = pyotp.TOTP(begun["secret"])
    assert (await client.put(f"{ACCOUNT}/totp", json={"code": "12345"})).status_code == 422
    shown = app.at(int(here.now))
    done = await client.put(f"{ACCOUNT}/totp", json={"code": f"{shown[:3]} {shown[3:]}"})  # as many apps show it
    recovery = done.json()["recovery"]
    assert len(set(recovery)) == 8

    body = {"username": "a-agent", "password": "a-agent"}
    asked = await here.client().post("/api/v1/login", json=body)
    assert (asked.status_code, asked.json()["error"]["code"]) == (401, "code_needed")
    used = await here.client().post("/api/v1/login", json={**body, "code": app.at(int(here.now))})
    assert used.status_code == 401  # a code that was used, by whoever saw it
    here.now += 30
    client = await here.signed_in("a-agent", code=app.at(int(here.now)))
    await here.signed_in("a-agent", code=recovery[0].upper())
    again = await here.client().post("/api/v1/login", json={**body, "code": recovery[0]})
    assert again.status_code == 401
    shown = (await client.get(ACCOUNT)).json()["totp"]
    assert shown == {"on": True, "recovery_left": 7, "required": False}
    assert (await client.delete(f"{ACCOUNT}/totp")).status_code == 200
    await here.signed_in("a-agent")


async def test_a_copy_of_sql_shows_no_secret_of_an_app(here: Town) -> None:
    sealed = Factors(here.engine, here.redis, lambda: here.now, [bytes(range(32))])
    secret = pyotp.random_base32()
    codes = await sealed.enrol("a-agent", secret, pyotp.TOTP(secret).at(int(here.now)))
    async with here.engine.connect() as connection:
        kept = str((await connection.execute(select(factors.c.secret))).scalar_one())
    assert secret not in kept and base64.b32decode(secret) not in base64.b64decode(kept)
    here.now += 30
    assert await sealed.check("a-agent", pyotp.TOTP(secret).at(int(here.now)))
    with pytest.raises(NotAllowed):
        await here.books.factors.check("a-agent", "123456")
    assert codes is not None and await here.books.factors.check("a-agent", codes[0])


async def test_a_new_password_ends_tokens_where_that_is_wanted(here: Town) -> None:
    await here.books.people.add(
        Account("mei", "", ("agent",), "local"), "root", password="a bicycle in the rain", must_change=False
    )
    mei = await here.signed_in("mei", "a bicycle in the rain")
    _, text = await here.books.tokens.make("mei", "t", ["contacts:read"], None)
    await mei.post(f"{ACCOUNT}/password", json={"password": "two bicycles in the rain"})
    assert await here.books.tokens.find(text, "") is not None
    await mei.post(f"{ACCOUNT}/password", json={"password": "three bicycles in the rain", "end_tokens": True})
    assert await here.books.tokens.find(text, "") is None
    assert (await mei.get(ACCOUNT)).json()["lines"][0]["note"] == "API tokens taken out: 1"


async def test_what_lies_bare_is_sealed_by_the_key_that_came(here: Town) -> None:
    secret = pyotp.random_base32()
    await here.books.factors.enrol("a-agent", secret, pyotp.TOTP(secret).at(int(here.now)))
    sealed = Factors(here.engine, here.redis, lambda: here.now, [bytes(range(32))])
    assert [await sealed.seal_again(), await sealed.seal_again()] == [1, 0]
    async with here.engine.connect() as connection:
        assert secret not in str((await connection.execute(select(factors.c.secret))).scalar_one())
    here.now += 30
    assert await sealed.check("a-agent", pyotp.TOTP(secret).at(int(here.now)))


async def test_codes_cannot_be_guessed(here: Town) -> None:
    client = await here.signed_in("a-agent")
    secret = (await client.post(f"{ACCOUNT}/totp")).json()["secret"]
    await client.put(f"{ACCOUNT}/totp", json={"code": pyotp.TOTP(secret).at(int(here.now))})
    body = {"username": "a-agent", "password": "a-agent", "code": "000000"}
    answers = [(await here.client().post("/api/v1/login", json=body)).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


async def test_a_role_that_needs_an_app_can_do_nothing_before(redis: Redis, tmp_path: Path) -> None:
    async with town(redis, tmp_path, totp_required=frozenset({"admin"})) as here:
        root = await here.signed_in("a-admin")
        assert (await root.get("/api/v1/people")).json()["error"]["code"] == "unfinished"
        assert (await root.get(ACCOUNT)).json()["totp"]["required"]
        secret = (await root.post(f"{ACCOUNT}/totp")).json()["secret"]
        done = await root.put(f"{ACCOUNT}/totp", json={"code": pyotp.TOTP(secret).at(int(here.now))})
        assert done.json()["limited"] == ""
        assert (await root.get("/api/v1/people")).status_code == 200
        assert (await (await here.signed_in("a-agent")).get(f"{ACCOUNT}/tokens")).status_code == 200


async def test_a_token_reaches_its_scopes_with_its_owners_roles(here: Town) -> None:
    root = await here.signed_in("a-admin")
    refused = await root.post(f"{ACCOUNT}/tokens", json={"name": "t", "scopes": ["everything"]})
    assert refused.status_code == 400
    made = (await root.post(f"{ACCOUNT}/tokens", json={"name": "report", "scopes": ["people:read"], "days": 1})).json()
    program = here.client(browser="report/1", authorization=f"Bearer {made['token']}")
    assert (await program.get("/api/v1/people")).status_code == 200
    assert (await program.post("/api/v1/people", json={})).status_code == 403
    assert (await program.get("/api/v1/audit")).status_code == 403
    assert (await program.get(ACCOUNT)).status_code == 401  # nobody's own account is a program's business
    assert "token" not in (await root.get(f"{ACCOUNT}/tokens")).json()["tokens"][0]
    here.now += 86401
    assert (await program.get("/api/v1/people")).status_code == 401


async def test_a_token_ends_when_it_is_taken_out(here: Town) -> None:
    agent, root = await here.signed_in("a-agent"), await here.signed_in("a-admin")
    mine = (await agent.post(f"{ACCOUNT}/tokens", json={"name": "t", "scopes": ["*:*"]})).json()
    program = here.client(authorization=f"Bearer {mine['token']}")
    assert (await program.get("/api/v1/people")).status_code == 403  # an agent's token is no administrator
    assert (await (await here.signed_in("a-senior")).delete(f"{ACCOUNT}/tokens/{mine['id']}")).status_code == 404
    assert (await root.delete(f"/api/v1/tokens/{mine['id']}")).status_code == 200
    assert (await program.get("/api/v1/people")).status_code == 401


async def test_a_stolen_session_takes_over_nothing_later(here: Town) -> None:
    """After a quarter of an hour whoever has the cookie alone changes no rights of the account."""
    client = await here.signed_in("a-admin")
    here.now += 3600
    for method, path, body in (
        ("POST", f"{ACCOUNT}/totp", {}),
        ("DELETE", f"{ACCOUNT}/totp", None),
        ("POST", f"{ACCOUNT}/tokens", {"name": "t", "scopes": ["*:*"]}),
        ("POST", f"{ACCOUNT}/password", {"password": "a bicycle in the rain"}),
    ):
        for headers in ({}, {"authorization": "Bearer hl_of-nobody"}, {"authorization": f"Bearer {TOKEN}"}):
            response = await client.request(method, path, json=body, headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (403, "prove_again"), path


async def test_many_guesses_at_the_same_moment_are_no_more_than_the_bounds_allow(here: Town) -> None:
    looked = 0
    verify = here.gate.house.verify

    async def counted(name: str, password: str) -> Account | None:
        nonlocal looked
        looked += 1
        await asyncio.sleep(0.01)
        return await verify(name, password)

    here.gate.house.verify = counted  # type: ignore[method-assign]
    thief = here.client(address="203.0.113.9")
    guesses = [thief.post("/api/v1/login", json={"username": "a-agent", "password": f"guess-{n}"}) for n in range(40)]
    answers = [one.status_code for one in await asyncio.gather(*guesses)]
    assert (looked, answers.count(401), answers.count(429)) == (5, 5, 35)
    assert await here.gate.house.lockout.locked("a-agent") == [0]
    await here.signed_in("a-agent", address="10.0.0.2")  # what was refused did not lock the name for others


async def test_a_right_password_is_no_failure(here: Town) -> None:
    for _ in range(35):
        await here.signed_in("a-agent")
    assert (await here.client().post("/api/v1/login", json={"username": "a-senior", "password": "x"})).status_code == 401


async def test_of_an_ipv6_network_every_address_is_one(here: Town) -> None:
    answers = []
    for n in range(6):
        body = {"username": "a-agent", "password": "x"}
        answers.append((await here.client(address=f"2001:db8:1:2::{n + 1}").post("/api/v1/login", json=body)).status_code)
    assert answers == [401] * 5 + [429]
    await here.signed_in("a-agent", address="2001:db8:1:3::1")
    await here.gate.house.lockout.unlock("a-agent")
    await here.signed_in("a-agent", address="2001:db8:1:2::9")


class Socket:
    """A page's socket as the gate sees it."""

    def __init__(self, client: httpx.AsyncClient, **headers: str) -> None:
        self.cookies, self.headers = dict(client.cookies), {"user-agent": BROWSER, **headers}
        self.client, self.scope, self.url = Address("10.0.0.1", 5000), dict[str, object](), URL("http://hotline/ws/admin")
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def close(self, code: int, reason: str) -> None:
        self.closed.set_result(code)


async def test_a_socket_whose_session_ended_as_it_opened_is_closed(here: Town) -> None:
    client = await here.signed_in("a-agent")
    socket: Any = Socket(client)
    assert await here.gate.account(socket) is not None
    await client.post("/api/v1/logout")
    async with here.gate.held(socket):
        async with asyncio.timeout(5):
            assert await socket.closed == SIGNED_OUT


async def test_a_socket_closes_when_its_session_is_over(here: Town) -> None:
    socket: Any = Socket(await here.signed_in("a-agent"))
    here.now += SESSION_SECONDS - 0.05
    async with here.gate.held(socket):
        assert not socket.closed.done()
        async with asyncio.timeout(5):
            assert await socket.closed == SIGNED_OUT


async def test_a_programs_socket_stays_open(here: Town) -> None:
    client = await here.signed_in("a-agent")
    socket: Any = Socket(client, authorization=f"Bearer {TOKEN}")
    await here.gate.require(socket, "admin")
    await client.post("/api/v1/logout")
    async with here.gate.held(socket):
        await asyncio.sleep(0)
        assert not socket.closed.done()


async def test_what_is_done_by_a_socket_is_written_down_with_who(here: Town) -> None:
    socket: Any = Socket(await here.signed_in("a-supervisor"))
    await here.gate.account(socket)
    logging.getLogger("ivr.audit").warning("a talk was listened to")
    assert (await here.told())[0] == ("a-supervisor", "a talk was listened to", "")


async def test_the_account_shows_what_happened_last(here: Town) -> None:
    client = await here.signed_in("a-agent")
    shown = (await client.get(ACCOUNT)).json()
    assert (shown["id"], shown["source"], shown["password"]["own"], shown["proved"]) == ("a-agent", "settings", False, True)
    assert [line["what"] for line in shown["lines"]] == ["signed in"]
