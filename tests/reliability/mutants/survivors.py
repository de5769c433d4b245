"""The mutants that may survive, each with its reason: a file of YAML a part.

A survivor is named by its function and the changed lines, not by mutmut's number, which moves with every line before.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from reliability.mutants.parts import Part

PLACE = Path(__file__).with_name("survivors")


@dataclass(frozen=True)
class Allowed:
    """What the list of a part allows."""

    survivors: dict[tuple[str, str], str]  # function and changed lines: the reason
    elsewhere: dict[str, str]  # function that no plain test runs: which test judges it


def allowed(part: Part) -> Allowed:
    """The list of the part."""
    path = PLACE / f"{part.name}.yaml"
    said = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    survivors = {
        (function, change.strip()): group["why"]
        for group in said.get("survivors", [])
        for function, changes in group["in"].items()
        for change in changes
    }
    return Allowed(survivors, said.get("elsewhere", {}))
