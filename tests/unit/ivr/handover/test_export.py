"""A contact as vCon: what the package takes, and what is in it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest
from vcon import Vcon

from ivr.handover.export import SLICE, Sound, spelled, uuid_of, vcon_of
from tests.unit.ivr.handover.samples import record

WAV = b"RIFF0000WAVE"
SOUND = Sound(
    "https://us/api/v1/contacts/c-1/recordings/1?format=wav", hashlib.sha512(WAV).digest(), 1_790_000_001.0, 60.0, "c-1.wav"
)


def body_of(found: dict[str, Any], part: str, kind: str) -> Any:
    one = next(one for one in found[part] if one["type"] == kind)
    return json.loads(one["body"]) if one["encoding"] == "json" else one["body"]


def test_the_package_finds_it_valid_and_everything_is_in_it() -> None:
    found = vcon_of(record(), [SOUND], {"tickets": [{"number": "T-1", "subject": "x"}], "callbacks": []})
    assert Vcon.build_from_json(json.dumps(found)).is_valid() == (True, [])
    assert [party["role"] for party in found["parties"]] == ["customer", "bot", "agent"]
    assert (found["parties"][0]["tel"], found["parties"][0]["name"]) == ("+4930111", "李强")
    (dialog,) = found["dialog"]
    digest = base64.urlsafe_b64encode(hashlib.sha512(WAV).digest()).decode().rstrip("=")
    assert (dialog["url"], dialog["content_hash"], dialog["duration"]) == (SOUND.url, f"sha512-{digest}", 60.0)
    assert (dialog["parties"], "body" in dialog) == ([0, 1, 2], False)
    assert dialog["start"].startswith("2026-09-21T14:13:21")
    assert [turn["text"] for turn in body_of(found, "analysis", "transcript")["turns"]] == ["I want to pay my bill."] * 4
    assert body_of(found, "analysis", "summary") == "Wants to pay."
    assert body_of(found, "analysis", "intents")["intent"] == {"name": "bill", "confidence": 0.91}
    assert body_of(found, "analysis", "mood")["label"] == "tense"
    assert body_of(found, "attachments", "slots") == {"account": "4711"}
    assert body_of(found, "attachments", "tags") == ["vip"]
    assert body_of(found, "attachments", "tickets") == [{"number": "T-1", "subject": "x"}]
    assert "callbacks" not in [one["type"] for one in found["attachments"]]


def test_a_recording_may_be_within_it() -> None:
    sound = Sound(SOUND.url, SOUND.digest, None, 1.0, "c-1.wav", WAV)
    (dialog,) = vcon_of(record(), [sound])["dialog"]
    assert base64.urlsafe_b64decode(dialog["body"] + "==") == WAV
    assert (dialog["encoding"], "url" in dialog) == ("base64url", False)
    assert dialog["start"] == "2026-09-21T14:13:21.000Z", "without a start of its own that of the call"


def test_it_is_written_in_pieces() -> None:
    """32 MiB of sound at once would keep the calls of the node waiting for a third of a second."""
    wav = bytes(range(256)) * 2000
    sounds = [Sound("u", SOUND.digest, None, 1.0, "1.wav", wav), SOUND, Sound("u", SOUND.digest, None, 1.0, "2.wav", b"")]
    found = vcon_of(record(), sounds)
    pieces = list(spelled(found))
    assert json.loads(b"".join(pieces)) == found
    assert max(map(len, pieces)) <= SLICE
    assert base64.urlsafe_b64decode(found["dialog"][0]["body"] + "==") == wav


def test_it_is_loaded_without_a_word() -> None:
    """Whoever reads the log of a node cannot change what the package brings along."""
    code = "from ivr.handover.export import vcon_of; vcon_of({'id': 'c-1', 'started_at': 1.0})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == b""


def test_the_same_contact_is_the_same_vcon() -> None:
    one, other = vcon_of(record()), vcon_of(record())
    assert one == other
    made = uuid_of("c-1", "2026-09-21T14:13:20.000Z")
    assert (one["uuid"], made.version, made.variant) == (str(made), 8, "specified in RFC 4122")
    assert uuid_of("c-2", "2026-09-21T14:13:20.000Z") != made


@pytest.mark.parametrize(
    "more",
    [
        {"ended_at": None, "agent_id": None, "answered_at": None, "talk_seconds": None},
        {"caller_number": "", "caller_name": "", "profile": None, "turns": 0, "handover": {}},
        {"caller_number": "anna\ud800", "slots": {"x": float("nan")}, "intent": None},
    ],
)
def test_a_contact_of_which_little_is_known_is_valid_too(more: dict[str, Any]) -> None:
    found = vcon_of(record(**more))
    assert Vcon.build_from_json(json.dumps(found)).is_valid() == (True, [])
    assert len(found["dialog"]) == 1
