"""The lake: its Delta tables, what their commits say they were built from, and the small files beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from company_activity.errors import LakeUnfit
from company_activity.io.lake.delta_log import DeltaLog, encode_state, open_log
from company_activity.io.lake.table_features import Features, unfit
from company_activity.io.lake.table_sql import create_statement, sql_text
from company_activity.io.lake.versions import is_version_gone
from company_activity.io.storage.folder import Folder, open_folder
from company_activity.planning.state import (
    ActivityState,
    CrmState,
    DimensionState,
    Sources,
    StagingState,
    TableVersion,
    sources_of_dimension,
)
from company_activity.runtime.compute import has_jvm
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    spark_type,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructField

    from company_activity.schemas import Table

# An overwrite without a predicate replaces every partition, and the files are as we lay them out.
OUR_LAYOUT = {"partitionOverwriteMode": "static", "optimizeWrite": "false"}
STATE_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


class VersionGone(LookupError):
    """An old version of a table can no longer be read."""


def table_uri(lake_root: str, table: Table) -> str:
    """Where a table lies: `stg.product_usage` under `lake.root` is `…/stg/product_usage`."""
    return f"{lake_root.rstrip('/')}/{table.path}"


class Lake:
    """The tables under one root. What a log says is read once, until the lake itself commits or is told to `forget`.

    `session` gives the Spark session, which starts when a row is first asked for; logs are read without it.
    """

    def __init__(self, root: str, session: Callable[[], SparkSession]) -> None:
        self.root = root
        self._session = session
        self._logs: dict[str, DeltaLog] = {}

    @property
    def spark(self) -> SparkSession:
        return self._session()

    @cached_property
    def files(self) -> Folder:
        """The root's folder; whatever lies below it shares its storage."""
        return open_folder(self.root)

    def uri(self, table: Table) -> str:
        """Where a table lies."""
        return table_uri(self.root, table)

    def log(self, table: Table) -> DeltaLog:
        """The table's log, as it stood when it was first asked for."""
        if table.path not in self._logs:
            self._logs[table.path] = open_log(self.files, table.path)
        return self._logs[table.path]

    def forget(self, table: Table | None = None) -> None:
        """Read a table's log again when it is next asked for; without one, those of all tables."""
        if table is None:
            self._logs.clear()
        else:
            self._logs.pop(table.path, None)

    def exists(self, table: Table) -> bool:
        """Whether the table is made; its log tells, without Spark."""
        return self.log(table).version >= 0

    def state(self, table: Table) -> Mapping[str, Any]:
        """What the table's newest commit says it was built from, as JSON holds it."""
        return self.log(table).state

    def identity(self, table: Table) -> TableVersion:
        """The table's id and the version of our newest commit."""
        return self.log(table).identity

    def check_features(self, tables: Iterable[Table]) -> None:
        """See that nobody gave a table what ours are made without; the logs tell, without Spark.

        Column mapping lets somebody rename a column, which would then be read as NULL. With deletion vectors a row
        that was deleted stays in its file. What else a reader must know of may hide rows or commits from us.

        Raises:
            LakeUnfit: naming the table, the feature and the remedy.
        """
        for table in tables:
            feature = self.log(table).features.unfit()
            if feature:
                raise unfit(table.name, self.uri(table), feature)

    @property
    def staging(self) -> StagingState:
        """What `stg.product_usage` holds."""
        return StagingState.from_json(self.state(PRODUCT_USAGE))

    @property
    def crm(self) -> CrmState:
        """What `stg.crm_companies` holds."""
        return CrmState.from_json(self.state(CRM_COMPANIES))

    @property
    def activity(self) -> ActivityState:
        """What `analytics.company_activity_daily` has, and what it was built from."""
        return ActivityState.from_json(self.state(COMPANY_ACTIVITY_DAILY))

    @property
    def staged_sources(self) -> Sources:
        """What staging holds now: the mark of each usage date, and the content of each snapshot date."""
        return Sources.staged(self.staging, self.crm)

    @property
    def dimension_sources(self) -> Sources | None:
        """What dimension and history were last brought to; None where that is not known, or not the same of both."""
        own = DimensionState.from_json(self.state(COMPANIES))
        history = DimensionState.from_json(self.state(COMPANIES_HISTORY))
        return sources_of_dimension(own, history, self.identity(COMPANIES))

    def read(self, table: Table) -> DataFrame:
        """The table's rows as its log stood when it was read; none where it is not made yet."""
        if not self.exists(table):
            return self.spark.createDataFrame([], table.struct)
        reader = self.spark.read.format("delta")
        if not has_jvm(self.spark):
            # Spark Connect looks a table up whenever rows are computed, also after our own commit to it.
            reader = reader.option("versionAsOf", self.log(table).version)
        return as_declared(reader.load(self.uri(table)), table)

    def read_version(self, table: Table, version: int) -> DataFrame:
        """The table's rows as of a version.

        Raises:
            VersionGone: if its log or its files are no longer there; found out by reading them. A read that fails
                otherwise (throttled, refused, broken) is raised as it is.
        """
        reader = self.spark.read.format("delta").option("versionAsOf", version)
        try:
            rows = as_declared(reader.load(self.uri(table)), table)
            rows.write.format("noop").mode("overwrite").save()
        except Exception as gone:
            if not is_version_gone(gone):
                raise
            raise VersionGone(f"{table.name} as of version {version}") from gone
        return rows

    def create(self, table: Table) -> None:
        """Make the table as `schemas` declares it, with its comments and properties; extend one that is there."""
        if self.exists(table):
            self.evolve(table)
            return
        try:
            self.spark.sql(create_statement(table, self.uri(table)))
        finally:
            self.forget(table)

    def evolve(self, table: Table) -> None:
        """Bring a table that an older version made to its declaration; no-op where its newest state says it is there.

        Only additive: a new column is NULL in the rows that stand, a column that may be NULL now loses its NOT NULL,
        and the table's properties follow. Nothing is dropped or converted.

        Raises:
            LakeUnfit: if a column of ours has another type.
        """
        if self.state(table).get("schema") == table.fingerprint:
            return
        try:
            self._extend(table)
        finally:
            self.forget(table)

    def _extend(self, table: Table) -> None:
        """Add the columns that an older version's table lacks, loosen its NOT NULLs, set its properties."""
        uri = self.uri(table)
        self._check_made_without(table)
        loaded = self.spark.read.format("delta").load(uri)
        standing = {field.name: field for field in loaded.schema.fields}
        self._check_types(table, standing)
        added = [column for column in table.columns if column.name not in standing]
        if added:
            listed = ", ".join(
                f"{column.name} {column.type} COMMENT {sql_text(column.comment)}"
                for column in added
            )
            self.spark.sql(f"ALTER TABLE delta.`{uri}` ADD COLUMNS ({listed})")
        for column in table.columns:
            if column.name in standing and column.nullable and not standing[column.name].nullable:
                self.spark.sql(
                    f"ALTER TABLE delta.`{uri}` ALTER COLUMN {column.name} DROP NOT NULL"
                )
        self._bring_properties(table)

    def _check_made_without(self, table: Table) -> None:
        """See that the table was not made with what a pool gives to new tables: an older version let that happen."""
        uri = self.uri(table)
        (detail,) = self.spark.sql(f"DESCRIBE DETAIL delta.`{uri}`").collect()
        feature = Features(detail["properties"]).unfit()
        if feature:
            raise unfit(table.name, uri, feature)

    def _check_types(self, table: Table, standing: Mapping[str, StructField]) -> None:
        """See that each column of ours has the type that `schemas` declares."""
        for column in table.columns:
            if column.name not in standing:
                continue
            found = standing[column.name].dataType
            # SQL cannot say that an array holds no NULL: a table has it said if an older version made it.
            if found.simpleString() != spark_type(column.type).simpleString():
                raise LakeUnfit(
                    f"{table.name}.{column.name} is {found.simpleString()} in the lake,"
                    f" and {column.type} in this version",
                    remedy=f"move {self.uri(table)} aside; the next run builds the table again",
                )

    def _bring_properties(self, table: Table) -> None:
        """Set the properties that `schemas` declares and the table lacks."""
        uri = self.uri(table)
        properties = self.spark.sql(f"SHOW TBLPROPERTIES delta.`{uri}`").collect()
        noted = {row["key"]: row["value"] for row in properties}
        changed = {
            name: value for name, value in table.properties.items() if noted.get(name) != value
        }
        if changed:
            listed = ", ".join(
                f"{sql_text(name)} = {sql_text(value)}" for name, value in changed.items()
            )
            self.spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ({listed})")

    def replace(
        self, table: Table, rows: DataFrame, predicate: str | None, state: Mapping[str, Any] | None
    ) -> None:
        """Replace what `predicate` selects (None: everything) by `rows`, in one commit that carries `state`.

        Delta checks that every row satisfies the predicate; a date of it without rows ends up empty. Where there is
        nothing to remove and nothing to add Delta makes no commit, and `state` gets one of its own. A table that an
        older version made is brought to its declaration first.
        """
        self.create(table)
        rows = rows.select(*table.column_names)
        if table.partition_by:
            rows = rows.repartition(*table.partition_by)  # one file a date, not one from each task
        writer = rows.write.format("delta").mode("overwrite").options(**OUR_LAYOUT)
        if predicate is not None:
            writer = writer.option("replaceWhere", predicate)
        text = self._signed(table, state or {})
        try:
            writer.option("userMetadata", text).save(self.uri(table))
        finally:
            self.forget(table)
        if state is None:
            if self.state(table).get("schema") != table.fingerprint:
                self.note(
                    table, {}
                )  # else every empty replacement would bring it to its declaration again
        elif not self._carries(table, text):
            self.note(table, state)

    def note(self, table: Table, state: Mapping[str, Any]) -> None:
        """Commit `state` alone: the table was looked at against new sources, and no row of it changed.

        Delta makes no commit of an empty write, so a table property carries the state's digest, the commit its text.
        """
        self.evolve(table)
        text = self._signed(table, state)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.spark.conf.set(STATE_METADATA, text)
        try:
            self.spark.sql(
                f"ALTER TABLE delta.`{self.uri(table)}` SET TBLPROPERTIES ('company_activity.state' = '{digest}')"
            )
        finally:
            self.spark.conf.unset(STATE_METADATA)
            self.forget(table)

    def _signed(self, table: Table, state: Mapping[str, Any]) -> str:
        """A state as a commit carries it: with the table's id, and the declaration that the table has by then."""
        return encode_state(
            {**state, "table_id": self.log(table).table_id, "schema": table.fingerprint}
        )

    def _carries(self, table: Table, text: str) -> bool:
        """Whether the table's newest state is this one."""
        state = self.state(table)
        return bool(state) and encode_state(state) == text


def read_table(spark: SparkSession, lake_root: str, table: Table) -> DataFrame:
    """The rows of a table of a lake, for whoever looks at one without a run."""
    return Lake(lake_root, lambda: spark).read(table)


def as_declared(rows: DataFrame, table: Table) -> DataFrame:
    """The columns that `schemas` declares; one that the files do not have yet is NULL in their rows."""
    from pyspark.sql import functions as F

    found = set(rows.columns)
    declared = []
    for column in table.columns:
        if column.name in found:
            declared.append(F.col(column.name))
        else:
            declared.append(F.lit(None).cast(column.type).alias(column.name))
    return rows.select(*declared)


def dates_predicate(column: str, dates: Iterable[date]) -> str:
    """SQL that selects exactly these dates of a partition column.

    >>> dates_predicate("date", [date(2025, 1, 2), date(2025, 1, 1)])
    "date IN (DATE'2025-01-01', DATE'2025-01-02')"
    """
    literals = ", ".join(f"DATE'{day}'" for day in sorted(set(dates)))
    return f"{column} IN ({literals})"
