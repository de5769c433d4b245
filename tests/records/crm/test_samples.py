"""The committed samples: what `samples/README.md` says of them is what is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from company_activity.records.crm import CrmFile, read_crm_file

SAMPLES = Path(__file__).parents[3] / "samples"


def sample(name: str) -> CrmFile:
    return read_crm_file(name, (SAMPLES / name).read_bytes(), date(2025, 11, 23))


@pytest.mark.parametrize(
    ("name", "rows_in", "duplicates", "quarantined", "extra_columns"),
    [
        ("crm/crm_2025-08-20.csv", 34, 0, [], []),
        ("crm/crm_2025-09-20.csv", 37, 1, [], []),
        ("crm/crm_2025-10-20.csv", 36, 0, [(None, ["BAD_ROW"])], ["territory"]),
        ("crm/crm_2025-11-20.csv", 38, 0, [("c_119", ["BAD_TIMESTAMP"])], []),
        ("smallest/crm/sample_crm_2025-11-23.csv", 3, 0, [], []),
    ],
)
def test_a_sample(
    name: str, rows_in: int, duplicates: int, quarantined: list[object], extra_columns: list[str]
) -> None:
    file = sample(name)
    assert str(file.file_date) in name
    assert (file.rows_in, file.duplicates, file.extra_columns) == (rows_in, duplicates, extra_columns)
    assert [(row.company_id, row.reasons) for row in file.quarantined] == quarantined


def test_a_name_over_two_lines_keeps_its_line_break() -> None:
    names = {record.company_id: record.name for record in sample("crm/crm_2025-09-20.csv").accepted}
    assert "\n" in (names["c_114"] or "")
    assert "\r" not in (names["c_114"] or "")
