"""Publish to PostgreSQL, in turns with Spark's own JDBC append of the same rows: URL ROWS PAIRS FOLDER PROGRAMS PORT.

The append has Spark's defaults, into a table of the same DDL: it has no transaction over all rows, no ledger, and a
retried task of it leaves rows twice. CPU seconds are the client's: this process and its JVM, not the server.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.io.lake.delta import table_uri
from company_activity.io.warehouse.publishing import publish_scopes
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY, Column, Table
from company_activity.settings.model import Settings

from benchmarks.harness.session import session
from benchmarks.peers.told import Stopwatch
from support.lake.content import replace_where
from support.processes.cpu import cpu_seconds
from support.warehouse.postgres import Cluster
from support.warehouse.tables import settings_for

DATES = [date(2025, 3, 1) + timedelta(days=n) for n in range(5)]
SERVED = COMPANY_ACTIVITY_DAILY.name
MISSING = "SELECT count(*) FROM (SELECT * FROM {} EXCEPT ALL SELECT * FROM {}) AS missing"
# As on a pool, but for its size: the JIT compiles all the way.
CONFS = {"spark.sql.shuffle.partitions": "2", "spark.driver.memory": "3g"}


@dataclass(frozen=True)
class Bench:
    """A lake, and a server to send it to."""

    spark: SparkSession
    cluster: Cluster
    database: str
    settings: Settings

    @property
    def rows(self) -> DataFrame:
        """The rows as they are served: the array becomes a text."""
        lake = self.spark.read.format("delta").load(table_uri(self.settings.lake.root, COMPANY_ACTIVITY_DAILY))
        return lake.select(*ACTIVITY.column_names).withColumn("churn_reasons", F.array_join("churn_reasons", ","))

    def append(self) -> None:
        """Spark's default append."""
        properties = {"user": "postgres", "driver": "org.postgresql.Driver"}
        self.rows.write.jdbc(self.settings.sql.url, "appended", mode="append", properties=properties)

    def publish(self, content: str) -> None:
        """Our way."""
        hashes = dict.fromkeys(DATES, content)
        publish_scopes(self.spark, self.settings, run_id=content, now=datetime.now(UTC), hashes=hashes)

    def before_publish(self) -> None:
        """Forget what was published: an empty table, and a server that owes the disk nothing."""
        for statement in (f"TRUNCATE {SERVED}", "DELETE FROM etl.publish_ledger", "CHECKPOINT"):
            self.sql(statement)

    def before_append(self) -> None:
        """The same for the append; the publish before it leaves nothing to be written during it."""
        self.sql("DROP TABLE IF EXISTS appended")
        self.sql(f"CREATE TABLE appended (LIKE {SERVED} INCLUDING ALL)")
        self.sql("CHECKPOINT")

    def sql(self, statement: str) -> str:
        return self.cluster.sql(statement, self.database)

    def differing(self) -> int:
        """How many rows are in one of the two tables and not in the other."""
        sides = (SERVED, "appended"), ("appended", SERVED)
        return sum(int(self.sql(MISSING.format(one, other))) for one, other in sides)


def build(spark: SparkSession, settings: Settings, rows: int) -> None:
    """A lake with so many rows, none like another."""
    companies = spark.range(rows // len(DATES))
    days = companies.withColumn("day", F.explode(F.array(*map(F.lit, DATES))))
    for table, source in ((COMPANIES, companies.limit(10)), (COMPANY_ACTIVITY_DAILY, days)):
        filled = source.select(*[value(column, table).alias(column.name) for column in table.columns])
        replace_where(filled, settings.lake.root, table, None, {})


def value(column: Column, table: Table) -> Any:
    """Something that differs from row to row, of the column's type."""
    number = F.xxhash64("id", *(["day"] if table is COMPANY_ACTIVITY_DAILY else []), F.lit(column.name))
    if column.name == "company_id":
        return F.format_string("company-%07d", "id")
    values = {
        "string": F.concat(F.lit(f"{column.name} "), F.abs(number) % 1000),
        "bigint": F.abs(number) % 1000,
        "double": (F.abs(number) % 1_000_003) / F.lit(997.0),
        "boolean": number % 2 == 0,
        "date": F.col("day") if table is COMPANY_ACTIVITY_DAILY else F.lit(date(2025, 3, 1)),
        "timestamp": F.timestamp_micros(F.lit(1_740_000_000_000_000) + F.abs(number) % 10**13),
        "array<string>": F.array(F.lit("SHARP_DROP"), F.lit("SILENT")),
    }
    return F.when(number % 5 != 0, values[column.type]) if column.nullable else values[column.type]


def timed(do: Callable[[], object]) -> dict[str, float]:
    """What it takes."""
    cpu = cpu_seconds()
    began = time.perf_counter()
    do()
    return {"wall": time.perf_counter() - began, "cpu": cpu_seconds() - cpu}


def main(url: str, rows: int, pairs: int, folder: Path, cluster: Cluster) -> None:
    watch = Stopwatch()
    spark = session(CONFS | {"spark.sql.warehouse.dir": str(folder / "warehouse")})
    settings = settings_for(folder, url, "postgres")
    build(spark, settings, rows)
    bench = Bench(spark, cluster, url.rpartition("/")[2], settings)
    bench.rows.write.option("compression", "snappy").parquet(str(folder / "rows.parquet"))
    bench.publish("warm-up")
    bench.before_append()
    bench.append()
    publishes = []
    appends = []
    for turn in range(pairs):
        bench.before_publish()
        publishes.append(timed(partial(bench.publish, f"turn {turn}")))
        bench.before_append()
        appends.append(timed(bench.append))
    watch.tell(publishes=publishes, appends=appends, differing=bench.differing())


if __name__ == "__main__":
    given_url, given_rows, given_pairs, given_folder, programs, port = sys.argv[1:]
    main(given_url, int(given_rows), int(given_pairs), Path(given_folder), Cluster(Path(programs), int(port)))
