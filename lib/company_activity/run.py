"""One invocation: its settings, dates, clock and identity, and what its steps share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from company_activity.gates.arrived import REWRITE, let_through
from company_activity.gates.crm_admission import JudgedFile
from company_activity.gates.rewrite import Rewriting, judge_rewrite
from company_activity.gates.verdict import Verdict, refuse_unless_passed
from company_activity.io.lake.delta_log import identity, newest_state
from company_activity.io.lake.lock import hold_in_jvm
from company_activity.io.lake.upgrades import Upgrades
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import open_storage
from company_activity.planning.dirty import Sources, by_snapshot_date, snapshots
from company_activity.planning.state import FORMULA_VERSION
from company_activity.records.fields import RULES_VERSION
from company_activity.report.model import RunReport, StepReport
from company_activity.runtime.session import spark_session
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    Table,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.io.landing.crm_known import KnownFiles
    from company_activity.settings.model import Settings


@dataclass(frozen=True)
class AdmittedFile:
    """A CRM file that may be staged, and the size and time it was seen with. Its rows are read when they are staged."""

    file: JudgedFile
    seen: str


@dataclass
class Run:
    """What the steps of one invocation share. Spark starts when a step first asks for it, and not before.

    `holds_lake` is False while another run may be writing to the lake and sending what its outbox holds.
    """

    settings: Settings
    dates: tuple[date, ...]
    report: RunReport
    clock: Callable[[], datetime]
    say: Callable[[str], None] = print
    tell: Callable[[StepReport], None] = lambda step: None
    on_page: Callable[[date, int, int], None] = lambda day, pages, rows: None
    refetch: bool = True
    trusts_mirror: bool = True
    adopt_lake: bool = False
    accept_crm: tuple[str, ...] = ()
    accept_gates: tuple[str, ...] = ()
    admitted: list[AdmittedFile] = field(default_factory=list)
    companies_after: dict[date, int] = field(default_factory=dict)
    known_crm: KnownFiles | None = None
    published: list[date] = field(default_factory=list)
    holds_lake: bool = True

    @property
    def run_id(self) -> str:
        return self.report.run_id

    @property
    def now(self) -> datetime:
        """When the run began: the one moment that all its rows are stamped with."""
        return self.report.started_at

    @cached_property
    def spark(self) -> SparkSession:
        self.say("starting Spark")
        session = spark_session(self.settings.spark)
        hold_in_jvm(session, self.settings.lake.root)
        return session

    @cached_property
    def landing(self) -> Landing:
        return Landing(open_storage(self.settings.landing, self.settings.secrets), self.settings.landing)

    @property
    def crm_files(self) -> KnownFiles:
        """What is known of the staged CRM files; the step that admits files looks it up."""
        assert self.known_crm, "admit_crm comes first"
        return self.known_crm

    def state_of(self, table: Table) -> dict[str, Any]:
        """What the table's newest commit says it was built from."""
        return newest_state(self.settings.lake.root, table.path)

    def lake_hashes(self) -> dict[date, str]:
        """The content hash of each built date."""
        dates = self.state_of(COMPANY_ACTIVITY_DAILY).get("dates", {})
        return {date.fromisoformat(day): entry[0] for day, entry in dates.items()}

    @property
    def upgrade(self) -> Upgrades:
        """Whether someone accepted what today's rules, constants and formulas rewrite."""
        versions = (RULES_VERSION, self.settings.metrics.metric_version, FORMULA_VERSION)
        return Upgrades(self.settings.lake.root, *versions)

    def check_rewriting(self, scope: str, found: Rewriting) -> list[Verdict]:
        """Judge what a step would rewrite or drop unasked; `--accept-gate rewrite` accepts it, an upgrade for good.

        Raises:
            GateRefused: above `gates.max_dates_rewritten`, and if a date would go because a state could not be read.
        """
        counted = found.without_upgraded() if found.upgraded and self.upgrade.is_accepted else found
        verdict = judge_rewrite(scope, counted, self.settings.gates.max_dates_rewritten)
        if verdict.passed:
            return [verdict]
        if REWRITE not in self.accept_gates:
            remedy = "check the changes with `plan`; if they are right: --accept-gate rewrite"
            return refuse_unless_passed(
                [verdict], remedy=f"restore its _delta_log, or {remedy}" if found.lost else remedy
            )
        if found.upgraded:
            self.upgrade.accept(self.run_id)
        return [let_through(verdict)]

    def dimension_versions(self) -> dict[str, str]:
        """Which versions of the dimension and its history there are: `<table id>@<version>`."""
        lake = self.settings.lake.root
        return {table.name: identity(lake, table.path) for table in (COMPANIES, COMPANIES_HISTORY)}

    def staged_sources(self) -> Sources:
        """What staging holds now: the mark of each usage date, and the content of each snapshot date."""
        return {"usage": self.state_of(PRODUCT_USAGE).get("dates", {}), "crm": snapshots(self.state_of(CRM_COMPANIES))}

    def dimension_sources(self) -> Sources | None:
        """What dimension and history were last brought to; None where that is not known, or not the same of both.

        A commit of `dim.companies` says it of that table. Where later sources changed no row of it, the history's
        commit says so and names the version that it speaks of: a new version of the dimension would be published
        for nothing.
        """
        own, noted = self.state_of(COMPANIES), self.state_of(COMPANIES_HISTORY)
        if noted and noted.get("companies") == identity(self.settings.lake.root, COMPANIES.path):
            own = noted
        if not own or own["crm"] != noted.get("crm", {}):
            return None
        return {"usage": own["usage"], "crm": by_snapshot_date(own["crm"])}
