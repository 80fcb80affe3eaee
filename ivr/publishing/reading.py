"""Texts of the ledger as flows, checked against what this node has: prompts, queues, and each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from ivr.dialplan.environment import Environment, build_environment
from ivr.dialplan.environment_file import misfits
from ivr.dialplan.linking import calls, link
from ivr.dialplan.linking import problems as link_problems
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import FlowStore, examine
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings, Problem
from ivr.errors import NotFound
from ivr.publishing.ledger import Ledger
from ivr.publishing.model import ENVIRONMENT, Standing

Examined = dict[tuple[str, str], tuple[Flow | None, list[Problem]]]


class Reader:
    """Puts the versions of `ledger` at hand in `store`. `label` names the file that problems of a flow point at."""

    def __init__(self, ledger: Ledger, store: FlowStore, label: Callable[[str], str]) -> None:
        self._ledger, self._store, self._label = ledger, store, label
        self._joined: set[tuple[str, str]] = set()
        """What was remembered of flows that call others."""
        self._environments: dict[str, Environment] = {}
        """By version, those that are about to be used."""

    async def check(self, texts: Mapping[str, str]) -> tuple[dict[str, Flow], list[Problem]]:
        """The flows of flow to text, and every problem, as this node would find them on adopting them together."""
        environment, problems = await self._environment(texts.get(ENVIRONMENT))
        around = self._around(environment)
        found = await asyncio.to_thread(self._examine, {(flow, ""): text for flow, text in _flows(texts).items()}, around)
        flows: dict[str, Flow] = {}
        for (name, _), (flow, own) in found.items():
            problems += own
            if flow is not None and flow.name != name:
                message = f"the text calls itself `{flow.name}`"
                problems.append(Problem(self._label(name), 1, 1, "error", "wrong-flow", message, f"write `flow: {name}`"))
            elif flow is not None:
                flows[name] = flow
        if environment is not None:
            others = [flow for name, flow in self._store.flows.items() if name not in flows]
            problems += await asyncio.to_thread(misfits, others, around)
        return flows, problems + await asyncio.to_thread(_between, flows, {**self._store.flows, **flows})

    async def prepare(self, standings: Collection[Standing]) -> dict[str, str]:
        """Have every version at hand that new calls may need; flow to why that cannot be."""
        wanted = {(one.flow, version) for one in standings for version in (one.version, one.candidate) if version}
        missing = {key for key in wanted if not self.knows(*key)}
        if not missing:
            return {}
        texts = await self._ledger.texts(missing)
        wrong = {flow: f"the text of version {version} is lost" for flow, version in missing if (flow, version) not in texts}
        environment = await self._prepare_environment(standings, texts, wrong)
        for (name, _), (flow, problems) in (await asyncio.to_thread(self._examine, texts, self._around(environment))).items():
            if flow is None or flow.name != name:
                wrong[name] = first_of(problems) or "it is another flow"
            else:
                self._store.keep(flow)
        return wrong

    async def _prepare_environment(
        self, standings: Collection[Standing], texts: dict[tuple[str, str], str], wrong: dict[str, str]
    ) -> Environment | None:
        """The environment that these standings want, where it is new and can be used; its text is taken out of `texts`."""
        fresh = {version: texts.pop((flow, version)) for flow, version in list(texts) if flow == ENVIRONMENT}
        environment: Environment | None = None
        for version, text in fresh.items():
            environment, problems = await self._environment(text)
            staying = [one.flow for one in standings if one.flow != ENVIRONMENT and self.knows(one.flow, one.version)]
            flows = [self._store.machine(name).flow for name in staying if name in self._store.shares]
            if environment is not None:
                problems += await asyncio.to_thread(misfits, flows, self._around(environment))
            if environment is None or first_of(problems):
                wrong[ENVIRONMENT], environment = first_of(problems), None
            else:
                self._environments[version] = environment
        return environment

    def knows(self, flow: str, version: str) -> bool:
        """Whether a version is at hand."""
        if flow == ENVIRONMENT:
            return version == self._store.environment.version or version in self._environments
        return self._store.knows(flow, version)

    def use(self, version: str) -> bool:
        """Let new calls see the environment of that version, which must be at hand; whether it is another."""
        if version == self._store.environment.version:
            return False
        self._store.use(self._environments.pop(version))
        self._environments.clear()
        return True

    def _around(self, environment: Environment | None) -> Surroundings:
        return self._store.around if environment is None else self._store.surroundings(environment)

    async def _environment(self, text: str | None) -> tuple[Environment | None, list[Problem]]:
        """The environment in a text, None where there is none or it is wrong, and every problem of it."""
        if text is None:
            return None, []
        findings = Findings(self._label(ENVIRONMENT))
        return await asyncio.to_thread(build_environment, text, findings), findings.problems

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

    def _examine(self, texts: Mapping[tuple[str, str], str], around: Surroundings) -> Examined:
        return {key: examine(text, self._label(key[0]), around) for key, text in texts.items()}


def _flows(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name != ENVIRONMENT}


def _between(flows: Mapping[str, Flow], known: Mapping[str, Flow]) -> list[Problem]:
    """What is wrong with calls of these flows and with calls to them."""
    concerned = [flow for name, flow in known.items() if name in flows or calls(flow) & flows.keys()]
    return [problem for flow in concerned for problem in link_problems(flow, known)]


def first_of(problems: Collection[Problem]) -> str:
    """The first error, as one line; "" where there is none."""
    wrong = [str(one).replace("\n    ", "; ") for one in problems if one.severity == "error"]
    return f"{wrong[0]} ({len(wrong) - 1} more)" if len(wrong) > 1 else "".join(wrong)
