"""Conditions and values of a flow: CEL, compiled once when the flow is loaded. Pure.

Bounded: CEL has no loops but its macros over lists, of which an expression may have two; `plain` bounds every list and text
that it can see, and what could take long with those is refused at load (`ivr.dialplan.cel_cost`). What is missing from the data
is null, and false after `!`.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ivr.dialplan.cel_cost import TooCostly, check_cost
from ivr.dialplan.cel_library import cel
from ivr.dialplan.cel_syntax import Tree, parse, path_of, reads
from ivr.dialplan.problems import Place, nearest
from ivr.dialplan.quick import Quick, Unsure

log = logging.getLogger(__name__)

ROOTS = (
    *("asr", "call", "caller", "env", "flags", "hours", "mood", "mood_level", "mood_trend"),
    *("profile", "queue", "result", "slots", "time", "vars"),
)
FUNCTIONS = frozenset(
    {"all", "exists", "exists_one", "filter", "map", "has", "size", "contains", "startsWith", "endsWith", "matches"}
    | {"bytes", "double", "duration", "int", "string", "timestamp", "uint"}
    | {f"get{part}" for part in ("Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "FullYear", "Hours", "Milliseconds")}
    | {"getMinutes", "getMonth", "getSeconds"}
)
RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"namespace", "null", "package", "return", "true", "var", "void", "while"}
)
"""Words that CEL keeps for itself."""
MAX_LENGTH = 1000
MAX_MACROS = 2
MAX_ITEMS = 200
MAX_TEXT = 4000

_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_PATH = re.compile(r"(!\s*)?(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?!\w|\s*\()")
_PLAIN_PATH = re.compile(r"[a-z_]\w*(?:\.[A-Za-z_]\w*)*")
_COLUMN = re.compile(r"<input>:\d+:(\d+): (.*)")
_FOREIGN = {
    r"(?i)and\b": "and is `&&`",
    r"(?i)or\b": "or is `||`",
    r"=>": "write `>=`",
    r">": "unequal is `!=`",
    r"=": "equality is `==`",
    r"[{}]": "an expression stands without braces",
    r"[“”‘’「」]": "text stands in plain quotes: 'text'",
    r"['\"]": "the text is never closed: add the quote at its end",
}
"""What other languages write to what is right here, in the order in which they are tried."""


class ExpressionError(Exception):
    """The text is not an expression that a flow may use; `column` counts from 0 within it."""

    def __init__(self, message: str, cure: str = "", column: int = 0) -> None:
        super().__init__(message)
        self.cure = cure
        self.column = column


class EvaluationError(Exception):
    """The data does not fit the expression: the `error` edge is taken."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression."""

    source: str
    place: Place
    program: Any = field(compare=False, repr=False)
    roots: Mapping[str, frozenset[str] | None] = field(compare=False, repr=False)
    """The roots that it needs, with the names that it takes of each; None for any."""
    tree: Tree = field(compare=False, repr=False)
    path: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """Where the expression is nothing but `a.b.c`: its names. Looked up here, it costs a hundredth."""
    quick: Quick | None = field(default=None, compare=False, repr=False)
    """The same expression for the values that most data has."""

    def value(self, scope: Mapping[str, Any]) -> Any:
        """What the expression gives for `scope` (root name to plain data); None where something it needs is missing.

        Raises EvaluationError where the data has the wrong type.
        """
        if self.path:
            return _at(self.path, scope)
        if self.quick is not None:
            try:
                return self.quick.value(scope)
            except Unsure:
                pass
        context = {root: _part(scope.get(root, {}), names) for root, names in self.roots.items()}
        try:
            return _run(self.program, context)
        except LookupError as missing:
            log.debug("`%s`: %s is missing, taken as null", self.source, missing)
        except EvaluationError:
            if not _lacks(self.source, context):
                raise
            return None  # null is as good as missing: `vars.tries > 2` is false before anybody counted
        filled = _with_missing(self.source, context)
        try:
            return _run(self.program, filled)
        except (LookupError, EvaluationError) as error:
            log.debug("`%s` is null: %s", self.source, error)
            return None

    def holds(self, scope: Mapping[str, Any]) -> bool:
        """Whether the condition is true; false where something it needs is missing. Raises EvaluationError."""
        value = self.value(scope)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise EvaluationError(f"`{self.source}` gives {type(value).__name__}, a condition must be true or false")


