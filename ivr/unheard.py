"""What flows listen for and the installed models cannot hear: told in the log, in the health of a node and by `ivr check`.

A closed-list recogniser drops words that it does not know, and nobody notices but the callers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from ivr.dialplan.dialogue import ear
from ivr.dialplan.loader import FlowStore
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings, Problem
from ivr.errors import SpeechUnavailable
from ivr.speech.loading import load
from ivr.speech.models import find_models
from ivr.speech.settings import SpeechSettings

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Phrases that a worker is asked about in one go: callers wait for its answer."""
BREATH = 0.05
"""Seconds between two questions."""
LOOK_SECONDS = 2.0
"""Between looks for flows that were published; RETRY_SECONDS where no worker answered."""
RETRY_SECONDS = 15.0
NAMED = 5
"""Phrases that a message names."""

Ask = Callable[[str, Sequence[str]], Awaitable[Sequence[str]]]
"""(language, phrases) to those that its model cannot hear."""


def listened_for(flow: Flow, language: str) -> dict[str, list[str]]:
    """Phrase to the names of the states that listen for it, in the order of the flow."""
    found: dict[str, list[str]] = {}
    for name, state in flow.states.items():
        if state.step is not None and state.step.listens:
            for phrase in ear(flow, state, language).phrases:
                found.setdefault(phrase.text, []).append(name)
    return found


def problems(flow: Flow, language: str, model: str, deaf: Iterable[str]) -> list[Problem]:
    """A warning for each state that listens for something of `deaf`, at its place in the file."""
    by_state: dict[str, list[str]] = {}
    places = listened_for(flow, language)
    for phrase in deaf:
        for name in places.get(phrase, ()):
            by_state.setdefault(name, []).append(phrase)
    findings = Findings(flow.file)
    for name, phrases in by_state.items():
        named = ", ".join(f"'{phrase}'" for phrase in phrases[:NAMED])
        more = f" and {len(phrases) - NAMED} more" if len(phrases) > NAMED else ""
        message = f"the model of {language} ({model}) cannot hear {named}{more} in state `{name}`"
        cure = "say it in words that the model knows, give it an alias (speech.aliases), or install a larger model"
        findings.warn(flow.states[name].place, "unheard-phrase", message, cure)
    return findings.problems


def with_models(flows: Sequence[Flow], settings: SpeechSettings) -> list[Problem]:
    """The same for `ivr check`, with the installed models loaded into this process; none where none is installed."""
    wanted, _ = find_models(settings)
    engines, _ = load({language: {**one, "second_opinion": None} for language, one in wanted.items()})
    found = []
    for flow in flows:
        for language in (one for one in flow.languages if one in engines):
            deaf = engines[language].unheard(list(listened_for(flow, language)))
            found += problems(flow, language, settings.models[language], deaf)
    return found


class Unheard:
    """Keeps what the live flows listen for in vain; `run` looks whenever one was published."""

    def __init__(self, store: FlowStore, models: Callable[[], Mapping[str, str]], ask: Ask) -> None:
        """`models` is language to the name of its model."""
        self._store, self._models, self._ask = store, models, ask
        self._known: dict[tuple[str, str, str, str], list[Problem]] = {}
        """By flow, version, language and model."""

    @property
    def problems(self) -> list[Problem]:
        return [problem for found in self._known.values() for problem in found]

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)
            except SpeechUnavailable as error:
                log.debug("phrases are not checked yet: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def look(self) -> None:
        """Ask about the flows that are new since the last time. Raises SpeechUnavailable where no worker answers."""
        models, live = self._models(), self._store.flows.values()
        wanted = {
            (flow.name, flow.version, language, models[language]): flow
            for flow in live
            for language in flow.languages
            if language in models
        }
        self._known = {key: found for key, found in self._known.items() if key in wanted}
        for key, flow in wanted.items():
            if key not in self._known:
                _, _, language, model = key
                deaf = await self._deaf(language, list(listened_for(flow, language)))
                found = self._known[key] = problems(flow, language, model, deaf)
                if found:
                    text = "flow %s: %s; %d states listen in vain for something, `ivr check --config` lists them"
                    log.warning(text, flow.name, found[0].message, len(found))

    async def _deaf(self, language: str, phrases: Sequence[str]) -> list[str]:
        found: list[str] = []
        for at in range(0, len(phrases), AT_ONCE):
            found += await self._ask(language, phrases[at : at + AT_ONCE])
            await asyncio.sleep(BREATH)
        return found
