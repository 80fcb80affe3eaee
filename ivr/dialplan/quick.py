"""What most conditions of flows are, worked out without the CEL binding, which copies all data that it is given. Pure.

Comparisons of paths and literals, `&&`, `||`, `!`, `?:`, `in`, sums, and `exists` and `all` of a list, on values whose types
leave no doubt. Everything else is `Unsure`, and the binding decides: what is given here is what it would give.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ivr.dialplan.cel_syntax import Call, Items, Literal, Macro, Name, Select, Tree, children


class Scope(Protocol):
    """What paths are looked up in."""

    def get(self, name: str, otherwise: Any, /) -> Any: ...


Thunk = Callable[[Scope, list[str]], Any]
"""From the data and a list, to which the names of what is missing are added."""

EXACT = 2**53
"""Up to here whole numbers and decimals compare without loss."""
LARGEST = 2**63
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_MISSING = object()


class Unsure(Exception):
    """The binding has to decide."""


class Quick:
    """An expression that is made ready when it is first asked for."""

    __slots__ = ("_doubtful", "_thunk", "_tree")

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._thunk: Thunk | None = None
        self._doubtful = False

    def value(self, scope: Scope) -> Any:
        """What the expression gives. Raises Unsure."""
        if self._thunk is None:
            self._thunk, self._doubtful = _thunk(self._tree), _doubtful(list(_paths(self._tree)))
        missing: list[str] = []
        found = self._thunk(scope, missing)
        if type(found) not in (bool, int, float, str, type(None)) or (missing and self._doubtful):
            raise Unsure
        return found


def _paths(tree: Tree) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every path in a tree, and whether `!` stands before it."""
    denied = isinstance(tree, Call) and tree.name == "!"
    for one in (tree,) if isinstance(tree, Select) else children(tree):
        path = _path(one)
        if path is not None:
            yield path, denied
        elif one is not tree:
            yield from _paths(one)


def _doubtful(paths: Sequence[tuple[tuple[str, ...], bool]]) -> bool:
    """Whether what is missing may be null in one place and something else in another."""
    return any(
        path == other[: len(path)] and (path, denied) != (other, elsewhere)
        for path, denied in paths
        for other, elsewhere in paths
    )


def _unsure(scope: Scope, missing: list[str]) -> Any:
    raise Unsure


def _thunk(tree: Tree) -> Thunk:
    match tree:
        case Literal():
            return _literal(tree)
        case Name(name=name):
            return lambda scope, missing: scope.get(name, {})
        case Macro(name="exists" | "all" as name, of=of, variable=variable, bodies=(body,)):
            return _macro(name == "exists", _thunk(of), variable, _thunk(body))
        case Select():
            path = _path(tree)
            return _unsure if path is None else _looked_up(path)
        case Items(values=values, keys=None):
            items = [_thunk(one) for one in values]
            return lambda scope, missing: [one(scope, missing) for one in items]
        case Call(name="!", of=None, arguments=(inner,), at=at):
            return _not(inner, at)
        case Call(name="?:", of=None, arguments=(when, yes, no)):
            condition, then, otherwise = _thunk(when), _thunk(yes), _thunk(no)
            return lambda scope, missing: (then if _truth(condition(scope, missing)) else otherwise)(scope, missing)
        case Call(name=sign, of=None, arguments=(left, right)):
            return _binary(sign, _thunk(left), _thunk(right))
    return _unsure


def _literal(tree: Literal) -> Thunk:
    value: Any = None
    if tree.kind == "string" and "\\" not in tree.text:
        value = tree.text
    elif tree.kind == "int" and tree.text.isdigit() and int(tree.text) < LARGEST:
        value = int(tree.text)
    elif tree.kind == "double":
        value = float(tree.text)
    elif tree.kind == "bool":
        value = tree.text == "true"
    elif tree.kind != "null":
        return _unsure
    return lambda scope, missing: value


def _path(tree: Tree) -> tuple[str, ...] | None:
    """The names of `a.b.c`, None where the tree is something else."""
    names: list[str] = []
    while isinstance(tree, Select) and not tree.test:
        names.append(tree.name)
        tree = tree.of
    return (tree.name, *reversed(names)) if isinstance(tree, Name) and names else None


