"""Whether the types in an expression fit, before a call finds out. Pure.

What is not known is taken to fit: fields of a profile and of results, variables that hold now this and now that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.dialplan.cel_syntax import Call, Index, Items, Literal, Macro, Name, Select, Tree
from ivr.dialplan.problems import nearest
from ivr.dialplan.shapes import ANY, BOOL, DOUBLE, FREE, INT, NULL, NUMBER, NUMBERS, TEXT, WORDS, Type, joined

Complain = Callable[[int, str, str, str], None]
"""Takes the column within the expression, counted from 0, the code, the message and the cure."""

MISMATCH = "type-mismatch"
UNKNOWN = "unknown-field"
NEVER = "never-equal"
UNWRITTEN = "never-written"

_LITERALS = {"int": INT, "uint": INT, "double": DOUBLE, "bool": BOOL, "null": NULL, "bytes": Type("bytes")}
_MOMENT, _SPAN = Type("moment"), Type("span")
_ORDERED = (NUMBERS, frozenset({"text"}), frozenset({"bool"}), frozenset({"moment"}), frozenset({"span"}), frozenset({"bytes"}))
_SEARCHED = ("text", "list", "map", "bytes")
_MADE = {
    "size": (INT, _SEARCHED),
    "int": (INT, ("text", "int", "double", "number", "moment")),
    "uint": (INT, ("text", "int", "double", "number")),
    "double": (DOUBLE, ("text", "int", "double", "number")),
    "string": (TEXT, ("text", "int", "double", "number", "bytes", "moment", "span")),
    "bytes": (Type("bytes"), ("text", "bytes")),
    "timestamp": (_MOMENT, ("text", "int", "moment")),
    "duration": (_SPAN, ("text", "span")),
    "contains": (BOOL, _SEARCHED),
    "startsWith": (BOOL, ("text",)),
    "endsWith": (BOOL, ("text",)),
    "matches": (BOOL, ("text",)),
}
"""Function to what it gives and to what it takes first."""


def infer(tree: Tree, roots: Mapping[str, Type], complain: Complain) -> Type:
    """The type of an expression; what cannot be right is told to `complain`."""
    return _Checker(roots, complain).type(tree)


class _Checker:
    def __init__(self, roots: Mapping[str, Type], complain: Complain) -> None:
        self.roots = dict(roots)
        self.complain = complain

    def type(self, tree: Tree) -> Type:
        match tree:
            case Literal(kind="string", text=text):
                return Type("text", values=frozenset({text})) if "\\" not in text else TEXT
            case Literal(kind=kind):
                return _LITERALS[kind]
            case Name(name=name):
                return self.roots.get(name, ANY)
            case Select(of=of, name=name, at=at, test=test):
                found = self.field(self.type(of), of, name, at)
                return BOOL if test else found
            case Index():
                return self.index(tree)
            case Items(values=values, keys=None):
                return Type("list", item=joined([self.type(one) for one in values]))
            case Items(values=values, keys=keys):
                for one in (*(keys or ()), *values):
                    self.type(one)
                return FREE
            case Macro():
                return self.macro(tree)
            case Call():
                return self.call(tree)

    # --- data

    def field(self, of: Type, tree: Tree, name: str, at: int) -> Type:
        if of.kind == "map":
            if of.fields is None:
                return of.item or ANY
            if name in of.fields:
                return of.fields[name]
            if isinstance(tree, Name) and tree.name in ("vars", "slots"):
                cure = nearest(name, of.fields) or "a question fills slots (`into`), `set` writes vars"
                self.complain(tree.at, UNWRITTEN, f"nothing ever writes `{tree.name}.{name}`", cure)
            else:
                self.complain(at, UNKNOWN, f"`{_path(tree)}` has no `{name}`", nearest(name, of.fields) or _empty(tree))
        elif of.kind not in ("any", "null"):
            self.complain(at, MISMATCH, f"`{_path(tree)}` is {WORDS[of.kind]}, it has no `{name}`", "leave out what follows")
        return ANY

    def index(self, tree: Index) -> Type:
        of, index = self.type(tree.of), self.type(tree.index)
        if of.kind == "map" and isinstance(tree.index, Literal) and tree.index.kind == "string":
            return self.field(of, tree.of, tree.index.text, tree.index.at)
        if of.kind == "list":
            if index.kind not in ("any", "null", *NUMBERS):
                self.complain(tree.at, MISMATCH, f"an item of a list has a number, not {WORDS[index.kind]}", "count from [0]")
            return of.item or ANY
        if of.kind not in ("any", "null", "map"):
            self.complain(tree.at, MISMATCH, f"`{_path(tree.of)}` is {WORDS[of.kind]}, it has no items", "leave out [...]")
        return of.item or ANY

    def macro(self, tree: Macro) -> Type:
        of = self.type(tree.of)
        if of.kind not in ("any", "null", "list", "map"):
            message = f"`{tree.name}` goes through a list, `{_path(tree.of)}` is {WORDS[of.kind]}"
            self.complain(tree.at, MISMATCH, message, "`contains` looks into text")
        shadowed = self.roots.get(tree.variable)
        self.roots[tree.variable] = (of.item or ANY) if of.kind == "list" else TEXT if of.kind == "map" else ANY
        found = [self.type(body) for body in tree.bodies]
        if tree.name != "map":
            self.boolean(found[-1], tree.bodies[-1], f"what `{tree.name}` asks of each item")
        elif len(found) > 1:
            self.boolean(found[0], tree.bodies[0], "what `map` asks of each item")
        if shadowed is None:
            del self.roots[tree.variable]
        else:
            self.roots[tree.variable] = shadowed
        if tree.name in ("map", "filter"):
            return Type("list", item=found[-1] if tree.name == "map" else of.item)
        return BOOL

    # --- operators and functions

    def call(self, tree: Call) -> Type:
        match tree.name:
            case "&&" | "||" | "!":
                for one in tree.arguments:
                    self.boolean(self.type(one), one, f"what stands beside `{tree.name}`")
                return BOOL
            case "?:":
                self.boolean(self.type(tree.arguments[0]), tree.arguments[0], "what stands before `?`")
                return joined([self.type(one) for one in tree.arguments[1:]])
            case "==" | "!=":
                self.equal(tree)
                return BOOL
            case "<" | "<=" | ">" | ">=":
                self.ordered(tree)
                return BOOL
            case "in":
                self.member(tree)
                return BOOL
            case "+" | "-" | "*" | "/" | "%":
                return self.sum(tree)
            case "neg":
                found = self.type(tree.arguments[0])
                if found.kind not in ("any", "null", "span", *NUMBERS):
                    self.complain(tree.at, MISMATCH, f"`-` needs a number, this is {WORDS[found.kind]}", "")
                return found
            case _:
                return self.function(tree)

    def boolean(self, found: Type, tree: Tree, what: str) -> None:
        if found.kind not in ("any", "bool"):
            cure = "compare it: `== ...`, `> ...`" if found.kind != "null" else "compare with `== null`"
            self.complain(_start(tree), MISMATCH, f"{what} must be true or false, this is {WORDS[found.kind]}", cure)

    def equal(self, tree: Call) -> None:
        one, other = (self.type(side) for side in tree.arguments)
        if "any" in (one.kind, other.kind) or "null" in (one.kind, other.kind):
            return
        if one.kind != other.kind and not (one.kind in NUMBERS and other.kind in NUMBERS):
            message = f"{WORDS[one.kind]} never equals {WORDS[other.kind]}"
            cure = "numbers stand without quotes, text in them; int(...) makes a number of text"
            self.complain(tree.at, NEVER, message, cure)
        elif one.values is not None and other.values is not None and not one.values & other.values:
            sides = sorted(zip((one.values, other.values), tree.arguments, strict=True), key=lambda side: len(side[0]))
            (given, literal), (known, path) = sides
            text = next(iter(given))
            self.complain(_start(literal), NEVER, f"`{_path(path)}` is never '{text}'", nearest(text, known))

    def ordered(self, tree: Call) -> None:
        one, other = (self.type(side) for side in tree.arguments)
        if "any" in (one.kind, other.kind):
            return
        if not any(one.kind in group and other.kind in group for group in _ORDERED):
            message = f"`{tree.name}` compares {WORDS[one.kind]} with {WORDS[other.kind]}"
            cure = (
                "int(...) or double(...) makes a number of text"
                if "text" in (one.kind, other.kind)
                else "compare like with like"
            )
            self.complain(tree.at, MISMATCH, message, cure)

    def member(self, tree: Call) -> None:
        one, other = (self.type(side) for side in tree.arguments)
        if other.kind not in ("any", "null", "list", "map"):
            cure = "text.contains(part) looks into text" if other.kind == "text" else "put a list on its right: ['a', 'b']"
            self.complain(tree.at, MISMATCH, f"`in` looks into a list, this is {WORDS[other.kind]}", cure)
            return
        item = other.item if other.kind == "list" else None
        if item is None or "any" in (one.kind, item.kind) or "null" in (one.kind, item.kind):
            return
        if one.kind != item.kind and not (one.kind in NUMBERS and item.kind in NUMBERS):
            self.complain(
                tree.at, NEVER, f"{WORDS[one.kind]} is never in a list of {WORDS[item.kind]}", "compare like with like"
            )

    def sum(self, tree: Call) -> Type:
        one, other = (self.type(side) for side in tree.arguments)
        kinds = {one.kind, other.kind}
        if "any" in kinds:
            return NUMBER if tree.name in "*/%" else ANY
        if kinds <= NUMBERS:
            if kinds == {"int", "double"}:
                message = f"`{tree.name}` does not mix whole numbers and decimals"
                self.complain(tree.at, MISMATCH, message, "write double(...) around the whole number, or 1.0 instead of 1")
            return one if one.kind == other.kind else NUMBER
        if tree.name == "+" and (len(kinds) == 1 and kinds & {"text", "list", "bytes", "span"}):
            return Type(one.kind, item=one.item)
        if tree.name in "+-" and kinds == {"moment", "span"}:
            return _MOMENT
        if tree.name == "-" and kinds in ({"moment"}, {"span"}):
            return _SPAN
        message = f"`{tree.name}` cannot take {WORDS[one.kind]} and {WORDS[other.kind]}"
        self.complain(tree.at, MISMATCH, message, _conversion(tree.name, kinds))
        return ANY

    def function(self, tree: Call) -> Type:
        takes = ((tree.of,) if tree.of is not None else ()) + tree.arguments
        found = [self.type(one) for one in takes]
        if tree.name.startswith("get"):
            if found and found[0].kind not in ("any", "null", "moment", "span"):
                message = f"`{tree.name}` needs a point in time, this is {WORDS[found[0].kind]}"
                self.complain(tree.at, MISMATCH, message, "timestamp(...) makes one of text; `time` has hour, weekday and date")
            return INT
        made = _MADE.get(tree.name)
        if made is None:
            return ANY
        if found and found[0].kind not in ("any", *made[1]):
            self.complain(tree.at, MISMATCH, f"`{tree.name}` cannot take {WORDS[found[0].kind]}", "see CEL in docs/dialplan.md")
        if tree.name in ("startsWith", "endsWith", "matches") and len(found) > 1 and found[1].kind not in ("any", "text"):
            self.complain(tree.at, MISMATCH, f"`{tree.name}` looks for text, not {WORDS[found[1].kind]}", "put it in quotes")
        return made[0]


def _conversion(sign: str, kinds: set[str]) -> str:
    if "text" in kinds and kinds & NUMBERS:
        return "string(...) makes text of a number, int(...) a number of text"
    if "text" in kinds and sign == "-":
        return "timestamp(...) makes a point in time of text"
    return "both sides must be of one kind"


def _path(tree: Tree) -> str:
    """A tree as a person would name it."""
    match tree:
        case Name(name=name):
            return name
        case Select(of=of, name=name):
            return f"{_path(of)}.{name}"
        case Index(of=of):
            return f"{_path(of)}[]"
        case Literal(text=text):
            return text
        case _:
            return "this"


def _empty(tree: Tree) -> str:
    root = _path(tree).partition(".")[0]
    if root in ("hours", "flags", "env"):
        return f"add it to `{'values' if root == 'env' else root}` of the environment file"
    return "nothing of that kind is known here"


def _start(tree: Tree) -> int:
    """The first column of a tree."""
    match tree:
        case Select(of=of) | Index(of=of) | Macro(of=of):
            return _start(of)
        case Call(of=of, arguments=arguments):
            first = of or (arguments[0] if arguments and not tree.name.isidentifier() else None)
            return tree.at if first is None or tree.name in ("!", "neg") else _start(first)
        case _:
            return tree.at
