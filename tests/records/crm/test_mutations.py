"""One byte of a file changes: no row may shift, vanish or turn into another without a word."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company_activity.errors import CrmFileRefused
from company_activity.records.crm import CrmFile

from .files import DAY, INNER, PATH, TODAY, Row, Written, comparable, read, write, written_files
from .mutations import (
    Mutation,
    by_line,
    changed_columns,
    is_of_the_whole_file,
    lines_before,
    mutations,
)
from .reference import parse
from .reference_file import reference_read

pytestmark = pytest.mark.fault
ALPHABET = b'",\r\n a1-\0\xff\xc3\xa9'
SMALL: list[Row] = [
    ("a", 'A"b, c', "DE", "", "2025-01-10"),
    (" b", "two\r\nlines", "FR", "x\ny", "2025-01-01T10:00:00Z"),
    ("a", 'A"b, c', "DE", " ", "2025-01-10T00:00Z"),
    ("cé", INNER, "", '"', ""),
]


def check(written: Written, before: CrmFile, mutation: Mutation) -> None:
    """The property of issue 5, and equality with reference parser and oracle, for one mutation."""
    data = mutation.apply(written.data)
    expected = reference_read(data, DAY, TODAY, PATH)
    try:
        after = read(data)
    except CrmFileRefused:
        assert expected is None
        assert is_of_the_whole_file(written, mutation) or mutation.is_structural or mutation.may_shift_cells
        return
    assert comparable(after) == expected
    if mutation.is_structural:
        check_rows_before(written, before, after, mutation)
    elif not is_of_the_whole_file(written, mutation):
        check_every_row({record.line for record in parse(written.data)}, before, after)


def check_every_row(lines_of_rows: set[int], before: CrmFile, after: CrmFile) -> None:
    """Each row is equal, quarantined, or differs in one column; one that is not listed repeats a later row, or is blank.

    A comma too many in a row that ends in an empty cell shifts cells, with a warning: it may as well be one at its end.
    """
    old, new = by_line(before), by_line(after)
    refused = {row.line for row in after.quarantined}
    assert new.keys() <= lines_of_rows  # no row out of the inside of another
    columns = [changed_columns(old[line], new[line]) for line in old.keys() & new.keys()]
    assert sum(len(changed) for changed in columns) <= 1 or after.surplus > before.surplus
    companies = {record.company_id for record in after.accepted}
    is_blanked = after.blank == before.blank + 1
    for line in old.keys() - new.keys() - refused:
        assert old[line].company_id in companies or after.duplicates == before.duplicates + 1 or is_blanked


def check_rows_before(written: Written, before: CrmFile, after: CrmFile, mutation: Mutation) -> None:
    """Accepted rows that end before the mutation stand, unless a later row of their company beats them."""
    last = lines_before(written.data, mutation.at)
    new = by_line(after)
    for line, record in by_line(before).items():
        if line <= last and new.get(line) != record:
            assert any(later.company_id == record.company_id and later.line > line for later in after.accepted)
    refused = {row.line: row for row in after.quarantined}
    broken = [row for row in before.quarantined if row.line <= last and row.reasons != ["DUPLICATE_KEY"]]
    assert [refused.get(row.line) for row in broken] == broken


def test_every_mutation_of_a_small_file_with_every_awkward_byte() -> None:
    for seed in range(2):
        written = write(SMALL, Random(seed))
        before = read(written.data)
        for mutation in mutations(written.data, ALPHABET):
            check(written, before, mutation)


@given(written_files(), st.data())
@settings(max_examples=700, deadline=None)
def test_any_mutation_of_any_file(written: Written, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(written.data)))
    old = written.data[at : at + data.draw(st.integers(0, 1))]
    new = data.draw(st.sampled_from(ALPHABET) | st.integers(0, 255))
    mutation = Mutation(at, old, b"" if data.draw(st.integers(0, 3)) == 0 else bytes([new]))
    check(written, read(written.data), mutation)


@given(written_files(), st.lists(st.tuples(st.floats(0, 1), st.sampled_from(ALPHABET)), min_size=2, max_size=6))
@settings(max_examples=300, deadline=None)
def test_many_mutations_are_read_as_reference_parser_and_oracle_read_them(
    written: Written, changes: list[tuple[float, int]]
) -> None:
    data = written.data
    for place, byte in changes:
        data = Mutation(round(place * len(data)), b"", bytes([byte])).apply(data)
    expected = reference_read(data, DAY, TODAY, PATH)
    try:
        assert comparable(read(data)) == expected
    except CrmFileRefused:
        assert expected is None
