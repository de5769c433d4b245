"""Activity tables brought forward in memory as the steps do it on a lake, one per order of arrival.

The same planner and the same transforms; of a table only the content hash of each date is kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.planning.dirty import Dirty, Span, dirty_dates
from company_activity.planning.plan import bounds, dates_to_build
from company_activity.planning.snapshots import by_snapshot_date
from company_activity.planning.state import (
    FORMULA_VERSION,
    ActivityState,
    BuiltDate,
    BuiltFrom,
    GenerationMark,
    Sources,
    complete_dates,
)
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE
from company_activity.settings.model import MetricSettings
from company_activity.transforms.activity import ActivityInputs, build_activity
from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.companies import build_companies
from company_activity.transforms.crm import union_of_paths
from company_activity.transforms.dirty_spans import spans_of_moved_attributes, spans_of_moved_companies
from company_activity.transforms.hashing import content_hash
from company_activity.transforms.history import build_history
from company_activity.work.build_activity import EMPTY, MOST_SLICES

from support.orders.arrivals import KINDS, ROUNDS, Arrival, Order, Schedule, random_orders
from support.orders.dimension import Dimension, Row, crm_frame, plain_rows, table_frame

METRICS = MetricSettings()
AGE = timedelta(days=1000)
BEFALLEN = frozenset(
    {"vanished", "dropped", "untouched", "slices", "windows", "plans with a bound"}
    | {f"{day} {where}" for day in ("first_seen_date", "first_active_date") for where in ("back", "forward")}
)
Hashes = dict[tuple[str, date], str]
Tables = tuple[list[Row], list[Row]]


@dataclass
class Heal:
    """The tables of the orders of a schedule, round after round, and what befell them."""

    spark: SparkSession
    schedule: Schedule
    orders: list[Order]
    dimension: Dimension = field(init=False)
    states: dict[str, ActivityState] = field(init=False)
    seen: dict[str, Sources | None] = field(init=False)
    befell: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dimension = Dimension(self.spark)
        self.states = {order.name: ActivityState() for order in self.orders}
        self.seen = {order.name: None for order in self.orders}

    def round(self, number: int) -> None:
        """Bring dimension and tables to what has arrived up to a round."""
        staged = {order.name: order.staged(number) for order in self.orders}
        arrivals = [one for order in staged.values() for one in order.values()]
        spans = self._moved(arrivals, shared_sources(staged.values()))
        dirty = {name: self._dirty(name, sources_of(staged[name]), spans.get(name, [])) for name in staged}
        dates = sorted({day for one in dirty.values() for day in one.dates})
        self.befell["slices" if len(dates) <= MOST_SLICES else "windows"] += bool(dates)
        sources = next(iter(self.seen.values()))
        assert sources
        complete = complete_dates(sources.usage)
        tables = (table_frame(self.spark, COMPANIES, self.dimension.companies),
                  table_frame(self.spark, COMPANIES_HISTORY, self.dimension.history))  # fmt: skip
        found = hashes(self.spark, arrivals, tables, dates, complete) if dates else {}
        for name, one in dirty.items():
            self._rewrite(name, one, found)

    def _moved(self, arrivals: Collection[Arrival], now: Sources) -> dict[str, list[Span]]:
        """Bring the dimension; by order the spans that what moved in it touches."""
        before = (self.dimension.companies, self.dimension.history)
        files = [one.crm for one in arrivals if one.crm]
        self.dimension.bring(files, (record for one in arrivals if one.usage for record in one.usage.accepted), now)
        after = (self.dimension.companies, self.dimension.history)
        self.befell += what_befell(before[0], after[0])
        return spans_by_order(self.spark, self.schedule.first - AGE / 2, before, after)

    def _dirty(self, name: str, now: Sources, spans: list[Span]) -> Dirty:
        """An order's dirty dates; what `plan` says before anyone looks at a row holds of them."""
        state = self.states[name]
        version = METRICS.metric_version
        dirty = dirty_dates(now.usage, state, version, spans)
        planned, dropped = dates_to_build(now.usage, state, version, bounds(now, self.seen[name]))
        exact = {one.day for one in planned if not one.is_bound}
        assert exact <= set(dirty.dates) <= {one.day for one in planned}, name
        assert dropped == dirty.dropped, name
        self.befell["exact plans"] += exact == {one.day for one in planned}
        self.befell["plans with a bound"] += exact < {one.day for one in planned}
        self.seen[name] = now
        return dirty

    def _rewrite(self, name: str, dirty: Dirty, found: Hashes) -> None:
        """Replace the hashes of an order's dirty dates, and of no other."""
        state, now = self.states[name], self.seen[name]
        assert now
        kept = {day: entry for day, entry in state.dates.items() if day not in dirty.dropped}
        versions = (METRICS.metric_version, FORMULA_VERSION)
        fresh = {day: BuiltDate(found.get((name, day), EMPTY), "", None, *versions) for day in dirty.dates}
        self.befell["rewritten"] += sum(entry != kept.get(day) for day, entry in fresh.items())
        self.befell["untouched"] += len(kept.keys() - fresh.keys())
        self.befell["dropped"] += len(dirty.dropped)
        self.states[name] = ActivityState(kept | fresh, BuiltFrom(now.usage))

    @property
    def hashes(self) -> Hashes:
        return {(name, day): content for name, state in self.states.items() for day, content in state.hashes.items()}


