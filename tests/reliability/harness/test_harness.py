"""A case that passed is not run again with the same code, one that failed is; a row is met by enough that passed and none that failed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reliability.harness.cases import Cases
from reliability.harness.kept import Kept, code_of
from reliability.harness.rows import ROWS, Row
from reliability.harness.table import is_met, table

ROW = Row("X1", "a thing survives", 3, "things", ("reliability/x",))


def long_form(folder: Path, code: str = "c1", until: float = 100.0, now: float = 0.0) -> Cases:
    return Cases(ROW, Kept(folder, ()), code, until, lambda: now)


def ran(cases: Cases, *failing: int) -> list[int]:
    """Run what is left of four cases, of which some fail."""
    done = []
    for number in cases.left(range(4), short=2):
        done.append(number)
        try:
            with cases.one(number) as notes:
                notes.append(f"saw {number}")
                assert number not in failing, "it broke"
        except AssertionError:
            pass
    return done


def test_what_passed_is_not_run_again_and_what_failed_is(tmp_path: Path) -> None:
    assert ran(long_form(tmp_path), 2) == [0, 1, 2, 3]
    assert ran(long_form(tmp_path)) == [2]
    assert ran(long_form(tmp_path)) == []
    assert ran(long_form(tmp_path, code="c2")) == [0, 1, 2, 3]


def test_the_short_form_runs_a_few_and_notes_nothing(tmp_path: Path) -> None:
    assert ran(Cases(ROW, Kept(tmp_path, ()), "")) == [0, 2]
    assert list(tmp_path.iterdir()) == []


def test_no_case_begins_after_the_time(tmp_path: Path) -> None:
    assert ran(long_form(tmp_path, until=5.0, now=5.0)) == []


def test_a_failure_outweighs_any_number_that_passed(tmp_path: Path) -> None:
    cases = long_form(tmp_path)
    ran(cases, 1)
    known = cases.kept.cases(ROW, "c1")
    assert not is_met(ROW, known.values())
    assert known["1"].why == "AssertionError: it broke\nassert 1 not in (1,)"
    ran(cases)
    assert is_met(ROW, cases.kept.cases(ROW, "c1").values())


def test_a_line_that_a_kill_cut_short_is_passed_over(tmp_path: Path) -> None:
    cases = long_form(tmp_path)
    ran(cases)
    file = tmp_path / "X1.jsonl"
    file.write_text(file.read_text()[:-9])
    assert set(cases.passed()) == {"0", "1", "2"}


def test_the_table_shows_what_is_open_and_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reliability.harness.table.code_of", lambda row: "c1")
    cases = long_form(tmp_path)
    assert " open " in table([ROW], cases.kept)
    ran(cases, 3)
    lines = table([ROW], cases.kept).splitlines()
    assert lines[1].split()[:7] == ["X1", "a", "thing", "survives", "3", "3", "things"]
    assert " FAILED " in lines[1]
    assert lines[2] == "X1 3: assert 3 not in (3,)"
    ran(cases)
    assert " pass " in table([ROW], cases.kept).splitlines()[1]


def test_code_is_what_the_row_runs_and_no_prose(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("lib/a.py", "lib/a.md", "tests/reliability/x/test_x.py", "tests/reliability/y/test_y.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    first = code_of(ROW, tmp_path)
    (tmp_path / "lib/a.md").write_text("2")
    (tmp_path / "tests/reliability/y/test_y.py").write_text("2")
    assert code_of(ROW, tmp_path) == first
    (tmp_path / "tests/reliability/x/test_x.py").write_text("2")
    second = code_of(ROW, tmp_path)
    (tmp_path / "lib/a.py").write_text("2")
    assert len({first, second, code_of(ROW, tmp_path)}) == 3


def test_each_row_names_files_that_are_there() -> None:
    tests = Path(__file__).resolve().parents[2]
    for row in ROWS:
        assert all((tests / place.split("::")[0]).exists() for place in row.selects), row
    assert len({row.name for row in ROWS}) == len(ROWS)
