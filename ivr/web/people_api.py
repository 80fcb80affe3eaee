"""`/api/v1/people`, `/tokens` and `/audit`: who may sign in, for administrators, and who did what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.accounts.house import SIGNED_IN, Books
from ivr.accounts.model import Account, Person
from ivr.accounts.passwords import made_password, weakness
from ivr.accounts.people import person_id
from ivr.accounts.roles import ROLES, unknown_roles
from ivr.errors import Conflict, NotFound
from ivr.web.account_api import flag_of, text_of, token_data
from ivr.web.api import BadRequest, body_of, error_response, options_of
from ivr.web.auth import Gate, visitor_of

MOST_LINES = 500


class PeopleApi:
    """The routes. Accounts of the settings are shown, and changed there."""

    def __init__(self, books: Books, gate: Gate) -> None:
        self._books, self._gate = books, gate

    @property
    def routes(self) -> list[Route]:
        one = "/api/v1/people/{person_id}"
        return [
            Route("/api/v1/people", self.people),
            Route("/api/v1/people", self.add, methods=["POST"]),
            Route(one, self.change, methods=["PATCH"]),
            Route(one, self.remove, methods=["DELETE"]),
            Route(f"{one}/reset", self.reset, methods=["POST"]),
            Route(f"{one}/unlock", self.unlock, methods=["POST"]),
            Route(f"{one}/sessions", self.end_sessions, methods=["DELETE"]),
            Route(f"{one}/totp", self.drop_totp, methods=["DELETE"]),
            Route("/api/v1/tokens", self.tokens),
            Route("/api/v1/tokens/{token_id}", self.drop_token, methods=["DELETE"]),
            Route("/api/v1/audit", self.audit),
        ]

    async def people(self, request: Request) -> Response:
        """Everybody who may sign in, those of the settings too, with what an administrator looks for."""
        await self._gate.require(request, "admin")
        house, factors = self._gate.house, await self._books.factors.everybody()
        rows = [_of_settings(account) for account in self._books.listed]
        taken, tokens = {row["id"] for row in rows}, await self._books.tokens.counts()
        seen = await self._books.trail.last(SIGNED_IN, [row["id"] for row in rows])
        for row in rows:
            row["signed_in_at"] = seen.get(row["id"])
        rows += [_of_person(person) for person in await self._books.people.all() if person.id not in taken]
        ids = [row["id"] for row in rows]
        sessions, locked = await house.sessions.counts(ids), await house.lockout.locked(*ids)
        for row, count, seconds in zip(rows, sessions, locked, strict=True):
            row |= {"totp": row["id"] in factors, "sessions": count, "locked_for": seconds, "tokens": tokens.get(row["id"], 0)}
        providers = [{"name": name, **one.provider.labels} for name, one in self._books.providers.items()]
        return JSONResponse({"people": rows, "roles": list(ROLES), "providers": providers})

    async def add(self, request: Request) -> Response:
        """`{id, name, roles, password, provider}`: without both a password is made, which is told once and must be changed."""
        by = await self._changing(request)
        body = await body_of(request)
        name = person_id(text_of(body, "id", 64))
        if not name:
            raise BadRequest("`id` is what somebody signs in with: 1 to 64 letters, digits, and . _ - @ +")
        if any(account.id.casefold() == name.casefold() for account in self._books.listed):
            raise Conflict(f"'{name}' stands in the settings with a password; take it out there first")
        account = Account(name, text_of(body, "name", 128, "").strip(), _roles(body), "local")
        provider = text_of(body, "provider", 64, "")
        if provider and provider not in self._books.providers:
            raise BadRequest(f"there is no provider '{provider}' in the settings")
        given = text_of(body, "password", 1000, "")
        if given and provider:
            raise BadRequest("either a password or a provider that vouches")
        if given and (weak := weakness(given, name, account.name)):
            return error_response(422, "weak_password", weak)
        password = "" if provider else given or made_password()
        person = await self._books.people.add(account, by.id, password=password, provider=provider)
        await self._note(request, by, "account made", name, ", ".join(account.roles))
        return JSONResponse({"person": _of_person(person), "password": "" if given else password}, 201)

    async def change(self, request: Request) -> Response:
        """`{name, roles, disabled, provider}`, each by choice. New roles and being disabled end the person's sessions."""
        by = await self._changing(request)
        person = await self._person(request)
        body = await body_of(request)
        values: dict[str, Any] = {}
        if "name" in body:
            values["name"] = text_of(body, "name", 128).strip()
        if "roles" in body:
            values["roles"] = list(_roles(body))
        if "disabled" in body:
            if not isinstance(body["disabled"], bool):
                raise BadRequest("`disabled` is true or false")
            values["disabled"] = body["disabled"]
        if "provider" in body:
            values |= self._given_to(text_of(body, "provider", 64), person)
        if not values:
            raise BadRequest("send `name`, `roles`, `disabled` or `provider`")
        lost = "admin" not in values.get("roles", person.roles) or values.get("disabled", person.disabled)
        if person.id == by.id and lost:
            raise Conflict("you cannot take your own rights; ask another administrator")
        changed = await self._books.people.change(person.id, values)
        if changed.account != person.account or changed.disabled:
            await self._gate.house.sessions.end_all(person.id)
        for column in values:
            told = f"{_told(getattr(person, column))} → {_told(getattr(changed, column))}"
            await self._note(request, by, f"account: {column} changed", person.id, told)
        return JSONResponse({"person": _of_person(changed)})

    async def remove(self, request: Request) -> Response:
        """Take an account out for good, with its app, tokens and sessions. The audit keeps the name."""
        by = await self._changing(request)
        person = await self._person(request)
        if person.id == by.id:
            raise Conflict("you cannot take yourself out; ask another administrator")
        await self._books.people.remove(person.id)
        await self._books.factors.remove(person.id)
        await self._books.tokens.revoke_all(person.id)
        await self._gate.house.sessions.end_all(person.id)
        await self._note(request, by, "account taken out", person.id)
        return JSONResponse({})

    async def reset(self, request: Request) -> Response:
        """A new password, told once and to be changed at the first sign-in. Sessions end, a lock is taken back.

        `{keep_tokens}`: true leaves API tokens; else they end too, for whoever knew the password may have made one.
        """
        by = await self._changing(request)
        person = await self._person(request)
        keep = flag_of(await options_of(request), "keep_tokens")
        if person.provider:
            raise Conflict("the provider knows this password; reset it there")
        password = made_password()
        await self._books.people.set_password(person.id, password, must_change=True)
        await self._gate.house.sessions.end_all(person.id)
        await self._gate.house.lockout.unlock(person.id)
        ended = 0 if keep else await self._books.tokens.revoke_all(person.id)
        await self._note(request, by, "password reset", person.id, f"API tokens taken out: {ended}" if ended else "")
        return JSONResponse({"password": password, "tokens_ended": ended})

    async def unlock(self, request: Request) -> Response:
        by = await self._changing(request)
        name = await self._anybody(request)
        await self._gate.house.lockout.unlock(name)
        await self._note(request, by, "lock taken back", name)
        return JSONResponse({})

    async def end_sessions(self, request: Request) -> Response:
        by = await self._changing(request)
        name = await self._anybody(request)
        count = await self._gate.house.sessions.end_all(name)
        await self._note(request, by, "all sessions ended", name, str(count))
        return JSONResponse({"ended": count})

    async def drop_totp(self, request: Request) -> Response:
        by = await self._changing(request)
        name = await self._anybody(request)
        if not await self._books.factors.remove(name):
            raise NotFound("there is no app")
        await self._gate.house.sessions.end_all(name)
        await self._note(request, by, "authenticator app taken out", name)
        return JSONResponse({})

    async def tokens(self, request: Request) -> Response:
        """Tokens of everybody, the newest first."""
        await self._gate.require(request, "admin")
        return JSONResponse({"tokens": [token_data(one) for one in await self._books.tokens.list()]})

    async def drop_token(self, request: Request) -> Response:
        by = await self._changing(request)
        gone = await self._books.tokens.revoke(request.path_params["token_id"])
        await self._note(request, by, "token taken out", gone.owner, f"{gone.id} {gone.name}")
        return JSONResponse({})

    async def audit(self, request: Request) -> Response:
        """`?limit=&before=&by=&text=&subject=`: who did what, the newest first; `before` is the id of the last line seen."""
        await self._gate.require(request, "admin")
        query = request.query_params
        limit, before = _number(query.get("limit", "100"), "limit"), query.get("before")
        lines = await self._books.trail.lines(
            min(limit, MOST_LINES),
            _number(before, "before") if before else None,
            query.get("by", "")[:128],
            query.get("text", "")[:100],
            query.get("subject", "")[:300],
        )
        return JSONResponse({"lines": lines, "next": lines[-1]["id"] if len(lines) == min(limit, MOST_LINES) else None})

    async def _changing(self, request: Request) -> Account:
        """Who changes rights. Raises NotAllowed, SignInNeeded, ProofNeeded."""
        by = await self._gate.require(request, "admin")
        await self._gate.proved(request)
        return by

    async def _person(self, request: Request) -> Person:
        """Raises NotFound, or Conflict for an account of the settings."""
        name = request.path_params["person_id"]
        if any(account.id == name for account in self._books.listed):
            raise Conflict(f"'{name}' stands in the settings file; change it there")
        person = await self._books.people.get(name)
        if person is None:
            raise NotFound(f"there is nobody called '{name[:64]}' here")
        return person

    async def _anybody(self, request: Request) -> str:
        """The id of an account, of the settings too. Raises NotFound."""
        name = str(request.path_params["person_id"])
        known = any(account.id == name for account in self._books.listed) or await self._books.people.get(name) is not None
        if not known:
            raise NotFound(f"there is nobody called '{name[:64]}' here")
        return name

    def _given_to(self, provider: str, person: Person) -> dict[str, Any]:
        """Give a local account to a provider: its next sign-in takes it, and the password ends."""
        if provider not in self._books.providers:
            raise BadRequest(f"there is no provider '{provider}' in the settings")
        if provider == person.provider:
            return {"subject": ""}
        return {"provider": provider, "subject": "", "password": "", "must_change": False}

    async def _note(self, request: Request, by: Account, what: str, subject: str, note: str = "") -> None:
        await self._gate.house.note(by.id, visitor_of(request), what, subject, note)


def _roles(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Raises BadRequest."""
    roles = body.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles) or not 1 <= len(roles) <= 20:
        raise BadRequest(f"send `roles`: a list of {', '.join(ROLES)}")
    if wrong := unknown_roles(roles):
        raise BadRequest(f"'{wrong[0][:40]}' is no role; there are {', '.join(ROLES)}")
    return tuple(dict.fromkeys(roles))


def _of_settings(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "roles": list(account.roles),
        "source": "settings",
        "disabled": False,
        "must_change": False,
        "created_at": None,
        "created_by": "",
        "signed_in_at": None,
    }


def _of_person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "roles": list(person.roles),
        "source": person.account.source,
        "disabled": person.disabled,
        "must_change": person.must_change,
        "created_at": person.created_at,
        "created_by": person.created_by,
        "signed_in_at": person.signed_in_at or None,
    }


def _told(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _number(text: str, name: str) -> int:
    if not text.isdecimal() or len(text) > 12 or int(text) < 1:
        raise BadRequest(f"{name} must be a number from 1")
    return int(text)
