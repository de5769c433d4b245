"""The notebook runs on the samples, shows each hop, and is stored as it should be: no outputs, nothing defined."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from support.cycle.place import Place, environment

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "follow_a_company.ipynb"


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.reads(NOTEBOOK.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_stored_without_output(notebook: Any) -> None:
    assert [cell for cell in code_cells(notebook) if cell.outputs or cell.execution_count] == []


def test_it_defines_nothing(notebook: Any) -> None:
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    nodes = [node for cell in code_cells(notebook) for node in ast.walk(ast.parse(cell.source))]
    assert [ast.unparse(node) for node in nodes if isinstance(node, definitions)] == []


def test_its_parameters_stand_in_one_cell(notebook: Any) -> None:
    (parameters,) = [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assigned = [ast.unparse(target) for node in ast.walk(ast.parse(parameters.source)) for target in targets(node)]
    assert assigned == ["company_id", "activity_date", "environment", "home"]


def targets(node: ast.AST) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else []


@pytest.fixture(scope="module")
def shown(notebook: Any, sample_place: Place) -> str:
    """All that an execution on the samples shows, as text; its pictures by their type."""
    executed = copy.deepcopy(notebook)
    with environment(sample_place.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}):
        NotebookClient(executed, timeout=300, kernel_name="python3", resources={}).execute()
    outputs = [output for cell in code_cells(executed) for output in cell.outputs]
    return "\n".join(str(output.get("data", output)) for output in outputs)


@pytest.mark.long
@pytest.mark.parametrize(
    "what",
    [
        "content_digest",
        '"company_id": "c_130"',
        "has_conflict",
        "Falling Water",
        "valid_from",
        "is_churn_risk",
        "image/png",
    ],
    ids=["manifest", "landed line", "staged", "dimension", "history", "activity row", "curve"],
)
def test_it_follows_a_company_to_its_curve(shown: str, what: str) -> None:
    assert what in shown
