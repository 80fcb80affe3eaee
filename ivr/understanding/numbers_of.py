"""Which number a run is: a card, an identity number, a telephone, a code; by check digits and what was asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from ivr.understanding.digits_said import Digit, Digits

Hints = frozenset[str]
NONE: Hints = frozenset()
Span = tuple[str, int, int]
"""Kind, first digit, and the one after the last."""

LONGEST = 64
"""Digits of a run beyond which it is taken out whole: nobody says such a number to be kept."""
CARD_LENGTHS = range(13, 20)
ID_LENGTH = 18
MOBILE = re.compile(r"(?:0086|86)?1[3-9]\d{9}")
REGIONS = {"phone": ("CN", "US", "GB")}
"""Where a number without a country code may belong."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_BIRTH = re.compile(r"(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_BRANDS = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|2[2-7]"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"30|36|38|39"), (14, 16, 19)),
    (re.compile(r"35"), (16, 19)),
    (re.compile(r"62|81|60|64|65|9"), (16, 17, 18, 19)),
    (re.compile(r"50|5[6-8]|6"), (16, 17, 18, 19)),
)
"""How card numbers begin, and how long those are (ISO/IEC 7812)."""

_HINTS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("card", re.compile(r"卡号|银行卡|信用卡|储蓄卡|借记卡|card|cc[ _]?num", re.IGNORECASE)),
    ("id", re.compile(r"身份证|证件号|id[ _](?:card|no|num)|identity|national id|social security|ssn", re.IGNORECASE)),
    ("phone", re.compile(r"电话|手机|号码是|来电|联系方式|phone|mobile|cell|call (?:me|back)|tel\b|回拨", re.IGNORECASE)),
    (
        "code",
        re.compile(
            r"验证码|校验码|动态码|动态密码|短信码|密码|口令|安全码|(?<!area )(?<!zip )(?<!post )(?<!postal )(?<!country )"
            r"(?<!error )(?<!promo )(?<!product )(?<!booking )\bcode\b|\botp\b|\bpass(?:code|word)\b|\bpin\b|\bcv[cv]2?\b",
            re.IGNORECASE,
        ),
    ),
    ("account", re.compile(r"银行[账帐]|开户|对公[账帐]|iban|bank account|sort code|routing number", re.IGNORECASE)),
)
_OTHERS = re.compile(
    r"[账帐][号户]|订单|工单|单号|运单|快递|分机|order|account|ticket|invoice|reference|extension", re.IGNORECASE
)
"""Numbers that people need and that are nobody's secret: what stands before one of them does not speak of what comes after."""
NEAR_BEFORE, NEAR_AFTER = 40, 12
"""Characters around a number that tell what it is."""


def hints_of(text: str) -> Hints:
    """Which kinds of numbers a text speaks of: what the bot asked, or the caller's own words."""
    return frozenset(kind for kind, pattern in _HINTS if pattern.search(text) is not None)


def hints_near(text: str, start: int, end: int) -> Hints:
    """What the words around a number say that it is."""
    before = text[max(0, start - NEAR_BEFORE) : start]
    bank = hints_of(before) & {"account"}
    other = max((one.end() for one in _OTHERS.finditer(before)), default=0)
    after = text[end : end + NEAR_AFTER]
    return bank | hints_of(before[other:]) | (NONE if other or _OTHERS.search(after) else hints_of(after))


def is_card(digits: str) -> bool:
    """Luhn, and a beginning and length that cards have."""
    fits = any(len(digits) in lengths and brand.match(digits) for brand, lengths in _BRANDS)
    return fits and digits.isdecimal() and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = ord(digit) - 48
        total += number if place % 2 == 0 else number * 2 - 9 * (number > 4)
    return total % 10 == 0


def is_resident_id(digits: str) -> bool:
    """An 18-digit number of a Chinese resident with its birthday and check digit (GB 11643)."""
    body = digits[:17]
    if len(digits) != ID_LENGTH or not body.isdecimal() or _BIRTH.fullmatch(digits[6:14]) is None:
        return False
    return digits[17] == _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def in_run(run: Digits, hints: Hints, secrets: Sequence[str] = ()) -> Iterator[Span]:
    """The private numbers in one run, in order, without overlaps."""
    digits, count = run.value, len(run.items)
    if any(one and one in digits for one in secrets):
        yield "secret", 0, count
    elif count > LONGEST:
        yield "card", 0, count
    else:
        found = list(_checked(digits, run.items)) or list(_whole(digits, run, hints))
        yield from found


def _checked(digits: str, items: Sequence[Digit]) -> Iterator[Span]:
    """Numbers that prove themselves. One begins and ends where a group does, else any order number would hold one."""
    at, count = 0, len(items)
    while at < count:
        found = _begins(digits, items, at) if at == 0 or items[at].fresh or items[at - 1].value == "X" else None
        if found is None:
            at += 1
        else:
            yield found
            at = found[2]


def _begins(digits: str, items: Sequence[Digit], at: int) -> Span | None:
    def ends(length: int) -> bool:
        return at + length == len(items) or (at + length < len(items) and items[at + length].fresh)

    if ends(ID_LENGTH) and is_resident_id(digits[at : at + ID_LENGTH]):
        return "id", at, at + ID_LENGTH
    for length in reversed(CARD_LENGTHS):
        if ends(length) and is_card(digits[at : at + length]):
            return "card", at, at + length
    mobile = MOBILE.match(digits, at)
    if mobile is not None and ends(mobile.end() - at) and (at == 0 or mobile.end() == len(items)):
        return "phone", at, mobile.end()
    return None


def _whole(digits: str, run: Digits, hints: Hints) -> Iterator[Span]:
    """What a run is because of what was asked, or by its country code. A card that was misheard checks no more."""
    count = len(digits)
    if "card" in hints and 12 <= count <= 24:
        yield "card", 0, count
    elif "id" in hints and 15 <= count <= 20:
        yield "id", 0, count
    elif ("phone" in hints or run.abroad) and 7 <= count <= 15 and is_phone(digits, run.abroad):
        yield "phone", 0, count
    elif "code" in hints and 3 <= count <= 10:
        yield "code", 0, count
    elif "account" in hints and 8 <= count <= 34:
        yield "account", 0, count


def is_phone(digits: str, abroad: bool) -> bool:
    """Whether somebody can have this number: with its country code where `abroad`, else in one of `REGIONS`."""
    tries = [("+" + digits.removeprefix("00"), None)] if abroad else [(digits, region) for region in REGIONS["phone"]]
    for text, region in tries:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(text, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
