"""Texts of the ledger as flows, checked against what this node has: prompts, queues, and each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from ivr.dialplan.linking import calls, link
from ivr.dialplan.linking import problems as link_problems
from ivr.dialplan.loader import FlowStore, examine
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.errors import NotFound
from ivr.publishing.ledger import Ledger
from ivr.publishing.model import Standing


class Reader:
    """Puts the versions of `ledger` at hand in `store`. `label` names the file that problems of a flow point at."""

    def __init__(self, ledger: Ledger, store: FlowStore, label: Callable[[str], str]) -> None:
        self._ledger, self._store, self._label = ledger, store, label
        self._joined: set[tuple[str, str]] = set()
        """What was remembered of flows that call others."""

    async def check(self, texts: Mapping[str, str]) -> tuple[dict[str, Flow], list[Problem]]:
        """The flows of flow to text, and every problem, as this node would find them on adopting them together."""
        found = await asyncio.to_thread(self._examine, {(flow, ""): text for flow, text in texts.items()})
        flows: dict[str, Flow] = {}
        problems: list[Problem] = []
        for (name, _), (flow, own) in found.items():
            problems += own
            if flow is not None and flow.name != name:
                message = f"the text calls itself `{flow.name}`"
                problems.append(Problem(self._label(name), 1, 1, "error", "wrong-flow", message, f"write `flow: {name}`"))
            elif flow is not None:
                flows[name] = flow
        return flows, problems + await asyncio.to_thread(_between, flows, {**self._store.flows, **flows})

    async def prepare(self, standings: Collection[Standing]) -> dict[str, str]:
        """Have every version at hand that new calls may need; flow to why that cannot be."""
        wanted = {(one.flow, version) for one in standings for version in (one.version, one.candidate) if version}
        missing = {key for key in wanted if not self._store.knows(*key)}
        if not missing:
            return {}
        texts = await self._ledger.texts(missing)
        wrong = {flow: f"the text of version {version} is lost" for flow, version in missing if (flow, version) not in texts}
        for (name, _), (flow, problems) in (await asyncio.to_thread(self._examine, texts)).items():
            if flow is None or flow.name != name:
                wrong[name] = first_of(problems) or "it is another flow"
            else:
                self._store.keep(flow)
        return wrong

    async def machine(self, flow: str, version: str) -> Machine:
        """The machine of any version that a call ever began with. Raises NotFound, StoreUnavailable."""
        at_hand = self._store.joined.get((flow, version))
        if at_hand is not None:
            return at_hand
        parts = await self._ledger.parts(flow, version)
        flows: dict[str, Flow] = {}
        for name, own in parts.items():
            if not self._store.knows(name, own):
                text = await self._ledger.text(name, own)
                found, problems = await asyncio.to_thread(examine, text, self._label(name))
                if found is None:
                    raise NotFound(f"version {own} of `{name}` cannot be run any more: {first_of(problems)}")
                self._store.keep(found)
            flows[name] = self._store.machine(name, own).flow
        return Machine(link(flows[flow], flows), self._store.environment)

    async def remember(self, at: float) -> None:
        """Write down what the versions of flows that call others stand for. Raises StoreUnavailable."""
        fresh = {key: machine.flow for key, machine in self._store.joined.items() if key not in self._joined}
        if not fresh:
            return
        async with self._ledger.change(at) as change:
            for (name, pinned), flow in fresh.items():
                await change.join(name, pinned, flow.version, {sub: one.version for sub, one in flow.subflows.items()})
            await change.kept()
        self._joined |= fresh.keys()

    def _examine(self, texts: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], tuple[Flow | None, list[Problem]]]:
        return {key: examine(text, self._label(key[0]), self._store.around) for key, text in texts.items()}


def _between(flows: Mapping[str, Flow], known: Mapping[str, Flow]) -> list[Problem]:
    """What is wrong with calls of these flows and with calls to them."""
    concerned = [flow for name, flow in known.items() if name in flows or calls(flow) & flows.keys()]
    return [problem for flow in concerned for problem in link_problems(flow, known)]


def first_of(problems: Collection[Problem]) -> str:
    """The first error, as one line; "" where there is none."""
    wrong = [str(one).replace("\n    ", "; ") for one in problems if one.severity == "error"]
    return f"{wrong[0]} ({len(wrong) - 1} more)" if len(wrong) > 1 else "".join(wrong)
