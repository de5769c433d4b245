"""What a PostgreSQL database serves, by psql; and what is done to it: restarts, copies, restores."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from company_activity.io.warehouse.served import ACTIVITY, SERVED_TABLES, ServedTable
from company_activity.schemas import Table

from reliability.actions.product import LAST_OF_LEDGER, Rows
from support.spark.compare import micros
from support.warehouse.postgres import Cluster

TABLE = "SELECT to_regclass('{}') IS NOT NULL"
NEWEST = (
    "SELECT DISTINCT ON (scope) scope, content_hash, row_count FROM etl.publish_ledger"
    " WHERE table_name = '{}' ORDER BY scope, seq DESC"
)


@dataclass(frozen=True)
class Database:
    """A database of a cluster; its copy has a name of its own."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        return self.cluster.url(self.name)

    @property
    def _copy(self) -> str:
        return f"{self.name}_copy"

    def served(self) -> Mapping[Table, Rows]:
        """The rows of every served table as the lake would write them; lists are texts."""
        return {table.lake: self._rows(table) for table in SERVED_TABLES}

    def ledger(self) -> Mapping[str, LAST_OF_LEDGER]:
        """By date the hash and the rows of its newest line."""
        if self._query(TABLE.format("etl.publish_ledger")) == "f":
            return {}
        lines = self._query(NEWEST.format(ACTIVITY.name)).splitlines()
        return {day: (content, int(rows)) for day, content, rows in (line.split("|") for line in lines)}

    def restart(self) -> None:
        """Let the server stop as a crash would stop it, and start again."""
        data = self.cluster.sql("SHOW data_directory", "postgres")
        control: list[str | Path] = [
            self.cluster.programs / "pg_ctl",
            "-D",
            data,
            "-w",
            "-m",
            "immediate",
            "-l",
            f"{data}/../log",
        ]
        user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        subprocess.run([*control, "restart"], check=True, stdout=subprocess.DEVNULL, cwd=data + "/..", **user)

    def copy(self) -> None:
        """Keep it as it stands."""
        self._ask(f"DROP DATABASE IF EXISTS {self._copy} WITH (FORCE)")
        self._copied(self.name, self._copy)

    def restore(self) -> bool:
        """Set it back to the copy; False where none was made."""
        if not self._ask(f"SELECT 1 FROM pg_database WHERE datname = '{self._copy}'"):
            return False
        self._ask(f"DROP DATABASE {self.name} WITH (FORCE)")
        self._copied(self._copy, self.name)
        return True

    def drop(self) -> None:
        """Let nothing of it stay."""
        for name in (self.name, self._copy):
            self._ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _copied(self, of: str, to: str) -> None:
        """What still is connected, of a process that was killed, keeps a database from being copied."""
        self._ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{of}'")
        self._ask(f"CREATE DATABASE {to} TEMPLATE {of}")

    def _rows(self, table: ServedTable) -> Rows:
        if self._query(TABLE.format(table.name)) == "f":
            return []
        text = self._query(f"SELECT row_to_json(t) FROM (SELECT {', '.join(table.column_names)} FROM {table.name}) t")
        rows = [json.loads(line, parse_float=Decimal) for line in text.splitlines()]
        types = {column.name: column.type for column in table.columns}
        return [{name: _value(types[name], value) for name, value in row.items()} for row in rows]

    def _query(self, text: str) -> str:
        return self.cluster.sql(text, self.name)

    def _ask(self, text: str) -> str:
        return self.cluster.sql(text, "postgres")


def _value(kind: str, value: Any) -> Any:
    """A JSON value as the lake has it."""
    if value is None:
        return None
    if kind == "timestamp":
        return micros(datetime.fromisoformat(value).replace(tzinfo=UTC))
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "double":
        return float(value)
    return Decimal(value) if kind.startswith("decimal") else value
