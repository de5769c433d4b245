"""A plan on a lake whose states cannot be read says so: the run would find out with Spark, and be refused."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, Table

from support.cycle.place import Place

ARCHIVE = Path(__file__).parents[1] / "integration" / "place_0_1.tar.gz"


def forget(place: Place, table: Table) -> None:
    """Take the state out of each commit, as a log does that was cleaned behind foreign commits."""
    for commit in (place.folder / "lake" / table.path / "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in commit.read_text("utf-8").splitlines()]
        for action in actions:
            action.get("commitInfo", {}).pop("userMetadata", None)
        commit.write_text("".join(f"{json.dumps(action, separators=(',', ':'))}\n" for action in actions), "utf-8")


@pytest.mark.parametrize("tables", [(), (COMPANY_ACTIVITY_DAILY,), (PRODUCT_USAGE, COMPANY_ACTIVITY_DAILY)])
def test_a_state_that_cannot_be_read_is_told_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tables: tuple[Table, ...]
) -> None:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    for table in tables:
        forget(place, table)
    assert place.run("plan", "--date", "2025-08-30", "--json") == 0
    gate: dict[str, Any] = json.loads(capsys.readouterr().out)["gate_rewrite"]
    assert (gate["unreadable"], gate["may_refuse"]) == ([table.name for table in tables], bool(tables))
    assert gate["dates_not_asked_for"] == 4
