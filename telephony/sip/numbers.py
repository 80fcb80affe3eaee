"""Telephone numbers: from what is dialled to E.164, from E.164 to what a carrier wants, and what a minute may cost. Pure.

E.164 is the one form in which numbers meet rules and limits: a rule that saw `0049900...` and `+49900...` as two things could
be walked around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from telephony.errors import PeerFault

MAX_DIGITS = 32
"""Characters of a number that are looked at: E.164 has fifteen digits, prefixes of a carrier a few more."""
SHORT_DIGITS = 6
"""A number no longer than this that the plan does not know is a short code."""
_VISUAL = re.compile(r"[\s()./\-\u00a0\u2010-\u2015]")
_DIALABLE = re.compile(r"\+?[0-9*#]{1,32}")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One change to a number. Where `match` does not fit, the number stays as it is and the next rule is tried."""

    match: str = ""
    """Regular expression that must fit the whole number; "" fits any."""
    to: str = ""
    r"""What a fitting number becomes, with groups as `\1`; "" leaves it."""
    strip: str = ""
    """Prefix to take off; without it the rule does not fit."""
    prepend: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for what is no expression, or can never change anything."""
        try:
            re.compile(self.match)
        except re.error as error:
            raise ValueError(f"'{self.match}' is not a regular expression: {error}") from None
        if self.to and not self.match:
            raise ValueError("'to' needs a 'match'")
        if not (self.to or self.strip or self.prepend):
            raise ValueError("a rule needs 'to', 'strip' or 'prepend'")

    def apply(self, number: str) -> str | None:
        """The new number, None where the rule does not fit."""
        found = re.fullmatch(self.match, number) if self.match else None
        if (self.match and found is None) or not number.startswith(self.strip):
            return None
        if self.to and found is not None:
            return self.prepend + found.expand(self.to)
        return self.prepend + number[len(self.strip) :]


def rewritten(number: str, rules: Sequence[Rewrite]) -> str:
    """`number` after the first rule that fits; as it is where none does."""
    for rule in rules:
        if (found := rule.apply(number)) is not None:
            return found[: 2 * MAX_DIGITS]
    return number


def dialable(text: str) -> str:
    """The digits of what a person or a peer wrote, "" where it is no number: `+49 (30) 123-4` gives `+49301234`."""
    if len(text) > 2 * MAX_DIGITS:
        return ""
    plain = _VISUAL.sub("", text.strip())
    return plain if _DIALABLE.fullmatch(plain) and any(map(str.isdigit, plain)) else ""


def e164(text: str, region: str = "") -> str:
    """The number in E.164 (`+4930123`), as somebody in `region` ("DE", "" for none) dials it.

    Short codes and numbers of no known plan come back as dialled, without a plus: rules see them as they are, and their class
    is SHORT. Raises PeerFault: 484 for what is no number.
    """
    digits = dialable(text)
    if not digits:
        raise PeerFault("not a telephone number", 484)
    parsed = None if set("*#") & set(digits) else _parsed(digits, region)
    brief = not digits.startswith("+") and len(digits) <= SHORT_DIGITS
    if parsed is None or not phonenumbers.is_possible_number(parsed) or (brief and not phonenumbers.is_valid_number(parsed)):
        if digits.startswith("+"):
            raise PeerFault("no country has such a number", 484)
        return digits
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _parsed(number: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return None


class NumberForm(Enum):
    """How a number is written towards a peer."""

    E164 = "e164"
    """`+4930123`"""
    PLAIN = "plain"
    """`4930123`: E.164 without its plus."""
    NATIONAL = "national"
    """`030123` within the region, `004930123` (its own way abroad) for others."""


def formatted(number: str, form: NumberForm, region: str = "") -> str:
    """An E.164 number as `form` wants it; anything else stays as it is."""
    parsed = _parsed(number, "") if number.startswith("+") else None
    if parsed is None or form is NumberForm.E164:
        return number
    if form is NumberForm.PLAIN:
        return number[1:]
    home = region and phonenumbers.country_code_for_region(region)
    if parsed.country_code == home:
        style = phonenumbers.PhoneNumberFormat.NATIONAL
        return re.sub(r"\D", "", phonenumbers.format_number(parsed, style))
    if not region:
        return number
    return re.sub(r"\D", "", phonenumbers.format_out_of_country_calling_number(parsed, region))


class NumberClass(Enum):
    """What a call to a number costs, roughly: the word that rules and limits use."""

    FREE = "free"
    LOCAL = "local"
    """Never found by the plan alone: the operator's table names such prefixes."""
    NATIONAL = "national"
    MOBILE = "mobile"
    INTERNATIONAL = "international"
    PREMIUM = "premium"
    SATELLITE = "satellite"
    """Satellite and other global networks (+870, +881, +882, +883, +888)."""
    SHORT = "short"
    """A short code, or a number of no plan: emergency calls are among them."""
    SIP = "sip"
    """No number at all: a SIP URI."""


_GLOBAL = ("+870", "+878", "+881", "+882", "+883", "+888", "+979")
_COSTLY = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.PAGER}
_ISLANDS = {"+1242", "+1246", "+1264", "+1268", "+1284", "+1345", "+1441", "+1473", "+1649", "+1664", "+1721", "+1758",
            "+1767", "+1784", "+1809", "+1829", "+1849", "+1868", "+1869", "+1876"}  # fmt: skip
"""Parts of +1 that cost like abroad: what "one ring" fraud lives on."""


def number_class(number: str, region: str = "", table: Mapping[str, NumberClass] | None = None) -> NumberClass:
    """The class of an E.164 number or short code, seen from `region`: the longest prefix of `table`, else the plan's own type.

    Where the plan cannot tell, the dearer class counts: shared cost and personal numbers are PREMIUM, another country's mobile
    numbers INTERNATIONAL.
    """
    if table:
        for length in range(min(len(number), MAX_DIGITS), 0, -1):
            if (found := table.get(number[:length])) is not None:
                return found
    if not number.startswith("+"):
        return NumberClass.SHORT
    if number.startswith(_GLOBAL):
        return NumberClass.PREMIUM if number.startswith("+979") else NumberClass.SATELLITE
    parsed = _parsed(number, "")
    if parsed is None:
        return NumberClass.INTERNATIONAL
    kind = phonenumbers.number_type(parsed)
    if kind in _COSTLY:
        return NumberClass.PREMIUM
    home = phonenumbers.country_code_for_region(region) if region else 0
    if parsed.country_code != home or (home == 1 and number[:5] in _ISLANDS):
        return NumberClass.INTERNATIONAL
    if kind is PhoneNumberType.TOLL_FREE:
        return NumberClass.FREE
    if kind in (PhoneNumberType.MOBILE,):
        return NumberClass.MOBILE
    # A number that the plan does not know may be one it does not know yet, and may be anything.
    return NumberClass.NATIONAL if kind is not PhoneNumberType.UNKNOWN else NumberClass.PREMIUM


def fits(number: str, patterns: Sequence[str]) -> bool:
    """Whether `number` is one of `patterns`: `+4930*` by prefix, `+49301234` exactly, `*` any."""
    return any(number.startswith(one[:-1]) if one.endswith("*") else number == one for one in patterns)
