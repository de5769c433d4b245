"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.harness.figures import Row
from benchmarks.rows import (
    l01_counts,
    l02_overhead,
    l03_staging,
    l04_large_date,
    l05_memory,
    l06_history,
    l07_backfill,
    l08_light_commands,
    l09_ingest,
    l10_publish,
    l11_correction,
    l12_fresh_clone,
)

MODULES = (
    l01_counts,
    l02_overhead,
    l03_staging,
    l04_large_date,
    l05_memory,
    l06_history,
    l07_backfill,
    l08_light_commands,
    l09_ingest,
    l10_publish,
    l11_correction,
    l12_fresh_clone,
)
ROWS: tuple[Row, ...] = tuple(module.ROW for module in MODULES)
