"""Notebooks as a scheduler runs them: parameters put in, executed by a kernel of its own, their outputs read."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
# Titles stay text in the SVG, so that a test can read what a picture says. The PNG is what people see.
TEXT_IN_PICTURES = """
%config InlineBackend.figure_formats = ["png", "svg"]
import matplotlib
matplotlib.rcParams["svg.fonttype"] = "none"
"""


def read_notebook(path: Path) -> Any:
    """The notebook as it is stored, checked against the format."""
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_parameters(cell: Any) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def with_parameters(notebook: Any, values: Mapping[str, object]) -> Any:
    """The notebook with a cell of these values below the one tagged `parameters`, as Synapse and papermill put it."""
    changed = copy.deepcopy(notebook)
    assigned = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    (at,) = [place for place, cell in enumerate(changed.cells) if is_parameters(cell)]
    changed.cells.insert(at + 1, nbformat.v4.new_code_cell(assigned))  # type: ignore[no-untyped-call]
    return changed


@dataclass(frozen=True)
class Shown:
    """What an executed notebook shows."""

    outputs: tuple[Any, ...]

    @property
    def text(self) -> str:
        """Everything that was printed."""
        return "".join(output.get("text", "") for output in self.outputs)

    @property
    def tables(self) -> list[list[list[str]]]:
        """Each table as rows of texts, its heading first."""
        return [table_of(page) for page in self._data("text/html")]

    @property
    def pictures(self) -> list[str]:
        """The texts in each picture that has a PNG beside it."""
        return [" ".join(re.findall(r">([^<>\s][^<>]*)</text>", svg)) for svg in self._data("image/svg+xml")]

    @property
    def pngs(self) -> list[str]:
        return list(self._data("image/png"))

    def _data(self, kind: str) -> Iterator[str]:
        for output in self.outputs:
            if kind in output.get("data", {}):
                yield output["data"][kind]


def execute(notebooks: Iterable[Any], first: str = "", folder: Path = NOTEBOOKS) -> Shown:
    """Execute the notebooks one after another in one kernel that begins in `folder`; `first` is run before them."""
    together = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    sources = [first + TEXT_IN_PICTURES]
    sources += [cell.source for notebook in notebooks for cell in code_cells(notebook)]
    together.cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(together, timeout=300, kernel_name="python3", resources=resources).execute()
    return Shown(tuple(output for cell in together.cells for output in cell.outputs))


class _Cells(HTMLParser):
    """Collects the cells of a table, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._is_open = True

    def handle_endtag(self, tag: str) -> None:
        self._is_open = self._is_open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.rows[-1][-1] += data


def table_of(page: str) -> list[list[str]]:
    """A table that pandas wrote as HTML, as rows of texts.

    >>> table_of("<table><tr><th>a</th></tr><tr><td>&lt;NA&gt;</td></tr></table>")
    [['a'], ['<NA>']]
    """
    cells = _Cells()
    cells.feed(page)
    return cells.rows
