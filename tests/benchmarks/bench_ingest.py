"""Peak memory and CPU of ingesting few and many pages: the first must not grow, the second is per item.

    python tests/benchmarks/bench_ingest.py            20 against 2,000 pages of 1,000 items

The API runs in a process of its own; each ingest too, so that a peak is that of one date.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "lib")]

from goals import Goal, exit_code  # noqa: E402

from support.api.usage_api import Answer, Asked, UsageApi, ok  # noqa: E402
from support.landing.ingest import settings_for  # noqa: E402

FEW, MANY, ITEMS, ALLOWED_GROWTH = 20, 2_000, 1_000, 1.1


def serve(pages: int) -> None:
    """Serve so many pages until the standard input ends; the URL is the first line printed."""

    def script(asked: Asked) -> Answer:
        number = int(asked.query["page"])
        items = ", ".join(
            f'{{"company_id": "c{number:05d}-{item:04d}", "active_users": {item % 97}, "events": {item * 7},'
            f' "ts": "2025-03-31T{item % 24:02d}:00:00Z"}}'
            for item in range(ITEMS)
        )
        return ok(f'{{"items": [{items}], "next_page": {number + 1 if number < pages else "null"}}}')

    with UsageApi(script).running() as api:
        print(api.url, flush=True)
        sys.stdin.read()


def ingest(url: str) -> None:
    """Ingest one date and print what it took."""
    from company_activity.io.landing.fetch_dates import fetch_dates

    with tempfile.TemporaryDirectory() as root:
        began = time.perf_counter()
        report = fetch_dates(
            settings_for(url, root), [date(2025, 3, 31)], clock=lambda: datetime.now(UTC), run_id="bench"
        )
        seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    [one] = report.dates
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"rows": one.rows, "peak_mb": used.ru_maxrss / 1024, "cpu": cpu, "seconds": seconds}))


def measured(pages: int) -> dict[str, float]:
    """What an ingest of so many pages takes."""
    me = [sys.executable, os.fspath(Path(__file__).resolve())]
    server = subprocess.Popen([*me, "serve", str(pages)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        told = subprocess.run([*me, "ingest", url], check=True, capture_output=True, text=True).stdout
    finally:
        server.stdin.close()
        server.wait()
    return dict(json.loads(told))


def main() -> int:
    """Print both measures; 1 if memory grows with the pages."""
    few, again, many = measured(FEW), measured(FEW), measured(MANY)
    for name, pages, one in (("few", FEW, few), ("few again", FEW, again), ("many", MANY, many)):
        print(
            f"{name:>10}: {pages:>5} pages, {one['rows']:>9,} items: peak {one['peak_mb']:6.1f} MB,"
            f" CPU {one['cpu']:6.2f} s, {one['seconds']:6.2f} s in all"
        )
    growth, noise = many["peak_mb"] / few["peak_mb"], again["peak_mb"] / few["peak_mb"]
    per_item = (many["cpu"] - few["cpu"]) / (many["rows"] - few["rows"]) * 1e6
    print(f"peak memory few/few {noise:.3f}")
    print(f"CPU per item {per_item:.1f} µs")
    return exit_code(Goal("peak memory many/few", growth, ALLOWED_GROWTH))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", pages]:
            serve(int(pages))
        case ["ingest", url]:
            ingest(url)
        case _:
            sys.exit(main())
