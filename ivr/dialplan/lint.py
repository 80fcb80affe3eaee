"""What can go wrong with a flow whose every part is well formed: names, edges, ways out, words, prompts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ivr.dialplan import graph, registry, uses
from ivr.dialplan.build_triggers import check_triggers
from ivr.dialplan.dialogue import NO_INPUT, NO_MATCH, bare
from ivr.dialplan.environment import Environment
from ivr.dialplan.kinds import About
from ivr.dialplan.lint_examples import check_examples
from ivr.dialplan.lint_paths import check_paths
from ivr.dialplan.lint_types import check_types, known
from ivr.dialplan.lint_words import LONGEST, check_words
from ivr.dialplan.model import AGAIN, AGENT, EVERYWHERE, KEYS, RESERVED, Edge, Flow, FlowState
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.profile_wish import check_profile
from ivr.dialplan.speech import PromptPart
from ivr.dialplan.talk import check_talk
from ivr.dialplan.unset import check_unset, check_unused


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What exists beside the flows; None where it is not known and so not checked."""

    prompts: Mapping[str, Collection[str]] | None = None
    """Name to the languages that it is recorded in; no languages for music."""
    queues: Collection[str] | None = None
    skills: Collection[str] | None = None
    teams: Collection[str] | None = None
    sites: Collection[str] | None = None
    sources: Mapping[str, Collection[str]] | None = None
    """Name to its operations."""
    records: bool | None = None
    """Whether anything can be recorded."""
    channels: Collection[str] | None = None
    """Ways in which notifications leave the house."""
    environment: Environment | None = None
    seconds: Mapping[tuple[str, str], float] | None = None
    """(prompt, language) to how long the recording is."""
    longest: float = LONGEST
    """Seconds that a question may take."""
    triggers: Collection[str] = ()
    """Those that all flows share."""
    profile_sources: Collection[str] = ()
    """Those that the settings name under `profiles`."""


def lint(flow: Flow, findings: Findings, around: Surroundings) -> None:
    """Add every problem of a flow that `build` accepted to `findings`."""
    if flow.entry not in flow.states:
        findings.unknown(flow.place, "state", flow.entry, flow.states)
        return
    check_profile(flow.profile, findings, around)
    _targets(flow, findings)
    _defaults(flow, findings)
    for state in flow.states.values():
        _edge_names(flow, state, findings)
        _missing_edges(flow, state, findings)
        for step in (*state.do, *(() if state.step is None else (state.step,))):
            step.check(About(flow, state, findings, around))
    _ways(flow, findings)
    _examples(flow, findings)
    check_examples(flow, findings)
    _unused(flow, findings)
    check_triggers(flow.triggers, findings, around.channels)
    check_talk(flow.talk, {*flow.triggers, *around.triggers}, findings)
    scope, every = known(flow, around.environment), tuple(uses.of_flow(flow))
    check_types(every, findings, scope)
    check_paths(flow, findings, scope, every)
    if not any(problem.code == "unknown-state" for problem in findings.problems):  # which might lead anywhere
        check_unset(flow, findings)
    check_unused(flow, findings, every)
    check_words(flow, findings, around.seconds, around.longest)
    if around.prompts is not None:
        _prompts(flow, findings, around.prompts)


def _targets(flow: Flow, findings: Findings) -> None:
    for name, state, edge in graph.edges(flow):
        fixed = None if edge.to is None else edge.to.fixed
        if edge.to is not None and fixed is not None and fixed not in flow.states and fixed not in RESERVED:
            findings.unknown(edge.to.place, "state", fixed, (*flow.states, *RESERVED))
        other = None if edge.otherwise is None else edge.otherwise.fixed
        if edge.otherwise is not None and other is not None and other not in flow.states and other not in RESERVED:
            findings.unknown(edge.otherwise.place, "state", other, (*flow.states, *RESERVED))
        if edge.otherwise is not None and fixed is not None:
            message = "`to` is written out, so `otherwise` is never taken"
            findings.error(edge.otherwise.place, "dead-option", message, "remove it")
        if edge.retries and name not in (NO_INPUT, NO_MATCH):
            findings.error(edge.place, "dead-edge", "only `no_input` and `no_match` can retry", "write the target alone")
        if name == "hangup" and (fixed != "end" or edge.speech):
            findings.error(
                edge.place, "dead-edge", "the caller is gone: `hangup` can only lead to `end`", "{ to: end, tag: ... }"
            )
        if name == NO_INPUT and not edge.retries and _stays(edge, state):
            findings.error(edge.place, "no-way-out", "silence is asked again for ever", "{ retry: 2, then: state }")


