"""The lake's tables by name: registered in a catalog, where people and tools look for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from company_activity.errors import CatalogError
from company_activity.io.lake.table_sql import sql_text
from company_activity.io.storage.folder import Folder, open_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.schemas import Table

# The session's own catalog: a lake database, a lakehouse or a Hive metastore, whose names have two parts.
OF_THE_SESSION = "spark_catalog"
FOLDER = "ops/names"
ONELAKE = "onelake.dfs.fabric.microsoft.com"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Names:
    """Which tables of the lake a catalog is known to have: a file for each, so that Spark is not asked again.

    A file is named after the table and its id: a table that was moved aside and built again is looked at once more.
    """

    def __init__(self, lake: str | Folder, catalog: str) -> None:
        self._folder = open_folder(lake, f"{FOLDER}/{catalog}")

    def missing(self, tables: Iterable[tuple[Table, str]]) -> list[Table]:
        """Those of `tables`, each with its id, that are not known to be registered."""
        known = set(self._folder.names())
        return [table for table, table_id in tables if _note(table, table_id) not in known]

    def keep(self, table: Table, table_id: str, location: str) -> None:
        """Remember that the table is registered at this location."""
        told = {"table": table.name, "location": location}
        self._folder.create(_note(table, table_id), json.dumps(told, indent=1) + "\n")


def _note(table: Table, table_id: str) -> str:
    return f"{table.name}.{table_id}.json"


def name_in(catalog: str, table: Table) -> str:
    """A table's name as SQL takes it: quoted, of two parts in the session's own catalog, else of three.

    >>> from company_activity.schemas import PRODUCT_USAGE
    >>> name_in("spark_catalog", PRODUCT_USAGE), name_in("my-unit", PRODUCT_USAGE)
    ('`stg`.`product_usage`', '`my-unit`.`stg`.`product_usage`')
    """
    parts = table.name.split(".")
    if catalog != OF_THE_SESSION:
        parts = [catalog, *parts]
    return ".".join(f"`{part}`" for part in parts)


def is_lasting(spark: SparkSession, catalog: str) -> bool:
    """Whether the catalog outlives the session; the session's own does not where it is kept in memory."""
    if catalog != OF_THE_SESSION:
        return True
    try:
        kind = spark.conf.get("spark.sql.catalogImplementation")
    except Exception:  # a compute that shows few settings is a vendor's, whose catalog lasts
        return True
    return kind != "in-memory"


def register(spark: SparkSession, catalog: str, table: Table, location: str) -> None:
    """Give the table at `location` its name in the catalog; nothing happens where it has it. Nothing is dropped.

    Raises:
        CatalogError: if the name stands for another table or a view, or the catalog refuses.
    """
    name = name_in(catalog, table)
    schema, _, _ = name.rpartition(".")
    try:
        _make_schema(spark, schema)
        spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING DELTA LOCATION {sql_text(location)}")
        found = _location_of(spark, name)
    except Exception as refused:  # the catalogs of three vendors, each with errors of its own
        raise CatalogError(
            f"{table.name} could not be registered as {name}: {_first_line(refused)}",
            remedy="the run's identity needs to see the catalog, make a schema and a table in it, and use the"
            f" location {location}; a name whose table's files are gone is dropped with DROP TABLE {name}",
        ) from refused
    if found is None or not is_same_place(found, location):
        raise CatalogError(
            f"{name} stands for {found or 'a view'}, and not for {location}",
            remedy=f"if nobody needs that one: DROP {'TABLE' if found else 'VIEW'} {name}, and run again;"
            " else give another lake.catalog",
        )


def _make_schema(spark: SparkSession, schema: str) -> None:
    """Make a schema that is not there: whoever may not make one may still use one."""
    catalog, _, last = schema.rpartition(".")
    within = f" IN {catalog}" if catalog else ""
    bare = last.strip("`")
    found = spark.sql(f"SHOW SCHEMAS{within} LIKE {sql_text(bare)}").collect()
    if not found:
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")


def _location_of(spark: SparkSession, name: str) -> str | None:
    """Where the catalog says that a table lies; None for a view."""
    rows = spark.sql(f"DESCRIBE TABLE EXTENDED {name}").collect()
    found = [row["data_type"] for row in rows if row["col_name"] == "Location"]
    return found[-1] if found else None  # a column may be called so too; the table's own comes last


def is_same_place(one: str, other: str) -> bool:
    """Whether two addresses are one place: catalogs write them each in their way.

    >>> is_same_place("file:/a/b%20c/", "file:///a/b c")
    True
    >>> is_same_place("abfss://lake@acme.dfs.core.windows.net/a", "abfss://lake@ACME.dfs.core.windows.net/a/")
    True
    >>> is_same_place("abfss://lake@acme.dfs.core.windows.net/a", "abfss://lake@acme.dfs.core.windows.net/A")
    False
    """
    scheme, host, names, path = _place(one)
    other_scheme, other_host, other_names, other_path = _place(other)
    if (scheme, host, path) != (other_scheme, other_host, other_path):
        return False
    return all(_may_be_one(*pair) for pair in zip(names, other_names, strict=True))


def _place(address: str) -> tuple[str, str, tuple[str, ...], str]:
    """Scheme, host, the names of a OneLake's workspace and item (of no other store), and the path."""
    parts = urlsplit(address)
    path = re.sub("/+", "/", unquote(parts.path)).rstrip("/")
    host = parts.netloc.lower()
    names: tuple[str, ...] = ()
    workspace, _, server = host.rpartition("@")
    if server == ONELAKE:
        _, item, *below = path.split("/", 2)
        host = server
        path = "/".join(below)
        names = (workspace, item.lower())
    return parts.scheme or "file", host, names, path


def _may_be_one(name: str, other: str) -> bool:
    """Whether two names may be one workspace or item: a OneLake knows each by a name and by a GUID."""
    return name == other or bool(GUID.fullmatch(name)) != bool(GUID.fullmatch(other))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]
