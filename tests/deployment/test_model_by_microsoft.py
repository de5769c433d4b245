"""Power BI's own library loads the semantic model. Only where somebody has its server and accepts its licence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deployment.semantic.measures import MEASURES
from deployment.semantic.model import ITEM, TABLES, semantic_model_files
from deployment.semantic.source import DIRECT_LAKE, IMPORT, Source

from support.modeling_server import modeling_server

SERVER = os.environ.get("POWERBI_MODELING_SERVER", "")
pytestmark = pytest.mark.skipif(
    not SERVER,
    reason="POWERBI_MODELING_SERVER names no server: conf/deploy/README.md, Semantic model, says how to get one",
)


def written(folder: Path, source: Source) -> Path:
    for path, text in semantic_model_files(source).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / ITEM


@pytest.mark.parametrize("source", [DIRECT_LAKE, IMPORT], ids=lambda source: source.mode)
def test_power_bi_loads_the_model(tmp_path: Path, source: Source) -> None:
    item = written(tmp_path, source)
    with modeling_server(SERVER, tmp_path) as server:
        loaded = server.tool("connection_operations", operation="ConnectFolder", folderPath=str(item))["data"]
        tables = server.tool("table_operations", operation="List")["data"]
    assert loaded["measuresLoaded"] == len(MEASURES)
    assert loaded["relationshipsLoaded"] == len(TABLES) - 1
    assert {one["name"]: (one["columnCount"], one["description"]) for one in tables} == {
        table.name.split(".")[1]: (
            sum(column.type != "array<string>" for column in table.columns),
            table.comment,
        )
        for table in TABLES
    }
    assert {one["storageMode"].lower() for one in tables} == {source.mode.lower()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dataType: int64", "dataTyp: int64"),
        ("dataType: int64", "dataType: bigint"),
        ("summarizeBy: none", "summarizeBy: total"),
        ("mode: directLake", "mode: sometimes"),
        ("column events", "colum events"),
    ],
)
def test_power_bi_refuses_what_our_grammar_refuses(tmp_path: Path, before: str, after: str) -> None:
    item = written(tmp_path, DIRECT_LAKE)
    file = item / "definition/tables/company_activity_daily.tmdl"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with modeling_server(SERVER, tmp_path) as server, pytest.raises(ValueError, match="."):
        server.tool("connection_operations", operation="ConnectFolder", folderPath=str(item))
