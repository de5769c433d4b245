"""Figures and goals as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Size = Literal["full", "small"]
Inputs = Mapping[Size, Mapping[str, int]]
Verdict = Literal["pass", "short", ""]


@dataclass(frozen=True)
class Figure:
    """What was found, with its unit; `beside` is what one reads it by, such as an A/A ratio."""

    name: str
    found: float
    unit: str = ""
    beside: str = ""

    @property
    def text(self) -> str:
        """The figure as the table shows it.

        >>> Figure("jobs", 139.0).text, Figure("CPU", 51.234, "s").text, Figure("rows", 1_000_000.0).text
        ('139', '51.23 s', '1,000,000')
        """
        number = f"{self.found:,.0f}" if self.found == int(self.found) else f"{self.found:,.2f}"
        return f"{number} {self.unit}".strip()


@dataclass(frozen=True)
class Goal:
    """The most that a figure may be. An exact count has the same goal at every size; a time only at full size."""

    most: float
    is_exact: bool = False

    def verdict(self, figure: Figure, size: Size) -> Verdict:
        """Whether the figure, as it is shown, is within the goal.

        >>> Goal(2.0).verdict(Figure("ratio", 2.004), "full"), Goal(2.0).verdict(Figure("ratio", 1.0), "small")
        ('pass', '')
        >>> Goal(45, is_exact=True).verdict(Figure("jobs", 46), "small")
        'short'
        """
        if size != "full" and not self.is_exact:
            return ""
        return "pass" if round(figure.found, 2) <= self.most else "short"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    `inputs` is what its figures depend on besides the code: where one changes, the row is measured again. `minutes` is
    about how long it takes on two cores.
    """

    name: str
    title: str
    inputs: Inputs
    minutes: Mapping[Size, float]
    measure: Callable[[Bench], list[Figure]]


@dataclass(frozen=True)
class Bench:
    """What a row is given: how large it is to be, and a folder that stays until the next commit."""

    size: Size
    folder: str
    inputs: Mapping[str, int]
