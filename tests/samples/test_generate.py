"""The committed samples are what the generator writes, and their truth holds."""

import csv
import io
import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from generate import Sample, files, generate


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate()


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def found(items: list[Any], company_id: str) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict) and item.get("company_id") == company_id]


def test_regenerating_gives_the_committed_bytes(samples: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, samples / "generate.py", "--out", tmp_path], check=True)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    committed = {
        path.relative_to(samples) for folder in ("usage", "crm", "truth") for path in (samples / folder).iterdir()
    }
    assert made == committed
    assert [str(path) for path in made if (tmp_path / path).read_bytes() != (samples / path).read_bytes()] == []


def test_another_seed_gives_other_users_and_the_same_seed_the_same() -> None:
    assert files(generate(seed=2, companies=3)) == files(generate(seed=2, companies=3))
    assert generate(seed=2, companies=3).usage != generate(seed=1, companies=3).usage


def test_a_company_does_the_same_in_a_sample_of_any_size(sample: Sample) -> None:
    assert generate(companies=81).active["c_105"] == sample.active["c_105"]


def test_the_samples_stay_small(samples: Path) -> None:
    assert sum(path.stat().st_size for path in (samples / "usage").iterdir()) < 1_500_000


def test_distinct_monthly_users_lie_between_the_largest_record_and_the_sum_of_clean_companies(
    sample: Sample, samples: Path
) -> None:
    odd = {oddity.company_id for oddity in sample.oddities}
    clean = [row for row in rows(samples / "truth/monthly_users.csv") if row["company_id"] not in odd]
    assert len(clean) > 300
    for row in clean:
        end = date.fromisoformat(row["date"])
        window = [sample.usage[end - timedelta(days=ago)] for ago in range(30)]
        counts = [item["active_users"] for items in window for item in found(items, row["company_id"])]
        assert max(counts, default=0) <= int(row["monthly_users"]) <= sum(counts), row


def test_what_the_rules_accept_is_exactly_what_the_users_did(sample: Sample) -> None:
    odd = {(oddity.day, oddity.item): oddity for oddity in sample.oddities}
    for at, day in enumerate(sample.dates):
        totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for place, item in enumerate(sample.usage[day]):
            oddity = odd.get((day, place))
            if oddity and (oddity.reasons or "duplicate" in oddity.kind):
                continue
            totals[item["company_id"].strip(" ")][0] += item["active_users"]
            totals[item["company_id"].strip(" ")][1] += item["events"]
        true = {one: [len(did[at]), sum(did[at].values())] for one, did in sample.active.items() if did[at]}
        assert {one: sums for one, sums in totals.items() if sums[0]} == true


def test_a_churned_company_is_never_active_again_and_was_on_the_day_before(sample: Sample, samples: Path) -> None:
    churns = rows(samples / "truth/churn.csv")
    assert len(churns) == 8
    for row in churns:
        at = (date.fromisoformat(row["churned_on"]) - sample.dates[0]).days
        assert sample.active[row["company_id"]][at - 1]
        assert not any(sample.active[row["company_id"]][at:])
        assert row["wave_from"] <= row["churned_on"]


def test_companies_that_pause_come_back(sample: Sample) -> None:
    pauses = [one.company_id for one in sample.companies if one.role.pattern == "paused"]
    assert pauses
    for company_id in pauses:
        days_used = [at for at, active in enumerate(sample.active[company_id]) if active]
        assert max(later - day for day, later in pairwise(days_used)) > 14


def test_no_snapshot_loses_half_of_the_companies_of_the_one_before(samples: Path) -> None:
    known = [known_companies(path) for path in sorted((samples / "crm").iterdir())]
    assert [len(companies) for companies in known] == [34, 36, 35, 38]
    assert all(2 * len(later) > len(earlier) for earlier, later in pairwise(known))


def known_companies(path: Path) -> set[str]:
    text = io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")
    header, *lines = csv.reader(text)
    return {line[header.index("company_id")].strip(" ") for line in lines if len(line) == len(header)}


def test_the_readme_names_every_oddity_and_its_dates(sample: Sample, samples: Path) -> None:
    lines = (samples / "README.md").read_text(encoding="utf-8").splitlines()
    for oddity in sample.oddities:
        assert any(f"| {oddity.kind} |" in line and oddity.day.isoformat() in line for line in lines), oddity


def test_the_smallest_sample_holds_the_companies_of_its_own_crm(samples: Path) -> None:
    items = json.loads((samples / "smallest/usage/2025-11-23.json").read_text())["items"]
    crm = rows(samples / "smallest/crm/sample_crm_2025-11-23.csv")
    assert [item["company_id"] for item in items] == [row["company_id"] for row in crm] == ["c_001", "c_002", "c_003"]
