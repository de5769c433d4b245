"""Each table of the model is one of the lake's: its columns, their types, and where its rows are read."""

from __future__ import annotations

from collections.abc import Iterator

from company_activity.schemas import TABLES
from deployment.fault import Fault
from deployment.semantic.loaded import Files, tables_of
from deployment.semantic.model import TYPES
from deployment.semantic.tmdl import Node


def table_faults(files: Files) -> Iterator[Fault]:
    """Each table is one of the lake's: its columns and their types, its partition."""
    lake = {table.name.split(".")[1]: table for table in TABLES}
    expressions = {node.name for node in files["expressions.tmdl"]}
    for name, (path, node) in tables_of(files).items():
        if path != f"tables/{name}.tmdl":
            yield Fault(path, name, "the file is not named after its table")
        table = lake.get(name)
        if table is None:
            yield Fault(path, name, "the lake has no such table")
            continue
        types = {column.name: TYPES.get(column.type) for column in table.columns}
        for column in node.of_kind("column"):
            source = str(column.properties["sourceColumn"])
            if types.get(source) != column.properties["dataType"]:
                yield Fault(path, column.name, f"the lake has no {source} of this type")
            if source != column.name:
                yield Fault(path, column.name, f"shows {source} under another name")
        (partition, *more) = node.of_kind("partition") or [Node("partition")]
        if more or partition.name != name:
            yield Fault(path, name, "has not one partition, named like the table")
        for fault in _partition_faults(partition, table.name, expressions):
            yield Fault(path, f"partition {partition.name}", fault)


def _partition_faults(partition: Node, table: str, expressions: set[str]) -> Iterator[str]:
    """Where a partition's rows come from: an entity of the lake, or a query by SQL."""
    schema, name = table.split(".")
    source = partition.children[0] if len(partition.children) == 1 else Node("source")
    mode = partition.properties.get("mode")
    match partition.value, mode:
        case "entity", "directLake":
            place = {"schemaName": schema, "entityName": name}
            if {key: source.properties.get(key) for key in place} != place:
                yield f"does not read {table}"
            if source.properties.get("expressionSource") not in expressions:
                yield f"there is no expression {source.properties.get('expressionSource')}"
        case "m", "import":
            if f'Source{{[Schema="{schema}",Item="{name}"]}}[Data]' not in source.value:
                yield f"does not read {table}"
            if "Sql.Database(Server, Database)" not in source.value:
                yield "does not read it from Server and Database"
            if not {"Server", "Database"} <= expressions:
                yield "there are no parameters Server and Database"
        case _:
            yield f"a partition of kind {partition.value} is not of mode {mode}"
