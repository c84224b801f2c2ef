"""Conditions: a small language over declared names. It cannot raise and cannot run for long.

Comparison, `and`, `or`, `not`, `in`, brackets, numbers, strings, lists of these. Read once, with
Python's own parser and an allow-list; walked by our own few lines. A name without a value makes
every comparison it stands in false. Text that reads as a number compares with numbers.

>>> holds(read("qty > 3 and box != 'fish'"), {"qty": 4, "box": "veg"}.get)
True
>>> holds(read("qty > 3"), {}.get)
False
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LONGEST = 300
MOST_NODES = 60
#: Longer values are compared by their beginning; what a person sends cannot cost more.
_LONGEST_VALUE = 500

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


class ConditionRefused(Exception):
    """A condition cannot be read; `code` and `params` are those of the complaint."""

    def __init__(self, code: str, **params: str) -> None:
        self.code, self.params = code, params
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Value:
    """A number, a string, true, false, or a list of these."""

    value: Any


@dataclass(frozen=True, slots=True)
class Named:
    """A declared name: `qty`, `person.city`, `consent.marketing`, `language`."""

    name: str


@dataclass(frozen=True, slots=True)
class Many:
    """Several conditions joined by `and` or `or`."""

    every: bool
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    part: Node


@dataclass(frozen=True, slots=True)
class Compared:
    """A chain of comparisons: `1 < qty <= 9`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


Node = Value | Named | Many | Not | Compared


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition ready to be asked: its source, its names, its tree."""

    source: str
    names: tuple[str, ...]
    root: Node


def read(source: str) -> Condition:
    """Read a condition. Raises ConditionRefused when it is none, or is too long."""
    if len(source) > LONGEST:
        raise ConditionRefused("F026", found=source[:40], part="")
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ConditionRefused("F026", found=source[:60], part=_hint(source)) from None
    if sum(isinstance(node, ast.expr) for node in ast.walk(tree)) > MOST_NODES:
        raise ConditionRefused("F026", found=source[:40], part="")
    names: list[str] = []
    root = _read(tree.body, source, names)
    return Condition(source, tuple(dict.fromkeys(names)), root)


def _hint(source: str) -> str:
    for sign in ("&&", "||", "=>", "=", "!"):
        if sign in source:
            return sign
    return ""


def _read(node: ast.expr, source: str, names: list[str]) -> Node:
    match node:
        case ast.BoolOp(op=op, values=values):
            inner = tuple(_read(value, source, names) for value in values)
            return Many(isinstance(op, ast.And), inner)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_read(operand, source, names))
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            type(op) in _COMPARISONS for op in ops
        ):
            rest = zip(ops, others, strict=True)
            return Compared(
                _read(left, source, names),
                tuple((_COMPARISONS[type(op)], _read(right, source, names)) for op, right in rest),
            )
        case ast.Name(id="true" | "false" as word):
            return Value(word == "true")
        case ast.Name() | ast.Attribute():
            names.append(_dotted(node, source))
            return Named(names[-1])
        case _:
            return Value(_constant(node, source))


def _dotted(node: ast.expr, source: str) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    raise _refused(node, source)


def _constant(node: ast.expr, source: str) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.List(elts=inner) | ast.Tuple(elts=inner):
            return tuple(_constant(value, source) for value in inner)
    raise _refused(node, source)


def _refused(node: ast.expr, source: str) -> ConditionRefused:
    part = ast.get_source_segment(source.strip(), node) or ""
    return ConditionRefused("F026", found=source[:60], part=part[:30])


def holds(condition: Condition, value: Callable[[str], Any]) -> bool:
    """Whether a condition holds. `value` gives a name's value, None when it has none."""
    return bool(_walk(condition.root, value))


def _walk(node: Node, value: Callable[[str], Any]) -> Any:
    match node:
        case Value(value=constant):
            return constant
        case Named(name=name):
            return value(name)
        case Not(part=part):
            return not _walk(part, value)
        case Many(every=True, parts=inner):
            return all(_walk(part, value) for part in inner)
        case Many(parts=inner):
            return any(_walk(part, value) for part in inner)
        case Compared(first=first, rest=rest):
            left = _walk(first, value)
            for sign, other in rest:
                right = _walk(other, value)
                if not _compare(left, sign, right):
                    return False
                left = right
            return True


def _compare(left: Any, sign: str, right: Any) -> bool:
    if left is None or right is None:
        return False
    if sign in ("in", "not in"):
        return _within(left, right) is (sign == "in")
    left, right = _alike(left, right)
    if sign == "==":
        return bool(left == right)
    if sign == "!=":
        return bool(left != right)
    if type(left) is not type(right) or not isinstance(left, float | str):
        return False
    match sign:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
    return bool(left >= right)


def _within(left: Any, right: Any) -> bool:
    if isinstance(right, list | tuple):
        return any(_compare(left, "==", item) for item in right[:MOST_NODES])
    if isinstance(right, str) and isinstance(left, str):
        return left.lower() in right[:_LONGEST_VALUE].lower()
    return False


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both as numbers where both read as numbers, else as they are; strings without case."""
    one, other = _number(left), _number(right)
    if one is not None and other is not None:
        return one, other
    return _plain(left), _plain(right)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value[:30].replace(",", ".") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None


def _plain(value: Any) -> Any:
    return value[:_LONGEST_VALUE].lower() if isinstance(value, str) else value
