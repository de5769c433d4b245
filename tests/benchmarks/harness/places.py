"""Landings and lakes to measure on, and the commands that run there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import open_storage
from company_activity.pipeline import STEPS

from api_server import SampleApi
from benchmarks.harness.cost import Cost, run_tree
from benchmarks.harness.event_log import Counts, commits, counted, events
from benchmarks.harness.feed import Feed
from support.cycle.place import SAMPLES, Place

ROOT = Path(__file__).resolve().parents[3]
COMMAND = Path(sys.executable).with_name("company-activity")
WITHOUT_API = ",".join(step for step in STEPS if step != "ingest_usage")
NO_API = "http://127.0.0.1:9/usage"
LAST = date(2025, 11, 23)  # of every history, and of the samples
SAMPLE_DAYS = 90
# A history is built in one run; a gate would ask whether so many dates are meant.
MANY_DATES = {"COMPANY_ACTIVITY__GATES__MAX_DATES_REWRITTEN": "100000"}


def days_to(last: date, count: int) -> list[date]:
    """So many dates, of which `last` is the last."""
    return [last - timedelta(days=before) for before in reversed(range(count))]


def landing_of(place: Place) -> Landing:
    """The place's landing, to be written to directly."""
    settings = place.settings.landing
    return Landing(open_storage(settings), settings)


def command(
    place: Place,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    cap_mib: float | None = None,
    may_fail: bool = False,
) -> Cost:
    """What a command of the project costs there."""
    own = {**place.environ, **(environ or {})}
    return run_tree([COMMAND, *arguments], own, folder=ROOT, cap_mib=cap_mib, may_fail=may_fail)


@dataclass(frozen=True)
class Kept:
    """A place that is built once under a folder, and then stands again, as it was built, for each run.

    It always stands at the same path: a run that finds the warehouse elsewhere asks it what it serves.
    """

    folder: Path

    def built(self, build: Callable[[Place], None]) -> Kept:
        """Build it, unless it was built before; what was left unfinished is built again."""
        if not self._kept.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            build(Place(self._path, NO_API))
            self._path.rename(self._kept)
        return self

    @contextmanager
    def standing(self, answers: Path | None = None) -> Iterator[Place]:
        """The place as it was built, for one run or a few; `answers` are dates that its API serves."""
        shutil.rmtree(self._path, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", self._kept, self._path], check=True)
        try:
            if answers is None:
                yield Place(self._path, NO_API)
                return
            with SampleApi(answers, port=0) as api:
                yield Place(self._path, api.url)
        finally:
            shutil.rmtree(self._path)

    @property
    def _path(self) -> Path:
        return self.folder / "place"

    @property
    def _kept(self) -> Path:
        return self.folder / "kept"


def history(folder: Path, feed: Feed, days: int) -> Kept:
    """A place with so many dates up to `LAST`, built and published."""

    def build(place: Place) -> None:
        dates = days_to(LAST, days)
        landing = landing_of(place)
        for day in dates:
            feed.land(landing, day)
        feed.write_crm(crm_folder(place), dates[0])
        command(place, "run", "--from", str(dates[0]), "--to", str(LAST), "--steps", WITHOUT_API, environ=MANY_DATES)

    return Kept(folder / f"history-{feed.companies}-{feed.records}-{days}").built(build)


def crm_folder(place: Place) -> Path:
    """Where a place's CRM files land."""
    return place.folder / "landing" / "raw" / "crm"


def samples(folder: Path) -> Kept:
    """The samples' dates but the last one, built and published."""

    def build(place: Place) -> None:
        first, *_, last = days_to(LAST, SAMPLE_DAYS)[:-1]
        place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
        with SampleApi(SAMPLES / "usage", port=0) as api:
            command(Place(place.folder, api.url), "run", "--from", str(first), "--to", str(last))

    return Kept(folder / "samples").built(build)


def counts_of(place: Place, *arguments: str) -> tuple[Counts, int]:
    """The exact counts of a run, and the Delta commits it made."""
    lake = place.folder / "lake"
    before = commits(lake)
    with TemporaryDirectory() as folder:
        command(place, *arguments, environ=noting_events(Path(folder)))
        counts = counted(events(Path(folder, "events")))
    return counts, commits(lake) - before


def noting_events(folder: Path) -> dict[str, str]:
    """The environment of a command whose Spark writes its event log under `folder`."""
    log = folder / "events"
    log.mkdir()
    properties = folder / "spark.conf"
    own = (ROOT / ".local" / "spark.conf").read_text(encoding="utf-8")
    added = {"enabled": "true", "dir": f"file:{log}", "compress": "false", "rolling.enabled": "false"}
    lines = [f"spark.eventLog.{name} {value}" for name, value in added.items()]
    properties.write_text("\n".join([own, *lines]) + "\n", encoding="utf-8")
    return {"COMPANY_ACTIVITY__SPARK__PROPERTIES": str(properties)}
