"""Where the semantic model's rows come from: the tables where they lie, or a copy by SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from company_activity.schemas import Table
from deployment.fabric.ids import ONELAKE
from deployment.semantic.tmdl import Node


@dataclass(frozen=True)
class Source:
    """Where the model's rows come from: its shared expressions, and how a table's partition names its own."""

    mode: str
    expressions: Mapping[str, str]

    def partition(self, table: Table) -> Node:
        schema, name = table.name.split(".")
        if self.mode == "directLake":
            (expression,) = self.expressions
            place = {"entityName": name, "schemaName": schema, "expressionSource": expression}
            return Node("partition", name, "entity", properties={"mode": self.mode},
                        children=(Node("source", properties=place),))  # fmt: skip
        steps = (
            "let\n"
            "    Source = Sql.Database(Server, Database),\n"
            f'    Rows = Source{{[Schema="{schema}",Item="{name}"]}}[Data]\n'
            "in\n"
            "    Rows"
        )
        return Node("partition", name, "m", properties={"mode": self.mode},
                    children=(Node("source", value=steps),))  # fmt: skip


def parameter(value: str) -> str:
    """A Power Query parameter: a text that whoever deploys gives."""
    return f'"{value}" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'


# The tables themselves, read where they lie: nothing is copied, nothing is refreshed.
DIRECT_LAKE = Source(
    "directLake",
    {
        "Lake": "let\n"
        f'    Source = AzureStorage.DataLake("{ONELAKE}", [HierarchicalNavigation=true])\n'
        "in\n"
        "    Source"
    },
)

# A copy, by SQL: for a capacity without Direct Lake. It is refreshed after a run.
IMPORT = Source(
    "import",
    {"Server": parameter("<sql-endpoint>"), "Database": parameter("<lakehouse>")},
)
