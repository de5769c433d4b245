"""What SQL Server and a dedicated pool are told, word for word.

The words are in golden/; after a change that is meant, `UPDATE_GOLDEN=1 pytest tests/io/warehouse/test_tsql.py` writes
them anew, for the diff to be read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import PublishBatch
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.figures import Figures
from company_activity.io.warehouse.jdbc import Row, SqlError
from company_activity.io.warehouse.ledger import MISSING, WHOLE, Fence
from company_activity.io.warehouse.mirror import mirror_files
from company_activity.io.warehouse.publisher import Publisher
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION
from company_activity.io.warehouse.sources import Staged
from company_activity.io.warehouse.statements import create_stage
from company_activity.settings.model import PublishSettings

from support.warehouse.recorder import RecordedWarehouse, Recorder
from support.warehouse.tables import NOW

GOLDEN = Path(__file__).parent / "golden"
ENGINES = ["azuresql", "synapse"]
FENCE = Fence("5f0c", 12)
DATES = PublishBatch(
    ACTIVITY,
    FENCE,
    {"2025-03-30": MISSING, "2025-03-31": "h1"},
    staged={"2025-03-31": Figures(2, (7, 70))},
    served={"2025-03-31": Figures(2, (7, 70))},
)
COMPANIES = PublishBatch(
    DIMENSION,
    FENCE,
    {WHOLE: "5f0c@12"},
    staged={"0": Figures(1), "1": Figures(1)},
    served={WHOLE: Figures(9)},
    base_seq=4,
)
OLD_COMPANIES = "4|all|p|5f0c@11|9|5f0c|11|2025-03-31 05:30:00|run-0"
OLD_DATE = "7|2025-03-30|p|h0|3|5f0c|11|2025-03-31 05:30:00|run-0"


def statements_of(engine: str, tmp_path: Path, batch: PublishBatch, answers: Mapping[str, Sequence[Row]]) -> list[str]:
    """What the engine is told when a batch is published."""
    recorder = Recorder(answers)
    warehouse = RecordedWarehouse(DIALECTS[engine], recorder)
    publisher = Publisher(warehouse, mirror_files(str(tmp_path)), "run-1", NOW)
    recorder.said.append(create_stage(warehouse.dialect, batch.table, "etl.stage_1"))
    publisher.run(batch, Staged("etl.stage_1"))
    recorder.said.append(warehouse.dialect.drop_stage("etl.stage_1"))
    return recorder.said


def is_golden(name: str, said: Iterable[str]) -> bool:
    """Compare with the golden file, or write it where that is asked for."""
    path, text = GOLDEN / f"{name}.sql", ";\n".join(said) + ";\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", ENGINES)
def test_publishing_dates(engine: str, tmp_path: Path) -> None:
    answers: dict[str, list[Row]] = {
        "HAVING COUNT(*) > 1": [("0",)],
        "lake_id, lake_version": [("5f0c", "11")],
        "CONCAT(": [(OLD_DATE,)],
        "COALESCE(MAX(seq)": [("7",)],
        "FROM etl.stage_1 GROUP BY": [("2025-03-31", "2", "7", "70")],
        "FROM analytics.company_activity_daily WHERE activity_date IN (CAST('2025-03-30' AS DATE), CAST": [
            ("2025-03-31", "2", "7", "70")
        ],
    }
    assert is_golden(f"{engine}_dates", statements_of(engine, tmp_path, DATES, answers))


@pytest.mark.parametrize("engine", ENGINES)
def test_publishing_changed_companies(engine: str, tmp_path: Path) -> None:
    answers: dict[str, list[Row]] = {
        "lake_id, lake_version": [("5f0c", "11")],
        "CONCAT(": [(OLD_COMPANIES,)],
        "COALESCE(MAX(seq)": [("4",)],
        "FROM etl.stage_1 GROUP BY": [("0", "1"), ("1", "1")],
        "SELECT 0, COUNT(*) FROM dim.companies": [("0", "9")],
        "HAVING COUNT(*) > 1": [("0",)],
    }
    assert is_golden(f"{engine}_companies", statements_of(engine, tmp_path, COMPANIES, answers))


def test_a_pool_that_enforces_no_key_is_asked_for_doubled_ones(tmp_path: Path) -> None:
    answers: dict[str, list[Row]] = {
        "FROM etl.stage_1 GROUP BY": [("2025-03-31", "2", "7", "70")],
        "HAVING COUNT(*) > 1": [("1",)],
        "FROM analytics.company_activity_daily": [("2025-03-31", "2", "7", "70")],
        "COALESCE(MAX(seq)": [("0",)],
    }
    with pytest.raises(PublishError, match="1 keys are in more than one row"):
        statements_of("synapse", tmp_path, DATES, answers)


def test_the_lock_of_a_pool_must_exist() -> None:
    class NoRow(Recorder):
        def execute(self, sql: str, *values: object) -> int:
            return 0

    with pytest.raises(SqlError, match="has no row for dim.companies"):
        DIALECTS["synapse"].lock(NoRow(), "dim.companies")


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_travel_by_bulk_copy_under_a_table_lock(engine: str) -> None:
    options = DIALECTS[engine].writer_options(PublishSettings(batch_size=5000))
    assert options == {
        "batchsize": "5000",
        "useBulkCopyForBatchInsert": "true",
        "bulkCopyForBatchInsertTableLock": "true",
        "bulkCopyForBatchInsertBatchSize": "5000",
    }


@pytest.mark.parametrize(("engine", "readers"), [("azuresql", "waits for it"), ("synapse", "may see it half done")])
def test_a_database_without_row_versions_is_advised_to_keep_them(engine: str, readers: str) -> None:
    (advice,) = DIALECTS[engine].advice(Recorder({"is_read_committed_snapshot_on": [("sales", "0")]}))
    assert readers in advice
    assert advice.endswith("ALTER DATABASE [sales] SET READ_COMMITTED_SNAPSHOT ON")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_database_that_keeps_row_versions_needs_no_advice(engine: str) -> None:
    assert DIALECTS[engine].advice(Recorder({"is_read_committed_snapshot_on": [("sales", "1")]})) == []


def test_a_login_that_may_not_ask_gets_no_advice() -> None:
    class Refused(Recorder):
        def query(self, sql: str, *values: object) -> list[Row]:
            raise SqlError("VIEW DATABASE STATE permission was denied", "S0001", 262)

    assert DIALECTS["azuresql"].advice(Refused()) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_staging_has_no_type_that_bulk_copy_refuses(engine: str) -> None:
    staged = {DIALECTS[engine].staged_type(column).split("(")[0] for column in (*ACTIVITY.columns, *DIMENSION.columns)}
    assert staged == {"NVARCHAR", "VARCHAR", "BIGINT", "FLOAT", "BIT", "DECIMAL"}


@pytest.mark.parametrize(
    ("failure", "is_transient"),
    [
        (SqlError("deadlock victim", "40001", 1205), True),
        (SqlError("database unavailable", "S0001", 40613), True),
        (SqlError("service busy", "S0001", 40501), True),
        (SqlError("The SQL pool is warming up. Please try again.", "S0001", 42109), True),
        (SqlError("login to read-secondary failed", "S0001", 4221), True),
        (SqlError("connection reset", "08S01", 0), True),
        (SqlError('The TCP/IP connection to the host a.net, port 1433 has failed. Error: "a.net. V', "08S01"), False),
        (SqlError('The TCP/IP connection to the host a.net, port 1433 has failed. Error: "Connect', "08S01"), True),
        (SqlError('using SSL encryption. Error: "PKIX path building failed', "08S01"), False),
        (SqlError("Login failed for user 'x'.", "S0001", 18456), False),
        (SqlError("invalid object", "S0002", 208), False),
        (SqlError("truncated", "S0001", 2628), False),
    ],
)
def test_only_what_passes_is_tried_again(failure: SqlError, is_transient: bool) -> None:
    assert DIALECTS["azuresql"].is_transient(failure) is is_transient
