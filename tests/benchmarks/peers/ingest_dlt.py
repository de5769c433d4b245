"""Fetch one date with dlt's REST source into JSON lines, as plain files: URL DATE FOLDER."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(sys.argv[3])
# Read when dlt is imported: nothing is sent elsewhere, nothing is compressed, as we compress nothing.
os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DLT_DATA_DIR": str(FOLDER / "dlt"),
}

import dlt  # noqa: E402
from dlt.destinations import filesystem  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

from benchmarks.peers.told import Stopwatch  # noqa: E402


def main(url: str, day: str) -> None:
    watch = Stopwatch()
    base, _, path = url.rpartition("/")
    paginator = {"type": "cursor", "cursor_path": "next_page", "cursor_param": "page"}
    endpoint = {"path": path, "params": {"date": day, "per_page": 1000}, "data_selector": "items"}
    source = rest_api_source(
        {
            "client": {
                "base_url": base,
                "auth": {"type": "bearer", "token": "k3y-of-the-usage-api"},
                "paginator": paginator,
            },
            "resources": [{"name": "usage", "endpoint": endpoint}],
        }
    )
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(FOLDER / "pipelines"),
        destination=filesystem(bucket_url=(FOLDER / "landed").as_uri()),
        dataset_name="bench",
    )
    pipeline.run(source, loader_file_format="jsonl").raise_on_failed_jobs()
    watch.tell()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
