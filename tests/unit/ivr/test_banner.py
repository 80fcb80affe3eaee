"""What `ivr serve` prints when it is up."""

from __future__ import annotations

from ivr.banner import banner, dialled


def text(**changes: object) -> str:
    told: dict[str, object] = {
        "sip": ["sip:hotline@127.0.0.1:5060"],
        "web": "http://127.0.0.1:8080",
        "passwords": {"emma": "xyz", "wangfang": "abc"},
        "languages": ["en", "zh"],
        "models": {"zh": "vosk-model-small-cn-0.22"},
        "data": "/var/lib/hotline",
        "new_token": True,
    }
    return banner(**{**told, **changes})  # type: ignore[arg-type]


def test_it_says_where_to_call_who_may_sign_in_and_what_is_missing() -> None:
    lines = [line.strip() for line in text().splitlines()]
    assert "Dial            sip:hotline@127.0.0.1:5060" in lines
    assert "Agent's desk    http://127.0.0.1:8080/desk" in lines
    assert "Wallboard       http://127.0.0.1:8080/wall" in lines
    assert "Quality         http://127.0.0.1:8080/quality" in lines
    assert "emma      xyz" in lines
    assert "wangfang  abc" in lines
    assert "zh  vosk-model-small-cn-0.22" in lines
    assert "en  no model: callers press keys instead" in lines
    assert "Data in /var/lib/hotline; API token in /var/lib/hotline/admin-token (new)" in lines
    assert any("ivr models install" in line for line in lines)


def test_it_is_silent_about_what_is_not_so() -> None:
    quiet = text(passwords={}, models={"en": "a", "zh": "b"}, new_token=False)
    assert "Demo accounts" not in quiet
    assert "models install" not in quiet
    assert "(new)" not in quiet


def test_a_listener_is_dialled_over_its_own_transport() -> None:
    host = "192.0.2.1"
    there = [("udp", host, 5060), ("tcp", host, 5060), ("tls", host, 5061), ("wss", host, 8443)]
    assert dialled(there) == [f"sip:hotline@{host}:5060", f"sip:hotline@{host}:5061;transport=tls"]
