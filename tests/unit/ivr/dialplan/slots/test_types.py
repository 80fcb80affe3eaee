"""What callers say and what it means: a table by type and language, corrections, keys, and any text at all."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialplan.slots import KINDS, SlotType, Value, accepts, corrected, enough, keyed, plain, read

NOW = datetime(2026, 11, 22, 14, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Sunday."""

Table = dict[tuple[str, str], dict[str, Value | None]]
SAID: Table = {
    ("digits", "zh"): {
        "一万": "10000",
        "四个八": "8888",
        "二十一": "21",
        "八八六一": "8861",
        "我的账号是八八六一": "8861",
        "三个八六一": "88861",
        "138 0013 8000": "13800138000",
        "幺三八，零零幺三，八零零零": "13800138000",
        "八八 六一": "8861",
        "八八，嗯，六一": "8861",
        "账号是一百二十三": "123",
        "查一下四四幺二": "4412",
        "八十六": "86",
        "第三个": None,
        "洞八六幺": "0861",
        "４４１２": "4412",
        "没有": None,
        "不是八八六一是八八六二": "8862",
        "不对，是八八六二": "8862",
        "八八六一，不对，八八六二": "8862",
        "应该是8862": "8862",
        "8862不是8861": "8862",
        "不是8861，8862": "8862",
        "不是8861": None,
    },
    ("digits", "en"): {
        "one hundred twenty three": "123",
        "eight hundred five five five": "800555",
        "o one two": "012",
        "double eight six one": "8861",
        "eighty eight sixty one": "8861",
        "one three eight, double oh one three": "1380013",
        "eight hundred": "800",
        "oh oh seven": "007",
        "my account is 88 61": "8861",
        "triple five twelve": "55512",
        "eight eight um six one": "8861",
        "I have no number": None,
        "not 8861 but 8862": "8862",
        "no, I meant eight eight six two": "8862",
        "eight eight six one no sorry eight eight six two": "8862",
        "8862, not 8861": "8862",
        "not 8861, 8862": "8862",
        "it's not 8861": None,
    },
    ("number", "zh"): {
        "三个": 3,
        "三个半": 3.5,
        "两百五": 250,
        "一百零五": 105,
        "零点五": 0.5,
        "三点五万": 35000,
        "负五": -5,
        "一百二十万五": 1205000,
        "一百多": None,
        "十几个": None,
        "一共三百": 300,
        "查一下": None,
    },
    ("number", "en"): {
        "two fifty": 250,
        "three": 3,
        "two and a half": 2.5,
        "one and a half thousand": 1500,
        "a dozen": 12,
        "minus five": -5,
        "nineteen hundred and five": 1905,
        "half a million": 500000,
        "none of these": None,
    },
    ("amount", "zh"): {
        "二十八块五": 28.5,
        "二十八块五毛": 28.5,
        "二十八块五毛二": 28.52,
        "五毛": 0.5,
        "五毛五": 0.55,
        "三块零五分": 3.05,
        "三块零五": 3.05,
        "128元5角": 128.5,
        "一百二十八元五角": 128.5,
        "两百五": 250.0,
        "三千八": 3800.0,
        "一万零五十": 10050.0,
        "一万五": 15000.0,
        "两万半": 25000.0,
        "两块半": 2.5,
        "半块": 0.5,
        "一毛二": 0.12,
        "一分钱": 0.01,
        "五十分": 0.5,
        "一千块": 1000.0,
        "3.5万": 35000.0,
        "1,234.56元": 1234.56,
        "￥128.5": 128.5,
        "十块零五毛": 10.5,
        "两块": 2.0,
        "我要充一百块钱": 100.0,
        "充两百，不对，三百": 300.0,
        "一百多块": None,
        "几百块": None,
        "不知道": None,
        "一百二五": None,
    },
    ("amount", "en"): {
        "two fifty": 250.0,
        "twenty eight fifty": 28.5,
        "twenty-eight yuan fifty": 28.5,
        "five dollars and two cents": 5.02,
        "a hundred and twenty eight point five": 128.5,
        "fifty cents": 0.5,
        "$128.50": 128.5,
        "two and a half thousand": 2500.0,
        "1,234.56": 1234.56,
        "nineteen ninety nine": 19.99,
        "six yuan five jiao": 6.5,
        "twelve thousand yuan": 12000.0,
        "a hundred": 100.0,
        "two hundred no I meant three hundred": 300.0,
        "a lot of money": None,
    },
    ("date", "zh"): {
        "六月底": "2027-06-30",
        "十二月初": "2026-12-01",
        "今年年底": "2026-12-31",
        "明年年初": "2027-01-01",
        "半个月后": "2026-12-07",
        "昨儿": "2026-11-21",
        "月初": "2026-11-01",
        "今天": "2026-11-22",
        "明天": "2026-11-23",
        "后天": "2026-11-24",
        "大后天": "2026-11-25",
        "前天": "2026-11-20",
        "大前天": "2026-11-19",
        "下周三": "2026-11-25",
        "下下周三": "2026-12-02",
        "周三": "2026-11-25",
        "上周五": "2026-11-13",
        "礼拜一": "2026-11-23",
        "下个星期一": "2026-11-23",
        "星期天": "2026-11-22",
        "本月十五号": "2026-11-15",
        "这个月15号": "2026-11-15",
        "下个月三号": "2026-12-03",
        "二十三号": "2026-11-23",
        "三月二十三号": "2027-03-23",
        "明年五月一号": "2027-05-01",
        "二零二七年三月二十三日": "2027-03-23",
        "26年12月1号": "2026-12-01",
        "2027-3-23": "2027-03-23",
        "十二月二十五": "2026-12-25",
        "三天后": "2026-11-25",
        "过三天": "2026-11-25",
        "两周后": "2026-12-06",
        "一个月后": "2026-12-22",
        "月底": "2026-11-30",
        "下个月底": "2026-12-31",
        "国庆节": "2027-10-01",
        "零三二三": "2027-03-23",
        "20270323": "2027-03-23",
        "二月三十号": None,
        "下周三，不对，下周四": "2026-11-26",
        "不是明天是后天": "2026-11-24",
        "不是明天": None,
        "随便": None,
    },
    ("date", "en"): {
        "today": "2026-11-22",
        "tomorrow": "2026-11-23",
        "the day after tomorrow": "2026-11-24",
        "the day before yesterday": "2026-11-20",
        "wednesday": "2026-11-25",
        "next wednesday": "2026-11-25",
        "monday next week": "2026-11-23",
        "last friday": "2026-11-20",
        "friday week": "2026-12-04",
        "twenty third of March": "2027-03-23",
        "the twenty-third of March": "2027-03-23",
        "March the twenty third": "2027-03-23",
        "March 23rd, 2027": "2027-03-23",
        "23 march twenty twenty seven": "2027-03-23",
        "march third next year": "2027-03-03",
        "december first": "2026-12-01",
        "in three days": "2026-11-25",
        "two weeks from now": "2026-12-06",
        "a week from monday": "2026-11-30",
        "three days ago": "2026-11-19",
        "the fifteenth": "2026-12-15",
        "the fifteenth of next month": "2026-12-15",
        "3/23/2027": "2027-03-23",
        "23/3/2027": "2027-03-23",
        "2027-03-23": "2027-03-23",
        "end of the month": "2026-11-30",
        "christmas eve": "2026-12-24",
        "tomorrow, no, the day after tomorrow": "2026-11-24",
        "thirtieth of february": None,
        "whenever": None,
    },
    ("time", "zh"): {
        "上午十点到十二点": "10:00/12:00",
        "晚上八点到九点": "20:00/21:00",
        "三点到五点": "15:00/17:00",
        "下午三点半": "15:30",
        "三点": "15:00",
        "三点一刻": "15:15",
        "差五分三点": "14:55",
        "三点差五分": "14:55",
        "下午三点过十分": "15:10",
        "十五点三十": "15:30",
        "15:30": "15:30",
        "09:00": "09:00",
        "八点四十五": "08:45",
        "三点零五分": "15:05",
        "早上八点整": "08:00",
        "中午": "12:00",
        "中午一点": "13:00",
        "凌晨两点": "02:00",
        "晚上八点": "20:00",
        "晚上十二点": "00:00",
        "晚上一点": "01:00",
        "零点": "00:00",
        "上午": "08:00/12:00",
        "半小时后": "14:50",
        "两个小时后": "16:20",
        "一个半小时后": "15:50",
        "三刻钟后": "15:05",
        "上午十五点": None,
        "便宜一点": None,
        "二十五点": None,
    },
    ("time", "en"): {
        "between three and five": "15:00/17:00",
        "from nine am to noon": "09:00/12:00",
        "ten": "10:00",
        "ten please": "10:00",
        "three pm": "15:00",
        "3:30 p.m.": "15:30",
        "half past three": "15:30",
        "half three": "15:30",
        "quarter to four": "15:45",
        "ten past five": "17:10",
        "twenty to six": "17:40",
        "three thirty": "15:30",
        "three oh five": "15:05",
        "three o'clock": "15:00",
        "three in the afternoon": "15:00",
        "eight at night": "20:00",
        "fifteen thirty": "15:30",
        "nine am": "09:00",
        "12 am": "00:00",
        "12:15 a.m.": "00:15",
        "noon": "12:00",
        "midnight": "00:00",
        "at three": "15:00",
        "in an hour": "15:20",
        "in half an hour": "14:50",
        "twenty minutes ago": "14:00",
        "an hour and a half from now": "15:50",
        "not 3 pm, 4 pm": "16:00",
        "i want three": None,
    },
    ("datetime", "zh"): {
        "明天上午十点到十二点": "2026-11-23T10:00/12:00",
        "上周五晚上": "2026-11-13T18:00/22:00",
        "后天上午": "2026-11-24T08:00/12:00",
        "下周三下午三点半": "2026-11-25T15:30",
        "今天八点": "2026-11-22T20:00",
        "晚上八点": "2026-11-22T20:00",
        "今晚十二点": "2026-11-23T00:00",
        "三月二十三号下午三点": "2027-03-23T15:00",
        "明早八点": "2026-11-23T08:00",
        "大后天中午": "2026-11-25T12:00",
        "两小时前": "2026-11-22T12:20",
        "昨天晚上九点": "2026-11-21T21:00",
        "刚才": "2026-11-22T14:20",
        "明天": "2026-11-23",
        "两天后的上午十点": "2026-11-24T10:00",
        "不知道": None,
    },
    ("datetime", "en"): {
        "tomorrow between three and five pm": "2026-11-23T15:00/17:00",
        "the day after tomorrow at half past three": "2026-11-24T15:30",
        "tomorrow morning at eight": "2026-11-23T08:00",
        "tonight at eight": "2026-11-22T20:00",
        "next wednesday afternoon": "2026-11-25T12:00/18:00",
        "march 23rd at 3 pm": "2027-03-23T15:00",
        "two days ago at nine in the morning": "2026-11-20T09:00",
        "last night": "2026-11-21T18:00/22:00",
        "at eight": "2026-11-23T08:00",
        "just now": "2026-11-22T14:20",
        "soon": None,
    },
    ("phone", "zh"): {
        "幺三八零零幺三八零零零": "13800138000",
        "零二幺六五五二九九八八": "02165529988",
        "区号010，六五五二九九八八": "01065529988",
        "加八六幺三八零零幺三八零零零": "13800138000",
        "四零零八二零八八二零": "4008208820",
        "幺三八零零": None,
    },
    ("phone", "en"): {
        "plus four four seven seven double oh nine double oh one two three": "+447700900123",
        "one three eight double oh one three eight triple zero": "13800138000",
        "one two": None,
    },
    ("plate", "zh"): {
        "川A五个八": "川A88888",
        "苏E一二三A五": "苏E123A5",
        "粤Z1234港": "粤Z1234港",
        "京诶八八八八八": "京A88888",
        "京A12345": "京A12345",
        "车牌是鲁B8X9Y2": "鲁B8X9Y2",
        "沪AD12345": "沪AD12345",
        "沪A12345D": "沪A12345D",
        "粤b幺二三四五": "粤B12345",
        "北京的京A六八八八八": "京A68888",
        "黑龙江的黑A12345": "黑A12345",
        "川A·12345": "川A12345",
        "经A12345": "京A12345",
        "京A1234": None,
        "京I12345": None,
    },
    ("plate", "en"): {
        "jing A one two three four five": "京A12345",
        "beijing a as in apple double five six seven eight": "京A55678",
        "shanghai a d 1 2 3 4 5": "沪AD12345",
        "one two three": None,
    },
    ("id_number", "zh"): {
        "幺幺零幺零五幺九四九幺二三幺零零二叉": "11010519491231002X",
        "11010519491231002x": "11010519491231002X",
        "110105194912310021": None,
        "110105194902310028": None,
    },
    ("id_number", "en"): {"one one zero one zero five 1949 1231 double oh two x": "11010519491231002X", "one": None},
    ("yes_no", "zh"): {
        "没有问题": "yes",
        "我不知道": None,
        "没关系": None,
        "对不起我没听清": None,
        "行": "yes",
        "不太好": "no",
        "是的": "yes",
        "对对对": "yes",
        "没问题": "yes",
        "没错": "yes",
        "嗯": "yes",
        "好的谢谢": "yes",
        "不是": "no",
        "没有": "no",
        "我不要": "no",
        "不用了谢谢": "no",
        "是不是": None,
        "账单": None,
    },
    ("yes_no", "en"): {
        "I don't think so": "no",
        "absolutely": "yes",
        "it isn't": "no",
        "go ahead": "yes",
        "please don't": "no",
        "yes": "yes",
        "yeah sure": "yes",
        "that's right": "yes",
        "no problem": "yes",
        "no": "no",
        "not really": "no",
        "nope that's wrong": "no",
        "i don't know": None,
        "maybe": None,
    },
    ("text", "zh"): {"网断了": "网断了", " 。。": None},
    ("text", "en"): {"It stopped working": "it stopped working", "": None},
}
PAIRS = [(name, language, said, value) for (name, language), rows in SAID.items() for said, value in rows.items()]


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(PAIRS) >= 200
    assert {name for name, _ in SAID} == set(KINDS) - {"choice"}


