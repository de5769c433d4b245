"""Write the samples and their ground truth; the same arguments give the same bytes on every machine.

For the samples of the project, and for a bigger one:

    python samples/generate.py --out samples
    python samples/generate.py --out big --companies 2000 --days 400 --seed 7
"""

import argparse
import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from simulation.cast import Company, company
from simulation.crm import csv_file, snapshots
from simulation.feed import SHIFT_HOURS, records
from simulation.oddities import Oddity, plant
from simulation.truth import monthly_users
from simulation.users import Active, churned_on, simulate

LAST_DATE = date(2025, 11, 23)


@dataclass(frozen=True)
class Sample:
    """All of a sample as plain data.

    `usage` holds each date's API items in order, `crm` the bytes of each file by name, `oddities` where usage
    departs from plain correct items, `active` for each company and date who was active, each with how many
    events: from the last follows all the truth there is.
    """

    dates: list[date]
    companies: list[Company]
    usage: dict[date, list[Any]]
    crm: dict[str, bytes]
    oddities: list[Oddity]
    active: dict[str, list[Active]]


def generate(seed: int = 1, days: int = 90, companies: int = 40, last_date: date = LAST_DATE) -> Sample:
    """Simulate `companies` companies on the `days` dates that end on `last_date`."""
    dates = [last_date - timedelta(days=before) for before in reversed(range(days))]
    cast = [company(number) for number in range(companies)]
    active = {member.company_id: simulate(member, dates, seed) for member in cast}
    listed = [records(member, active[member.company_id], dates, seed) for member in cast]
    usage, oddities = {}, []
    for at, day in enumerate(dates):
        # One shift after the other, so that records of one company lie on different pages.
        of_day = [records_of_one[at] for records_of_one in listed]
        clean = [one[turn] for turn in range(len(SHIFT_HOURS)) for one in of_day if turn < len(one)]
        usage[day], found = plant(day, len(dates) - 1 - at, clean)
        oddities += found
    crm = {snapshot.file_name: csv_file(snapshot, cast) for snapshot in snapshots(last_date, days)}
    return Sample(dates, cast, usage, crm, oddities, active)


def files(sample: Sample) -> dict[str, bytes]:
    """The bytes of every file of a sample, by its path."""
    usage = {f"usage/{day.isoformat()}.json": usage_file(items) for day, items in sample.usage.items()}
    crm = {f"crm/{name}": content for name, content in sample.crm.items()}
    return usage | crm | {f"truth/{name}": content for name, content in truth(sample).items()}


def usage_file(items: list[Any]) -> bytes:
    """One item per line: the item counted from 0 as `n` stands on line `n + 2`."""
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    return f'{{"items": [\n{lines}\n]}}\n'.encode()


def truth(sample: Sample) -> dict[str, bytes]:
    """What really happened, and where the items are odd."""
    churns = ((one, churned_on(one, sample.active[one.company_id], sample.dates)) for one in sample.companies)
    months = ((one, monthly_users(sample.active[one.company_id], sample.dates)) for one in sample.companies)
    return {
        "churn.csv": table(
            "company_id,churned_on,wave_from",
            ((one.company_id, *when) for one, when in churns if when),
        ),
        "monthly_users.csv": table(
            "company_id,date,monthly_users",
            ((one.company_id, day, users) for one, month in months for day, users in month),
        ),
        "oddities.csv": table(
            "date,item,kind,company_id,reasons",
            (
                (odd.day, odd.item, odd.kind, json.dumps(odd.company_id)[1:-1], ";".join(odd.reasons))
                for odd in sample.oddities
            ),
        ),
    }


def table(header: str, rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file of those rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue().encode()


def write(sample: Sample, out: Path) -> None:
    """Put every file of the sample under `out`; other files there stay."""
    for path, content in files(sample).items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)


def at_least_one(text: str) -> int:
    """A count given on the command line."""
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return count


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, write the files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="folder for usage/, crm/, truth/")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other users (default 1)")
    parser.add_argument("--days", type=at_least_one, default=90, help="number of dates (default 90)")
    parser.add_argument("--companies", type=at_least_one, default=40, help="number of companies (default 40)")
    parser.add_argument("--last-date", type=date.fromisoformat, default=LAST_DATE, help="default 2025-11-23")
    given = parser.parse_args(arguments)
    write(generate(given.seed, given.days, given.companies, given.last_date), given.out)


if __name__ == "__main__":
    main()
