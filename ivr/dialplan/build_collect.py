"""The step `collect` from its YAML."""

from __future__ import annotations

from typing import Any

from ivr.dialplan import build_expect, confirming
from ivr.dialplan.collecting import CollectSlot
from ivr.dialplan.confirming import Confirm
from ivr.dialplan.expect import YES_NO, Choice, Typed
from ivr.dialplan.expression import Expression
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import Schema, Site
from ivr.dialplan.positions import Mapping, Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, FLAG, TEXT, either, list_of, map_of, record, ref
from ivr.dialplan.slots import SlotType
from ivr.dialplan.steps.asked import again_of, barge_in, speech_of

MOST_SLOTS = 20
_KEYS = ("slots", "confirm", "timeout", "between_keys", "barge_in")
_SLOT_KEYS = ("ask", "again", "hint", "label", "optional", "known", "phrases", "patience", "secret", *build_expect.TYPE_KEYS)


def collect(node: Node, site: Site) -> dict[str, Any]:
    """The fields of a `CollectStep`; mistakes go to `site.findings`."""
    fields = Fields(node, site.findings, "collect", _KEYS)
    slots = fields.need("slots", "slots: { name: { ask: prompt, type: date } }")
    return {
        "slots": () if slots is None else _slots(slots, site),
        "confirm": confirming.build(fields.get("confirm"), site, Confirm()),
        "timeout": fields.duration("timeout", 6.0),
        "between_keys": fields.duration("between_keys", 3.0),
        "barge_in": barge_in(fields),
    }


def _slots(node: Node, site: Site) -> tuple[CollectSlot, ...]:
    mapping = Fields(node, site.findings, "slots", node.entries if isinstance(node, Mapping) else ()).node
    found: list[CollectSlot] = []
    for name, key, inner in mapping.items():
        if not name.isidentifier():
            site.findings.error(key.place, "bad-name", f"`{name}` is no name of a slot", "letters, digits and _")
        elif len(found) == MOST_SLOTS:
            site.findings.error(key.place, "too-many", f"more than {MOST_SLOTS} slots", "collect them in two states")
            break
        else:
            found.append(_slot(name, key.place, inner, site))
    if not found and mapping.entries == {}:
        site.findings.error(node.place, "missing-key", "`collect` needs a slot", "slots: { name: { ask: prompt, type: date } }")
    return tuple(found)


def _slot(name: str, place: Place, node: Node, site: Site) -> CollectSlot:
    fields = Fields(node, site.findings, "a slot", _SLOT_KEYS)
    fields.need("ask", "ask: the question")
    phrases = build_expect.phrase_list(fields.get("phrases"), site)
    if phrases is not None and fields.get("type") is None and fields.get("choices") is None:
        kind, choice, terminator = SlotType("choice"), Choice(()), "#"
    else:
        fields.need("type", "type: text, date, amount, ...")
        kind, choice, terminator = _type(fields, site)
    known, keeps = _known(fields)
    return CollectSlot(
        name=name,
        type=kind,
        speech=speech_of(fields, "ask", site),
        again=again_of(fields.get("again"), site),
        hint=speech_of(fields, "hint", site),
        label=_label(fields.get("label"), site),
        optional=fields.flag("optional", False),
        known=known,
        keeps=keeps,
        choices=choice.intents,
        choice_places=choice.places,
        phrases=phrases,
        patience=fields.duration("patience", kind.kind.patience),
        secret=fields.flag("secret", False),
        terminator=terminator,
    )


def _type(fields: Fields, site: Site) -> tuple[SlotType, Choice, str]:
    match build_expect.typed(fields, site):
        case Typed(slot, terminator):
            return slot, Choice(()), terminator
        case Choice() as choice:
            return SlotType("choice"), choice, "#"
        case expected if expected == YES_NO:
            return SlotType(YES_NO), Choice(()), "#"
    return SlotType("text"), Choice(()), "#"


def _known(fields: Fields) -> tuple[Expression | None, bool]:
    """An expression; `false` asks even for what an earlier question filled."""
    node = fields.get("known")
    if isinstance(node, Scalar) and node.value is False:
        return None, False
    return fields.expression("known"), True


def _label(node: Node | None, site: Site) -> dict[str, str]:
    """One text for each language."""
    if node is None:
        return {}
    fields = Fields(node, site.findings, "a label", site.languages)
    for language in site.languages:
        if fields.get(language) is None:
            site.findings.error(node.place, "missing-language", f"the label has no `{language}`", f"add `{language}: ...`")
    return {language: fields.text(language) for language in site.languages if fields.get(language) is not None}


def schema() -> Schema:
    """JSON Schema of `collect`."""
    more = {"ask": ref("speech"), "again": either(ref("speech"), list_of(ref("speech"))), "hint": ref("speech")}
    more |= {"label": map_of(TEXT), "optional": FLAG, "known": ref("expression"), "patience": DURATION, "secret": FLAG}
    more |= {"phrases": build_expect.phrases_schema()}
    slot = record({**more, **build_expect.type_schema()}, ("ask",), CollectSlot)
    barge_in = either(FLAG, record({"after": DURATION}))
    fields = {"slots": map_of(slot), "confirm": confirming.schema(), "timeout": DURATION, "between_keys": DURATION}
    return record({**fields, "barge_in": barge_in}, ("slots",))
