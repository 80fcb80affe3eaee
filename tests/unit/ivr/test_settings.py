"""A wrong settings file is refused in one line that names the place and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings, parse_address, parse_ports

ROOT = Path(__file__).parents[3]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hotline.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", ["demo", "loadtest"])
def test_the_examples_are_right(name: str) -> None:
    settings = load_settings(ROOT / "examples" / name / "hotline.yaml")
    assert settings.name == name
    assert settings.agents
    assert settings.queues


def test_durations_and_lists_are_read(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "queues: {a: {ring: 300ms, wrap_up: 2m}}\ndialplans: one.yaml\n"))
    assert (settings.queues["a"].ring, settings.queues["a"].wrap_up) == (0.3, 120.0)
    assert settings.dialplans == ("one.yaml",)


@pytest.mark.parametrize(
    ("text", "place", "cure"),
    [
        ("sipp: {}", "sipp", "did you mean 'sip'"),
        ("sip: {listen: ['udp:5060']}", "sip.listen", "udp://HOST:PORT"),
        ("sip: {trusted_networks: [10.0.0.0/33]}", "sip.trusted_networks", "10.0.0.0/8"),
        ("sip: {rtp_ports: 9-8}", "sip.rtp_ports", "20000-29999"),
        ("sip: {digest: [SHA1]}", "sip.digest", "SHA-256, MD5 or both"),
        ("sip: {max_calls: many}", "sip.max_calls", "expected a whole number"),
        ("queues: {a: {ring: soon}}", "queues.a.ring", "15s"),
        ("queues: [a]", "queues", "names and values"),
        ("agents: [{name: x}]", "agents[0]", "missing id"),
        ("agents: [{id: a}, {id: a}]", "agents", "twice"),
        ("agents: [{id: a, skills: {x: 11}}]", "'x' has level 11", "1 to 10"),
        ("sip: {accounts: [{user: a, password: 'env:NO_SUCH_NAME_HERE'}]}", "sip.accounts[0].password", "NO_SUCH_NAME_HERE"),
        ("speech: {feed: fast}", "speech.feed", "native8k"),
        ("a: [", ":1", "not YAML"),
        ("- 1", "the file", "keys and values"),
    ],
)
def test_a_mistake_names_its_place_and_its_cure(tmp_path: Path, text: str, place: str, cure: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert place in message
    assert cure in message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml")


def test_addresses_and_ports() -> None:
    assert parse_address("127.0.0.1:80", "x") == ("127.0.0.1", 80)
    assert parse_address("[::1]:80", "x") == ("::1", 80)
    assert parse_ports("2000-3000", "x") == (2000, 3000)
    with pytest.raises(ConfigError):
        parse_address("127.0.0.1", "x")
    with pytest.raises(ConfigError):
        parse_address("127.0.0.1:99999", "x")
