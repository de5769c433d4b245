"""Landed usage as lines with their place: only parts that a manifest names are ever read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from company_activity.io.landing.landing import Landing
    from company_activity.io.landing.manifest import Manifest

PLACES = "src_file_name string, date date, generation bigint, src_ingested_at timestamp"
LINES = f"value string, {PLACES}"


def read_landed_lines(
    spark: SparkSession,
    landing: Landing,
    manifests: Iterable[Manifest],
    uris: Mapping[str, str],
) -> DataFrame:
    """Every line of the manifests' parts; `uris` says by the path of a part what executors read it by.

    Shape: `value` (a landed line), `src_file_name` (the part's path under the landing), `date`,
    `generation`, `src_ingested_at` (when the generation was fetched).

    Raises:
        LandingMissing, LandingCorrupt: if a part is not there, or not what its manifest says.
    """
    places = []
    for manifest in manifests:
        landing.check(manifest)
        for part in manifest.parts:
            place = (part.path, manifest.date, manifest.generation, manifest.fetched_at)
            places.append(place)
    if not places:
        return spark.createDataFrame([], LINES)
    # Only \n ends a line: Spark would also split at a bare carriage return.
    lines = (
        spark.read.option("lineSep", "\n")
        .text([uris[path] for path, *_ in places])
        .select("value", _path_in_landing(places[0][0]))
    )
    return lines.join(F.broadcast(spark.createDataFrame(places, PLACES)), "src_file_name")


def _path_in_landing(example: str) -> Column:
    """The path under the landing: the tail of Spark's URI with as many segments as any part's path has."""
    segments = example.count("/") + 1
    uri = F.expr("url_decode(replace(_metadata.file_path, '+', '%2B'))")
    return F.substring_index(uri, "/", -segments).alias("src_file_name")
