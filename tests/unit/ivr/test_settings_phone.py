from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.settings_phone import PhoneAccountOptions
from ivr.wiring_phone import PhoneAccounts, account_settings
from telephony.gateway.phone_account.account import PhoneAccount
from telephony.net.ticker import Ticker

OFFICE = {
    "kind": "pyvoip",
    "server": "pbx.example.net:5070",
    "user": "4000",
    "password": "secret",
    "calls": 4,
    "number": "hotline",
}


def settings_with(folder: Path, accounts: object) -> Settings:
    path = folder / "hotline.yaml"
    path.write_text(yaml.safe_dump({"phone_accounts": accounts}), "utf-8")
    return load_settings(path)


def test_an_account_is_read(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, {"office": OFFICE})
    made = account_settings("office", settings.phone_accounts["office"], (20000, 29999))
    assert (made.name, made.server, made.port, made.user, made.password) == (
        "office",
        "pbx.example.net",
        5070,
        "4000",
        "secret",
    )
    assert (made.max_calls, made.number, made.memory, made.rtp_low) == (4, "hotline", 256 * 2**20, 20000)
    assert "secret" not in repr(made)


def test_a_password_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PBX", "from outside")
    assert settings_with(tmp_path, {"o": {**OFFICE, "password": "env:PBX"}}).phone_accounts["o"].password == "from outside"


@pytest.mark.parametrize(
    ("accounts", "error"),
    [
        ({"office": {**OFFICE, "kind": "asterisk"}}, "phone_accounts.office.kind: 'asterisk' is not pyvoip"),
        ({"office": {**OFFICE, "calls": 31}}, "phone_accounts.office.calls: from 1 to 30, found 31"),
        ({"office": {**OFFICE, "server": "[::1]:5060"}}, "phone_accounts.office.server: "),
        ({"office": {**OFFICE, "server": "pbx:99999"}}, "phone_accounts.office.server: "),
        ({"office": {**OFFICE, "user": "a b"}}, "phone_accounts.office.user: 'a b'"),
        ({"off ice": OFFICE}, "phone_accounts.off ice: a name"),
        ({"office": {**OFFICE, "memory_mb": 1}}, "phone_accounts.office.memory_mb: from 64"),
        ({"one": OFFICE, "two": OFFICE}, "phone_accounts.two: 4000 at pbx.example.net:5070 is already held by 'one'"),
        ({"office": {"user": "4000"}}, "phone_accounts.office: missing server"),
        ({"office": {**OFFICE, "pasword": "x"}}, "did you mean 'password'"),
    ],
)
def test_a_wrong_account_is_one_line(accounts: object, error: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\A[^\n]*\Z") as caught:
        settings_with(tmp_path, accounts)
    assert error in str(caught.value)


def test_metrics_tell_of_each_account() -> None:
    options = PhoneAccountOptions("127.0.0.1", "4000")
    account = PhoneAccount(account_settings("office", options, (20000, 29999)), Ticker(), lambda leg: None)
    text = PhoneAccounts({"office": account}).metrics()
    assert 'hotline_phone_account_registered{account="office"} 0\n' in text
    assert PhoneAccounts({}).metrics() == ""
