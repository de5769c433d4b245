"""Random actions on a real lake and a real database, judged by a model in plain Python after every third one.

Six of them at night; in `make reliability` sixteen sequences of twenty. A sequence that fails is made shorter, as
far as the time of `ACTIONS_SHRINK_SECONDS` goes, and told as a line that `ACTIONS` replays.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reliability.actions.actions import Action, parsed, sequence, told
from reliability.actions.play import Diverged, play
from reliability.actions.shrink import shrunk
from reliability.actions.sites import SITES, real_site, site_of
from reliability.harness.cases import Cases
from support.warehouse.postgres import Cluster, postgres

__all__ = ["postgres"]  # a fixture: found by its name
pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.integration]

SEQUENCES, LENGTH = 16, 20
SHRINK_SECONDS = float(os.environ.get("ACTIONS_SHRINK_SECONDS", "600"))
# Two runs with news: a late date, a correction, a file with other bytes, and a database that crashed in between.
SHORT = "crm 0 1 2; land 3 0; malformed 4 1; land 0 1; restart; crm 0 2 1"


def played(cluster: Cluster, folder: Path, site: str, actions: Sequence[Action]) -> None:
    """Play a sequence on a site of its own.

    Raises:
        AssertionError: with what the last command said, where it diverges.
    """
    with TemporaryDirectory(dir=folder) as own, real_site(site, Path(own), cluster) as (real, model):
        try:
            play(real, actions, model)
        except AssertionError as failure:
            failure.add_note(real.said())
            raise


def fails(cluster: Cluster, folder: Path, site: str, actions: Sequence[Action]) -> bool:
    try:
        played(cluster, folder, site, actions)
    except AssertionError:
        return True
    return False


@pytest.mark.nightly
def test_a_late_date_a_replaced_file_and_a_crash_of_the_database_leave_what_the_model_says(
    postgres: Cluster, tmp_path: Path
) -> None:
    played(postgres, tmp_path, SITES[0], parsed(os.environ.get("ACTIONS", SHORT)))


@pytest.mark.full
@pytest.mark.row("A1")
def test_random_actions_leave_what_the_model_says(postgres: Cluster, tmp_path: Path, cases: Cases) -> None:
    for key in cases.left([f"seed {number}" for number in range(SEQUENCES)], short=1):
        seed = int(key.split()[1])
        site, actions = site_of(seed), sequence(seed, LENGTH)
        with cases.one(key) as notes:
            print(f"{key} on {site}: {told(actions)}", flush=True)
            shorter_when_it_fails(postgres, tmp_path, site, actions)
            notes.append(f"{len(actions)} actions on {site}")


def shorter_when_it_fails(cluster: Cluster, folder: Path, site: str, actions: Sequence[Action]) -> None:
    """Play a sequence.

    Raises:
        AssertionError: with the shortest sequence that was seen to fail, if it diverges.
    """
    try:
        played(cluster, folder, site, actions)
    except Diverged as failure:
        begun = actions[: failure.actions]
        short = shrunk(begun, lambda some: fails(cluster, folder, site, some), SHRINK_SECONDS)
        raise AssertionError(f"{failure}; on {site}, shorter: {told(short)}") from failure
