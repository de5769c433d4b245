"""CRM files: bytes in, rows or a refusal out, as the reference parser and the oracle read them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from company_activity.errors import CrmFileRefused
from company_activity.records.crm.erased_bytes import names_of_erased, without_erased_rows
from company_activity.records.crm.snoozed import read_snoozed, without_snoozes
from company_activity.records.tombstone import Tombstones, tombstone_of
from records.crm.files import DAY, HEADER, PATH, TODAY, comparable, read
from records.crm.malformed import malformed_file, swallowing_file
from records.crm.reference_file import Read, reference_read

from reliability.fuzz.told import check_told
from reliability.harness.kept import ROOT

GONE = "c_1"
ERASED = Tombstones("key", frozenset({tombstone_of("key", GONE)}))
SNOOZED = "company_id,until,why\nc_1,2025-04-15,leave\n c_2 ,2025-04-16,\n"
WORDS = (
    *(word.encode() for word in (*HEADER.split(","), "file_date", "src_file_name", "owner", "segment", "seats")),
    *(b"contract_value", b"renewal_on", b"until", b"why", b"sep=;", b"\xef\xbb\xbf", b'""', b'","', b"\r\n", b"c_1"),
    *(b"2025-01-10", b"2025-01-10T10:00:00Z", b"+14:00", b"\xed\xa0\x80", b"\xff\xfe", b"\xe2\x80\x8b", b"\0"),
    *(b"1,200.00", b"9" * 19),
)


def check(data: bytes) -> None:
    """Nothing but a refusal is raised, and only where the reference refuses; what is read, both read alike."""
    expected = reference_read(data, DAY, TODAY, PATH)
    assert outcome(data) == expected
    check_erased(data)
    check_snoozed(data)


def outcome(data: bytes) -> Read | None:
    """What is read; None where the file is refused."""
    try:
        return comparable(read(data))
    except CrmFileRefused as refused:
        check_told(refused)
        return None


def check_erased(data: bytes) -> None:
    """What is left without a company's rows names it no more, and is left alone the next time."""
    try:
        names_of_erased(PATH, data, ERASED)
        left = without_erased_rows(PATH, data, ERASED)
    except CrmFileRefused:
        return
    if left is not None:
        assert without_erased_rows(PATH, left, ERASED) == left


def check_snoozed(data: bytes) -> None:
    """Whatever the bytes are, nothing is raised."""
    for warning in read_snoozed(PATH, data).warnings:
        warning.encode()
    left = without_snoozes(data, lambda text: text == GONE)
    if left is not None:
        assert GONE not in read_snoozed(PATH, left).by_company


def seeds() -> Iterator[bytes]:
    """The samples' beginnings, files of malformed rows, and one of snoozed companies."""
    for path in sorted((ROOT / "samples" / "crm").glob("*.csv")):
        yield b"\n".join(path.read_bytes().split(b"\n")[:6])
    rng = Random(24)
    for count in (1, 2, 3, 5) * 8:
        yield malformed_file(count, rng)[0]
        yield swallowing_file(count, rng)[0]
    for delimiter in ";\t|":
        yield f"sep={delimiter}\n{HEADER}\nc_1,Acme,DE,,2025-01-01\n".replace(",", delimiter).encode()
    yield SNOOZED.encode()
    yield SNOOZED.encode("utf-16")
