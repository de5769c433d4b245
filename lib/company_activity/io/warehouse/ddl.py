"""The DDL of the served tables, generated: `make ddl` writes what the numbered files of an engine lack.

A file that a warehouse may have applied never changes. So what the files of `sql/<engine>/` declare is read back,
compared with `schemas`, and the difference is written as the engine's next file: a table that no file makes, columns
that are new, columns that may now be NULL. Any other change of a column is not generated. By hand too: what `etl` and
the schemas need, such as a new table's row in `etl.publish_lock`, without which two publishers do not wait.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.migrations import Migration, shipped, sql_dir
from company_activity.io.warehouse.served import SERVED_TABLES, ServedColumn, ServedTable

CREATED = re.compile(
    r"CREATE TABLE (?:IF NOT EXISTS )?(?P<table>[\w.]+) \((?P<body>.*?)\n *\)", re.DOTALL
)
ADDED = re.compile(
    r"ALTER TABLE (?P<table>[\w.]+)\s+ADD (?:COLUMN IF NOT EXISTS )?(?!CONSTRAINT)(?P<line>[^;]+);"
)
LOOSENED = re.compile(
    r"ALTER TABLE (?P<table>[\w.]+) ALTER COLUMN (?P<name>\w+) (?:DROP NOT NULL|(?!.*NOT NULL).* NULL);"
)


@dataclass(frozen=True)
class Declared:
    """What one file declares of a served table: columns by name, and whether each may be NULL."""

    created: Mapping[str, bool]
    added: Mapping[str, bool]
    loosened: tuple[str, ...]


def declared(text: str, table: ServedTable) -> Declared:
    """Read a file's declarations of `table` back."""
    created: dict[str, bool] = {}
    for found in CREATED.finditer(text):
        if found["table"] == table.name:
            created |= _nullability(found["body"].splitlines())
    lines = [found["line"] for found in ADDED.finditer(text) if found["table"] == table.name]
    loosened = [found["name"] for found in LOOSENED.finditer(text) if found["table"] == table.name]
    return Declared(created, _nullability(lines), tuple(loosened))


def _nullability(lines: list[str]) -> dict[str, bool]:
    """The columns of these lines, and whether each may be NULL.

    >>> _nullability(["name VARCHAR(9) NULL,", "events BIGINT NOT NULL,", "CONSTRAINT pk PRIMARY KEY (name)"])
    {'name': True, 'events': False}
    """
    found = {}
    for line in lines:
        words = line.split()
        if words and words[0] != "CONSTRAINT":
            found[words[0]] = "NOT NULL" not in line
    return found


def standing(files: list[Migration], table: ServedTable) -> dict[str, bool]:
    """The columns of `table` once all these files are applied, and whether each may be NULL."""
    columns: dict[str, bool] = {}
    for file in files:
        found = declared(file.text, table)
        columns |= found.created
        columns |= found.added
        columns |= dict.fromkeys(found.loosened, True)
    return columns


def statements_for(dialect: Dialect, table: ServedTable, found: Declared) -> list[str]:
    """The statements that declare `found`; types are those of `schemas`."""
    statements = []
    if found.created:
        columns = [_column(table, name, nullable) for name, nullable in found.created.items()]
        statements += dialect.create_table(table, columns)
    for name, nullable in found.added.items():
        statements.append(dialect.add_column(table, _column(table, name, nullable)))
    for name in found.loosened:
        statements.append(dialect.allow_null(table, _column(table, name, nullable=True)))
    return statements


def _column(table: ServedTable, name: str, nullable: bool) -> ServedColumn:
    """The column as it was, or is to be, declared: the type of now, the nullability of then."""
    (now,) = [column for column in table.columns if column.name == name]
    return ServedColumn(now.name, now.type, nullable, now.length)


def lacking(table: ServedTable, files: list[Migration]) -> Declared:
    """What `schemas` has of `table` and these files do not declare.

    Raises:
        ValueError: for a column that is added NOT NULL: the rows that stand have no value for it.
            For a column that `schemas` has no more: a publish would find it, and nothing drops it.
    """
    have = standing(files, table)
    wanted = {column.name: column.nullable for column in table.columns}
    for name in have.keys() - wanted.keys():
        raise ValueError(
            f"{table.name}.{name} is in sql/ and not in schemas.py; no column is dropped: "
            "let it be NULL there"
        )
    new = {name: nullable for name, nullable in wanted.items() if name not in have}
    if not have:
        return Declared(created=new, added={}, loosened=())
    for name, nullable in new.items():
        if not nullable:
            raise ValueError(
                f"{table.name}.{name} is new and NOT NULL; let it be NULL in schemas.py"
            )
    loosened = [name for name, nullable in have.items() if wanted.get(name) and not nullable]
    return Declared(created={}, added=new, loosened=tuple(loosened))


def next_files(dialect: Dialect, files: list[Migration]) -> Iterator[Migration]:
    """The files that an engine lacks, one per table that is behind `schemas`."""
    number = max((int(file.name[:3]) for file in files), default=0)
    for table in SERVED_TABLES:
        found = lacking(table, files)
        statements = statements_for(dialect, table, found)
        if statements:
            number += 1
            text = f"-- {_heading(table, found)}\n" + "\n\n".join(statements) + "\n"
            yield Migration(f"{number:03d}_{_title(table, found)}.sql", text)


def _title(table: ServedTable, found: Declared) -> str:
    """What the file is called: after its first column, or after the table that it makes."""
    names = [*found.added, *found.loosened]
    return names[0] if names and not found.created else table.name.split(".")[1]


def _heading(table: ServedTable, found: Declared) -> str:
    """The file's first line: what its columns mean is in `schemas` and in the dictionary."""
    if found.created:
        return f"{table.name}, as schemas.py declares it."
    phrases = [f"{name} is new" for name in found.added]
    phrases += [f"{name} may be NULL" for name in found.loosened]
    return f"Of {table.name}: {', '.join(phrases)}."


def write_ddl(folder: Path) -> list[Path]:
    """Write the files that each engine lacks, and return their paths; none where nothing is lacking."""
    written = []
    for dialect in DIALECTS.values():
        for file in next_files(dialect, shipped(dialect.name)):
            path = folder / dialect.name / file.name
            path.parent.mkdir(exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    for path in write_ddl(sql_dir(os.environ)):
        print(path)
