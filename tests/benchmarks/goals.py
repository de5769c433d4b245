"""What a benchmark is held to: a line that a person reads, and the summary of all of them too."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE = re.compile(r"goal: (?P<figure>.+): (?P<found>[\d.]+), at most (?P<most>[\d.]+)")


@dataclass(frozen=True)
class Goal:
    """A figure and the most that it may be."""

    figure: str
    found: float
    most: float

    @property
    def is_met(self) -> bool:
        return round(self.found, 3) <= self.most  # as it is shown

    def __str__(self) -> str:
        return f"goal: {self.figure}: {self.found:.3f}, at most {self.most:g}"


def exit_code(goal: Goal) -> int:
    """Print the goal; 1 where it is not met."""
    print(goal, flush=True)
    return 0 if goal.is_met else 1


def goals_in(line: str) -> list[Goal]:
    """The goal that a line of output tells of, if it does.

    >>> goals_in(str(Goal("publish/append", 0.2499, 0.25)))
    [Goal(figure='publish/append', found=0.25, most=0.25)]
    >>> goals_in("A/A: 1.01")
    []
    """
    told = LINE.fullmatch(line.strip())
    return [Goal(told["figure"], float(told["found"]), float(told["most"]))] if told else []
