"""One's own account, everybody's for administrators. Pure."""

from __future__ import annotations

from ivr.web.openapi.operation import ADMINS, ANYBODY, EVERYBODY, Op

_OWN = "/api/v1/account"
_PERSON = "/api/v1/people/{person_id}"
_LIMITED = {"limited": "text"}

OWN = (
    Op(f"GET {_OWN}", "One's own account, and what happened with it last", EVERYBODY),
    Op(
        f"POST {_OWN}/prove",
        "The password once more, before rights are changed",
        EVERYBODY,
        body={"password": "text 1000", "code?": "text 40"},
    ),
    Op(
        f"POST {_OWN}/password",
        "A new password; every other session ends, and API tokens where that is wanted",
        EVERYBODY,
        body={"password": "text 1000", "end_tokens?": "bool"},
        answer=_LIMITED,
    ),
    Op(f"POST {_OWN}/totp", "A secret for an authenticator app, also as rows of a QR code", EVERYBODY),
    Op(
        f"PUT {_OWN}/totp",
        "Take the app: a code that it shows; answers the recovery codes",
        EVERYBODY,
        body={"code": "text 40"},
        answer={"recovery": ["text"], "limited": "text"},
    ),
    Op(f"DELETE {_OWN}/totp", "Do without the authenticator app", EVERYBODY, answer=_LIMITED),
    Op(f"GET {_OWN}/sessions", "Browsers where one is signed in", EVERYBODY, answer={"sessions": ["object"]}),
    Op(f"DELETE {_OWN}/sessions", "End all sessions but this", EVERYBODY, answer={"ended": "int 0.."}),
    Op(f"DELETE {_OWN}/sessions/{{session_id}}", "End a session of one's own", EVERYBODY),
    Op(f"GET {_OWN}/tokens", "One's own API tokens", EVERYBODY, answer={"tokens": ["object"], "scopes": ["text"]}),
    Op(
        f"POST {_OWN}/tokens",
        "A token with this account's rights in some scopes, told once",
        EVERYBODY,
        body={"name": "text 80", "scopes": ["text"], "days": "int?"},
        answer={"token": "text"},
        status=201,
    ),
    Op(f"DELETE {_OWN}/tokens/{{token_id}}", "Take a token of one's own out", EVERYBODY),
)

SIGN_IN = (
    Op("GET /api/v1/sign-in", "Ways to sign in beside name and password", ANYBODY, answer={"providers": ["object"]}),
    Op(
        "GET /api/v1/oidc/{provider}/begin",
        "Send a browser to a provider of accounts",
        ANYBODY,
        query={"back?": "text", "again?": "0|1"},
        gives=(),
        status=303,
    ),
    Op(
        "GET /api/v1/oidc/{provider}/callback",
        "Where the provider sends the browser back to",
        ANYBODY,
        query={"state?": "text", "code?": "text", "iss?": "text", "error?": "text"},
        gives=(),
        status=303,
    ),
)

_LEAVE = (
    Op(
        "GET /api/v1/oidc/{provider}/signed-out",
        "Where the provider sends a browser back to that was signed out there",
        ANYBODY,
        query={"state?": "text"},
        gives=(),
        status=303,
    ),
    Op(
        "POST /api/v1/oidc/{provider}/backchannel",
        "A provider tells that it signed somebody out (Back-Channel Logout 1.0)",
        ANYBODY,
        body="octets",
        takes="application/x-www-form-urlencoded",
        gives=(),
        fails=(502,),
        more="`logout_token=...`. 400 `invalid_request` for a token that is none of the provider's.",
    ),
)

PEOPLE = (
    Op(
        "GET /api/v1/people",
        "Everybody who may sign in",
        ADMINS,
        answer={
            "people": ["object"],
            "roles": ["text"],
            "providers": ["any"],
        },
    ),
    Op(
        "POST /api/v1/people",
        "Add somebody; without a password one is made, and told once",
        ADMINS,
        body={
            "id": "text 64",
            "roles": ["agent|senior|supervisor|admin|quality|field"],
            "name?": "text 128",
            "password?": "text 1000",
            "provider?": "text 64",
        },
        answer={"person": "object", "password": "text"},
        status=201,
    ),
    Op(
        f"PATCH {_PERSON}",
        "Change name, roles, provider, or whether somebody may sign in",
        ADMINS,
        body={
            "name?": "text 128",
            "roles?": ["agent|senior|supervisor|admin|quality|field"],
            "disabled?": "bool",
            "provider?": "text 64",
        },
        answer={"person": "object"},
    ),
    Op(f"DELETE {_PERSON}", "Take an account out for good", ADMINS),
    Op(
        f"POST {_PERSON}/reset",
        "A new password, told once; sessions end, and API tokens unless they are kept",
        ADMINS,
        body={"keep_tokens?": "bool"},
        answer={"password": "text", "tokens_ended": "int 0.."},
    ),
    Op(f"POST {_PERSON}/unlock", "Let somebody try again who was locked out", ADMINS),
    Op(f"DELETE {_PERSON}/sessions", "End all sessions of somebody", ADMINS, answer={"ended": "int 0.."}),
    Op(f"DELETE {_PERSON}/totp", "Take away somebody's authenticator app", ADMINS),
    Op("GET /api/v1/tokens", "API tokens of everybody, the newest first", ADMINS, answer={"tokens": ["object"]}),
    Op("DELETE /api/v1/tokens/{token_id}", "Take a token out", ADMINS),
    Op(
        "GET /api/v1/audit",
        "Who did what, the newest first",
        ADMINS,
        query={"limit?": "int 1..", "before?": "int 1..", "by?": "text", "text?": "text", "subject?": "text"},
        answer={"lines": ["object"], "next": "any"},
    ),
)

OPS = (*OWN, *SIGN_IN, *_LEAVE, *PEOPLE)
