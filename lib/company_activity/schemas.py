"""One declaration per table: names, types, keys, comments. Readers, writers, DDL and tests look here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructType


# The types that Delta keeps column statistics of.
STATISTICS = frozenset({"string", "bigint", "double", "decimal(18,2)", "date", "timestamp"})
LIST_SEPARATOR = ","  # between the words of a list that is one text
GROUP_TEXT = 100  # characters of a group's name, which SQL has in keys: an index of SQL Server takes 900 bytes


@dataclass(frozen=True)
class Column:
    """A column: its Spark type as DDL text, what it means, and whether it may be NULL.

    `personal` marks ids, names and raw text: they stay out of Delta's column statistics, so that an erasure
    finds nothing there. `text_of` names the list whose words this column holds as one text, for readers that
    know no lists: it says nothing of its own, so it is neither hashed nor served.
    """

    name: str
    type: str
    comment: str
    nullable: bool = True
    personal: bool = False
    text_of: str = ""


@dataclass(frozen=True)
class Table:
    """A Delta table: where it lies under `lake.root`, its columns, its key, how it is partitioned, what a row is."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = ()
    comment: str = ""

    @property
    def path(self) -> str:
        """The folder under `lake.root`: `stg.product_usage` is `stg/product_usage`."""
        return self.name.replace(".", "/")

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def ddl(self) -> str:
        """The columns as Spark DDL, for readers that take text."""
        return ", ".join(f"{c.name} {c.type}" for c in self.columns)

    @property
    def struct(self) -> StructType:
        """The columns as a Spark schema; made without a session."""
        from pyspark.sql.types import StructField, StructType

        return StructType([StructField(c.name, spark_type(c.type), c.nullable, {"comment": c.comment})
                           for c in self.columns])  # fmt: skip

    @property
    def properties(self) -> dict[str, str]:
        """Delta's table properties: statistics without personal columns, a log long enough for the planner.

        No deletion vectors: what is deleted is gone from the files, and every reader can read them.
        """
        plain = [c.name for c in self.columns if not (c.personal or c.name in self.partition_by)]
        with_statistics = [name for name in plain if self.column(name).type in STATISTICS]
        return {
            "delta.dataSkippingStatsColumns": ",".join(with_statistics),
            "delta.logRetentionDuration": "interval 365 days",
            "delta.enableDeletionVectors": "false",
        }

    @property
    def fingerprint(self) -> str:
        """Stands for the columns, their types and NULLs, and the properties: a table's state notes which it has."""
        columns = [(c.name, c.type, c.nullable) for c in self.columns]
        return hashlib.sha256(repr((columns, self.properties)).encode()).hexdigest()[:8]

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


def spark_type(ddl: str) -> DataType:
    """The Spark type of a DDL word; only those that our tables use."""
    from pyspark.sql import types as T

    simple = {
        "string": T.StringType, "bigint": T.LongType, "int": T.IntegerType, "double": T.DoubleType,
        "boolean": T.BooleanType, "date": T.DateType, "timestamp": T.TimestampType,
    }  # fmt: skip
    if ddl.startswith("array<"):
        return T.ArrayType(spark_type(ddl[6:-1]), containsNull=False)
    if ddl.startswith("decimal("):
        return T.DecimalType(*decimal_of(ddl))
    return simple[ddl]()


def decimal_of(ddl: str) -> tuple[int, int]:
    """The digits of a decimal type, and how many of them stand behind the point.

    >>> decimal_of("decimal(18,2)")
    (18, 2)
    """
    precision, scale = ddl.removeprefix("decimal(").removesuffix(")").split(",")
    return int(precision), int(scale)


CRM_COMPANIES = Table(
    "stg.crm_companies",
    (
        Column("company_id", "string", "Company, trimmed of blanks", nullable=False, personal=True),
        Column(
            "name", "string", "Name as in the CRM; NULL where the field is empty", personal=True
        ),
        Column("country", "string", "Country as in the CRM"),
        Column("industry_tag", "string", "Industry as in the CRM"),
        Column("last_contact_at", "timestamp", "Last contact, UTC"),
        Column(
            "owner", "string", "Who looks after it; NULL where the file has none", personal=True
        ),
        Column("segment", "string", "Segment as in the CRM"),
        Column("seats", "bigint", "Seats bought"),
        Column("contract_value", "decimal(18,2)", "Contract value, in the CRM's currency"),
        Column("renewal_on", "date", "When the contract renews"),
        Column("file_date", "date", "Date of the snapshot", nullable=False),
        Column("src_file_name", "string", "Path of the file under the landing", nullable=False),
        Column("ingested_at", "timestamp", "When the run that staged it began", nullable=False),
    ),
    key=("src_file_name", "company_id"),
    partition_by=("file_date",),
    unhashed=("ingested_at",),
    comment="One row per company of a CRM file",
)

