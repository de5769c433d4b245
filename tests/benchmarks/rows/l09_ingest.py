"""L9: fetching a date from the API, against dlt's REST source that writes JSON lines from the same server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.cost import Cost
from benchmarks.harness.errors import OtherAnswer
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.pairs import cpu, in_turns, wall
from benchmarks.harness.peers import PATHS, PEERS, theirs
from benchmarks.harness.places import LAST, ROOT, command
from support.cycle.place import Place

INPUTS: Inputs = {
    "full": {"items": 1_000_000, "few": 20_000, "companies": 200_000, "pairs": 2},
    "small": {"items": 20_000, "few": 4_000, "companies": 2_000, "pairs": 2},
}
Record = tuple[str, str, str, str]


def measure(bench: Bench) -> list[Figure]:
    """Both fetch every page and land the same items; memory must not grow with the pages."""
    with TemporaryDirectory(dir=bench.folder) as name:
        folder = Path(name)
        with serving(Feed(bench.inputs["companies"], bench.inputs["few"])) as url:
            few = ingest(Place(folder / "few", url))
        with serving(Feed(bench.inputs["companies"], bench.inputs["items"])) as url:
            pairs = in_turns(
                lambda: ingest(Place(folder / "ours", url)),
                lambda: by_dlt(url, folder / "theirs"),
                bench.inputs["pairs"],
            )
        items = check_same(folder / "ours" / "landing", folder / "theirs" / "landed")
    many = max(cost.max_rss_mib for cost in pairs.ours)
    beside = f"{many:.0f} against {few.max_rss_mib:.0f} MiB"
    return [
        *pairs.figures("CPU, ours/dlt", cpu),
        *pairs.figures("wall, ours/dlt", wall),
        Figure("CPU a million items, less that of few", per_million(bench, pairs.ours[0], few), "s"),
        Figure("peak memory, many/few pages", many / few.max_rss_mib, "×", beside),
        Figure("items landed by both", items),
    ]


def per_million(bench: Bench, many: Cost, few: Cost) -> float:
    """What further items cost, without what a start costs."""
    return (many.cpu - few.cpu) / (bench.inputs["items"] - bench.inputs["few"]) * 1e6


def ingest(place: Place) -> Cost:
    """The command, into a landing of its own."""
    shutil.rmtree(place.folder, ignore_errors=True)
    return command(place, "ingest", "--start", str(LAST), "--end", str(LAST))


def by_dlt(url: str, folder: Path) -> Cost:
    """dlt's whole process, as ours is measured."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return theirs("ingest_dlt", url, str(LAST), folder).whole


@contextmanager
def serving(feed: Feed) -> Iterator[str]:
    """The address of a server, in a process that is not measured."""
    words: list[str | Path] = [
        sys.executable,
        PEERS / "serve_feed.py",
        str(LAST),
        str(feed.records),
        str(feed.companies),
    ]
    server = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": PATHS}, cwd=ROOT
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait()


def check_same(ours: Path, theirs: Path) -> int:
    """How many items both have landed.

    Raises:
        OtherAnswer: if they are not the same ones.
    """
    sides = [sorted(records(folder.rglob(pattern))) for folder, pattern in ((ours, "*.ndjson"), (theirs, "usage/*"))]
    if sides[0] != sides[1]:
        raise OtherAnswer(f"ours landed {len(sides[0])} items, dlt {len(sides[1])}, and not the same")
    return len(sides[0])


def records(files: Iterable[Path]) -> Iterator[Record]:
    """The items of JSON lines; dlt writes a text where a number is expected into a column of its own."""
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            users = item.get("active_users")
            told = item.get("active_users__v_text") if users is None else users
            ts = datetime.fromisoformat(item["ts"]).isoformat()
            yield item["company_id"], str(told), str(item["events"]), ts


ROW = Row("L9", "ingest of a million items, against dlt's REST source", INPUTS, {"full": 4, "small": 1}, measure)
