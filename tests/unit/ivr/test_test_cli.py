"""Where `ivr test` finds its flows without being told."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from ivr import test_cli, testing


@pytest.mark.parametrize(
    ("words", "there", "config"),
    [
        ([], True, test_cli.DEMO),
        ([], False, None),
        (["dialplans"], True, None),
        (["--config", "mine.yaml"], True, Path("mine.yaml")),
    ],
)
def test_the_demo_is_tested_where_nothing_is_named(
    words: list[str], there: bool, config: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if there:
        test_cli.DEMO.parent.mkdir(parents=True)
        test_cli.DEMO.touch()
    seen: list[Path | None] = []

    def played(args: argparse.Namespace) -> int:
        seen.append(args.config)
        return 0

    monkeypatch.setattr(testing, "run", played)
    parser = argparse.ArgumentParser()
    test_cli.add_arguments(parser)
    assert test_cli.run(parser.parse_args(words)) == 0
    assert seen == [config]
