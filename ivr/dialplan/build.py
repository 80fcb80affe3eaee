"""A flow from its YAML tree: every value typed, every expression compiled, every mistake reported with its place. Pure."""

from __future__ import annotations

import hashlib
import re
import zoneinfo
from dataclasses import replace

from ivr.dialplan import registry
from ivr.dialplan.build_edges import EDGE_KEYS, edge_of
from ivr.dialplan.build_intents import RESERVED_NAMES, USE, ambiguous, joined, sentences, taken_in
from ivr.dialplan.build_speech import speech
from ivr.dialplan.build_triggers import triggers
from ivr.dialplan.build_values import assignments, share_of
from ivr.dialplan.expression import Template, compile_template
from ivr.dialplan.fields import Fields, integer, template, word, words
from ivr.dialplan.kinds import InstantStep, Site, WaitingStep
from ivr.dialplan.model import END, RESERVED, Branch, Edge, Flow, FlowState, Go, HangUp, Intent, Leave, Return, Switch
from ivr.dialplan.moods import MoodRules, mood_rules
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, kind, read
from ivr.dialplan.privacy import Privacy, privacy
from ivr.dialplan.problems import Findings, Place, nearest
from ivr.dialplan.profile_wish import ProfileWish, profile_wish
from ivr.dialplan.speech import Speech
from ivr.dialplan.talk import TalkWish, talk_wish
from ivr.dialplan.triggers import Trigger

