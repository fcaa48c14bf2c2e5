"""Expressions: JMESPath, checked when the mapping is read and bounded when it is used."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from app.documents.parts import wrong
from app.documents.wording import did_you_mean
from app.sources.mapping.budget import Budget
from app.sources.mapping.functions import MappingFunctions
from app.sources.mapping.scope import Scope

LONGEST = 500
DEEPEST = 40  # also keeps evaluation, which recurses, away from Python's limit

_PREFIX = "Invalid jmespath expression: "

Tree = dict[str, Any]
# What puts together a new value: it may be far longer than all that went into it.
_MAKERS = frozenset(
    {
        "multi_select_list",
        "multi_select_dict",
        "projection",
        "filter_projection",
        "value_projection",
        "flatten",
    }
)


@dataclass(frozen=True)
class Expression:
    """A place in a payload, or what is made of several; `text` is what a person wrote."""

    text: str
    tree: Tree = field(repr=False, compare=False)


class Finder:
    """Evaluates expressions in one scope, within one budget."""

    def __init__(self, scope: Scope, budget: Budget) -> None:
        self._interpreter = _Interpreter(scope, budget)
        self._scope = scope
        self._budget = budget

    def find(self, expression: Expression) -> object:
        """What the expression gives, None for a blank text. Raises ValueError."""
        found = self.one(expression)
        return None if isinstance(found, str) and not found.strip() else found

    def one(self, expression: Expression) -> object:
        """What the expression gives; a list of one is that one, an empty list is None. Raises ValueError."""
        found = self.paid(expression)
        if isinstance(found, list) and len(found) <= 1:
            return found[0] if found else None
        return found

    def paid(self, expression: Expression) -> object:
        """What the expression gives, lists as they are, its length paid for. Raises ValueError."""
        found = self.all(expression)
        self._budget.spend_on(found)
        return found

    def all(self, expression: Expression) -> object:
        """What the expression gives, as it is, for whatever takes it bit by bit. Raises ValueError."""
        try:
            return self._interpreter.visit(expression.tree, self._scope.item)
        except JMESPathTypeError as error:
            # The library's own sentence has the whole value in it.
            what = f"gives {error.function_name}() a value of the type {error.actual_type}"
            raise ValueError(f"`{expression.text:.80}` {what}") from error
        except (TypeError, OverflowError, AttributeError, RecursionError) as error:
            raise ValueError(f"`{expression.text:.80}` cannot be worked out here") from error
        except ValueError as error:
            raise ValueError(f"`{expression.text:.80}` {_first_line(error)}") from error

    def holds(self, expression: Expression) -> bool:
        """Whether it gives anything but null, false, an empty text, list or object. Raises ValueError."""
        found = self.all(expression)
        return found is not None and found is not False and found not in ("", [], {})


class _Interpreter(TreeInterpreter):
    """JMESPath's own, paying for each step."""

    def __init__(self, scope: Scope, budget: Budget) -> None:
        super().__init__()
        self._mapping_functions = MappingFunctions(scope)
        self._budget = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.spend(1)
        value = super().visit(node, *args, **kwargs)
        if node["type"] in _MAKERS:
            self._budget.spend_on(value)
        return value

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        self._budget.spend_on(left)
        known = [{"type": "literal", "value": each, "children": []} for each in (left, right)]
        comparator: Any = {**node, "children": known}
        return super().visit_comparator(comparator, value)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        arguments = [self.visit(child, value) for child in node["children"]]
        for argument in arguments:
            self._budget.spend_on(argument)
        result = self._mapping_functions.call_function(node["value"], arguments)
        if node["value"] == "map":
            self._budget.spend_on(result)
        return result


def read_expression(text: object) -> Expression:
    """The expression, if it can be used at all; else a plain sentence as a PydanticCustomError."""
    if isinstance(text, Expression):
        return text
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise wrong(f"must be a JMESPath expression of 1 to {LONGEST} characters")
    if _brackets(text) > DEEPEST:
        raise wrong(f"must not be nested deeper than {DEEPEST}")
    try:
        tree: Any = Parser().parse(text).parsed
    except (JMESPathError, PendingDeprecationWarning) as error:  # the latter where warnings are errors
        raise wrong(f"must be a JMESPath expression: {_first_line(error)}") from None
    _check(tree)
    return Expression(text, tree)


def _brackets(text: str) -> int:
    """How deep brackets, and the signs ! and & that need no closing, can lead: the parser recurses."""
    deepest = depth = text.count("!") - text.count("!=") + text.count("&") - 2 * text.count("&&")
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _check(tree: Tree) -> None:
    if tree["type"] == "expref":
        raise wrong("must not begin with &")
    for node, depth in _nodes(tree):
        if depth > DEEPEST:
            raise wrong(f"must not be nested deeper than {DEEPEST}")
        if node["type"] == "function_expression":
            _check_call(node["value"], node["children"])
        elif any(child["type"] == "expref" for child in _children(node)):
            raise wrong("must have & only before an argument of a function")


def _check_call(name: str, given: list[Tree]) -> None:
    table = MappingFunctions.FUNCTION_TABLE
    if name not in table:
        raise wrong(f"must not use {name}(), which is no function{did_you_mean(name, [*table])}")
    wanted = table[name]["signature"]
    is_variadic = bool(wanted) and wanted[-1].get("variadic", False)
    if len(given) < len(wanted) or (len(given) > len(wanted) and not is_variadic):
        raise wrong(f"must give {name}() {len(wanted)} arguments, not {len(given)}")
    for n, argument in enumerate(given):
        takes = wanted[min(n, len(wanted) - 1)]["types"]
        if (argument["type"] == "expref") != ("expref" in takes):
            raise wrong(f"must {'not ' * ('expref' not in takes)}have & before argument {n + 1} of {name}()")


def _nodes(tree: Tree) -> Iterator[tuple[Tree, int]]:
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in _children(node))


def _children(node: Tree) -> list[Tree]:
    return [child for child in node["children"] if isinstance(child, dict)]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(": Parse error")[0].removeprefix(_PREFIX).rstrip(":")


Find = Annotated[
    Expression,
    PlainValidator(read_expression),
    PlainSerializer(lambda found: found.text, return_type=str),
    WithJsonSchema({"type": "string", "format": "jmespath", "minLength": 1, "maxLength": LONGEST}),
]
