"""A contact as vCon, the form in which conversations are exchanged (draft-ietf-vcon-vcon-container), by the `vcon` package.

Names that later drafts changed stand there under both names (`mimetype` and `mediatype`, `type` and `purpose`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import UUID

from ivr.errors import IvrError
from ivr.handover.document import document, iso, packed, plain
from ivr.handover.size import bounded

VENDOR = "hotline"
CALLER, BOT, AGENT = 0, 1, 2
AUDIO = "audio/wav"
ATTACHED = 256 * 1024
"""Octets of the handover that is attached."""
SLICE = 96 * 1024
"""Octets that are encoded at once, a multiple of 3: other threads run in between."""
LOADING = Lock()
"""Warnings are of the whole process: two threads that catch them would leave them caught."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording: where it can be fetched, and what it is."""

    url: str
    digest: bytes
    """SHA-512 of the file that `url` gives."""
    started_at: float | None = None
    """Epoch seconds."""
    seconds: float = 0.0
    filename: str = ""
    body: bytes | None = field(default=None, repr=False)
    """The file itself, where it is to be within the vCon."""


def vcon_of(
    record: Mapping[str, Any], sounds: Sequence[Sound] = (), rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> dict[str, Any]:
    """The vCon of a contact of `ivr.records` with its turns; the same contact gives the same vCon.

    `rows` are what it left behind, by their kind (`tickets`, `callbacks`). Raises IvrError where the package does not take it,
    which would be a defect of ours. Takes tens of milliseconds, the first time half a second: call it in a thread.
    """
    with LOADING, warnings.catch_warnings(record=True):  # what it brings along warns of itself, whatever filters say
        from vcon import Vcon  # takes a third of a second to load: not at the start of a node

    made = Vcon.build_new()
    found = made.vcon_dict
    found["uuid"] = str(uuid_of(str(record["id"]), str(record.get("started_at") or "")))
    found["created_at"] = iso(record.get("ended_at") or record.get("started_at"))
    found["subject"] = f"{record.get('queue') or record.get('flow') or ''} {record['id']}".strip()
    found["parties"] = _parties(record)
    found["dialog"] = _dialogs(record, sounds)
    dialogs = list(range(len(found["dialog"])))
    for name, body in _analysis(record):
        made.add_analysis(
            type=name,
            dialog=dialogs,
            vendor=VENDOR,
            body=body if isinstance(body, str) else _json(body),
            encoding="none" if isinstance(body, str) else "json",
            extra={"product": VENDOR, "mediatype": "text/plain" if isinstance(body, str) else "application/json"},
        )
    found["attachments"] = [_attachment(name, body, record) for name, body in _attached(record, rows or {})]
    valid, problems = made.is_valid()
    if not valid:
        raise IvrError(f"the vCon of {record['id']} is not valid: {'; '.join(problems[:3])}")
    whole: dict[str, Any] = made.to_dict()
    for dialog, sound in zip(whole["dialog"], sounds, strict=False):
        if sound.body is not None:  # not before: the package writes all of it as JSON and reads it again
            dialog["body"] = _b64(sound.body)
    return whole


def spelled(found: Mapping[str, Any]) -> Iterator[bytes]:
    """A vCon as JSON, in pieces: to write all the sound within it at once would hold up everything else for long."""
    mark = secrets.token_hex(16)
    sounds = [dialog["body"] for dialog in found["dialog"] if "body" in dialog]
    bare = [{**dialog, "body": mark} if "body" in dialog else dialog for dialog in found["dialog"]]
    rest = packed({**found, "dialog": bare})
    for sound in sounds:
        before, _, rest = rest.partition(mark.encode())
        yield before
        for at in range(0, len(sound), SLICE):
            yield sound[at : at + SLICE].encode("ascii")
    yield rest


def uuid_of(contact_id: str, started_at: str) -> UUID:
    """Version 8 (RFC 9562 §5.8): of the contact and its start alone, so that who exports twice has it once."""
    number = int.from_bytes(hashlib.sha256(f"{started_at}|{contact_id}".encode("utf-8", "replace")).digest()[:16])
    number = number & ~(0xF << 76) | 8 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def _parties(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    profile = record.get("profile") if isinstance(record.get("profile"), Mapping) else {}
    caller: dict[str, Any] = {"role": "customer", "meta": {"channel": record.get("channel") or ""}}
    number, name = str(record.get("caller_number") or ""), str(record.get("caller_name") or "")
    if number:
        caller["tel" if number.removeprefix("+").isdecimal() else "sip"] = number
    if name:
        caller["name"] = name
    if isinstance(profile, Mapping) and profile.get("id"):
        caller["meta"]["customer"] = plain(profile["id"])
    parties = [caller, {"role": "bot", "name": str(record.get("flow") or VENDOR)}]
    if record.get("agent_id"):
        parties.append({"role": "agent", "name": str(record["agent_id"])})
    return parties


def _dialogs(record: Mapping[str, Any], sounds: Sequence[Sound]) -> list[dict[str, Any]]:
    """One for each recording; where there is none, one for the call, which nobody can listen to."""
    who = [CALLER, BOT, *((AGENT,) if record.get("agent_id") else ())]
    meta = {"disposition": record.get("disposition") or "", "call_id": record.get("correlation") or ""}
    start = iso(record.get("answered_at") or record.get("started_at"))
    common: dict[str, Any] = {"type": "recording", "start": start, "parties": who, "mimetype": AUDIO, "mediatype": AUDIO}
    common |= {"originator": CALLER, "meta": meta}
    if not sounds:
        seconds = record.get("talk_seconds") or 0.0
        return [{**common, "duration": seconds}]
    return [_dialog(common, sound) for sound in sounds]


def _dialog(common: Mapping[str, Any], sound: Sound) -> dict[str, Any]:
    digest = _b64(sound.digest)
    found = {
        **common,
        "start": iso(sound.started_at) or common["start"],
        "duration": sound.seconds,
        "filename": sound.filename,
        "alg": "SHA-512",
        "signature": digest,
        "content_hash": f"sha512-{digest}",
    }
    if sound.body is None:
        return {**found, "url": sound.url}
    return {**found, "encoding": "base64url"}


def _analysis(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    known = document(record)
    found: list[tuple[str, Any]] = [("transcript", {"turns": known["turns"], "language": known["contact"]["language"]})]
    if known["summary"]:
        found.append(("summary", known["summary"]))
    found.append(("intents", {"intent": known["intent"], "intents": known["intents"]}))
    moods = [{"index": turn["index"], "mood": turn["mood"]} for turn in known["turns"] if turn["mood"]]
    found.append(("mood", {**known["mood"], "turns": moods}))
    return [*found, *((("talk", known["talk"]),) if known["talk"] else ())]


def _attached(
    record: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[tuple[str, list[Any] | dict[str, Any]]]:
    known = bounded(document(record), ATTACHED)
    left = [(name, [plain(row) for row in some]) for name, some in rows.items() if some]
    return [("handover", known), ("slots", known["slots"]), ("tags", known["tags"]), *left]


def _attachment(name: str, body: list[Any] | dict[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    common = {"type": name, "purpose": name, "encoding": "json", "mediatype": "application/json", "party": BOT, "dialog": 0}
    return {**common, "start": iso(record.get("started_at")), "body": _json(body)}


def _json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)


def _b64(data: bytes) -> str:
    slices = (base64.urlsafe_b64encode(data[at : at + SLICE]) for at in range(0, len(data), SLICE))
    return b"".join(slices).decode("ascii").rstrip("=")
