"""What must be true of the warehouse before anything in it is touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from company_activity.errors import PublishError
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.engines.base import Dialect, is_decimal
from company_activity.io.warehouse.jdbc import Connection
from company_activity.io.warehouse.migrations import migrate, pending
from company_activity.io.warehouse.served import ServedColumn, ServedTable
from company_activity.io.warehouse.warehouse import PUBLISH, Warehouse
from company_activity.schemas import decimal_of

FIELDS = ("COLUMN_NAME", "DATA_TYPE", "CHARACTER_MAXIMUM_LENGTH", "NUMERIC_PRECISION", "NUMERIC_SCALE",
          "DATETIME_PRECISION", "IS_NULLABLE", "COLUMN_DEFAULT", "COLLATION_NAME")  # fmt: skip
MIN_PRECISION = {"double": 53, "timestamp": 6}
UNLIMITED = (None, "-1")


@dataclass(frozen=True)
class Found:
    """A column as the engine's INFORMATION_SCHEMA describes it."""

    name: str
    type: str
    length: str | None
    precision: str | None
    scale: str | None
    fraction: str | None
    is_nullable: bool
    has_default: bool
    collation: str | None


@dataclass(frozen=True)
class Prepared:
    """A warehouse that takes our rows: the migrations that were applied, advice on its settings and on the driver."""

    applied: tuple[str, ...]
    advice: tuple[str, ...]
    driver: Driver


def prepare(
    warehouse: Warehouse,
    tables: Iterable[ServedTable],
    now: datetime,
    *,
    may_migrate: bool,
    again: str = PUBLISH,
) -> Prepared:
    """Apply or demand migrations, then compare each table with its declaration. `again` is the command to repeat.

    Raises:
        PublishError: with every difference by name; nothing has been changed by then, except by migrations.
    """
    dialect = warehouse.dialect
    applied: list[str] = []  # over all tries

    def looked_at(connection: Connection) -> tuple[list[str], list[str], list[str], Driver]:
        applied.extend(migrate(connection, dialect, now) if may_migrate else [])
        lacking = [migration.name for migration in pending(connection, dialect)]
        problems = (
            []
            if lacking
            else [p for table in tables for p in differences(connection, dialect, table)]
        )
        return lacking, problems, dialect.advice(connection), connection.driver

    with warehouse.reported("preparing the warehouse", again):
        lacking, problems, advice, driver = warehouse.asked(looked_at)
    if lacking:
        raise PublishError(
            f"{warehouse.target.shown} lacks {', '.join(lacking)}",
            remedy="company-activity migrate",
        )
    if problems:
        raise PublishError("; ".join(problems), remedy=f"fix the table by hand, then: {again}")
    return Prepared(tuple(applied), (*advice, *dialect.driver_advice(driver)), driver)


def differences(connection: Connection, dialect: Dialect, table: ServedTable) -> list[str]:
    """What keeps the table from taking our rows as they are, each as a phrase that names the column."""
    found = {column.name: column for column in _columns(connection, table)}
    if not found:
        return [f"{table.name} does not exist"]
    problems = []
    for wanted in table.columns:
        is_key = wanted.name in table.key
        for problem in _problems(wanted, found.get(wanted.name), dialect, is_key=is_key):
            problems.append(f"{table.name}.{wanted.name} {problem}")
    foreign = [column for name, column in found.items() if name not in table.column_names]
    demanding = [
        column.name for column in foreign if not (column.is_nullable or column.has_default)
    ]
    return problems + [
        f"{table.name}.{name} is not ours, NOT NULL and without a default" for name in demanding
    ]


def _problems(
    wanted: ServedColumn, found: Found | None, dialect: Dialect, *, is_key: bool
) -> list[str]:
    if found is None:
        return ["is missing"]
    problems = []
    if not _is_wide_enough(wanted, found, dialect):
        problems.append(f"is {_described(found)}, narrower than {dialect.type_of(wanted)}")
    if wanted.nullable and not found.is_nullable:
        problems.append("is NOT NULL, but the lake has NULLs in it")
    if is_key and wanted.type == "text" and not dialect.is_binary(found.collation, found.type):
        problems.append(f"is a key without a binary collation ({found.collation or found.type})")
    return problems


def _is_wide_enough(wanted: ServedColumn, found: Found, dialect: Dialect) -> bool:
    if found.type not in dialect.found_types(wanted.type):
        return False
    if wanted.type == "text":
        return (
            found.length in UNLIMITED
            or int(str(found.length)) >= dialect.text_units * wanted.length
        )
    if is_decimal(wanted.type):
        return _holds_decimal(wanted.type, found)
    precision = found.fraction if wanted.type == "timestamp" else found.precision
    return precision is None or int(precision) >= MIN_PRECISION.get(wanted.type, 0)


def _holds_decimal(type_: str, found: Found) -> bool:
    """Whether it has room for our digits on both sides of the point; a NUMERIC without a size has room for all."""
    if found.precision is None or found.scale is None:
        return True
    precision, digits = decimal_of(type_)
    whole = int(found.precision) - int(found.scale)
    return int(found.scale) >= digits and whole >= precision - digits


def _described(found: Found) -> str:
    size = found.length or found.fraction
    return f"{found.type.upper()}({size})" if size else found.type.upper()


def _columns(connection: Connection, table: ServedTable) -> Iterator[Found]:
    schema, name = table.name.split(".")
    where = "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?"
    rows = connection.query(
        f"SELECT {', '.join(FIELDS)} FROM INFORMATION_SCHEMA.COLUMNS {where}", schema, name
    )
    for column, kind, length, precision, scale, fraction, nullable, default, collation in rows:
        yield Found(
            name=str(column),
            type=str(kind).lower(),
            length=length,
            precision=precision,
            scale=scale,
            fraction=fraction,
            is_nullable=nullable == "YES",
            has_default=default is not None,
            collation=collation,
        )
