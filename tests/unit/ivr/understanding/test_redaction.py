"""What is private is taken out, by rule and by what was asked; what people need to read stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ConfigError
from ivr.understanding.numbers_of import NONE, hints_of, is_card, is_resident_id, luhn
from ivr.understanding.own_patterns import own_pattern
from ivr.understanding.redaction import MOST, Rules, find, is_mode, redact, redact_data

RULES = Rules()

TAKEN = [
    ("zh", "我的卡号是四一一一 一一一一，呃，幺幺幺幺 1111谢谢", "我的卡号是[卡号]谢谢"),
    ("zh", "六二二二 零二一二 三四五六 七八九四", "[卡号]"),
    ("zh", "身份证 11010519491231002X 没错", "身份证 [身份证号] 没错"),
    ("zh", "一一零一零五一九四九一二三一零零二X", "[身份证号]"),
    ("zh", "幺三八零零幺三八零零零 是我手机", "[电话 尾号8000] 是我手机"),
    ("zh", "打我电话 010-62770334 吧", "打我电话 [电话 尾号0334] 吧"),
    ("zh", "验证码是三五八二幺九", "验证码是[验证码]"),
    ("zh", "我的密码是 8861", "我的密码是 [验证码]"),
    ("zh", "开户行账号 1234567890", "开户行账号 [账号 尾号7890]"),
    ("zh", "邮箱是 li.qiang@example.com", "邮箱是 [邮箱]"),
    ("en", "it's four one double one 1111 one one one one, uh, 1111, thanks", "it's [card], thanks"),
    ("en", "3782 822463 10005", "[card]"),
    ("en", "call me back on +49 30 901820", "call me back on [phone ending 1820]"),
    ("en", "my phone is 202 456 1111", "my phone is [phone ending 1111]"),
    ("en", "the code is 1 2 3 4 5 6", "the code is [code]"),
    ("en", "my pin number is one two three four", "my pin number is [code]"),
    ("en", "john dot smith at example dot com please", "[email] please"),
]
LEFT = [
    "我要查一下9月份的账单",
    "等一下，三点再来",
    "订单号 202611220012345 什么时候到",
    "我忘记密码了，账号 8861",
    "二零二六年十一月二十二日",
    "京A12345",
    "zip code 94103",
    "one moment please",
    "my account number is 12345678 and I forgot my password",
    "order 4111111111111112",
    "it costs 128.50",
    "meet me at two",
]


@pytest.mark.parametrize(("language", "text", "shown"), TAKEN)
def test_what_is_private_is_taken_out(language: str, text: str, shown: str) -> None:
    assert redact(text, RULES, language) == shown


@pytest.mark.parametrize("text", LEFT)
def test_what_people_need_to_read_stays(text: str) -> None:
    assert redact(text, RULES, "zh") == text


@pytest.mark.parametrize(
    ("asked", "said", "shown"),
    [
        ("Please say the verification code.", "35 82 19", "[code]"),
        ("Your card number, please?", "4111 1111 1111 1112", "[card]"),
        ("请输入您的身份证号", "110105194912310021", "[id]"),
        ("Which account is it?", "35 82 19", "35 82 19"),
    ],
)
def test_what_was_asked_tells_what_a_number_is_also_where_it_was_misheard(asked: str, said: str, shown: str) -> None:
    assert redact(said, RULES, "en", hints_of(asked)) == shown


def test_each_kind_can_be_kept_or_shown_in_part() -> None:
    rules = Rules({"card": "last4", "phone": "off", "code": "mask"})
    assert redact("4111 1111 1111 1111", rules, "en") == "[card ending 1111]"
    assert redact("13800138000", rules, "en") == "13800138000"
    assert redact("京A12345", Rules({"plate": "mask"}), "zh") == "[车牌]"
    assert [mode for mode in ("mask", "off", "last1", "last8", "last9", "hide", "") if is_mode(mode)] == [
        *("mask", "off", "last1", "last8")
    ]


def test_a_secret_is_taken_out_whatever_it_looks_like() -> None:
    assert redact("You said 8 8 6 1, right?", RULES, "en", NONE, ["8861"]) == "You said [secret], right?"


def test_data_is_cleaned_by_its_keys_and_keeps_its_shape() -> None:
    data = {"otp": "358219", "total": 128.5, "many": ["13800138000", True, None], "inner": {"note": "4111 1111 1111 1111"}}
    assert redact_data(data, RULES, "en") == {
        "otp": "[code]",
        "total": 128.5,
        "many": ["[phone ending 8000]", True, None],
        "inner": {"note": "[card]"},
    }
    assert redact_data({"card": 4111111111111111, "count": 7}, RULES) == {"card": "[card]", "count": 7}
    deep: object = "13800138000"
    for _ in range(12):
        deep = [deep]
    assert "13800138000" not in str(redact_data(deep, RULES))


@pytest.mark.parametrize(
    ("digits", "good"),
    [("4111111111111111", True), ("4111111111111112", False), ("378282246310005", True), ("0000000000000000", False)],
)
def test_cards_have_a_brand_and_a_check_digit(digits: str, good: bool) -> None:
    assert is_card(digits) is good


@pytest.mark.parametrize(
    ("digits", "good"),
    [
        ("11010519491231002X", True),
        ("110105194912310021", False),
        ("110105194913310020", False),
        ("440524188001010014", True),
    ],
)
def test_identity_numbers_have_a_birthday_and_a_check_digit(digits: str, good: bool) -> None:
    assert is_resident_id(digits) is good


def test_luhn_checks_every_single_wrong_digit() -> None:
    right = "4539578763621486"
    assert luhn(right)
    for place in range(len(right)):
        wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
        assert not luhn(wrong)


@given(st.text(alphabet="0123456789一二三四五+-@. \nXaecodpin卡号验证码", max_size=400))
def test_hits_never_overlap_and_nothing_is_raised(text: str) -> None:
    at = 0
    for hit in find(text, RULES, hints_of(text)):
        assert at <= hit.start < hit.end <= len(text)
        at = hit.end


@given(st.text(max_size=300))
def test_any_text_survives(text: str) -> None:
    assert isinstance(redact(text, RULES, "zh"), str)


def test_more_than_the_most_is_cut_off() -> None:
    assert len(redact("a" * (MOST + 500), RULES)) == MOST


# --- patterns of one's own


def test_a_pattern_of_ones_own_is_masked_by_its_name() -> None:
    rules = Rules(patterns=(own_pattern("contract", r"AB-\d{6}"),))
    assert redact("contract ab-123456 please", rules, "en") == "contract [contract] please"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("x", "(a+)+b", "repeats too often"),
        ("x", "a*", "repeats too often"),
        ("x", "a{1,100}", "repeats too often"),
        ("x", "(?:ab|cd){1,9}", "a choice in a repetition"),
        ("x", "(?=a)b", "look-around"),
        ("x", r"(a)\1", "a reference back"),
        ("x", "a{0,9}b{0,9}c{0,9}", "more than 2"),
        ("x", "(", "cannot be read"),
        ("x", "", "1 to 200"),
        ("x" * 40, "a", "no name"),
    ],
)
def test_a_pattern_that_may_take_for_ever_is_refused_with_its_cure(name: str, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        own_pattern(name, text)
