"""Landed usage lines → typed records, each kept once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

CARRIED = ("date", "generation", "src_file_name", "src_ingested_at")
PARSED = (
    "date date, generation bigint, src_file_name string, src_ingested_at timestamp, "
    "page bigint, item bigint, raw string, company_id string, active_users bigint, "
    "events bigint, ts_micros bigint, extras array<string>, reasons array<string>"
)
PARSED_NAMES = [declared.split()[0] for declared in PARSED.split(", ")]
KEY = ("date", "company_id", "ts")
VALUES = ("active_users", "events")


def parse_usage(lines: DataFrame, *, every_raw: bool = False) -> DataFrame:
    """Read each landed line strictly.

    Shape: `value, date, generation, src_file_name, src_ingested_at` in; those but `value`, and the
    record's fields, `extras` and `reasons` (empty where the record is good) out. One row a line.
    `raw` is NULL where a record is good and has no extras, unless `every_raw`.

    >>> from datetime import date
    >>> item = '"company_id":"a","active_users":"3","events":9,"ts":"2025-03-01T00:00:00Z"'
    >>> line = '{' + item + ',"_date":"2025-03-01","_page":1,"_item":2}'
    >>> lines = spark.sql("SELECT DATE'2025-03-01' AS date, 1L AS generation").select(
    ...     F.lit(line).alias("value"), "*", F.lit("part").alias("src_file_name"),
    ...     F.lit("2025-03-02").cast("timestamp").alias("src_ingested_at")
    ... )
    >>> parse_usage(lines).select("company_id", "page", "item", "events", "reasons").first()[:]
    ('a', 1, 2, 9, ['WRONG_TYPE'])
    """
    parse_batches = partial(_parse_batches, every_raw=every_raw)
    parsed = lines.select("value", *CARRIED).mapInArrow(parse_batches, PARSED)
    return parsed.withColumn("ts", F.timestamp_micros("ts_micros")).drop("ts_micros")


def _parse_batches(
    batches: Iterable[pa.RecordBatch], *, every_raw: bool
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    from company_activity.records.usage_columns import read_lines

    for batch in batches:
        fields = read_lines(batch.column("value"), every_raw=every_raw)
        carried = [batch.column(name) for name in CARRIED]
        yield pa.RecordBatch.from_arrays([*carried, *fields.values()], names=PARSED_NAMES)


def keep_latest_record(accepted: DataFrame) -> DataFrame:
    """One record per date, company and ts: the later by page and item.

    The instant is the identity, not its notation: `…T02:00+02:00` and `…T00:00Z` are one.

    Shape: accepted rows of `parse_usage` in; `stg.product_usage` and `copies` out, key date,
    company_id, ts. `has_conflict` where the counts of its copies differ; `copies` is how many there
    were, itself included.

    >>> accepted = spark.sql("VALUES (1, 3), (2, 5) AS t(page, active_users)").selectExpr(
    ...     "*", "'a' AS company_id", "DATE'2025-03-01' AS date", "0 AS ts", "1 AS item",
    ...     "9 AS events", "'line' AS raw", "array('plan') AS extras", "1 AS generation",
    ...     "'part' AS src_file_name", "0 AS src_ingested_at"
    ... )
    >>> kept = keep_latest_record(accepted)
    >>> kept.select("page", "active_users", "raw_json", "has_conflict", "copies").collect()
    [Row(page=2, active_users=5, raw_json='line', has_conflict=True, copies=2)]
    """
    carried = [
        "page",
        "item",
        *VALUES,
        "src_ingested_at",
        "src_file_name",
        "generation",
        "raw_json",
    ]
    has_extras = F.size("extras") > 0
    differs = reduce(or_, [F.min(name) != F.max(name) for name in VALUES])
    records = accepted.withColumn("raw_json", F.when(has_extras, F.col("raw")))
    # Records with texts are aggregated in sorted order. Brought together first, they are sorted
    # once: else each task also sorts what it read, to find the few copies before the shuffle.
    together = records.select(*KEY, *carried).repartition(*KEY)
    latest = together.groupBy(*KEY).agg(
        F.max(F.struct(*carried)).alias("latest"),
        differs.alias("has_conflict"),
        F.count("*").alias("copies"),
    )
    return latest.select("company_id", "date", "ts", "latest.*", "has_conflict", "copies")


def usage_quarantine(broken: DataFrame, rules_version: str, run_id: str) -> DataFrame:
    """Parsed usage that broke a rule, as rows of `quarantine.records`.

    >>> broken = spark.sql(
    ...     "SELECT DATE'2025-03-01' AS date, 'part' AS src_file_name, 1 AS generation, 1 AS page,"
    ...     " 2 AS item, 'a' AS company_id, array('NEGATIVE') AS reasons, 'line' AS raw"
    ... )
    >>> row = usage_quarantine(broken, rules_version="1", run_id="r").first()
    >>> row.feed, row.path, row.line, row.reasons
    ('usage', 'part', None, ['NEGATIVE'])
    """
    return broken.select(
        F.lit("usage").alias("feed"),
        "date",
        F.col("src_file_name").alias("path"),
        "generation",
        "page",
        "item",
        F.lit(None).cast("bigint").alias("line"),
        "company_id",
        "reasons",
        "raw",
        F.lit(rules_version).alias("rules_version"),
        F.lit(run_id).alias("run_id"),
    )
