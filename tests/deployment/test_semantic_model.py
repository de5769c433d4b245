"""The semantic model: parsers of others read it, a column of the schemas flows into it, and a fault in it is found."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tmdl_parser import TmdlParser

from company_activity.schemas import COMPANIES, Column
from deployment.semantic import model
from deployment.semantic.check import model_faults
from deployment.semantic.measures import MEASURES
from deployment.semantic.model import ITEM, TABLES, semantic_model_files
from deployment.semantic.source import DIRECT_LAKE, IMPORT, Source
from deployment.semantic.tmdl import TmdlError, parsed, rendered

SOURCES = pytest.mark.parametrize("source", [DIRECT_LAKE, IMPORT], ids=lambda source: source.mode)
FACT = "definition/tables/company_activity_daily.tmdl"
RELATIONS = "definition/relationships.tmdl"
MODEL = "definition/model.tmdl"


def written(folder: Path, source: Source) -> Path:
    """The item as files."""
    for path, text in semantic_model_files(source).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / ITEM


@SOURCES
def test_the_model_has_no_fault_and_reads_back_as_it_was_written(tmp_path: Path, source: Source) -> None:
    item = written(tmp_path, source)
    assert model_faults(item) == []
    for file in item.rglob("*.tmdl"):
        text = file.read_text(encoding="utf-8")
        assert rendered(*parsed(text)) == text


@SOURCES
def test_a_parser_of_others_finds_every_column_measure_and_partition(tmp_path: Path, source: Source) -> None:
    item = written(tmp_path, source)
    for table in TABLES:
        name = table.name.split(".")[1]
        found: dict[str, Any] = TmdlParser(str(item / f"definition/tables/{name}.tmdl")).parse()
        columns = [column for column in table.columns if column.type != "array<string>"]
        assert found["name"] == name
        assert [one["name"] for one in found["columns"]] == [column.name for column in columns]
        assert [one["sourceColumn"] for one in found["columns"]] == [column.name for column in columns]
        assert [one["dataType"] for one in found["columns"]] == [model.TYPES[column.type] for column in columns]
        assert [one["mode"] for one in found["partitions"]] == [source.mode]
        measures = {one["name"]: one["expression"] for one in found.get("measures", [])}
        assert measures == ({one.name: one.dax for one in MEASURES} if table is model.FACT else {})


def test_the_model_that_copies_its_rows_is_written_into_a_folder(tmp_path: Path) -> None:
    assert model.main(["import", str(tmp_path)]) == 0
    assert model_faults(tmp_path / ITEM) == []
    assert "mode: import" in (tmp_path / ITEM / FACT).read_text(encoding="utf-8")
    assert model.main(["improt", str(tmp_path)]) == 2


def test_a_parser_of_others_finds_the_relationships(tmp_path: Path) -> None:
    found = TmdlParser(str(written(tmp_path, DIRECT_LAKE) / RELATIONS)).parse()
    ends = {(one["fromTable"], one["fromColumnName"], one["toTable"]) for one in found["relationships"]}
    assert ends == {
        ("company_activity_daily", "company_id", "companies"),
        ("companies_history", "company_id", "companies"),
    }


def test_a_new_column_of_a_table_is_in_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    seats = Column("seats", "bigint", "Seats as in the CRM")
    longer = replace(COMPANIES, columns=(*COMPANIES.columns, seats))
    monkeypatch.setattr(model, "TABLES", (model.FACT, longer))
    (table,) = parsed(semantic_model_files()[f"{ITEM}/definition/tables/companies.tmdl"])
    column = table.of_kind("column")[-1]
    assert (column.name, column.comment) == ("seats", "Seats as in the CRM")
    assert column.properties["summarizeBy"] == "none"


def test_only_columns_of_the_tables_may_be_summed() -> None:
    assert {column.name for table in TABLES for column in table.columns} > model.ADDITIVE


@pytest.mark.parametrize(
    ("path", "before", "after", "why"),
    [
        (FACT, "\tlineageTag", "    lineageTag", "indented by blanks"),
        (FACT, "\t\tdataType: int64", "\t\tdataTyp: int64", "a column has no dataTyp"),
        (FACT, "\t\tdataType: int64", "\t\tdataType: bigint", "dataType is bigint"),
        (FACT, "\t\tdataType: int64", "\t\tdataType: double", "the lake has no seats of this type"),
        (FACT, "\t\tsummarizeBy: sum", "\t\tsummarizeBy: total", "summarizeBy is total"),
        (FACT, "sourceColumn: events", "sourceColumn: event", "the lake has no event of this type"),
        (FACT, "column events", "colum events", "a table holds no colum"),
        (FACT, "column events", "column active_users", "is there twice"),
        (FACT, "mode: directLake", "mode: directlake", "mode is directlake"),
        (FACT, "= entity", "= entty", "kind entty"),
        (FACT, "entityName: company_activity_daily", "entityName: activity", "does not read"),
        (FACT, "schemaName: analytics", "schemaName: dim", "does not read"),
        (FACT, "expressionSource: Lake", "expressionSource: Lakes", "there is no expression Lakes"),
        (FACT, "partition company_activity_daily", "partition p", "named like the table"),
        (FACT, "SUM(company_activity_daily[active_users])", "SUM(company_activity_daily[users])", "[users]"),
        (FACT, "DIVIDE([Companies at risk]", "DIVIDE([At risk]", "there is no [At risk]"),
        (FACT, "SUM(company_activity_daily", "TOTAL(company_activity_daily", "TOTAL is no word"),
        (FACT, "RETURN", "RETUR", "RETUR is no word"),
        (FACT, "TRUE()", "TRUE(", "brackets are not closed"),
        (FACT, "\t\tisHidden", "\t\tisHidden: true", "written in the wrong way"),
        (RELATIONS, "toColumn: companies.company_id", "toColumn: company.company_id", "no column company.company_id"),
        (RELATIONS, "toColumn: companies.company_id", "toColumn: companies.name", "companies.name is no key"),
        (RELATIONS, "fromColumn: company_activity_daily.company_id", "fromColumn: companies.company_id", "itself"),
        (RELATIONS, "\ttoColumn: companies.company_id\n", "", "toColumn is missing"),
        (MODEL, "ref table companies_history\n", "", "companies_history is named there or exists"),
        (MODEL, "ref expression Lake", "ref expression Sea", "Sea is named there or exists"),
        (MODEL, "powerBI_V3", "powerBI_V2", "defaultPowerBIDataSourceVersion is powerBI_V2"),
        (MODEL, "annotation __PBI_TimeIntelligenceEnabled = 0", "annotation __PBI_TimeIntelligenceEnabled", "lacks its value"),
        ("definition/database.tmdl", "1604", "1550", "compatibilityLevel is 1550"),
        ("definition/expressions.tmdl", "expression Lake", "expresion Lake", "does not belong"),
        ("definition.pbism", '"4.2"', "4.2", "needs 4.0 or later"),
        ("definition.pbism", '"settings"', '"setings"', "other members"),
    ],
)  # fmt: skip
def test_a_fault_is_found(tmp_path: Path, path: str, before: str, after: str, why: str) -> None:
    file = written(tmp_path, DIRECT_LAKE) / path
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    found = " ".join(str(fault) for fault in model_faults(tmp_path / ITEM))
    assert why in found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("table t\n\t\t\tcolumn c\n", "line 2: stands too deep"),
        ("table t\n\tisHidden\n\tisHidden\n", "line 3: isHidden is named twice"),
        ("table t\n\tmeasure m =\n\t\tformatString: 0\n", "nothing stands behind ="),
        ("table t\n\t/// about nothing\n", "stands before nothing"),
        ("table 't\n", "neither an object nor a property"),
        ("culture: en-US\n", "a property without an object"),
    ],
)
def test_what_is_no_tmdl_says_which_line(text: str, why: str) -> None:
    with pytest.raises(TmdlError, match=re.escape(why)):
        parsed(text)
