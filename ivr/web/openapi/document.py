"""The OpenAPI 3.1 document of the routes that a node has: what the tables say of each, else the words of its handler. Pure."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ivr.accounts.roles import scope_of
from ivr.web.openapi.operation import JSON, Op
from ivr.web.openapi.shapes import schema_of

ERROR = "#/components/schemas/Error"
MEANINGS: Mapping[int, str] = {
    304: "Not changed since the version that was named",
    400: "What was sent cannot be understood",
    401: "Nobody is signed in, or the token is wrong",
    403: "This needs another role, or came from another site's page",
    404: "There is no such thing",
    405: "This path knows other methods",
    409: "It cannot be done as things are; the message says what would help",
    413: "Larger than this takes",
    415: "A sound that cannot be read",
    422: "The text or form has errors: `problems`",
    429: "Too often; `retry-after` says when",
    501: "This server has no such part; `cure` says what to do",
    502: "Somebody else's server does not answer",
    503: "Redis or SQL does not answer: nothing was changed, try again",
}
EVERY = (400, 401, 403, 404, 409, 429, 503)
_TYPES = {"int": "integer", "float": "number"}
_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")


def plain_path(path: str) -> str:
    """A path as OpenAPI spells it: without the kinds of its parts."""
    return _SLOT.sub(r"{\1}", path)


def words_of(endpoint: Callable[..., Any]) -> str:
    """What a handler says of itself; "" for nothing."""
    return inspect.cleandoc(getattr(endpoint, "__doc__", None) or "")


def described(path: str, method: str, endpoint: Callable[..., Any], known: Mapping[str, Op]) -> Op | None:
    """What is known of a route; None where nobody wrote anything."""
    found = known.get(f"{method} {plain_path(path)}")
    if found is not None:
        return found
    words = words_of(endpoint)
    if not words:
        return None
    first, _, rest = words.partition("\n")
    body = "object" if method in ("POST", "PUT", "PATCH") else None
    return Op(f"{method} {plain_path(path)}", first.strip(), None, body=body, more=rest.strip())


def document(routes: Iterable[tuple[str, str, Callable[..., Any]]], known: Iterable[Op], version: str) -> dict[str, Any]:
    """The document for `(path, method, endpoint)`; a route that nobody described is left out."""
    table = {one.route: one for one in known}
    paths: dict[str, dict[str, Any]] = {}
    for path, method, endpoint in routes:
        op = described(path, method, endpoint, table)
        if op is not None:
            paths.setdefault(plain_path(path), {})[method.lower()] = _operation(op, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hotline",
            "version": version,
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
            "description": "Calls, queues, people and flows of a Hotline server. Errors are `{error: {code, message}}`.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({_tag(path) for path in paths})],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {"Error": _ERROR}, "securitySchemes": _SECURITY},
    }


def _operation(op: Op, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": _name(op),
        "summary": op.summary.rstrip("."),
        "tags": [_tag(op.path)],
        "parameters": [*_of_path(path), *_of_query(op)],
        "responses": _answers(op),
        "x-scope": scope_of(op.method, op.path),
        "security": [] if op.who == () else [{"token": []}, {"session": []}],
    }
    needs = f"Needs one of the roles {', '.join(op.who)}, or the API token." if op.who else ""
    if more := "\n\n".join(filter(None, (op.more, needs))):
        found["description"] = more
    if op.body is not None:
        schema = {"type": "string", "format": "binary"} if op.takes != JSON else schema_of(op.body)
        found["requestBody"] = {"required": True, "content": {op.takes: {"schema": schema}}}
    return found


def _answers(op: Op) -> dict[str, Any]:
    content = {media: {"schema": schema_of(op.answer) if "json" in media else {}} for media in op.gives}
    found: dict[str, Any] = {str(op.status): {"description": "Done", **({"content": content} if content else {})}}
    for status in sorted({*EVERY, *op.fails}):
        error = {"content": {JSON: {"schema": {"$ref": ERROR}}}} if status >= 400 else {}
        found[str(status)] = {"description": MEANINGS[status], **error}
    return found


def _of_path(path: str) -> list[dict[str, Any]]:
    found = []
    for name, kind in _SLOT.findall(path):
        schema: dict[str, Any] = {"type": _TYPES.get(kind, "string")}
        schema |= {"minimum": 0} if kind == "int" else {"minLength": 1}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _of_query(op: Op) -> list[dict[str, Any]]:
    return [
        {
            "name": name.removesuffix("?"),
            "in": "query",
            "required": not name.endswith("?"),
            "schema": schema_of(word),
        }
        for name, word in op.query.items()
    ]


def _name(op: Op) -> str:
    words = re.findall(r"\w+", op.path.removeprefix("/api/v1").replace("{", "by_").replace("}", ""))
    return "_".join([op.method.lower(), *(words or ["root"])])


def _tag(path: str) -> str:
    parts = path.removeprefix("/api/v1").strip("/").split("/")
    return f"admin {parts[1]}" if parts[0] == "admin" and len(parts) > 1 else parts[0] or "server"


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "cure": {"type": "string"}},
        }
    },
}
_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "the file admin-token, or a token of one's own account"},
    "session": {"type": "apiKey", "in": "cookie", "name": "hotline_session"},
}
