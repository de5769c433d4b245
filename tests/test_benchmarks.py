"""`make bench` runs every benchmark and sums up, whatever one of them says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parent / "benchmarks"
STUBS = {
    "bench_1_short": "from goals import Goal, exit_code; raise SystemExit(exit_code(Goal('growth', 1.3, 1.1)))",
    "bench_2_broken": "print('begins', flush=True); raise RuntimeError('no server')",
    "bench_3_fine": "from goals import Goal, exit_code; raise SystemExit(exit_code(Goal('publish/append', 0.2, 0.25)))",
    "bench_4_free": "print('1,000 rows: 3.1 CPU s')",
}


def run_all(folder: Path, *names: str) -> tuple[int, str]:
    """The runner's exit code and what it printed, of these stubs."""
    files = [folder / f"{name}.py" for name in names]
    for file in files:
        file.write_text(f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r})\n{STUBS[file.stem]}\n")
    done = subprocess.run([sys.executable, str(BENCHMARKS), *map(str, files)], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_each_runs_and_the_table_at_the_end_says_which_fell_short(tmp_path: Path) -> None:
    code, told = run_all(tmp_path, *STUBS)
    assert code == 1
    assert "1,000 rows: 3.1 CPU s" in told  # the last one, after a short and a broken one
    lines = [line.split() for line in told.splitlines()[-4:]]
    assert lines[0] == ["bench_1_short", "growth", "1.3", "at", "most", "1.1", "SHORT"]
    assert lines[1] == ["bench_2_broken", "exit", "1", "exit", "0", "BROKEN"]
    assert lines[2] == ["bench_3_fine", "publish/append", "0.2", "at", "most", "0.25", "pass"]
    assert [*lines[3][:1], *lines[3][3:]] == ["bench_4_free", "none", "pass"]


def test_where_every_goal_is_met_it_ends_well(tmp_path: Path) -> None:
    assert run_all(tmp_path, "bench_3_fine", "bench_4_free")[0] == 0
