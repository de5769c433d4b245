"""The mirror of the ledger: one file per row, written once, read without Spark."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

from company_activity.io.sql.ledger import MISSING, Fence, LedgerRow
from company_activity.io.sql.mirror import mirror, mirror_files, mirrored_rows, read_mirror

URL = "jdbc:h2:file:/x;MODE=MSSQLServer"
TABLE = "analytics.company_activity_daily"


def row(scope, content, seq, table=TABLE):
    return LedgerRow(table, scope, content, 2, "run-1", Fence("lake-1", seq), "2025-04-01 05:30:00.000000", seq)


def test_the_newest_row_of_each_scope_is_read(tmp_path):
    rows = [
        row("2025-03-30", "h0", 1),
        row("2025-03-31", "A", 2),
        row("2025-03-31", "B", 10),
        row("2025-03-29", MISSING, 9),
    ]
    mirror(mirror_files(str(tmp_path)), URL, [*rows, row("all", "lake-1@3", 1, "dim.companies")])
    assert read_mirror(str(tmp_path), URL) == {
        (TABLE, date(2025, 3, 29)): MISSING,
        (TABLE, date(2025, 3, 30)): "h0",
        (TABLE, date(2025, 3, 31)): "B",
        ("dim.companies", None): "lake-1@3",
    }


def test_a_row_comes_back_as_it_was(tmp_path):
    files, one = mirror_files(str(tmp_path)), row("2025-03-31", "h", 3)
    mirror(files, URL, [one])
    assert mirrored_rows(files, URL) == {(TABLE, "2025-03-31"): one}


def test_a_file_that_is_there_stays_as_it_is(tmp_path):
    files = mirror_files(str(tmp_path))
    mirror(files, URL, [row("2025-03-31", "h", 3)])
    (file,) = tmp_path.rglob("*.json")
    file.write_bytes(b"{}")
    mirror(files, URL, [row("2025-03-31", "h", 3)])
    assert not files.of(URL).create(file.name, "other")
    assert file.read_bytes() == b"{}"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_what_one_warehouse_was_sent_says_nothing_about_another(tmp_path):
    mirror(mirror_files(str(tmp_path)), URL, [row("2025-03-31", "h", 1)])
    assert read_mirror(str(tmp_path), "jdbc:postgresql://db/x") == {}


def test_whoever_logs_in_it_is_the_same_warehouse(tmp_path):
    mirror(mirror_files(str(tmp_path)), URL, [row("2025-03-31", "h", 1)])
    assert len(read_mirror(str(tmp_path), f"{URL};USER=other;PASSWORD=p")) == 1


def test_a_lake_without_a_mirror_has_published_nothing(tmp_path):
    assert read_mirror(str(tmp_path / "absent"), URL) == {}


def test_the_mirror_of_a_lake_in_a_storage_account_lies_beside_it():
    folder = mirror_files("abfss://lake@account.dfs.core.windows.net/activity").of(URL)
    assert folder.uri("x.json").startswith("abfss://lake@account.dfs.core.windows.net/activity/ops/ledger/")


def test_reading_it_loads_no_spark(tmp_path):
    program = (
        "import sys; from company_activity.io.sql.mirror import read_mirror;"
        f"read_mirror({str(tmp_path)!r}, {URL!r}); sys.exit('pyspark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
