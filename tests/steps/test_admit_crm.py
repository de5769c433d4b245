"""Which CRM files a run lets in, as the step and the plan see it: real files and a Delta log, and no Spark."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import GateRefused, UsageError
from company_activity.io.lake.delta import Lake
from company_activity.io.lake.delta_log import OURS
from company_activity.io.landing.tombstones import lay
from company_activity.io.storage.folder import Folder
from company_activity.io.storage.local import LocalStorage
from company_activity.operations.plan import plan
from company_activity.pipeline import run_steps
from company_activity.planning.plan import Plan
from company_activity.records.crm import CrmFile
from company_activity.records.fields import CRM_RULES_VERSION
from company_activity.records.tombstone import tombstone_of
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Admission, AdmittedFile, Options, Run
from company_activity.schemas import CRM_COMPANIES, Table
from company_activity.settings.model import EraseSettings, LakeSettings, Secret
from company_activity.steps import admit_crm as step
from company_activity.steps.stage_crm import stage_crm
from company_activity.steps.start import check_accepted_files
from company_activity.work import admit_crm as asking
from company_activity.work import stage_crm as staging

from support.landing.ingest import clock_at, settings_for

HEADER = "company_id,name,country,industry_tag,last_contact_at\n"
NOW = clock_at("2025-06-01T00:00:00")
D1, D2, D3 = (date(2025, 3, day) for day in (1, 2, 3))


@dataclass
class CrmInbox:
    """A landing and a lake; each admission is a run of its own."""

    folder: Path
    runs: list[Run] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    key: Secret | None = None

    def drop(self, name: str, companies: range, broken: int = 0) -> Path:
        """Let a CRM file land."""
        path = self.folder / "raw/crm" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"c{n},Company {n},UK,software,2025-02-01\n" for n in companies]
        rows += [f"b{n},Broken {n},UK,software,yesterday\n" for n in range(broken)]
        path.write_text(HEADER + "".join(rows), encoding="utf-8")
        return path

    def run(self, *accept: str) -> Run:
        settings = replace(settings_for("", self.folder), lake=LakeSettings(str(self.folder / "lake")))
        settings = replace(settings, erase=EraseSettings(self.key))
        report = RunReport(f"run-{len(self.runs)}", "test", NOW())
        self.runs.append(Run(settings, (D3,), report, NOW, options=Options(accept_crm=accept)))
        return self.runs[-1]

    def erase(self, *company_ids: str) -> None:
        """Lay the tombstones of these companies."""
        self.key = Secret("k")
        for company_id in company_ids:
            lay(self.run().landing, tombstone_of("k", company_id), "run", NOW())

    def admit(self, *accept: str) -> StepReport:
        run = self.run(*accept)
        self.admissions.append(step.admit_crm(run))
        assert "spark" not in vars(run)
        return self.admissions[-1].report

    @property
    def admitted(self) -> list[str]:
        """The names of the files that the last run let in."""
        return [Path(one.file.path).name for one in self.admissions[-1].files]

    def state_after(self, files: Iterable[AdmittedFile]) -> dict[str, Any]:
        """What the table is built from once these files of the last admission are in it."""
        return staging.state_with(self.runs[-1], self.admissions[-1], files)[1].as_json()

    def planned(self) -> Plan:
        return plan(self.run())

    def told(self) -> dict[str, tuple[str, str]]:
        """What a plan says of each file."""
        return {Path(news.path).name: (news.state, news.told) for news in self.planned().crm}

    def commit(self, state: dict[str, Any]) -> None:
        """A commit of the staging table that carries this state."""
        log = self.folder / "lake" / CRM_COMPANIES.path / "_delta_log"
        log.mkdir(parents=True, exist_ok=True)
        metadata = json.dumps({OURS: state}, separators=(",", ":"))
        commit = json.dumps({"commitInfo": {"userMetadata": metadata}}, separators=(",", ":"))
        (log / f"{len(list(log.iterdir())):020}.json").write_text(commit, encoding="utf-8")

    def stage_as_0_1(self, day: date, *files: Path, companies: int, rules: str = CRM_RULES_VERSION) -> None:
        """What version 0.1 left behind when it had staged these files."""
        before = self.run().lake.state(CRM_COMPANIES)
        self.commit(
            {
                "files": before.get("files", {}) | {f"raw/crm/{file.name}": noted(file, day) for file in files},
                "companies": before.get("companies", {}) | {str(day): companies},
                "rules_version": rules,
            }
        )


def noted(file: Path, day: date) -> dict[str, str]:
    entry = next(iter(LocalStorage(file.parent).list(file.name)))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"sha256": digest, "file_date": str(day), "seen": f"{entry.size}/{entry.modified_at.isoformat()}"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CrmInbox:
    """A place whose refusals are noted without the quarantine, which needs Spark."""

    def note(run: Run, verdicts: Any, refusals: list[Any]) -> None:
        for refusal in refusals:
            is_broken = getattr(refusal, "reason", "") == "CRM_BROKEN"
            kind = "broken" if is_broken else "refused"
            verdicts.note(kind, refusal.file.path, refusal.file.sha256, run.run_id, str(refusal))

    monkeypatch.setattr(asking, "keep_aside", note)
    monkeypatch.setattr(step, "kept_ids", lambda run, day, replaced: set())
    return CrmInbox(tmp_path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, CRM files and notes of them."""
    names: list[str] = []
    real = LocalStorage.read

    def read(self: LocalStorage, path: str) -> bytes:
        if path.endswith(".csv") or "/crm/" in f"/{path}":
            names.append(Path(path).name)
        return real(self, path)

    monkeypatch.setattr(LocalStorage, "read", read)
    return names


