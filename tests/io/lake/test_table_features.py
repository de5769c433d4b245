"""What somebody gave a table is found in the commits since our newest one, and in none before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import LakeUnfit
from company_activity.io.lake.delta_log import as_text
from company_activity.io.lake.table_features import features_in, unfit
from company_activity.schemas import PRODUCT_USAGE

from support.lake.content import lake_at

OURS = {"commitInfo": {"userMetadata": as_text({"dates": {}})}}
VECTOR = {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^"}


def commit(*actions: dict[str, Any]) -> str:
    return "\n".join(json.dumps(action) for action in actions)


def metadata(**configuration: str) -> dict[str, Any]:
    return {"metaData": {"id": "t", "configuration": {k.replace("__", "."): v for k, v in configuration.items()}}}


def protocol(*readers: str, writers: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"protocol": {"minReaderVersion": 3, "readerFeatures": [*readers], "writerFeatures": [*readers, *writers]}}


def add(path: str, vector: dict[str, str] | None = None) -> dict[str, Any]:
    return {"add": {"path": path, **({"deletionVector": vector} if vector else {})}}


VECTORS_ON = [commit(metadata(delta__enableDeletionVectors="true"), protocol("deletionVectors"))]
DELETED = [*VECTORS_ON, commit({"remove": {"path": "f"}}, add("f", VECTOR))]
OFF = [*DELETED, commit(metadata(delta__enableDeletionVectors="false"))]
PURGED = [*OFF, commit({"remove": {"path": "f", "deletionVector": VECTOR}}, add("g"))]
CASES = {
    "nothing": ([commit(add("f")), "{}"], None),
    "old protocol": ([commit({"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}})], None),
    "deletion vectors are on": (VECTORS_ON, "deletionVectors"),
    "a row is deleted by a vector": (DELETED, "deletionVectors"),
    "they are off, and one is left": (OFF, "deletionVectors"),
    "they are off and purged": (PURGED, None),
    "a file got its second vector": (
        [*DELETED, commit(add("f", {**VECTOR, "pathOrInlineDv": "x"}))],
        "deletionVectors",
    ),
    "columns are mapped": ([commit(metadata(delta__columnMapping__mode="name"))], "columnMapping"),
    "columns are no longer mapped": ([commit(metadata(delta__columnMapping__mode="name")), commit(metadata())], None),
    "a feature of later": ([commit(protocol("v2Checkpoint", "notYetKnown"))], "notYetKnown"),
    "commits kept elsewhere": (
        [commit(protocol(writers=("invariants", "coordinatedCommits-preview")))],
        "coordinatedCommits-preview",
    ),
}


@pytest.mark.parametrize(("commits", "unfit"), CASES.values(), ids=CASES)
def test_the_newest_word_on_a_feature_counts(commits: list[str], unfit: str | None) -> None:
    assert features_in(reversed(commits)).unfit() == unfit


def test_a_table_is_refused_by_its_name_with_the_remedy_until_it_is_ours_again(tmp_path: Path) -> None:
    log = tmp_path / PRODUCT_USAGE.path / "_delta_log"
    log.mkdir(parents=True)

    def land(*commits: str) -> None:
        for text in commits:
            (log / f"{len(list(log.iterdir())):020}.json").write_text(text, encoding="utf-8")

    land(commit(metadata(), protocol()), commit(OURS))
    lake_at(tmp_path).check_features([PRODUCT_USAGE])
    land(*DELETED)
    with pytest.raises(LakeUnfit, match=r"stg\.product_usage has the Delta feature deletionVectors.*APPLY \(PURGE\)"):
        lake_at(tmp_path).check_features([PRODUCT_USAGE])
    land(*PURGED[2:])
    lake_at(tmp_path).check_features([PRODUCT_USAGE])
    land(commit(OURS))
    assert lake_at(tmp_path).log(PRODUCT_USAGE).features.protocol is None  # what is older than ours is not read


def test_a_feature_with_a_hyphen_is_named_so_that_sql_reads_it() -> None:
    remedy = unfit("stg.t", "file:/t", "coordinatedCommits-preview").remedy
    assert "ALTER TABLE delta.`file:/t` DROP FEATURE 'coordinatedCommits-preview'" in remedy
