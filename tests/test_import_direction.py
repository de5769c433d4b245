"""Imports go one way: jobs → cli → pipeline → steps → {transforms, checks, io} → {schemas, settings, errors}."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lib" / "company_activity"

# The layers from the top down. A module may import from a lower layer, or from its own where `OWN` says so.
LAYERS = [
    ["cli"],
    ["pipeline"],
    ["steps", "preflight"],
    ["run", "console"],
    ["transforms", "checks", "io", "session", "page", "plan", "local"],
    ["admission", "planner", "rewrite_gate"],
    ["input_gates"],
    ["crm", "usage_lines", "report", "configuration", "java", "state"],
    ["gates"],
    ["schemas", "settings", "fields", "dates"],
    ["errors"],
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MAY_IMPORT_SIBLINGS = {"transforms", "io", "crm", "page"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        if relative.name != "__init__.py" or len(relative.parts) > 1:
            yield relative.parts[0].removesuffix(".py"), path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            if name.startswith("company_activity."):
                yield name.removeprefix("company_activity.")


@pytest.mark.parametrize(("part", "path"), list(modules()), ids=lambda value: getattr(value, "stem", value))
def test_a_module_imports_only_from_below(part: str, path: Path) -> None:
    for name in imported(path):
        target = name.split(".")[0]
        is_sibling = target == part and part in MAY_IMPORT_SIBLINGS
        assert is_sibling or RANK[target] > RANK[part], f"{path.relative_to(ROOT)} imports {name}"


def test_transforms_see_no_io_and_io_sees_no_transforms() -> None:
    for part, path in modules():
        forbidden = {"transforms": "io", "io": "transforms"}.get(part)
        assert not [n for n in imported(path) if n.split(".")[0] == forbidden], path


def test_only_the_session_builds_a_session() -> None:
    builders = [path.name for _, path in modules() if "SparkSession.builder" in path.read_text(encoding="utf-8")]
    assert builders == ["local.py", "session.py"]  # `local` names it in the command that resolves the jars


def test_a_job_only_names_its_step() -> None:
    for job in sorted((ROOT / "jobs").glob("*.py")):
        assert len(job.read_text(encoding="utf-8").splitlines()) <= 12, job
        assert set(imported(job)) <= {"cli", *(n for n in imported(job) if n.startswith("steps."))}, job
