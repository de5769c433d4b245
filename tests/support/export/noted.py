"""A place whose ledger says what was published: exports that read no row need no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from company_activity.io.storage.folder import lake_folder
from company_activity.io.warehouse.ledger import MISSING, WHOLE, Fence, Ledger, LedgerRow
from company_activity.io.warehouse.mirror import mirror, mirror_files
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, ServedTable
from company_activity.operations.export import source

from support.cycle.place import Place

TOMBSTONE = f"01234567-{64 * chr(48)}"


def row(
    table: ServedTable, scope: str, seq: int, content: str = "h", lake: str = "lake", version: int = 1
) -> LedgerRow:
    return LedgerRow(table.name, scope, content, 2, "run", Fence(lake, version), "", seq)


FIRST = (row(ACTIVITY, "2025-03-01", 1), row(ACTIVITY, "2025-03-02", 2), row(DIMENSION, WHOLE, 1, "lake@1"))
DELETED = (FIRST[0], row(ACTIVITY, "2025-03-02", 3, MISSING), FIRST[2])
BOTH_DELETED = (row(ACTIVITY, "2025-03-01", 4, MISSING), *DELETED[1:])


def publish(place: Place, *rows: LedgerRow) -> None:
    """Let the ledger's mirror say that these rows were published."""
    tables: dict[str, dict[str, LedgerRow]] = {}
    for one in rows:
        tables.setdefault(one.table, {})[one.scope] = one
    files = mirror_files(lake_folder(place.settings))
    mirror(files, place.settings.sql.url, Ledger("db", tables), f"run-{len(files.of(place.settings.sql.url).names())}")


def export(place: Place, since: str, *more: str) -> int:
    return place.run("export", "--since", since, *more)


def began(place: Place) -> None:
    """An export ended at 3, which is what stands in the ledger."""
    publish(place, *FIRST)
    assert export(place, "2025-04-01", "--table", ACTIVITY.name) == 0


def out_of(place: Place) -> Path:
    return place.folder / "out"


def without_spark() -> Any:
    """Inside, whoever asks for Spark fails."""
    return mock.patch.object(source, "spark_session", side_effect=AssertionError("Spark is asked for"))


def files_below(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