PRODUCT_USAGE = Table(
    "stg.product_usage",
    (
        Column("company_id", "string", "Company, trimmed of blanks", nullable=False, personal=True),
        Column("date", "date", "Activity date, UTC", nullable=False),
        Column("active_users", "bigint", "Active users of this record", nullable=False),
        Column("events", "bigint", "Events of this record", nullable=False),
        Column(
            "ts", "timestamp", "The record's time, an instant, cut to microseconds", nullable=False
        ),
        Column("src_ingested_at", "timestamp", "When the generation was fetched", nullable=False),
        Column(
            "src_file_name", "string", "Part of the landing that holds the line", nullable=False
        ),
        Column("page", "bigint", "Page of the API's answer, from 1", nullable=False),
        Column("item", "bigint", "Item in the page, from 1", nullable=False),
        Column("generation", "bigint", "Generation of the date", nullable=False),
        Column(
            "raw_json",
            "string",
            "The item's text where it has fields beyond the contract",
            personal=True,
        ),
        Column(
            "has_conflict",
            "boolean",
            "A record of the same company and ts had other values",
            nullable=False,
        ),
    ),
    key=("date", "company_id", "ts"),
    partition_by=("date",),
    unhashed=("src_ingested_at",),
    comment="One row per accepted usage record, each kept once",
)

COMPANIES = Table(
    "dim.companies",
    (
        Column("company_id", "string", "Company", nullable=False, personal=True),
        Column(
            "name", "string", "Current name; NULL for a company seen only in usage", personal=True
        ),
        Column("country", "string", "Current country"),
        Column("industry_tag", "string", "Current industry"),
        Column("last_contact_at", "timestamp", "Current last contact, UTC"),
        Column("owner", "string", "Who looks after it now", personal=True),
        Column("segment", "string", "Current segment"),
        Column("seats", "bigint", "Seats bought, as known now"),
        Column("contract_value", "decimal(18,2)", "Current contract value, in the CRM's currency"),
        Column("renewal_on", "date", "When the contract renews, as known now"),
        Column(
            "first_seen_date", "date", "Earliest snapshot or accepted usage record", nullable=False
        ),
        Column("first_active_date", "date", "Earliest day with active users"),
        Column("is_inferred", "boolean", "Seen only in usage, never in the CRM", nullable=False),
        Column("created_at", "timestamp", "When the row was first written", nullable=False),
        Column("updated_at", "timestamp", "When the row last changed", nullable=False),
    ),
    key=("company_id",),
    unhashed=("created_at", "updated_at"),
    comment="One row per company, as it is known now",
)

COMPANIES_HISTORY = Table(
    "dim.companies_history",
    (
        Column("company_id", "string", "Company", nullable=False, personal=True),
        Column("name", "string", "Name in this period", personal=True),
        Column("country", "string", "Country in this period"),
        Column("industry_tag", "string", "Industry in this period"),
        Column("last_contact_at", "timestamp", "Last contact as known in this period, UTC"),
        Column("owner", "string", "Who looked after it in this period", personal=True),
        Column("segment", "string", "Segment in this period"),
        Column("seats", "bigint", "Seats bought, as known in this period"),
        Column(
            "contract_value",
            "decimal(18,2)",
            "Contract value in this period, in the CRM's currency",
        ),
        Column("renewal_on", "date", "When the contract renews, as known in this period"),
        Column("valid_from", "date", "Snapshot that brought these attributes", nullable=False),
        Column(
            "valid_to", "date", "Snapshot that replaced them (exclusive); NULL while they stand"
        ),
        Column("src_file_name", "string", "File that brought them", nullable=False),
    ),
    key=("company_id", "valid_from"),
    comment="One row per period in which a company's CRM attributes stood",
)