@pytest.mark.parametrize(("name", "language", "said", "value"), PAIRS)
def test_what_was_said_is_what_was_meant(name: str, language: str, said: str, value: Value | None) -> None:
    slot = SlotType(name)
    found = read(slot, said, slot.about(language, NOW))
    assert (None if found is None else found.value) == value
    if found is not None:
        assert type(found.value) is type(value)
        assert 0 < found.sure <= 1


CHOICES = {"zh": {"查账单": "bill", "查余额": "balance", "账单": "bill"}, "en": {"bill": "bill", "my balance": "balance"}}


@pytest.mark.parametrize(("language", "said", "name"), [("zh", "我要查账单", "bill"), ("en", "my balance please", "balance")])
def test_a_choice_is_found_by_its_phrases(language: str, said: str, name: str) -> None:
    slot = SlotType("choice", names=CHOICES)
    found = read(slot, said, slot.about(language, NOW))
    assert found is not None
    assert found.value == name


def test_a_word_inside_another_is_no_choice() -> None:
    slot = SlotType("choice", names=CHOICES)
    assert read(slot, "billing address", slot.about("en", NOW)) is None


@pytest.mark.parametrize(
    ("slot", "said", "value"),
    [
        (SlotType("digits", 4, 4), "八八六一的那个三号", "8861"),
        (SlotType("digits", 4, 4), "八八六", None),
        (SlotType("amount", 1, 500), "三千八", None),
        (SlotType("amount", 1, 500), "一百", 100.0),
        (SlotType("number", 1, 9), "十二个", None),
        (SlotType("date", when="past"), "三月二十三号", "2026-03-23"),
        (SlotType("date", when="past"), "明天", None),
        (SlotType("date", when="future"), "昨天", None),
        (SlotType("datetime", when="past"), "八点", "2026-11-22T08:00"),
        (SlotType("time", 9 * 60, 18 * 60), "晚上八点", None),
        (SlotType("time", 9 * 60, 18 * 60), "下午三点", "15:00"),
    ],
)
def test_bounds_are_kept(slot: SlotType, said: str, value: Value | None) -> None:
    found = read(slot, said, slot.about("zh", NOW))
    assert (None if found is None else found.value) == value


