"""The platform's expressions, such as `@concat('a', pipeline().parameters.date)`: the few functions that we use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<word>[A-Za-z_]\w*)|(?P<mark>[().,]))"
)


class ExpressionError(Exception):
    """An expression that cannot be, or that names what is not there."""


def formatted(instant: str, form: str) -> str:
    """A day of an instant in a form of .NET, of which `yyyy`, `MM` and `dd` are known.

    >>> formatted("2025-11-23T00:00:00Z", "yyyy-MM-dd")
    '2025-11-23'
    """
    year, month, day = instant[:10].split("-")
    return form.replace("yyyy", year).replace("MM", month).replace("dd", day)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "concat": lambda *texts: "".join(map(str, texts)),
    "equals": lambda one, other: one == other,
    "max": max,
    "string": str,
    "formatDateTime": formatted,
}


def evaluated(expression: str, roots: Mapping[str, Callable[..., Any]]) -> Any:
    """The value of an expression; `roots` are what it may begin with, such as `pipeline()`.

    >>> evaluated("@concat('on ', pipeline().parameters.date)", {"pipeline": lambda: {"parameters": {"date": "D"}}})
    'on D'

    Raises:
        ExpressionError: with what is wrong.
    """
    if not expression.startswith("@"):
        raise ExpressionError("begins without @")
    reader = Reader(tokens(expression[1:]), {**FUNCTIONS, **roots})
    value = reader.value()
    if reader.left:
        raise ExpressionError(f"goes on after its end: {reader.left[0]}")
    return value


def tokens(text: str) -> list[str]:
    """The words, texts, numbers and marks of an expression."""
    found, at = [], 0
    while text[at:].strip():
        token = TOKEN.match(text, at)
        if token is None:
            raise ExpressionError(f"cannot be read from here: {text[at:]}")
        found.append(token.group().strip())
        at = token.end()
    return found


@dataclass
class Reader:
    """Reads tokens from the left and computes as it goes."""

    left: list[str]
    functions: Mapping[str, Callable[..., Any]]

    def take(self) -> str:
        if not self.left:
            raise ExpressionError("ends too early")
        return self.left.pop(0)

    def expect(self, mark: str) -> None:
        found = self.take()
        if found != mark:
            raise ExpressionError(f"has {found} where {mark} should be")

    def value(self) -> Any:
        token = self.take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        return self.members(self.called(token))

    def called(self, name: str) -> Any:
        """The result of a function: its name is read, its arguments are not."""
        function = self.functions.get(name)
        if function is None:
            raise ExpressionError(f"knows no {name}")
        self.expect("(")
        arguments = [] if self.left[:1] == [")"] else [self.value()]
        while self.left[:1] == [","]:
            self.take()
            arguments.append(self.value())
        self.expect(")")
        try:
            return function(*arguments)
        except ExpressionError:
            raise
        except Exception as wrong:
            raise ExpressionError(f"{name} does not take {arguments}: {wrong}") from None

    def members(self, value: Any) -> Any:
        while self.left and self.left[0] == ".":
            self.take()
            name = self.take()
            if not isinstance(value, Mapping) or name not in value:
                raise ExpressionError(f"there is no {name}")
            value = value[name]
        return value
