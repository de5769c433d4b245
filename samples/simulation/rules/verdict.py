"""What a rule says of a company on a date."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.rules.fleet import Key


@dataclass(frozen=True)
class Verdict:
    """`is_churn_risk` is None where the week is not known. `order` sorts the list of whom to call, smallest first.

    `usual_sum` (B) is the sum of user-days over `usual_weeks` (m) whole weeks; a rule without a baseline leaves the
    figures at None.
    """

    is_churn_risk: bool | None = False
    reasons: tuple[str, ...] = ()
    order: tuple[float, ...] = ()
    usual_sum: int | None = None
    usual_weeks: int | None = None
    fleet_pace: int | None = None
    missing: int | None = None

    @property
    def usual(self) -> float | None:
        """The company's usual user-days of a week, from at least four weeks."""
        if self.usual_sum is None or self.usual_weeks is None or self.usual_weeks < 4:
            return None
        return self.usual_sum / self.usual_weeks


Verdicts = dict[Key, Verdict]
