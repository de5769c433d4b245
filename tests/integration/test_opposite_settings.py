"""A whole cycle on a session in which all is set otherwise gives the same tables, and serves the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.schemas import TABLES

from support.cycle.place import SAMPLES, Place, serving
from support.lake.content import NAMES_OF_PARTS, content, noted_by_date
from support.spark.settings import ANSI, OPPOSITE, POOL_DEFAULTS, having_set

pytestmark = [pytest.mark.long, pytest.mark.nightly]

# A range, then a date before it that comes late: both tables of the companies and most dates are rewritten.
RUNS = (("--from", "2025-08-27", "--to", "2025-08-29"), ("--date", "2025-08-26"))
BEYOND = {
    "spark.sql.ansi.enforceReservedKeywords": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.storeAssignmentPolicy": "STRICT",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.shuffle.partitions": "5",
}


@pytest.fixture(scope="module")
def plain(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """The hashes that the suite's session comes to."""
    return hashes_of_a_cycle(spark, tmp_path_factory.mktemp("plain"))


def hashes_of_a_cycle(spark: SparkSession, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    with serving(folder, SAMPLES / "usage") as place:
        place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
        for dates in RUNS:
            assert place.run("run", *dates) == 0
        look_at_the_files(place)
        return noted_by_date(place.settings.lake.root), content(spark, place.settings.lake.root, NAMES_OF_PARTS)


def look_at_the_files(place: Place) -> None:
    """Every file has statistics, and no table has what ours are made without."""
    for table in TABLES:
        folder = place.folder / "lake" / table.path
        commits = [file.read_text() for file in sorted(folder.glob("_delta_log/*.json"))]
        added = [line for text in commits for line in text.splitlines() if line.startswith('{"add"')]
        assert added, table.name
        assert all('\\"numRecords\\"' in line for line in added), table.name
        assert all("deletionVector" not in text.replace("enableDeletionVectors", "") for text in commits), table.name
        assert not any('"readerFeatures"' in text for text in commits), table.name
        assert not (folder / "_change_data").exists(), table.name


@pytest.mark.parametrize("is_ansi", ["true", "false"])
def test_the_tables_are_the_same(
    spark: SparkSession, plain: tuple[dict[str, str], dict[str, str]], is_ansi: str, tmp_path: Path
) -> None:
    with having_set(spark, OPPOSITE | POOL_DEFAULTS | BEYOND | {ANSI: is_ansi}):
        assert hashes_of_a_cycle(spark, tmp_path) == plain
