"""Landing, lake and ledger mirror → what a run would do. It writes nothing, takes no lock and starts no Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.gates.rewrite import Rewriting
from company_activity.io.lake.delta_log import newest_version
from company_activity.io.landing.crm_arrivals import Arrivals
from company_activity.io.landing.crm_known import KnownFiles
from company_activity.io.landing.crm_verdicts import CrmVerdicts
from company_activity.io.landing.fetch_dates import dates_to_fetch
from company_activity.io.warehouse.mirror import read_mirror
from company_activity.planning.dirty import (
    Sources,
    Span,
    check_metrics,
    dates_to_stage,
    dates_to_stage_again,
    is_of_a_version,
    lost_dates,
    shows,
)
from company_activity.planning.plan import (
    CrmNews,
    Plan,
    bounds,
    dates_to_build,
    dates_to_publish,
    missing_of,
    staging_of,
)
from company_activity.planning.state import State, mark, under_rules
from company_activity.records.fields import RULES_VERSION
from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
)

if TYPE_CHECKING:
    from company_activity.run import Run

STATED = (PRODUCT_USAGE, CRM_COMPANIES, COMPANY_ACTIVITY_DAILY)


def plan(run: Run) -> Plan:
    """What a run of these dates would do with what has landed.

    Raises:
        SettingsError: if `metrics.yaml` was changed under the same `metric_version`.
    """
    lake = run.settings.lake.root
    staged, crm, activity = (run.state_of(table) for table in (PRODUCT_USAGE, CRM_COMPANIES, COMPANY_ACTIVITY_DAILY))
    metrics = run.settings.metrics.mark
    check_metrics(activity, metrics)
    marks = staged.get("dates", {})
    landed = landed_marks(run, marks)
    news, snapshots = crm_news(run, crm)
    now = Sources(usage={**marks, **landed}, crm=snapshots)
    spans = bounds(now, run.dimension_sources())
    versions = run.dimension_versions()
    if not versions.items() <= activity.items():
        spans.append(Span(min(run.dates).min, None))
    build, drop = dates_to_build(now, activity, metrics, spans)
    published = read_mirror(lake, run.settings.sql.url)
    asks_ledger = not published and newest_version(lake, COMPANY_ACTIVITY_DAILY.path) >= 0
    sent = {day: content for (table, day), content in published.items() if day and table == COMPANY_ACTIVITY_DAILY.name}
    ahead = {planned.day for planned in build} | set(drop)
    unreadable = [table.name for table in STATED if not run.state_of(table) and newest_version(lake, table.path) > 0]
    is_known = COMPANY_ACTIVITY_DAILY.name not in unreadable
    unasked = [one for one in build if one.day not in run.dates and (one.rows is not None or not is_known)]
    upgraded = [one.day for one in unasked if any(map(is_of_a_version, one.reasons))]
    rewriting = Rewriting(
        rewritten=[one.day for one in unasked if one.day not in set(upgraded)],
        upgraded=[] if run.upgrade.is_accepted else upgraded,
        dropped=[day for day in drop if day not in run.dates],
        lost=lost_dates(now["usage"], activity.get("usage", {})),
    )
    return Plan(
        fetch=tuple(dates_to_fetch(run.dates, run.settings.run.refetch_days, run.landing)),
        missing=tuple(missing_of(run.dates, now["usage"])),
        stage=staging_of(marks, landed),
        crm=tuple(news),
        build=tuple(build),
        drop=tuple(drop),
        publish=tuple(sorted({*dates_to_publish(run.lake_hashes(), sent), *ahead})),
        publish_companies=bool(spans) or not shows(published.get((COMPANIES.name, None), ""), versions[COMPANIES.name]),
        rewriting=rewriting,
        most_not_asked=run.settings.gates.max_dates_rewritten,
        unreadable=tuple(unreadable),
        asks_ledger=asks_ledger,
    )


def landed_marks(run: Run, staged: dict[str, str]) -> dict[str, str]:
    """The marks of the dates that will be staged; only manifests of new generations are opened."""
    landed, noted = run.landing.generations(), {"dates": staged}
    newest = (run.landing.newest(day) for day in dates_to_stage(landed, noted))
    marks = {str(day): under_rules(staged[str(day)]) for day in dates_to_stage_again(landed, noted)}
    return marks | {
        str(manifest.date): mark(manifest.generation, manifest.content_digest if manifest.state == "complete" else None)
        for manifest in newest
        if manifest
    }


def crm_news(run: Run, state: State) -> tuple[list[CrmNews], dict[str, str]]:
    """Each CRM file with something new, and the content of each snapshot date once a run has staged them.

    What a date keeps from other paths is not known without Spark: on the loss of such a date there is no word.
    """
    lake = run.settings.lake.root
    known = KnownFiles(lake, state)
    arrivals = Arrivals(run.landing.storage, run.now.date(), CrmVerdicts(lake))
    arrivals.look(run.settings.landing.crm_path, known)
    arrivals.part_refused()
    judged = arrivals.judge(known, state, None, run.settings.gates)
    seen = {file.path: file.seen for file in arrivals.waiting}
    for file in judged.admitted:
        known.take(file.path, str(file.day), file.sha256, seen[file.path])
    again = dict.fromkeys(arrivals.standing, f", read again by rules version {RULES_VERSION}")
    news = [
        CrmNews(one.path, "new", f"snapshot of {one.day}, {one.is_of_what}{again.get(one.path, '')}")
        for one in judged.admitted
    ]
    news += [CrmNews(one.file.path, "new", one.foretold) for one in judged.refusals]
    news += [CrmNews(one.path, "refused", "before: --accept-crm accepts it") for one in arrivals.refused]
    news += [CrmNews(one.path, "unreadable", str(one.why)) for one in arrivals.unreadable]
    return sorted(news, key=lambda one: one.path), known.contents