@pytest.mark.parametrize(
    ("slot", "old", "said", "value"),
    [
        (SlotType("digits", 4, 4), "8861", "不是六一是六二", "8862"),
        (SlotType("digits", 4, 4), "8861", "不是八八六一是八八六二", "8862"),
        (SlotType("digits", 4, 4), "8861", "八八六二", "8862"),
        (SlotType("digits", 4, 4), "8861", "不对", None),
        (SlotType("plate"), "京A12345", "不是三四五是三四六", "京A12346"),
        (SlotType("datetime"), "2026-11-25T15:30", "不是三点，是下午四点", "2026-11-25T16:00"),
        (SlotType("datetime"), "2026-11-25T15:30", "改成后天", "2026-11-24T15:30"),
        (SlotType("datetime"), "2026-11-25T15:30", "不对，是周五下午两点", "2026-11-27T14:00"),
        (SlotType("amount"), 28.5, "不对，是三十八块五", 38.5),
        (SlotType("date"), "2026-11-25", "不是下周三是下周四", "2026-11-26"),
    ],
)
def test_a_correction_changes_what_was_read_back(slot: SlotType, old: Value, said: str, value: Value | None) -> None:
    found = corrected(slot, old, said, slot.about("zh", NOW))
    assert (None if found is None else found.value) == value


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        ("digits", "8861", "8861"),
        ("number", "12", 12),
        ("number", "2*5", 2.5),
        ("amount", "128*50", 128.5),
        ("amount", "*5", 0.5),
        ("amount", "1*2*3", None),
        ("amount", "1*234", None),
        ("date", "0323", "2027-03-23"),
        ("date", "20270323", "2027-03-23"),
        ("date", "0230", None),
        ("date", "1", None),
        ("time", "1530", "15:30"),
        ("time", "930", "09:30"),
        ("time", "2561", None),
        ("datetime", "03231530", "2027-03-23T15:30"),
        ("datetime", "202703231530", "2027-03-23T15:30"),
        ("phone", "13800138000", "13800138000"),
        ("phone", "1380", None),
        ("id_number", "11010519491231002*", "11010519491231002X"),
        ("plate", "123", None),
        ("text", "123", None),
        ("amount", "", None),
    ],
)
def test_what_was_keyed(name: str, keys: str, value: Value | None) -> None:
    slot = SlotType(name)
    assert keyed(slot, keys, slot.about("zh", NOW)) == value