COMPANY_ACTIVITY_DAILY = Table(
    "analytics.company_activity_daily",
    (
        Column("company_id", "string", "Company", nullable=False, personal=True),
        Column("activity_date", "date", "Activity date, a UTC day", nullable=False),
        Column(
            "company_name",
            "string",
            "Name as of the date; UNKNOWN where none is known",
            nullable=False,
            personal=True,
        ),
        Column("country", "string", "Country as of the date"),
        Column("industry_tag", "string", "Industry as of the date"),
        Column("last_contact_at", "timestamp", "Last contact as of the date, UTC"),
        Column("owner", "string", "Who looked after it as of the date", personal=True),
        Column("segment", "string", "Segment as of the date"),
        Column("seats", "bigint", "Seats bought, as of the date"),
        Column(
            "contract_value",
            "decimal(18,2)",
            "Contract value as of the date, in the CRM's currency",
        ),
        Column("renewal_on", "date", "When the contract renews, as of the date"),
        Column(
            "active_users",
            "bigint",
            "Active users of the day, summed over its records",
            nullable=False,
        ),
        Column("events", "bigint", "Events of the day", nullable=False),
        Column(
            "rolling_7d_active_users",
            "bigint",
            "User-days in the 7 days that end here",
            nullable=False,
        ),
        Column(
            "rolling_30d_events", "bigint", "Events in the 30 days that end here", nullable=False
        ),
        Column(
            "active_days_7d", "bigint", "Days with active users among the last 7", nullable=False
        ),
        Column(
            "active_days_28d", "bigint", "Days with active users among the last 28", nullable=False
        ),
        Column(
            "days_since_last_active",
            "bigint",
            "Days since the last active one, within 60; NULL if none",
        ),
        Column(
            "activity_consistency_30d",
            "double",
            "stdev / mean of daily users over 30 days; 0 is steady",
        ),
        Column("active_users_dod_pct", "double", "Change against the day before; 0.25 is +25 %"),
        Column("active_users_wow_pct", "double", "Change against the same weekday a week before"),
        Column(
            "active_users_mom_pct",
            "double",
            "Change of 30-day user-days against the 30 days before",
        ),
        Column("usage_density", "double", "Events per active user of the day"),
        Column("lifecycle_state", "string", "new, returning, resurrected, dormant or inactive"),
        Column("mau_lower", "bigint", "At least so many distinct users in 30 days", nullable=False),
        Column("mau_upper", "bigint", "At most so many distinct users in 30 days", nullable=False),
        Column(
            "est_monthly_active_users", "bigint", "Estimate between the two bounds", nullable=False
        ),
        Column("mau_method", "string", "How it was estimated", nullable=False),
        Column("seat_utilisation_lower", "double", "At least this share of the seats is used"),
        Column(
            "seat_utilisation_upper",
            "double",
            "At most this share of the seats is used; may exceed 1",
        ),
        Column("engagement_score", "double", "0 to 100, two decimals", nullable=False),
        Column("engagement_frequency", "double", "0 to 1: share of days with use", nullable=False),
        Column("engagement_recency", "double", "0 to 1: how lately used", nullable=False),
        Column("engagement_breadth", "double", "0 to 1: how many users", nullable=False),
        Column("engagement_depth", "double", "0 to 1: events per user-day", nullable=False),
        Column(
            "usual_user_days_7d",
            "double",
            "User-days of its usual week, of the six before; NULL if fewer than 4 are whole",
        ),
        Column(
            "fleet_pace",
            "bigint",
            "How the others' week went, per mille of their usual; NULL where a date is missing",
        ),
        Column(
            "missing_user_days_7d",
            "bigint",
            "What this week lacks against the usual one at the fleet's pace",
        ),
        Column(
            "is_churn_risk", "boolean", "Any churn reason holds; NULL where the week is not known"
        ),
        Column(
            "churn_reasons", "array<string>", "The reasons, in alphabetical order", nullable=False
        ),
        Column(
            "churn_reasons_text",
            "string",
            "The reasons as one text, comma-separated; NULL in rows older than the column",
            text_of="churn_reasons",
        ),
        Column(
            "is_contact_due", "boolean", "Little use, and nobody has spoken with it for 30 days"
        ),
        Column("source", "string", "product_api, merged or crm_csv", nullable=False),
        Column("data_quality_flag", "string", "The first caveat that holds, or OK", nullable=False),
        Column(
            "days_observed_7d",
            "bigint",
            "Complete dates among the last 7",
            nullable=False,
        ),
        Column(
            "days_observed_30d",
            "bigint",
            "Complete dates among the last 30",
            nullable=False,
        ),
        Column("metric_version", "string", "Version of the metrics' constants", nullable=False),
        Column("run_id", "string", "Run that last rewrote the date", nullable=False),
        Column("created_at", "timestamp", "When the date was first built", nullable=False),
        Column("updated_at", "timestamp", "When the date was last rewritten", nullable=False),
    ),
    key=("activity_date", "company_id"),
    partition_by=("activity_date",),
    unhashed=("run_id", "created_at", "updated_at"),
    comment="One row per company and complete date from its first day on",
)

