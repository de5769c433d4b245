"""L6: a daily run with a long history behind it, against one with a short one: it may not grow with what is over.

The short one is as long as what the page shows: until then a run reads one date more of the quarantine each day.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.cost import Cost
from benchmarks.harness.event_log import Counts
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.pairs import cpu, in_turns, wall
from benchmarks.harness.places import Kept, command, counts_of, history
from benchmarks.rows.l01_counts import DAY

INPUTS: Inputs = {
    "full": {"companies": 5000, "records": 5000, "short": 91, "long": 1095, "pairs": 2},
    "small": {"companies": 200, "records": 400, "short": 91, "long": 120, "pairs": 1},
}
RUN = ("run", "--date", str(DAY))


def measure(bench: Bench) -> list[Figure]:
    """The same date on both: the last 91 dates hold the same records."""
    folder = Path(bench.folder)
    feed = Feed(bench.inputs["companies"], bench.inputs["records"])
    answers = folder / f"answers-{feed.companies}-{feed.records}"
    feed.write_answer(answers, DAY)
    short = history(folder, feed, bench.inputs["short"])
    long = history(folder, feed, bench.inputs["long"])

    def run_on(built: Kept) -> Cost:
        with built.standing(answers) as place:
            return command(place, *RUN)

    pairs = in_turns(lambda: run_on(long), lambda: run_on(short), bench.inputs["pairs"])
    counts = [counts_on(built, answers) for built in (long, short)]
    return [
        *against(counts[0], counts[1]),
        *pairs.figures("CPU, long/short history", cpu),
        *pairs.figures("wall, long/short history", wall),
    ]


def counts_on(built: Kept, answers: Path) -> Counts:
    """The exact counts of the run."""
    with built.standing(answers) as place:
        return counts_of(place, *RUN)[0]


def against(long: Counts, short: Counts) -> list[Figure]:
    """What is read with a long history, against what is read with a short one."""
    rows = f"{long.rows_read:,} against {short.rows_read:,}"
    files = f"{long.files_read:,} against {short.files_read:,}"
    return [
        Figure("rows read, long/short", long.rows_read / short.rows_read, "×", rows),
        Figure("files read, long/short", long.files_read / short.files_read, "×", files),
    ]


ROW = Row("L6", "a daily run at 1,095 days of history against 91", INPUTS, {"full": 21, "small": 3}, measure)
