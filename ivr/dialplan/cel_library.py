"""The library `cel`, without its command line: loading that with it takes 380 modules and a quarter of a second more."""

from __future__ import annotations

import sys
from types import ModuleType

_COMMANDS = "cel.cli"
_before = sys.modules.setdefault(_COMMANDS, ModuleType(_COMMANDS))

import cel  # noqa: E402

if sys.modules[_COMMANDS] is _before and not hasattr(_before, "__file__"):
    del sys.modules[_COMMANDS]  # whoever wants it finds the real one

__all__ = ["cel"]
