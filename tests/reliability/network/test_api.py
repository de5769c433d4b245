"""The connection to the usage API fails anywhere: a date lands exactly, or not at all and in time; the next run lands it."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from company_activity.errors import SourceError
from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from reliability.harness.cases import Cases
from reliability.network.broken_wire import BrokenWire, Fault, broken_wire, faults_of
from support.api.usage_api import KEY, numbered, serving
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import newest

pytestmark = pytest.mark.fault

DAY, PAGES = date(2025, 3, 31), 3
SAID, ANSWERED = 800, 1200  # a little more than a conversation has
PAGE_BUDGET = 1.5
LIMITS = {"timeout_seconds": 0.4, "max_attempts": 3, "backoff_seconds": 0.01, "time_budget_seconds": PAGE_BUDGET}
LONGEST = PAGES * PAGE_BUDGET * 3 + 5


def items() -> list[list[dict[str, object]]]:
    """Three pages of five items."""
    return [[{"company_id": f"c{page}-{item}", "events": item} for item in range(5)] for page in range(PAGES)]


def landed(wire: BrokenWire, root: Path, run_id: str) -> SourceError | None:
    """Fetch the date; why it did not land."""
    settings = settings_for(f"http://127.0.0.1:{wire.port}/usage", root, api=LIMITS)
    clock = clock_at("2025-04-01T12:00")
    return fetch_dates(settings, [DAY], clock=clock, run_id=run_id).error


def judge(wire: BrokenWire, root: Path, fault: Fault, digest: str) -> str:
    """One fault, then a healed network."""
    landing = Landing(LocalStorage(root), LandingSettings(""))
    wire.break_by(fault)
    began = time.monotonic()
    error = landed(wire, root, "broken")
    seconds = time.monotonic() - began
    assert seconds < LONGEST, f"{seconds:.1f} s"
    if error is None:
        assert newest(landing).content_digest == digest
    else:
        assert error.exit_code == 3
        assert error.remedy
        assert KEY not in f"{error} {error.remedy}"
        assert landing.generations() == {}
    was_reached = wire.is_struck
    wire.break_by(None)
    assert landed(wire, root, "healed") is None
    assert (newest(landing).content_digest, newest(landing).generation) == (digest, 1)
    landing.check(newest(landing))
    if not was_reached:
        return "not reached"
    return "exact" if error is None else "refused"


@pytest.mark.row("N1")
def test_a_date_lands_exactly_or_not_at_all(tmp_path: Path, cases: Cases) -> None:
    with serving(numbered(*items())) as api, broken_wire(api.port) as wire:
        assert landed(wire, tmp_path / "undisturbed", "whole") is None
        digest = newest(Landing(LocalStorage(tmp_path / "undisturbed"), LandingSettings(""))).content_digest
        assert SAID - 200 < wire.passed["said"] < SAID, wire.passed
        assert ANSWERED - 200 < wire.passed["answered"] < ANSWERED, wire.passed
        for fault in cases.left(faults_of(SAID, ANSWERED), short=8):
            with cases.one(fault) as notes, TemporaryDirectory(dir=tmp_path) as folder:
                notes.append(judge(wire, Path(folder), fault, digest))