class _Inside:
    """The scope of the body of a macro."""

    __slots__ = ("_item", "_outer", "_variable")

    def __init__(self, outer: Scope, variable: str, item: Any) -> None:
        self._outer, self._variable, self._item = outer, variable, item

    def get(self, name: str, otherwise: Any, /) -> Any:
        return self._item if name == self._variable else self._outer.get(name, otherwise)


def _macro(settles: bool, items: Thunk, variable: str, body: Thunk) -> Thunk:
    """`exists`, which the first true settles, and `all`, which the first false does."""

    def each(scope: Scope, missing: list[str]) -> bool:
        found = items(scope, missing)
        if not isinstance(found, list):
            raise Unsure
        for item in found:
            if _truth(body(_Inside(scope, variable, item), missing)) is settles:
                return settles
        return not settles

    return each


def _looked_up(path: tuple[str, ...]) -> Thunk:
    def look_up(scope: Scope, missing: list[str]) -> Any:
        found = _at(path, scope)
        if found is not _MISSING:
            return found
        missing.append(path[-1])
        return None

    return look_up


def _at(path: tuple[str, ...], scope: Scope) -> Any:
    value: Any = scope.get(path[0], {})
    for name in path[1:]:
        if not isinstance(value, Mapping):
            raise Unsure
        if name not in value:
            if isinstance(scope, _Inside):
                raise Unsure
            return _MISSING
        value = value[name]
    return value


def _not(inner: Tree, at: int) -> Thunk:
    """What is missing is false after `!`, where that stands right before it."""
    path = _path(inner)
    if path is None:
        thunk = _thunk(inner)
        return lambda scope, missing: not _truth(thunk(scope, missing))
    first: Tree = inner
    while isinstance(first, Select):
        first = first.of
    close = isinstance(first, Name) and first.at == at + 1

    def denied(scope: Scope, missing: list[str]) -> bool:
        found = _at(path, scope)
        if found is _MISSING and close:
            missing.append(path[-1])
            return True
        return not _truth(found)

    return denied


def _truth(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise Unsure


def _binary(sign: str, left: Thunk, right: Thunk) -> Thunk:
    match sign:
        case "&&":
            return lambda scope, missing: _junction(left, right, scope, missing, False)
        case "||":
            return lambda scope, missing: _junction(left, right, scope, missing, True)
        case "==":
            return lambda scope, missing: _equal(left(scope, missing), right(scope, missing))
        case "!=":
            return lambda scope, missing: not _equal(left(scope, missing), right(scope, missing))
        case "+" | "-":
            return lambda scope, missing: _sum(sign, left(scope, missing), right(scope, missing))
        case "in":
            return lambda scope, missing: _among(left(scope, missing), right(scope, missing))
    order = _ORDER.get(sign)
    if order is None:
        return _unsure

    def ordered(scope: Scope, missing: list[str]) -> bool:
        one, other = left(scope, missing), right(scope, missing)
        if _numbers(one, other) or (type(one) is str and type(other) is str):
            return bool(order(one, other))
        raise Unsure

    return ordered


def _junction(left: Thunk, right: Thunk, scope: Scope, missing: list[str], settles: bool) -> bool:
    """`&&` and `||`: the left side may settle it, but where something is missing the right one must fit its data too."""
    found = _truth(left(scope, missing))
    if found is settles and not missing:
        return found
    other = _truth(right(scope, missing))
    return found if found is settles else other


def _numbers(one: Any, other: Any) -> bool:
    return (type(one) is int or type(one) is float) and (type(other) is int or type(other) is float) and _exact(one, other)


def _exact(one: float, other: float) -> bool:
    return type(one) is type(other) or (-EXACT < one < EXACT and -EXACT < other < EXACT)


def _equal(one: Any, other: Any) -> bool:
    if type(one) is type(other) and type(one) in (str, bool, int, float):
        return bool(one == other)
    if one is None or other is None:
        if type(one if other is None else other) in (str, bool, int, float, type(None)):
            return one is other
    elif _numbers(one, other):
        return bool(one == other)
    raise Unsure


def _sum(sign: str, one: Any, other: Any) -> Any:
    if type(one) is int and type(other) is int:
        found = one + other if sign == "+" else one - other
        if -LARGEST <= found < LARGEST:
            return found
    elif sign == "+" and type(one) is str and type(other) is str:
        return one + other
    raise Unsure


def _among(one: Any, others: Any) -> bool:
    if type(one) is str and isinstance(others, list) and all(type(other) is str for other in others):
        return one in others
    raise Unsure
