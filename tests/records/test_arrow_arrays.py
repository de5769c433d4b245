"""Arrow arrays made without `pa.array` are those that it makes; and no pandas is imported for a landed line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company_activity.records import arrow_arrays
from company_activity.records.arrow_arrays import (
    flag_array,
    flags_of,
    integer_array,
    integers_of,
    optional_integers,
    optional_texts,
    word_lists,
)

NUMBERS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)

PROGRAM = """
import sys
from company_activity.records.arrow_arrays import optional_texts
from company_activity.records.usage_columns import read_lines

place = '"_date":"2025-01-01","_page":1,"_item":2}'
plain = '{"company_id":"a","active_users":3,"events":9,"ts":"2025-01-01",' + place
lines = optional_texts([plain, plain.replace("9", "null"), plain.replace("9", '9,"more":1')])
for every_raw in (False, True):
    read_lines(lines, every_raw=every_raw)
sys.exit("pandas" in sys.modules)
"""


def same(found: pa.Array, due: pa.Array) -> bool:
    found.validate(full=True)
    return bool(found.type == due.type and found.equals(due))


@settings(deadline=None)
@given(NUMBERS)
def test_numbers_go_there_and_back(numbers: list[int]) -> None:
    made = integer_array(np.array(numbers, np.int64))
    assert same(made, pa.array(numbers, pa.int64()))
    assert list(integers_of(made[3:])) == numbers[3:]


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=20))
def test_flags_go_there_and_back(flags: list[bool]) -> None:
    made = flag_array(np.array(flags, np.bool_))
    assert same(made, pa.array(flags, pa.bool_()))
    assert list(flags_of(made[3:])) == flags[3:]


@settings(deadline=None)
@given(NUMBERS, st.lists(st.none() | TEXTS, max_size=20), st.lists(st.lists(TEXTS, max_size=4), max_size=9))
def test_python_values_become_what_arrow_makes_of_them(
    numbers: list[int], texts: list[str | None], lists: list[list[str]]
) -> None:
    some = [None if number % 3 == 0 else number for number in numbers]
    assert same(optional_integers(some), pa.array(some, pa.int64()))
    assert same(optional_texts(texts), pa.array(texts, pa.string()))
    assert same(word_lists(lists), pa.array(lists, pa.list_(pa.string())))


def test_more_than_32_bits_can_count_is_refused() -> None:
    too_many = cast(Sequence[str], range(2**31 - 1))
    with pytest.raises(OverflowError, match="2,147,483,648 bytes or values"):
        arrow_arrays._ends([too_many, [""]])


def test_reading_lines_imports_no_pandas() -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM], check=False).returncode == 0
