"""A manifest says what it said when it was written, or nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from company_activity.errors import LandingCorrupt
from company_activity.io.landing.manifest import VALIDATOR, Manifest, Part, read_manifest

MANIFEST = Manifest(
    date=date(2025, 3, 31),
    generation=2,
    state="complete",
    parts=(Part("date=2025-03-31/gen=000002/usage_2025-03-31_part-00000-r.ndjson", "ab" * 32, 120, 3),),
    pages=2,
    rows=3,
    content_digest="cd" * 32,
    api_url="https://api.test/usage",
    fetched_at=datetime(2025, 4, 1, 3, 0, 0, 5, UTC),
    run_id="r",
    session="20250401T030000000005Z-r",
    held_digests=("ef" * 32,),
)


def test_it_is_read_as_it_was_written() -> None:
    assert read_manifest(MANIFEST.to_json().encode(), "m") == MANIFEST


def test_the_schema_it_is_read_by_is_one() -> None:
    VALIDATOR.check_schema(VALIDATOR.schema)


def test_a_generation_that_is_missing_has_no_parts() -> None:
    missing = replace(MANIFEST, state="missing", parts=(), pages=0, rows=0, content_digest="", restored_generation=None)
    assert read_manifest(missing.to_json().encode(), "m") == missing


def test_the_zone_that_a_time_is_given_in_does_not_show() -> None:
    here = replace(MANIFEST, fetched_at=MANIFEST.fetched_at.astimezone(timezone(timedelta(hours=-7))))
    assert here.to_json() == MANIFEST.to_json()


def test_what_a_later_version_adds_is_passed_over() -> None:
    more = json.loads(MANIFEST.to_json()) | {"added_later": 1}
    assert read_manifest(json.dumps(more).encode(), "m") == MANIFEST


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in json.loads(MANIFEST.to_json()).items() if key != name}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "\xff", '{"format": 1}', MANIFEST.to_json()[:-3]]
    + [json.dumps(without(name)) for name in ("format", "date", "parts", "content_digest", "fetched_at")]
    + [
        json.dumps(without("") | change)
        for change in ({"rows": 4}, {"date": "31.3."}, {"state": "half"}, {"parts": [1]})
    ]
    + [json.dumps(without("") | change) for change in ({"state": "missing"}, {"generation": "2"}, {"rows": "3"})],
)
def test_a_broken_manifest_is_named(text: Any) -> None:
    with pytest.raises(LandingCorrupt, match=r"gen=000002/manifest\.json is no manifest"):
        read_manifest(text.encode("latin-1"), "date=2025-03-31/gen=000002/manifest.json")


def test_a_format_of_a_later_version_asks_for_an_update() -> None:
    with pytest.raises(LandingCorrupt, match="update company-activity"):
        read_manifest(json.dumps(without("") | {"format": 2}).encode(), "m")
