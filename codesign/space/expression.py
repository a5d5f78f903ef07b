"""Constraint and condition expressions: a small whitelisted grammar, evaluated on whole columns.

Allowed: numbers, texts, true/false, parameter names, ``+ - * / // % **``, comparisons (chained as well), ``and``,
``or``, ``not``, ``in [..]``, ``not in [..]`` and the functions ``min max abs floor ceil log2``. Text is parsed by
Python's own parser to a tree and the tree is walked; nothing is ever handed to ``eval``.

Three-valued logic: a parameter without a value (inactive) makes what is computed from it *unknown*; ``unknown and
false`` is false, ``unknown or true`` is true. A constraint cuts a design only where it is false; a condition holds only
where it is true.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from codesign.errors import SpaceError, nearest
from codesign.space.domain import Choices
from codesign.space.parameter import Parameter

MAX_CHARACTERS = 2_000
MAX_BRACKET_DEPTH = 40
MAX_TREE_DEPTH = 60
MAX_EXPONENT = 64

Kind = Literal["number", "boolean", "text"]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """Values of one expression for all rows, and where they are unknown (None = nowhere)."""

    values: npt.NDArray[Any]
    unknown: BoolArray | None = None


_FUNCTIONS: dict[str, tuple[int, int | None, Callable[..., npt.NDArray[Any]]]] = {
    "min": (2, None, lambda *arrays: _fold(np.minimum, arrays)),
    "max": (2, None, lambda *arrays: _fold(np.maximum, arrays)),
    "abs": (1, 1, np.abs),
    "floor": (1, 1, np.floor),
    "ceil": (1, 1, np.ceil),
    "log2": (1, 1, np.log2),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("+", np.add),
    ast.Sub: ("-", np.subtract),
    ast.Mult: ("*", np.multiply),
    ast.Div: ("/", np.divide),
    ast.FloorDiv: ("//", np.floor_divide),
    ast.Mod: ("%", np.mod),
    ast.Pow: ("**", np.power),
}
_COMPARISON: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_ALLOWED = "allowed: + - * / // % **, comparisons, and/or/not, in [...], min, max, abs, floor, ceil, log2"


def _fold(operation: Callable[..., Any], arrays: tuple[npt.NDArray[Any], ...]) -> npt.NDArray[Any]:
    result = arrays[0]
    for array in arrays[1:]:
        result = operation(result, array)
    return result


def _join_unknown(*masks: BoolArray | None) -> BoolArray | None:
    known = [mask for mask in masks if mask is not None]
    if not known:
        return None
    result = known[0]
    for mask in known[1:]:
        result = result | mask
    return result


class Expression:
    """A checked expression over named parameters.

    Attributes:
        text: as written.
        names: the parameters that it reads, in order of first appearance.
        kind: ``boolean``, ``number`` or ``text``.
    """

    def __init__(self, text: str, parameters: Mapping[str, Parameter]) -> None:
        self.text = text
        self._parameters = parameters
        names: list[str] = []
        self._tree = _parse(text)
        self.kind: Kind = _Checker(text, parameters, names).kind(self._tree, 0)
        self.names: tuple[str, ...] = tuple(dict.fromkeys(names))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(self, columns: Mapping[str, Column], rows: int) -> Column:
        """Evaluate on columns of ``rows`` rows each; numbers in float64."""
        with np.errstate(all="ignore"):
            result = _evaluate(self._tree, columns)
        values = np.broadcast_to(np.asarray(result.values), (rows,))
        unknown = None if result.unknown is None else np.broadcast_to(result.unknown, (rows,))
        return Column(values, unknown)

    def holds(self, columns: Mapping[str, Column], rows: int) -> BoolArray:
        """Return where the expression is true (neither false nor unknown)."""
        result = self.evaluate(columns, rows)
        values = result.values.astype(bool)
        return values if result.unknown is None else values & ~result.unknown

    def not_violated(self, columns: Mapping[str, Column], rows: int) -> BoolArray:
        """Return where the expression is true or unknown."""
        result = self.evaluate(columns, rows)
        values = result.values.astype(bool)
        return values if result.unknown is None else values | result.unknown


def _parse(text: object) -> ast.expr:
    if not isinstance(text, str):
        raise SpaceError(f"an expression must be a text, found {text!r}")
    if not text.strip():
        raise SpaceError("the expression is empty")
    if len(text) > MAX_CHARACTERS:
        raise SpaceError(f"the expression has {len(text)} characters; at most {MAX_CHARACTERS} are allowed")
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_BRACKET_DEPTH:
        raise SpaceError(f"the expression nests {deepest} brackets; at most {MAX_BRACKET_DEPTH} are allowed")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise SpaceError(f"{_shorten(text)!r} is not an expression: {error.msg}{place}") from None
    except (ValueError, RecursionError, MemoryError):
        raise SpaceError(f"{_shorten(text)!r} is not an expression that can be read; {_ALLOWED}") from None


def _shorten(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


@dataclass
class _Checker:
    """Walks a tree once: refuses what the grammar doesn't have, finds kinds, collects names."""

    text: str
    parameters: Mapping[str, Parameter]
    names: list[str]

    def fail(self, message: str) -> SpaceError:
        return SpaceError(f"in {_shorten(self.text)!r}: {message}")

    def kind(self, node: ast.expr, depth: int) -> Kind:
        if depth > MAX_TREE_DEPTH:
            raise self.fail(f"the expression is nested more than {MAX_TREE_DEPTH} deep")
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, depth)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node, depth)
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                self._require(value, "boolean", "an operand of and/or", depth)
            return "boolean"
        if isinstance(node, ast.Compare):
            return self._compare(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        found = ast.get_source_segment(self.text.strip(), node) or type(node).__name__
        raise self.fail(f"{_shorten(found, 40)!r} is not part of the grammar; {_ALLOWED}")

    def _require(self, node: ast.expr, kind: Kind, what: str, depth: int) -> None:
        found = self.kind(node, depth + 1)
        if found != kind:
            segment = _shorten(ast.get_source_segment(self.text.strip(), node) or "", 40)
            raise self.fail(f"{what} must be a {kind}, but {segment!r} is a {found}")

    def _constant(self, node: ast.Constant) -> Kind:
        if isinstance(node.value, bool):
            return "boolean"
        if isinstance(node.value, int | float):
            try:
                number = float(node.value)
            except OverflowError:
                number = math.inf
            if not math.isfinite(number):
                raise self.fail("a number is too large")
            return "number"
        if isinstance(node.value, str):
            return "text"
        raise self.fail(f"{node.value!r} is neither a number nor a text")

    def _name(self, node: ast.Name) -> Kind:
        if node.id in ("true", "false"):
            return "boolean"
        parameter = self.parameters.get(node.id)
        if parameter is None:
            allowed = ", ".join(self.parameters) or "none are defined"
            raise self.fail(f"no parameter {node.id!r}{nearest(node.id, self.parameters)}; allowed: {allowed}")
        self.names.append(node.id)
        kinds: dict[str, Kind] = {"categorical": "text", "boolean": "boolean", "name": "text"}
        return kinds.get(parameter.domain.kind, "number")

    def _unary(self, node: ast.UnaryOp, depth: int) -> Kind:
        if isinstance(node.op, ast.Not):
            self._require(node.operand, "boolean", "what follows not", depth)
            return "boolean"
        if isinstance(node.op, ast.USub | ast.UAdd):
            self._require(node.operand, "number", "what follows a sign", depth)
            return "number"
        raise self.fail(f"the operator ~ is not part of the grammar; {_ALLOWED}")

    def _arithmetic(self, node: ast.BinOp, depth: int) -> Kind:
        if type(node.op) not in _ARITHMETIC:
            raise self.fail(f"a bit operator is not part of the grammar; {_ALLOWED}")
        symbol = _ARITHMETIC[type(node.op)][0]
        self._require(node.left, "number", f"the left side of {symbol}", depth)
        self._require(node.right, "number", f"the right side of {symbol}", depth)
        if isinstance(node.op, ast.Pow):
            exponent = _literal_number(node.right)
            if exponent is None or abs(exponent) > MAX_EXPONENT:
                raise self.fail(f"an exponent must be a plain number between -{MAX_EXPONENT} and {MAX_EXPONENT}")
        return "number"

    def _compare(self, node: ast.Compare, depth: int) -> Kind:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                self._membership(left, right, depth)
            elif type(operator) in _COMPARISON:
                self._comparison(left, operator, right, depth)
            else:
                raise self.fail(f"is / is not are not part of the grammar; use == or !=; {_ALLOWED}")
            left = right
        return "boolean"

    def _membership(self, left: ast.expr, right: ast.expr, depth: int) -> None:
        kind = self.kind(left, depth + 1)
        if not isinstance(right, ast.List | ast.Tuple):
            raise self.fail("in needs a list of values on its right side: x in [1, 2, 3]")
        for element in right.elts:
            if not isinstance(element, ast.Constant) and _literal_number(element) is None:
                raise self.fail("the list after in may only hold plain values")
            self._require(element, kind, "a value of the list after in", depth)
            self._check_text(left, element)

    def _comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr, depth: int) -> None:
        first, second = self.kind(left, depth + 1), self.kind(right, depth + 1)
        if first != second:
            raise self.fail(f"a {first} is compared with a {second}")
        if first != "number" and not isinstance(operator, ast.Eq | ast.NotEq):
            raise self.fail(f"a {first} can only be compared with == and !=")
        self._check_text(left, right)
        self._check_text(right, left)

    def _check_text(self, side: ast.expr, other: ast.expr) -> None:
        """Refuse to compare a categorical parameter with a text that it never takes: nearly always a slip."""
        if not (isinstance(side, ast.Name) and isinstance(other, ast.Constant) and isinstance(other.value, str)):
            return
        domain = self.parameters[side.id].domain
        if isinstance(domain, Choices) and other.value not in domain.values:
            texts = [str(value) for value in domain.values]
            raise self.fail(
                f"{side.id} never takes the value {other.value!r}{nearest(other.value, texts)}; "
                f"allowed: {domain.describe()}"
            )

    def _call(self, node: ast.Call, depth: int) -> Kind:
        if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
            found = ast.get_source_segment(self.text.strip(), node.func) or ""
            raise self.fail(
                f"no function {_shorten(found, 40)!r}{nearest(found, _FUNCTIONS)}; allowed: {', '.join(_FUNCTIONS)}"
            )
        name = node.func.id
        least, most, _ = _FUNCTIONS[name]
        if node.keywords or len(node.args) < least or (most is not None and len(node.args) > most):
            raise self.fail(f"{name} takes {'at least ' if most is None else ''}{least} plain arguments")
        for argument in node.args:
            self._require(argument, "number", f"an argument of {name}", depth)
        return "number"


