"""`whatif`: who enters the list, who leaves it, in which order; and what is refused before Spark starts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.cli.whatif import lines_of
from company_activity.operations import constants
from company_activity.operations.whatif import Change, Standing, WhatIf, compared
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from support.cycle.place import LAST, SAMPLES, Place
from support.lake.content import lake_at

SCHEMA = (
    "company_id string, company_name string, is_churn_risk boolean, is_contact_due boolean,"
    " missing_user_days_7d bigint, churn_reasons array<string>"
)
STRICT = "churn: {declining_percent: 80, declining_deviations: 1}\ncontact: {low_use_user_days: 10}\n"


def test_the_changes_stand_in_the_order_of_the_list_as_it_would_be(spark: SparkSession) -> None:
    before = [
        ("leaves", "L", True, False, 9, ["DECLINING"]),
        ("stays", "S", True, True, 7, ["DECLINING"]),
        ("unknown", "U", True, None, None, ["SILENT"]),
        ("enters", "E", None, False, 7, []),
        ("not_listed", "N", False, True, 50, []),
    ]
    after = [
        ("leaves", "L", False, True, 8, []),
        ("stays", "S", True, True, 7, ["DECLINING", "UNUSUAL_SILENCE"]),
        ("unknown", "U", True, True, None, ["SILENT"]),
        ("enters", "E", True, False, 7, ["UNUSUAL_SILENCE"]),
        ("not_listed", "N", None, False, 50, []),
    ]
    found = compared(spark.createDataFrame(before, SCHEMA), spark.createDataFrame(after, SCHEMA))
    assert found == WhatIf(
        (
            Change("leaves", "L", Standing(1, 9, ("DECLINING",)), Standing(None, 8, ())),
            Change("enters", "E", Standing(None, 7, ()), Standing(1, 7, ("UNUSUAL_SILENCE",))),
            Change("stays", "S", Standing(2, 7, ("DECLINING",)), Standing(2, 7, ("DECLINING", "UNUSUAL_SILENCE"))),
            Change("unknown", "U", Standing(3, None, ("SILENT",)), Standing(3, None, ("SILENT",))),
        ),
        due_before=2,
        due_after=3,
    )
    assert [change.kind for change in found.changes] == ["leaves", "enters", "stays", "stays"]


def test_a_line_says_what_changes_and_names_stay_on_it() -> None:
    change = Change("c_1", "Two\nLines", Standing(None, 4, ()), Standing(12, 1400, ("DECLINING", "SILENT")))
    first, second, _, heading, line = lines_of(WhatIf((change,), 3, 5))
    assert first == "0 at risk → 1: 1 would enter, 0 leave, 0 stay"
    assert second == "contact due: 3 → 5"
    assert heading.split() == ["rank", "missing", "user-days", "reasons", "company"]
    assert line == 'enters  – → 12  4 → 1,400          – → DECLINING, SILENT  c_1 "Two\\nLines"'
    assert len(list(lines_of(WhatIf((), 0, 0)))) == 2


@pytest.fixture
def no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("Spark is asked for")

    monkeypatch.setattr(constants, "spark_session", refuse)


@pytest.mark.usefixtures("no_spark")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("whatif", "--date", "2025-03-01", "--metrics", "strict.yaml"), "the lake has no activity yet"),
        (("whatif", "--date", "2025-03-01", "--metrics", "nowhere.yaml"), "no metrics file nowhere.yaml"),
        (("whatif", "--date", "2025-03-01", "--metrics", "same.yaml"), "nothing changes"),
        (("whatif", "--date", "2025-02-30", "--metrics", "strict.yaml"), "'2025-02-30' is not a date"),
        (("backtest", "churned.csv"), "the lake has no activity yet"),
        (("backtest", "nowhere.csv"), "no file nowhere.csv"),
        (("backtest", "churned.csv", "--metrics", "same.yaml"), "nothing changes"),
        (("backtest", "churned.csv", "--metrics", "broken.yaml"), "broken.yaml is not YAML"),
        (("backtest", "churned.csv", "--to", "nowhere://here"), "report.dir"),
    ],
)
def test_what_cannot_be_is_told_with_a_remedy_before_spark_starts(
    command: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = {
        "strict.yaml": STRICT,
        "same.yaml": "",
        "broken.yaml": "a: [",
        "churned.csv": "company_id,churned_on\na,2025-03-01\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert Place(tmp_path / "place", "http://127.0.0.1:1").run(*command) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert " — " in told.err


@pytest.mark.long
@pytest.mark.nightly
def test_on_the_samples_both_commands_read_and_leave_the_lake_as_it_is(
    sample_place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text(STRICT, encoding="utf-8")
    before = lake_at(sample_place.settings.lake.root).versions([COMPANY_ACTIVITY_DAILY])
    files = sorted(path for path in sample_place.folder.rglob("*") if path.is_file())

    assert sample_place.run("whatif", "--date", LAST, "--metrics", str(strict)) == 0
    told = capsys.readouterr().out
    assert "churn.declining_percent 50 → 80" in told
    assert "would enter, 0 leave" in told
    assert told.count("\nstays ") == len(
        [line for line in told.splitlines() if "DECLINING" in line and "–" not in line]
    )

    churned = str(SAMPLES / "truth" / "churn.csv")
    assert sample_place.run("backtest", churned, "--metrics", str(strict), "--to", str(tmp_path / "to")) == 0
    told = capsys.readouterr().out
    assert "judging 2025-10-24 to 2025-10-24" in told
    assert "4 of 8 churned customers can be judged: too few to tell" in told
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == ["backtest.csv", "backtest.html"]

    assert lake_at(sample_place.settings.lake.root).versions([COMPANY_ACTIVITY_DAILY]) == before
    assert sorted(path for path in sample_place.folder.rglob("*") if path.is_file()) == files


@pytest.mark.long
@pytest.mark.nightly
def test_computed_rows_are_the_table_s_rows(sample_place: Place, spark: SparkSession) -> None:
    """What is computed in memory for other constants is what a run under them would write."""
    table = constants.Table.of(sample_place.settings)
    assert table.is_up_to_date
    dates = [day for day in table.dates if day >= date(2025, 11, 1)]
    computed = table.rows_under(sample_place.settings.metrics, dates)
    standing = table.rows(dates).select(*computed.columns)
    assert computed.exceptAll(standing).count() == 0
    assert standing.exceptAll(computed).count() == 0
