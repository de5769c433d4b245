"""The mirror of the ledger: one file a publish with the whole of it, of which the newest alone is read, without Spark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from company_activity.io.storage.folder import Folder
from company_activity.io.warehouse.ledger import MISSING, Fence, Ledger, LedgerRow
from company_activity.io.warehouse.mirror import KEPT, begin, mirror, mirror_files, mirrored, read_mirror

from support.storage.calls import first_arguments

Write = Callable[..., list[str]]

URL = "jdbc:h2:file:/x;MODE=MSSQLServer"
TABLE = "analytics.company_activity_daily"


def row(scope: str, content: str, seq: int, table: str = TABLE) -> LedgerRow:
    return LedgerRow(table, scope, content, 2, "run-1", Fence("lake-1", seq), "2025-04-01 05:30:00.000000", seq)


def ledger(*rows: LedgerRow, database: str = "db-1") -> Ledger:
    tables: dict[str, dict[str, LedgerRow]] = {TABLE: {}, "dim.companies": {}}
    for one in rows:
        tables[one.table][one.scope] = one
    return Ledger(database, tables)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Mirror a ledger, in a run of its own each time."""
    runs = iter(range(100))

    def write(*rows: LedgerRow, url: str = URL, **given: str) -> list[str]:
        mirror(mirror_files(str(tmp_path)), url, ledger(*rows, **given), f"run-{next(runs)}")
        return [path.name for path in sorted(tmp_path.rglob("*")) if path.is_file()]

    return write


def test_the_whole_ledger_is_read(tmp_path: Path, write: Write) -> None:
    write(row("2025-03-31", "B", 10), row("2025-03-29", MISSING, 9), row("all", "lake-1@3", 1, "dim.companies"))
    assert read_mirror(str(tmp_path), URL) == {
        (TABLE, date(2025, 3, 29)): MISSING,
        (TABLE, date(2025, 3, 31)): "B",
        ("dim.companies", None): "lake-1@3",
    }


def test_a_ledger_comes_back_as_it_was(tmp_path: Path, write: Write) -> None:
    one = row("2025-03-31", "h", 3)
    write(one)
    assert mirrored(mirror_files(str(tmp_path)), URL) == ledger(one)


def test_three_years_of_dates_are_one_read_and_one_file(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(1095)]
    [file] = write(*(row(str(day), f"1000:{day:%d}" * 4, seq) for seq, day in enumerate(days, start=1)))
    opened = first_arguments(monkeypatch, Folder, "read")
    assert len(read_mirror(str(tmp_path), URL)) == 1095
    assert opened == [file]
    assert next(tmp_path.rglob(file)).stat().st_size < 300_000


def test_what_was_mirrored_last_counts_though_a_restored_ledger_counts_from_lower(tmp_path: Path, write: Write) -> None:
    write(row("2025-03-31", "after the backup", 12))
    write(row("2025-03-31", "sent again", 7), database="db-1")
    assert read_mirror(str(tmp_path), URL) == {(TABLE, date(2025, 3, 31)): "sent again"}


def test_the_same_ledger_is_not_written_twice_and_another_database_is(write: Write) -> None:
    one = row("2025-03-31", "h", 3)
    assert write(one) == write(one)
    assert len(write(one, database="db-2")) == 2


def test_while_a_publish_has_not_ended_nothing_is_known(tmp_path: Path, write: Write) -> None:
    write(row("2025-03-31", "h", 1))
    for _ in range(2):  # a second transaction adds no file
        begin(mirror_files(str(tmp_path)), URL, "run-2")
    assert read_mirror(str(tmp_path), URL) == {}
    assert len(write(row("2025-03-31", "h", 1))) == 3


def test_a_file_that_is_not_ours_to_read_is_no_mirror(tmp_path: Path, write: Write) -> None:
    [file] = write(row("2025-03-31", "h", 1))
    for text in ("", "[]", '{"database": "x", "tables": {"t": {"all": [1]}}}'):
        next(tmp_path.rglob(file)).write_text(text, encoding="utf-8")
        assert read_mirror(str(tmp_path), URL) == {}


def test_the_files_stay_few_and_those_of_the_earlier_format_go(tmp_path: Path, write: Write) -> None:
    folder = mirror_files(str(tmp_path)).of(URL)
    for day in range(1, 31):
        folder.create(f"{TABLE}.2025-01-{day:02d}.{day:09d}.0123456789ab.json", "{}")
    assert read_mirror(str(tmp_path), URL) == {}
    for seq in range(1, KEPT + 5):
        left = write(row("2025-03-31", "h", seq))
    assert (len(left), left[-1]) == (KEPT, f"{KEPT + 4:09d}.run-{KEPT + 3}.json")


def test_what_one_warehouse_was_sent_says_nothing_about_another(tmp_path: Path, write: Write) -> None:
    write(row("2025-03-31", "h", 1))
    assert read_mirror(str(tmp_path), "jdbc:postgresql://db/x") == {}


def test_whoever_logs_in_it_is_the_same_warehouse(tmp_path: Path, write: Write) -> None:
    write(row("2025-03-31", "h", 1))
    assert len(read_mirror(str(tmp_path), f"{URL};USER=other;PASSWORD=p")) == 1


def test_a_lake_without_a_mirror_has_published_nothing(tmp_path: Path) -> None:
    assert read_mirror(str(tmp_path / "absent"), URL) == {}


def test_the_mirror_of_a_lake_in_a_storage_account_lies_beside_it() -> None:
    folder = mirror_files("abfss://lake@account.dfs.core.windows.net/activity").of(URL)
    assert folder.uri("x.json").startswith("abfss://lake@account.dfs.core.windows.net/activity/ops/ledger/")


def test_reading_it_loads_no_spark(tmp_path: Path) -> None:
    program = (
        "import sys; from company_activity.io.warehouse.mirror import read_mirror;"
        f"read_mirror({str(tmp_path)!r}, {URL!r}); sys.exit('pyspark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