def test_keys_are_over_when_nothing_can_follow() -> None:
    about = SlotType("time").about("zh", NOW)
    assert enough(SlotType("time"), "1530", about)
    assert not enough(SlotType("time"), "153", about)
    assert enough(SlotType("digits", 4, 4), "8861", about)
    assert enough(SlotType("phone"), "13800138000", about)
    assert not enough(SlotType("phone"), "02165529988", about)
    assert accepts(SlotType("amount"), "*")
    assert not accepts(SlotType("date"), "*")
    assert not accepts(SlotType("plate"), "1")


def test_two_values_make_neither_sure() -> None:
    slot = SlotType("digits", 4, 4)
    found = read(slot, "八八六一或者八八六二", slot.about("zh", NOW))
    assert found is not None
    assert found.sure <= 0.5


@pytest.mark.parametrize(("said", "sure"), [("三点", 0.6), ("下午三点", 1.0), ("十五点", 1.0)])
def test_an_hour_without_its_half_of_the_day_is_not_sure(said: str, sure: float) -> None:
    slot = SlotType("time")
    found = read(slot, said, slot.about("zh", NOW))
    assert found is not None
    assert found.sure == sure


WORDS = (
    *"零一二两三四五六七八九十百千万亿点半不是对号月年日周天上下午早晚块毛分元京沪粤abcdx0123456789 ,.:/-*#",
    *(
        "明天",
        "下周",
        "不对",
        "应该是",
        "double ",
        "twenty ",
        "half past ",
        "next ",
        "monday ",
        "march ",
        "no ",
        "not ",
        "in ",
        "and a half ",
    ),
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(st.sampled_from(WORDS), max_size=60).map("".join))


