from __future__ import annotations

import pytest

from ivr.call import IDENTITIES, Call, Caller
from ivr.profile.identity import facts, forms, identifies, normal_number


@pytest.mark.parametrize(
    ("written", "normal"),
    [("+86 138-0013 8000", "8613800138000"), ("008613800138000", "8613800138000"), ("1001", "1001"), ("alice", "alice")],
)
def test_numbers_meet_in_one_form(written: str, normal: str) -> None:
    assert normal_number(written) == normal


def test_every_way_to_write_a_number_is_looked_for() -> None:
    assert set(forms("+49 30 123")) == {"+49 30 123", "4930123", "+4930123", "004930123"}


@pytest.mark.parametrize("text", ["", "anonymous", "Anonymous", "+", "unknown", "x" * 200, "1\n2"])
def test_nobody_is_not_somebody(text: str) -> None:
    assert not identifies(text)


def test_only_who_signed_in_has_an_account() -> None:
    call = Call("c", Caller("1001", authenticated=True), "10086", 0.0, asserted="+4930")
    told = facts(call.to_dict())
    assert (told["caller"]["user"], told["call"]["asserted"]) == ("1001", "+4930")
    assert facts(Call("c", Caller("1001"), "", 0.0).to_dict())["caller"]["user"] == ""


def test_every_identity_leads_somewhere() -> None:
    told = facts(Call("c", Caller("1"), "2", 0.0).to_dict())
    assert all(name in told[root] for root, name in (path.split(".") for path in IDENTITIES))
