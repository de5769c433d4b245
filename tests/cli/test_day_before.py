"""`--day-before`: a schedule that knows its own day alone asks for the date that is over."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from company_activity.cli import options
from company_activity.cli.cycle import run_command
from company_activity.dates import DateRange
from company_activity.errors import UsageError


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "utc_now", lambda: datetime(2025, 3, 1, 0, 5, tzinfo=UTC))


def asked_for(*arguments: str) -> DateRange:
    given = run_command.make_context("run", list(arguments)).params
    return options.dates_asked_for(given["on"], given["first"], given["last"], given["eve"])


@pytest.mark.parametrize(("day", "before"), [("2025-03-01", date(2025, 2, 28)), ("2024-03-01", date(2024, 2, 29))])
def test_it_is_the_day_before_in_the_calendar(day: str, before: date) -> None:
    assert asked_for("--day-before", day) == DateRange(before, before)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--day-before", "2025-03-02"], "2025-03-01 is not over"),
        (["--day-before", "{{job.trigger.time.iso_date}}"], "is not a date"),
        (["--day-before", "2025-03-01", "--date", "2025-02-28"], "two dates"),
        (["--day-before", "2025-03-01", "--from", "2025-02-01", "--to", "2025-02-02"], "no date is given"),
    ],
)
def test_what_is_no_one_date_that_is_over_is_refused(arguments: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        asked_for(*arguments)
