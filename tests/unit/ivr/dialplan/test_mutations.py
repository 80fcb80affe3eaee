"""A slice of the ten thousand: mutated flows never break check, and what it accepts runs. `python -m tests.fuzz.flows`"""

from __future__ import annotations

import pytest

from tests.fuzz.flows import House, run

MUTANTS = 40


@pytest.mark.parametrize("seed", [2026, 1122])
def test_mutants_break_neither_check_nor_a_call(seed: int) -> None:
    tally = run(MUTANTS, seed)
    assert tally.findings == []
    assert tally.mutants == MUTANTS
    assert tally.accepted > 0, "some are harmless, and were walked through"
    assert tally.steps > 20
    assert len(tally.codes) > 5, "and some are not"


def test_the_flows_to_begin_with_have_no_errors() -> None:
    house = House.load()
    assert len(house.flows) == len(house.texts)
