"""The smallest lake that runs can meet on: five companies, two dates that are built, three that wait."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.cycle.place import Place, serving

SET_BACK, BUILT = "2025-11-18", "2025-11-19"  # the first has two generations
WAITING = ("2025-11-20", "2025-11-21", "2025-11-22")
COMPANIES = ("c_1", "c_2", "c_3", "c_4", "c_5")
CRM = "company_id,name,country,industry_tag,last_contact_at,owner\n" + "".join(
    f"{company},Name of {company},DE,retail,,Ana\n" for company in COMPANIES[:4]
)


def items(day: str, most: int = 5) -> list[Mapping[str, object]]:
    """The usage of a date: another figure for each company and date, and a record that is refused."""
    number = int(day[-2:])
    good = [
        {"company_id": company, "active_users": number + at, "events": 10 * number + at, "ts": f"{day}T08:00:00Z"}
        for at, company in enumerate(COMPANIES[:most])
    ]
    return [*good, {"company_id": "c_2", "active_users": "many", "events": 1, "ts": f"{day}T09:00:00Z"}]


def write_day(usage: Path, day: str, sent: list[Mapping[str, object]]) -> None:
    """What the API answers for a date from now on; whoever reads it meanwhile reads the old or the new one."""
    draft = usage / f".{day}"
    draft.write_text(json.dumps({"items": sent, "next_page": None}), encoding="utf-8")
    draft.rename(usage / f"{day}.json")


@dataclass(frozen=True)
class World:
    """A place, how it is kept to be taken up again, and what its API serves."""

    place: Place
    kept: Path

    @property
    def usage(self) -> Path:
        """A file of items per date."""
        return self.kept.parent / "usage"

    def keep(self) -> None:
        """Let the place begin as it stands now."""
        copy(self.place.folder, self.kept)

    def restore(self) -> None:
        """The place as it was kept, under the same path."""
        copy(self.kept, self.place.folder)


def copy(folder: Path, to: Path) -> None:
    """A folder as it stands, times and links included, in place of another."""
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world whose place is empty but for a CRM file."""
    usage = folder / "usage"
    usage.mkdir()
    for day in (SET_BACK, BUILT, *WAITING):
        write_day(usage, day, items(day))
    (folder / "place").mkdir()
    crm = folder / f"crm_{SET_BACK}.csv"
    crm.write_text(CRM, encoding="utf-8")
    with serving(folder / "place", usage) as place:
        place.drop_crm(crm)
        yield World(place, folder / "kept")
