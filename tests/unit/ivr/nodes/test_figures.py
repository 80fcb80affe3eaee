"""One page of metrics for all workers."""

from __future__ import annotations

import pytest

from ivr.nodes.figures import Figures, merged
from ivr.nodes.link import NodeLink

ONE = '# TYPE calls gauge\ncalls 3\n# TYPE refused counter\nrefused{reason="ban"} 7\n'
TWO = '# TYPE calls gauge\ncalls 4\n# TYPE refused counter\nrefused{reason="ban"} 1\nrefused{reason="loop"} 2\n'


def test_samples_of_one_metric_stand_together_with_their_node() -> None:
    assert merged({"a-1": ONE, "a-2": TWO}).splitlines() == [
        "# TYPE calls gauge",
        'calls{node="a-1"} 3',
        'calls{node="a-2"} 4',
        "# TYPE refused counter",
        'refused{node="a-1",reason="ban"} 7',
        'refused{node="a-2",reason="ban"} 1',
        'refused{node="a-2",reason="loop"} 2',
    ]


async def test_every_worker_is_asked_and_a_dead_one_is_left_out(
    links: tuple[NodeLink, NodeLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.nodes.figures.ASK_SECONDS", 0.3)
    figures = Figures(links[0], lambda: ONE, ("two", "dead"))
    Figures(links[1], lambda: TWO, ("one", "dead"))
    assert await figures.text() == merged({"one": ONE, "two": TWO})
    assert await Figures(links[0], lambda: ONE, ()).text() == ONE
