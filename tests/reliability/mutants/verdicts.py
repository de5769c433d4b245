"""What mutmut found of each mutant, as it keeps it in its files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from reliability.mutants.parts import Part

# By exit code of the tests: a failed test, or pytest itself broken by the mutant, is a kill.
KILLED = (1, 3)
SURVIVED = 0
UNTESTED = (5, 33)
TIMED_OUT = (-24, 24, 36, 152, 255)

# Run where mutmut worked: what it changed in each, from its own files.
DIFFS = """
import json, sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
json.dump({name: get_diff_for_mutant(name) for name in json.load(sys.stdin)}, sys.stdout)
"""


@dataclass(frozen=True)
class Verdicts:
    """The names of a part's mutants, by what became of them; `other` were not judged: the tests ended some other way."""

    killed: tuple[str, ...]
    survived: tuple[str, ...]
    untested: tuple[str, ...]
    timed_out: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def score(self) -> float:
        """Killed among all that a plain test reaches, in percent; a mutant that hangs is noticed too.

        >>> Verdicts(("a", "b"), ("c",), ("d",), ("e",), ()).score
        75.0
        """
        noticed = len(self.killed) + len(self.timed_out)
        return 100 * noticed / (noticed + len(self.survived) + len(self.other))


def read(part: Part, place: Path) -> Verdicts:
    """The verdicts of the part's mutants."""
    codes: dict[str, int | None] = {}
    for path in sorted((place / "mutants").rglob("*.py.meta")):
        codes |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    ours = {name: code for name, code in codes.items() if is_of(part, name)}
    known = (*KILLED, SURVIVED, *UNTESTED, *TIMED_OUT)
    return Verdicts(
        killed=tuple(name for name, code in ours.items() if code in KILLED),
        survived=tuple(name for name, code in ours.items() if code == SURVIVED),
        untested=tuple(name for name, code in ours.items() if code in UNTESTED),
        timed_out=tuple(name for name, code in ours.items() if code in TIMED_OUT),
        other=tuple(name for name, code in ours.items() if code not in known),
    )


def is_of(part: Part, name: str) -> bool:
    """Whether a mutant counts for the part."""
    return not part.functions or any(fnmatchcase(name, pattern) for pattern in part.functions)


def function_of(name: str) -> str:
    """The function that a mutant changes, as Python names it.

    >>> function_of("company_activity.errors.xǁCompanyActivityErrorǁ__str____mutmut_2")
    'company_activity.errors.CompanyActivityError.__str__'
    >>> function_of("company_activity.dates.x_parsed__mutmut_11")
    'company_activity.dates.parsed'
    """
    module, _, mangled = name.rpartition("__mutmut_")[0].rpartition(".")
    plain = mangled.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in mangled else mangled.removeprefix("x_")
    return f"{module}.{plain}"


def diffs(place: Path, names: Iterable[str]) -> dict[str, str]:
    """The changed lines of each mutant, `-` before `+`, without the blanks around: they stay where lines move."""
    command = [sys.executable, "-c", DIFFS]
    asked = json.dumps(list(names))
    done = subprocess.run(command, cwd=place, input=asked, capture_output=True, text=True, check=True)
    return {name: changed(diff) for name, diff in json.loads(done.stdout).items()}


def changed(diff: str) -> str:
    r"""The changed lines of a diff.

    >>> changed("--- a\n+++ b\n@@ -1 +1 @@\n def f():\n-    return 1\n+    return 2")
    '- return 1\n+ return 2'
    """
    lines = [line for line in diff.splitlines()[2:] if line.startswith(("-", "+"))]
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines)
