"""A provider of OpenID Connect: codes, PKCE, signed ID tokens. Whoever is sent there is the person it was told to be."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
CLIENT, SECRET = "hotline", "a secret that both know"


@cache
def _first_key() -> RSAKey:
    """One for all providers of a run: making it takes longer than most tests."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class Provider:
    """`person` are the claims of who sits at the browser; `forged` replaces claims of the next token, `key` signs it.

    `more` is what it says of itself besides.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = _first_key()
        self.published = self.key
        self.person: dict[str, Any] = {"sub": "s-1", "preferred_username": "mei", "name": "Mei Lin", "groups": ["agents"]}
        self.forged: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self.asked: list[Mapping[str, str]] = []
        self._codes: dict[str, Mapping[str, str]] = {}

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.about),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )

    async def about(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                **self.more,
            }
        )

    async def keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.published]).as_dict(private=False))

    async def authorize(self, request: Request) -> Response:
        """Says yes at once: the person is signed in there."""
        asked = dict(request.query_params)
        self.asked.append(asked)
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

    def logout_token(self, **claims: Any) -> str:
        """What it sends by itself where it signed somebody out; None takes a claim away."""
        now = int(time.time())
        told = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "events": {LOGOUT: {}},
        }
        whole = {name: value for name, value in {**told, **claims}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "one", "typ": "logout+jwt"}, whole, self.key)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        given = base64.b64decode(request.headers.get("authorization", "Basic ").partition(" ")[2]).decode()
        asked = self._codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if given.replace("+", " ").replace("%20", " ") != f"{CLIENT}:{SECRET}" or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if proof != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, {**told, **self.person, **self.forged}, self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": signed})