def _part(data: Any, names: frozenset[str] | None) -> Any:
    """What an expression needs of a root: the binding copies all that it is given."""
    if not isinstance(data, Mapping):
        return data
    return {name: data[name] for name in (data if names is None else names) if name in data}


def _at(path: tuple[str, ...], scope: Mapping[str, Any]) -> Any:
    """The value at the end of a path of names, None where a name is missing. Raises EvaluationError as CEL would."""
    value: Any = scope.get(path[0], {})
    for name in path[1:]:
        if not isinstance(value, Mapping):
            raise EvaluationError(f"`{name}` is asked of {type(value).__name__}, which has no names")
        if name not in value:
            return None
        value = value[name]
    return value


def _run(program: Any, context: Mapping[str, Any]) -> Any:
    """Run compiled CEL. LookupError where a key is missing, EvaluationError on everything else."""
    try:
        return program.execute(context)
    except LookupError:
        raise
    except BaseException as error:
        # A defect in the binding surfaces as PanicException, which is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise EvaluationError(f"{str(error).split('. ')[0]}") from error


def _lacks(source: str, context: Mapping[str, Any]) -> bool:
    """Whether a path that `source` names is there and null."""
    paths = (path.split(".") for _, path in _PATH.findall(_STRINGS.sub("''", source)))
    for root, *names in paths:
        value: Any = context.get(root)
        for name in names:
            value = value.get(name, "") if isinstance(value, Mapping) else ""
        if value is None:
            return True
    return False


