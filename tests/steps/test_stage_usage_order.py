"""Nothing is staged of a run whose landing cannot be read to its end."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from company_activity.errors import SourceError
from company_activity.planning.state import GenerationMark
from company_activity.steps.stage_usage import stage_usage
from company_activity.work import stage_usage as work

DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(work.MOST_DATES + 1)]


def newest(day: date) -> SimpleNamespace:
    """A manifest; that of the last date cannot be read."""
    if day == DAYS[-1]:
        raise SourceError("unreadable")
    return SimpleNamespace(date=day)


def test_every_manifest_is_read_before_the_first_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    staged: list[Any] = []
    monkeypatch.setattr(work, "stage", lambda run, batch: staged.append(batch))
    older = {day: GenerationMark(1, "0123456789abcdef", "0") for day in DAYS}
    landing = SimpleNamespace(generations=lambda: dict.fromkeys(DAYS, 1), newest=newest)
    run: Any = SimpleNamespace(
        lake=SimpleNamespace(staging=SimpleNamespace(marks=older), look_at=lambda *tables: None),
        landing=landing,
        dates=(),
        check_rewriting=lambda scope, found: [],
    )
    with pytest.raises(SourceError, match="unreadable"):
        stage_usage(run)
    assert staged == []
