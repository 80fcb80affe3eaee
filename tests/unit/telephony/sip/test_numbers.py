"""Numbers as people, phones and carriers write them, and what a minute of each may cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.errors import PeerFault
from telephony.sip.numbers import NumberClass, NumberForm, Rewrite, dialable, e164, fits, formatted, number_class, rewritten


@pytest.mark.parametrize(
    ("dialled", "region", "number"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("0049 (30) 901-820", "DE", "+4930901820"),
        ("+4930901820", "", "+4930901820"),
        ("011 49 30 901820", "US", "+4930901820"),
        ("(212) 555-2368", "US", "+12125552368"),
        ("010-12345678", "CN", "+861012345678"),
        ("112", "DE", "112"),
        ("*21*030", "DE", "*21*030"),
        ("1000", "DE", "1000"),
        ("4930901820", "", "4930901820"),
    ],
)
def test_every_way_to_dial_a_number_is_one_number(dialled: str, region: str, number: str) -> None:
    assert e164(dialled, region) == number


@pytest.mark.parametrize("dialled", ["", "anna", "+", "+999123456789", "1" * 100, "12;phone-context=x", "+49*21"])
def test_what_is_no_number_is_refused_with_484(dialled: str) -> None:
    with pytest.raises(PeerFault) as caught:
        e164(dialled, "DE")
    assert caught.value.status == 484


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+4930901820", NumberClass.NATIONAL),
        ("+4915112345678", NumberClass.MOBILE),
        ("+498001234567", NumberClass.FREE),
        ("+499001234567", NumberClass.PREMIUM),
        ("+491805123456", NumberClass.PREMIUM),
        ("+12125552368", NumberClass.INTERNATIONAL),
        ("+447012345678", NumberClass.PREMIUM),
        ("+447911123456", NumberClass.INTERNATIONAL),
        ("+881612345678", NumberClass.SATELLITE),
        ("+870773112233", NumberClass.SATELLITE),
        ("+88213300655", NumberClass.SATELLITE),
        ("112", NumberClass.SHORT),
        ("+493", NumberClass.INTERNATIONAL),
    ],
)
def test_the_class_of_a_number_seen_from_germany(number: str, kind: NumberClass) -> None:
    assert number_class(number, "DE") is kind


def test_islands_of_plus_one_are_abroad() -> None:
    """One-ring fraud calls back to +1 809, +1 876 and their like."""
    assert number_class("+12125552368", "US") is NumberClass.NATIONAL
    assert number_class("+18765551234", "US") is NumberClass.INTERNATIONAL


def test_the_longest_prefix_of_the_table_goes_before_the_plan() -> None:
    table = {"+49": NumberClass.LOCAL, "+4930": NumberClass.PREMIUM, "0": NumberClass.FREE}
    assert number_class("+4930901820", "DE", table) is NumberClass.PREMIUM
    assert number_class("+4940901820", "DE", table) is NumberClass.LOCAL
    assert number_class("+12125552368", "DE", table) is NumberClass.INTERNATIONAL


@pytest.mark.parametrize(
    ("form", "number", "written"),
    [
        (NumberForm.E164, "+4930901820", "+4930901820"),
        (NumberForm.PLAIN, "+4930901820", "4930901820"),
        (NumberForm.NATIONAL, "+4930901820", "030901820"),
        (NumberForm.NATIONAL, "+12125552368", "0012125552368"),
        (NumberForm.NATIONAL, "112", "112"),
    ],
)
def test_a_number_as_a_carrier_wants_it(form: NumberForm, number: str, written: str) -> None:
    assert formatted(number, form, "DE") == written


def test_the_first_rule_that_fits_rewrites() -> None:
    rules = (Rewrite(strip="9"), Rewrite(match=r"00(\d+)", to=r"+\1"), Rewrite(prepend="0"))
    assert rewritten("9030", rules) == "030"
    assert rewritten("0049", rules) == "+49"
    assert rewritten("30", rules) == "030"
    assert rewritten("30", ()) == "30"
    assert rewritten("+4930", (Rewrite(strip="+49", prepend="0"),)) == "030"


@pytest.mark.parametrize("wrong", [{"match": "("}, {"to": "1"}, {}, {"match": "1"}])
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"rule|expression|needs"):
        Rewrite(**wrong)


def test_patterns() -> None:
    assert fits("+4930", ["+49*"])
    assert fits("+4930", ["+4930"])
    assert fits("x", ["*"])
    assert not fits("+4930", ["+493", "+44*"])


@given(st.text(max_size=80), st.sampled_from(["", "DE", "US", "XX"]))
def test_whatever_is_dialled_is_a_number_or_refused(text: str, region: str) -> None:
    try:
        number = e164(text, region)
    except PeerFault:
        return
    assert dialable(number) == number
    assert isinstance(number_class(number, region), NumberClass)
    assert e164(number, region) == number or not number.startswith("+")
