"""Where mutmut works: a copy of the tree below `.local`, so that no file of the checkout changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from reliability.harness.kept import ROOT
from reliability.mutants.parts import Part

PLACE = ROOT / ".local" / "mutants"
COPIED = ("conf", "sql", "samples", "tests", "jobs", "notebooks")
PLAIN = "not spark and not long and not fault and not integration"
SECONDS = 40 * 60
UNKEPT = shutil.ignore_patterns("__pycache__", ".venv*", ".local", "*.parquet")


def build(part: Part, place: Path) -> None:
    """Copy the tree; `lib` is `src` there, a root that mutmut leaves out of a module's name."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for folder in COPIED:
        shutil.copytree(ROOT / folder, place / folder, ignore=UNKEPT)
    shutil.copytree(ROOT / "lib", place / "src", ignore=UNKEPT)
    shutil.copy(ROOT / "setup.cfg", place)
    ours = (ROOT / "pyproject.toml").read_text("utf-8")
    (place / "pyproject.toml").write_text(f"{ours}\n{configuration(part)}", "utf-8")


def code_of(part: Part) -> str:
    """Changes with each file that mutants or their tests may read, and with how they are judged; not with a list."""
    digest = hashlib.sha256(configuration(part).encode())
    for folder in ("lib", "conf", "sql", "samples", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            counts = path.is_file() and path.suffix not in (".pyc", ".md") and "reliability" not in path.parts
            if counts:
                digest.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def configuration(part: Part) -> str:
    """What mutmut reads: lists of strings, which TOML writes as Python does.

    A mutant's tests may take 20 times as long as the code's own, and 20 seconds, before that counts as a hang.
    """
    tests = [f"tests/{name}" for name in part.tests] + [f"src/company_activity/{name}" for name in part.examples]
    left_out = " and ".join(f"not {name}" for name in part.without if not name.endswith(".py"))
    ignored = [f"--ignore-glob=*/{name}" for name in part.without if name.endswith(".py")]
    chosen = ["-m", PLAIN, "-p", "no:cacheprovider", *ignored, *(["-k", left_out] if left_out else [])]
    settings: dict[str, object] = {
        "source_paths": ["src"],
        "only_mutate": [f"src/company_activity/{name}" for name in part.modules],
        "do_not_mutate": [f"src/company_activity/{name}" for name in part.but],
        "also_copy": [name for name in COPIED if name != "tests"],
        "pytest_add_cli_args_test_selection": tests,
        "pytest_add_cli_args": chosen,
        "timeout_multiplier": 20.0,
        "timeout_constant": 1.0,
    }
    return "\n".join(["[tool.mutmut]", *(f"{name} = {value!r}" for name, value in settings.items())])


def mutmut(place: Path, *words: str) -> str:
    """Run mutmut there; what it says.

    In continuous integration hypothesis draws the same examples each time, and keeps none: so verdicts stay.
    """
    environ = {**os.environ, "CI": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "mutmut", *words]
    done = subprocess.run(
        command, cwd=place, env=environ, capture_output=True, text=True, timeout=SECONDS, errors="replace"
    )
    if done.returncode:
        raise RuntimeError(f"mutmut {' '.join(words[:3])} failed:\n{(done.stdout + done.stderr)[-5000:]}")
    return done.stdout
