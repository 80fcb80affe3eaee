"""How a native speaker reads rows of digits, telephone numbers and number plates. Pure; names of pieces out, "" a breath."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

BREATH = ""
LONG = 7
"""Digits in a row from which on nobody says or notes them in one breath."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PROVINCES = (
    "京jing 津jin 沪hu 渝yu 冀ji 豫henan 云yun 辽liao 黑hei 湘xiang 皖wan 鲁lu 新xin 苏su 浙zhe 赣gan 鄂e 桂gui "
    "甘gansu 晋shanxi 蒙meng 陕shan 吉jilin 闽min 贵guizhou 粤yue 青qing 藏zang 川chuan 宁ning 琼qiong "
    "挂gua 学xue 警jing_police 港gang 澳ao"
)
SIGNS = {pair[0]: pair[1:] for pair in _PROVINCES.split()}
"""Character of a plate to the name of its piece; sounds that are alike (京 警, 渝 豫) have names of their own."""
_ZH_LETTERS = "诶 必 西 弟 易 艾付 记 诶曲 艾 杰 开 艾漏 艾姆 恩 欧 批 扣 阿儿 艾斯 踢 优 微 达不溜 艾克斯 歪 贼"
ZH_LETTERS = tuple(_ZH_LETTERS.split())
"""Letters as a Chinese voice is given them."""
_EN_SIGNS = {"e": "uh", "jing_police": "police", "gua": "trailer", "xue": "learner", "gang": "Hong Kong", "ao": "Macau"}


def zh_texts() -> dict[str, str]:
    """Piece to what is said."""
    texts = {f"letter_{letter.lower()}": letter for letter in LETTERS}
    return texts | {f"sign_{name}": sign for sign, name in SIGNS.items()} | {"di": "第", "plus": "加"}


def en_texts() -> dict[str, str]:
    """Piece to what is said."""
    texts = {f"letter_{letter.lower()}": letter for letter in LETTERS}
    return texts | {f"sign_{name}": _EN_SIGNS.get(name, name.capitalize()) for name in SIGNS.values()} | {"plus": "plus"}


def voiced(name: str, language: str) -> str:
    """What a voice is given for a piece where its text would be read otherwise; "" where it is not."""
    letter = name.removeprefix("letter_").upper()
    return ZH_LETTERS[LETTERS.index(letter)] if language == "zh" and name.startswith("letter_") and len(letter) == 1 else ""


def row(value: str) -> Iterator[str]:
    """Digits and letters one by one, "" for a breath: where the writer parted them, else after each four of a long row.

    Raises ValueError where there is anything else in it.
    """
    written = value.upper().replace(".", " ").replace("-", " ").split()
    if not written or any(char not in LETTERS and not (char.isascii() and char.isdigit()) for char in "".join(written)):
        raise ValueError(f"not a row of digits and letters: {value!r}")
    groups = written if len(written) > 1 or len(written[0]) < LONG else _by_four(written[0])
    for number, group in enumerate(groups):
        if number:
            yield BREATH
        yield from group


def phone(value: str, language: str) -> Iterator[str]:
    """138 0013 8000: mobile numbers of eleven digits by three and four, others by four from the end, a code before."""
    row = value.replace(" ", "").replace("-", "")
    plus, digits = row.startswith("+"), row.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        raise ValueError(f"not a telephone number: {value!r}")
    if plus:
        yield "plus"
    for number, group in enumerate(_groups(digits, plus)):
        if number:
            yield BREATH
        for digit in group:
            yield "yao" if digit == "1" and language == "zh" else digit


def _groups(digits: str, plus: bool) -> list[str]:
    size = len(digits)
    code = _code_of(digits) if plus and digits else 0
    if plus and size > code + 3:
        return [digits[:code], *_groups(digits[code:], False)]
    if not plus and digits.startswith("0") and 10 <= size <= 12:
        code = 3 if digits[1] in "12" else 4
        return [digits[:code], *_by_four(digits[code:])]
    if size == 11 or (size == 10 and digits.startswith(("400", "800"))):
        return [digits[:3], *_by_four(digits[3:])]
    if size == 10:
        return [digits[:3], digits[3:6], digits[6:]]
    return _by_four(digits)


def _code_of(digits: str) -> int:
    """How many digits of an international number are the country's (ITU-T E.164)."""
    return next((size for size in (1, 2, 3) if int(digits[:size]) in COUNTRY_CODE_TO_REGION_CODE), 3)


def _by_four(digits: str) -> list[str]:
    """Groups of four from the end; a first one of less than three joins the next."""
    if len(digits) <= 5:
        return [digits]
    head = len(digits) % 4
    cuts = [0, *range(head + 4 if 0 < head < 3 else head or 4, len(digits), 4), len(digits)]
    return [digits[begin:end] for begin, end in pairwise(cuts)]


def plate(value: str, language: str) -> Iterator[str]:
    """The province, the letter of the city, a breath, the rest one by one."""
    row = value.replace(" ", "").replace("·", "").upper()
    if not 5 <= len(row) <= 9:
        raise ValueError(f"not a number plate: {value!r}")
    for at, sign in enumerate(row):
        if at == 2:
            yield BREATH
        if sign in SIGNS:
            yield f"sign_{SIGNS[sign]}"
        elif sign in LETTERS:
            yield f"letter_{sign.lower()}"
        elif sign.isascii() and sign.isdigit():
            yield "yao" if sign == "1" and language == "zh" else sign
        else:
            raise ValueError(f"not a number plate: {value!r}")
