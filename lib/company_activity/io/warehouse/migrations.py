"""Apply `sql/<engine>/NNN_*.sql` that a database lacks, each once, in order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.jdbc import Connection
from company_activity.io.warehouse.ledger import sql_time

MIGRATIONS = "etl.migrations"


@dataclass(frozen=True)
class Migration:
    """One numbered file of DDL; its statements end in a semicolon at the end of a line."""

    name: str
    text: str

    @property
    def statements(self) -> list[str]:
        lines = [line for line in self.text.splitlines() if not line.lstrip().startswith("--")]
        return [part.strip() for part in ("\n".join(lines) + "\n").split(";\n") if part.strip()]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def sql_dir(environ: Mapping[str, str]) -> Path:
    """The folder of the shipped SQL: `COMPANY_ACTIVITY_SQL`, else the wheel's, else the checkout's."""
    if named := environ.get("COMPANY_ACTIVITY_SQL"):
        return Path(named)
    package = Path(__file__).resolve().parents[2]
    return package / "sql" if (package / "sql").is_dir() else package.parents[1] / "sql"


def shipped(engine: str) -> list[Migration]:
    """The engine's migrations, in order."""
    files = sorted((sql_dir(os.environ) / engine).glob("[0-9][0-9][0-9]_*.sql"))
    return [Migration(file.name, file.read_text(encoding="utf-8")) for file in files]


def pending(connection: Connection, dialect: Dialect) -> list[Migration]:
    """The migrations that this database lacks; all of them where it has never seen one."""
    there = connection.query("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES "
                             "WHERE TABLE_SCHEMA = 'etl' AND TABLE_NAME = 'migrations'")  # fmt: skip
    applied = (
        {name for (name,) in connection.query(f"SELECT name FROM {MIGRATIONS}")}
        if there[0][0] != "0"
        else set()
    )
    return [migration for migration in shipped(dialect.name) if migration.name not in applied]


def migrate(connection: Connection, dialect: Dialect, now: datetime) -> list[str]:
    """Apply what is pending and return its names; twice is once.

    Raises:
        SqlError: from the statement that failed; what came before it stays where the engine cannot undo DDL.
    """
    if not dialect.ddl_in_transaction:
        return _apply(connection, dialect, now)
    dialect.begin(connection)
    try:
        dialect.lock_migrations(connection)
        names = _apply(connection, dialect, now)
        dialect.commit(connection)
    except BaseException:
        dialect.rollback(connection)
        raise
    return names


def _apply(connection: Connection, dialect: Dialect, now: datetime) -> list[str]:
    record = dialect.insert_row(
        MIGRATIONS, ("name", "digest", "applied_at"), ("?", "?", dialect.time_mark)
    )
    names = []
    for migration in pending(connection, dialect):
        for statement in migration.statements:
            connection.execute(statement)
        connection.execute(record, migration.name, migration.digest, sql_time(now))
        names.append(migration.name)
    return names
