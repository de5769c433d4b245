"""What a run prints: a line per step as it ends, and a summary."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console as RichConsole
from rich.table import Table as RichTable

from company_activity.cli.run_lines import (
    HEADING,
    columns_of,
    count_text,
    details_of,
    error_text,
    errors_of,
    outcome_of,
)
from company_activity.cli.visible import escape, print_traceback
from company_activity.dates import spans_text

if TYPE_CHECKING:
    from rich.status import Status

    from company_activity.io.lake.record_files import RecordFile
    from company_activity.operations.doctor.finding import Finding
    from company_activity.operations.maintain.heap import Heap
    from company_activity.operations.replay import ReplayPlan
    from company_activity.operations.rollback import LandedGeneration
    from company_activity.planning.plan import Plan
    from company_activity.report.model import RunReport, StepReport
    from company_activity.report.risks import Status as ListStatus

COLOURS = {"done": "green", "nothing": "dim", "failed": "red"}
MARKS = {"✓": "green", "✗": "red", "!": "yellow", "·": "dim"}
MOST_RISKS = 10  # on a terminal
MOST_WRITTEN = 100  # elsewhere
UNBOUNDED = 1_000_000  # characters in a line of a pipe or a file: nothing there is wrapped or cut


NOTHING_TO_DO = (
    "Nothing to do: every table and the warehouse are up to date. Nothing new was published."
)


class Console:
    """Progress on standard output; errors on standard error, `with_traceback` if asked for."""

    def __init__(self, *, with_traceback: bool = False) -> None:
        self.with_traceback = with_traceback
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr)
        self._status: Status | None = None

    def say(self, line: str) -> None:
        self.out.print(f"[dim]{escape(line)}[/dim]")

    @contextmanager
    def counting_pages(self) -> Iterator[None]:
        """Count pages as they land: one line that moves on a terminal, silence elsewhere."""
        if not self.out.is_terminal:
            yield
            return
        with self.out.status("") as self._status:
            yield
        self._status = None

    def page(self, day: date, pages: int, rows: int) -> None:
        """Show how far a date is."""
        if self._status is not None:
            self._status.update(f"{day}: page {pages}, {rows:,} records")

    def step(self, step: StepReport) -> None:
        """One line for a step that has ended."""
        counts = ", ".join(count_text(name, count) for name, count in step.counts.items())
        text = escape(counts or "; ".join(step.notes))
        colour = COLOURS[step.outcome]
        outcome = f"[{colour}]{step.outcome:<8}[/{colour}]"
        self.out.print(f"{outcome} {step.name:<16} {step.seconds:5.1f} s  {text}")
        for warning in step.warnings:
            self.out.print(f"         [yellow]warning[/yellow]: {escape(warning)}")
        if step.error and self.with_traceback:
            print_traceback(step.error)
        if step.error:
            self.err.print(f"[red]{escape(str(step.error))}[/red]")

    def summary(self, report: RunReport) -> None:
        """Rows per hop, who to call, and where the page is."""
        if not report.has_changed_something and report.exit_code == 0:
            self.out.print(f"\n{NOTHING_TO_DO}")
            return
        if report.status:
            self._status_line(report.status)
        if report.churn_risks:
            self._risks(report)
        if report.news:
            self.out.print(f"At risk: {report.news.text}.")
        failures = [
            f"{step.name} (exit code {step.error.exit_code})"
            for step in report.failures
            if step.error
        ]
        which = f": {', '.join(failures)}" if failures else ""
        ended = f"{report.outcome} in {report.seconds:.0f} s"
        self.out.print(f"\nRun {report.run_id} {ended}{which}.")
        if report.page:
            self.out.print(f"Report: {escape(report.page)}")

    def runs(self, records: Iterable[Mapping[str, Any]]) -> None:
        """A line per recorded run, and below it what failed and what it did."""
        self.out.print(f"[bold]{HEADING}[/bold]")
        for record in records:
            colour = COLOURS[outcome_of(record)]
            started, run_id, ended, rest = columns_of(record)
            self.out.print(
                f"{started}  {escape(run_id)}  [{colour}]{ended}[/{colour}]  {escape(rest)}"
            )
            for step, error in errors_of(record):
                self.out.print(f"    [red]{escape(error_text(step, error))}[/red]")
            for detail in details_of(record):
                self.say(f"    {detail}")

    def unreadable(self, files: Iterable[RecordFile]) -> None:
        """A line on standard error for each file that is no record of a run."""
        for file in files:
            self.err.print(f"[yellow]unreadable[/yellow]: {escape(file.uri)}: {escape(file.why)}")

    def finding(self, finding: Finding) -> None:
        """A line for what `doctor` looked at, and its remedy where it is not as it must be."""
        mark = f"[{MARKS[finding.mark]}]{finding.mark}[/{MARKS[finding.mark]}]"
        self.out.print(f"{mark} {finding.name:<12} {escape(finding.what)}")
        if finding.remedy:
            self.out.print(f"  {'':<12} {escape(finding.remedy)}")

    def generations(self, found: Iterable[LandedGeneration]) -> None:
        """A line for each generation of a date: what it holds, who fetched it when, and what it is now."""
        table = _table("generation", "records", "digest", "fetched at", "run", "")
        for one in found:
            records = "" if one.records is None else f"{one.records:,}"
            fetched_at = f"{one.fetched_at:%Y-%m-%d %H:%M:%S}" if one.fetched_at else ""
            told = escape(", ".join(one.told))
            table.add_row(
                str(one.number), records, one.digest, fetched_at, escape(one.run_id), told
            )
        self.out.print(table)

    def replay(self, plan: ReplayPlan) -> None:
        """The dates that a replay would stage again, and what it leaves as it is."""
        if not plan.dates:
            self.out.print("Nothing to replay: no date has quarantined usage of older rules.")
        else:
            if not plan.is_exact:
                self.out.print(
                    "Which dates have quarantined records, only the rows can say: each of these may."
                )
            table = _table("date", "generation", "rules", "quarantined")
            for one in plan.dates:
                at_most = "not known" if one.at_most is None else f"≤ {one.at_most:,}"
                table.add_row(str(one.day), str(one.generation), one.rules_version, at_most)
            self.out.print(table)
        for warning in plan.warnings:
            self.out.print(f"[yellow]warning[/yellow]: {escape(warning)}")
        for note in plan.notes:
            self.say(note)

    def heaps(self, found: Iterable[Heap]) -> None:
        """How many files of each kind would go and their bytes, a line for each, and what is left alone."""
        files: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        left: list[str] = []
        for heap in found:
            files[heap.kind] += heap.files
            sizes[heap.kind] += heap.bytes
            left += heap.left
        table = _table("", "files", "bytes")
        for kind, count in files.items():
            if count:
                table.add_row(kind.replace("_", " "), f"{count:,}", f"{sizes[kind]:,}")
        table.add_row("in all", f"{files.total():,}", f"{sizes.total():,}")
        self.out.print(table if files.total() else "Nothing to remove.")
        for why in left:
            self.out.print(f"[yellow]left alone[/yellow]: {escape(why)}")

    def plan(self, plan: Plan) -> None:
        """What a run would do: dates to fetch, stage, build with their reasons, and publish."""
        if plan.is_nothing:
            up_to_date = "every table and the warehouse are up to date"
            self.out.print(f"Nothing to do with what has landed: {up_to_date}.")
        table = _table("", "", "", has_header=False)
        for what, dates, why in plan_lines(plan):
            if dates:
                table.add_row(what, escape(dates), escape(why))
        self.out.print(table)
        if plan.build:
            bound = f"≤ {plan.rows_to_rewrite:,} existing ones"
            self.out.print(f"Rows to rewrite: {bound}, and those of new dates.")
        if plan.is_refused:
            self.out.print(
                f"[yellow]The gate `rewrite` may refuse it[/yellow]: {escape(plan.refusal)}."
                " Ask for these dates, or --accept-gate rewrite."
            )

    def _status_line(self, status: ListStatus) -> None:
        colour = "default" if status.is_trusted else "yellow"
        self.out.print(f"\n[{colour}]{escape(status.line)}[/{colour}]")

    def _risks(self, report: RunReport) -> None:
        shown = report.churn_risks[: MOST_RISKS if _is_terminal(sys.stdout) else MOST_WRITTEN]
        table = _table("company", "name", "user-days missing", "reasons")
        for risk in shown:
            name = escape(" ".join(risk.company_name.split()))
            missing = risk.missing_user_days_7d
            lacking = "not known" if missing is None else f"{missing:,}"
            table.add_row(escape(risk.company_id), name, lacking, ", ".join(risk.reasons))
        self.out.print(f"\n[italic]Churn risks on {report.risks_on}[/italic]")
        self.out.print(table)
        if report.at_risk > len(shown):
            self.out.print(f"and {report.at_risk - len(shown):,} more at risk: see the report")


def _console(stream: TextIO) -> RichConsole:
    """Of a terminal's width, and of none elsewhere; texts are shown as they are."""
    size = None if _is_terminal(stream) else UNBOUNDED
    return RichConsole(
        file=stream, highlight=False, emoji=False, soft_wrap=True, width=size, height=size
    )


