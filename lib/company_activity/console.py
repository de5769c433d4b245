"""What a run prints: a line per step as it ends, and a summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.table import Table as RichTable

if TYPE_CHECKING:
    from company_activity.report import RunReport, StepReport

COLOURS = {"done": "green", "nothing": "dim", "failed": "red"}
MOST_RISKS = 10


class Console:
    """Progress on standard output; errors on standard error."""

    def __init__(self) -> None:
        self.out = RichConsole(highlight=False, soft_wrap=True)
        self.err = RichConsole(file=sys.stderr, highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        self.out.print(f"[dim]{escape(line)}[/dim]")

    @contextmanager
    def progress(self) -> Iterator[Callable[[date, int, int], None]]:
        """Where pages are counted as they land: one line that moves on a terminal, silence elsewhere."""
        if not self.out.is_terminal:
            yield lambda day, pages, rows: None
            return
        with self.out.status("") as status:
            yield lambda day, pages, rows: status.update(f"{day}: page {pages}, {rows:,} records")

    def step(self, step: StepReport) -> None:
        """One line for a step that has ended."""
        counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in step.counts.items())
        told = counts or "; ".join(step.notes)
        colour = COLOURS[step.outcome]
        self.out.print(f"[{colour}]{step.outcome:<8}[/{colour}] {step.name:<16} {step.seconds:5.1f} s  {escape(told)}")
        for warning in step.warnings:
            self.out.print(f"         [yellow]warning[/yellow]: {escape(warning)}")
        if step.error:
            self.err.print(f"[red]{escape(str(step.error))}[/red]")

    def summary(self, report: RunReport) -> None:
        """Rows per hop, who to call, and where the page is."""
        if not report.has_changed_something and report.exit_code == 0:
            self.out.print("\nNothing to do: every table and the warehouse are up to date. Nothing new was published.")
            return
        if report.churn_risks:
            self._risks(report)
        self.out.print(f"\nRun {report.run_id} {report.outcome} in {report.seconds:.0f} s.")
        if report.page:
            self.out.print(f"Report: {escape(report.page)}")

    def runs(self, records: Iterable[Mapping[str, Any]]) -> None:
        """A line per recorded run, and one with the step and the error where it failed."""
        for record in records:
            outcome = "failed" if record["exit_code"] else "done" if record["has_changed_something"] else "nothing"
            told = f"{len(record['dates']):4} dates  {record['seconds']:6.0f} s  {record['command']}"
            exit_code, colour = record["exit_code"], COLOURS[outcome]
            self.out.print(f"{record['run_id']}  [{colour}]{outcome:<7} {exit_code}[/{colour}]  {escape(told)}")
            if record["error"]:
                self.out.print(escape(f"    {record['failed_step']}: {record['error']['what']}"))

    def _risks(self, report: RunReport) -> None:
        table = RichTable(title=f"Churn risks on {report.risks_on}", title_justify="left", box=None)
        for heading in ("company", "name", "reasons", "engagement"):
            table.add_column(heading)
        for risk in report.churn_risks[:MOST_RISKS]:
            name = escape(" ".join(risk.company_name.split()))
            table.add_row(escape(risk.company_id), name, ", ".join(risk.reasons), f"{risk.engagement_score:.1f}")
        self.out.print()
        self.out.print(table)
        if len(report.churn_risks) > MOST_RISKS:
            self.out.print(f"… and {len(report.churn_risks) - MOST_RISKS} more in the report")
