"""A lake is read without a JVM: what 0.1 wrote of four dates of the sample are the records that the oracle accepts of them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from company_activity.schemas import PRODUCT_USAGE

from reliability.actions.lake import active_files, rows_of
from reliability.actions.model import Model
from reliability.actions.product import counted
from reliability.actions.sites import begin_with_0_1

pytestmark = [pytest.mark.fault]
NAMES = ("company_id", "date", "active_users", "events", "page")


def test_the_records_of_a_lake_of_0_1_are_those_of_the_model(tmp_path: Path) -> None:
    model = Model()
    (tmp_path / "answers").mkdir()
    begin_with_0_1(tmp_path / "place", tmp_path / "answers", model)
    found = rows_of(tmp_path / "place" / "lake", PRODUCT_USAGE)
    assert counted(found, *NAMES) == counted(model.world().staged_usage, *NAMES)
    assert {type(row["ts"]) for row in found} == {int}


def test_a_checkpoint_stands_for_the_commits_up_to_it(tmp_path: Path) -> None:
    added = [{"path": "day=1/a%20b.parquet", "partitionValues": [("day", "1")]}, None]
    pq.write_table(pa.table({"add": added}, schema=CHECKPOINT), tmp_path / f"{10:020}.checkpoint.parquet")
    commits: dict[int, list[object]] = {
        10: [{"add": {"path": "before", "partitionValues": {}}}],
        11: [{"add": {"path": "c", "partitionValues": {"day": None}}}, {"commitInfo": {}}],
        12: [{"remove": {"path": "day=1/a%20b.parquet"}}],
    }
    for number, actions in commits.items():
        (tmp_path / f"{number:020}.json").write_text("\n".join(json.dumps(one) for one in actions))
    assert active_files(tmp_path) == {"c": {"day": None}}
    (tmp_path / f"{12:020}.json").unlink()
    assert active_files(tmp_path) == {"day=1/a b.parquet": {"day": "1"}, "c": {"day": None}}


FILE = pa.struct([("path", pa.string()), ("partitionValues", pa.map_(pa.string(), pa.string()))])
CHECKPOINT = pa.schema([("add", FILE)])
