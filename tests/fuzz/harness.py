"""One target under atheris: `python -m tests.fuzz.harness NAME [libFuzzer options] [corpus folders]`."""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]


def main() -> None:
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["telephony"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup(sys.argv, TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
