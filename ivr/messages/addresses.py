"""Where somebody is reached, in one spelling. Pure.

tel:+8613800138000    mailto:li@example.org    chat:3f9a...    wechat:oX1...
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MAIL = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_PHONE = re.compile(r"\+?[0-9]{3,20}")
_SOURCE = re.compile(r"[a-z0-9_-]{1,64}")
LONGEST = 340


def mail_of(text: str) -> str:
    """`mailto:` with the domain, and the name before it, in small letters; "" for what is no address."""
    found = text.strip()
    return f"mailto:{found.lower()}" if len(found) <= 320 and _MAIL.fullmatch(found) and "." in found.rpartition("@")[2] else ""


def phone_of(text: str) -> str:
    """`tel:` with the digits; blanks, dashes and brackets are left out. "" for what cannot be a number."""
    found = "".join(one for one in text[:60] if one not in " -().\u00a0")
    found = f"+{found[2:]}" if found.startswith("00") and len(found) > 6 else found
    return f"tel:{found}" if _PHONE.fullmatch(found) else ""


def address_of(text: str) -> str:
    """Any of these in its one spelling; raises ValueError with what would be right."""
    kind, _, rest = text.strip().partition(":")
    found = ""
    if kind == "tel":
        found = phone_of(rest)
    elif kind == "mailto":
        found = mail_of(rest)
    elif _SOURCE.fullmatch(kind) and rest and len(text) <= LONGEST and rest.isprintable():
        found = f"{kind}:{rest.strip()}"
    if not found:
        raise ValueError("an address such as tel:+8613800138000 or mailto:li@example.org")
    return found


def numbers_in(addresses: Iterable[str]) -> list[str]:
    """Every spelling in which calls and tickets may have the numbers among these, sorted."""
    found: set[str] = set()
    for one in addresses:
        kind, _, number = one.partition(":")
        if kind == "tel":
            found |= _spellings(number)
    return sorted(found)


def _spellings(number: str) -> set[str]:
    bare = number.removeprefix("+")
    found = {number, bare, f"+{bare}", f"00{bare}"}
    if bare.startswith("86") and len(bare) == 13:  # a Chinese mobile is dialled without its country, or with a 0
        found |= {bare[2:], f"0{bare[2:]}"}
    elif len(bare) == 11 and bare.startswith("1") and not number.startswith("+"):
        found |= {f"+86{bare}", f"86{bare}", f"0{bare}"}
    return found


def plain(address: str) -> str:
    """As people read it: without `tel:` and `mailto:`."""
    kind, _, rest = address.partition(":")
    return rest if kind in ("tel", "mailto") else address
