"""L5: the memory of a run over a date of ten million records, under a watcher that ends it at 3 GiB."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.places import command
from benchmarks.rows.l04_large_date import RUN, landed_date

INPUTS: Inputs = {
    "full": {"records": 10_000_000, "companies": 200_000, "cap_mib": 3072},
    "small": {"records": 100_000, "companies": 2_000, "cap_mib": 3072},
}


def measure(bench: Bench) -> list[Figure]:
    """The proportional memory (PSS) of the whole tree at its peak, sampled four times a second."""
    landed = landed_date(Path(bench.folder), Feed(bench.inputs["companies"], bench.inputs["records"]))
    with landed.standing() as place:
        cost = command(place, *RUN, cap_mib=bench.inputs["cap_mib"], may_fail=True)
    done = "ran to its end" if cost.exit_code == 0 else f"ended with {cost.exit_code}, not finished"
    return [
        Figure("peak PSS", cost.peak_mib, "MiB", f"{done}; {cost.cpu:.0f} CPU s, {cost.wall:.0f} s"),
        Figure(
            "runs that did not end well", int(cost.exit_code != 0), beside=cost.last_words if cost.exit_code else ""
        ),
    ]


ROW = Row("L5", "memory of a date of 10,000,000 records", INPUTS, {"full": 11, "small": 1}, measure)
