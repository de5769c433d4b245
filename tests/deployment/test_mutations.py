"""200 random changes of the deployment files, over all platforms, are caught 200 times."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployment.__main__ import stale
from deployment.platforms import CHECKS, DEPLOY

from support.mutations.mutants import Mutant, mutants

TOTAL = int(os.environ.get("MUTATIONS", "200"))
SEED = int(os.environ.get("SEED", "19"))
SHARES = {name: -(-TOTAL // len(CHECKS)) for name in CHECKS}


def faults(name: str, folder: Path) -> list[str]:
    """What `make deploy` says of a platform's folder."""
    return [str(fault) for fault in (*CHECKS[name](folder), *stale(name, folder))]


def survivors(name: str, made: Iterator[Mutant], seen: Counter[str]) -> Iterator[str]:
    """Each mutant that a platform's check has nothing against."""
    for mutant in made:
        seen[mutant.kind] += 1
        if not faults(name, mutant.folder):
            yield f"{name}: {mutant}"


@pytest.mark.parametrize("name", CHECKS)
def test_the_files_as_they_stand_have_no_fault(name: str) -> None:
    assert faults(name, DEPLOY / name) == []


@pytest.mark.parametrize("name", CHECKS)
def test_every_change_is_caught(name: str) -> None:
    seen: Counter[str] = Counter()
    left = list(survivors(name, mutants(DEPLOY / name, SHARES[name], SEED), seen))
    print(f"{name}: {sum(seen.values()) - len(left)} of {sum(seen.values())} caught: {dict(seen)}")
    assert left == [], "\n".join(left)
    assert sum(seen.values()) == SHARES[name]
