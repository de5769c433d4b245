"""The semantic model's files, from `company_activity.schemas`: a new column of a table is in the model as well."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    Column,
    Table,
)
from deployment.fabric.ids import ITEMS, platform_file
from deployment.semantic.measures import MEASURES, Measure
from deployment.semantic.source import DIRECT_LAKE, IMPORT, Source
from deployment.semantic.tmdl import Node, quoted, rendered

ITEM = "company-activity.SemanticModel"
TABLES = (COMPANY_ACTIVITY_DAILY, COMPANIES, COMPANIES_HISTORY)
FACT = COMPANY_ACTIVITY_DAILY
DIMENSION = COMPANIES

# What may be summed over companies and over dates. Everything else is a state, a window or a ratio: a measure says how.
ADDITIVE = {"active_users", "events"}
TYPES = {
    "string": "string",
    "bigint": "int64",
    "double": "double",
    "decimal(18,2)": "decimal",
    "boolean": "boolean",
    "date": "dateTime",
    "timestamp": "dateTime",
}
FORMATS = {
    "bigint": "#,0",
    "double": "#,0.00",
    "decimal(18,2)": "#,0.00",
    "date": "yyyy-mm-dd",
    "timestamp": "yyyy-mm-dd hh:nn:ss",
}
PERCENT = "0.0 %"


def semantic_model_files(source: Source = DIRECT_LAKE) -> dict[str, str]:
    """The item's files: path within conf/deploy/fabric → text."""
    files = {
        ".platform": platform_file(ITEM),
        "definition.pbism": pbism(),
        "definition/database.tmdl": rendered(
            Node("database", properties={"compatibilityLevel": "1604"})
        ),
        "definition/model.tmdl": rendered(*model(source)),
        "definition/expressions.tmdl": rendered(*expressions(source)),
        "definition/relationships.tmdl": rendered(*relationships()),
    }
    for table in TABLES:
        name = table.name.split(".")[1]
        files[f"definition/tables/{name}.tmdl"] = rendered(table_node(table, source))
    return {f"{ITEM}/{path}": text for path, text in files.items()}


def pbism() -> str:
    schema = "https://developer.microsoft.com/json-schemas/fabric/item/semanticModel/definitionProperties/1.0.0/schema.json"
    return json.dumps({"$schema": schema, "version": "4.2", "settings": {}}, indent=2) + "\n"


def model(source: Source) -> list[Node]:
    """The model, and the order of what it holds."""
    properties: dict[str, str | bool] = {
        "culture": "en-US",
        "defaultPowerBIDataSourceVersion": "powerBI_V3",
        "discourageImplicitMeasures": True,
        "sourceQueryCulture": "en-US",
    }
    references = [Node("ref table", table.name.split(".")[1]) for table in TABLES]
    references += [Node("ref expression", name) for name in source.expressions]
    plain_dates = Node("annotation", "__PBI_TimeIntelligenceEnabled", "0")
    return [Node("model", "Model", properties=properties, children=(plain_dates,)), *references]


def expressions(source: Source) -> list[Node]:
    return [
        Node("expression", name, text, properties={"lineageTag": lineage("expression", name)})
        for name, text in source.expressions.items()
    ]


def relationships() -> list[Node]:
    """Each table's company is one of the dimension's."""
    to = f"{table_name(DIMENSION)}.company_id"
    return [
        Node(
            "relationship",
            lineage("relationship", table.name),
            properties={"fromColumn": f"{table_name(table)}.company_id", "toColumn": to},
        )
        for table in TABLES
        if table is not DIMENSION
    ]


def table_name(table: Table) -> str:
    return quoted(table.name.split(".")[1])


def table_node(table: Table, source: Source) -> Node:
    name = table.name.split(".")[1]
    measures = MEASURES if table is FACT else ()
    columns = [column for column in table.columns if not column.type.startswith("array<")]
    return Node(
        "table",
        name,
        comment=table.comment,
        properties={"lineageTag": lineage("table", table.name)},
        children=(
            *(measure_node(measure) for measure in measures),
            *(column_node(table, column) for column in columns),
            source.partition(table),
        ),
    )


def measure_node(measure: Measure) -> Node:
    shown = {"formatString": measure.format, "lineageTag": lineage("measure", measure.name)}
    return Node("measure", measure.name, measure.dax, measure.comment, shown)


def column_node(table: Table, column: Column) -> Node:
    """A column as the model has it; what only says when and by whom a row was written is hidden."""
    properties: dict[str, str | bool] = {"dataType": TYPES[column.type]}
    if column.name in table.unhashed:
        properties["isHidden"] = True
    if (column.name,) == table.key:
        properties["isKey"] = True
    if shown := PERCENT if column.name.endswith("_pct") else FORMATS.get(column.type):
        properties["formatString"] = shown
    properties["lineageTag"] = lineage("column", f"{table.name}.{column.name}")
    properties["summarizeBy"] = "sum" if column.name in ADDITIVE else "none"
    properties["sourceColumn"] = column.name
    return Node("column", column.name, comment=column.comment, properties=properties)


def lineage(kind: str, name: str) -> str:
    """An object's tag: the same whenever it is generated, so that reports keep their bindings."""
    return str(uuid5(NAMESPACE_URL, f"company-activity/{ITEMS[ITEM]}/{kind}/{name}"))


def main(arguments: Sequence[str]) -> int:
    """Write the model that copies its rows into a folder of items: `import FOLDER`."""
    match list(arguments):
        case ["import", folder]:
            for path, text in semantic_model_files(IMPORT).items():
                file = Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return 0
    print("usage: python -m deployment.semantic.model import FOLDER", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
