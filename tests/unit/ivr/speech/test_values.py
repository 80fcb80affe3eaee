"""How values are read: the words a native speaker would say."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.values import PAUSE, pieces, spoken, spoken_text

AMOUNTS = [
    ("0", "零元", "zero yuan"),
    ("0.01", "一分", "one cent"),
    ("0.02", "两分", "two cents"),
    ("0.50", "五角", "fifty cents"),
    ("0.55", "五角五分", "fifty-five cents"),
    ("1", "一元", "one yuan"),
    ("2", "两元", "two yuan"),
    ("2.20", "两元两角", "two yuan twenty"),
    ("10", "十元", "ten yuan"),
    ("12.34", "十二元三角四分", "twelve yuan thirty-four"),
    ("20", "二十元", "twenty yuan"),
    ("100", "一百元", "one hundred yuan"),
    ("102", "一百零二元", "one hundred two yuan"),
    ("115.05", "一百一十五元零五分", "one hundred fifteen yuan and five cents"),
    ("128.5", "一百二十八元五角", "one hundred twenty-eight yuan fifty"),
    ("200", "二百元", "two hundred yuan"),
    ("999.995", "一千元", "one thousand yuan"),
    ("1005", "一千零五元", "one thousand five yuan"),
    ("1010", "一千零一十元", "one thousand ten yuan"),
    ("2200", "两千二百元", "two thousand two hundred yuan"),
    ("10000", "一万元", "ten thousand yuan"),
    ("10010", "一万零一十元", "ten thousand ten yuan"),
    ("12000", "一万两千元", "twelve thousand yuan"),
    ("20500", "两万零五百元", "twenty thousand five hundred yuan"),
    ("100000", "十万元", "one hundred thousand yuan"),
    ("1010101", "一百零一万零一百零一元", "one million ten thousand one hundred one yuan"),
    ("1100000", "一百一十万元", "one million one hundred thousand yuan"),
    ("100000000", "一亿元", "one hundred million yuan"),
    ("200020000", "两亿零两万元", "two hundred million twenty thousand yuan"),
    ("100000001", "一亿零一元", "one hundred million one yuan"),
    ("-3.1", "负三元一角", "minus three yuan ten"),
    ("-0.001", "零元", "zero yuan"),
]

NUMBERS = [
    ("0", "零", "zero"),
    ("2", "二", "two"),
    ("007", "七", "seven"),
    ("12", "十二", "twelve"),
    ("3.140", "三点一四", "three point one four"),
    ("-0.5", "负零点五", "minus zero point five"),
    ("1E+3", "一千", "one thousand"),
    ("1000000000000", "一零零零零零零零零零零零零", " ".join(["one", *["zero"] * 12])),
]


@pytest.mark.parametrize(("value", "zh", "en"), AMOUNTS)
def test_amounts(value: str, zh: str, en: str) -> None:
    assert spoken_text("amount", value, "zh") == zh
    assert spoken_text("amount", value, "en") == en


@pytest.mark.parametrize(("value", "zh", "en"), NUMBERS)
def test_numbers(value: str, zh: str, en: str) -> None:
    assert spoken_text("number", value, "zh") == zh
    assert spoken_text("number", value, "en") == en


def test_digits_are_read_one_by_one_and_one_is_yao_on_request() -> None:
    assert spoken_text("digits", "138-1101", "zh") == "幺三八，幺幺零幺"
    assert spoken_text("digits", "1101", "zh", yao=False) == "一一零一"
    assert spoken_text("digits", "8861", "en") == "eight eight six one"


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("482913", "四八二九幺三", "four eight two nine one three"),
        ("20261122", "二零二六，幺幺二二", "two zero two six, one one two two"),
        ("SF-1024 77", "SF，幺零二四，七七", "S F, one zero two four, seven seven"),
        ("t000123", "T零零，零幺二三", "T zero zero, zero one two three"),
        ("11010519491231002x", "幺幺零幺零五，幺九四九，幺二三幺，零零二X", None),
    ],
)
def test_order_numbers_are_read_in_groups_with_their_letters(value: str, zh: str, en: str | None) -> None:
    assert spoken_text("digits", value, "zh") == zh
    assert en is None or spoken_text("digits", value, "en") == en


@pytest.mark.parametrize(
    ("kind", "value", "language"),
    [
        ("amount", "much", "zh"),
        ("amount", "NaN", "en"),
        ("number", "Infinity", "zh"),
        ("number", "1e999999", "en"),
        ("amount", "", "zh"),
        ("digits", "12#4", "zh"),
        ("digits", "", "en"),
        ("digits", "１２", "zh"),
        ("date", "2026-13-01", "zh"),
        ("time", "25:61", "en"),
        ("datetime", "soon", "en"),
        ("phone", "12a", "zh"),
        ("plate", "京A?", "zh"),
        ("ordinal", "0", "en"),
        ("song", "1", "zh"),
        ("amount", "1", "ko"),
    ],
)
def test_what_is_no_value_is_refused(kind: str, value: str, language: str) -> None:
    with pytest.raises(ValueError, match=r"not a|unknown kind|cannot be read"):
        spoken(kind, value, language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pieces_have_one_name_each(language: str) -> None:
    names = [piece.name for piece in pieces(language)]
    assert len(names) == len(set(names)) > 100
    assert all(piece.text for piece in pieces(language))


def test_a_language_without_rules_has_no_pieces() -> None:
    assert pieces("ko") == ()


@given(cents=st.integers(-9_999_999_999, 9_999_999_999), language=st.sampled_from(["zh", "en"]))
def test_every_amount_splits_into_known_pieces(cents: int, language: str) -> None:
    said = spoken("amount", str(Decimal(cents) / 100), language)
    assert said
    assert set(said) <= set(pieces(language))
    assert len(said) <= 25


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**14), max_value=10**14))
def test_every_number_splits_into_known_pieces(value: Decimal) -> None:
    for language in ("zh", "en"):
        assert set(spoken("number", str(value), language)) <= set(pieces(language))


@given(value=st.integers(0, 999_999_999_999))
def test_chinese_numbers_read_back(value: int) -> None:
    """An independent reader gets the same number out of the words."""
    assert _read_chinese(spoken_text("number", str(value), "zh")) == value


@given(value=st.integers(0, 999_999_999_999))
def test_chinese_zeros_are_said_once(value: int) -> None:
    words = spoken_text("number", str(value), "zh")
    assert "零零" not in words
    assert value == 0 or not words.endswith("零")


def _read_chinese(words: str) -> int:
    digits = {char: digit for digit, char in enumerate("零一二三四五六七八九")} | {"两": 2}
    total = section = digit = 0
    for char in words:
        if char in digits:
            digit = digits[char]
        elif char in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
        else:
            total += (section + digit) * {"万": 10_000, "亿": 100_000_000}[char]
            section = digit = 0
    return total + section + digit


@pytest.mark.parametrize(
    ("kind", "value", "zh", "en"),
    [
        ("date", "2026-11-25", "二零二六年十一月二十五号，星期三", "Wednesday, November twenty-fifth, twenty twenty-six"),
        ("date", "~2026-11-03", "十一月三号，星期二", "Tuesday, November third"),
        ("date", "2005-03-02", "二零零五年三月二号，星期三", "Wednesday, March second, two thousand and five"),
        ("date", "1905-03-02", "一九零五年三月二号，星期四", "Thursday, March second, nineteen oh five"),
        ("time", "15:30", "下午三点半", "three thirty P M"),
        ("time", "09:05", "上午九点零五分", "nine oh five A M"),
        ("time", "00:00", "零点", "midnight"),
        ("time", "00:15", "凌晨零点十五分", "twelve fifteen A M"),
        ("time", "12:00", "中午十二点", "noon"),
        ("time", "20:00", "晚上八点", "eight P M"),
        ("time", "12:00/18:00", "下午", "in the afternoon"),
        ("time", "11:30/13:00", "上午十一点半到下午一点", "eleven thirty A M to one P M"),
        ("time", "00:00/00:30", "零点到凌晨零点半", "midnight to twelve thirty A M"),
        ("time", "14:15/16:45", "下午两点十五分到四点四十五分", "two fifteen to four forty-five P M"),
        ("time", "09:00/11:30", "上午九点到十一点半", "nine to eleven thirty A M"),
        (
            "datetime",
            "~2026-11-25T15:30",
            "十一月二十五号，星期三，下午三点半",
            "Wednesday, November twenty-fifth, three thirty P M",
        ),
        (
            "datetime",
            "~2026-11-24T08:00/12:00",
            "十一月二十四号，星期二，上午",
            "Tuesday, November twenty-fourth, in the morning",
        ),
        ("phone", "13800138000", "幺三八，零零幺三，八零零零", "one three eight, zero zero one three, eight zero zero zero"),
        ("phone", "02165529988", "零二幺，六五五二，九九八八", "zero two one, six five five two, nine nine eight eight"),
        ("phone", "95588", "九五五八八", "nine five five eight eight"),
        (
            "phone",
            "+85212345678",
            "加八五二，幺二三四，五六七八",
            "plus eight five two, one two three four, five six seven eight",
        ),
        (
            "phone",
            "+8613800138000",
            "加八六，幺三八，零零幺三，八零零零",
            "plus eight six, one three eight, zero zero one three, eight zero zero zero",
        ),
        (
            "phone",
            "+12025550123",
            "加幺，二零二，五五五，零幺二三",
            "plus one, two zero two, five five five, zero one two three",
        ),
        ("plate", "京A12345", "京A，幺二三四五", "Jing A, one two three four five"),
        ("plate", "沪AD12345", "沪A，D幺二三四五", "Hu A, D one two three four five"),
        ("ordinal", "3", "第三", "third"),
        ("ordinal", "40", "第四十", "fortieth"),
        ("ordinal", "42", "第四十二", "forty second"),
        ("ordinal", "123", "第一百二十三", "one hundred twenty-three"),
        ("wait", "1", "预计一分钟之内为您接通。", "It should take less than a minute."),
        ("wait", "4", "预计大约五分钟后为您接通。", "It should take about five minutes."),
        ("wait", "15", "预计大约一刻钟后为您接通。", "It should take about a quarter of an hour."),
        ("wait", "90", "预计等待时间会超过半小时。", "It may take more than half an hour."),
    ],
)
def test_dates_times_and_codes_are_read_as_natives_do(kind: str, value: str, zh: str, en: str) -> None:
    assert spoken_text(kind, value, "zh") == zh
    assert spoken_text(kind, value, "en") == en


def test_a_breath_is_no_recording() -> None:
    assert PAUSE in spoken("phone", "13800138000", "zh")
    assert PAUSE not in pieces("zh")
