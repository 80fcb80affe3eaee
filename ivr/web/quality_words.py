"""What requests about quality say, checked. Pure; every function raises BadRequest naming the member and the cure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from ivr.web.api import BadRequest
from ivr.web.messages_api import text

MOST_COMMENT, MOST_REASON = 1000, 1000
MOST_LIMIT = 100
MOST_ANSWERS = 60
LATEST = 1e6
"""Seconds of a playback."""


def object_of(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"send `{name}` as a JSON object")
    return value


def words(body: Mapping[str, Any], name: str, most: int) -> str:
    """Text that says something."""
    found = text(body, name, most).strip()
    if not found:
        raise BadRequest(f"{name}: say it in some words")
    return found


def rev(body: Mapping[str, Any]) -> int:
    found = body.get("rev")
    if type(found) is not int or not 0 < found < 2**31:
        raise BadRequest("rev: the number that came with the review")
    return found


def second(value: object) -> float | None:
    """Of the playback; None for none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise BadRequest("at: seconds of the playback, or null")
    return float(value)


def answers(given: object) -> dict[str, dict[str, Any] | None]:
    """Question to what of its answer is another now: any of `value comment at`; None takes the answer away."""
    found: dict[str, dict[str, Any] | None] = {}
    if not isinstance(given, dict) or len(given) > MOST_ANSWERS:
        raise BadRequest("answers: question to {value, comment, at}, or null")
    for name, one in given.items():
        if one is None:
            found[name] = None
            continue
        inner = object_of(one, f"answers.{name[:48]}")
        if strange := set(inner) - {"value", "comment", "at"}:
            raise BadRequest(f"answers.{name[:48]}: there is no {sorted(strange)[0][:40]}; value, comment and at are")
        kept: dict[str, Any] = {}
        if "value" in inner:
            kept["value"] = value_of(inner["value"], name)
        if "comment" in inner:
            kept["comment"] = text(inner, "comment", MOST_COMMENT)
        if "at" in inner:
            kept["at"] = second(inner["at"])
        found[name] = kept
    return found


def value_of(value: object, name: str) -> str | int | None:
    if value is None or (type(value) is int and -100 <= value <= 100) or (isinstance(value, str) and len(value) <= 48):
        return value if isinstance(value, str | int) else None
    raise BadRequest(f"{name[:48]}: value is yes, no, 1 to 5, a choice, na or null")


def decision(given: object) -> dict[str, Any]:
    """`{granted, value, reason}` of one question."""
    body = object_of(given, "decisions")
    granted = body.get("granted")
    if not isinstance(granted, bool):
        raise BadRequest("granted: true or false")
    value = value_of(body.get("value"), "value")
    if granted and value is None:
        raise BadRequest("value: what the answer is now, where it is granted")
    return {"granted": granted, "value": value if granted else None, "reason": words(body, "reason", MOST_REASON)}


def name(body: Mapping[str, Any], key: str, most: int) -> str:
    found = text(body, key, most)
    if not found:
        raise BadRequest(f"{key}: which one?")
    return found


# --- what stands in an address


def texts(request: Request, *names: str) -> dict[str, str | None]:
    """Query parameters that are names; None where one is left out or empty."""
    found: dict[str, str | None] = {}
    for one in names:
        given = request.query_params.get(one, "")
        if len(given) > 128:
            raise BadRequest(f"{one}: at most 128 characters")
        found[one] = given or None
    return found


def times(request: Request) -> dict[str, float | None]:
    """`from` and `to` in epoch seconds."""
    return {one: number(request.query_params.get(one), one, 0, 1e11) for one in ("from", "to")}


def number(given: str | None, name: str, least: float, most: float) -> float | None:
    if not given:
        return None
    try:
        found = float(given) if len(given) <= 40 else math.nan
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise BadRequest(f"{name}: a number from {least:g} to {most:g}")
    return found


def one_of(given: str | None, name: str, known: Sequence[str]) -> str | None:
    if not given:
        return None
    if given not in known:
        raise BadRequest(f"{name}: one of {', '.join(known)}")
    return given


def limit(request: Request) -> int:
    """50 without one, 100 at most."""
    given = request.query_params.get("limit", "50")
    if not re.fullmatch(r"[0-9]{1,6}", given) or int(given) < 1:
        raise BadRequest("limit must be a number from 1")
    return min(int(given), MOST_LIMIT)


def before(request: Request) -> str | None:
    return texts(request, "before")["before"]