def at_once(spark: SparkSession, orders: Iterable[Order], last_round: int) -> Hashes:
    """The hashes of one full build from all that has arrived in the end."""
    staged = {order.name: order.staged(last_round) for order in orders}
    arrivals = [one for order in staged.values() for one in order.values()]
    snapshots = crm_frame(spark, [one.crm for one in arrivals if one.crm]).transform(union_of_paths)
    dates = complete_dates(sources_of(next(iter(staged.values()))).usage)
    tables = (build_companies(snapshots, staged_usage(spark, arrivals)), build_history(snapshots))
    found = hashes(spark, arrivals, tables, dates, dates)
    return {(name, day): found.get((name, day), EMPTY) for name in staged for day in dates}


def hashes(
    spark: SparkSession,
    arrivals: Collection[Arrival],
    tables: tuple[DataFrame, DataFrame],
    dates: Collection[date],
    complete: Collection[date],
) -> Hashes:
    """By order and date the content hash of the rows that these dates should have."""
    reach = min(dates) - timedelta(days=HORIZON_DAYS - 1)
    refused = {(one.usage.date, row.company_id) for one in arrivals if one.usage for row in one.usage.quarantined}
    inputs = ActivityInputs(
        calendar=calendar_rows(dates, set(complete)),
        companies=tables[0],
        history=tables[1],
        usage=staged_usage(spark, arrivals).where(F.col("date") >= F.lit(reach)),
        quarantined=spark.createDataFrame([row for row in refused if row[1]], "date date, company_id string"),
    )
    rows = build_activity(inputs, METRICS, by_slices=len(dates) <= MOST_SLICES)
    order = F.substring_index("company_id", "-", 1).alias("order")
    by_date = rows.groupBy(order, "activity_date").agg(content_hash(COMPANY_ACTIVITY_DAILY).alias("hash"))
    return {(row["order"], row["activity_date"]): row["hash"] for row in by_date.collect()}


def staged_usage(spark: SparkSession, arrivals: Iterable[Arrival]) -> DataFrame:
    days = [one.usage for one in arrivals if one.usage]
    records = ({**vars(r), "has_conflict": r.company_id in day.conflicting} for day in days for r in day.accepted)
    return table_frame(spark, PRODUCT_USAGE, plain_rows(records))


