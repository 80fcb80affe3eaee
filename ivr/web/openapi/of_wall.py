"""The wallboard without its socket. Pure."""

from __future__ import annotations

from ivr.web.openapi.operation import Op

_ALERT = "/api/v1/wall/alerts/{alert_id}"
OPS = (
    Op("GET /api/v1/wall", "Everything that the board shows at this moment"),
    Op("GET /api/v1/wall/formulas", "How each figure is worked out", answer={"formulas": ["object"]}),
    Op(
        "GET /api/v1/wall/history",
        "A day in steps, beside the same day some weeks before",
        query={"queue?": "text 128", "day?": "text", "step?": "60|300|900|3600", "weeks?": "int 1..52"},
        more="`day` is a date such as 2026-11-22; without it today.",
    ),
    Op(
        "GET /api/v1/wall/alerts",
        "Alerts that are open, and those closed within the hour",
        answer={"alerts": ["object"]},
    ),
    Op(f"POST {_ALERT}/acknowledge", "Say that an alert was seen", body={"note?": "text 500"}),
    Op(f"POST {_ALERT}/owner", "Say who takes care of an alert", body={"owner?": "text 128"}),
)