def _with_missing(source: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """`context` with every path that `source` names and that is not there filled with null, or false after `!`."""
    filled = dict(context)
    for negated, path in _PATH.findall(_STRINGS.sub("''", source)):
        root, *names = path.split(".")
        if root not in filled:
            continue
        filled[root] = _fill(filled[root], names, False if negated else None)
    return filled


def _fill(data: Any, names: list[str], missing: bool | None) -> Any:
    if not names:
        return data
    if data is not None and not isinstance(data, Mapping):
        return data
    inner = {} if data is None else dict(data)
    if len(names) == 1:
        inner.setdefault(names[0], missing)
    else:
        inner[names[0]] = _fill(inner.get(names[0], {}), names[1:], missing)
    return inner


def compile_expression(source: str, place: Place) -> Expression:
    """`source` ready to run. Raises ExpressionError with the cure."""
    program, tree, roots = _compile(source.strip())
    path = tuple(source.strip().split(".")) if _PLAIN_PATH.fullmatch(source.strip()) and roots else ()
    return Expression(source.strip(), place, program, roots, tree, path, Quick(tree))


@lru_cache(maxsize=4096)
def _compile(source: str) -> tuple[Any, Tree, Mapping[str, frozenset[str] | None]]:
    if not source:
        raise ExpressionError("an expression is missing", "write a condition such as `vars.tries > 2`")
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters", "compute parts of it with `set`")
    names = source.split(".")
    if names[0] in ROOTS and _PLAIN_PATH.fullmatch(source) and RESERVED.isdisjoint(names):
        tree = path_of(names)
        return _Later(source), tree, reads(tree)
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise _syntax(str(error), source) from error
    bare = _STRINGS.sub(lambda found: "'" + " " * (len(found[0]) - 2) + "'", source)
    bound = _MACRO.findall(bare)
    if len(bound) > MAX_MACROS:
        raise ExpressionError(f"more than {MAX_MACROS} of all, exists, map and filter", "compute parts of it with `set`")
    used = [name for name in program.variables() if name not in bound]
    _known(bare, used, ROOTS, "name")
    named = [name for name in program.functions() if name.isidentifier()]
    _known(bare, named, FUNCTIONS, "function")
    found = parse(source)
    if found is None:
        raise ExpressionError("more involved than an expression of a flow may be", "compute parts of it with `set`")
    try:
        check_cost(found)
    except TooCostly as error:
        raise ExpressionError(str(error), error.cure, error.at) from error
    return program, found, reads(found)


class _Later:
    """The program of a plain path, which is looked up without one: compiled when somebody runs it after all."""

    def __init__(self, source: str) -> None:
        self._source = source

    def execute(self, context: dict[str, Any]) -> Any:
        return cel.compile(self._source).execute(context)


def _syntax(text: str, source: str) -> ExpressionError:
    found = _COLUMN.search(text)
    column = int(found[1]) - 1 if found else 0
    detail = (found[2] if found else text.splitlines()[0]).split(" expecting ")[0]
    if detail.startswith("reserved identifier: "):
        return ExpressionError(detail, nearest(detail.split()[-1], ROOTS), max(column, 0))
    return ExpressionError(f"not an expression: {detail[:160]}", _spelled(source, max(column, 0)), max(column, 0))


def _spelled(source: str, column: int) -> str:
    """What is right for what other languages write, where reading stopped."""
    for pattern, cure in _FOREIGN.items():
        if re.match(pattern, source[column:]):
            return cure
    if re.search(r"\bnot\s+\Z", source[:column]):
        return "not is `!`"
    return "the language is CEL: `a.b == 'text' && c > 1`"


def _known(source: str, names: Iterable[str], known: Iterable[str], what: str) -> None:
    allowed = frozenset(known)
    for name in names:
        if name not in allowed:
            found = re.search(rf"(?<![\w]){re.escape(name)}(?!\w)", source)
            cure = nearest(name, allowed)
            if what == "name":
                cure += "; text stands in quotes: " + repr(name)
            raise ExpressionError(f"no {what} `{name}` in expressions", cure, found.start() if found else 0)


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `{expressions}` in it; `{{` is a brace."""

    source: str
    place: Place
    parts: tuple[str | Expression, ...] = field(compare=False)

    @property
    def fixed(self) -> str | None:
        """The text where nothing is to be filled in, else None."""
        if not self.parts:
            return ""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None

    def text(self, scope: Mapping[str, Any]) -> str:
        """The text with everything filled in; null gives nothing. Raises EvaluationError."""
        return "".join(part if isinstance(part, str) else as_text(part.value(scope)) for part in self.parts)

    def value(self, scope: Mapping[str, Any]) -> Any:
        """As `text`, but a template that is one expression keeps the type of its value."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].value(scope)
        return self.text(scope)


def as_text(value: Any) -> str:
    """A value as text has it: "" for null, "28" for 28.0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:MAX_TEXT]


def compile_template(source: str, place: Place) -> Template:
    """`source` cut into text and expressions. Raises ExpressionError."""
    if "{" not in source and "}" not in source:
        return Template(source, place, (source,) if source else ())
    parts: list[str | Expression] = []
    text, at = "", 0
    while at < len(source):
        if source.startswith(("{{", "}}"), at):
            text, at = text + source[at], at + 2
        elif source[at] == "{":
            end = _closing(source, at)
            if text:
                parts.append(text)
            parts.append(_inner(source[at + 1 : end], place, at + 1))
            text, at = "", end + 1
        else:
            text, at = text + source[at], at + 1
    if text:
        parts.append(text)
    return Template(source, place, tuple(parts))


def _inner(source: str, place: Place, column: int) -> Expression:
    try:
        return compile_expression(source, place.shifted(column))
    except ExpressionError as error:
        raise ExpressionError(str(error), error.cure, column + error.column) from error


def _closing(source: str, start: int) -> int:
    """Index of the brace that closes the one at `start`, braces in quotes not counted."""
    blank = _STRINGS.sub(lambda found: " " * len(found[0]), source[start:])
    depth = 0
    for index, letter in enumerate(blank):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return start + index
    raise ExpressionError("`{` is never closed", "close it with `}`, or write `{{` for a brace", start)


def plain(value: Any, depth: int = 8) -> Any:
    """`value` as data that JSON takes and CEL can see, bounded: 200 items a list or mapping, 4000 characters, 8 levels."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 64 else str(value)[:MAX_TEXT] if value.bit_length() < 10_000 else None
    if isinstance(value, float | Decimal):
        if isinstance(value, Decimal) and not value.is_finite():
            return None
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        return {str(key)[:MAX_TEXT]: plain(one, depth - 1) for key, one in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, Iterable):
        return [plain(one, depth - 1) for _, one in zip(range(MAX_ITEMS), value, strict=False)]
    return str(value)[:MAX_TEXT]
