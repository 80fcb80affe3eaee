"""`/api/v1/sign-in` and `/api/v1/oidc`: how one may sign in here, and by a provider of OpenID Connect."""

from __future__ import annotations

import logging
import secrets
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ivr.accounts.house import Books
from ivr.accounts.openid import OpenId, ProviderAway, Vouched
from ivr.errors import Conflict, IvrError, NotAllowed, NotFound
from ivr.web.api import BadRequest, error_response, with_cookie
from ivr.web.auth import Gate, visitor_of
from ivr.web.leaving import OIDC as PATH
from ivr.web.leaving import address_of, page_of

log = logging.getLogger(__name__)

BROWSER = "hotline_oidc"
"""Binds what comes back to the browser that was sent away. Lax: the provider's page leads here."""
LONGEST = 4096
LONGEST_NOTICE = 16384


class OpenIdApi:
    """The routes. `public` is the address that browsers use, "" for the one that they asked."""

    def __init__(self, books: Books, gate: Gate, public: str = "") -> None:
        self._books, self._gate, self._public = books, gate, public

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/sign-in", self.ways),
            Route(f"{PATH}/{{provider}}/begin", self.begin),
            Route(f"{PATH}/{{provider}}/callback", self.callback),
            Route(f"{PATH}/{{provider}}/signed-out", self.signed_out),
            Route(f"{PATH}/{{provider}}/backchannel", self.backchannel, methods=["POST"]),
        ]

    async def ways(self, _request: Request) -> Response:
        """The providers, with the words of their buttons."""
        return JSONResponse(
            {"providers": [{"name": name, **one.provider.labels} for name, one in self._books.providers.items()]}
        )

    async def begin(self, request: Request) -> Response:
        """`?back=/desk&again=1`: to the provider; `again` where the password has to be given anew."""
        provider = self._provider(request)
        back, again = page_of(request.query_params.get("back", "")), request.query_params.get("again") == "1"
        await self._gate.house.lockout.begun(visitor_of(request).address)
        browser = secrets.token_urlsafe(24)
        try:
            url = await provider.begin(self._redirect_uri(request, provider), back, browser, again)
        except ProviderAway as error:
            log.warning("%s", error)
            return _back(back, "provider_away")
        response = _to(url)
        secure = self._secure(request, provider)
        response.set_cookie(BROWSER, browser, max_age=600, httponly=True, samesite="lax", secure=secure, path=PATH)
        return response

    async def callback(self, request: Request) -> Response:
        """Where the provider sends the browser back to: signed in at the page it came from, or told why not."""
        provider, query = self._provider(request), request.query_params
        state, code, issuer = (query.get(name, "")[:LONGEST] for name in ("state", "code", "iss"))
        if not code:  # RFC 6749 §4.1.2.1: `error` says that the person or the provider declined
            return _back("/desk", "refused")
        try:
            vouched = await provider.finish(state, code, issuer, request.cookies.get(BROWSER, ""))
            token = await self._let_in(request, provider, vouched)
        except ProviderAway as error:
            log.warning("%s", error)
            return _back("/desk", "provider_away")
        except IvrError as error:
            log.info("a sign-in by %s is refused: %s", provider.provider.name, error)
            return _back("/desk", "refused")
        response = _to(vouched.back)
        response.delete_cookie(BROWSER, path=PATH, httponly=True, samesite="lax")
        return with_cookie(response, request, token, self._secure(request, provider))

    async def signed_out(self, request: Request) -> Response:
        """Where the provider sends a browser back to that was signed out there."""
        self._provider(request)
        return _to(page_of(request.query_params.get("state")))

    async def backchannel(self, request: Request) -> Response:
        """`logout_token` as a form: the provider signed somebody out. Its signature says who it is from."""
        provider, visitor = self._provider(request), visitor_of(request)
        await self._gate.house.lockout.begun(visitor.address)
        try:
            who = await provider.ended(await _logout_token(request))
        except NotAllowed as error:
            log.info("%s", error)
            return error_response(400, "invalid_request", str(error))
        await self._gate.house.gone(provider, who, visitor)
        return Response()

    async def _let_in(self, request: Request, provider: OpenId, who: Vouched) -> str:
        """A session's token. A refusal is written down: whom the provider vouches for is no stranger who fills the audit."""
        try:
            return (await self._gate.house.vouched(provider, who, visitor_of(request)))[1]
        except (NotAllowed, Conflict) as error:
            note = f"{who.id or who.subject}: {error}"
            await self._gate.house.note("", visitor_of(request), "sign-in refused", f"oidc:{provider.provider.name}", note)
            raise

    def _provider(self, request: Request) -> OpenId:
        found = self._books.providers.get(request.path_params["provider"])
        if found is None:
            raise NotFound("there is no such provider here")
        return found

    def _redirect_uri(self, request: Request, provider: OpenId) -> str:
        return f"{address_of(request, self._public)}{PATH}/{provider.provider.name}/callback"

    def _secure(self, request: Request, provider: OpenId) -> bool:
        """Whether browsers come over TLS, where a proxy ends it too."""
        return urlsplit(self._redirect_uri(request, provider)).scheme == "https"


async def _logout_token(request: Request) -> str:
    """The one of the form. Raises BadRequest."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > LONGEST_NOTICE:
            raise BadRequest(f"the body is larger than {LONGEST_NOTICE} octets")
    try:
        return "".join(parse_qs(data.decode("ascii"), max_num_fields=8).get("logout_token", ()))
    except ValueError as error:
        raise BadRequest("send `logout_token` as a form") from error


def _to(url: str) -> Response:
    return RedirectResponse(url, 303)


def _back(page: str, code: str) -> Response:
    """To a page that says why nobody is signed in; in its own words, for anybody can write an address."""
    return _to(f"{page}?signin={code}")
