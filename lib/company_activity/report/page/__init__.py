"""A run's report as one self-contained HTML page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from company_activity.report.model import MOST_DETAILED, MOST_GROUPS, passed_by_gate
from company_activity.report.page import choices, trend, words
from company_activity.report.page.charts import (
    activity_chart,
    lifecycle_chart,
    sparkline,
    stable_name,
)
from company_activity.report.page.rollups import SEGMENT_LEGEND, cohorts, segments_chart
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
    from company_activity.report.risks import ListedCompany

FILTERS = (
    choices.fragment,
    trend.change_text,
    trend.score_line,
    trend.trend_text,
    words.amount_text,
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
    words.renewal_text,
    words.seats_text,
    stable_name,
)


def render(report: RunReport) -> str:
    """The page; every text is escaped, for company names are whatever someone typed.

    Its one script is the same on every page and holds no data; the page's policy names its digest, so no
    other can run.
    """
    templates = _environment()
    days = report.figures.days if report.figures else ()
    script = templates.get_template("filter.js.j2").render() if report.churn_risks else ""
    return templates.get_template("report.html.j2").render(
        report=report,
        day=report.risks_on,
        failures=failures(report),
        slow_week=slow_week(report),
        at_risk_ids={risk.company_id for risk in report.churn_risks},
        tiles=tiles(report),
        missing=missing_dates(days),
        charts=[activity_chart(days), lifecycle_chart(days)] if days else [],
        called=_called(report),
        filters=choices.filters_of(report.churn_risks),
        anchors=_anchors(report.churn_risks),
        indexes=_indexes(report),
        segments=segments_chart(report.segments) if report.segments else None,
        segment_legend=SEGMENT_LEGEND,
        cohorts=cohorts(report.retention),
        script=script,
        script_digest=b64encode(sha256(script.encode()).digest()).decode(),
        refusals=refusals(report.verdicts),
        passed=passed_by_gate(report.verdicts),
    )


def _called(report: RunReport) -> dict[str, Any]:
    """The companies at risk by how the page shows them: described, as rows of a table, folded."""
    to_call = [risk for risk in report.churn_risks if not risk.set_aside]
    entered = report.news.entered.companies if report.news else ()
    return {
        "detailed": to_call[:MOST_DETAILED],
        "rows": to_call[MOST_DETAILED:],
        "set_aside": [risk for risk in report.churn_risks if risk.set_aside],
        "sparklines": {
            risk.company_id: sparkline(risk, report.risks_on)
            for risk in report.churn_risks
            if risk.days
        },
        "linked": {one.company_id for one in entered},
    }


def _indexes(report: RunReport) -> dict[str, list[choices.Entry]]:
    """The index by owner and the one by segment, where any company has one."""
    groupings: tuple[choices.Grouping, ...] = ("owner", "segment")
    found = {by: choices.index_by(by, report.portfolios, report.churn_risks) for by in groupings}
    return {by: entries for by, entries in found.items() if entries}


def _anchors(companies: Sequence[ListedCompany]) -> dict[str, list[str]]:
    """The fragments that lead to a company where no script runs: to the first of its owner, or of its segment."""
    first: dict[str, str] = {}
    for company in companies:
        for field, name in (("owner", company.owner), ("segment", company.segment)):
            first.setdefault(choices.fragment(field, name), company.company_id)
    anchors: dict[str, list[str]] = {}
    for fragment, company_id in first.items():
        anchors.setdefault(company_id, []).append(fragment)
    return anchors


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
        "none_text": choices.NONE_TEXT,
        "most_indexed": choices.MOST_INDEXED,
        "most_groups": MOST_GROUPS,
        "states": words.STATES,
        "path": words.PATH,
    }
    return found
