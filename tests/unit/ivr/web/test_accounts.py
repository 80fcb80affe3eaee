"""Who may sign in, by the settings file."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from ivr.accounts.passwords import LONGEST
from ivr.errors import ConfigError
from ivr.web.accounts import Credential, SettingsAccounts
from ivr.web.parts import Account

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def accounts(password: str) -> SettingsAccounts:
    return SettingsAccounts([Credential(Account("emma", "Emma", ("agent",)), password)], QUICK)


async def test_the_right_password_and_no_other() -> None:
    known = accounts("sesame")
    found = await known.verify("emma", "sesame")
    assert found is not None
    assert found.name == "Emma"
    for name, password in (("emma", "Sesame"), ("emma", ""), ("Emma", "sesame"), ("nobody", "sesame"), ("nobody", "nobody")):
        assert await known.verify(name, password) is None
    assert known.find("emma") == found
    assert known.find("nobody") is None


async def test_a_hash_is_taken_as_it_is() -> None:
    known = accounts("argon2:" + QUICK.hash("sesame"))
    assert await known.verify("emma", "sesame") is not None
    assert await known.verify("emma", "open") is None


def test_a_hash_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="emma"):
        accounts("argon2:sesame")


async def test_a_name_that_does_not_exist_is_hashed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    known, tried = accounts("sesame"), list[str]()

    def wrong(_: str, password: str) -> bool:
        tried.append(password)
        return False

    monkeypatch.setattr(known._hasher, "_matches", wrong)
    await known.verify("nobody", "guess")
    assert tried == ["guess"]
    await known.verify("emma", "x" * (LONGEST + 1))
    assert tried == ["guess"]
