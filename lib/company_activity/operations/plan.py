"""Landing, lake and ledger mirror → what a run would do. It writes nothing, takes no lock and starts no Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from company_activity.gates.rewrite import Rewriting
from company_activity.io.landing.crm_arrivals import new_arrivals
from company_activity.io.warehouse.mirror import read_mirror
from company_activity.planning.dirty import Dirty, Span, check_metrics
from company_activity.planning.plan import (
    CrmNews,
    Plan,
    PlannedDate,
    bounds,
    dates_to_build,
    dates_to_publish,
    missing_of,
    staging_of,
)
from company_activity.planning.rewriting import rewriting_of
from company_activity.planning.staging import dates_to_stage, dates_to_stage_again, lost_dates
from company_activity.planning.state import (
    ActivityState,
    GenerationMark,
    Marks,
    Sources,
)
from company_activity.records.fields import CRM_RULES_VERSION
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    TABLES,
)
from company_activity.steps.publish import is_shown, shown_dates

if TYPE_CHECKING:
    from company_activity.planning.state import CrmState
    from company_activity.run import Run

STATED = (PRODUCT_USAGE, CRM_COMPANIES, COMPANY_ACTIVITY_DAILY)
Published = Mapping[tuple[str, date | None], str]


def plan(run: Run) -> Plan:
    """What a run of these dates would do with what has landed.

    Raises:
        SettingsError: if `metrics.yaml` was changed under the same `metric_version`.
        LakeUnfit: if somebody gave a table a feature that ours are made without.
    """
    run.lake.check_features(TABLES)
    activity = run.lake.activity
    check_metrics(activity.metrics, run.metrics_mark)
    staged = run.lake.staging.marks
    files = run.landing.files()
    landed = landed_marks(run, staged, {day: max(found) for day, found in files.items()})
    news, snapshots = crm_news(run, run.lake.crm)
    now = Sources({**staged, **landed}, snapshots)

    spans = moved_spans(run, now, activity)
    build, drop = dates_to_build(now.usage, activity, run.metrics_mark.version, spans)
    published = read_mirror(run.lake.files, run.settings.sql.url)
    unreadable = unreadable_tables(run)

    return Plan(
        fetch=tuple(run.landing.dates_to_fetch(run.dates, run.settings.run.refetch_days)),
        missing=tuple(missing_of(run.dates, now.usage)),
        stage=staging_of(staged, landed),
        crm=tuple(news),
        build=tuple(build),
        drop=tuple(drop),
        publish=tuple(
            sorted({*stale_dates(activity, published), *(one.day for one in build), *drop})
        ),
        publish_companies=bool(spans) or not is_shown(run, COMPANIES, published),
        publish_episodes=episodes_move(run, build, drop)
        or not is_shown(run, RISK_EPISODES, published),
        publish_rollups=rollups_move(run, build, drop) or not are_rollups_shown(run, published),
        rewriting=rewriting(run, now, activity, build, drop, unreadable),
        most_not_asked=run.settings.gates.max_dates_rewritten,
        unreadable=tuple(unreadable),
        asks_ledger=not published and run.lake.exists(COMPANY_ACTIVITY_DAILY),
        held=run.landing.held(files),
    )


def moved_spans(run: Run, now: Sources, activity: ActivityState) -> list[Span]:
    """Where the dates lie that a moved company may touch; all of them where the dimension is newer than the table."""
    spans = bounds(now, run.lake.dimension_sources)
    companies = run.lake.identity(COMPANIES)
    history = run.lake.identity(COMPANIES_HISTORY)
    if (activity.sources.companies, activity.sources.history) != (companies, history):
        spans.append(Span(date.min, None))
    return spans


def unreadable_tables(run: Run) -> list[str]:
    """The tables that have commits, and no state that can be read."""
    lake = run.lake
    return [table.name for table in STATED if not lake.state(table) and lake.log(table).version > 0]


def stale_dates(activity: ActivityState, published: Published) -> list[date]:
    """The built dates that the warehouse does not show as the lake has them."""
    return dates_to_publish(activity.hashes, shown_dates(COMPANY_ACTIVITY_DAILY, published))


def episodes_move(run: Run, build: Sequence[PlannedDate], drop: Sequence[date]) -> bool:
    """Whether a date moves that risk episodes are made of, or has moved since they were built."""
    return bool(build or drop or run.lake.moved_since_episodes.dates)


def rollups_move(run: Run, build: Sequence[PlannedDate], drop: Sequence[date]) -> bool:
    """Whether a date moves that roll-ups are made of, or has moved since they were built."""
    return episodes_move(run, build, drop) or bool(run.lake.moved_since_rollups)


def are_rollups_shown(run: Run, published: Published) -> bool:
    """Whether the warehouse shows both roll-ups as the lake has them."""
    by_segment = shown_dates(SEGMENT_ACTIVITY_DAILY, published)
    return by_segment == run.lake.segments.hashes and is_shown(run, RETENTION_MONTHLY, published)


def rewriting(
    run: Run,
    now: Sources,
    activity: ActivityState,
    build: Sequence[PlannedDate],
    drop: Sequence[date],
    unreadable: Sequence[str],
) -> Rewriting:
    """What of the table a run would rewrite or drop that nobody asked for."""
    is_known = COMPANY_ACTIVITY_DAILY.name not in unreadable
    rewritten = [one.day for one in build if one.rows is not None or not is_known]
    dirty = Dirty({one.day: set(one.reasons) for one in build}, list(drop))
    found = rewriting_of(rewritten, dirty, run.dates, lost_dates(now.usage, activity.usage))
    return found.without_upgraded() if run.upgrade.is_accepted else found


def landed_marks(run: Run, staged: Marks, landed: Mapping[date, int]) -> dict[date, GenerationMark]:
    """The marks of the dates that will be staged; only manifests of new generations are opened."""
    marks = {day: staged[day].under_rules() for day in dates_to_stage_again(landed, staged)}
    for day in dates_to_stage(landed, staged):
        manifest = run.landing.newest(day)
        if manifest:
            marks[manifest.date] = manifest.mark
    return marks


def crm_news(run: Run, state: CrmState) -> tuple[list[CrmNews], dict[str, str]]:
    """Each CRM file with something new, and the content of each snapshot date once a run has staged them.

    What a date keeps from other paths is not known without Spark: on the loss of such a date there is no word.
    """
    arrivals = new_arrivals(run.landing, run.lake.files, state, run.now.date())
    known = arrivals.known
    arrivals.set_aside_refused()
    judged = arrivals.judge(state, None, run.settings.gates, run.tombstones)
    seen = {file.path: file.seen for file in arrivals.waiting}
    for file in judged.admitted:
        known.replace_file(file.path, str(file.day), file.sha256, seen[file.path], file.columns)
    again = dict.fromkeys(arrivals.standing, f", read again by rules version {CRM_RULES_VERSION}")
    news = [
        CrmNews(one.path, "new", f"snapshot of {one.day}, {one.contents}{again.get(one.path, '')}")
        for one in judged.admitted
    ]
    news += [CrmNews(one.file.path, "new", one.plan_text) for one in judged.refusals]
    news += [
        CrmNews(one.path, "refused", "before: --accept-crm accepts it") for one in arrivals.refused
    ]
    news += [CrmNews(one.path, "unreadable", str(one.why)) for one in arrivals.unreadable]
    return sorted(news, key=lambda one: one.path), known.contents
