"""What has landed of a date is numbered on from all that anybody knows of it."""

from __future__ import annotations

import json
from pathlib import Path

from support.cycle.place import FIRST, SAMPLES, serving


def note_staged(lake: Path, mark: str) -> None:
    """A staging table whose newest commit says that `FIRST` was staged so."""
    log = lake / "stg" / "product_usage" / "_delta_log"
    log.mkdir(parents=True)
    state = json.dumps({"company_activity": {"dates": {FIRST: mark}}}, separators=(",", ":"))
    commit = {"commitInfo": {"userMetadata": state}}
    (log / f"{0:020}.json").write_text(json.dumps(commit, separators=(",", ":")) + "\n", encoding="utf-8")


def test_a_date_whose_landing_was_lost_counts_on_from_what_was_staged(tmp_path: Path) -> None:
    note_staged(tmp_path / "lake", "3:0123456789abcdef")
    with serving(tmp_path, SAMPLES / "usage") as place:
        assert place.run("ingest", "--start", FIRST, "--end", FIRST) == 0
        assert place.run("ingest", "--start", FIRST, "--end", FIRST) == 0  # the same content: no newer one
    landed = (tmp_path / "landing" / "product-api-raw" / f"date={FIRST}").iterdir()
    assert [folder.name for folder in landed] == ["gen=000004"]


def test_a_date_that_nobody_knows_begins_at_1(tmp_path: Path) -> None:
    with serving(tmp_path, SAMPLES / "usage") as place:
        assert place.run("ingest", "--start", FIRST, "--end", FIRST) == 0
    assert [folder.name for folder in (tmp_path / "landing" / "product-api-raw" / f"date={FIRST}").iterdir()] == [
        "gen=000001"
    ]


def test_a_landing_that_was_set_back_lands_anew_even_what_it_holds(tmp_path: Path) -> None:
    """Staging has a newer generation, of whatever content: only a number beyond it will be staged."""
    with serving(tmp_path, SAMPLES / "usage") as place:
        assert place.run("ingest", "--start", FIRST, "--end", FIRST) == 0
        note_staged(tmp_path / "lake", "2:0123456789abcdef")
        assert place.run("ingest", "--start", FIRST, "--end", FIRST) == 0
    landed = (tmp_path / "landing" / "product-api-raw" / f"date={FIRST}").iterdir()
    assert sorted(folder.name for folder in landed) == ["gen=000001", "gen=000003"]
