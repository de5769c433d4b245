"""The data dictionary is in step with the schemas and the formulas: every table, every column once, its type, its NULLs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

import company_activity
from company_activity.formulas import FORMULAS, Formula
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, TABLES, Table
from company_activity.settings.loading import load_settings

DICTIONARY = Path(__file__).parents[1] / "sql" / "README.md"
HEADING = re.compile(r"^## `(?P<table>[a-z_.]+)`$", re.MULTILINE)
COLUMNS = "| column | type | NULL | meaning | definition |"
ROW = re.compile(
    r"\| `(?P<name>\w+)` \| (?P<type>[^|]+) \| (?P<null>[^|]+) \| (?P<meaning>[^|]+) \| ?(?P<definition>[^|]*?) ?\|"
)
CONDITION = re.compile(r"^\| `(?P<word>\w+)` \| (?P<condition>[^|]+) \|", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A line of the dictionary."""

    name: str
    type: str
    null: str
    definition: str


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
        found += [Entry(r["name"], r["type"].replace("\\", ""), r["null"], r["definition"]) for r in rows if r]
    return found


def test_every_table_has_its_section_and_no_other_has() -> None:
    assert sorted(sections()) == sorted(table.name for table in TABLES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_described_once_with_its_type_and_its_nulls(table: Table) -> None:
    described = entries(sections()[table.name])
    assert [name for name, times in Counter(entry.name for entry in described).items() if times > 1] == []
    declared = {(column.name, column.type, column.nullable) for column in table.columns}
    assert {(entry.name, entry.type, entry.null != "never") for entry in described} == declared


def test_every_definition_of_the_activity_table_is_the_declared_formula() -> None:
    described = entries(sections()[COMPANY_ACTIVITY_DAILY.name])
    declared = {name: (formula.null or "never", formula.text) for name, formula in formulas().items()}
    assert {entry.name: (entry.null, entry.definition) for entry in described} == declared


def test_every_word_of_a_column_has_the_declared_condition_and_the_declared_order() -> None:
    tables = sections()[COMPANY_ACTIVITY_DAILY.name].split(" | holds when |")[1:]
    described = [dict(CONDITION.findall(table.split("\n\n")[0])) for table in tables]
    declared = {tuple(formula.words.items()) for formula in formulas().values() if formula.words}
    assert {tuple(words.items()) for words in described} == declared


def formulas() -> dict[str, Formula]:
    """The formulas with the constants of the settings."""
    metrics = load_settings().metrics
    return {name: formula.with_constants(metrics) for name, formula in FORMULAS.items()}


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
