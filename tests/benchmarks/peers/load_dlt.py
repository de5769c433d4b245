"""Load Parquet into PostgreSQL with dlt, by COPY: URL FILES FOLDER."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(sys.argv[3])
# Read when dlt is imported: nothing is sent elsewhere.
os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(FOLDER / "dlt")}

import dlt  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from dlt.destinations import postgres  # noqa: E402

from benchmarks.peers.told import Stopwatch  # noqa: E402

BATCH_ROWS = 200_000


def main(url: str, files: Path) -> None:
    watch = Stopwatch()

    def rows() -> Iterator[object]:
        for file in sorted(files.glob("*.parquet")):
            yield from pq.ParquetFile(file).iter_batches(BATCH_ROWS)

    pipeline = dlt.pipeline(
        "bench", pipelines_dir=str(FOLDER / "pipelines"), destination=postgres(url), dataset_name="by_dlt"
    )
    resource = dlt.resource(rows, name="activity")
    pipeline.run(resource(), loader_file_format="csv").raise_on_failed_jobs()
    watch.tell()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