FLOW_KEYS = (
    *("flow", "languages", "entry", "time_zone", "profile", "privacy", "vars"),
    *("defaults", "intents", "triggers", "mood", "talk", "states"),
)
LEAVING = ("go", "goto", "switch", "return", "hangup")
RETRY_KEYS = ("retry", "then", "say", "repeat")
CAUSES = ("normal", "rejected", "busy")
_NAME = re.compile(r"[A-Za-z][\w-]{0,63}\Z", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*\Z")


def build(text: str, findings: Findings) -> Flow | None:
    """The flow that `text` describes; None where it has errors, all of them in `findings`. Never raises."""
    flow = sketch(text, findings)
    return None if findings.failed else flow


def sketch(text: str, findings: Findings) -> Flow | None:
    """What can be read of a text that may have errors, to be drawn and never run; None where it is not YAML. Never raises."""
    root = read(text, findings)
    return None if root is None else _Builder(findings).flow(root, hashlib.sha256(text.encode()).hexdigest()[:16])


def state_keys() -> tuple[str, ...]:
    """What a state may have."""
    return ("do", *registry.waiting(), *LEAVING, "on")


class _Builder:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.languages: tuple[str, ...] = ()
        self.name = ""
        self.here = ""
        """Name of the flow and of the state that is being built."""

    @property
    def site(self) -> Site:
        return Site(self.findings, self.languages)

    def flow(self, root: Node, version: str) -> Flow:
        fields = Fields(root, self.findings, "a flow", FLOW_KEYS)
        fields.need("flow", "begin with `flow: name`")
        self.languages = self._languages(fields)
        self.name = self._name(fields.text("flow", "flow"), fields.place)
        rules, defaults = self._mood(fields.get("mood"), self._edges(fields.get("defaults")))
        states = self._states(fields.need("states", "add `states:` with a state in it"), defaults)
        entry = fields.text("entry") or next(iter(states), "")
        intents = self._intents(fields.get("intents"))
        margin = ambiguous(fields.get("intents"), self.findings)
        return Flow(
            name=self.name,
            version=version,
            file=self.findings.file,
            languages=self.languages,
            entry=entry,
            states=states,
            intents=intents,
            ambiguous=margin,
            libraries=tuple(dict.fromkeys(intent.library for intent in intents.values() if intent.library)),
            defaults=defaults,
            variables=self._variables(fields),
            time_zone=self._zone(fields),
            profile=self._profile(fields.get("profile")),
            privacy=self._privacy(fields.get("privacy")),
            triggers=self._triggers(fields.get("triggers")),
            mood=rules,
            talk=self._talk(fields.get("talk")),
            place=_at(fields.get("entry")) or fields.place,
        )

    def _name(self, name: str, place: Place) -> str:
        if not _NAME.match(name):
            self.findings.error(place, "bad-name", f"`{name}` is no name", "letters, digits, _ and -, a letter first")
        return name

    def _languages(self, fields: Fields) -> tuple[str, ...]:
        node = fields.need("languages", "languages: [zh, en], the first is the one spoken where nothing is known")
        found = words(node, self.findings, "a language") if node is not None else ()
        for name, place in found:
            if not _LANGUAGE.match(name):
                self.findings.error(place, "bad-name", f"`{name}` is no language", "languages: [zh, en]")
        return tuple(dict.fromkeys(one for name, _ in found for one in re.split(r"[,\s]+", name) if one)) or ("en",)

    def _zone(self, fields: Fields) -> str:
        name = fields.text("time_zone", "UTC")
        try:
            zoneinfo.ZoneInfo(name)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            place = _at(fields.get("time_zone")) or fields.place
            cure = nearest(name, zoneinfo.available_timezones())
            cure = cure if cure.startswith("did") else "an area and a city: Asia/Shanghai, Europe/Berlin"
            self.findings.unknown(place, "time zone", name, (), cure=cure)
            return "UTC"
        return name

    def _profile(self, node: Node | None) -> ProfileWish:
        return ProfileWish() if node is None else profile_wish(node, self.findings)

    def _triggers(self, node: Node | None) -> dict[str, Trigger]:
        return {} if node is None else triggers(node, self.findings, self.languages)

    def _talk(self, node: Node | None) -> TalkWish:
        return TalkWish() if node is None else talk_wish(node, self.findings, self.languages)

    def _privacy(self, node: Node | None) -> Privacy:
        return Privacy() if node is None else privacy(node, self.findings)

    def _variables(self, fields: Fields) -> dict[str, Template]:
        node = fields.get("vars")
        return {} if node is None else assignments(node, self.findings)

    def _mood(self, node: Node | None, defaults: dict[str, Edge]) -> tuple[MoodRules, dict[str, Edge]]:
        """The rules, and the defaults with the edges that the rules bring."""
        rules, brought = (MoodRules(), {}) if node is None else mood_rules(node, self.findings, EDGE_KEYS)
        edges = {name: self._edge_of(one) if isinstance(one, Fields) else self._edge(one) for name, one in brought.items()}
        for name in edges.keys() & defaults.keys():
            place = edges[name].place
            message = f"`{name}` leads somewhere here and in `defaults` of line {defaults[name].place.line}"
            self.findings.error(place, "dead-edge", message, "keep one of them")
        return rules, {**edges, **defaults}

    # --- intents

    def _intents(self, node: Node | None) -> dict[str, Intent]:
        if node is None:
            return {}
        mapping = Fields(node, self.findings, "intents", node.entries if isinstance(node, Mapping) else ()).node
        used = mapping.entries.get(USE)
        shared = {} if used is None else taken_in(used[1], self.languages, self.findings)
        own = {
            name: self._intent(self._name(name, key.place), key.place, inner)
            for name, key, inner in mapping.items()
            if name not in RESERVED_NAMES
        }
        return {**shared, **{name: joined(intent, shared.get(name)) for name, intent in own.items()}}

    def _intent(self, name: str, place: Place, node: Node) -> Intent:
        fields = Fields(node, self.findings, "an intent", (*self.languages, "offer", "label", "is"))
        examples = {}
        for language in self.languages:
            inner = fields.get(language)
            if inner is None:
                message = f"the intent `{name}` has no examples in `{language}`"
                self.findings.error(place, "missing-language", message, f"add `{language}: [...]`")
            else:
                examples[language] = sentences(words(inner, self.findings, "an example"), self.findings)
        offer, label = fields.get("offer"), fields.get("label")
        return Intent(
            name,
            place,
            examples,
            () if offer is None else speech(offer, self.findings, self.languages),
            {} if label is None else self._label(label),
            fields.text("is"),
        )

    def _label(self, node: Node) -> dict[str, str]:
        fields = Fields(node, self.findings, "a label", self.languages)
        return {language: fields.text(language) for language in self.languages if fields.get(language) is not None}

    # --- states

    def _states(self, node: Node | None, defaults: dict[str, Edge]) -> dict[str, FlowState]:
        if node is None:
            return {}
        mapping = Fields(node, self.findings, "states", node.entries if isinstance(node, Mapping) else ()).node
        return {name: self._state(name, key.place, inner, defaults) for name, key, inner in mapping.items()}

    def _state(self, name: str, place: Place, node: Node, defaults: dict[str, Edge]) -> FlowState:
        self._name(name, place)
        self.here = f"{self.name}.{name}"
        if name in RESERVED:
            self.findings.error(place, "reserved", f"`{name}` is built in and cannot be a state", "choose another name")
        fields = Fields(node, self.findings, "a state", state_keys())
        do = fields.get("do")
        step = self._step(fields)
        own = self._own(self._edges(fields.get("on")), step)
        return FlowState(
            name,
            place,
            () if do is None else self._instants(do),
            step,
            self._leave(fields, step),
            own,
            {**_built_in(step, place), **defaults, **own},
        )

    def _own(self, edges: dict[str, Edge], step: WaitingStep | None) -> dict[str, Edge]:
        """Those of `on` and those that are written in the step, which may not be written twice."""
        inner = {} if step is None else step.edges()
        for name in edges.keys() & inner.keys():
            self.findings.error(edges[name].place, "dead-option", f"`{name}` is written in the step", "take it out of `on`")
        return {**edges, **inner}

    def _step(self, fields: Fields) -> WaitingStep | None:
        kinds = registry.waiting()
        given = [name for name in kinds if fields.get(name) is not None]
        for extra in given[1:]:
            place = fields.node.entries[extra][0].place
            message = f"a state waits for one thing, not for `{given[0]}` and `{extra}`"
            self.findings.error(place, "too-many", message, "put the second into a state of its own")
        if not given:
            return None
        return kinds[given[0]].build(fields.node.entries[given[0]][1], self.site)

    def _instants(self, node: Node) -> tuple[InstantStep, ...]:
        """The steps of `do`; a step without arguments is its bare name."""
        items = node.items if isinstance(node, Sequence) else [node]
        return tuple(step for step in map(self._instant, items) if step is not None)

    def _instant(self, node: Node) -> InstantStep | None:
        if isinstance(node, Mapping) and len(node.entries) == 1:
            [(name, key, inner)] = node.items()
            place = key.place
        else:
            name, inner, place = word(node, self.findings, "a step"), Scalar(None, "", node.place), node.place
        kinds = registry.instant()
        if name in kinds:
            return kinds[name].build(inner, self.site)
        if name in registry.waiting():
            self.findings.error(place, "waits", f"`{name}` waits, so it cannot stand in `do`", "make it the step of the state")
        elif name:
            self.findings.unknown(place, "step", name, kinds)
        return None

    def _leave(self, fields: Fields, step: WaitingStep | None) -> Leave | None:
        given = [name for name in LEAVING if fields.get(name) is not None]
        for extra in given[1:]:
            place = fields.node.entries[extra][0].place
            self.findings.error(place, "too-many", f"a state leaves by `{given[0]}` or by `{extra}`, not both", "keep one")
        if not given:
            if step is None:
                self.findings.error(
                    fields.place, "missing-edge", "the state leads nowhere", "add `goto: state` or `hangup: normal`"
                )
            return None
        key, node = fields.node.entries[given[0]]
        if step is not None:
            message = f"a state that waits leaves by `on`, so `{given[0]}` is never reached"
            self.findings.error(key.place, "dead-edge", message, "move it into `on`, or into the next state")
        match given[0]:
            case "go":
                return self._go(node)
            case "goto":
                return Go((Branch(None, self._edge(node)),))
            case "switch":
                return self._switch(node)
            case "return":
                return Return(self._name(word(node, self.findings, "what is returned"), node.place), node.place)
            case _:
                return self._hangup(node)

    def _go(self, node: Node) -> Go:
        if not isinstance(node, Sequence):
            self.findings.error(node.place, "wrong-type", f"`go` must be a list, this is {kind(node)}", "goto: state")
            return Go(())
        branches: list[Branch] = []
        given: dict[str, float] = {}
        for item in node.items:
            fields = Fields(item, self.findings, "a line of go", ("if", "percent", "of", *EDGE_KEYS))
            fields.need("to", "to: state")
            share = share_of(fields, self.here, given)
            branches.append(Branch(fields.expression("if"), self._edge_of(fields), share))
        if branches and not (branches[-1].when is None and branches[-1].share is None):
            self.findings.error(node.items[-1].place, "missing-edge", "no line of `go` may hold", "end with `- { to: state }`")
        return Go(tuple(branches))

    def _switch(self, node: Node) -> Switch | None:
        fields = Fields(node, self.findings, "switch", ("of", "cases", "otherwise"))
        fields.need("of", "of: the value to compare")
        fields.need("cases", "cases: { value: state }")
        otherwise = fields.need("otherwise", "otherwise: state, for every other value")
        of, cases = fields.expression("of"), self._edges(fields.get("cases"))
        return None if of is None else Switch(of, cases, None if otherwise is None else self._edge(otherwise))

    def _hangup(self, node: Node) -> HangUp:
        cause = "normal" if isinstance(node, Scalar) and node.value is None else word(node, self.findings, "`hangup`")
        if cause not in CAUSES:
            self.findings.unknown(node.place, "cause", cause, CAUSES)
        return HangUp(cause)

    # --- edges

    def _edges(self, node: Node | None) -> dict[str, Edge]:
        if node is None:
            return {}
        mapping = Fields(node, self.findings, "edges", node.entries if isinstance(node, Mapping) else ()).node
        return {name: self._edge(inner, key.place) for name, key, inner in mapping.items()}

    def _edge(self, node: Node, place: Place | None = None) -> Edge:
        place = place or node.place
        if isinstance(node, Scalar):
            return Edge(template(node, self.findings), place)
        if isinstance(node, Mapping) and ("retry" in node.entries or "then" in node.entries):
            return self._retry(Fields(node, self.findings, "a retry", RETRY_KEYS), place)
        return self._edge_of(Fields(node, self.findings, "an edge", EDGE_KEYS), place)

    def _edge_of(self, fields: Fields, place: Place | None = None) -> Edge:
        return edge_of(fields, self.languages, place)

    def _retry(self, fields: Fields, place: Place) -> Edge:
        then = fields.need("then", "then: the state to go to at last")
        last = Edge(None, place) if then is None else self._edge(then)
        if last.retries:
            self.findings.error(place, "wrong-type", "a retry inside a retry", "one `retry`, then a state")
        said = fields.get("say")
        every = () if said is None else speech(said, self.findings, self.languages)
        retries = self._retries(fields.get("retry"), every)
        return Edge(last.to, place, last.speech, last.values, last.tags, last.language, retries, fields.flag("repeat", True))

    def _retries(self, node: Node | None, every: Speech) -> tuple[Speech, ...]:
        """A number of retries with the same words, or a list of what is said at each."""
        if node is None:
            return (every,)
        if isinstance(node, Sequence):
            return tuple((*every, *speech(item, self.findings, self.languages)) for item in node.items)
        return (every,) * integer(node, self.findings, "`retry`", 1, 0, 9)


def _built_in(step: WaitingStep | None, place: Place) -> dict[str, Edge]:
    """Where a hang-up leads, and a step that is over where the flow says nothing else."""
    end = Edge(compile_template(END, place), place)
    return {name: replace(end) for name in ("hangup", *(() if step is None else step.ending()))}  # each is an edge of its own


def _at(node: Node | None) -> Place | None:
    return None if node is None else node.place