RISK_EPISODES = Table(
    "analytics.risk_episodes",
    (
        Column("company_id", "string", "Company", nullable=False, personal=True),
        Column("started_on", "date", "First date at risk", nullable=False),
        Column("last_flagged_on", "date", "Newest date at risk", nullable=False),
        Column("ended_on", "date", "The 7th date in a row without risk; NULL while it is open"),
        Column("ended_as", "string", "recovered or gone; NULL while it is open"),
        Column(
            "churn_reasons", "array<string>", "All reasons that held, alphabetical", nullable=False
        ),
        Column(
            "churn_reasons_text",
            "string",
            "The reasons as one text, comma-separated",
            nullable=False,
            text_of="churn_reasons",
        ),
        Column(
            "peak_missing_user_days",
            "bigint",
            "The most user-days that a week of it lacked; NULL if never known",
        ),
        Column(
            "calm_dates",
            "bigint",
            "Dates judged without risk since the last flagged one; 7 end it",
            nullable=False,
        ),
        Column("owner", "string", "Who looked after it on the newest date at risk", personal=True),
    ),
    key=("company_id", "started_on"),
    comment="One row per company and stretch of dates at risk",
)

SEGMENT_ACTIVITY_DAILY = Table(
    "analytics.segment_activity_daily",
    (
        Column("activity_date", "date", "Activity date, a UTC day", nullable=False),
        Column("segment", "string", "Segment as of the date; NULL where none is known"),
        Column("country", "string", "Country as of the date; NULL where none is known"),
        Column("companies", "bigint", "Companies with a row on the date", nullable=False),
        Column("active_companies", "bigint", "Of these, active on the date", nullable=False),
        Column("user_days", "bigint", "Active users of the day, summed", nullable=False),
        Column("events", "bigint", "Events of the day, summed", nullable=False),
        Column("at_risk", "bigint", "Companies at risk", nullable=False),
        Column("not_judged", "bigint", "Companies whose week is not known", nullable=False),
        Column("entered", "bigint", "Companies whose episode began on the date", nullable=False),
        Column("gone", "bigint", "Companies that are gone since this date", nullable=False),
        Column(
            "missing_user_days", "bigint", "What the weeks of those at risk lack", nullable=False
        ),
        Column(
            "contract_value_at_risk",
            "decimal(28,2)",
            "Contract values of those at risk; NULL where none has one",
        ),
        Column(
            "stickiness_lower",
            "double",
            "At least this share of the monthly users comes on a day; NULL without any",
        ),
        Column(
            "stickiness_upper",
            "double",
            "At most this share; may exceed 1, since it divides by the fewest monthly users",
        ),
        Column("lifecycle_returning", "bigint", "Companies in this state", nullable=False),
        Column("lifecycle_new", "bigint", "Companies in this state", nullable=False),
        Column("lifecycle_resurrected", "bigint", "Companies in this state", nullable=False),
        Column("lifecycle_dormant", "bigint", "Companies in this state", nullable=False),
        Column("lifecycle_inactive", "bigint", "Companies in this state", nullable=False),
        Column("lifecycle_unknown", "bigint", "Companies whose state is NULL", nullable=False),
    ),
    key=("activity_date", "segment", "country"),
    partition_by=("activity_date",),
    comment="One row per date, segment and country",
)

RETENTION_MONTHLY = Table(
    "analytics.retention_monthly",
    (
        Column(
            "cohort_month",
            "date",
            "First day of the month in which its companies were first active",
            nullable=False,
        ),
        Column("activity_month", "date", "First day of a complete month", nullable=False),
        Column("companies", "bigint", "Companies of the cohort", nullable=False),
        Column("active_companies", "bigint", "Of these, active in the month", nullable=False),
    ),
    key=("cohort_month", "activity_month"),
    comment="One row per cohort and complete month from its own on",
)

QUARANTINE = Table(
    "quarantine.records",
    (
        Column("feed", "string", "usage or crm", nullable=False),
        Column("date", "date", "Activity date or snapshot date", nullable=False),
        Column("path", "string", "File under the landing that holds the record", nullable=False),
        Column("generation", "bigint", "Generation of a usage date"),
        Column("page", "bigint", "Page of a usage item"),
        Column("item", "bigint", "Item in its page"),
        Column("line", "bigint", "First line of a CRM record in its file"),
        Column(
            "company_id",
            "string",
            "Company after the trim, where the record has a text for it",
            personal=True,
        ),
        Column(
            "reasons", "array<string>", "Every rule it broke, in alphabetical order", nullable=False
        ),
        Column("raw", "string", "The record's raw text", nullable=False, personal=True),
        Column("rules_version", "string", "Version of the rules that judged it", nullable=False),
        Column("run_id", "string", "Run that staged it", nullable=False),
    ),
    key=("feed", "path", "generation", "page", "item", "line"),
    partition_by=("feed", "date"),
    unhashed=("run_id",),
    comment="One row per record that was refused, with its raw text and the reasons",
)

TABLES = (
    CRM_COMPANIES,
    PRODUCT_USAGE,
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    RETENTION_MONTHLY,
    QUARANTINE,
)
SERVED = (
    COMPANY_ACTIVITY_DAILY,
    COMPANIES,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    RETENTION_MONTHLY,
)
