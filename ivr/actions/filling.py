"""What an agent filled in before an action, checked against what the action asks for. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ivr.errors import Conflict
from ivr.scenes.model import Action, Field

MOST_TEXT = 500
"""Characters of one field."""
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?\Z")


def filled(action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an action with what was filled in, each of its type; what was left empty is left out.

    Raises Conflict naming the field and what is needed.
    """
    known = {field.name for field in action.fields}
    for name in given:
        if name not in known:
            raise Conflict(f"'{str(name)[:40]}' is no field of this action")
    found: dict[str, Any] = {}
    for field in action.fields:
        value = given.get(field.name, "")
        if field.type == "flag":
            found[field.name] = _flag(field, value)
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Conflict(f"{field.name}: text or a number is needed")
        elif str(value).strip() == "":
            if field.required:
                raise Conflict(f"{field.name}: this must be filled in")
        else:
            found[field.name] = _value(field, str(value).strip())
    return found


def _flag(field: Field, value: Any) -> bool:
    if isinstance(value, bool) or value in ("", "true", "false"):
        return value is True or value == "true"
    raise Conflict(f"{field.name}: true or false is needed")


def _value(field: Field, text: str) -> str | float:
    if len(text) > MOST_TEXT:
        raise Conflict(f"{field.name}: {MOST_TEXT} characters are the most")
    match field.type:
        case "number":
            return _number(field, text)
        case "choice" if text not in field.choices:
            raise Conflict(f"{field.name}: one of {', '.join(field.choices)} is needed")
        case "date":
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise Conflict(f"{field.name}: a date such as 2026-01-31 is needed") from None
    return text


def _number(field: Field, text: str) -> float:
    found = float(text) if _NUMBER.match(text) else math.nan
    if math.isnan(found):
        raise Conflict(f"{field.name}: a number is needed")
    if field.least is not None and found < field.least:
        raise Conflict(f"{field.name}: {field.least:g} is the least")
    if field.most is not None and found > field.most:
        raise Conflict(f"{field.name}: {field.most:g} is the most")
    return found
