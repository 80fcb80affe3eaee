"""Settings of versions of flows: `publishing`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishingOptions:
    write_files: bool = True
    """Whether what a page publishes is written into `dialplans`, on every node; otherwise the database alone has it."""
