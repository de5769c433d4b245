"""Which landed dates are to be staged. Plain Python over generations and marks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from company_activity.planning.state import Marks


def dates_to_stage(landed: Mapping[date, int], staged: Marks) -> list[date]:
    """The dates of which the landing holds a newer generation than was staged.

    A date that is no longer in the landing, or only in an older generation, keeps what was staged of it: raw files may
    expire, and generations only count on.

    >>> from company_activity.planning.state import GenerationMark
    >>> one, two, three = (date(2025, 1, day) for day in (1, 2, 3))
    >>> staged = {one: GenerationMark(1, "a"), two: GenerationMark(3, "b"), three: GenerationMark(1, "b")}
    >>> dates_to_stage({one: 1, two: 2, three: 2}, staged)
    [datetime.date(2025, 1, 3)]
    """
    return sorted(
        day for day, generation in landed.items() if generation > staged_generation(staged, day)
    )


def dates_to_stage_again(landed: Mapping[date, int], staged: Marks) -> list[date]:
    """The dates that older rules staged, as far as the landing still holds the very generation.

    >>> from company_activity.planning.state import GenerationMark
    >>> one, two = date(2025, 1, 1), date(2025, 1, 2)
    >>> staged = {one: GenerationMark(1, "a", "1"), two: GenerationMark.of(1, "b")}
    >>> dates_to_stage_again({one: 1, two: 1}, staged)
    [datetime.date(2025, 1, 1)]
    """
    return [day for day in under_other_rules(staged) if landed.get(day) == staged[day].generation]


def dates_set_back(landed: Mapping[date, int], staged: Marks) -> list[date]:
    """The dates of which the landing holds only an older generation than was staged, as a restored backup does."""
    return sorted(
        day for day, generation in landed.items() if generation < staged_generation(staged, day)
    )


def staged_generation(staged: Marks, day: date) -> int:
    """The generation that was staged of a date; 0 where none was."""
    return staged[day].generation if day in staged else 0


def under_other_rules(staged: Marks) -> list[date]:
    """The dates whose records were staged by other rules than today's."""
    return sorted(day for day, mark in staged.items() if mark.under_rules() != mark)


def lost_dates(usage: Marks, built_from: Marks) -> list[date]:
    """The dates that a table was built from and that staging has never heard of.

    Staging forgets no date: one that became missing keeps its mark. So its state could not be read, or it is not the
    staging that the table was built from.

    >>> from company_activity.planning.state import GenerationMark
    >>> one, two = date(2025, 1, 1), date(2025, 1, 2)
    >>> lost_dates({one: GenerationMark.of(2, None)}, {one: GenerationMark(1, "a"), two: GenerationMark(1, "b")})
    [datetime.date(2025, 1, 2)]
    """
    return sorted(built_from.keys() - usage.keys())
