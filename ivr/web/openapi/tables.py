"""Every operation that somebody described. Pure."""

from __future__ import annotations

from ivr.web.openapi import of_admin, of_calls, of_desk, of_hooks, of_people, of_quality, of_wall
from ivr.web.openapi.operation import Op

OPS: tuple[Op, ...] = (
    *(*of_calls.OPS, *of_admin.OPS, *of_desk.OPS),
    *(*of_hooks.OPS, *of_people.OPS, *of_quality.OPS, *of_wall.OPS),
)
