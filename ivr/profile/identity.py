"""Who somebody is, as far as a number tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOBODY = frozenset({"", "anonymous", "unknown", "private", "restricted", "unavailable", "withheld"})
"""What stands where a number was withheld: it must find nobody's data."""
MAX_NUMBER = 128


def normal_number(number: str) -> str:
    """`+86 138-0013 8000` and `008613800138000` as `8613800138000`; names of accounts stay as they are."""
    bare = "".join(character for character in number if character not in " -().")
    if bare.startswith("+"):
        return bare[1:]
    return bare[2:] if bare.startswith("00") and bare.isdigit() else bare


def forms(number: str) -> tuple[str, ...]:
    """The ways in which one number may have been written down."""
    normal = normal_number(number)
    return tuple(dict.fromkeys((number, normal, f"+{normal}", f"00{normal}")))


def identifies(text: str) -> bool:
    """Whether a number or name can stand for one person."""
    return len(text) <= MAX_NUMBER and text.isprintable() and normal_number(text).lower() not in NOBODY


def facts(call: Mapping[str, Any]) -> dict[str, Any]:
    """What the paths of `ivr.call.IDENTITIES` lead into: `caller` (with `user`, the account that signed in, or "") and `call`.

    `call` is `Call.to_dict()`.
    """
    caller = dict(call.get("caller") or {})
    caller["user"] = caller.get("number", "") if caller.get("authenticated") else ""
    plain = {name: value for name, value in call.items() if isinstance(value, str | bool)}
    return {"caller": caller, "call": plain}
