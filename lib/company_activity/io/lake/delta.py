"""The lake: its Delta tables, what their commits say they were built from, and the small files beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from company_activity.errors import LakeUnfit
from company_activity.io.lake.changed_files import read_changed
from company_activity.io.lake.conflicts import is_conflict, lake_moved
from company_activity.io.lake.delta_log import LOOKED_AT, NUMBER, DeltaLog, encode_state, open_log
from company_activity.io.lake.table_features import Features, unfit
from company_activity.io.lake.table_sql import create_statement, sql_text
from company_activity.io.lake.versions import is_version_gone
from company_activity.io.storage.folder import Folder, open_folder
from company_activity.planning.episodes import EpisodesState, Moved
from company_activity.planning.rollups import (
    MovedDates,
    MovedMonths,
    MovedRollups,
    RetentionState,
    SegmentsState,
    sources_of_dates,
)
from company_activity.planning.state import (
    ActivityState,
    CompanyCounts,
    CrmState,
    DimensionState,
    Look,
    QuarantineState,
    Sources,
    StagingState,
    TableVersion,
    sources_of_dimension,
)
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    QUARANTINE,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    spark_type,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
    from pyspark.sql.types import StructField

    from company_activity.schemas import Table

STATE_APP = "company_activity.state"  # of whose transactions Delta keeps the newest number
# An overwrite without a predicate replaces every partition, and the files are as we lay them out.
OUR_LAYOUT = {"partitionOverwriteMode": "static", "optimizeWrite": "false"}


class VersionGone(LookupError):
    """An old version of a table can no longer be read."""


def table_uri(lake: str | Folder, table: Table) -> str:
    """Where Spark finds a table: `stg.product_usage` under `lake.root` is `…/stg/product_usage`."""
    return open_folder(lake).address(table.path)


class Lake:
    """The tables under one root. What a log says is read once, until the lake itself commits or is told to `forget`.

    What is committed to a table is built from the state that its log had when it was read. If another run has committed
    since, the commit is refused with `LakeMoved`, and nothing is written. `commits` counts those of this lake, and
    `quarantined` are the dates of which it has set records aside.

    `session` gives the Spark session, which starts when a row is first asked for; logs are read without it.
    """

    def __init__(
        self, root: str, session: Callable[[], SparkSession], files: Folder | None = None
    ) -> None:
        self.root = root
        self._session = session
        self._files = files
        self._logs: dict[str, DeltaLog] = {}
        self._look: Look | None = None
        self.commits = 0
        self.quarantined: set[date] = set()

    @property
    def spark(self) -> SparkSession:
        return self._session()

    @cached_property
    def files(self) -> Folder:
        """The root's folder; whatever lies below it shares its storage."""
        return self._files or open_folder(self.root)

    def uri(self, table: Table) -> str:
        """Where a table lies."""
        return table_uri(self.files, table)

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

    def look_at(self, *tables: Table) -> None:
        """Read the tables' newest states now: a later commit to one is refused if another run comes in between.

        A step looks so at what it writes before it reads what it builds from. Then what it writes is never built from
        older sources than what it replaces.
        """
        for table in tables:
            self.state(table)

    def has_moved(self) -> bool:
        """Whether another run has committed to a table since its log was read."""
        return any(
            open_log(self.files, path).state != log.state for path, log in list(self._logs.items())
        )

    def exists(self, table: Table) -> bool:
        """Whether the table is made; its log tells, without Spark."""
        return self.log(table).version >= 0

    def versions(self, tables: Iterable[Table]) -> dict[str, int]:
        """By name the version of each table that is made, as its log had it."""
        return {table.name: self.log(table).version for table in tables if self.exists(table)}

    def state(self, table: Table) -> Mapping[str, Any]:
        """What the table's newest commit says it was built from, as JSON holds it."""
        return self.log(table).state

    def identity(self, table: Table) -> TableVersion:
        """The table's id and the version of our newest commit."""
        return self.log(table).identity

    def is_as_counted(self, table: Table) -> bool:
        """Whether the table has the rows that our newest commit counted; else its figures are those of other rows.

        Somebody may have deleted a company's rows, or restored an older version.
        """
        return not self.log(table).has_rows_of_others

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
        state = StagingState.from_json(self.state(PRODUCT_USAGE))
        return state if self.is_as_counted(PRODUCT_USAGE) else state.without_figures()

    @property
    def crm(self) -> CrmState:
        """What `stg.crm_companies` holds."""
        return CrmState.from_json(self.state(CRM_COMPANIES))

    @property
    def quarantine(self) -> QuarantineState:
        """Which dates and CRM paths `quarantine.records` holds records of; none where it is not made yet."""
        if not self.exists(QUARANTINE):
            return QuarantineState(is_known=True)
        state = QuarantineState.from_json(self.state(QUARANTINE))
        return state if self.is_as_counted(QUARANTINE) else state.unknown()

    @property
    def activity(self) -> ActivityState:
        """What `analytics.company_activity_daily` has, and what it was built from."""
        state = ActivityState.from_json(self.state(COMPANY_ACTIVITY_DAILY))
        return state if self.is_as_counted(COMPANY_ACTIVITY_DAILY) else state.without_totals()

    @property
    def episodes(self) -> EpisodesState:
        """What `analytics.risk_episodes` was built from; nothing is known where somebody else changed its rows."""
        if not self.is_as_counted(RISK_EPISODES):
            return EpisodesState()
        return EpisodesState.from_json(self.state(RISK_EPISODES))

    @property
    def moved_since_episodes(self) -> Moved:
        """The dates whose rows are other ones than the episodes were built from."""
        return Moved.between(self.episodes, self.activity.hashes)

    @property
    def segments(self) -> SegmentsState:
        """What `analytics.segment_activity_daily` was built from; nothing is known where somebody else changed rows."""
        if not self.is_as_counted(SEGMENT_ACTIVITY_DAILY):
            return SegmentsState()
        return SegmentsState.from_json(self.state(SEGMENT_ACTIVITY_DAILY))

    @property
    def segment_hashes(self) -> dict[date, str] | None:
        """By date the content of the roll-up by segment; None where somebody else changed its rows."""
        return self.segments.hashes if self.is_as_counted(SEGMENT_ACTIVITY_DAILY) else None

    @property
    def retention(self) -> RetentionState:
        """What `analytics.retention_monthly` was built from; nothing is known where somebody else changed rows."""
        if not self.is_as_counted(RETENTION_MONTHLY):
            return RetentionState()
        return RetentionState.from_json(self.state(RETENTION_MONTHLY))

    @property
    def sources_of_segments(self) -> dict[date, str]:
        """By date what the roll-up by segment should be built from: rows of the activity table, and episodes."""
        return sources_of_dates(self.activity.hashes, self.episodes.began)

    @property
    def moved_since_rollups(self) -> MovedRollups:
        """What of the roll-ups has to be built again."""
        dates = MovedDates.between(self.segments, self.sources_of_segments)
        return MovedRollups(dates, MovedMonths.between(self.retention, self.activity.hashes))

    @property
    def staged_sources(self) -> Sources:
        """What staging holds now: the mark of each usage date, and the content of each snapshot date."""
        return Sources.staged(self.staging, self.crm)

    @property
    def dimension_sources(self) -> Sources | None:
        """What dimension and history were last brought to, or compared with; None where that is not known.

        The activity table's commit says it where no row of them changed.
        """
        look = self.activity.sources.look
        if look is not None and look == self._look_at(look.sources):
            return look.sources
        own = DimensionState.from_json(self.state(COMPANIES))
        history = DimensionState.from_json(self.state(COMPANIES_HISTORY))
        return sources_of_dimension(own, history, self.identity(COMPANIES))

    @property
    def company_counts(self) -> CompanyCounts | None:
        """How many companies the dimension has; None where an older version wrote it, or somebody else."""
        if not self.exists(COMPANIES):
            return CompanyCounts()
        if not self.is_as_counted(COMPANIES):
            return None
        state = DimensionState.from_json(self.state(COMPANIES))
        return state.counts if state is not None else None

    def note_look(self, sources: Sources) -> None:
        """Remember that dimension and history, as they stand, were compared with `sources` and no row changed.

        Nothing is committed: the next commit of the activity table says it.
        """
        self._look = self._look_at(sources)

    @property
    def is_looked_at(self) -> bool:
        """Whether dimension and history, as they stand, were so compared with what staging holds now."""
        return self._look_at(self.staged_sources) in (self._look, self.activity.sources.look)

    def _look_at(self, sources: Sources) -> Look:
        return Look(sources, self.identity(COMPANIES), self.identity(COMPANIES_HISTORY))

    def read(self, table: Table) -> DataFrame:
        """The table's rows as of the version that its log had; none where it is not made yet.

        So rows and state belong together, whatever another run commits meanwhile.
        """
        if not self.exists(table):
            return self.no_rows(table)
        reader = self.spark.read.format("delta").option("versionAsOf", self.log(table).version)
        return as_declared(reader.load(self.uri(table)), table)

    def no_rows(self, table: Table) -> DataFrame:
        """The table without a row, whatever it has: it is not opened."""
        return self.spark.createDataFrame([], table.struct)

    def read_version(self, table: Table, version: int) -> DataFrame:
        """The table's rows as of a version, which may be gone: ask for them inside `reading_versions`."""
        reader = self.spark.read.format("delta").option("versionAsOf", version)
        return as_declared(reader.load(self.uri(table)), table)

    def changed_since(self, table: Table, version: int) -> tuple[DataFrame, DataFrame]:
        """The rows as of a version and those of today, without some that are the same in both.

        The version may be gone: ask for its rows inside `reading_versions`.
        """
        log = self.log(table)
        changed = read_changed(self.spark, table, self.uri(table), log, version, log.version)
        return changed or (self.read_version(table, version), self.read(table))

    def create(self, table: Table) -> None:
        """Make the table as `schemas` declares it, with its comments and properties; extend one that is there.

        Raises:
            LakeMoved: if another run has committed to it since it was read.
        """
        if self.exists(table):
            self.evolve(table)
            return
        with self._unmoved(table):
            self.spark.sql(create_statement(table, self.uri(table)))

    def evolve(self, table: Table) -> None:
        """Bring a table that an older version made to its declaration; no-op where its newest state says it is there.

        Only additive: a new column is NULL in the rows that stand, a column that may be NULL now loses its NOT NULL,
        and the table's properties follow. Nothing is dropped or converted.

        Raises:
            LakeUnfit: if a column of ours has another type.
            LakeMoved: if another run has committed to it since it was read.
        """
        if self.state(table).get("schema") == table.fingerprint:
            return
        with self._unmoved(table):
            self._extend(table)

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

        Delta checks that every row satisfies the predicate; a date of it without rows ends up empty. A table that an
        older version made is brought to its declaration first.

        Raises:
            LakeMoved: if another run has committed to it since it was read.
        """
        self.create(table)
        rows = rows.select(*table.column_names)
        if table.partition_by:
            rows = rows.repartition(*table.partition_by)  # one file a date, not one from each task
        writer = rows.write.format("delta").mode("overwrite").options(**OUR_LAYOUT)
        if predicate is not None:
            writer = writer.option("replaceWhere", predicate)
        self._commit(table, writer, state or {})

    def note(self, table: Table, state: Mapping[str, Any]) -> None:
        """Commit `state` alone: the table was looked at against new sources, and no row of it changed.

        Raises:
            LakeMoved: if another run has committed to it since it was read.
        """
        self.evolve(table)
        nothing = self.spark.createDataFrame([], table.struct)
        self._commit(table, nothing.write.format("delta").mode("append"), state)

    def _commit(self, table: Table, writer: DataFrameWriter, state: Mapping[str, Any]) -> None:
        """Commit what the writer writes with `state`, as the one that follows the state that was read.

        Delta keeps the number of the newest state. It writes nothing if the number is taken already, and raises if
        it is taken meanwhile.
        """
        number = self.log(table).number + 1
        text = self._signed(table, state, number)
        writer = writer.option("txnAppId", STATE_APP).option("txnVersion", number)
        with self._unmoved(table, text):
            writer.option("userMetadata", text).save(self.uri(table))
        self.commits += 1

    @contextmanager
    def _unmoved(self, table: Table, becomes: str = "") -> Iterator[None]:
        """What happens inside may commit: the newest state must then be `becomes`, or without it the one that was read.

        Raises:
            LakeMoved: if it is another.
        """
        expected = becomes or encode_state(self.state(table))
        try:
            yield
        except Exception as error:
            if is_conflict(error):
                raise lake_moved(table) from error
            raise
        finally:
            self.forget(table)
        if encode_state(self.state(table)) != expected:
            raise lake_moved(table)

    def _signed(self, table: Table, state: Mapping[str, Any], number: int) -> str:
        """A state as a commit carries it: with its number and a name of its own, and what is known of the table."""
        signed = {
            **state,
            "table_id": self.log(table).table_id,
            "schema": table.fingerprint,
            NUMBER: number,
            LOOKED_AT: self.log(table).version,
            "commit": uuid4().hex,
        }
        return encode_state(signed)


@contextmanager
def reading_versions() -> Iterator[None]:
    """What is read inside may be rows of old versions.

    Raises:
        VersionGone: if the log or the files of one are no longer there; found out by reading them. A read that fails
            otherwise (throttled, refused, broken) is raised as it is.
    """
    try:
        yield
    except Exception as gone:
        if not is_version_gone(gone):
            raise
        raise VersionGone("an old version of a table") from gone


def read_table(spark: SparkSession, lake: str | Folder, table: Table) -> DataFrame:
    """The rows of a table of a lake, for whoever looks at one without a run."""
    folder = open_folder(lake)
    return Lake(folder.uri(""), lambda: spark, folder).read(table)


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
