"""What a run did: one report per step, one per run.

Plain data that the summary, the page, messages and run records are made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol

from company_activity import __version__
from company_activity.errors import CompanyActivityError, GateRefused, PublishError, SourceError
from company_activity.gates.verdict import Verdict
from company_activity.report.risks import NOBODY, ListedCompany, Listing, RiskNews, Status

StepOutcome = Literal["done", "nothing", "failed"]
START = "start"  # the name in a report of what happens before the first step
MOST_GROUPS = 2_000  # owners, and segments, that are counted; those that miss most user-days
MOST_DETAILED = 100  # companies at risk that the page describes; the others are rows of a table
SPARK_DAYS = 60  # how many days of use a churn risk shows
MAY_PASS = {SourceError.exit_code, PublishError.exit_code}
# What a step's own counts are called in a record: rows in, out, rejected, duplicate.
ROWS = {
    "replay_quarantine": {
        "in": "landed",
        "out": "accepted",
        "rejected": "quarantined",
        "duplicate": "duplicates",
    },
    "stage_crm": {
        "in": "rows",
        "out": "accepted",
        "rejected": "quarantined",
        "duplicate": "duplicates",
    },
    "stage_usage": {
        "in": "landed",
        "out": "accepted",
        "rejected": "quarantined",
        "duplicate": "duplicates",
    },
}


@dataclass
class StepReport:
    """What a step did: rows per hop (`counts`), sentences (`notes`), warnings, gates, seconds.

    `driver` is the JDBC driver that answered, where the step asked the warehouse.
    """

    name: str
    outcome: StepOutcome = "done"
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: CompanyActivityError | None = None
    seconds: float = 0.0
    verdicts: list[Verdict] = field(default_factory=list)
    driver: str = ""

    def __post_init__(self) -> None:
        """Take the verdicts from the error where a gate stopped the step."""
        self.verdicts = self.verdicts or list(getattr(self.error, "verdicts", ()))


class Dated(Protocol):
    """Anything that stands for a date of a chart."""

    @property
    def day(self) -> date: ...


@dataclass(frozen=True)
class DayFigures:
    """What all companies together did on one complete date; `lifecycle` counts them by state."""

    day: date
    companies: int
    active_users: int
    events: int
    at_risk: int
    lifecycle: Mapping[str, int]
    not_judged: int = 0


class Portfolio(NamedTuple):
    """The companies of one owner, or of one segment, on a day; the name None stands for those without.

    `missing_user_days`, `contract_value` (as far as it is known) and `renewals`, those within
    60 days, are of the companies at risk.
    """

    by: str
    name: str | None
    companies: int
    at_risk: int
    missing_user_days: int
    contract_value: Decimal | None = None
    renewals: int = 0


class SegmentDay(NamedTuple):
    """What a segment's companies did on one complete date; None are those without one, the rest those not named."""

    activity_date: date
    segment: str | None
    companies: int
    active_companies: int
    user_days: int
    at_risk: int
    is_rest: bool = False

    @property
    def day(self) -> date:
        return self.activity_date


class Retention(NamedTuple):
    """How many of the companies first active in `cohort_month` were active in `month`; both are firsts of a month."""

    cohort_month: date
    month: date
    companies: int
    active: int


@dataclass(frozen=True)
class Rejected:
    """Quarantined records that broke one rule, `new` of them found by this run."""

    feed: str
    reason: str
    records: int
    new: int
    newest: date


@dataclass(frozen=True)
class Figures:
    """The lake up to the day that a report shows: complete dates in order, and what was rejected."""

    days: tuple[DayFigures, ...]
    rejected: tuple[Rejected, ...] = ()