def _stays(edge: Edge, state: FlowState | None) -> bool:
    fixed = AGAIN if edge.to is None else edge.to.fixed
    return fixed == AGAIN or (state is not None and fixed == state.name)


def _defaults(flow: Flow, findings: Findings) -> None:
    known = {
        *EVERYWHERE,
        *flow.intents,
        *KEYS,
        AGENT,
        *(name for kind in registry.waiting().values() for name in kind.edge_names),
        *(name for state in flow.states.values() if state.step is not None for name in state.step.optional()),
    }
    for name, edge in flow.defaults.items():
        if name not in known:
            findings.unknown(edge.place, "edge", name, known - set(KEYS))
    if "error" not in flow.defaults:
        place = next((edge.place for edge in flow.defaults.values()), flow.place)
        findings.error(place, "missing-edge", "nothing says where an error leads", "add `error: state` to `defaults`")


def _edge_names(flow: Flow, state: FlowState, findings: Findings) -> None:
    known = graph.possible(flow, state)
    for name, edge in state.own.items():
        if name in known:
            continue
        if name in flow.intents or (len(name) == 1 and name in KEYS):
            findings.error(
                edge.place, "dead-edge", f"nobody listens for `{name}` in `{state.name}`", "use it in an ask or a menu"
            )
        else:
            findings.unknown(edge.place, "edge", name, known - set(KEYS))


def _missing_edges(flow: Flow, state: FlowState, findings: Findings) -> None:
    step = state.step
    if step is None:
        return
    for name in step.outcomes():
        if name not in state.edges:
            findings.error(state.place, "missing-edge", f"`{state.name}` has no edge `{name}`", f"add `{name}: state` to `on`")
    unknown = set(step.intents()) - set(flow.intents)
    wanted = [name for name in step.answers() if name not in state.edges and name not in unknown]
    if wanted and "done" not in state.edges:
        names = ", ".join(f"`{name}`" for name in wanted)
        findings.error(
            state.place, "missing-edge", f"`{state.name}` has no edge for {names}", f"add `{wanted[0]}: state` to `on`"
        )


def _ways(flow: Flow, findings: Findings) -> None:
    seen = graph.reachable(flow)
    circling = graph.circling(flow)
    trapped = graph.trapped(flow) - circling
    for name, state in flow.states.items():
        if name not in seen:
            findings.error(state.place, "unreachable", f"no edge leads to `{name}`", "lead one here or remove the state")
        elif name in circling:
            message = f"`{name}` passes the call on in a circle in which nothing waits"
            findings.error(state.place, "instant-loop", message, "lead one edge to a state that asks, plays or ends")
        elif name in trapped:
            findings.error(state.place, "no-way-out", f"from `{name}` no path leads to an end", "add an edge to `end`")


def _examples(flow: Flow, findings: Findings) -> None:
    owners: dict[tuple[str, str], tuple[str, Place]] = {}
    for intent in flow.intents.values():
        for language, examples in intent.examples.items():
            for text, place in examples:
                if not bare(text):
                    findings.error(place, "empty-example", "an example without words", "write what callers say")
                    continue
                owner, at = owners.setdefault((language, bare(text)), (intent.name, place))
                if owner != intent.name:
                    message = f"`{text}` is already an example of `{owner}` in line {at.line}"
                    findings.error(place, "duplicate-example", message, "keep it in one intent")


def _unused(flow: Flow, findings: Findings) -> None:
    used = {name for name, _, _ in graph.edges(flow)}
    for state in flow.states.values():
        if state.step is not None:
            used.update(state.step.answers(), state.step.intents())
    for name, intent in flow.intents.items():
        if name not in used and not intent.library:
            findings.warn(intent.place, "unused-intent", f"nothing listens for the intent `{name}`", "offer it or remove it")


def _prompts(flow: Flow, findings: Findings, prompts: Mapping[str, Collection[str]]) -> None:
    for speech in graph.speeches(flow):
        for part in speech:
            if isinstance(part, PromptPart):
                _prompt(part, (part.language,) if part.language else flow.languages, findings, prompts)
    for state in flow.states.values():
        step = state.step
        for name in () if step is None else step.recordings():
            if step is not None and name not in prompts:
                findings.warn(step.place, "unknown-prompt", f"there is no recording `{name}`", "add it to prompts/")


def _prompt(part: PromptPart, languages: Collection[str], findings: Findings, prompts: Mapping[str, Collection[str]]) -> None:
    if part.name not in prompts:
        findings.unknown(part.place, "prompt", part.name, prompts)
        return
    for language in languages:
        if language not in prompts[part.name]:
            message = f"the prompt `{part.name}` is not recorded in `{language}`"
            findings.error(part.place, "missing-language", message, f"add {language} to prompts/catalog.yaml and render it")