def _is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks; a notebook's stream may not even know."""
    ask = getattr(stream, "isatty", None)
    return ask is not None and bool(ask())


def _table(*headings: str, has_header: bool = True) -> RichTable:
    """Columns whose long texts take several lines where there is no room, and are never cut."""
    table = RichTable(box=None, show_header=has_header)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def plan_lines(plan: Plan) -> list[tuple[str, str, str]]:
    """A plan as lines: what is done, with which dates or file, and why; no dates, nothing to do."""
    lines = [
        ("fetch", spans_text(plan.fetch), "its content is not known before the run"),
        ("missing", spans_text(plan.missing), "requested, but not completely landed"),
    ]
    until = "what a rollback set aside lands again only after `rollback --release`"
    lines.append(("held", spans_text(plan.held), until))
    for state, days in by_reason(plan.stage.items()):
        lines.append(("stage", spans_text(days), state))
    for file in plan.crm:
        lines.append((f"crm {file.state}", file.path, file.told))
    for why, days in by_reason(reasons_of(plan)):
        lines.append(("build", spans_text(days), why))
    lines.append(("drop", spans_text(plan.drop), "built, but no longer complete"))
    lines.append(("publish", spans_text(plan.publish), what_is_published(plan)))
    return lines


def what_is_published(plan: Plan) -> str:
    """What else is published, and that the dates are a bound where only the ledger can tell."""
    besides = {
        "dim.companies": plan.publish_companies,
        "risk episodes": plan.publish_episodes,
        "roll-ups": plan.publish_rollups,
    }
    named = " and ".join(name for name, is_sent in besides.items() if is_sent)
    bound = "≤ at most: the ledger will be asked" if plan.asks_ledger else ""
    return "; ".join(filter(None, (f"{named} as well" if named else "", bound)))


def reasons_of(plan: Plan) -> Iterator[tuple[date, str]]:
    """Each date to build with its reasons as one text; an upper bound is marked."""
    for planned in plan.build:
        first, *more = planned.reasons
        reason = f"{first} and {len(more)} more" if more else first
        yield planned.day, f"≤ {reason}" if planned.is_bound else reason


def by_reason(dated: Iterable[tuple[date, str]]) -> list[tuple[str, list[date]]]:
    """The dates of each reason, in the order in which the reasons first come."""
    found: dict[str, list[date]] = {}
    for day, reason in dated:
        found.setdefault(reason, []).append(day)
    return list(found.items())