def _literal_number(node: ast.expr) -> float | None:
    """Return the value of a plain number, possibly signed, else None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _literal_number(node.operand)
        return None if inner is None else (-inner if isinstance(node.op, ast.USub) else inner)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    return None


def _evaluate(node: ast.expr, columns: Mapping[str, Column]) -> Column:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str | bool):
            return Column(np.asarray(node.value, dtype=object if isinstance(node.value, str) else bool))
        return Column(np.asarray(float(node.value)))  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        if node.id in ("true", "false"):
            return Column(np.asarray(node.id == "true"))
        return columns[node.id]
    if isinstance(node, ast.UnaryOp):
        operand = _evaluate(node.operand, columns)
        if isinstance(node.op, ast.Not):
            return Column(~operand.values.astype(bool), operand.unknown)
        return Column(-operand.values if isinstance(node.op, ast.USub) else operand.values, operand.unknown)
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, columns), _evaluate(node.right, columns)
        operation = _ARITHMETIC[type(node.op)][1]
        return Column(operation(left.values, right.values), _join_unknown(left.unknown, right.unknown))
    if isinstance(node, ast.BoolOp):
        return _evaluate_logic(node, columns)
    if isinstance(node, ast.Compare):
        return _evaluate_comparison(node, columns)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    arguments = [_evaluate(argument, columns) for argument in node.args]
    function = _FUNCTIONS[node.func.id][2]
    return Column(function(*(a.values for a in arguments)), _join_unknown(*(a.unknown for a in arguments)))


def _evaluate_logic(node: ast.BoolOp, columns: Mapping[str, Column]) -> Column:
    """Kleene's and/or: decided as soon as one operand decides."""
    deciding = isinstance(node.op, ast.Or)
    decided: Any = np.asarray(False)
    unknown: BoolArray | None = None
    for operand_node in node.values:
        operand = _evaluate(operand_node, columns)
        hit = operand.values.astype(bool) == deciding
        if operand.unknown is not None:
            hit = hit & ~operand.unknown
            unknown = _join_unknown(unknown, operand.unknown)
        decided = decided | hit
    values = decided if deciding else ~decided
    return Column(values, None if unknown is None else unknown & ~decided)


def _evaluate_comparison(node: ast.Compare, columns: Mapping[str, Column]) -> Column:
    result: Column | None = None
    left = _evaluate(node.left, columns)
    for operator, right_node in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            assert isinstance(right_node, ast.List | ast.Tuple)
            inside: Any = np.zeros(np.shape(left.values), dtype=bool)
            for element in right_node.elts:
                inside = inside | np.asarray(left.values == _evaluate(element, columns).values, dtype=bool)
            piece = Column(inside if isinstance(operator, ast.In) else ~inside, left.unknown)
        else:
            right = _evaluate(right_node, columns)
            compared = np.asarray(_COMPARISON[type(operator)](left.values, right.values), dtype=bool)
            piece = Column(compared, _join_unknown(left.unknown, right.unknown))
            left = right
        if result is None:
            result = piece
        else:
            result = Column(result.values & piece.values, _join_unknown(result.unknown, piece.unknown))
    assert result is not None
    return result
