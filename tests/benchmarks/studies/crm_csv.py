"""CPU seconds and memory of reading a CRM file, beside what Python's csv module takes only to split it.

    PYTHONPATH=tests python -m benchmarks.studies.crm_csv [--rows 1000000]

Each figure comes from a process of its own. `again` is the same work once more: the noise of the machine.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from company_activity.records.crm import read_crm_file
from company_activity.records.crm.csv_reader import read_records

HEADER = "company_id,name,country,industry_tag,last_contact_at,file_date,src_file_name"
PATH, TODAY = "raw/crm/crm_2025-11-20.csv", date(2025, 11, 23)
WORK: dict[str, Callable[[bytes], object]] = {
    "read_crm_file": lambda data: read_crm_file(PATH, data, TODAY),
    "again": lambda data: read_crm_file(PATH, data, TODAY),
    "read_records only": lambda data: deque(read_records(data), maxlen=0),
    "csv.reader only": lambda data: deque(csv.reader(text(data)), maxlen=0),
    "csv.DictReader only": lambda data: deque(csv.DictReader(text(data)), maxlen=0),
}
SHAPES = {
    "plain": "nothing quoted",
    "mixed": "CRLF, a tenth with quotes, 1 % over two lines, a tenth not ASCII",
    "quoted": "every cell in quotes",
    "repeats": "every tenth company twice, half of those with another name",
    "faulty": "1 % of the rows broken, each in one of five ways",
}
FAULTS = ("{},x", '{}"', "\udcff{}", "{}T", " ,{}")


def rows(shape: str, count: int) -> Iterator[str]:
    """The lines of a file of that shape, with a time of its own in each."""
    rng = Random(1)
    for number in range(count):
        company = number - number % 2 if shape == "repeats" and number % 20 < 2 else number
        name = f"Harbour Freight Lines {number if number % 40 < 20 else company}"
        if shape == "mixed" and number % 10 == 0:
            name = f'"Größe {name}, Inc ""x"""' if number % 100 else f'"{name}\nsecond line"'
        day = f"2025-{rng.randint(1, 10):02}-{rng.randint(1, 28):02}"
        time_of_day = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
        cells = [f"c_{company:07}", name, "DE", f"industry {number % 50}", f"{day}T{time_of_day}Z"]
        cells += ["2025-11-20", "crm_2025-11-20.csv"]
        row = ",".join(f'"{cell}"' for cell in cells) if shape == "quoted" else ",".join(cells)
        yield FAULTS[number // 100 % 5].format(row) if shape == "faulty" and number % 100 == 0 else row


def write(path: Path, shape: str, count: int) -> None:
    line_end = "\r\n" if shape == "mixed" else "\n"
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline=line_end) as file:
        file.writelines(f"{row}\n" for row in (HEADER, *rows(shape, count)))


def text(data: bytes) -> io.StringIO:
    return io.StringIO(data.decode("utf-8", "replace"), newline="")


def memory_mb(field: str) -> float:
    """What Linux says of the process: `VmRSS` is its memory now, `VmHWM` the most it had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024 / 1e6


def measure(path: Path, work: str) -> str:
    """CPU seconds, and the peak of memory above what the process had with the file's bytes."""
    data = path.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
    before, begin = memory_mb("VmRSS"), time.process_time()
    kept = WORK[work](data)  # until the memory is read
    seconds = time.process_time() - begin
    extra = memory_mb("VmHWM") - before
    del kept
    return f"{seconds:7.2f} CPU s {extra:7.0f} MB extra"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", nargs=2, metavar=("FILE", "WORK"), help="measure only this, in this process")
    arguments = parser.parse_args()
    if arguments.one:
        print(measure(Path(arguments.one[0]), arguments.one[1]))
        return
    print(f"{arguments.rows:,} rows, Python {sys.version.split()[0]}")
    for shape, meaning in SHAPES.items():
        print(f"{shape}: {meaning}")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "crm.csv"
            write(path, shape, arguments.rows)
            for work in WORK:
                command = [sys.executable, __file__, "--one", str(path), work]
                figures = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip()
                print(f"  {work:20}{figures}", flush=True)


if __name__ == "__main__":
    main()
