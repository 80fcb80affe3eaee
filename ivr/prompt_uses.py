"""What flows say, for `ivr prompts check`: prompts by name, and the texts that are recorded word for word."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import ivr.dialplan
from ivr.dialplan import graph
from ivr.dialplan.loader import read_flows
from ivr.dialplan.model import Flow
from ivr.dialplan.speech import PromptPart, TextPart
from ivr.errors import ConfigError
from ivr.session.delaying import DELAYED
from ivr.speech.catalog import text_key
from ivr.speech.prompt_faults import Uses

BUILT_IN = Path(__file__).parent / "outbound" / "callback.yaml"
"""The flow that calls customers back, where nobody wrote one."""
LANGUAGES = ("zh", "en")
"""Those in which a node itself speaks."""


def uses_of(paths: Iterable[Path]) -> Uses:
    """What the flows in files and folders say. Raises ConfigError where one of them cannot be read."""
    paths = list(paths)
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: no such flow or folder")
    flows, problems = read_flows(paths)
    wrong = next((problem for problem in problems if problem.severity == "error"), None)
    if wrong is not None:
        raise ConfigError(str(wrong).replace("\n    ", "; "))
    own, _ = read_flows([BUILT_IN])
    names: dict[str, set[str]] = {DELAYED: set(LANGUAGES)}
    for flow in (*flows, *own):
        for name, languages in _named(flow):
            names.setdefault(name, set()).update(languages)
    texts = {(language, text_key(text)) for flow in flows for language, text in _fixed(flow)}
    labels = {(lang, text_key(text)) for flow in flows for one in flow.intents.values() for lang, text in one.label.items()}
    ours = {(language, text_key(text)) for flow in own for language, text in _fixed(flow)}
    return Uses(names, texts, labels | ours | set(_said_by_steps()))


def _named(flow: Flow) -> Iterator[tuple[str, tuple[str, ...]]]:
    for speech in graph.speeches(flow):
        for part in speech:
            if isinstance(part, PromptPart):
                yield part.name, (part.language,) if part.language else tuple(flow.languages)
    for state in flow.states.values():
        for name in () if state.step is None else state.step.recordings():
            yield name, ()


def _fixed(flow: Flow) -> Iterator[tuple[str, str]]:
    for speech in graph.speeches(flow):
        for part in speech:
            if isinstance(part, TextPart):
                for language, template in part.texts.items():
                    if template.fixed is not None:
                        yield language, template.fixed


def _said_by_steps() -> Iterator[tuple[str, str]]:
    """What steps say of their own accord: constants of their modules, a text for each language."""
    for found in pkgutil.walk_packages(ivr.dialplan.__path__, "ivr.dialplan."):
        for value in vars(importlib.import_module(found.name)).values():
            if isinstance(value, Mapping) and value and set(value) <= {"zh", "en"}:
                yield from ((str(lang), text_key(text)) for lang, text in value.items() if isinstance(text, str))
