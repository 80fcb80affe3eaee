"""A Redis of its own for each test."""

from __future__ import annotations

from tests.unit.ivr.records.conftest import log_redis_url, redis

__all__ = ("log_redis_url", "redis")
