"""Rows of digits: account numbers, telephone numbers, numbers of identity cards. Said one by one or in groups. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import phonenumbers

from ivr.dialplan.slots import en_numbers, zh_numbers
from ivr.dialplan.slots.said import About, Found, Word, words

LONGEST_ROW = 64

_ZH_LETTERS = "零〇洞一幺壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖"
_ZH_GAP = r"(?:[\s,.、。;:-]|嗯|呃|额|那个|然后|再|接着|后面|杠|转|区号)"
_ZH_PIECE = (
    rf"[一二两三四五六七八九]个[\d{_ZH_LETTERS}](?![个位])"
    rf"|[\d{_ZH_LETTERS}]+(?:[十百千万][\d{_ZH_LETTERS}十百千]*)?|十[\d{_ZH_LETTERS}]?"
)
_ZH_ROW = re.compile(rf"(?:{_ZH_PIECE})(?:{_ZH_GAP}*(?:{_ZH_PIECE}))*(?P<x>{_ZH_GAP}*(?:x|叉|艾克斯))?")
_ZH_TOKEN = re.compile(
    rf"(?P<count>[一二两三四五六七八九])个(?P<digit>[\d{_ZH_LETTERS}])(?![个位])|(?P<row>[\d{_ZH_LETTERS}十百千万]+)|(?P<x>x|叉|艾克斯)"
)
_ZH_FILLER = re.compile(r"一下|一个|一位|一共|一点|那个|这个|第[一二三四五六七八九十]")
_EN_GAP = frozenset(["-", ".", ",", "um", "uh", "er", "then", "and", "dash", "hyphen", "space", "again"])
_EN_X = frozenset(["x", "ex"])


def rows(text: str, about: About) -> Iterator[tuple[str, Found]]:
    """Every row of digits of a plain text, "X" at its end where it was said; the value of each is the row."""
    found = _zh_rows(text) if about.language == "zh" else _en_rows(words(text))
    for digits, start, end in found:
        if len(digits) <= LONGEST_ROW:
            yield digits, Found(digits, start, end)


def _zh_rows(text: str) -> Iterator[tuple[str, int, int]]:
    cleared = _ZH_FILLER.sub(lambda found: "　" * len(found[0]), text)
    for found in _ZH_ROW.finditer(cleared):
        digits = "".join(_zh_digits(token) for token in _ZH_TOKEN.finditer(found[0]))
        if digits:
            yield digits, found.start(), found.end()


def _zh_digits(token: re.Match[str]) -> str:
    if token["x"]:
        return "X"
    if token["count"]:
        return zh_numbers.row(token["digit"]) * zh_numbers.DIGITS[token["count"]]
    said = token["row"]
    if not any(letter in "十百千万" for letter in said):
        return zh_numbers.row(said)
    number = zh_numbers.value(said)
    return zh_numbers.row(said) if number is None else f"{int(number)}"


def _en_rows(said: list[Word]) -> Iterator[tuple[str, int, int]]:
    at = 0
    while at < len(said):
        found = en_numbers.digits_at(said, at)
        following = en_numbers.digits_at(said, at + 1)
        if found is None or (said[at].text == "o" and following is None):
            at += 1
            continue
        begin, digits, last = at, "", at
        while found is not None:
            digits, last = digits + found[0], found[1]
            at = last
            while at < len(said) and said[at].text in _EN_GAP:
                at += 1
            found = en_numbers.digits_at(said, at)
        if at < len(said) and said[at].text in _EN_X:
            digits, last = digits + "X", at + 1
        at = last
        yield digits.replace(".", ""), said[begin].start, said[last - 1].end


def digits(text: str, about: About) -> Iterator[Found]:
    """Rows of digits as they are."""
    for row, found in rows(text, about):
        if row.rstrip("X"):
            yield Found(row.rstrip("X"), found.start, found.end)


# --- telephone numbers

_SHORTEST = 7
_SHORT = ("95", "96", "100", "12")
"""How the short numbers of services begin in China."""
_PLUS = re.compile(r"\+|\bplus\b|加(?=[\d零〇一二三四五六七八九幺])|\b00(?=[1-9])")


def phone(text: str, about: About) -> Iterator[Found]:
    """Telephone numbers that can exist: as dialled in the country of the flow, "+44..." for others."""
    for row, found in rows(text, about):
        plus = bool(_PLUS.search(text[max(0, found.start - 6) : found.start + 1]))
        number = telephone(f"+{row}" if plus else row, about.region)
        if number is not None:
            yield Found(number[0], found.start, found.end, number[1])


def telephone(row: str, region: str) -> tuple[str, float] | None:
    """A number as it is dialled in `region`, and how likely it exists: 1 for a range in use, 0.6 for the length alone."""
    if len(row) > 20:
        return None
    try:
        parsed = phonenumbers.parse(row, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    sure = 1.0 if phonenumbers.is_valid_number(parsed) else 0.6
    if parsed.country_code != phonenumbers.country_code_for_region(region):
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), sure
    national = re.sub(r"\D", "", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
    if len(national) < _SHORTEST and sure < 1 and not national.startswith(_SHORT):
        return None
    return national, sure


# --- identity cards

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
ID_LENGTH = 18


def id_number(text: str, about: About) -> Iterator[Found]:
    """Chinese identity numbers (GB 11643: 17 digits, a date of birth in them, and a check digit or X)."""
    for row, found in rows(text, about):
        if is_id_number(row, about.now.date()):
            yield Found(row, found.start, found.end)


def is_id_number(row: str, today: date) -> bool:
    """Whether 18 characters are an identity number: the check digit right (ISO 7064 MOD 11-2), the birth a day of the past."""
    if len(row) != ID_LENGTH or not row[:17].isdigit() or not row.isascii():
        return False
    try:
        born = date(int(row[6:10]), int(row[10:12]), int(row[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(row, _WEIGHTS, strict=False))
    return born <= today and born.year >= 1880 and _CHECKS[total % 11] == row[17]
