"""Two commands run in turns: what they cost against each other, and each against itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from benchmarks.harness.cost import Cost
from benchmarks.harness.figures import Figure

Measure = Callable[[Cost], float]


@dataclass(frozen=True)
class Pairs:
    """The costs of both sides, in the order of their turns."""

    ours: tuple[Cost, ...]
    theirs: tuple[Cost, ...]

    def ratio(self, of: Measure) -> float:
        """The median of what ours costs against theirs, turn by turn."""
        return median(of(one) / of(other) for one, other in zip(self.ours, self.theirs, strict=True))

    def figures(self, name: str, of: Measure, unit: str = "s") -> list[Figure]:
        """The ratio with the A/A ratios beside it, then the medians that it comes from."""
        same = f"A/A {against_itself(self.ours, of)}, B/B {against_itself(self.theirs, of)}"
        values = f"{median(map(of, self.ours)):.1f} against {median(map(of, self.theirs)):.1f} {unit}, {len(self.ours)} pairs"
        return [Figure(name, self.ratio(of), "×", f"{values}; {same}")]


def against_itself(costs: Sequence[Cost], of: Measure) -> str:
    """The median of each turn's cost against that of the turn before: what is no difference.

    >>> against_itself([Cost(2.0, 1.0, 0, ""), Cost(3.0, 1.0, 0, "")], cpu)
    '1.50'
    """
    if len(costs) < 2:
        return "not measured"
    return f"{median(of(later) / of(former) for former, later in pairwise(costs)):.2f}"


def in_turns(ours: Callable[[], Cost], theirs: Callable[[], Cost], pairs: int) -> Pairs:
    """Run both sides so many times: A B A B."""
    taken = [(ours(), theirs()) for _ in range(pairs)]
    return Pairs(tuple(one for one, _ in taken), tuple(other for _, other in taken))


def cpu(cost: Cost) -> float:
    return cost.cpu


def wall(cost: Cost) -> float:
    return cost.wall
