"""Imports go one way. The order is declared once, in `lib/ARCHITECTURE.md`, and read from there."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lib" / "company_activity"
NEEDS_SPARK = re.compile(r"\b(pyspark|company_activity\.(work|transforms))\b")
DECLARATION = re.compile(r"^    (?P<of>[a-z/]+): (?P<order>.+)$", re.MULTILINE)


def declared() -> dict[str, dict[str, int]]:
    """Folder → room → rank: a room may import from one of a greater rank, and from itself."""
    text = (ROOT / "lib" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    orders = {}
    for found in DECLARATION.finditer(text):
        groups = found["order"].split(" → ")
        orders[found["of"]] = {room: rank for rank, group in enumerate(groups) for room in group.split(", ")}
    return orders


ORDERS = declared()


def modules() -> dict[str, Path]:
    """Each module of the package by its dotted name below it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    found.pop("")
    return found


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """The dotted names below the package that a file imports, those for type checkers only among them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name.removeprefix("company_activity.") in MODULES else node.module for name in inner]
        for name in names:
            if name.startswith("company_activity."):
                yield name.removeprefix("company_activity.")


def room(name: str, folder: str) -> str | None:
    """The room that a module is in, below a folder; None where it is elsewhere."""
    if folder == "lib":
        return name.split(".")[0]
    prefix = f"{folder.replace('/', '.')}."
    return name.removeprefix(prefix).split(".")[0] if name.startswith(prefix) else None


def test_every_room_is_declared() -> None:
    assert {room(name, "lib") for name in MODULES} == set(ORDERS["lib"])
    assert {room(name, "io") for name in MODULES} - {None} == set(ORDERS["io"])


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_its_own_room_and_from_those_behind_it(name: str) -> None:
    for folder, rank in ORDERS.items():
        own = room(name, folder)
        for target in imported(MODULES[name]):
            other = room(target, folder)
            if own is None or other is None or other == own:
                continue
            assert rank[own] < rank[other], f"{name} imports {target}"


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: {target for target in imported(path) if target != name} for name, path in MODULES.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        pytest.fail(" → ".join(cycle.args[1]))


def test_no_step_imports_a_step() -> None:
    for name, path in MODULES.items():
        if name.startswith("steps."):
            assert not [target for target in imported(path) if target.startswith("steps.")], name


def test_a_step_imports_what_needs_spark_only_once_it_has_something_to_do() -> None:
    for name, path in MODULES.items():
        if name.startswith(("steps.", "pipeline")):
            head = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if is_import(node)]
            assert not [line for line in map(ast.unparse, head) if NEEDS_SPARK.search(line)], name


def is_import(node: ast.stmt) -> bool:
    """Whether it is imported with the module, and not in a function or for type checkers only."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_only_the_runtime_builds_a_session() -> None:
    builders = [name for name, path in MODULES.items() if "SparkSession.builder" in path.read_text(encoding="utf-8")]
    assert builders == ["runtime.local", "runtime.session"]  # `local` names it in the command that resolves the jars


def test_a_job_only_names_its_step() -> None:
    for job in sorted((ROOT / "jobs").glob("*.py")):
        assert len(job.read_text(encoding="utf-8").splitlines()) <= 12, job
        assert set(imported(job)) <= {"cli.main", *(n for n in imported(job) if n.startswith("steps."))}, job


def test_each_package_is_named_for_the_wheel() -> None:
    """An editable install finds one that is not, and so does every test but those of the wheel."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    named = setup["options"]["packages"].split()
    folders = {path.parent.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("__init__.py")}
    found = {".".join(folder.parts) for folder in folders}
    assert found == {name for name in named if name not in ("company_activity.conf", "company_activity.sql")}
