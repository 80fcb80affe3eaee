"""A copy of SQL shows no secret of an app, and gives nobody another's; what was kept bare before is read."""

from __future__ import annotations

import pyotp
import pytest

from ivr.accounts.sealing import SEALED, Seal
from ivr.errors import NotAllowed

SEAL, SECRET = Seal(bytes(range(32))), pyotp.random_base32()


def test_a_sealed_secret_comes_back_and_fits_its_column() -> None:
    kept = SEAL.close("mei", SECRET)
    assert (len(kept), SECRET in kept) == (SEALED, False)
    assert SEAL.close("mei", SECRET) != kept
    assert SEAL.open("mei", kept) == SECRET


def test_nobody_takes_anothers_app_and_no_other_key_opens_it() -> None:
    kept = SEAL.close("mei", SECRET)
    for seal, who in ((SEAL, "root"), (Seal(bytes(32)), "mei"), (Seal(None), "mei")):
        with pytest.raises(NotAllowed, match="another key"):
            seal.open(who, kept)


def test_without_a_key_it_stays_as_it_is_and_is_read_with_one() -> None:
    assert Seal(None).close("mei", SECRET) == SECRET
    assert Seal(None).open("mei", SECRET) == SEAL.open("mei", SECRET) == SECRET
