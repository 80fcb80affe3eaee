"""Where a caller's profile comes from. A source answers within its budget or the call goes on without."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import yaml

from ivr.call import Caller
from ivr.errors import ConfigError
from ivr.profile.identity import normal_number


class ProfileSource(Protocol):
    async def find(self, caller: Caller) -> Mapping[str, Any]:
        """What is known of the caller; empty for a stranger. May be slow: the session bounds the wait."""


class StaticProfiles:
    """Known customers from one YAML file: number to plain data. Read once."""

    def __init__(self, customers: Mapping[str, Mapping[str, Any]]) -> None:
        self._customers = {normal_number(number): dict(data) for number, data in customers.items()}

    @classmethod
    def load(cls, path: Path) -> StaticProfiles:
        """Raises ConfigError where the file is missing or is not numbers to keys and values."""
        try:
            data = yaml.safe_load(path.read_text("utf-8")) or {}
        except OSError as error:
            raise ConfigError(f"profiles: {path}: cannot be read: {error.strerror}") from error
        except yaml.YAMLError as error:
            raise ConfigError(f"profiles: {path}: not YAML: {error}") from error
        if not isinstance(data, dict) or not all(isinstance(entry, dict) for entry in data.values()):
            raise ConfigError(f"profiles: {path}: expected a number and its keys and values, such as '1001': {{name: Alice}}")
        return cls({str(number): entry for number, entry in data.items()})

    async def find(self, caller: Caller) -> Mapping[str, Any]:
        return self._customers.get(normal_number(caller.number), {})
