"""Metrics of several workers as one page: each worker's samples under a label of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ivr.errors import StoreUnavailable
from ivr.nodes.link import NodeLink

ASK_SECONDS = 2.0
_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)")

_PART_OF_HISTOGRAM = re.compile(r"_(?:bucket|sum|count)$")


class Figures:
    """`own` gives this node's Prometheus text; `peers` are the other workers of the same `ivr serve`."""

    def __init__(self, link: NodeLink, own: Callable[[], str], peers: Sequence[str]) -> None:
        self._link, self._own, self._peers = link, own, peers
        link.serve("figures", self._asked)

    async def text(self) -> str:
        """The text of every worker that answers, this node's alone where it is on its own."""
        if not self._peers:
            return self._own()
        asked = await asyncio.gather(*(self._ask(peer) for peer in self._peers))
        answered = {peer: text for peer, text in zip(self._peers, asked, strict=True) if text}
        return merged({self._link.node: self._own(), **answered})

    async def _ask(self, peer: str) -> str:
        try:
            return str(await self._link.ask(peer, "figures", {}, ASK_SECONDS))
        except StoreUnavailable:
            return ""

    async def _asked(self, data: Mapping[str, Any]) -> str:
        return self._own()


def merged(texts: Mapping[str, str]) -> str:
    """Prometheus texts by node as one: samples of one metric stand together, each with its `node`, under one TYPE line."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for node, text in texts.items():
        for line in text.splitlines():
            if line.startswith("#"):
                comments = families.setdefault(line.split()[2], ([], []))[0]
                if line not in comments:
                    comments.append(line)
            elif found := _SAMPLE.fullmatch(line):
                name, labels, value = found.groups()
                sample = f'{name}{{node="{node}"{"," + labels if labels else ""}}} {value}'
                family = _PART_OF_HISTOGRAM.sub("", name)
                families.setdefault(family if family in families else name, ([], []))[1].append(sample)
    return "".join("\n".join([*comments, *samples]) + "\n" for comments, samples in families.values())
