"""The rules by which questions answer themselves, from YAML. Pure."""

from __future__ import annotations

from itertools import pairwise

from ivr.dialplan import positions
from ivr.dialplan.fields import Fields
from ivr.dialplan.positions import Node, Scalar, kind
from ivr.dialplan.problems import Place
from ivr.dialplan.sheets import Reader, Sheet
from ivr.quality.model import FACTS, MEASURES, MOST_POINTS, Known, LineSaid, Measured, Rule, Said

KEYS = {
    "said": ("said", "by", "within", "of"),
    "not_said": ("not_said", "by", "within", "of"),
    "line": ("line",),
    "measure": ("measure", "least", "most", "steps"),
    "fact": ("fact", "one_of", "none_of", "choose"),
}
"""What a rule begins with, and what else it may say."""
SIDES = ("agent", "caller")
ENDS = ("start", "end")
MOST_PHRASES = 100


class Rules(Reader[Sheet]):
    def answer(self, node: Node | None, sort: str, choices: tuple[str, ...]) -> Rule | None:
        """What answers a question of kind `sort`."""
        rule = self._rule(node)
        if rule is None or node is None:
            return None
        match sort:
            case "scale":
                if not isinstance(rule, Measured) or not rule.steps:
                    self._wrong(
                        node,
                        "a scale is answered by a measure with steps",
                        "{ measure: longest_silence, steps: [3, 6, 12, 25] }",
                    )
            case "choice":
                if not isinstance(rule, Known) or not rule.choose:
                    cure = "{ fact: mood_end, choose: { calm: good, tense: fair, angry: poor } }"
                    self._wrong(node, "a choice is answered by a fact with `choose`", cure)
                else:
                    for chosen in rule.choose.values():
                        if chosen not in choices:
                            self.findings.unknown(node.place, "choice", chosen, choices)
            case _:
                self._plain(rule, node)
        return rule

    def condition(self, node: Node | None) -> Rule | None:
        """What is so or not."""
        rule = self._rule(node)
        if rule is not None and node is not None:
            self._plain(rule, node)
        return rule

    def _plain(self, rule: Rule, node: Node) -> None:
        """Of what is answered by yes or no."""
        if isinstance(rule, Measured) and (rule.steps or (rule.least is None and rule.most is None)):
            self._wrong(node, "yes or no needs bounds", "{ measure: hold_seconds, most: 60 }, or least: 1")
        if isinstance(rule, Known) and rule.choose:
            self._wrong(node, "yes or no has no `choose`", "one_of: [calm]")

    def _rule(self, node: Node | None) -> Rule | None:
        if node is None:
            return None
        sorts = [one for one in KEYS if isinstance(node, positions.Mapping) and one in node.entries]
        if len(sorts) != 1:
            self._wrong(node, "a rule has exactly one of said, not_said, line, measure and fact", "{ line: recorded }")
            return None
        fields = Fields(node, self.findings, "a rule", KEYS[sorts[0]])
        match sorts[0]:
            case "said" | "not_said":
                return self._said(fields, sorts[0])
            case "line":
                name = fields.text("line")
                self.use("line", name, fields.get("line"))
                return LineSaid(name)
            case "measure":
                return self._measured(fields)
        return self._known(fields)

    def _said(self, fields: Fields, key: str) -> Said:
        by, of = self._one(fields, "by", SIDES), self._one(fields, "of", ENDS)
        found = self.said(fields.get(key), key, f"{key}: {{ zh: [您好], en: [hello] }}")
        for phrases in found.values():
            if len(phrases) > MOST_PHRASES:
                self.findings.error(fields.at(key), "too-many", f"{len(phrases)} phrases", f"{MOST_PHRASES} at most")
        if fields.get("of") is not None and fields.get("within") is None:
            self._wrong(fields.node, "`of` goes with `within`", "within: 20s")
        return Said(found, by, fields.duration("within", 0.0), of, key == "not_said")

    def _measured(self, fields: Fields) -> Measured:
        name = fields.text("measure")
        if name not in MEASURES:
            self.findings.unknown(fields.at("measure"), "measure", name, MEASURES)
        given, steps = fields.get("steps"), tuple[float, ...]()
        if given is not None:
            found = [_number(one) for one in given.items] if isinstance(given, positions.Sequence) else []
            steps = tuple(one for one in found if one is not None)
            rising, falling = all(a < b for a, b in pairwise(steps)), all(a > b for a, b in pairwise(steps))
            if len(steps) != MOST_POINTS - 1 or len(found) != len(steps) or not (rising or falling):
                cure = "four numbers that rise (less is better) or fall (more is better): [3, 6, 12, 25]"
                self._wrong(given, "`steps` are four numbers in order", cure)
                steps = ()
        return Measured(name, self._bound(fields, "least"), self._bound(fields, "most"), steps)

    def _known(self, fields: Fields) -> Known:
        name = fields.text("fact")
        if name not in FACTS:
            self.findings.unknown(fields.at("fact"), "fact", name, FACTS)
        known = FACTS.get(name, ())
        one_of, none_of = self._values(fields, "one_of", known), self._values(fields, "none_of", known)
        choose, given = {}, fields.get("choose")
        if isinstance(given, positions.Mapping):
            for value, key, inner in given.items():
                self._check(value, known, key.place)
                choose[value] = inner.text if isinstance(inner, Scalar) else ""
        elif given is not None:
            self._wrong(given, f"`choose` must be a mapping, this is {kind(given)}", "{ calm: good, angry: poor }")
        if known and isinstance(known[0], bool) and not (one_of or none_of or choose):
            one_of = (True,)
        elif not (one_of or none_of or choose):
            self._wrong(fields.node, f"what must `{name}` be?", "one_of: [...], none_of: [...] or choose: {...}")
        return Known(name, one_of, none_of, choose)

    def _values(self, fields: Fields, key: str, known: tuple[str | bool, ...]) -> tuple[str | bool, ...]:
        node = fields.get(key)
        if node is None:
            return ()
        found: list[str | bool] = []
        for item in node.items if isinstance(node, positions.Sequence) else [node]:
            if not isinstance(item, Scalar) or item.value is None:
                self._wrong(item, f"`{key}` is a list of values, this is {kind(item)}", f"{key}: [calm]")
                continue
            value = item.value if isinstance(item.value, bool) else item.text
            self._check(value, known, item.place)
            found.append(value)
        return tuple(found)

    def _check(self, value: str | bool, known: tuple[str | bool, ...], place: Place) -> None:
        if known and value not in known:
            self.findings.unknown(place, "value", str(value), [str(one) for one in known])

    def _one(self, fields: Fields, key: str, known: tuple[str, ...]) -> str:
        found = fields.text(key, known[0])
        if found not in known:
            self.findings.unknown(fields.at(key), "value", found, known)
            return known[0]
        return found

    def _bound(self, fields: Fields, key: str) -> float | None:
        node = fields.get(key)
        if node is None:
            return None
        found = _number(node)
        if found is None:
            self._wrong(node, f"`{key}` must be a number, this is {kind(node)}", "seconds, or a share from 0 to 1")
        return found

    def _wrong(self, node: Node, message: str, cure: str) -> None:
        self.findings.error(node.place, "wrong-type", message, cure)


def _number(node: Node) -> float | None:
    """A plain number, or a duration such as 20s."""
    if not isinstance(node, Scalar):
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return None
    return float(node.value)
