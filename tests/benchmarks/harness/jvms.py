"""How many JVMs a command starts, be it only to ask for a version: each goes through a `java` that notes it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from company_activity.runtime.java import use_java

from benchmarks.harness.errors import NotHere

NOTING = """#!/bin/sh
echo "$*" >> "{notes}"
exec "{java}" "$@"
"""


def noting_jvms(folder: Path) -> dict[str, str]:
    """The environment of a command whose JVMs are noted under `folder`."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(NOTING.format(notes=folder / "notes", java=real_java()), encoding="utf-8")
    java.chmod(0o755)
    return {"JAVA_HOME": str(folder)}


def jvms(folder: Path) -> int:
    """How many have been started since."""
    notes = folder / "notes"
    return len(notes.read_text(encoding="utf-8").splitlines()) if notes.exists() else 0


def real_java() -> str:
    """The Java that a run here would take.

    Raises:
        NotHere: if there is none.
    """
    home = use_java() or os.environ.get("JAVA_HOME")
    found = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if not found:
        raise NotHere("no Java; run: make setup")
    return found
