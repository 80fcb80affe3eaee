"""What a call of ours shows of its caller, by the policy of its trunk."""

from __future__ import annotations

import pytest

from telephony.leg import DialOptions, Handed, Party
from telephony.sip.caller_id import direct, handed_to, over_trunk, target_of
from telephony.sip.grammar import Uri
from telephony.sip.numbers import NumberForm, Rewrite
from telephony.sip.trunk import CallerFrom, CallerId, RegistrationOptions, TrunkOptions

ANN = Party("+4930111", "Ann", "here")
TARGET = Uri.parse("sip:+4930222@carrier.example")


def trunk(
    source: CallerFrom = CallerFrom.TRUNK, form: NumberForm = NumberForm.E164, asserts: bool = False, **more: object
) -> TrunkOptions:
    caller_id = CallerId(source, "+4930999", form, asserts)
    return TrunkOptions("t", hosts=("sip:carrier.example",), caller_id=caller_id, region="DE", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "form", "shown"),
    [
        (CallerFrom.TRUNK, NumberForm.E164, "<sip:+4930999@us>"),
        (CallerFrom.TRUNK, NumberForm.NATIONAL, "<sip:030999@us>"),
        (CallerFrom.CALLER, NumberForm.PLAIN, '"Ann" <sip:4930111@us>'),
        (CallerFrom.ANONYMOUS, NumberForm.E164, '"Anonymous" <sip:anonymous@anonymous.invalid>'),
    ],
)
def test_whose_number_is_shown_and_how(source: CallerFrom, form: NumberForm, shown: str) -> None:
    sender, _ = over_trunk(trunk(source, form), ANN, DialOptions(), TARGET, "us")
    assert str(sender) == shown


def test_a_caller_without_a_number_shows_that_of_the_trunk() -> None:
    sender, _ = over_trunk(trunk(CallerFrom.CALLER), Party("web", "A visitor"), DialOptions(), TARGET, "us")
    assert str(sender) == "<sip:+4930999@us>"
    bare = TrunkOptions("t", registration=RegistrationOptions(("sip:r",), "acct"), domain="carrier.example")
    assert str(over_trunk(bare, ANN, DialOptions(), TARGET, "us")[0]) == "<sip:acct@carrier.example>"


def test_a_hidden_caller_is_asserted_to_a_trusted_carrier_and_nobody_else() -> None:
    """RFC 3325 §7: the carrier may know, the callee may not."""
    sender, headers = over_trunk(trunk(CallerFrom.CALLER, asserts=True), ANN, DialOptions(private=True), TARGET, "us")
    assert "+4930111" not in str(sender)
    assert headers == {"P-Asserted-Identity": ['"Ann" <sip:+4930111@us>'], "Privacy": ["id"]}
    sender, headers = over_trunk(trunk(CallerFrom.CALLER), ANN, DialOptions(private=True), TARGET, "us")
    assert "+4930111" not in f"{sender}{headers}"


def test_headers_of_options_and_policy() -> None:
    options = DialOptions(
        diversions=(Party("+4930333"),),
        diversion_reason="no-answer",
        user_to_user="Hi",
        headers={"X-Call": "1\r\nVia: evil", "From": "sip:evil@x", "Bad Name": "x"},
    )
    policy = trunk(add_headers={"X-Tenant": "7"}, remove_headers=frozenset({"history-info"}))
    _, headers = over_trunk(policy, ANN, options, TARGET, "us")
    assert headers == {
        "Diversion": ["<sip:+4930333@carrier.example>;reason=no-answer;counter=1"],
        "User-to-User": ["4869;encoding=hex"],
        "X-Call": ["1  Via: evil"],
        "X-Tenant": ["7"],
    }


def test_a_call_that_takes_no_trunk() -> None:
    sender, headers = direct(Party("ann", 'A "B"'), DialOptions(), TARGET, "2001:db8::1")
    assert str(sender) == '"A \\"B\\"" <sip:ann@[2001:db8::1]>'
    assert headers == {}
    sender, headers = direct(ANN, DialOptions(private=True), TARGET, "us")
    assert (sender.uri.host, headers) == ("anonymous.invalid", {"Privacy": ["id"]})


def test_the_number_and_domain_of_the_request_uri() -> None:
    host = Uri.parse("sip:10.0.0.9:5070;transport=tcp")
    plain = TrunkOptions("t", form=NumberForm.PLAIN, rewrite_out=(Rewrite(prepend="99"),))
    assert str(target_of(plain, host, "+4930")) == "sip:994930@10.0.0.9:5070;transport=tcp"
    named = TrunkOptions("t", domain="carrier.example")
    assert str(target_of(named, host, "+4930")) == "sip:+4930@carrier.example;transport=tcp"


@pytest.mark.parametrize(
    ("by_trunk", "by_step", "linked"),
    [("none", "", False), ("link", "", True), ("body", "none", False), ("none", "link", True)],
)
def test_a_trunk_or_a_step_says_whether_what_went_before_is_told(by_trunk: str, by_step: str, linked: bool) -> None:
    options = DialOptions(handed=Handed("https://us/h", how=by_step, phones="link"))
    _, headers = over_trunk(trunk(handover=by_trunk), ANN, options, TARGET, "us")
    assert headers == ({"User-to-User": ["68747470733a2f2f75732f68;encoding=hex"]} if linked else {})
    assert handed_to(options, trunk(handover=by_trunk)) == (by_step or by_trunk)


def test_a_phone_of_ours_is_told_and_a_foreign_host_is_not() -> None:
    options = DialOptions(handed=Handed("https://us/h", phones="link"))
    assert "User-to-User" in direct(ANN, options, TARGET, "us", ours=True)[1]
    assert direct(ANN, options, TARGET, "us")[1] == {}


def test_a_value_of_the_caller_s_own_goes_before_the_link() -> None:
    options = DialOptions(user_to_user="Hi", handed=Handed("https://us/h", how="link"))
    assert direct(ANN, options, TARGET, "us")[1] == {"User-to-User": ["4869;encoding=hex"]}