@given(TEXTS, st.sampled_from(sorted(KINDS)), st.sampled_from(["zh", "en", "fr", ""]), st.sampled_from(["", "past", "future"]))
@settings(max_examples=500, deadline=None)
def test_no_text_breaks_it(text: str, name: str, language: str, when: str) -> None:
    slot = SlotType(name, when=when, names=CHOICES)
    about = slot.about(language, NOW)
    for found in (read(slot, text, about), corrected(slot, "2026-11-25T15:30", text, about)):
        if found is not None:
            assert isinstance(found.value, str | int | float)
            assert not isinstance(found.value, bool)
            assert 0 <= found.start <= found.end <= len(plain(text))
            assert 0 < found.sure <= 1


@given(st.text(alphabet="0123456789*#A", max_size=70), st.sampled_from(sorted(KINDS)))
@settings(max_examples=500, deadline=None)
def test_no_keys_break_it(keys: str, name: str) -> None:
    slot = SlotType(name)
    value = keyed(slot, keys, slot.about("zh", NOW))
    assert value is None or isinstance(value, str | int | float)


@pytest.mark.parametrize(
    "unit",
    [
        "不对,",
        "一百",
        "no ",
        "not 1 ",
        "8 ",
        "下周三",
        "twenty ",
        "一点",
        "a hundred and ",
        "嗯",
        "x",
        "1/",
        "个八",
        "半",
        ",,，",
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_hostile_utterance_costs_little(unit: str, language: str) -> None:
    """300 characters are looked at; well under the 100 ms that a caller would notice, for every type together."""
    began = time.perf_counter()
    for name in KINDS:
        slot = SlotType(name, names=CHOICES)
        read(slot, unit * 5000, slot.about(language, NOW))
    assert time.perf_counter() - began < 1.0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_word_repeated_costs_much(language: str) -> None:
    """Every word that means something, and every pair of neighbours in the list, many of it: linear for all types."""
    for first, second in zip(WORDS, ("", *WORDS[1:]), strict=True):
        began = time.process_time()
        for name in KINDS:
            slot = SlotType(name, names=CHOICES)
            read(slot, first * 40 + "!", slot.about(language, NOW))
            read(slot, (first + second) * 40, slot.about(language, NOW))
        assert time.process_time() - began < 0.5, (first, second)