def test_an_export_in_several_files_is_let_in_on_the_second_day(place: CrmInbox) -> None:
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    for part in range(3):
        place.drop(f"part{part}_{D2}.csv", range(part * 10, part * 10 + 10))
    assert {state for state, told in place.told().values() if "refused" not in told} == {"new"}
    place.admit()
    assert place.admitted == [f"part{part}_{D2}.csv" for part in range(3)]


def test_a_refusal_for_loss_falls_when_another_path_of_its_date_arrives(place: CrmInbox) -> None:
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    place.drop(f"part0_{D2}.csv", range(10))
    with pytest.raises(GateRefused, match="10 companies .*, wanted about the 30 of 2025-03-01"):
        place.admit()
    place.drop(f"{D3}.csv", range(20))
    assert "part0" in place.admit().warnings[0]
    assert place.admitted == [f"{D3}.csv"]
    place.drop(f"part1_{D2}.csv", range(10, 20))
    place.admit()
    assert place.admitted == [f"part0_{D2}.csv", f"part1_{D2}.csv", f"{D3}.csv"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_parts_that_arrive_in_any_order_end_as_the_same_snapshot(
    place: CrmInbox, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    """A run for each: what is refused at first is let in with the next, and the last is judged with what is staged."""
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    ids = {f"raw/crm/part{part}_{D2}.csv": {f"c{n}" for n in range(part * 9, part * 9 + 10)} for part in range(3)}

    def kept(run: Run, day: date, replaced: frozenset[str]) -> set[str]:
        from company_activity.io.landing.crm_known import KnownFiles

        staged = KnownFiles(run.lake.files, run.lake.crm).of(str(day))
        return {one for path in staged.keys() - replaced for one in ids[path]}

    monkeypatch.setattr(step, "kept_ids", kept)
    staged: list[str] = []
    for part in order:
        place.drop(f"part{part}_{D2}.csv", range(part * 9, part * 9 + 10))
        with suppress(GateRefused):
            place.admit()
            place.commit(place.state_after(place.admissions[-1].files))
            staged += place.admitted
    assert sorted(staged) == [f"part{part}_{D2}.csv" for part in range(3)]
    state = place.run().lake.state(CRM_COMPANIES)
    assert state["companies"] == {str(D1): 30, str(D2): 28}
    assert state["crm"][str(D2)].startswith("3:")


def test_a_part_that_is_accepted_by_name_does_not_bring_the_others_back(place: CrmInbox) -> None:
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    place.drop(f"part0_{D2}.csv", range(10))
    place.drop(f"part1_{D2}.csv", range(2))
    with pytest.raises(GateRefused):
        place.admit()
    place.admit(f"part0_{D2}.csv")
    assert place.admitted == [f"part0_{D2}.csv"]


def test_a_lifted_refusal_stays_lifted_where_only_a_part_of_its_date_was_staged(place: CrmInbox) -> None:
    """A run that is killed between two batches: what it staged is no new arrival for the next one."""
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    place.drop(f"z_{D2}.csv", range(12))
    with pytest.raises(GateRefused):
        place.admit()
    first = place.drop(f"a_{D2}.csv", range(12, 24))
    place.admit()
    assert place.admitted == [first.name, f"z_{D2}.csv"]
    place.stage_as_0_1(D2, first, companies=12)  # and no more
    assert place.admit().warnings == []
    assert place.admitted == [f"z_{D2}.csv"]


def test_another_path_of_the_date_that_is_let_in_by_name_as_it_arrives_lifts_a_refusal(place: CrmInbox) -> None:
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    place.drop(f"z_{D2}.csv", range(12))
    with pytest.raises(GateRefused):
        place.admit()
    place.drop(f"a_{D2}.csv", range(12, 24))
    place.admit(f"a_{D2}.csv")
    assert place.admitted == [f"a_{D2}.csv", f"z_{D2}.csv"]


def test_a_run_that_refuses_a_file_and_cannot_read_others_says_both(place: CrmInbox) -> None:
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    place.drop(f"cut_{D3}.csv", range(3))
    for name in ("one", "two"):
        place.drop(f"{name}_{D2}.csv", range(3)).write_text("id;amount\n", encoding="utf-8")
    run = place.run()
    run_steps(run, ["admit_crm"])
    assert [failed.error.exit_code for failed in run.report.failures if failed.error] == [4, 3]
    unread = str(run.report.failures[1].error)
    assert f"one_{D2}.csv" in unread
    assert f"two_{D2}.csv" in unread


def test_a_file_that_cannot_be_read_does_not_wait_to_be_accepted(place: CrmInbox) -> None:
    name = place.drop(f"{D2}.csv", range(3)).name
    (place.folder / "raw/crm" / name).write_text("id;amount\n", encoding="utf-8")
    with pytest.raises(UsageError, match="names no file that waits"):
        check_accepted_files(place.run(name))


def test_a_file_whose_rows_are_all_broken_is_refused_with_its_reasons(place: CrmInbox) -> None:
    place.drop(f"{D1}.csv", range(0), broken=10)
    assert place.told() == {
        f"{D1}.csv": (
            "new",
            "snapshot of 2025-03-01, 10 rows, 10 broken: BAD_TIMESTAMP 10 → would be refused, "
            "wanted at most 50% of the rows broken",
        )
    }
    with pytest.raises(GateRefused, match="10 rows, 10 broken: BAD_TIMESTAMP 10"):
        place.admit()
    assert "was refused before" in place.admit().warnings[1]
    assert place.told()[f"{D1}.csv"][0] == "refused"
    place.drop(f"part_{D1}.csv", range(5))
    place.admit()
    assert place.admitted == [f"part_{D1}.csv"]
    place.admit(f"{D1}.csv")
    assert place.admitted == [f"{D1}.csv", f"part_{D1}.csv"]


def test_the_gate_on_loss_says_how_many_rows_are_broken(place: CrmInbox) -> None:
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    place.drop(f"{D2}.csv", range(10), broken=9)
    with pytest.raises(GateRefused, match=r"10 companies \(19 rows, 9 broken: BAD_TIMESTAMP 9\)"):
        place.admit()


def test_a_touched_file_with_equal_bytes_is_read_once(place: CrmInbox, opened: list[str]) -> None:
    file = place.drop(f"{D1}.csv", range(3))
    place.stage_as_0_1(D1, file, companies=3)
    place.admit()
    assert opened == []
    os.utime(file, (1, 1))
    assert place.admit().outcome == "nothing"
    assert opened == [file.name]
    assert place.admit().notes == ["no new CRM file"]
    assert opened == [file.name]


def test_new_bytes_are_not_forgotten_because_another_file_of_their_date_is_noted(place: CrmInbox) -> None:
    """A run that is killed before it staged them, or between two batches, leaves them to the next."""
    files = [place.drop(f"part{part}_{D1}.csv", range(3)) for part in range(3)]
    place.admit()
    place.commit(place.state_after(place.admissions[-1].files))
    place.drop(files[0].name, range(4))
    os.utime(files[1], (1, 1))
    for _ in range(2):
        place.admit()
        assert place.admitted == [files[0].name]
    place.drop(files[2].name, range(5))
    place.admit()
    place.commit(place.state_after(place.admissions[-1].files[:1]))
    place.admit()
    assert place.admitted == [files[2].name]


def test_what_older_rules_staged_is_read_again_and_its_loss_is_decided(place: CrmInbox, opened: list[str]) -> None:
    """As where the larger snapshot came later than the smaller one."""
    for day, companies in ((D1, 30), (D2, 10)):
        place.stage_as_0_1(day, place.drop(f"{day}.csv", range(companies)), companies=companies, rules="0")
    assert all(told.endswith(f"read again by rules version {CRM_RULES_VERSION}") for _, told in place.told().values())
    place.admit()
    assert place.admitted == [f"{D1}.csv", f"{D2}.csv"]


def test_what_older_rules_staged_and_the_landing_no_longer_holds_is_named(place: CrmInbox) -> None:
    gone = place.drop(f"{D1}.csv", range(30))
    place.stage_as_0_1(D1, gone, companies=30, rules="0")
    gone.unlink()
    place.drop(f"{D2}.csv", range(30))
    sentence = f"CRM files that older rules staged have left the landing and keep their rows (1): raw/crm/{D1}.csv"
    assert sentence in place.admit().warnings
    place.commit(place.state_after(place.admissions[-1].files))
    told = place.admit()
    assert (told.outcome, sentence in told.warnings) == ("nothing", True)


@dataclass
class Alive:
    """The CRM files taken apart that are in memory, and the most that were at once."""

    files: weakref.WeakSet[CrmFile] = field(default_factory=weakref.WeakSet)
    most: int = 0

    def counted(self, real: Callable[..., CrmFile]) -> Callable[..., CrmFile]:
        def read(*given: Any) -> CrmFile:
            file = real(*given)
            self.files.add(file)
            self.most = max(self.most, len(self.files))
            return file

        return read


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> Alive:
    found = Alive()
    for module in (step, staging, *arrivals_module()):
        if hasattr(module, "read_crm_file"):
            monkeypatch.setattr(module, "read_crm_file", found.counted(module.read_crm_file))
    monkeypatch.setattr(CrmFile, "__hash__", object.__hash__)
    gc.collect()
    return found


def arrivals_module() -> list[Any]:
    try:
        from company_activity.io.landing import crm_arrivals
    except ImportError:  # where the step itself reads the files
        return []
    return [crm_arrivals]


def test_verdicts_are_listed_once_however_many_files_wait(place: CrmInbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(20):
        place.drop(f"{D1 + timedelta(days=day)}.csv", range(2))
    listed: list[str] = []
    real = Folder.names

    def names(self: Folder) -> list[str]:
        listed.append(self.path)
        return real(self)

    monkeypatch.setattr(Folder, "names", names)
    place.admit()
    assert len([path for path in listed if "verdicts" in path]) == 1


def test_a_backlog_is_never_in_memory_as_a_whole(place: CrmInbox, alive: Alive) -> None:
    for day in range(40):
        place.drop(f"{D1 + timedelta(days=day)}.csv", range(20))
    place.admit()
    assert len(place.admitted) == 40
    assert alive.most == 1


def test_a_backlog_is_staged_in_batches_each_with_its_state(
    place: CrmInbox, alive: Alive, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    """A run that is killed between two of them leaves the rest to the next."""
    for number in range(40):
        place.drop(f"part{number % 2}_{D1 + timedelta(days=number // 2)}.csv", range(20))
    states: list[dict[str, Any]] = []

    def replace(lake: Lake, table: Table, rows: Any, predicate: str, state: Any) -> None:
        if len(states) == killed_at:
            raise KeyboardInterrupt
        if table == CRM_COMPANIES:
            states.append(state)
            place.commit(state)
            lake.forget()

    killed_at = 3
    monkeypatch.setattr(staging, "MOST_ROWS", 100)
    for frame in ("crm_staging_frame", "crm_quarantine_frame"):
        monkeypatch.setattr(staging, frame, lambda *given: None)
    monkeypatch.setattr(Lake, "replace", replace)
    monkeypatch.setattr(step, "kept_ids", lambda run, day, replaced: {f"c{n}" for n in range(20)})
    place.admit()
    vars(place.runs[-1])["spark"] = None
    with pytest.raises(KeyboardInterrupt):
        stage_crm(place.runs[-1], place.admissions[-1])
    assert alive.most == 5
    killed_at = 99
    place.admit()
    assert len(place.admitted) == 25
    vars(place.runs[-1])["spark"] = None
    assert stage_crm(place.runs[-1], place.admissions[-1]).counts["accepted"] == 500
    assert len(states) == 8
    opened.clear()
    assert place.admit().notes == ["no new CRM file"]
    assert opened == []
    assert states[-1]["companies"] == {str(D1 + timedelta(days=n)): 20 for n in range(20)}


def test_a_file_that_changes_between_verdict_and_staging_is_left_to_the_next_run(
    place: CrmInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed: list[Any] = []
    monkeypatch.setattr(Lake, "replace", lambda *given: committed.append(given))
    file = place.drop(f"{D1}.csv", range(20))
    place.admit()
    vars(place.runs[-1])["spark"] = None
    place.drop(file.name, range(19))
    told = stage_crm(place.runs[-1], place.admissions[-1])
    assert told.warnings == [f"raw/crm/{D1}.csv changed while the run was on: the next run reads it"]
    assert committed == []


def test_an_erased_company_is_in_no_count_and_is_not_staged(place: CrmInbox) -> None:
    place.drop(f"{D1}.csv", range(5), broken=1)
    place.erase("c3", "b0")
    report = place.admit()
    [admitted] = place.admissions[-1].files
    assert (admitted.file.companies, place.admissions[-1].companies_after) == (4, {D1: 4})
    assert place.state_after([admitted])["companies"] == {str(D1): 4}
    [file] = staging.read_again(place.runs[-1], [admitted])
    assert [row.company_id for row in file.accepted] == ["c0", "c1", "c2", "c4"]
    assert (file.rows_in, file.quarantined) == (4, [])
    assert staging.reconcile([file])["rows"] == 4
    assert report.warnings == []


def test_the_gate_on_loss_does_not_count_an_erased_company(place: CrmInbox) -> None:
    place.stage_as_0_1(D1, place.drop(f"{D1}.csv", range(30)), companies=30)
    place.drop(f"{D2}.csv", range(15))
    assert "would be refused" not in place.told()[f"{D2}.csv"][1]
    place.erase("c3")
    assert "14 companies (14 rows) → would be refused" in place.told()[f"{D2}.csv"][1]
    with pytest.raises(GateRefused, match="14 companies"):
        place.admit()


def test_the_gate_on_broken_rows_does_not_count_an_erased_company(place: CrmInbox) -> None:
    place.drop(f"{D1}.csv", range(3), broken=4)
    place.erase("b0", "b1")
    place.admit()
    assert place.admitted == [f"{D1}.csv"]
