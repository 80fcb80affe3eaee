from __future__ import annotations

import time

import pytest

from ivr.understanding.names import fits


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("", "Anna"),
        ("ann", "Anna Berg"),
        ("BERG an", "Anna Berg"),
        ("muller", "Jürgen Müller"),
        ("MÜLLER", "Muller"),
        ("晓", "李晓明"),
        ("lixiaoming", "李晓明"),
        ("li xiao ming", "李晓明"),
        ("LiXM", "李晓明"),
        ("lxm", "李晓明"),
        ("xiaom", "李晓明"),
        ("shan", "单田芳"),
        ("dtf", "单田芳"),
        ("cq", "重庆客服"),
        ("xi'an", "西安客服"),
        ("lv", "吕布"),
        ("lubu", "吕布"),
        ("lyubu", "吕布"),
        ("vipkf", "VIP 客服"),
        ("kf", "VIP客服二组"),
        ("李 ming", "李晓明"),
    ],
)
def test_a_name_is_found_by_what_people_type_of_it(typed: str, name: str) -> None:
    assert fits(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("lm", "李晓明"),
        ("ixm", "李晓明"),
        ("xiaoli", "李晓明"),
        ("bob", "Anna"),
        ("anna bob", "Anna"),
        ("明晓", "李晓明"),
        ("an", ""),
    ],
)
def test_a_name_is_not_found_by_what_is_not_in_it(typed: str, name: str) -> None:
    assert not fits(typed, name)


def test_every_word_may_be_in_another_of_the_names() -> None:
    assert fits("gold xm", "li", "李晓明", "Gold")
    assert not fits("gold wf", "li", "李晓明", "Gold")


def test_a_long_or_odd_query_costs_little() -> None:
    names = ["啊安恩昂" * 50, "嗯" * 64, "行单重" * 30]
    before = time.process_time()
    for typed in ("a" * 24, "n" * 24, "ang" * 8, "hang" * 6, "[" * 64, "a(" * 32, "x" * 5000, "\ud800'\x00"):
        fits(typed, *names)
    assert time.process_time() - before < 1.0
