"""What a place shows to whoever looks at it: every table of the lake, and what SQL serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import SparkSession

from company_activity.io.warehouse.served import SERVED_TABLES
from company_activity.io.warehouse.warehouse import open_warehouse

from support.cycle.place import Place
from support.lake.content import NAMES_OF_PARTS, content


@dataclass(frozen=True)
class Shown:
    """What lake and warehouse hold: a hash of each table's rows, and the rows that are served."""

    tables: Mapping[str, str]
    served: Mapping[str, object]


def shown(spark: SparkSession, place: Place) -> Shown:
    """A generation's number, and the names of files, are of the way that led here; what they hold is not."""
    tables = content(spark, place.settings.lake.root, without=(*NAMES_OF_PARTS, "generation"))
    served = {}
    with open_warehouse(spark, place.settings).connection() as connection:
        for table in SERVED_TABLES:
            columns = [name for name in table.column_names if name not in table.lake.unhashed]
            sql = f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"
            served[table.name] = connection.query(sql)
    return Shown(tables, served)
