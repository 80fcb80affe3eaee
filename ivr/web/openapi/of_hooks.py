"""Webhooks that are told what happens. Pure."""

from __future__ import annotations

from ivr.web.openapi.operation import ADMINS, Op

_HOOK = "/api/v1/webhooks/{name}"
_COUNT = {"count": "int 0.."}
_MOST = 2**31 - 1
OPS = (
    Op(
        "GET /api/v1/webhooks",
        "Every webhook with what waits for it, and every kind of event",
        ADMINS,
        answer={
            "hooks": [
                {
                    "name": "text",
                    "where": "text",
                    "events": ["text"],
                    "waiting": "int 0..",
                    "sent": "int 0..",
                    "dead": "int 0..",
                    "last_at": "number?",
                }
            ],
            "kinds": [{"name": "text", "when": "text"}],
        },
    ),
    Op(
        "GET /api/v1/webhooks/deliveries",
        "Deliveries with their events, the newest first",
        ADMINS,
        query={"hook?": "text", "status?": "waiting|sent|dead", "before?": f"int 1..{_MOST}", "limit?": f"int 1..{_MOST}"},
        answer={"deliveries": ["object"], "next": "int?"},
    ),
    Op(
        "POST /api/v1/webhooks/deliveries/{number}/retry",
        "Send one once more, from the first try on",
        ADMINS,
        answer={"id": "int", "status": "text"},
    ),
    Op(
        f"POST {_HOOK}/ping",
        "Try a webhook out with an event that says nothing",
        ADMINS,
        answer={"taken": "bool", "status": "int?", "reason": "text", "seconds": "number"},
    ),
    Op(f"POST {_HOOK}/revive", "Send everything that is dead once more", ADMINS, answer=_COUNT),
    Op(
        f"POST {_HOOK}/replay",
        "Send the events of a time once more",
        ADMINS,
        body={"from": "number 0..", "until": "number 0..", "events?": ["text 64"]},
        answer=_COUNT,
        more="Events are kept for 14 days, 10,000 at most go at once; their ids stay, so the far end can tell.",
    ),
)
