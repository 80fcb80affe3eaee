"""The examples are whole: `ivr check` finds nothing in them, and they become trunks, rules and flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.checking import check_dialplans
from ivr.settings import load_settings
from ivr.wiring_trunks import doubts, policy_of, trunks_of
from telephony.sip.outbound import Destination, Refused

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CARRIER_PASSWORD", "SPARE_PASSWORD", "DESK_PASSWORD"):
        monkeypatch.setenv(name, "secret")


def test_the_trunk_example_is_checked_without_a_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    config = EXAMPLES / "trunk" / "hotline.yaml"
    assert check_dialplans([EXAMPLES / "trunk" / "dialplan"], "text", None, config) == 0
    assert capsys.readouterr().out == "1 file checked: no problems\n"


def test_the_trunk_example_does_what_it_says() -> None:
    settings = load_settings(EXAMPLES / "trunk" / "hotline.yaml")
    carrier, spare, pbx = trunks_of(settings)
    assert (carrier.registration is not None, spare.written("+4930111"), pbx.hosts) == (True, "030111", ())
    policy, night = policy_of(settings), 1_772_586_000.0
    assert policy.permit("flow:forward", Destination("+4915112345678"), night).trunks == ("carrier", "spare")
    assert policy.permit("agent:stand_by", Destination("+4915112345678"), night).rule == "device of stand_by"
    with pytest.raises(Refused, match="hour"):
        policy.permit("flow:forward", Destination("+4930111222"), night)


def test_the_load_example_may_call_its_target() -> None:
    settings = load_settings(EXAMPLES / "loadtest" / "hotline.yaml")
    target = Destination(uri="sip:agent@127.0.0.8:15090", host="127.0.0.8")
    assert policy_of(settings).permit("flow:loadtest", target, 0.0).rule == "target"
    assert policy_of(settings).permit("agent:load", target, 0.0).rule == "device of load"
    assert doubts(settings) == []


def test_a_mistake_in_the_rules_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "hotline.yaml"
    config.write_text("outbound: { rules: [{ name: all }] }\n", "utf-8")
    assert check_dialplans([EXAMPLES / "trunk" / "dialplan"], "text", None, config) == 1
    assert "error: outbound.rules: numbers are allowed, and no trunk has hosts" in capsys.readouterr().out
