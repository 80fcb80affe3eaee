"""CEL as a tree, for what the binding does not tell: what an expression costs, and whether its types fit. Pure.

It reads what `cel.compile` accepted; where it does not follow, `parse` gives None and nothing is claimed of the expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
MAX_DEPTH = 60

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>[rRbB]{0,2}(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?[uU]?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark>\|\||&&|<=|>=|==|!=|[-+*/%!<>?:.,()\[\]{}])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_BINDS = {sign: level for level, signs in enumerate(_LEVELS) for sign in signs}


@dataclass(frozen=True, slots=True)
class Literal:
    kind: str
    """`int`, `uint`, `double`, `string`, `bytes`, `bool` or `null`."""
    text: str
    """Of a string without its quotes, escapes as they were written; of others as they stand."""
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Select:
    """`of.name`, or `has(of.name)`."""

    of: Tree
    name: str
    at: int
    """Where the name stands."""
    test: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    of: Tree
    index: Tree
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function, a method (`of` is what it is called on), an operator by its sign, or `?:`."""

    name: str
    of: Tree | None
    arguments: tuple[Tree, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Macro:
    """`of.name(variable, body)`; map may have a filter before its body."""

    name: str
    of: Tree
    variable: str
    bodies: tuple[Tree, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list, or with `keys` a mapping."""

    values: tuple[Tree, ...]
    at: int
    keys: tuple[Tree, ...] | None = None


Tree = Literal | Name | Select | Index | Call | Macro | Items


def children(tree: Tree) -> Iterator[Tree]:
    """The parts of a tree, from left to right."""
    match tree:
        case Select(of=of):
            yield of
        case Index(of=of, index=index):
            yield of
            yield index
        case Call(of=receiver, arguments=arguments):
            if receiver is not None:
                yield receiver
            yield from arguments
        case Macro(of=of, bodies=bodies):
            yield of
            yield from bodies
        case Items(values=values, keys=keys):
            yield from keys or ()
            yield from values


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and everything in it."""
    ahead = [tree]
    while ahead:
        one = ahead.pop()
        yield one
        ahead.extend(children(one))


def path_of(names: Sequence[str]) -> Tree:
    """The tree of `a.b.c`, given its names."""
    tree: Tree = Name(names[0], 0)
    at = len(names[0])
    for name in names[1:]:
        tree = Select(tree, name, at + 1)
        at += len(name) + 1
    return tree


def reads(tree: Tree) -> dict[str, frozenset[str] | None]:
    """The roots that an expression needs, each with the names that it takes of it; None where it may take any."""
    bound = {one.variable for one in walk(tree) if isinstance(one, Macro)}
    found: dict[str, frozenset[str] | None] = {}
    ahead = [tree]
    while ahead:
        one = ahead.pop()
        if isinstance(one, Select) and isinstance(one.of, Name):
            known = found.get(one.of.name, frozenset())
            found[one.of.name] = None if known is None else known | {one.name}
        elif isinstance(one, Name):
            found[one.name] = None
        else:
            ahead.extend(children(one))
    return {name: names for name, names in found.items() if name not in bound}


def parse(source: str) -> Tree | None:
    """The tree of `source`, None where it is not CEL, is nested too deep, or uses what flows have no use for. Never raises."""
    try:
        reader = _Reader(source)
        tree = reader.ternary(0)
        return tree if reader.kind == "end" and not _too_deep(tree) else None
    except _Strange:
        return None


def _too_deep(tree: Tree) -> bool:
    """A long chain of operators is as deep as it is long, and everybody else walks it by recursion."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for one in level for child in children(one)]
        if not level:
            return False
    return True


class _Strange(Exception):
    """Not what this reader follows."""


class _Reader:
    """One token ahead, by recursion as deep as MAX_DEPTH."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.next = 0
        self.kind = self.text = ""
        self.at = 0
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self.source, self.next)
        if found is None:
            raise _Strange
        self.kind = found.lastgroup or ""
        self.text = found[self.kind]
        self.at, self.next = found.start(self.kind), found.end()

    def take(self, mark: str) -> bool:
        if self.kind in ("mark", "name") and self.text == mark:
            self.advance()
            return True
        return False

    def need(self, mark: str) -> None:
        if not self.take(mark):
            raise _Strange

    def ternary(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise _Strange
        tree, at = self.binary(0, depth + 1), self.at
        if not self.take("?"):
            return tree
        yes = self.ternary(depth + 1)
        self.need(":")
        return Call("?:", None, (tree, yes, self.ternary(depth + 1)), at)

    def binary(self, level: int, depth: int) -> Tree:
        """Operators that bind at least as tightly as `level`."""
        tree = self.unary(depth)
        while (binds := _BINDS.get(self.text, -1)) >= level and self.kind != "string":
            sign, at = self.text, self.at
            self.advance()
            tree = Call(sign, None, (tree, self.binary(binds + 1, depth)), at)
        return tree

    def unary(self, depth: int) -> Tree:
        signs: list[tuple[str, int]] = []
        while self.kind == "mark" and self.text in "!-":
            signs.append((self.text, self.at))
            self.advance()
        tree = self.member(depth)
        for sign, at in reversed(signs):
            tree = Call("neg" if sign == "-" else "!", None, (tree,), at)
        return tree

    def member(self, depth: int) -> Tree:
        tree = self.primary(depth)
        while True:
            at = self.at
            if self.take("["):
                tree = Index(tree, self.ternary(depth + 1), at)
                self.need("]")
            elif self.take("."):
                name, at = self.name()
                tree = self.method(tree, name, at, depth) if self.take("(") else Select(tree, name, at)
            else:
                return tree

    def method(self, of: Tree, name: str, at: int, depth: int) -> Tree:
        arguments = self.arguments(")", depth)
        if name in MACROS and len(arguments) in (2, 3) and isinstance(arguments[0], Name):
            return Macro(name, of, arguments[0].name, arguments[1:], at)
        return Call(name, of, arguments, at)

    def name(self) -> tuple[str, int]:
        if self.kind != "name":
            raise _Strange
        found = (self.text, self.at)
        self.advance()
        return found

    def primary(self, depth: int) -> Tree:
        kind, text, at = self.kind, self.text, self.at
        if kind == "mark":
            return self.bracketed(depth)
        if kind == "end":
            raise _Strange
        self.advance()
        if kind == "number":
            return Literal(_number(text), text, at)
        if kind == "string":
            return _string(text, at)
        if text in ("true", "false", "null"):
            return Literal("null" if text == "null" else "bool", text, at)
        if not self.take("("):
            return Name(text, at)
        arguments = self.arguments(")", depth)
        if text == "has" and len(arguments) == 1 and isinstance(one := arguments[0], Select):
            return Select(one.of, one.name, one.at, test=True)
        return Call(text, None, arguments, at)

    def bracketed(self, depth: int) -> Tree:
        at = self.at
        if self.take("("):
            tree = self.ternary(depth + 1)
            self.need(")")
            return tree
        if self.take("["):
            return Items(self.arguments("]", depth), at)
        self.need("{")
        keys: list[Tree] = []
        values: list[Tree] = []
        while not self.take("}"):
            keys.append(self.ternary(depth + 1))
            self.need(":")
            values.append(self.ternary(depth + 1))
            if not self.take(","):
                self.need("}")
                break
        return Items(tuple(values), at, tuple(keys))

    def arguments(self, close: str, depth: int) -> tuple[Tree, ...]:
        found: list[Tree] = []
        while not self.take(close):
            found.append(self.ternary(depth + 1))
            if not self.take(","):
                self.need(close)
                break
        return tuple(found)


def _number(text: str) -> str:
    if text[-1] in "uU":
        return "uint"
    return "int" if text.isdigit() or text[:2] in ("0x", "0X") else "double"


def _string(text: str, at: int) -> Literal:
    prefix = text[: len(text) - len(text.lstrip("rRbB"))]
    body = text[len(prefix) :]
    quotes = 3 if body[:3] in ('"""', "'''") else 1
    return Literal("bytes" if "b" in prefix.lower() else "string", body[quotes:-quotes], at)
