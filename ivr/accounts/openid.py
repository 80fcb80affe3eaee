"""OpenID Connect 1.0, authorization code flow with PKCE: a provider says who somebody is (RFC 6749, 7636, 9207)."""

from __future__ import annotations

import hashlib
import json
import secrets
import ssl
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from redis.asyncio import Redis

from ivr.accounts.farewell import HEARD_SECONDS, LONGEST_HINT, Arrival
from ivr.errors import IvrError, NotAllowed
from ivr.records.database import redis_errors

BEGUN_SECONDS = 600
"""Between the redirect to the provider and the return."""
KNOWN_SECONDS = 3600.0
WITHIN = 10.0
"""Seconds for one request to the provider."""
LARGEST = 1 << 20
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by the provider's own key: never `none`, never one made with a secret that both know."""
LEEWAY = 60
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
KEYS_AGAIN = 10.0
"""Seconds between two looks at a provider's keys because of logout tokens, which anybody may send."""


class ProviderAway(IvrError):
    """The provider does not answer, or says what no provider says."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the settings have it."""

    name: str
    issuer: str
    client_id: str
    client_secret: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """Language to the words of the button."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    id_claim: str = "preferred_username"
    roles_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    everybody: tuple[str, ...] = ()
    create: bool = True
    leave: bool = True
    """Whether who signs out here is signed out at the provider as well."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider means."""

    subject: str
    id: str
    name: str
    roles: tuple[str, ...]
    back: str
    """Page to go back to."""
    proved: float
    """When its person last gave a password there; 0.0 where nobody says."""
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Ended:
    """Whom a provider signed out: everywhere, or in one session of its own."""

    id: str
    """Of the notice."""
    subject: str
    sid: str


