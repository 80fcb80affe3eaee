"""A contact as records give it."""

from __future__ import annotations

from typing import Any

AT = 1_790_000_000.0


def turn(number: int, text: str = "I want to pay my bill.", speaker: str = "caller", **more: Any) -> dict[str, Any]:
    base = {"at": AT + number, "speaker": speaker, "text": text, "language": "en", "medium": "speech", "confidence": 0.8}
    return base | {"state": "main", "intent": "", "mood": ""} | more


def record(turns: int = 4, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": "c-1",
        "channel": "sip",
        "caller_number": "+4930111",
        "caller_name": "李强",
        "called": "hotline",
        "flow": "telecom",
        "flow_version": "1",
        "language": "en",
        "queue": "support",
        "agent_id": "anna",
        "started_at": "2026-09-21T14:13:20.000Z",
        "answered_at": "2026-09-21T14:13:21.000Z",
        "queued_at": AT + 31,
        "connected_at": AT + 40,
        "ended_at": AT + 100,
        "talk_seconds": 60.0,
        "disposition": "served",
        "intent": "bill",
        "intent_confidence": 0.91,
        "slots": {"account": "4711"},
        "tags": ["vip"],
        "profile": {
            "name": "李强",
            "tier": "gold",
            "secret": "x",
            "contacts": [{"at": AT, "topic": "bill"}],
        },
        "note": "Called twice.",
        "quality": {"codec": "pcma", "packets_lost": 3, "peer": {"x": 1}},
        "recordings": [],
        "signalling": {"user_to_user": "order 4711"},
        "handover": {
            "summary": "Wants to pay.",
            "note": "Router is red.",
            "facts": {"ticket": "T-1"},
            "why": [{"zh": "客户生气了", "en": "The caller is angry"}],
            "mood": "tense",
            "mood_level": 0.6,
            "mood_trend": "rising",
            "mood_why": [{"code": "said", "value": "x", "en": "said x", "zh": "说了x"}],
            "triggers": [{"name": "churn", "text": "I quit"}],
            "talk": {"seconds": 62.4, "caller": {"seconds": 17.9}},
        },
        "turns": [turn(number, intent="bill" if number == 0 else "") for number in range(turns)],
    }
    return found | more