def sources_of(staged: Mapping[str, Arrival]) -> Sources:
    """What an order's tables are built from."""
    usage = {date.fromisoformat(day): GenerationMark.parse(one.mark) for day, one in staged.items() if not one.crm}
    return Sources(usage, by_snapshot_date(crm_marks(staged)))


def crm_marks(staged: Mapping[str, Arrival]) -> dict[str, str]:
    """By path the snapshot date and content of what has arrived of it."""
    return {place: one.mark for place, one in staged.items() if one.crm}


def shared_sources(orders: Iterable[Mapping[str, Arrival]]) -> Sources:
    """What the dimension of all orders is built from: a date has moved where it has for one of them."""
    orders = list(orders)
    own = [sources_of(staged) for staged in orders]
    crm = {path: noted for staged in orders for path, noted in crm_marks(staged).items()}
    usage = {day: shared_mark([one.usage[day] for one in own]) for day in own[0].usage}
    return Sources(usage, by_snapshot_date(crm))


def shared_mark(marks: list[GenerationMark]) -> GenerationMark:
    if marks[0].is_missing:
        return GenerationMark.of(1, None)
    return GenerationMark(1, hashlib.sha256(" ".join(map(str, marks)).encode()).hexdigest()[:16])


def spans_by_order(spark: SparkSession, start: date, before: Tables, after: Tables) -> dict[str, list[Span]]:
    """Each order's moved spans, all from one pass of the transforms.

    A span names no company. So each order is moved into an age of its own, `AGE` after the one before, and its spans
    are told by where they lie.
    """
    moved: dict[str, list[Span]] = {}
    companies, history = (
        [table_frame(spark, table, map(in_its_age, version[place])) for version in (before, after)]
        for place, table in enumerate((COMPANIES, COMPANIES_HISTORY))
    )
    of_attributes = spans_of_moved_attributes(history[0], history[1], companies[1])
    spans = spans_of_moved_companies(*companies).unionAll(of_attributes)
    for first, last in spans.collect():
        number = (first - start) // AGE
        shift = number * AGE
        moved.setdefault(f"o{number}", []).append(Span(first - shift, last and last - shift))
    return moved


def in_its_age(row: Row) -> Row:
    shift = int(row["company_id"].split("-")[0][1:]) * AGE
    return {name: value + shift if isinstance(value, date) else value for name, value in row.items()}


def what_befell(before: Iterable[Row], after: Iterable[Row]) -> Counter[str]:
    """Companies that vanished, and first days that moved back or forward."""
    old, new = ({row["company_id"]: row for row in rows} for rows in (before, after))
    told = Counter(vanished=len(old.keys() - new.keys()))
    for company in old.keys() & new.keys():
        for name in ("first_seen_date", "first_active_date"):
            was, now = old[company][name], new[company][name]
            if was and now and was != now:
                told[f"{name} {'back' if now < was else 'forward'}"] += 1
    return told


def check_orders(spark: SparkSession, seed: int, orders: int) -> None:
    """Let random orders arrive round by round: each date's content is then that of a full build from everything."""
    schedule, several = random_orders(seed, orders)
    heal = Heal(spark, schedule, several)
    with interpreted(spark):
        for number in range(ROUNDS):
            heal.round(number)
        expected = at_once(spark, several, ROUNDS - 1)
    found = heal.hashes
    told = heal.befell + sum((order.kinds for order in several), Counter())
    print(f"seed {seed}: {dict(sorted(told.items()))}")
    assert found.keys() == expected.keys()
    assert not [place for place in expected if found[place] != expected[place]]
    assert not [kind for kind in (*KINDS, *BEFALLEN) if not told[kind]], "the orders are too tame"


@contextmanager
def interpreted(spark: SparkSession) -> Iterator[None]:
    """Plans over a few hundred rows as they are: to compile each into classes of its own takes a third of the time."""
    confs = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    for key, value in confs.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in confs:
            spark.conf.unset(key)
