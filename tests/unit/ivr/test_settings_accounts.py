"""`accounts` of the settings: what is wrong is refused with its place and its cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings

HOUSE = {"issuer": "https://login.example.org", "client_id": "hotline", "everybody": ["agent"]}


def loaded(folder: Path, **accounts: Any) -> Settings:
    path = folder / "hotline.yaml"
    path.write_text(yaml.safe_dump({"queues": {"support": {}}, "accounts": accounts}), "utf-8")
    return load_settings(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, encrypt_key="ab" * 32, totp_required=["admin"], oidc={"house": {**HOUSE, "sign_out": "here"}}
    ).accounts
    assert (found.encrypt_key, found.totp_required) == ("ab" * 32, ("admin",))
    assert (found.oidc["house"].sign_out, found.oidc["house"].create) == ("here", True)
    assert loaded(tmp_path, oidc={"house": HOUSE}).accounts.oidc["house"].sign_out == "provider"


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ({"encrypt_key": "short"}, "accounts.encrypt_key: it must be 32 octets: `openssl rand"),
        ({"totp_required": ["boss"]}, "accounts.totp_required: 'boss' is no role"),
        ({"audit_days": 0}, "accounts.audit_days: 0 is not from 1"),
        ({"oidc": {"House": HOUSE}}, "accounts.oidc.House: the name stands in an address"),
        ({"oidc": {"house": {**HOUSE, "issuer": "http://login.example.org"}}}, "must begin with https://"),
        ({"oidc": {"house": {**HOUSE, "client_id": ""}}}, "house.client_id: it is empty"),
        ({"oidc": {"house": {**HOUSE, "scopes": ["email"]}}}, "house.scopes: without `openid`"),
        ({"oidc": {"house": {**HOUSE, "sign_out": "never"}}}, "house.sign_out: 'never' is neither provider nor here"),
        ({"oidc": {"house": {**HOUSE, "roles": {"g": "agent"}}}}, "house.roles_claim: name the claim"),
        ({"oidc": {"house": {**HOUSE, "everybody": []}}}, "nobody would get a role"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, accounts: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as told:
        loaded(tmp_path, **accounts)
    assert words in str(told.value) and "\n" not in str(told.value)
