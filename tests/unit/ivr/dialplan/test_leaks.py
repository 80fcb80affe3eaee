"""What looks like a secret is found, and what does not is left alone."""

from __future__ import annotations

import pytest

from ivr.dialplan.leaks import leaks


@pytest.mark.parametrize(
    "line",
    [
        "url: https://user:hunter22@crm.example.org/x",
        "password: correct-Horse7",
        "  api_key: 'A1b2C3d4E5'",
        "set: { crm_token: abc123def456 }",
        '"token": "9f86d081884c7d65"',
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx",
        "value: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2ln",
        "key: AKIAIOSFODNN7EXAMPLE",
        "say: { zh: 密码：hunter22hunter22, en: x }".replace("：", ": "),
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_a_secret(line: str) -> None:
    [(place, what)] = leaks(f"flow: a\n{line}\n")
    assert place.line == 2
    assert what


@pytest.mark.parametrize(
    "line",
    [
        "token: env:CRM_TOKEN",
        "say: password_is_reset",
        "password: states",
        "  reset_password: { zh: [忘记密码], en: [reset my password] }",
        "# password: hunter22",
        "goto: ask_for_token",
        "to: sip:100@127.0.0.1:5060",
        "url: https://crm.example.org:8443/x",
        "to: { if: slots.token == '' }",
        "token: xxxxxxxx",
        "  - { say: { en: your token is {slots.token} } }",
    ],
)
def test_no_secret(line: str) -> None:
    assert list(leaks(line)) == []


def test_long_lines_are_quick() -> None:
    assert list(leaks("a" * 200_000)) == []
    assert list(leaks("token" * 40_000)) == []
    assert list(leaks("a://" * 50_000)) == []
