"""The story of a company that leaves landing, CRM files, messages and records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from company_activity.io.lake.erasures import note_begin, note_end
from company_activity.io.landing.erase_crm import erase_crm
from company_activity.io.landing.erase_usage import erase_usage
from company_activity.io.landing.retention import dates_listed
from company_activity.io.landing.tombstones import laid, lay
from company_activity.operations.erase.small_files import forget_in_small_files
from company_activity.operations.erase.spelling import Spelling

from reliability.storage.stories.runs import run_of, settings_of
from reliability.storage.stories.story import Given, Story, landed
from support.cycle.traces import traces
from support.landing.erased import ERASED, GONE, HEADER, NAME, item, row
from support.landing.pages import DAY, NOON, fetch, land, pages, session

CRM = "raw/crm/"
[TOMBSTONE] = ERASED.laid


def before(given: Given) -> None:
    """Two generations, an unfinished page, a CRM file, a message, a record and a page hold it; each holds others too."""
    landing = given.landing
    land(landing, [item("c_1"), item(GONE)])
    land(landing, [item("c_1"), item(GONE), item("c_2")], run_id="run-2")
    fetch(landing, pages([item(GONE)], ["{}"])[:1], session("killed"))
    crm = "\ufeff" + HEADER + row("c_1", "Ann") + row(GONE, NAME)
    landing.storage.create(f"{CRM}crm_{DAY}.csv", [crm.encode()])
    spelt = f'{{"why": "{GONE}"}}'.replace('"7"', '\\"7\\"')
    texts = {"lake/ops/runs/one.json": spelt, "lake/ops/outbox/two.json": spelt, "reports/three.html": NAME}
    for name, text in (texts | {"drop/four.json": spelt, "drop/five.json": "{}"}).items():
        file = Path(given.root, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def erase(given: Given) -> None:
    """What `erase` does before its steps, but for what it asks of tables."""
    run = run_of(given, settings_of(given))
    run = replace(run, settings=replace(run.settings, landing=replace(run.settings.landing, crm_path=CRM)))
    lay(run.landing, TOMBSTONE, run.run_id, NOON)
    note_begin(run.lake.files, TOMBSTONE)
    forget_in_small_files(run, Spelling.of(GONE, {NAME}), TOMBSTONE)
    assert erase_crm(run.landing.storage, CRM, ERASED).unreadable == ()
    for day in dates_listed(run.landing):
        erase_usage(run.landing, day, ERASED, run.run_id, 2)
    note_end(run.lake.files, TOMBSTONE, run.run_id)


def erased(given: Given) -> Any:
    """It is nowhere, drafts included; the others are where they were."""
    assert traces(given.root, GONE, NAME) == []
    assert laid(given.landing) == {TOMBSTONE}
    left = given.landing.storage.read(f"{CRM}crm_{DAY}.csv").decode()
    small = sorted(file.name for folder in ("lake", "drop", "reports") for file in (given.root / folder).rglob("*.*"))
    return landed(given.landing), left, small


ERASE = Story("erase", erase, erased, before)
