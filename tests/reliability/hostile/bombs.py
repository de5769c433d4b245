"""Inputs that are small to send and large to read, and what reads them. Each is taken by a process of its own."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from urllib3 import HTTPResponse

MILLION = 10**6
MB = 1 << 20
DAY = date(2025, 3, 31)
HEADER = b"company_id,name,country,industry_tag,last_contact_at\n"
ROW = b"c1,Acme,DE,retail,2025-03-30\n"
ITEM = b'{"company_id":"c1","active_users":1,"events":2,"ts":"2025-03-31T10:00:00Z"}'


class Bomb(NamedTuple):
    """What is sent; what takes it, and tells what came of it; what must be told.

    `beside` is harmless and as large, where a reader holds a whole file in any case.
    """

    make: Callable[[], bytes]
    take: Callable[[bytes], str]
    told: str
    beside: Callable[[], bytes] | None = None


# What takes them: the library's own readers, as a run calls them.


def as_body(packed: bytes) -> str:
    """Read as the gzip body of an answer, with the limits that are shipped."""
    import requests

    from company_activity.io.api.body import read_body
    from company_activity.settings.loading import load_settings

    response = requests.Response()
    response.headers["Content-Encoding"] = "gzip"
    response.raw = HTTPResponse(BytesIO(packed), preload_content=False)
    body = read_body(response, load_settings().api.max_page_bytes)
    return f"{len(body):,} bytes"


def as_deflate(packed: bytes) -> str:
    """Read as a body that is packed in a way nobody asked for."""
    import requests

    from company_activity.io.api.body import read_body

    response = requests.Response()
    response.headers["Content-Encoding"] = "deflate"
    response.raw = HTTPResponse(BytesIO(packed), preload_content=False)
    return f"{len(read_body(response, 64 * MB)):,} bytes"


def as_page(body: bytes) -> str:
    """Read as a page of the API, and each item by the rules."""
    from company_activity.io.api.page import read_page
    from company_activity.records.landed_line import landed_line, place_of
    from company_activity.records.usage import parse_line

    page = read_page(body.decode(), 1)
    place = place_of(DAY, 1)
    reasons: set[str] = set()
    for number, item in enumerate(page.items, 1):
        reasons.update(parse_line(landed_line(item, place, number)).reasons)
    return f"{len(page.items):,} items {sorted(reasons)}"


def as_crm(data: bytes) -> str:
    """Read as a CRM file."""
    from company_activity.records.crm import read_crm_file

    file = read_crm_file("raw/crm/crm_2025-03-31.csv", data, date(2025, 4, 1))
    reasons = sorted({reason for row in file.quarantined for reason in row.reasons})
    return f"{len(file.accepted):,} accepted, {len(file.quarantined):,} quarantined {reasons}"


def as_settings(text: bytes) -> str:
    """Read as a settings file."""
    from company_activity.settings.loading import load_settings

    with OnDisk(text) as file:
        return str(load_settings(file=file, environ={"API_URL": "http://127.0.0.1:9/usage"}).environment)


def as_metrics(text: bytes) -> str:
    """Read as a metrics file."""
    from company_activity.settings.loading import load_metrics, load_settings

    with OnDisk(text) as file:
        return str(load_metrics(file, load_settings().metrics).metric_version)


def held(data: bytes) -> str:
    """What no reader should do: it shows that what is measured can be too much."""
    return f"{len(data * 100):,} bytes"


class OnDisk:
    """A file with this content, for as long as it is looked at."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._folder = TemporaryDirectory()

    def __enter__(self) -> Path:
        file = Path(self._folder.name, "hostile.yaml")
        file.write_bytes(self._content)
        return file

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


# What is sent.


def packed_zeros(count: int) -> bytes:
    """So many MB of blanks, a thousand times smaller."""
    return b"".join(_packed(count, zlib.compressobj(9, wbits=31)))


def _packed(count: int, packer: zlib._Compress) -> Iterator[bytes]:
    blanks = b" " * MB
    for _ in range(count):
        yield packer.compress(blanks)
    yield packer.flush()


