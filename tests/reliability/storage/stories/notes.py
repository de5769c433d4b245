"""Stories of what is noted beside the lake: verdicts, what CRM files are made of, acceptances, copies of the ledger."""

from __future__ import annotations

from typing import Any

from company_activity.gates.arrived import ArrivedDate
from company_activity.gates.verdict import Verdict
from company_activity.io.lake.upgrades import Upgrades
from company_activity.io.landing.crm_notes import CrmNotes, KnownFile
from company_activity.io.landing.crm_verdicts import LOSS, CrmVerdicts
from company_activity.io.landing.gate_verdicts import GateVerdicts
from company_activity.io.warehouse.ledger import WHOLE, Fence, Ledger, LedgerRow
from company_activity.io.warehouse.mirror import begin, mirror, mirror_files, mirrored

from reliability.storage.stories.landing import landed_before
from reliability.storage.stories.story import Given, Story, landed
from support.landing.pages import DAY

URL = "jdbc:h2:mem:x"
LOW = Verdict("volume", str(DAY), False, "1", "9")
ARRIVED = ArrivedDate(DAY, 3, 1, 1, 0, 5)
PATH, BYTES = "raw/crm/a.csv", "0" * 64
FILES = [{PATH: KnownFile(BYTES, "3", frozenset({seen}))} for seen in ("first", "second")]


def judged(given: Given) -> None:
    """A date is refused, then accepted; so is a CRM file; what it was seen with changes; an upgrade is accepted."""
    for accepts in (False, True):
        verdicts = GateVerdicts(given.landing)
        assert verdicts.settled(LOW, ARRIVED, accepts=accepts, run_id="run").is_refusal in (not accepts, False)
    crm = CrmVerdicts(given.lake)
    for verdict in (LOSS, "accepted"):
        crm.note(verdict, PATH, BYTES, "run", "half of it is gone")
    for listing, files in zip(("l1", "l2"), FILES, strict=True):
        CrmNotes(given.lake).create(str(DAY), "1:c", listing, files)
    Upgrades(given.lake, "2").accept("run")


def verdicts(given: Given) -> Any:
    """What is decided, as runs read it."""
    crm, notes = CrmVerdicts(given.lake), CrmNotes(given.lake)
    accepted = GateVerdicts(given.landing).settled(LOW, ARRIVED, accepts=False, run_id="run")
    files = [found for _, found in notes.read([(str(DAY), "1:c")])]
    states = crm.is_refused(PATH, BYTES), crm.is_accepted(PATH, BYTES), Upgrades(given.lake, "2").is_accepted
    return landed(given.landing), str(accepted), accepted.severity, states, files[-1]


def published(number: int) -> Ledger:
    """A ledger after so many publishes."""
    row = LedgerRow("dim.companies", WHOLE, f"h{number}", 3, "run", Fence("lake", number), "2025-04-01", number)
    return Ledger("database", {row.table: {row.scope: row}})


def mirrors(given: Given) -> None:
    """Two publishes: each says beforehand that nothing is known, and afterwards what is."""
    files = mirror_files(given.lake)
    for number in (1, 2):
        begin(files, URL, given.run_id)
        mirror(files, URL, published(number), given.run_id)


def known_of_ledger(given: Given) -> Any:
    """What the planner knows of the warehouse."""
    return mirrored(mirror_files(given.lake), URL)


VERDICTS = Story("verdicts", judged, verdicts, landed_before)
MIRRORS = Story("mirrors", mirrors, known_of_ledger)
