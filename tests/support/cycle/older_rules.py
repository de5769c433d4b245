"""Lakes that older, stricter rules wrote: by a copy of the library, or by a step of ours with one more rule."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest import mock

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from company_activity.planning.state import GenerationMark
from company_activity.transforms.usage import parse_usage
from company_activity.work import stage_usage

from support.cycle.place import Place
from support.processes.command import run_command

REPOSITORY = Path(__file__).resolve().parents[3]
OLDER = "1"
REFUSED_EVENTS = 777  # of the records that the older rules refuse
MAIN = "import sys; from company_activity.cli.main import main; sys.exit(main(sys.argv[1:]))"


def refused(company: str, day: date | str, at: str = "09:00:00") -> dict[str, object]:
    """A record that the older rules refuse for its offset, or for its events."""
    return {"company_id": company, "active_users": 5, "events": REFUSED_EVENTS, "ts": f"{day}T{at}+02:00"}


class OlderLibrary:
    """A copy of the library whose rules know no time with an offset; rules and formulas have an older version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(REPOSITORY / "lib", folder / "lib", ignore=shutil.ignore_patterns("__pycache__"))
        for shared in ("conf", "sql"):
            (folder / shared).symlink_to(REPOSITORY / shared)
        for rules in ("RULES_VERSION", "CRM_RULES_VERSION"):
            self._set("records/fields.py", rules, f'"{OLDER}"')
        self._set("records/fields.py", "WIDEST_OFFSET_MINUTES", "0")
        self._set("planning/state.py", "FORMULA_VERSION", f'"{OLDER}"')

    def _set(self, path: str, name: str, value: str) -> None:
        file = self.folder / "lib/company_activity" / path
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", file.read_text(encoding="utf-8"))
        assert found == 1
        file.write_text(text, encoding="utf-8")

    def run(self, place: Place, *arguments: str) -> str:
        """What a command of the copy prints, driver and workers in processes of their own."""
        path = {"PYTHONPATH": str(self.folder / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
        return run_command(sys.executable, "-c", MAIN, *arguments, **place.environ, **path)


@contextmanager
def one_rule_more() -> Iterator[None]:
    """Steps of this process stage as older rules would: what has so many events is refused."""
    marks = stage_usage.Batch.marks.fget  # type: ignore[attr-defined]

    def parse_strictly(lines: DataFrame) -> DataFrame:
        is_refused = F.col("events") == REFUSED_EVENTS
        one_more = F.array_union("reasons", F.array(F.lit("OUT_OF_RANGE")))
        return parse_usage(lines, every_raw=True).withColumn(
            "reasons", F.when(is_refused, one_more).otherwise(F.col("reasons"))
        )

    def older_marks(batch: stage_usage.Batch) -> Mapping[date, GenerationMark]:
        return {day: mark.under_rules(OLDER) for day, mark in marks(batch).items()}

    with (
        mock.patch.object(stage_usage, "parse_usage", parse_strictly),
        mock.patch.object(stage_usage, "RULES_VERSION", OLDER),
        mock.patch.object(stage_usage.Batch, "marks", property(older_marks)),
    ):
        yield
