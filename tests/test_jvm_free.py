"""Only named places ask for what compute without a JVM refuses; `test_spark_connect.py` runs the rest without."""

from __future__ import annotations

import ast
from pathlib import Path

import company_activity

LIB = Path(company_activity.__file__).parent
REFUSED = {
    *("_jvm", "_jsparkSession", "_jsc", "_jdf", "_sc", "sparkContext", "newSession", "rdd"),
    *("cache", "persist", "unpersist", "checkpoint", "localCheckpoint", "cacheTable", "clearCache"),
    "createGlobalTempView",
}
# Behind `has_jvm`, or where a refusal is foreseen. Publishing comes after the gates, and says what it needs.
MAY = {
    "runtime/compute.py": {"_jvm", "cache", "unpersist"},
    "operations/doctor/deep.py": {"_jvm"},
    "io/lake/lock.py": {"_jvm"},
    "io/landing/within_reach.py": {"sparkContext"},
}
PUBLISHING = "io/warehouse/"
SETS = {"runtime/required.py"}


def asked_for(file: Path) -> set[str]:
    """The attributes that a module asks for and that such compute refuses, and what sets a setting of the session."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names = {node.attr for node in attributes} & REFUSED
    sets = {node.attr for node in attributes if ast.unparse(node.value).endswith(".conf")} & {"set", "unset"}
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) if node.module}
    return names | {f"conf.{name}" for name in sets} | {name for name in modules if name.startswith("delta.")}


def test_what_compute_without_a_jvm_refuses_is_asked_for_in_named_places_alone() -> None:
    found = {}
    for file in sorted(LIB.rglob("*.py")):
        path = file.relative_to(LIB).as_posix()
        settable = {"conf.set", "conf.unset"} if path in SETS else set()
        beyond = asked_for(file) - MAY.get(path, set()) - settable
        if beyond and not path.startswith(PUBLISHING):
            found[path] = beyond
    assert found == {}
    assert asked_for(LIB / "io" / "warehouse" / "jdbc.py") == {"_jvm"}  # what the look finds
