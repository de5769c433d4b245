"""Which dates a replay of the quarantine stages again. Plain Python over generations and marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from company_activity.dates import spans_text
from company_activity.planning.staging import under_other_rules
from company_activity.planning.state import Marks, QuarantineState


@dataclass(frozen=True)
class Replay:
    """The dates that have quarantined records of older rules, in order: `again` are to be staged again.

    The others keep their rows. Of `newer` a generation has landed since, which no gate has judged yet; of `kept` the
    landing no longer holds the generation that was staged.
    """

    again: tuple[date, ...] = ()
    newer: tuple[date, ...] = ()
    kept: tuple[date, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """A sentence about the dates that keep their rows, for each cause."""
        told = []
        if self.newer:
            told.append(
                f"of {spans_text(self.newer)} a newer generation has landed: the next run judges and stages it"
            )
        if self.kept:
            told.append(
                f"{len(self.kept)} dates keep their rows and their quarantined records, because the landing no longer"
                f" holds what was staged: {spans_text(self.kept)}"
            )
        return told


def replay_of(landed: Mapping[date, int], staged: Marks, quarantine: QuarantineState) -> Replay:
    """What a replay does with each date that has quarantined records of older rules; `landed` are generations.

    Where it is not known which dates have records, each one of older rules may.

    >>> from company_activity.planning.state import GenerationMark
    >>> one, two, three, four = (date(2025, 1, day) for day in (1, 2, 3, 4))
    >>> staged = {day: GenerationMark(2, "a", "1") for day in (one, two, three, four)}
    >>> quarantine = QuarantineState(usage=frozenset([one, two, three]), is_known=True)
    >>> found = replay_of({one: 2, two: 3, three: 1, four: 2}, staged, quarantine)
    >>> [str(*days) for days in (found.again, found.newer, found.kept)]
    ['2025-01-01', '2025-01-02', '2025-01-03']
    """
    again, newer, kept = [], [], []
    for day in under_other_rules(staged):
        if not quarantine.may_lack(day, staged[day]):
            continue
        generation = landed.get(day, 0)
        if generation == staged[day].generation:
            again.append(day)
        elif generation > staged[day].generation:
            newer.append(day)
        else:
            kept.append(day)
    return Replay(tuple(again), tuple(newer), tuple(kept))
