"""SIGKILL at any moment of an ingest: the next run fetches at most one page twice and lands the same.

Twice in every test run, 300 times in `make reliability`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from reliability.harness.cases import Cases
from support.api.usage_api import Asked, Script, UsageApi, numbered, serving
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import newest

pytestmark = pytest.mark.fault

DAY, PAGES = date(2025, 3, 31), 200
TESTS = Path(__file__).resolve().parents[2]
KILLS = 300


def answers() -> Script:
    """200 pages of ten items, written once."""
    items = [[{"company_id": f"c{page}-{item}", "events": item} for item in range(10)] for page in range(PAGES)]
    written = {
        str(number): numbered(*items)(Asked("/usage", {"page": str(number)}, "")) for number in range(1, PAGES + 1)
    }
    return lambda asked: written[asked.query["page"]]


def ingest(url: str, root: Path, run_id: str) -> subprocess.Popen[bytes]:
    """An ingest as a process of its own."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "lib")])
    command = [sys.executable, str(TESTS / "support/processes/ingest_once.py"), url, str(root), run_id]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})


def kill_at(process: subprocess.Popen[bytes], server: UsageApi, random: Random) -> None:
    """Kill the process a moment after a random request, the last ones' aftermath included."""
    requests = random.choice([random.randint(1, PAGES), random.randint(1, PAGES), PAGES])
    while len(server.asked) < requests and process.poll() is None:
        time.sleep(0.0002)
    time.sleep(random.random() * (0.02 if requests == PAGES else 0.005))
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The content digest of a run that no one kills."""
    root = tmp_path_factory.mktemp("undisturbed")
    with serving(answers()) as server:
        fetch_dates(settings_for(server.url, root), [DAY], clock=clock_at("2025-04-01T12:00"), run_id="whole")
    return newest(Landing(LocalStorage(root), LandingSettings(""))).content_digest


def test_two_processes_that_ingest_one_date_make_one_generation(tmp_path: Path, undisturbed: str) -> None:
    with serving(answers()) as server:
        both = [ingest(server.url, tmp_path, f"run-{number}") for number in (1, 2)]
        assert [process.wait() for process in both] == [0, 0]
    landing = Landing(LocalStorage(tmp_path), LandingSettings(""))
    assert landing.generations() == {DAY: 1}
    landing.check(newest(landing))
    assert newest(landing).content_digest == undisturbed


@pytest.mark.row("K2")
def test_the_run_after_a_kill_fetches_at_most_one_page_twice(tmp_path: Path, undisturbed: str, cases: Cases) -> None:
    for seed in cases.left(range(KILLS), short=2):
        with cases.one(seed), TemporaryDirectory(dir=tmp_path) as folder:
            kill_and_rerun(Path(folder), undisturbed, seed)


def kill_and_rerun(root: Path, undisturbed: str, seed: int) -> None:
    landing = Landing(LocalStorage(root), LandingSettings(""))
    with serving(answers()) as server:
        kill_at(ingest(server.url, root, "killed"), server, Random(seed))
        is_committed, asked_before = landing.newest(DAY) is not None, len(server.asked)
        assert ingest(server.url, root, "after").wait() == 0
    times = Counter(server.pages)
    assert set(times) == {str(number) for number in range(1, PAGES + 1)}
    assert is_committed or sum(times.values()) - PAGES <= 1
    print(
        f"killed after {asked_before} requests; fetched twice: {sum(times.values()) - PAGES}; committed: {is_committed}"
    )
    landed = newest(landing)
    landing.check(landed)
    assert (landed.content_digest, landed.generation) == (undisturbed, 1)
