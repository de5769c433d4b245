"""The data dictionary is in step with the schemas: every table, every column once, its type, its NULLs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

import company_activity
from company_activity.schemas import TABLES, Table
from company_activity.settings.loading import load_settings

DICTIONARY = Path(__file__).parents[1] / "sql" / "README.md"
HEADING = re.compile(r"^## `(?P<table>[a-z_.]+)`$", re.MULTILINE)
COLUMNS = "| column | type | NULL | meaning | definition |"
ROW = re.compile(r"\| `(?P<name>\w+)` \| (?P<type>[^|]+) \| (?P<null>[^|]+) \| (?P<meaning>[^|]+) \|[^|]*\|")


@dataclass(frozen=True)
class Entry:
    """A line of the dictionary."""

    name: str
    type: str
    is_nullable: bool


def sections() -> dict[str, str]:
    """The text under the heading of each table, to the next heading of its level."""
    text = DICTIONARY.read_text(encoding="utf-8")
    return {found["table"]: text[found.end() :].split("\n## ")[0] for found in HEADING.finditer(text)}


def entries(section: str) -> list[Entry]:
    """The columns that a section describes."""
    found = []
    for table in section.split(COLUMNS)[1:]:
        _, _, *lines = table.split("\n\n")[0].split("\n")
        rows = [ROW.fullmatch(line) for line in lines]
        assert all(rows), [line for line, row in zip(lines, rows, strict=True) if row is None]
        found += [Entry(r["name"], r["type"].replace("\\", ""), r["null"] != "never") for r in rows if r]
    return found


def test_every_table_has_its_section_and_no_other_has() -> None:
    assert sorted(sections()) == sorted(table.name for table in TABLES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_described_once_with_its_type_and_its_nulls(table: Table) -> None:
    described = entries(sections()[table.name])
    assert [name for name, times in Counter(entry.name for entry in described).items() if times > 1] == []
    declared = {Entry(column.name, column.type, column.nullable) for column in table.columns}
    assert set(described) == declared


def test_every_column_that_a_definition_names_is_there() -> None:
    words = {"product_api", "crm_csv", "binomial_moment", "geometric_mean", "c_101"}
    etl = {"publish_ledger", "publish_lock", "database_id"}
    columns = {name for table in TABLES for name in table.column_names}
    named = set(re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)`", DICTIONARY.read_text(encoding="utf-8")))
    assert named <= columns | words | etl


@pytest.mark.parametrize(
    "file",
    ["transforms/labels.py", "records/fields.py", "records/usage.py", "records/crm/rules.py", "records/crm/repeats.py"],
)
def test_every_code_word_is_explained(file: str) -> None:
    code = Path(company_activity.__path__[0], file).read_text(encoding="utf-8")
    explained = set(re.findall(r"`([A-Z_]+)`", DICTIONARY.read_text(encoding="utf-8")))
    assert set(re.findall(r'"([A-Z]{2,}[A-Z_]*)"', code)) <= explained


def test_the_constants_are_those_of_the_settings() -> None:
    metrics = load_settings().metrics
    engagement, churn = metrics.engagement, metrics.churn
    stated = (
        f"100 · ({engagement.weight_frequency} frequency + {engagement.weight_recency} recency"
        f" + {engagement.weight_breadth} breadth + {engagement.weight_depth} depth)",
        f"max(n, {engagement.min_days})",
        f"`days_since_last_active` / {engagement.recency_days:g})",
        f"exp(−m / {engagement.breadth_users:g})",
        f"exp(−x / {engagement.depth_events:g})",
        f"`rolling_7d_active_users` ≤ {churn.low_use_user_days}, and",
        f"more than {churn.no_contact_days} days old",
        f"below {churn.sharp_drop_percent} % of Σu [D−13, D−7], which was at least {churn.sharp_drop_min_base}",
    )
    text = DICTIONARY.read_text(encoding="utf-8")
    assert [sentence for sentence in stated if sentence not in text] == []
