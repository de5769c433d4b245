"""Publishing to PostgreSQL against Spark's own JDBC append of the same rows, in one run on one server.

    python tests/benchmarks/bench_publish.py            1,000,000 rows, five dates of 200,000 companies
    python tests/benchmarks/bench_publish.py 100000

The append has Spark's defaults, into a table of the same DDL: it has no transaction over all rows, no ledger, and a
retried task of it leaves rows twice. Each side runs twice (A/A), in turns; CPU seconds are those of JVM and server.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "lib")]

from goals import Goal, exit_code  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402
from pyspark.sql import functions as F  # noqa: E402
from session import session  # noqa: E402

from company_activity.io.lake.delta import table_uri  # noqa: E402
from company_activity.io.warehouse.pg_binary import as_chunks  # noqa: E402
from company_activity.io.warehouse.publishing import publish_scopes  # noqa: E402
from company_activity.io.warehouse.served import ACTIVITY  # noqa: E402
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY, Column, Table  # noqa: E402
from company_activity.settings.model import Settings  # noqa: E402

from support.lake.content import replace_where  # noqa: E402
from support.warehouse.postgres import Cluster, installed, running  # noqa: E402
from support.warehouse.tables import settings_for  # noqa: E402

ROWS, DATES, WANTED = 1_000_000, 5, 0.25
TICKS = os.sysconf("SC_CLK_TCK")
# As on a pool, but for its size: the JIT compiles all the way.
CONFS = {"spark.sql.shuffle.partitions": "2", "spark.driver.memory": "3g"}


@dataclass(frozen=True)
class Bench:
    """A lake, and a server to send it to."""

    spark: SparkSession
    cluster: Cluster
    database: str
    settings: Settings
    dates: list[date]

    @property
    def rows(self) -> DataFrame:
        lake = self.spark.read.format("delta").load(table_uri(self.settings.lake.root, COMPANY_ACTIVITY_DAILY))
        return lake.select(*ACTIVITY.column_names)

    def read(self) -> None:
        """What reading the rows alone takes: no way to send them is faster."""
        self.rows.write.format("noop").mode("overwrite").save()

    def encode(self) -> None:
        """What reading them and laying them out for COPY takes, sent nowhere."""
        rows = self.rows.withColumn("churn_reasons", F.array_join("churn_reasons", ","))
        as_chunks(rows).write.format("noop").mode("overwrite").save()

    def load(self) -> None:
        """What the server alone takes, from a file of its own in COPY's fastest format."""
        self.cluster.sql(f"COPY appended FROM '{self.file}' (FORMAT binary)", self.database)

    @property
    def file(self) -> str:
        return self.cluster.sql("SHOW data_directory", self.database) + "/rows.bin"

    def append(self) -> None:
        """Spark's default append; the array becomes the text that is served, as the table wants it."""
        properties = {"user": "postgres", "driver": "org.postgresql.Driver"}
        rows = self.rows.withColumn("churn_reasons", F.array_join("churn_reasons", ","))
        rows.write.jdbc(self.settings.sql.url, "appended", mode="append", properties=properties)

    def publish(self, content: str) -> int:
        """Our way; the rows it sent."""
        hashes = dict.fromkeys(self.dates, content)
        done = publish_scopes(self.spark, self.settings, run_id=content, now=datetime.now(UTC), hashes=hashes)
        return done.tables[1].rows

    def empty(self) -> None:
        """Forget what was sent, so that each side begins with empty tables and a server at rest."""
        served = COMPANY_ACTIVITY_DAILY.name
        self.cluster.sql("DROP TABLE IF EXISTS appended", self.database)
        self.cluster.sql(f"CREATE TABLE appended (LIKE {served} INCLUDING ALL)", self.database)
        for statement in (f"TRUNCATE {served}", "DELETE FROM etl.publish_ledger", "CHECKPOINT"):
            self.cluster.sql(statement, self.database)

    def cpu_seconds(self) -> float:
        """What this session's JVM and the server have used, ended backends included."""
        jvm = self.spark._jvm
        assert jvm is not None
        postmaster = Path(self.cluster.sql("SHOW data_directory", self.database), "postmaster.pid")
        pids = [jvm.java.lang.ProcessHandle.current().pid(), int(postmaster.read_text().split()[0])]
        used = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:15] for pid in pids]
        return sum(int(ticks) for one in used for ticks in one) / TICKS


def build(spark: SparkSession, settings: Settings, rows: int, dates: list[date]) -> None:
    """A lake with so many rows, none like another."""
    companies = spark.range(rows // len(dates))
    days = companies.withColumn("day", F.explode(F.array(*map(F.lit, dates))))
    for table, source, predicate in ((COMPANIES, companies.limit(10), None), (COMPANY_ACTIVITY_DAILY, days, None)):
        filled = source.select(*[_value(column, table).alias(column.name) for column in table.columns])
        replace_where(filled, settings.lake.root, table, predicate, {})


def _value(column: Column, table: Table) -> Any:
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


def timed(bench: Bench, name: str, do: Callable[[], object]) -> float:
    """Print what it takes, and give back the wall seconds."""
    cpu, began = bench.cpu_seconds(), time.perf_counter()
    do()
    seconds = time.perf_counter() - began
    print(f"{name:>34}: {seconds:6.1f} s, CPU {bench.cpu_seconds() - cpu:6.1f} s", flush=True)
    return seconds


def measure(bench: Bench) -> float:
    """Print every measure; the ratio of ours to Spark's."""
    for warming_up in (bench.read, lambda: bench.publish("warm-up")):
        warming_up()
    bench.empty()
    bench.append()
    bench.encode()
    bench.cluster.sql(f"COPY appended TO '{bench.file}' (FORMAT binary)", bench.database)
    bench.empty()
    read = timed(bench, "reading the rows", bench.read)
    encode = timed(bench, "reading and encoding them", bench.encode)
    load = timed(bench, "the server alone, from a file", bench.load)
    appends, publishes = [], []
    for turn in ("first", "again"):
        bench.empty()
        appends.append(timed(bench, f"Spark's append, {turn}", bench.append))
        bench.empty()
        publishes.append(timed(bench, f"publish, {turn}", partial(bench.publish, turn)))
    timed(bench, "publish over the rows there", lambda: bench.publish("other"))
    timed(bench, "publish what is there already", lambda: print(f"{bench.publish('other'):>34,} rows sent"))
    print(f"A/A: append {appends[1] / appends[0]:.2f}, publish {publishes[1] / publishes[0]:.2f}")
    least = min(appends)
    print(
        f"of Spark's append: reading {read / least:.2f}, with encoding {encode / least:.2f}, the server {load / least:.2f}"
    )
    return min(publishes) / min(appends)


def main(rows: int = ROWS) -> int:
    """1 if publishing takes more than a quarter of the append."""
    if (programs := installed()) is None:
        sys.exit("no PostgreSQL: make postgres")
    dates = [date(2025, 3, 1) + timedelta(days=n) for n in range(DATES)]
    spark = session(CONFS)
    with tempfile.TemporaryDirectory() as folder, running(programs) as cluster:
        url = cluster.new_database()
        settings = settings_for(Path(folder), url, "postgres")
        build(spark, settings, rows, dates)
        ratio = measure(Bench(spark, cluster, url.rsplit("/", 1)[-1], settings, dates))
    spark.stop()
    return exit_code(Goal(f"publish/append of {rows:,} rows", ratio, WANTED))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
