"""What `explain` says of dates without rows, of rows that are behind, and of each kind of day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from company_activity.cli.explain import lines_of
from company_activity.errors import UsageError
from company_activity.formulas import FORMULAS
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.rollback import Rollback, roll_back
from company_activity.io.storage.opening import LocalStorage
from company_activity.operations.cell_inputs import runs_of
from company_activity.operations.explain import NewerInputs
from company_activity.operations.explanation import Cell, Day, Explanation, Runs, check_date
from company_activity.planning.state import (
    FORMULA_VERSION,
    ActivityState,
    BuiltDate,
    BuiltFrom,
    GenerationMark,
    TableVersion,
)
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, PRODUCT_USAGE, Table
from company_activity.settings.model import LandingSettings, MetricSettings

from support.landing.pages import DAY as LANDED
from support.landing.pages import NOON, land

DAY = date(2025, 3, 10)
BUILT = [date(2025, 3, 1), date(2025, 3, 20)]
COMPLETE, MISSING = GenerationMark(1, "a", "2"), GenerationMark.of(2, None)


@pytest.mark.parametrize(
    ("built", "marks", "has_landed", "sentence"),
    [
        (BUILT, {}, True, "2025-03-10 has landed, and is not staged yet — build it: company-activity run"),
        (BUILT, {DAY: MISSING}, True, "2025-03-10 has landed, and is not staged yet — build it: company-activity run"),
        (BUILT, {DAY: COMPLETE}, True, "2025-03-10 is staged, and not built yet — build it: company-activity run"),
        (
            BUILT,
            {DAY: MISSING},
            False,
            "2025-03-10 is missing: its newest generation, 2, was set aside — it has no rows; what",
        ),
        (BUILT, {}, False, "2025-03-10 is missing: it never landed — it has no rows; to fetch it:"),
        (BUILT[1:], {}, False, "2025-03-10 is outside of the history, which goes from 2025-03-20 to 2025-03-20 — give"),
        ([], {}, False, "the lake has no activity yet — fill it first: company-activity run --date 2025-03-10"),
    ],
)
def test_a_date_without_rows_says_why(built: list[date], marks: Any, has_landed: bool, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_date(DAY, built, marks, has_landed=has_landed)
    assert sentence in str(refused.value)


def newer(
    *, staged: GenerationMark = COMPLETE, metric_version: str = "1", moved: bool = False, changed: bool = False
) -> Any:
    """What a lake says of DAY, which was built from `COMPLETE`."""
    versions = {COMPANIES: TableVersion("c", 1), COMPANIES_HISTORY: TableVersion("h", 1)}
    sources = BuiltFrom({DAY: COMPLETE}, {}, versions[COMPANIES], versions[COMPANIES_HISTORY])
    activity = ActivityState({DAY: BuiltDate("1:x", "", 1, metric_version, FORMULA_VERSION)}, sources)

    def identity(table: Table) -> TableVersion:
        return TableVersion("c", 2) if moved else versions[table]

    def is_as_counted(table: Table) -> bool:
        return not (changed and table is PRODUCT_USAGE)

    staging = SimpleNamespace(marks={DAY: staged})
    lake = SimpleNamespace(activity=activity, staging=staging, identity=identity, is_as_counted=is_as_counted)
    return NewerInputs.of(cast(Any, lake), "1").of_date(DAY)


def test_a_row_says_why_it_may_be_of_other_inputs() -> None:
    assert newer() == ()
    assert newer(staged=GenerationMark(2, "b", "2")) == ("usage of 2025-03-10",)
    assert newer(staged=MISSING) == ("the date is no longer complete",)
    assert newer(metric_version="0") == ("metric version 1",)
    assert newer(moved=True) == ("dim.companies or its history is newer than the row",)
    assert newer(changed=True) == ("somebody else changed rows of stg.product_usage",)


PLACE = {"file": "product-api-raw/part", "page": 1, "item": 2}
RECORD = {**PLACE, "ts": None, "active_users": 3, "events": 1000, "has_conflict": True}
REFUSED = {**PLACE, "item": 3, "reasons": ["NEGATIVE", "WRONG_DATE"], "raw": "{}", "rules_version": "2", "run_id": "r1"}
PERIOD = {
    "name": "A\nB",
    "country": None,
    "industry_tag": "it",
    "last_contact_at": None,
    "owner": "Ana",
    "segment": None,
    "seats": 7,
    "contract_value": Decimal("1200.50"),
    "renewal_on": date(2025, 9, 30),
    "valid_from": date(2025, 3, 12),
    "valid_to": None,
    "file": "raw/crm/a.csv",
}
WINDOW = (
    Day(date(2025, 3, 6), is_complete=False),
    Day(date(2025, 3, 7), is_complete=False, generation=2, runs=Runs(rolled_back_by="b1")),
    Day(date(2025, 3, 8), is_complete=True, generation=3, runs=Runs("f1", "b2")),
    Day(date(2025, 3, 9), is_complete=True, generation=1),
    Day(DAY, is_complete=True, generation=1, runs=Runs("f3"), records=(RECORD,), refused=(REFUSED,)),
)


def lines(metric: str, value: Any) -> list[str]:
    """An explanation with one of everything, as it is printed."""
    row = {metric: value, "run_id": "r2", "updated_at": None, "created_at": None, "metric_version": "1"}
    company = {"first_seen_date": date(2025, 3, 9), "first_active_date": None}
    cell = Cell("a", DAY, metric)
    return list(
        lines_of(Explanation(cell, row, company, WINDOW, PERIOD, (), ("usage of 2025-03-07",), MetricSettings()))
    )


def test_each_day_says_what_is_known_of_it() -> None:
    assert [line for line in lines("active_users_dod_pct", None) if line] == [
        "active_users_dod_pct of a on 2025-03-10: NULL",
        "  u(D) / u(D−1) − 1",
        "  NULL unless D−1 is complete, with u > 0",
        "company  first seen 2025-03-09, first active never",
        "row      written by run r2, NULL, metric_version 1",
        "warning  the row may have been computed from other inputs than these: usage of 2025-03-07",
        "2025-03-06  missing: it never landed",
        "2025-03-07  missing: generation 2, set aside by run b1",
        "2025-03-08  0 users, 0 events, no record, before the company was first seen;"
        " generation 3, landed by run f1, set back by run b2",
        "2025-03-09  0 users, 0 events, no record; generation 1, of which the landing no longer tells the run",
        "2025-03-10  3 users, 1,000 events; generation 1, landed by run f3",
        "    3 users, 1,000 events: product-api-raw/part, page 1, item 2, another record of this time had other numbers",
        "    refused: NEGATIVE, WRONG_DATE: product-api-raw/part, page 1, item 3, staged by run r1",
    ]


def test_a_column_of_words_says_when_each_holds_and_what_the_crm_says() -> None:
    told = lines("source", "crm_csv")
    assert (
        "crm      snapshot of 2025-03-12, still stands, backdated:"
        ' name "A\\nB", country NULL, industry_tag it, last_contact_at NULL, owner Ana, segment NULL, seats 7, contract_value 1200.50,'
        " renewal_on 2025-09-30; raw/crm/a.csv"
    ) in told
    assert any(line.startswith("  SILENT: m < 4, `active_days_7d` = 0") for line in lines("churn_reasons", []))


def test_a_row_in_short_has_each_column_and_says_when_a_formula_gives_null() -> None:
    row = dict.fromkeys(FORMULAS) | {"active_users": 3, "run_id": "r2", "metric_version": "1"}
    company = {"first_seen_date": date(2025, 3, 9), "first_active_date": None}
    found = Explanation(Cell("a", DAY), row, company, WINDOW, None, (), (), MetricSettings())
    told = [" ".join(line.split()) for line in lines_of(found)]
    assert told[0] == "a on 2025-03-10:"
    assert [line.split(" ")[0] for line in told[1 : len(FORMULAS) + 1]] == list(FORMULAS)
    assert "active_users 3 u: sum over the day's accepted records, each kept once" in told
    assert "usage_density NULL e / u; NULL where u = 0" in told
    assert "window 5 days, 1 records, 1 refused, missing 2025-03-06 to 2025-03-07" in told
    assert "crm no snapshot up to 60 days after the date has the company" in told


def test_a_generation_names_the_run_that_fetched_it_and_the_one_that_set_it_back(tmp_path: Path) -> None:
    landing = Landing(LocalStorage(tmp_path), LandingSettings(""))
    land(landing, ['{"a":1}'], run_id="f1")
    land(landing, ['{"a":2}'], run_id="f2")
    for run_id, generation in {"b1": 1, "b2": None}.items():
        roll_back(landing, Rollback(LANDED, generation, run_id, NOON))
    found = [runs_of(landing, LANDED, generation) for generation in range(1, 6)]
    assert found == [Runs("f1"), Runs("f2"), Runs("f1", "b1"), Runs(rolled_back_by="b2"), Runs()]
