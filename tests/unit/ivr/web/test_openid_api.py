"""Signing in by a provider of OpenID Connect that really runs: who comes in, as whom, and whom nobody takes for another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from redis.asyncio import Redis

from ivr.accounts.model import Account
from ivr.accounts.openid import OpenId
from ivr.accounts.openid import Provider as Told
from ivr.errors import StoreUnavailable
from ivr.web.auth import COOKIE
from tests.unit.ivr.accounts.provider import CLIENT, SECRET, Provider
from tests.unit.ivr.web.town import Town, town

BEGIN = "/api/v1/oidc/house/begin?back=/admin"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider("")
    server = uvicorn.Server(uvicorn.Config(made.app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    made.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield made
    server.should_exit = True
    await task


@pytest.fixture
async def here(redis: Redis, tmp_path: Path, provider: Provider) -> AsyncIterator[Town]:
    groups = {"agents": "agent", "leads": "supervisor"}
    words = {"zh": "公司", "en": "House"}
    told = Told("house", provider.issuer, CLIENT, SECRET, words, roles_claim="groups", roles=groups)
    opened = OpenId(told, redis)
    async with town(redis, tmp_path, providers={"house": opened}) as made:
        yield made
    await opened.close()


async def through(client: httpx.AsyncClient, begin: str = BEGIN) -> tuple[str, httpx.Response]:
    """Go to the provider and come back: where the provider led to, and what was answered there."""
    begun = await client.get(begin)
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
        back = (await browser.get(begun.headers["location"])).headers["location"]
    return back, await client.get(back)


async def test_who_is_known_there_comes_in_with_the_roles_of_the_groups(here: Town, provider: Provider) -> None:
    ways = (await here.client().get("/api/v1/sign-in")).json()
    assert ways == {"providers": [{"name": "house", "zh": "公司", "en": "House"}]}
    client = here.client()
    _, landed = await through(client)
    assert (landed.status_code, landed.headers["location"]) == (303, "/admin")
    assert "samesite=strict" in landed.headers["set-cookie"].lower()
    me = (await client.get("/api/v1/me")).json()
    assert (me["id"], me["name"], me["roles"], me["limited"]) == ("mei", "Mei Lin", ["agent"], "")
    assert {"openid", "profile", "email"} == set(provider.asked[0]["scope"].split())

    provider.person |= {"groups": ["leads", "others"], "name": "Mei Lin-Chen"}
    again = here.client()
    await through(again)
    assert (await again.get("/api/v1/me")).json()["roles"] == ["supervisor"]
    assert (await client.get("/api/v1/me")).status_code == 401  # sessions with the old roles ended
    assert ("house", "roles changed", "mei") in await here.told()


async def test_who_lost_every_group_stays_out(here: Town, provider: Provider) -> None:
    client = here.client()
    await through(client)
    provider.person["groups"] = []
    for _ in range(2):
        _, landed = await through(here.client())
        assert landed.headers["location"] == "/desk?signin=refused"
    assert (await client.get("/api/v1/me")).status_code == 401  # nor does an open session go on, or a token with these roles
    assert (await here.gate.house.account("mei")) == Account("mei", "Mei Lin", (), "oidc:house")
    assert [what for _, what, _ in await here.told()].count("roles changed") == 1
    provider.person["groups"] = ["agents"]
    assert (await through(here.client()))[1].headers["location"] == "/admin"
    provider.person["groups"] = []
    provider.person |= {"sub": "s-9", "preferred_username": "new"}
    assert (await through(here.client()))[1].headers["location"] == "/desk?signin=refused"


@pytest.mark.parametrize("taken", ["a-admin", "local"])
async def test_an_account_of_the_same_name_is_never_taken_over(here: Town, provider: Provider, taken: str) -> None:
    await here.books.people.add(Account("local", "", ("admin",), "local"), "root", password="a bicycle in the rain")
    provider.person["preferred_username"] = taken
    client = here.client()
    _, landed = await through(client)
    assert landed.headers["location"] == "/desk?signin=refused"
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_subject_is_who_it_was_though_the_name_changes(here: Town, provider: Provider) -> None:
    await through(here.client())
    provider.person["preferred_username"] = "renamed"
    client = here.client()
    await through(client)
    assert (await client.get("/api/v1/me")).json()["id"] == "mei"
    provider.person |= {"sub": "s-2", "preferred_username": "mei"}  # somebody else got the name there
    assert (await through(here.client()))[1].headers["location"] == "/desk?signin=refused"


async def test_an_administrator_gives_an_account_to_the_provider(here: Town, provider: Provider) -> None:
    root = await here.signed_in("a-admin")
    made = await root.post("/api/v1/people", json={"id": "mei", "roles": ["agent"], "provider": "house"})
    assert (made.status_code, made.json()["password"]) == (201, "")
    client = here.client()
    await through(client)
    assert (await client.get("/api/v1/me")).json()["id"] == "mei"
    assert (await root.patch("/api/v1/people/mei", json={"disabled": True})).status_code == 200
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await through(here.client()))[1].headers["location"] == "/desk?signin=refused"


FORGED: tuple[dict[str, Any], ...] = (
    {"nonce": "another"},
    {"aud": "another"},
    {"aud": [CLIENT, "another"]},
    {"azp": "another"},
    {"iss": "https://evil.example"},
    {"exp": 1},
    {"exp": None},
    {"iat": 9_999_999_999},
    {"sub": 5},
)


async def test_a_token_for_another_or_too_old_opens_nothing(here: Town, provider: Provider) -> None:
    client, opened = here.client(), []
    for forged in FORGED:
        provider.forged = forged
        _, landed = await through(client)
        if landed.headers["location"] != "/desk?signin=refused":
            opened.append(forged)
    assert opened == []
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_another_key_opens_nothing_and_a_new_one_of_the_provider_does(here: Town, provider: Provider) -> None:
    assert (await through(here.client()))[1].headers["location"] == "/admin"
    provider.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    assert (await through(here.client()))[1].headers["location"] == "/desk?signin=refused"
    provider.published = provider.key
    assert (await through(here.client()))[1].headers["location"] == "/admin"


async def test_an_answer_counts_once_and_in_the_browser_that_asked(here: Town) -> None:
    victim, thief = here.client(), here.client()
    await thief.get(BEGIN)
    begun = await victim.get(BEGIN)
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
        back = (await browser.get(begun.headers["location"])).headers["location"]
    assert (await thief.get(back)).headers["location"] == "/desk?signin=refused"
    assert (await victim.get(back)).headers["location"] == "/desk?signin=refused"  # used up by the thief's attempt
    fine, _ = await through(here.client())
    assert (await victim.get(fine)).headers["location"] == "/desk?signin=refused"


async def test_an_answer_of_another_provider_is_refused(here: Town) -> None:
    client = here.client()
    begun = await client.get(BEGIN)
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
        back = (await browser.get(begun.headers["location"])).headers["location"]
    mixed = back.partition("&iss=")[0] + "&iss=https%3A%2F%2Fevil.example"
    assert (await client.get(mixed)).headers["location"] == "/desk?signin=refused"
    assert (await client.get("/api/v1/oidc/house/callback?error=access_denied&state=x")).headers[
        "location"
    ] == "/desk?signin=refused"


async def test_nobody_is_led_elsewhere(here: Town) -> None:
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "/api/v1/logout"):
        _, landed = await through(here.client(), f"/api/v1/oidc/house/begin?back={back}")
        assert landed.headers["location"] == "/desk"


async def test_the_password_is_asked_for_anew_where_it_is_wanted(here: Town) -> None:
    begun = await here.client().get(f"{BEGIN}&again=1")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])


@pytest.mark.parametrize(
    ("begin", "minutes", "proved"),
    [
        (BEGIN, None, False),
        (BEGIN, 1, True),
        (BEGIN, 60, False),
        (f"{BEGIN}&again=1", None, True),
        (f"{BEGIN}&again=1", 60, False),
    ],
)
async def test_an_open_session_at_the_provider_is_no_password_given_now(
    here: Town, provider: Provider, begin: str, minutes: float | None, proved: bool
) -> None:
    """Whoever sits at a browser left open changes no rights by signing in once more without a password."""
    here.now = time.time() + 5
    if minutes is not None:
        provider.person["auth_time"] = int(here.now - 60 * minutes)
    client = here.client()
    await through(client, begin)
    assert (await client.get("/api/v1/account")).json()["proved"] is proved
    made = await client.post("/api/v1/account/tokens", json={"name": "t", "scopes": ["*:*"]})
    assert made.status_code == (201 if proved else 403)


@pytest.mark.parametrize(
    ("verified", "landed"), [(True, "/admin"), (False, "/desk?signin=refused"), (None, "/desk?signin=refused")]
)
async def test_an_email_that_nobody_verified_is_no_name(
    redis: Redis, tmp_path: Path, provider: Provider, verified: bool | None, landed: str
) -> None:
    told = Told("house", provider.issuer, CLIENT, SECRET, id_claim="email", everybody=("agent",))
    opened = OpenId(told, redis)
    async with town(redis, tmp_path, providers={"house": opened}) as here:
        root = await here.signed_in("a-admin")
        await root.post("/api/v1/people", json={"id": "boss@example.org", "roles": ["admin"], "provider": "house"})
        provider.person |= {"email": "boss@example.org", "email_verified": verified}
        assert (await through(here.client()))[1].headers["location"] == landed
    await opened.close()


async def test_a_provider_that_always_names_itself_is_missed(here: Town, provider: Provider) -> None:
    provider.more = {"authorization_response_iss_parameter_supported": True}
    assert (await through(here.client()))[1].headers["location"] == "/admin"
    client = here.client()
    begun = await client.get(BEGIN)
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
        back = (await browser.get(begun.headers["location"])).headers["location"]
    assert (await client.get(back.partition("&iss=")[0])).headers["location"] == "/desk?signin=refused"


async def test_one_address_begins_so_often_and_no_more(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.accounts.lockout.BEGUN_BY_ADDRESS", 2)
    assert [(await here.client().get(BEGIN)).status_code for _ in range(3)] == [303, 303, 429]
    assert (await here.client(address="10.0.0.2").get(BEGIN)).status_code == 303


async def test_strangers_do_not_fill_the_audit(here: Town, provider: Provider) -> None:
    for n in range(3):
        await here.client().get(f"/api/v1/oidc/house/callback?code=x&state=made-up-{n}")
    assert await here.told() == []
    provider.person["preferred_username"] = "A-Admin"  # looks like one of the settings
    assert (await through(here.client()))[1].headers["location"] == "/desk?signin=refused"
    (line,) = await here.books.trail.lines(5)
    assert (line["what"], line["subject"]) == ("sign-in refused", "oidc:house") and line["note"].startswith("A-Admin: ")


async def test_behind_a_proxy_that_ends_tls_the_cookie_stays_on_tls(redis: Redis, tmp_path: Path, provider: Provider) -> None:
    opened = OpenId(Told("house", provider.issuer, CLIENT, SECRET, everybody=("agent",)), redis)
    async with town(redis, tmp_path, providers={"house": opened}, origins=("https://desk.example.org",)) as here:
        client = here.client()
        begun = await client.get(BEGIN)
        async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
            back = urlsplit((await browser.get(begun.headers["location"])).headers["location"])
        bound = begun.headers["set-cookie"].partition(";")[0]
        landed = await client.get(f"{back.path}?{back.query}", headers={"cookie": bound})
        cookies = [one for one in landed.headers.get_list("set-cookie") if one.startswith(COOKIE)]
        assert len(cookies) == 1 and "; secure" in cookies[0].lower()
    await opened.close()


async def test_a_provider_that_is_away_is_said(redis: Redis, tmp_path: Path) -> None:
    opened = OpenId(Told("house", "http://127.0.0.1:9", CLIENT, SECRET, everybody=("agent",)), redis)
    async with town(redis, tmp_path, providers={"house": opened}) as here:
        response = await here.client().get("/api/v1/oidc/house/begin?back=/wall")
        assert response.headers["location"] == "/wall?signin=provider_away"
    await opened.close()


async def test_a_provider_of_another_name_is_not_believed(redis: Redis, tmp_path: Path, provider: Provider) -> None:
    told = Told("house", provider.issuer, CLIENT, SECRET, everybody=("agent",))
    provider.issuer += "/other"
    opened = OpenId(replace(told), redis)
    async with town(redis, tmp_path, providers={"house": opened}) as here:
        assert (await here.client().get(BEGIN)).headers["location"] == "/admin?signin=provider_away"
    await opened.close()


LEAVE = {"end_session_endpoint": "http://127.0.0.1:1/leave?realm=a"}
AFTER = "/api/v1/oidc/house/signed-out"
NOTICE = "/api/v1/oidc/house/backchannel"


async def test_who_signs_out_is_led_on_to_the_provider_and_back_to_the_page(here: Town, provider: Provider) -> None:
    provider.more = LEAVE
    client = here.client()
    await through(client)
    left = await client.post("/api/v1/logout", json={"back": "/wall"})
    url = urlsplit(left.json()["next"])
    asked = parse_qs(url.query)
    assert f"{url.scheme}://{url.netloc}{url.path}" == "http://127.0.0.1:1/leave"
    assert (asked["realm"], asked["client_id"], asked["state"]) == (["a"], [CLIENT], ["/wall"])
    assert asked["post_logout_redirect_uri"] == [f"http://hotline{AFTER}"]
    assert jwt.decode(asked["id_token_hint"][0], provider.key).claims["sub"] == "s-1"
    assert (await client.get("/api/v1/me")).status_code == 401
    back = await client.get(f"{AFTER}?state=%2Fwall")
    assert (back.status_code, back.headers["location"]) == (303, "/wall")
    for elsewhere in ("https://evil.example", "//evil.example", ""):
        assert (await client.get(AFTER, params={"state": elsewhere})).headers["location"] == "/desk"
    assert (await client.post("/api/v1/logout")).json() == {"next": ""}, "nobody is signed in any more"


async def test_signing_out_stays_here_without_such_a_place_or_wish(
    here: Town, redis: Redis, tmp_path: Path, provider: Provider
) -> None:
    client = here.client()
    await through(client)
    assert (await client.post("/api/v1/logout")).json() == {"next": ""}
    local = await here.signed_in("a-agent")
    assert (await local.post("/api/v1/logout", json={})).json() == {"next": ""}
    provider.more = {"end_session_endpoint": "javascript:alert(1)"}
    unsafe = OpenId(Told("house", provider.issuer, CLIENT, SECRET), redis)
    assert await unsafe.farewell("", "http://hotline/x", "/desk") == ""
    provider.more = LEAVE
    alone = OpenId(Told("house", provider.issuer, CLIENT, SECRET, leave=False), redis)
    assert await alone.farewell("", "http://hotline/x", "/desk") == ""
    for one in (unsafe, alone):
        await one.close()


async def test_who_signs_out_does_not_wait_for_a_provider_that_is_gone(here: Town, provider: Provider) -> None:
    client = here.client()
    await through(client)
    opened = here.books.providers["house"]
    opened._known = None
    opened.provider = replace(opened.provider, issuer="http://127.0.0.1:9")
    assert (await client.post("/api/v1/logout")).json() == {"next": ""}
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_provider_ends_one_session_or_all_of_a_person(here: Town, provider: Provider) -> None:
    provider.person["sid"] = "there-1"
    one, other, local = here.client(), here.client(), await here.signed_in("a-agent")
    await through(one)
    provider.person["sid"] = "there-2"
    await through(other)
    notice = provider.logout_token(sub="s-1", sid="there-1")
    assert (await here.client().post(NOTICE, data={"logout_token": notice})).status_code == 200
    assert [(await who.get("/api/v1/me")).status_code for who in (one, other, local)] == [401, 200, 200]
    assert (await here.told())[0] == ("oidc:house", "signed out by the provider", "mei")
    everywhere = provider.logout_token(sub="s-1")
    assert (await here.client().post(NOTICE, data={"logout_token": everywhere})).status_code == 200
    assert [(await who.get("/api/v1/me")).status_code for who in (other, local)] == [401, 200]
    again = here.client()
    await through(again)
    assert (await here.client().post(NOTICE, data={"logout_token": everywhere})).status_code == 200
    assert (await again.get("/api/v1/me")).status_code == 200, "a notice counts once"


async def test_a_notice_that_fails_halfway_counts_when_it_is_told_again(
    here: Town, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = here.client()
    await through(client)
    notice = provider.logout_token(sub="s-1")

    async def away(name: str, subject: str) -> None:
        raise StoreUnavailable("the database is away")

    monkeypatch.setattr(here.books.people, "of_subject", away)
    assert (await here.client().post(NOTICE, data={"logout_token": notice})).status_code == 503
    monkeypatch.undo()
    assert (await here.client().post(NOTICE, data={"logout_token": notice})).status_code == 200
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_nobody_but_the_provider_ends_sessions(here: Town, provider: Provider) -> None:
    client = here.client()
    await through(client)
    wrong: tuple[dict[str, Any], ...] = (
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"iat": 1_790_000_000, "exp": 9_999_999_999},
        {"jti": None},
        {"events": None},
        {"events": {"something": {}}},
        {"nonce": "n"},
        {"sub": None},
        {"sub": 5},
    )
    forms = [{"logout_token": provider.logout_token(**{"sub": "s-1", **claims})} for claims in wrong]
    other = Provider(provider.issuer)
    other.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    forms += [{"logout_token": other.logout_token(sub="s-1")}, {"logout_token": "x.y.z"}, {}, {str(n): "x" for n in range(20)}]
    sent = [await here.client().post(NOTICE, data=form) for form in forms]
    assert [response.status_code for response in sent] == [400] * len(forms)
    large = await here.client().post(NOTICE, content=b"logout_token=" + b"x" * 20000)
    foreign = await here.client().post("/api/v1/oidc/nobody/backchannel", data={"logout_token": "x"})
    assert (large.status_code, foreign.status_code) == (400, 404)
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_forged_notices_make_nobody_ask_the_provider_for_its_keys(
    here: Town, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await through(here.client())
    asked: list[str] = []
    opened = here.books.providers["house"]
    read = opened._get

    async def counted(url: str) -> Any:
        asked.append(url)
        return await read(url)

    monkeypatch.setattr(opened, "_get", counted)
    for n in range(20):
        await here.client(address=f"10.9.0.{n}").post(NOTICE, data={"logout_token": "a.b.c"})
    assert len(asked) <= 1
