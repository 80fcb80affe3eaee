"""Every operation that somebody described. Pure."""

from __future__ import annotations

from ivr.web.openapi import of_admin, of_calls, of_desk
from ivr.web.openapi.operation import Op

OPS: tuple[Op, ...] = (*of_calls.OPS, *of_admin.OPS, *of_desk.OPS)
