"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.harness.figures import Row
from benchmarks.rows import l01_counts, l02_overhead, l03_staging, l08_light_commands, l09_ingest, l10_publish

ROWS: tuple[Row, ...] = (
    l01_counts.ROW,
    l02_overhead.ROW,
    l03_staging.ROW,
    l08_light_commands.ROW,
    l09_ingest.ROW,
    l10_publish.ROW,
)
