"""Measure the rows of the table, and print it: figure, goal, pass or short.

    make bench                        every row at full size
    make bench ROWS=L1,L3             some of them
    make bench SIZE=small             small inputs: whether the harness works; times have no goal then
    make bench AGAIN=1                also what has been measured at this commit with these inputs

The table is also .local/bench/table-full.json; figures are kept under .local/bench/results/. 1 if a figure misses its goal, or a row broke off.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.errors import NotHere
from benchmarks.harness.figures import Bench, Row, Size
from benchmarks.harness.places import ROOT
from benchmarks.harness.results import Result, Results, code_id, key_of
from benchmarks.harness.table import as_json, is_short, table
from benchmarks.rows import ROWS

FOLDER = ROOT / ".local" / "bench"


def chosen(names: str) -> list[Row]:
    """The rows of a comma-separated list; all of them where it is empty.

    Raises:
        SystemExit: if one is no row.
    """
    wanted = [name.strip().upper() for name in names.split(",") if name.strip()]
    unknown = sorted(set(wanted) - {row.name for row in ROWS})
    if unknown:
        sys.exit(f"no row {', '.join(unknown)}; rows are {', '.join(row.name for row in ROWS)}")
    return [row for row in ROWS if not wanted or row.name in wanted]


def measured(row: Row, size: Size, key: str, folder: Path) -> Result:
    """Measure a row, whatever comes of it."""
    began = time.perf_counter()
    bench = Bench(size, str(folder), row.inputs[size])
    try:
        figures = row.measure(bench)
    except NotHere as lacking:
        return Result(row.name, size, key, time.perf_counter() - began, why=str(lacking))
    except Exception:  # the other rows are measured all the same
        return Result(row.name, size, key, time.perf_counter() - began, why=traceback.format_exc(), is_broken=True)
    return Result(row.name, size, key, time.perf_counter() - began, tuple(figures))


def work_folder(code: str) -> Path:
    """Where prepared landings and lakes lie; those of other code are removed."""
    work = FOLDER / "work"
    for other in work.glob("*"):
        if other.name != code:
            shutil.rmtree(other)
    folder = work / code
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(rows: Sequence[Row], size: Size, is_again: bool) -> list[Result]:
    """Measure what has not been measured yet, one row after the other."""
    code = code_id(ROOT)
    folder = work_folder(code)
    kept = Results(FOLDER / "results")
    results = []
    for row in rows:
        key = key_of(code, row, size)
        found = None if is_again else kept.found(row, size, key)
        if found is None:
            print(f"{row.name}: {row.title} (about {row.minutes[size]:g} min)", flush=True)
            found = measured(row, size, key, folder)
            kept.keep(found)
            print(f"{table([found])}\n{found.why}", flush=True)
        results.append(found)
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """1 if a figure misses its goal, or a row broke off."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="such as L1,L3; all of them by default")
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument("--again", action="store_true", help="also what has been measured already")
    given = parser.parse_args(arguments)
    rows = chosen(given.rows)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:  # two that measure at once would measure each other
        fcntl.flock(lock, fcntl.LOCK_EX)
        return measure_and_tell(rows, given.size, given.again)


def measure_and_tell(rows: Sequence[Row], size: Size, is_again: bool) -> int:
    """Measure the rows, and print the table of them."""
    print(f"{len(rows)} rows, about {sum(row.minutes[size] for row in rows):g} min", flush=True)
    results = run(rows, size, is_again)
    text = json.dumps(as_json(results), indent=2, ensure_ascii=False)
    (FOLDER / f"table-{size}.json").write_text(text + "\n", encoding="utf-8")
    print(f"\n{table(results)}")
    return int(any(result.is_broken or is_short(result) for result in results))


if __name__ == "__main__":
    sys.exit(main())
