"""200 random changes of the deployment files, over all platforms, are caught 200 times."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from deployment.__main__ import stale
from deployment.platforms import CHECKS, DEPLOY

from support.mutations.mutants import Mutant, mutants

TOTAL = int(os.environ.get("MUTATIONS", "200"))
SEED = int(os.environ.get("SEED", "19"))
SHARES = {name: -(-TOTAL // len(CHECKS)) for name in CHECKS}


def survivors(name: str, made: Iterator[Mutant], seen: Counter[str]) -> Iterator[str]:
    """Each mutant that a platform's check has nothing against.

    One that only differs from what is generated is counted apart: it says nothing of the check.
    """
    for mutant in made:
        seen[mutant.kind] += 1
        if CHECKS[name](mutant.folder):
            continue
        if list(stale(name, mutant.folder)):
            seen["of these only not as generated"] += 1
            print(f"not as generated: {name}: {mutant}")
        else:
            yield f"{name}: {mutant}"


@pytest.mark.parametrize("name", CHECKS)
def test_the_files_as_they_stand_have_no_fault(name: str) -> None:
    assert [*CHECKS[name](DEPLOY / name), *stale(name, DEPLOY / name)] == []


@pytest.mark.parametrize("name", CHECKS)
def test_every_change_is_caught(name: str) -> None:
    seen: Counter[str] = Counter()
    left = list(survivors(name, mutants(DEPLOY / name, SHARES[name], SEED), seen))
    print(f"{name}: {SHARES[name] - len(left)} of {SHARES[name]} caught: {dict(seen)}")
    assert left == [], "\n".join(left)
