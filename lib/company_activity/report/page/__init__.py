"""A run's report as one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from company_activity.report.model import passed_by_gate
from company_activity.report.page import words
from company_activity.report.page.charts import (
    activity_chart,
    lifecycle_chart,
    sparkline,
    stable_name,
)
from company_activity.report.page.summary import (
    failures,
    missing_dates,
    refusals,
    slow_week,
    tiles,
)
from company_activity.report.page.words import printable

if TYPE_CHECKING:
    from company_activity.report.model import RunReport

FILTERS = (
    words.contact_text,
    words.counted,
    words.cut,
    words.day,
    words.day_and_year,
    words.definition,
    words.heading,
    words.label,
    words.missing_text,
    words.reason_name,
    words.reason_with_figures,
    stable_name,
)


def render(report: RunReport) -> str:
    """The page; every text is escaped, for company names are whatever someone typed."""
    templates = _environment()
    days = report.figures.days if report.figures else ()
    return templates.get_template("report.html.j2").render(
        report=report,
        day=report.risks_on,
        failures=failures(report),
        slow_week=slow_week(report),
        at_risk_ids={risk.company_id for risk in report.churn_risks},
        tiles=tiles(report),
        missing=missing_dates(days),
        charts=[activity_chart(days), lifecycle_chart(days)] if days else [],
        sparklines={
            risk.company_id: sparkline(risk, report.risks_on) for risk in report.churn_risks
        },
        refusals=refusals(report.verdicts),
        passed=passed_by_gate(report.verdicts),
    )


def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("company_activity.report", "templates"),
        autoescape=True,
        finalize=printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {word.__name__: word for word in FILTERS}
    found.globals |= {
        "all_reasons": tuple(words.REASONS),
        "states": words.STATES,
        "path": words.PATH,
    }
    return found
