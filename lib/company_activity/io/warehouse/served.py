"""What people query: the served tables as the warehouse has them, derived from `schemas`."""

from __future__ import annotations

from dataclasses import dataclass

from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    GROUP_TEXT,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    Column,
    Table,
)

FREE_TEXT = 1024  # what a CRM may say
SHORT_TEXT = 128  # code words of ours: states, sources, versions, run ids
TEXT_LENGTHS = {
    "company_id": 64,
    "name": FREE_TEXT,
    "company_name": FREE_TEXT,
    "country": FREE_TEXT,
    "industry_tag": FREE_TEXT,
    "owner": FREE_TEXT,
    "segment": FREE_TEXT,
    "churn_reasons": 256,
}


@dataclass(frozen=True)
class ServedColumn:
    """A column in the warehouse; `length` counts code points and is 0 for anything but text."""

    name: str
    type: str
    nullable: bool
    length: int = 0

    @property
    def is_staged_as_text(self) -> bool:
        """Dates and times: mssql-jdbc gives up bulk copy for them, and a driver would shift them by the JVM's zone."""
        return self.type in ("date", "timestamp")


@dataclass(frozen=True)
class ServedTable:
    """A served table: its columns, its key, and the measures that are compared with the lake.

    `dated` names the column whose days are replaced; without one, rows are replaced by key.
    """

    lake: Table
    measures: tuple[str, ...]
    dated: str | None

    @property
    def name(self) -> str:
        return self.lake.name

    @property
    def schema(self) -> str:
        return self.name.split(".")[0]

    @property
    def key(self) -> tuple[str, ...]:
        return self.lake.key

    @property
    def day_column(self) -> str:
        """The column whose days are replaced.

        Raises:
            ValueError: for a table that is replaced by key.
        """
        if self.dated is None:
            raise ValueError(f"{self.name} is not published by date")
        return self.dated

    @property
    def key_name(self) -> str:
        """The name of the constraint."""
        return f"pk_{self.name.split('.')[1]}"

    @property
    def columns(self) -> tuple[ServedColumn, ...]:
        """All but the text of a list: a list is served as its text."""
        return tuple(
            served_column(column, is_key=column.name in self.key)
            for column in self.lake.columns
            if not column.text_of
        )

    @property
    def blank_when_null(self) -> frozenset[str]:
        """The texts of the key that the lake may have as NULL, which no key in SQL may be: they are served as ''.

        >>> sorted(SEGMENTS.blank_when_null), sorted(DIMENSION.blank_when_null)
        (['country', 'segment'], [])
        """
        return frozenset(name for name in self.key if self.lake.column(name).nullable)

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


def served_column(column: Column, *, is_key: bool = False) -> ServedColumn:
    """The column as the warehouse has it: an array of words is one comma-separated text, and no key is NULL.

    >>> served_column(COMPANY_ACTIVITY_DAILY.column("churn_reasons")).length
    256
    """
    kind = "text" if column.type in ("string", "array<string>") else column.type
    length = TEXT_LENGTHS.get(column.name, SHORT_TEXT) if kind == "text" else 0
    if is_key:
        return ServedColumn(column.name, kind, nullable=False, length=min(length, GROUP_TEXT))
    return ServedColumn(column.name, kind, column.nullable, length)


ACTIVITY = ServedTable(
    COMPANY_ACTIVITY_DAILY, measures=("active_users", "events"), dated="activity_date"
)
DIMENSION = ServedTable(COMPANIES, measures=(), dated=None)
EPISODES = ServedTable(RISK_EPISODES, measures=(), dated=None)
SEGMENTS = ServedTable(
    SEGMENT_ACTIVITY_DAILY, measures=("companies", "user_days", "events"), dated="activity_date"
)
RETENTION = ServedTable(RETENTION_MONTHLY, measures=(), dated=None)
SERVED_TABLES = (DIMENSION, ACTIVITY, EPISODES, SEGMENTS, RETENTION)