def many_members() -> bytes:
    """A thousand gzip members behind one another, of a MB each."""
    return gzip.compress(b" " * MB) * 1000


def empty_members() -> bytes:
    """A million members with nothing in them."""
    return gzip.compress(b"") * MILLION


MANY_ROWS = 10 * MB // len(ROW)


def many_rows() -> bytes:
    """10 MB of companies."""
    return HEADER + b"".join(b"c%d,Acme,DE,retail,2025-03-30\n" % number for number in range(MANY_ROWS))


def a_page(item: bytes) -> bytes:
    return b'{"items":[' + item + b'],"next_page":null}'


def deep(opening: bytes, closing: bytes) -> bytes:
    return a_page(opening * MILLION + b"1" + closing * MILLION)


def many_members_of_an_item() -> bytes:
    members = b",".join(b'"m%d":1' % number for number in range(MILLION))
    return a_page(ITEM[:-1] + b"," + members + b"}")


def laughs(head: str) -> bytes:
    """A billion of them: each name stands for nine of the one before."""
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for number in range(1, 10):
        names = ", ".join([f"*a{number - 1}"] * 9)
        lines.append(f"a{number}: &a{number} [{names}]")
    return (head + "\n".join(lines) + "\n").encode()


def laughs_in(key: str) -> bytes:
    """The same as the value of a key that there is."""
    section, name = key.split(".")
    return laughs("").replace(b"a9: &a9", f"{section}: {{{name}: ".encode()).rstrip() + b"}\n"


def nested_yaml() -> bytes:
    return b"api: " + b"[" * 100_000 + b"]" * 100_000


def long_number_yaml() -> bytes:
    return b"api: {page_size: " + b"9" * MILLION + b"}\n"


