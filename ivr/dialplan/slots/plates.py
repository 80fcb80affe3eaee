"""Chinese number plates (GA 36): 京A12345, and with eight characters those of new-energy vehicles, 沪AD12345. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan.slots import en_numbers, zh_numbers
from ivr.dialplan.slots.said import About, Found, Word, words

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_NAMED = (
    "北京京 天津津 上海沪 重庆渝 河北冀 河南豫 云南云 辽宁辽 黑龙江黑 湖南湘 安徽皖 山东鲁 新疆新 江苏苏 浙江浙 江西赣 湖北鄂 "
    "广西桂 甘肃甘 山西晋 内蒙古蒙 内蒙蒙 陕西陕 吉林吉 福建闽 贵州贵 广东粤 青海青 西藏藏 四川川 宁夏宁 海南琼"
)
_NAMES = {pair[:-1]: pair[-1] for pair in _NAMED.split()}
_HOMOPHONES = (
    "经京 惊京 晶京 精京 今津 金津 斤津 户沪 护沪 互沪 鱼渝 余渝 于渝 记冀 季冀 寄冀 玉豫 遇豫 聊辽 香湘 乡湘 相湘 "
    "晚皖 碗皖 路鲁 卤鲁 酥苏 这浙 哲浙 干赣 感赣 饿鄂 恶鄂 跪桂 柜桂 进晋 近晋 梦蒙 猛蒙 闪陕 及吉 极吉 敏闽 民闽 月粤 "
    "越粤 岳粤 清青 轻青 穿川 传川 凝宁 穷琼"
)
_ALIKE = {pair[0]: pair[1] for pair in _HOMOPHONES.split()}
"""What a recogniser writes for a province that it does not expect."""
ALIKE = 0.7
"""How sure a plate is whose province was written otherwise."""
_ROMAN = (
    "beijing京 tianjin津 shanghai沪 chongqing渝 hebei冀 henan豫 yunnan云 liaoning辽 heilongjiang黑 hunan湘 anhui皖 shandong鲁 "
    "xinjiang新 jiangsu苏 zhejiang浙 jiangxi赣 hubei鄂 guangxi桂 gansu甘 shanxi晋 shaanxi陕 jilin吉 "
    "fujian闽 guizhou贵 guangdong粤 qinghai青 tibet藏 sichuan川 ningxia宁 hainan琼 mongolia蒙 jing京 hu沪 su苏 zhe浙 lu鲁 "
    "yue粤 chuan川 xiang湘 wan皖 liao辽 hei黑 qiong琼 ning宁"
)
_ENGLISH = {pair[:-1]: pair[-1] for pair in _ROMAN.split()}
_ALPHABET = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra "
    "tango uniform victor whiskey xray yankee zulu"
)
_RADIO = {name: name[0].upper() for name in _ALPHABET.split()}
_LETTER = "A-HJ-NP-Z"
_PLATE = re.compile(
    rf"[{PROVINCES}][{_LETTER}](?:[A-HJK][{_LETTER}0-9][0-9]{{4}}|[0-9]{{5}}[A-HJK]|[{_LETTER}0-9]{{4}}[{_LETTER}0-9挂学警港澳])\Z"
)
_ZH_NAMES = re.compile(
    "|".join(rf"{name}(?:的?{sign}|(?=[a-z]))" for name, sign in sorted(_NAMES.items(), key=lambda one: -len(one[0])))
)
_ZH_LETTERS = str.maketrans({"诶": "A", "哎": "A", "比": "B", "毕": "B", "西": "C", "地": "D", "弟": "D"})
_ZH_HEAD = re.compile(rf"(?P<sign>[{PROVINCES}{''.join(_ALIKE)}])(?:牌|字头|的)?[\s,.-]*(?P<city>[a-z诶哎比毕西地弟])")
_ZH_LETTER_OF = re.compile(r"(?<=[a-z])(?:for|字母)[a-z]+")
_GAPS = re.compile(r"[\s,.、。:·-]|嗯|呃|然后|再|杠|点")
_MANY = re.compile(r"([二两三四五])个([\d零幺一二三四五六七八九])")
_TAIL = 24
"""Characters after the city's letter that may belong to the plate."""


def plates(text: str, about: About) -> Iterator[Found]:
    """Every plate that exists by its form, as "京A12345"."""
    yield from _zh_plates(text) if about.language == "zh" else _en_plates(words(text))


def is_plate(text: str) -> bool:
    return bool(_PLATE.match(text))


def _zh_plates(text: str) -> Iterator[Found]:
    named = _ZH_NAMES.sub(lambda found: _NAMES[_name_of(found[0])] + " " * (len(found[0]) - 1), text)
    for head in _ZH_HEAD.finditer(named):
        sign = head["sign"]
        written = _ALIKE.get(sign, sign)
        city = head["city"].translate(_ZH_LETTERS).upper()
        serial, end = _zh_serial(named, head.end())
        for size in (6, 5):
            plate = f"{written}{city}{serial[:size]}"
            if len(serial) in (size, size + (size == 5)) and is_plate(plate) and len(serial) == size:
                yield Found(plate, head.start(), end, 1.0 if written == sign else ALIKE)
                break


def _name_of(text: str) -> str:
    return next(name for name in sorted(_NAMES, key=len, reverse=True) if text.startswith(name))


def _zh_serial(text: str, start: int) -> tuple[str, int]:
    """The characters after the city's letter, and where they end."""
    serial, at = "", start
    end = start
    while at < min(len(text), start + _TAIL) and len(serial) < 7:
        gap = _GAPS.match(text, at)
        if gap is not None:
            at = gap.end()
            continue
        many = _MANY.match(text, at)
        if many is not None:
            serial += zh_numbers.row(many[2]) * zh_numbers.DIGITS[many[1]]
            at = end = many.end()
            continue
        letter = text[at]
        if letter in zh_numbers.DIGITS or letter.isdecimal():
            serial += zh_numbers.row(letter)
        elif "a" <= letter <= "z" or letter in "挂学警港澳":
            serial += letter.upper()
        elif letter in "诶哎比毕西地弟":
            serial += letter.translate(_ZH_LETTERS)
        else:
            break
        at += 1
        end = at
    return serial, end


def _en_plates(said: list[Word]) -> Iterator[Found]:
    for at, word in enumerate(said):
        sign = _ENGLISH.get(word.text)
        if sign is None:
            continue
        serial, after = "", at + 1
        while after < len(said) and len(serial) < 8:
            piece = _en_piece(said, after)
            if piece is None:
                break
            serial, after = serial + piece[0], piece[1]
        for size in (7, 6):
            if len(serial) == size and is_plate(sign + serial):
                yield Found(sign + serial, word.start, said[after - 1].end, 0.9)


def _en_piece(said: list[Word], at: int) -> tuple[str, int] | None:
    """Letters and digits of one word, "a", "b as in boy", "double five"; "" for a mark between them."""
    text = said[at].text
    if text in ("-", ".", ","):
        return "", at + 1
    digits = en_numbers.digits_at(said, at)
    if digits is not None and text != "o":
        return digits
    letter = text.upper() if len(text) == 1 and text.isalpha() else _RADIO.get(text, "")
    if not letter:
        return (text.upper(), at + 1) if text.isalpha() and len(text) == 2 else None
    after = at + 1
    rest = [word.text for word in said[after : after + 3]]
    if rest[:2] == ["as", "in"] and len(rest) == 3 and rest[2].startswith(text):
        after += 3
    elif rest[:1] == ["for"] and len(rest) > 1 and rest[1].startswith(text):
        after += 2
    return letter, after
