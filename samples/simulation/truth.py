"""What really happened, told from the single users that no API reports."""

from datetime import date

from simulation.users import Active

WINDOW_DAYS = 30


def monthly_users(activity: list[Active], dates: list[date], last: int = 30) -> list[tuple[date, int]]:
    """For each of the `last` dates, how many distinct users were active in the 30 days that end on it.

    >>> monthly_users([{7: 1}, {7: 1, 8: 3}, {}], [date(2025, 3, d) for d in (1, 2, 3)], last=2)
    [(datetime.date(2025, 3, 2), 2), (datetime.date(2025, 3, 3), 2)]
    """
    ends = range(len(dates))[-last:]
    return [(dates[end], distinct(activity[max(0, end - WINDOW_DAYS + 1) : end + 1])) for end in ends]


def distinct(window: list[Active]) -> int:
    """How many users were active on any of these days."""
    return len({user for active in window for user in active})
