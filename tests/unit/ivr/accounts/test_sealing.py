"""A copy of SQL shows no secret of an app, and gives nobody another's; what was kept bare before is read."""

from __future__ import annotations

import pyotp
import pytest

from ivr.accounts.sealing import SEALED, Seal
from ivr.errors import NotAllowed

SEAL, SECRET = Seal([bytes(range(32))]), pyotp.random_base32()


def test_a_sealed_secret_comes_back_and_fits_its_column() -> None:
    kept = SEAL.close("mei", SECRET)
    assert (len(kept), SECRET in kept) == (SEALED, False)
    assert SEAL.close("mei", SECRET) != kept
    assert SEAL.open("mei", kept) == SECRET


def test_nobody_takes_anothers_app_and_no_other_key_opens_it() -> None:
    kept = SEAL.close("mei", SECRET)
    for seal, who in ((SEAL, "root"), (Seal([bytes(32)]), "mei"), (Seal(), "mei")):
        with pytest.raises(NotAllowed, match="another key"):
            seal.open(who, kept)


def test_without_a_key_it_stays_as_it_is_and_is_read_with_one() -> None:
    assert Seal().close("mei", SECRET) == SECRET
    assert Seal().open("mei", SECRET) == SEAL.open("mei", SECRET) == SECRET


def test_an_older_key_opens_and_the_first_one_closes_anew() -> None:
    both = Seal([bytes(32), bytes(range(32))])
    for kept in (SECRET, SEAL.close("mei", SECRET)):
        anew = both.anew("mei", kept)
        assert anew is not None and Seal([bytes(32)]).open("mei", anew) == SECRET
        assert both.anew("mei", anew) is None
    assert Seal().anew("mei", SECRET) is None
    assert both.anew("mei", Seal([bytes([7] * 32)]).close("mei", SECRET)) is None, "what no key opens is left as it is"