class OpenId:
    """One provider. Raises StoreUnavailable where Redis does not answer, ProviderAway where the provider does not."""

    def __init__(
        self, provider: Provider, redis: Redis, clock: Callable[[], float] = time.time, http: httpx.AsyncClient | None = None
    ) -> None:
        self.provider = provider
        self._redis, self._clock = redis, clock
        self._tls = ssl.create_default_context()  # made once: it reads every certificate of the machine
        self._http = http or httpx.AsyncClient(timeout=WITHIN, follow_redirects=False, trust_env=False, verify=self._tls)
        self._known: tuple[float, Mapping[str, Any]] | None = None
        self._keys: KeySet | None = None
        self._asked_at = 0.0
        with warnings.catch_warnings():  # it says at every start that it would rather have httpx2
            warnings.simplefilter("ignore")
            from authlib.integrations.httpx_client import AsyncOAuth2Client
        self._made = AsyncOAuth2Client
        self._client("")  # what it loads at first takes a sixth of a second: now, not while somebody talks

    async def close(self) -> None:
        await self._http.aclose()

    async def begin(self, redirect_uri: str, back: str, browser: str, again: bool = False) -> str:
        """Where to send the browser whose cookie is `browser`. `again`: its person has to prove anew who it is."""
        about = await self._about()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        kept = {"nonce": nonce, "verifier": verifier, "back": back, "again": again}
        kept |= {"browser": _digest(browser), "redirect": redirect_uri}
        with redis_errors():
            await self._redis.set(self._key(state), json.dumps(kept), ex=BEGUN_SECONDS)
        more = {"prompt": "login", "max_age": "0"} if again else {}
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                about["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier, **more
            )
        return str(url)

    async def finish(self, state: str, code: str, issuer: str, browser: str) -> Vouched:
        """Whom the provider vouches for. Raises NotAllowed for an answer that this browser did not ask for."""
        with redis_errors():
            text = await self._redis.getdel(self._key(state))
        kept = json.loads(text) if text is not None else {}
        if not browser or not secrets.compare_digest(kept.get("browser", ""), _digest(browser)):
            raise NotAllowed("this sign-in was not begun here, or took too long; begin again")
        about = await self._about()
        named = about.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.provider.issuer and (issuer or named):  # RFC 9207 §2.4: an answer of another provider
            raise NotAllowed("this answer is not from the provider that was asked")
        try:
            async with self._client(kept["redirect"]) as client:
                found = await client.fetch_token(
                    about["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=kept["verifier"]
                )
        except httpx.HTTPError as error:
            raise ProviderAway(f"{self.provider.name} does not answer: {type(error).__name__}") from error
        except Exception as error:  # authlib's errors have no common base that it promises
            raise NotAllowed(f"{self.provider.name} refused the sign-in") from error
        id_token = str(found.get("id_token", ""))
        claims = await self._claims(id_token, kept["nonce"])
        return self._vouched(claims, kept["back"], kept["again"], id_token)

    async def farewell(self, hint: str, redirect_uri: str, state: str) -> str:
        """Where a browser goes that signed out here (RP-Initiated Logout 1.0 §2); "" where the provider has no such place."""
        url = (await self._about()).get("end_session_endpoint")
        if not self.provider.leave or not self._safe(url):
            return ""
        asked = {"client_id": self.provider.client_id, "post_logout_redirect_uri": redirect_uri, "state": state}
        if hint:
            asked["id_token_hint"] = hint
        return f"{url}{'&' if '?' in str(url) else '?'}{urlencode(asked)}"

    async def ended(self, logout_token: str) -> Ended:
        """Whom the provider signed out, by itself (Back-Channel Logout 1.0 §2.6). Raises NotAllowed."""
        now = self._clock()
        fresh = now - self._asked_at >= KEYS_AGAIN
        claims = await self._signed(logout_token, (False, True) if fresh else (False,))
        events, subject, sid, name = (claims.get(one) for one in ("events", "sub", "sid", "jti"))
        right = (
            self._is_for_us(claims)
            and isinstance(events, Mapping)
            and isinstance(events.get(LOGOUT), Mapping)
            and "nonce" not in claims
            and isinstance(name, str)
            and now - _number(claims.get("iat")) < HEARD_SECONDS - LEEWAY  # older ones might have been heard and forgotten
            and (isinstance(subject, str) or isinstance(sid, str))
        )
        if not right:
            raise NotAllowed(f"{self.provider.name} sent a sign-out that is none, or is not for this server")
        return Ended(str(name), subject if isinstance(subject, str) else "", sid if isinstance(sid, str) else "")

    async def _claims(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """OpenID Connect Core §3.1.3.7."""
        claims = await self._signed(id_token, (False, True))
        right = (
            self._is_for_us(claims)
            and secrets.compare_digest(str(claims.get("nonce", "")), nonce)
            and isinstance(claims.get("sub"), str)
        )
        if not right:
            raise NotAllowed(f"{self.provider.name} sent a sign-in that is not for this server, or is too old")
        return claims

    async def _signed(self, token: str, tries: tuple[bool, ...]) -> Mapping[str, Any]:
        """The claims under the provider's own signature; with True among `tries` its keys are read anew. Raises NotAllowed."""
        for fresh in tries:  # the provider may have taken a new key into use
            try:
                return jwt.decode(token, await self._key_set(fresh), algorithms=ALGORITHMS).claims
            except (JoseError, ValueError, RecursionError) as error:
                wrong: Exception = error
        raise NotAllowed(f"{self.provider.name} sent a token whose signature does not hold") from wrong

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        """Issuer, audience and times."""
        now, me = self._clock(), self.provider.client_id
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        return (
            claims.get("iss") == self.provider.issuer
            and me in audiences
            and (len(audiences) == 1 or claims.get("azp") == me)
            and claims.get("azp", me) == me
            and _number(claims.get("exp")) > now - LEEWAY
            and _number(claims.get("iat")) < now + LEEWAY
        )

    def _vouched(self, claims: Mapping[str, Any], back: str, again: bool, id_token: str) -> Vouched:
        one, now = self.provider, self._clock()
        groups: Any = claims
        for level in one.roles_claim.split(".") if one.roles_claim else ():
            groups = groups.get(level) if isinstance(groups, Mapping) else None
        told = groups if isinstance(groups, list) else [groups]
        roles = [*one.everybody, *(one.roles[group] for group in told if isinstance(group, str) and group in one.roles)]
        name = claims.get("name")
        own = one.id_claim != "email" or claims.get("email_verified") is True  # else anybody may have written it
        told_at = _number(claims.get("auth_time"))
        return Vouched(
            subject=str(claims["sub"])[:255],
            id=str(claims.get(one.id_claim) or "") if own else "",
            name=name[:128] if isinstance(name, str) else "",
            roles=tuple(dict.fromkeys(roles)),
            back=back,
            proved=min(told_at, now) if told_at == told_at else now if again else 0.0,
            arrival=Arrival(one.name, id_token if len(id_token) <= LONGEST_HINT else "", str(claims.get("sid") or "")[:255]),
        )

    async def _about(self) -> Mapping[str, Any]:
        """What the provider says of itself, at most an hour old."""
        if self._known is not None and 0 <= self._clock() - self._known[0] < KNOWN_SECONDS:
            return self._known[1]
        about = await self._get(f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != self.provider.issuer:
            raise ProviderAway(f"{self.provider.name} calls itself '{str(about.get('issuer'))[:200]}': mend `issuer`")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not self._safe(about.get(name)):
                raise ProviderAway(f"{self.provider.name} names no safe {name}")
        self._known = (self._clock(), about)
        return about

    def _safe(self, url: object) -> bool:
        """Over TLS, or as bare as the issuer itself on this machine."""
        return isinstance(url, str) and url.startswith(("https://", self.provider.issuer.partition("://")[0] + "://"))

    async def _key_set(self, fresh: bool) -> KeySet:
        if self._keys is None or fresh:
            self._asked_at = self._clock()
            about = await self._about()
            try:
                self._keys = KeySet.import_key_set(await self._get(about["jwks_uri"]))  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise ProviderAway(f"{self.provider.name} has no keys that can be read") from error
        return self._keys

    async def _get(self, url: str) -> Mapping[str, Any]:
        try:
            async with self._http.stream("GET", url, headers={"accept": "application/json"}) as response:
                response.raise_for_status()
                data = bytearray()
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > LARGEST:
                        raise ProviderAway(f"{self.provider.name} sends more than 1 MiB at {url}")
            found = json.loads(data)
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise ProviderAway(f"{self.provider.name} does not answer at {url}: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderAway(f"{self.provider.name} sends no JSON object at {url}")
        return found

    def _client(self, redirect_uri: str) -> Any:
        one = self.provider
        return self._made(
            client_id=one.client_id,
            client_secret=one.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if one.client_secret else "none",
            scope=" ".join(one.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=WITHIN,
            trust_env=False,
            verify=self._tls,
        )

    def _key(self, state: str) -> str:
        return f"web:oidc:{_digest(f'{self.provider.name} {state}')}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
