"""The real product: commands in processes of their own on a lake, a landing and a PostgreSQL, beside others who act there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from company_activity.io.lake.delta_log import open_log
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import Storage, open_storage
from company_activity.planning.state import ActivityState
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    PRODUCT_USAGE,
    QUARANTINE,
    SEGMENT_ACTIVITY_DAILY,
    TABLES,
)

from oracle.model import Snapshot
from reliability.actions import foreign
from reliability.actions.lake import rows_of
from reliability.actions.model import Content
from reliability.actions.product import Seen
from reliability.actions.sql import Database
from support.cycle.place import Place
from support.lake.aged import age

ROOT = Path(__file__).resolve().parents[3]
KEY = "a-key-of-erasures"
CLI = "import sys; from company_activity.cli.main import main; sys.exit(main(sys.argv[1:]))"
COMMITTED = (COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, COMPANIES, COMPANIES_HISTORY, QUARANTINE, SEGMENT_ACTIVITY_DAILY)
LONG_SECONDS = 25.0  # of a run with news, until one was seen
LATEST_SECONDS = 900.0
AGED_DAYS = 100


class Real:
    """Commands, surroundings, and what is seen of them. Its folder holds what the API answers, and all output."""

    can_age = True

    def __init__(self, place: Place, database: Database, answers: Path) -> None:
        self.place = place
        self.database = database
        self.answers = answers
        self.may_be_behind = False
        self.longest = LONG_SECONDS
        self.output = place.folder / "output"

    @property
    def environ(self) -> dict[str, str]:
        """The settings, without what this process's own Spark was given."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
        own = {
            "COMPANY_ACTIVITY__SQL__URL": self.database.url,
            "COMPANY_ACTIVITY__SQL__USER": "postgres",
            "COMPANY_ACTIVITY__ERASE__KEY": KEY,
            "COMPANY_ACTIVITY__GATES__CRM_MAX_LOSS": "1",
        }
        return kept | self.place.environ | own

    def answer(self, day: date, content: Content) -> None:
        text = f'{{"items": [{", ".join(content)}]}}'
        (self.answers / f"{day}.json").write_text(text, encoding="utf-8")

    def drop(self, file: Snapshot, text: str) -> None:
        self.storage.replace(file.path, [text.encode()])

    @property
    def storage(self) -> Storage:
        """The landing."""
        return open_storage(self.place.settings.landing, self.place.settings.secrets)

    def command(self, *arguments: str) -> int:
        began = time.monotonic()
        code = self._wait(self._start(*arguments), LATEST_SECONDS)
        assert code is not None, f"{' '.join(arguments)} has not ended after {LATEST_SECONDS:.0f} s"
        if arguments[0] == "run":
            self.longest = max(self.longest, time.monotonic() - began)
        if arguments[0] == "publish" and code == 0:
            self.may_be_behind = False
        return code

    def killed(self, share: float, *arguments: str) -> None:
        process = self._start(*arguments)
        self._wait(process, share * self.longest)

    def generations(self) -> Mapping[date, int]:
        return Landing(self.storage, self.place.settings.landing).generations()

    def around(self, word: str) -> None:
        if word == "restart":
            self.database.restart()
        elif word == "copy":
            self.database.copy()
        elif word == "restore":
            self.may_be_behind = self.database.restore() or self.may_be_behind
        elif word == "wait":
            age(self.place.folder / "lake", AGED_DAYS)
            age(self.place.folder / "landing" / "product-api-raw", AGED_DAYS)
        else:
            raise ValueError(word)

    def commit(self, word: str, table: int) -> None:
        folder = self.lake / COMMITTED[table].path
        if (folder / "_delta_log").is_dir():
            command = [sys.executable, foreign.__file__, word, str(folder)]
            environ = self.environ | {"PYTHONPATH": str(ROOT / "lib")}
            done = subprocess.run(command, env=environ, capture_output=True, cwd=self.place.folder)
            assert done.returncode == 0, done.stderr.decode()[-2000:]

    @property
    def lake(self) -> Path:
        return self.place.folder / "lake"

    def seen(self) -> Seen:
        landing = Landing(self.storage, self.place.settings.landing)
        landed = {day: landing.manifest(day, number).rows for day, number in landing.generations().items()}
        state = ActivityState.from_json(open_log(str(self.lake), COMPANY_ACTIVITY_DAILY.path).state)
        hashes = {str(day): content for day, content in state.hashes.items()}
        lake = {table: rows_of(self.lake, table) for table in TABLES}
        return Seen(lake, landed, hashes, self.database.served(), self.database.ledger())

    def said(self) -> str:
        """The end of what the last command said."""
        return self.output.read_text(encoding="utf-8", errors="replace")[-3000:]

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-c", CLI, *arguments],
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.place.folder,
            )

    def _wait(self, process: subprocess.Popen[bytes], seconds: float) -> int | None:
        """Its exit code; None where the time is over, and its process group killed."""
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
