"""The connection to PostgreSQL drips, is late or goes mute: what is published is whole, and said only when it is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import PublishError

from reliability.harness.cases import Cases
from reliability.network.broken_wire import BrokenWire, Direction, Fault, Kind, broken_wire
from reliability.network.logged import logged
from support.warehouse.postgres import Cluster
from support.warehouse.tables import DAY
from support.warehouse.versioned_rows import PASSWORD, ROWS, VersionedRows

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.full]

SILENCE_SECONDS = 3.0  # after which the driver gives a connection up
WAKE_SECONDS = 4.0
LONGEST = 120.0  # attempts, each with its silence, on a busy machine
PLACES = 8
KINDS: tuple[Kind, ...] = ("drip", "late", "mute", "reset", "end")
DIRECTIONS: tuple[Direction, ...] = ("said", "answered")


@pytest.fixture
def wire(spark: SparkSession, postgres: Cluster) -> Iterator[BrokenWire]:
    spark.sparkContext.setLogLevel("OFF")  # each task that fails would print its stack
    with broken_wire(postgres.port) as wire:
        yield wire
    spark.sparkContext.setLogLevel("ERROR")


def faults(wire: BrokenWire) -> dict[str, Fault]:
    """Each kind at some places of what both sides said in a whole publish; by names that no length enters."""
    named = {}
    for kind in KINDS:
        for direction in DIRECTIONS:
            for place in range(PLACES):
                at = wire.passed[direction] * place // PLACES
                for stays in (False, True):
                    named[f"{kind}:{direction}:{place}/{PLACES}{':stays' if stays else ''}"] = Fault(
                        kind, direction, at, stays
                    )
    # A drip over all that follows would take hours; a lasting one is a server that is down.
    return {name: fault for name, fault in named.items() if not (fault.stays and fault.kind in ("drip", "late"))}


def judge(rows: VersionedRows, wire: BrokenWire, fault: Fault, version: int) -> str:
    """One publish with the fault, one without."""
    shown = (f"{ROWS}|{ROWS}|{version}|{version}", f"h{version}")
    before = (f"{ROWS}|{ROWS}|{version - 1}|{version - 1}", f"h{version - 1}")
    wire.break_by(fault)
    began = time.monotonic()
    with logged() as lines:
        first = rows.publish(version)
    assert PASSWORD not in f"{first}{lines}"
    assert time.monotonic() - began < LONGEST
    was_reached = wire.is_struck
    is_served = rows.served() == shown
    assert is_served or rows.served() == before
    assert is_served or isinstance(first, PublishError), "said that it was published"
    wire.break_by(None)
    again = rows.publish(version)
    assert not isinstance(again, PublishError), again
    assert again.published == (() if is_served else (DAY.isoformat(),))
    assert (rows.served(), rows.times_published(version)) == (shown, "1")
    if not was_reached:
        return "not reached"
    return "done, unknown" if is_served and isinstance(first, PublishError) else "published" if is_served else "refused"


@pytest.mark.row("N2")
def test_no_fault_loses_doubles_or_invents_a_publish(
    spark: SparkSession, postgres: Cluster, wire: BrokenWire, tmp_path: Path, cases: Cases
) -> None:
    rows = VersionedRows(
        spark,
        postgres,
        wire.port,
        tmp_path,
        socket_timeout_seconds=SILENCE_SECONDS,
        wake_seconds=WAKE_SECONDS,
    )
    rows.publish(1)
    wire.break_by(None)
    rows.publish(2)
    known = faults(wire)
    for version, name in enumerate(cases.left(known, short=3), 3):
        with cases.one(name) as notes:
            notes.append(judge(rows, wire, known[name], version))
            print(f"{name}: {notes[-1]}", flush=True)
