"""Where sequences are played: on a new lake, on one that 0.1 wrote, or with the landing in an object storage that restarts."""

from __future__ import annotations

import csv
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from oracle.model import CrmRow, Snapshot
from reliability.actions.actions import FIRST
from reliability.actions.inputs import PLAIN
from reliability.actions.model import Landed, Model
from reliability.actions.real import Real
from reliability.actions.sql import Database
from support.cycle.blob_place import SPARK_3, BlobPlace
from support.cycle.place import SAMPLES, Place, serving
from support.landing.azurite import Emulator, emulating, wasb_port
from support.warehouse.postgres import Cluster
from usage_pages import item_texts

WRITTEN_BY_0_1 = Path(__file__).resolve().parents[2] / "integration" / "place_0_1.tar.gz"
DATES_OF_0_1 = 4
CRM_OF_0_1 = date(2025, 8, 20)
SITES = ("a new lake", "a lake of 0.1", "a landing in Azurite")


def site_of(seed: int) -> str:
    """Half of the sequences begin with nothing; of the others half each is played at another site.

    >>> [SITES.index(site_of(seed)) for seed in range(5)]
    [0, 1, 0, 2, 0]
    """
    return SITES[(0, 1, 0, 2)[seed % 4]]


@contextmanager
def real_site(site: str, folder: Path, cluster: Cluster) -> Iterator[tuple[Real, Model]]:
    """A product at a site of its own, and what the model knows of it."""
    database = Database(cluster, cluster.new_database().rpartition("/")[2])
    answers, model = folder / "answers", Model()
    answers.mkdir()
    with ExitStack() as open_until_the_end:
        if site == SITES[1]:
            begin_with_0_1(folder / "place", answers, model)
        place = open_until_the_end.enter_context(serving(folder / "place", answers))
        place.folder.mkdir(exist_ok=True)
        try:
            if site == SITES[2]:
                yield open_until_the_end.enter_context(on_azurite(place, folder, database, answers)), model
            else:
                yield Real(place, database, answers), model
        finally:
            database.drop()


def begin_with_0_1(folder: Path, answers: Path, model: Model) -> None:
    """Four dates of the sample and a CRM file, landed, built and published by 0.1, to a database that is not this one."""
    with tarfile.open(WRITTEN_BY_0_1) as archive:
        archive.extractall(folder, filter="data")
    for day in (FIRST + timedelta(days=number) for number in range(DATES_OF_0_1)):
        file = SAMPLES / "usage" / f"{day}.json"
        shutil.copy(file, answers)
        model.answers[day] = tuple(item_texts(file.read_text(encoding="utf-8")))
        model.dates[day] = Landed({1: model.answers[day]})
    file = SAMPLES / "crm" / f"crm_{CRM_OF_0_1}.csv"
    with file.open(encoding="utf-8-sig", newline="") as rows:
        read = [CrmRow(number, *map(row.get, PLAIN)) for number, row in enumerate(csv.DictReader(rows), start=2)]
    model.drop(Snapshot(CRM_OF_0_1, f"raw/crm/{file.name}", tuple(read)))


@dataclass(frozen=True)
class LandingInAzurite(BlobPlace):
    """A place whose landing alone is in the emulator."""

    @property
    def environ(self) -> dict[str, str]:
        names = ("CONNECTION", "ROOT")
        landing = {f"COMPANY_ACTIVITY__LANDING__{name}" for name in names} | {"COMPANY_ACTIVITY__SPARK__PROPERTIES"}
        there = super().environ
        return Place(self.folder, self.api_url).environ | {name: there[name] for name in landing}


@dataclass
class Restarting:
    """An emulator on one folder and one port, however often it is started."""

    folder: Path
    port: int
    running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> Emulator:
        return self.running.enter_context(emulating(self.folder, self.port))

    def restart(self) -> None:
        self.running.close()
        self.start()


class RealOnAzurite(Real):
    """Its object storage restarts with the database. What lies there is never old: its times are the emulator's own."""

    can_age = False

    def __init__(self, place: Place, database: Database, answers: Path, emulator: Restarting) -> None:
        super().__init__(place, database, answers)
        self.emulator = emulator

    def around(self, word: str) -> None:
        if word == "restart":
            self.emulator.restart()
        super().around(word)


@contextmanager
def on_azurite(place: Place, folder: Path, database: Database, answers: Path) -> Iterator[Real]:
    """The landing in an emulator of its own, which ends with it."""
    storage = folder / "azurite"
    storage.mkdir()
    emulator = Restarting(storage, wasb_port("random actions are NOT tested with the landing in object storage"))
    try:
        there = LandingInAzurite(place.folder, place.api_url, emulator.start(), SPARK_3, "activity")
        yield RealOnAzurite(there, database, answers, emulator)
    finally:
        emulator.running.close()