@dataclass
class RunReport:
    """One invocation: what was asked, what each step did, how it ended.

    `figures`, `status` and the lists describe the lake on `risks_on`; where they could not be read,
    `no_figures` says why. `churn_risks` begins with the companies that miss most user-days and may
    leave out others. `portfolios` count all companies of the day by owner, and by segment; `segments`
    and `retention` are the roll-ups, as far as they are kept. `news` is None where no episodes at
    risk are kept. `fleet_pace` is the week of the companies in the middle, per mille of their usual
    one.
    """

    run_id: str
    command: str
    started_at: datetime
    dates: tuple[date, ...] = ()
    steps: list[StepReport] = field(default_factory=list)
    churn_risks: list[ListedCompany] = field(default_factory=list)
    portfolios: list[Portfolio] = field(default_factory=list)
    segments: list[SegmentDay] = field(default_factory=list)
    retention: list[Retention] = field(default_factory=list)
    news: RiskNews | None = None
    gone: Listing = NOBODY
    contact_due: Listing = NOBODY
    fleet_pace: int | None = None
    status: Status | None = None
    risks_on: date | None = None
    figures: Figures | None = None
    no_figures: str = ""
    page: str = ""

    @property
    def failures(self) -> list[StepReport]:
        """The steps that failed, in their order: some errors let the steps after them go on."""
        return [step for step in self.steps if step.error]

    @property
    def first_failure(self) -> StepReport | None:
        return next(iter(self.failures), None)

    @property
    def failed_at_start(self) -> bool:
        """Whether no step was taken: the lake was held, no Java was there, a store did not answer."""
        return any(step.name == START for step in self.failures)

    @property
    def exit_code(self) -> int:
        failure = self.first_failure
        return failure.error.exit_code if failure and failure.error else 0

    @property
    def may_pass(self) -> bool:
        """Whether the same run may succeed a little later: a source or the warehouse failed, and no gate refused."""
        codes = {step.error.exit_code for step in self.failures if step.error}
        return self.exit_code in MAY_PASS and GateRefused.exit_code not in codes

    @property
    def outcome(self) -> Literal["succeeded", "failed"]:
        return "succeeded" if self.exit_code == 0 else "failed"

    @property
    def has_changed_something(self) -> bool:
        return any(step.outcome == "done" for step in self.steps)

    def step(self, name: str) -> StepReport | None:
        return next((step for step in self.steps if step.name == name), None)

    @property
    def warnings(self) -> list[str]:
        return [warning for step in self.steps for warning in step.warnings]

    @property
    def verdicts(self) -> list[Verdict]:
        return [verdict for step in self.steps for verdict in step.verdicts]

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)

    @property
    def at_risk(self) -> int:
        """How many companies are at risk on `risks_on`, those set aside among them; the lists may hold fewer."""
        listed = len(self.churn_risks)
        newest = self._newest_day
        return max(newest.at_risk, listed) if newest else listed

    @property
    def names_anybody(self) -> bool:
        """Whether a list names a company."""
        lists = [self.gone, self.contact_due]
        if self.news:
            lists += [self.news.entered, self.news.recovered]
        return bool(self.churn_risks) or any(listing.companies for listing in lists)

    def shorten_lists(self, share: float) -> None:
        """Name fewer companies: first that share of those at risk, then half as many in each list."""
        listed = len(self.churn_risks)
        if listed > MOST_DETAILED:
            self.churn_risks = self.churn_risks[: max(MOST_DETAILED, int(listed * share))]
            return
        self.churn_risks = self.churn_risks[: len(self.churn_risks) // 2]
        self.news = self.news.halved if self.news else None
        self.gone = self.gone.halved
        self.contact_due = self.contact_due.halved

    @property
    def _newest_day(self) -> DayFigures | None:
        return self.figures.days[-1] if self.figures and self.figures.days else None

    def as_json(self) -> dict[str, Any]:
        """The run record: everything but the companies' names."""
        return {
            "run_id": self.run_id,
            "version": __version__,
            "command": self.command,
            "started_at": self.started_at.isoformat(),
            "from": str(min(self.dates)) if self.dates else None,
            "to": str(max(self.dates)) if self.dates else None,
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            **self._failures_as_json(),
            "has_changed_something": self.has_changed_something,
            "seconds": round(self.seconds, 3),
            "rows": {
                step.name: _rows(step) for step in self.steps if step.name in ROWS and step.counts
            },
            "steps": [_step_as_json(step) for step in self.steps],
            "churn_risks": self.at_risk,
            "risks_on": str(self.risks_on) if self.risks_on else None,
            "risk_news": self.news.text if self.news else "",
            "status_line": self.status.line if self.status else "",
            "report": self.page,
        }

    def _failures_as_json(self) -> dict[str, Any]:
        failure = self.first_failure
        errors = [(step.name, step.error) for step in self.failures if step.error]
        return {
            "failed_step": failure.name if failure else None,
            "error": _error_as_json(failure.error) if failure else None,
            "exit_codes": [error.exit_code for _, error in errors],
            "errors": [_failure_as_json(step, error) for step, error in errors],
        }


def passed_by_gate(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How often each gate passed.

    >>> outcomes = {"2025-11-22": True, "2025-11-23": False}
    >>> verdicts = [Verdict("volume", day, passed, "8", "9") for day, passed in outcomes.items()]
    >>> passed_by_gate(verdicts)
    {'volume': 1}
    """
    return dict(Counter(verdict.gate for verdict in verdicts if verdict.passed))


def _step_as_json(step: StepReport) -> dict[str, Any]:
    return {
        "name": step.name,
        "outcome": step.outcome,
        "seconds": round(step.seconds, 3),
        "counts": step.counts,
        "notes": step.notes,
        "warnings": step.warnings,
        "driver": step.driver or None,
        "error": str(step.error) if step.error else None,
        "gates_passed": passed_by_gate(step.verdicts),
        "gates_not_passed": [asdict(one) for one in step.verdicts if not one.passed],
    }


def _error_as_json(error: CompanyActivityError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {
        "kind": type(error).__name__,
        "what": error.what,
        "remedy": error.remedy,
    }


def _failure_as_json(step: str, error: CompanyActivityError) -> dict[str, Any]:
    return {
        "step": step,
        "exit_code": error.exit_code,
        "kind": type(error).__name__,
        "what": error.what,
        "remedy": error.remedy,
    }


def _rows(step: StepReport) -> dict[str, int]:
    return {name: step.counts.get(count, 0) for name, count in ROWS[step.name].items()}
