"""One invocation: its settings, dates, clock and identity, and what its steps share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from company_activity.gates.arrived import REWRITE, accepted_verdict
from company_activity.gates.crm_admission import JudgedFile
from company_activity.gates.rewrite import Rewriting, judge_rewrite
from company_activity.gates.verdict import Verdict, refuse_unless_passed
from company_activity.io.lake.delta import Lake
from company_activity.io.lake.lock import hold_in_jvm
from company_activity.io.lake.upgrades import Upgrades
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.snoozed import snoozed_companies
from company_activity.io.landing.tombstones import erased_companies
from company_activity.io.storage.folder import lake_folder
from company_activity.io.storage.opening import open_storage
from company_activity.planning.state import FORMULA_VERSION, CrmState, MetricsMark
from company_activity.records.fields import CRM_RULES_VERSION, RULES_VERSION
from company_activity.report.model import RunReport, StepReport
from company_activity.runtime.session import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.io.landing.crm_known import KnownFiles
    from company_activity.records.crm.snoozed import Snoozed
    from company_activity.records.tombstone import Tombstones
    from company_activity.settings.model import Settings


class Progress(Protocol):
    """Where a run says how far it is."""

    def say(self, line: str) -> None:
        """A sentence about what is going on."""

    def step(self, step: StepReport) -> None:
        """A step has ended."""

    def page(self, day: date, pages: int, rows: int) -> None:
        """A page of a date is durable: the pages and rows of the date so far."""


class Silence:
    """Says nothing."""

    def say(self, line: str) -> None:
        return

    def step(self, step: StepReport) -> None:
        return

    def page(self, day: date, pages: int, rows: int) -> None:
        return


@dataclass(frozen=True)
class Options:
    """What a command may choose beside its dates.

    `refetch`: fetch dates before the asked ones again. `trusts_mirror`: believe the copy of the ledger beside the lake.
    `adopt_lake`: let a rebuilt lake take over. `accept_crm` and `accept_gates` accept what a gate refuses.
    `attempts_left`: how often this run may be tried again. `outcome`: a name to keep under how the run ended.
    `replays`: what was staged again under newer rules was asked for, and all that it rewrites; what newer formulas
    alone rewrite waits.
    """

    refetch: bool = True
    trusts_mirror: bool = True
    adopt_lake: bool = False
    accept_crm: tuple[str, ...] = ()
    accept_gates: tuple[str, ...] = ()
    attempts_left: int = 0
    outcome: str = ""
    replays: bool = False


@dataclass(frozen=True)
class AdmittedFile:
    """A CRM file that may be staged, and the size and time it was seen with. Its rows are read when they are staged."""

    file: JudgedFile
    seen: str


@dataclass(frozen=True)
class Admission:
    """What `admit_crm` hands on: the files that may be staged, by date.

    `companies_after` is how many companies each snapshot date then has; `known` is what is known of staged files, and
    `staged` the state of their table when these were judged.
    """

    report: StepReport
    files: tuple[AdmittedFile, ...]
    companies_after: Mapping[date, int]
    known: KnownFiles
    staged: CrmState = field(default_factory=CrmState)


@dataclass(frozen=True)
class Published:
    """What `publish` hands on: the dates that it sent."""

    report: StepReport
    dates: tuple[date, ...] = ()


@dataclass(frozen=True)
class Run:
    """What the steps of one invocation share. Spark starts when a step first asks for it, and not before."""

    settings: Settings
    dates: tuple[date, ...]
    report: RunReport
    clock: Callable[[], datetime]
    progress: Progress = Silence()
    options: Options = Options()

    @property
    def run_id(self) -> str:
        return self.report.run_id

    @property
    def now(self) -> datetime:
        """When the run began: the one moment that all its rows are stamped with."""
        return self.report.started_at

    @property
    def is_tried_again(self) -> bool:
        """Whether another attempt follows: what failed may pass, and there is one left."""
        return self.report.may_pass and self.options.attempts_left > 0

    @property
    def metrics_mark(self) -> MetricsMark:
        """The version of the metrics' constants, and their digest."""
        return MetricsMark(**self.settings.metrics.mark)

    @cached_property
    def spark(self) -> SparkSession:
        self.progress.say("starting Spark")
        session = spark_session(self.settings.spark)
        hold_in_jvm(session, self.settings.lake.root)
        return session

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.settings.lake.root, lambda: self.spark, lake_folder(self.settings))

    @cached_property
    def landing(self) -> Landing:
        return Landing(
            open_storage(self.settings.landing, self.settings.secrets), self.settings.landing
        )

    @cached_property
    def tombstones(self) -> Tombstones:
        """The companies that were erased: what the sources still send of them is dropped where it is read.

        Raises:
            SettingsError: if there are any and `erase.key` does not tell which.
        """
        return erased_companies(self.landing, self.settings)

    @cached_property
    def snoozed(self) -> Snoozed:
        """The companies that a lead has set aside.

        Raises:
            SourceError: if the landing cannot be read.
        """
        return snoozed_companies(self.landing.storage, self.settings.landing.crm_path)

    def forget_tombstones(self) -> None:
        """Look at the tombstones again when they are next asked for: this run has laid one."""
        vars(self).pop("tombstones", None)

    @cached_property
    def upgrade(self) -> Upgrades:
        """Whether someone accepted what today's rules, constants and formulas rewrite."""
        rules = (RULES_VERSION, CRM_RULES_VERSION)
        metric_version = self.settings.metrics.metric_version
        return Upgrades(self.lake.files, *rules, metric_version, FORMULA_VERSION)

    def check_rewriting(self, scope: str, found: Rewriting) -> list[Verdict]:
        """Judge what a step would rewrite or drop unasked; `--accept-gate rewrite` accepts it, an upgrade for good.

        Raises:
            GateRefused: above `gates.max_dates_rewritten`, and if a date would go because a state could not be read.
        """
        counted = found.without_upgraded() if found.upgraded and self.upgrade.is_accepted else found
        verdict = judge_rewrite(scope, counted, self.settings.gates.max_dates_rewritten)
        if verdict.passed:
            return [verdict]
        if REWRITE not in self.options.accept_gates:
            remedy = "check the changes with `plan`; if they are right: --accept-gate rewrite"
            return refuse_unless_passed(
                [verdict], remedy=f"restore its _delta_log, or {remedy}" if found.lost else remedy
            )
        if found.upgraded:
            self.upgrade.accept(self.run_id)
        return [accepted_verdict(verdict)]