BENIGN: Mapping[Callable[[bytes], str], Callable[[], bytes]] = {
    as_body: lambda: gzip.compress(a_page(ITEM)),
    as_deflate: lambda: zlib.compress(a_page(ITEM)),
    as_page: lambda: a_page(ITEM),
    as_crm: lambda: HEADER + ROW,
    as_settings: lambda: b"api: {page_size: 7}\n",
    as_metrics: lambda: b"metric_version: '9'\n",
}
BOMBS: dict[str, Bomb] = {
    "gzip 1000 to 1, a GB": Bomb(lambda: packed_zeros(1000), as_body, "longer than api.max_page_bytes"),
    "gzip in gzip": Bomb(lambda: gzip.compress(packed_zeros(1000)), as_body, "bytes"),
    "gzip in a thousand members": Bomb(many_members, as_body, "longer than api.max_page_bytes"),
    "gzip in a million empty members": Bomb(empty_members, as_body, "0 bytes"),
    "deflate": Bomb(lambda: zlib.compress(b" " * 100 * MB), as_deflate, "packed as 'deflate'"),
    "JSON lists a million deep": Bomb(lambda: deep(b"[", b"]"), as_page, "longer than"),
    "JSON objects a million deep": Bomb(lambda: deep(b'{"a":', b"}"), as_page, "longer than"),
    "JSON lists never closed": Bomb(lambda: b'{"items":' + b"[" * MILLION, as_page, "not JSON"),
    "a field of 10 MB": Bomb(lambda: a_page(ITEM.replace(b"c1", b"c" * 10 * MB)), as_page, "longer than"),
    "an escaped field of 10 MB": Bomb(
        lambda: a_page(ITEM.replace(b"c1", b"\\u0041" * (10 * MB // 6))), as_page, "longer than"
    ),
    "a name of a member of 10 MB": Bomb(
        lambda: a_page(b'{"' + b"n" * 10 * MB + b'":1,' + ITEM[1:]), as_page, "longer than"
    ),
    "a million members in an item": Bomb(many_members_of_an_item, as_page, "longer than"),
    "a number of a million digits": Bomb(
        lambda: a_page(ITEM.replace(b":2", b":" + b"9" * MILLION)), as_page, "OUT_OF_RANGE"
    ),
    "an exponent of a million digits": Bomb(
        lambda: a_page(ITEM.replace(b":2", b":1e" + b"9" * MILLION)), as_page, "WRONG_TYPE"
    ),
    "a next page of a million digits": Bomb(
        lambda: b'{"items":[],"next_page":' + b"9" * MILLION + b"}", as_page, "0 items"
    ),
    "a total of a million digits": Bomb(
        lambda: b'{"items":[],"next_page":null,"total":' + b"9" * MILLION + b"}", as_page, "0 items"
    ),
    "a CSV header of a million columns": Bomb(
        lambda: HEADER[:-1] + b"".join(b",x%d" % n for n in range(MILLION)) + b"\n" + ROW,
        as_crm,
        "line 1 is longer than",
    ),
    "a CSV row of a million cells": Bomb(
        lambda: HEADER + ROW[:-1] + b",x" * MILLION + b"\n", as_crm, "line 2 is longer than"
    ),
    "a CSV cell of 100 MB": Bomb(
        lambda: HEADER + ROW.replace(b"Acme", b"A" * 100 * MB), as_crm, "line 2 is longer than"
    ),
    "a quoted CSV cell of 100 MB": Bomb(
        lambda: HEADER + ROW.replace(b"Acme", b'"' + b"A" * 100 * MB + b'"'), as_crm, "line 2 is longer than"
    ),
    "an open quote over 10 MB of rows": Bomb(
        lambda: HEADER + b'c1,"Acme,DE,retail,2025-03-30\n' + ROW * MANY_ROWS, as_crm, "quarantined", many_rows
    ),
    "a quoted cell over a million lines": Bomb(
        lambda: HEADER + ROW.replace(b"Acme", b'"' + b"some more of it\n" * MILLION + b'"'),
        as_crm,
        "quarantined",
        many_rows,
    ),
    "a YAML of a billion laughs": Bomb(lambda: laughs(""), as_settings, "aliases stand for more than"),
    "a billion laughs as a value": Bomb(lambda: laughs_in("api.page_size"), as_settings, "aliases stand"),
    "a billion laughs as metrics": Bomb(lambda: laughs(""), as_metrics, "aliases stand"),
    "a YAML nested 100,000 deep": Bomb(nested_yaml, as_settings, "nested too deeply"),
    "a YAML number of a million digits": Bomb(long_number_yaml, as_settings, "not YAML"),
    "JSON deep in a metrics file": Bomb(nested_yaml, as_metrics, "nested too deeply"),
}


CONTROL = "held a hundred times"
EVERY = {**BOMBS, CONTROL: Bomb(lambda: b"x" * MB, held, "bytes", lambda: b"x")}


def told_by(bomb: Bomb, data: bytes) -> str:
    """What came of it: what was read, or the sentence of a refusal. Anything else is a defect, and raised."""
    from company_activity.errors import CompanyActivityError

    try:
        return bomb.take(data)
    except CompanyActivityError as refused:
        return f"{type(refused).__name__} (exit {refused.exit_code}): {str(refused)[:2000]}"


def peak() -> int:
    """The most memory that this program has had, in KB. `ru_maxrss` would begin with what its parent had."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])


def main(name: str) -> None:
    """Take a harmless input of its kind, then the bomb; print what each cost."""
    bomb = EVERY[name]
    told_by(Bomb(bytes, bomb.take, ""), (bomb.beside or BENIGN[bomb.take])())
    with TemporaryDirectory() as folder:
        # Made by a process of its own: what the making takes is not counted.
        file = Path(folder, "bomb")
        subprocess.run([sys.executable, __file__, "make", name, str(file)], check=True)
        data = file.read_bytes()
    before = peak()
    began = time.monotonic()
    told = told_by(bomb, data)
    seconds = time.monotonic() - began
    print(json.dumps({"told": told, "kb": peak() - before, "sent": len(data), "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        Path(sys.argv[3]).write_bytes(EVERY[sys.argv[2]].make())
    else:
        main(sys.argv[1])
