"""Landed lines of some dates as staged records and quarantined ones: parsed, judged, and committed in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.errors import ImbalanceError
from company_activity.gates.arrived import (
    ArrivedDate,
    judge_quarantine,
    judge_volume,
    same_weekdays,
    usual_volume,
)
from company_activity.gates.reasons import split_by_reasons
from company_activity.gates.rewrite import Rewriting
from company_activity.gates.verdict import (
    Verdict,
    equal,
    key_checks,
    refuse_defects,
    refuse_unless_passed,
    warnings_of,
)
from company_activity.io.lake.delta import dates_predicate
from company_activity.io.lake.delta_log import state_warnings
from company_activity.io.lake.quarantine import quarantine
from company_activity.io.landing.gate_verdicts import GateVerdicts
from company_activity.io.landing.usage_frame import read_landed_lines
from company_activity.io.landing.within_reach import parts_within_reach
from company_activity.planning.state import GenerationMark, StagedFigures
from company_activity.records.fields import RULES_VERSION
from company_activity.report.model import StepReport
from company_activity.runtime.compute import cached, uncache
from company_activity.schemas import PRODUCT_USAGE
from company_activity.transforms.arrivals import (
    Arrivals,
    DateFigures,
    PartFigures,
    figures_of_arrivals,
)
from company_activity.transforms.usage import keep_latest_record, parse_usage, usage_quarantine

if TYPE_CHECKING:
    from datetime import date

    from pyspark.sql import DataFrame

    from company_activity.io.landing.manifest import Manifest
    from company_activity.run import Run

MOST_FIELDS = 20  # of those beyond the contract, what a warning names
FIELD_CHARACTERS = 64  # of such a name
MOST_DATES = 60  # that one commit stages again under other rules


@dataclass(frozen=True)
class Batch:
    """Dates that one commit stages: their newest manifests, and which generations were staged before (`is_again`)."""

    dates: Sequence[date]
    newest: Sequence[Manifest]
    is_again: bool = False

    @property
    def complete(self) -> list[Manifest]:
        return [manifest for manifest in self.newest if manifest.is_complete]

    @property
    def marks(self) -> dict[date, GenerationMark]:
        """The mark that staging gives each date."""
        return {manifest.date: manifest.mark for manifest in self.newest}

    @property
    def restored(self) -> set[date]:
        """The dates whose content stood before: a rollback has set them back, or an erasure took a company out."""
        return {
            one.date
            for one in self.newest
            if one.restored_generation is not None or one.erased_generation is not None
        }


def stage_dates(run: Run, new: Sequence[date], again: Sequence[date]) -> StepReport:
    """Stage the newest generation of the `new` dates, then, in batches, of those to be staged `again`.

    Raises:
        GateRefused: if a new generation is refused, if a record got lost, or if more dates would be staged again
            under today's rules than anybody asked for.
    """
    unasked = [day for day in again if day not in run.dates]
    verdicts = run.check_rewriting(PRODUCT_USAGE.name, Rewriting(upgraded=unasked))
    return stage_batches(run, new, again, verdicts)


def replay_dates(run: Run, again: Sequence[date]) -> StepReport:
    """Stage these dates again under today's rules: somebody asked for just them, and their content stood before.

    Raises:
        GateRefused: if a record got lost.
    """
    before = run.lake.staging.figures
    report = stage_batches(run, (), again)
    after = run.lake.staging.figures
    report.name = "replay_quarantine"
    if all(day in before and day in after for day in again):
        let_in = sum(after[day].records - before[day].records for day in again)
        report.counts["let_in"] = max(let_in, 0)  # newer rules may also refuse what older ones took
    return report


def stage_batches(
    run: Run, new: Sequence[date], again: Sequence[date], judged: Iterable[Verdict] = ()
) -> StepReport:
    """Stage the dates in batches, a commit each; the report has the verdicts of `judged` before theirs."""
    verdicts = list(judged)
    arrived: list[ArrivedDate] = []
    extras: list[str] = []
    # Every manifest is read before the first commit: one that cannot be read leaves all as it was.
    for batch in list(in_batches(run, new, again)):
        done = stage(run, batch)
        arrived += done.arrived
        verdicts += done.verdicts
        extras += done.warnings

    counts = counted([*new, *again], arrived)
    warnings = [*warnings_of(verdicts), *dict.fromkeys(extras)]
    return StepReport("stage_usage", counts=counts, warnings=warnings, verdicts=verdicts)


def in_batches(run: Run, new: Sequence[date], again: Sequence[date]) -> Iterator[Batch]:
    """The new dates in one batch, those staged again behind them in batches of `MOST_DATES`."""
    if new:
        yield batch_of(run, new)
    for first in range(0, len(again), MOST_DATES):
        yield batch_of(run, again[first : first + MOST_DATES], is_again=True)


def batch_of(run: Run, dates: Sequence[date], *, is_again: bool = False) -> Batch:
    """The newest generations of these dates."""
    newest = [manifest for day in dates if (manifest := run.landing.newest(day))]
    return Batch(dates, newest, is_again)


@dataclass(frozen=True)
class Staged:
    """What a batch came to."""

    arrived: list[ArrivedDate]
    verdicts: list[Verdict]
    warnings: list[str]


def stage(run: Run, batch: Batch) -> Staged:
    """Parse, judge and write one batch; a date staged again keeps the verdict that its generation has."""
    within_reach = parts_within_reach(
        run.spark, run.landing, batch.complete, run.lake.files, run.now
    )
    with within_reach as uris:
        lines = read_landed_lines(run.spark, run.landing, batch.complete, uris)
        return stage_lines(run, batch, lines)


def stage_lines(run: Run, batch: Batch, lines: DataFrame) -> Staged:
    """Parse, judge and write the landed lines of a batch."""
    parsed = cached(lines.transform(parse_usage))
    good, broken = split_by_reasons(parsed)
    records = cached(good.transform(keep_latest_record))
    figures = figures_of_arrivals(parsed, records, MOST_FIELDS, FIELD_CHARACTERS + 1)
    found = Arrivals.read(figures.collect())
    arrived = reconcile(batch.complete, found)
    keys = key_checks(PRODUCT_USAGE.name, found.rows, found.keys, found.nulls)
    verdicts = refuse_defects(keys)
    known = {one.day: staged_figures(one) for one in arrived}
    if not batch.is_again:
        unseen = [one for one in arrived if one.day not in batch.restored]
        known = earlier_figures(run, unseen, batch.newest) | known
        verdicts += judge(run, unseen, known)

    quarantined = broken.transform(usage_quarantine, RULES_VERSION, run.run_id)
    of_usage = f"feed = 'usage' AND {dates_predicate('date', batch.dates)}"
    held = {one.day: one.day for one in arrived if one.quarantined}
    quarantine(run.lake, quarantined, of_usage, batch.dates, held)
    state = run.lake.staging.with_staged(batch.marks, known).as_json()
    run.lake.replace(PRODUCT_USAGE, records, dates_predicate("date", batch.dates), state)
    warnings = [*drift(found), *state_warnings(PRODUCT_USAGE.name, state)]
    uncache(parsed)
    uncache(records)
    return Staged(arrived, verdicts, warnings)


def staged_figures(arrived: ArrivedDate) -> StagedFigures:
    """What is staged of a date that has arrived."""
    return StagedFigures(arrived.accepted, arrived.active_users, arrived.events)


def counted(dates: Sequence[date], arrived: Iterable[ArrivedDate]) -> dict[str, int]:
    """What the step says of itself, over all its dates."""
    total = {"dates": len(dates), "landed": 0, "accepted": 0, "duplicates": 0, "quarantined": 0}
    for one in arrived:
        duplicates = one.landed - one.accepted - one.quarantined
        more = (0, one.landed, one.accepted, duplicates, one.quarantined)
        total = {name: total[name] + count for name, count in zip(total, more, strict=True)}
    return total


def reconcile(manifests: Iterable[Manifest], found: Arrivals) -> list[ArrivedDate]:
    """Landed = accepted + duplicates + quarantined, by date; and each part holds the lines its manifest counts.

    Raises:
        ImbalanceError: naming the part or the date, with both figures.
    """
    arrived = []
    for manifest in manifests:
        broken = 0
        for part in manifest.parts:
            lines = found.parts.get(part.path, PartFigures())
            _must_equal(f"lines of {part.path}", lines.lines, part.rows)
            broken += lines.broken
        kept = found.dates.get(manifest.date, DateFigures())
        _must_equal(f"records of {manifest.date}", kept.copies + broken, manifest.rows)
        arrived.append(
            ArrivedDate(
                day=manifest.date,
                generation=manifest.generation,
                landed=manifest.rows,
                accepted=kept.records,
                quarantined=broken,
                events=kept.events,
                active_users=kept.active_users,
            )
        )
    return arrived


def _must_equal(what: str, found: int, landed: int) -> None:
    if found != landed:
        raise ImbalanceError(
            f"gate conservation of {what}: staging found {found}, the manifest counts {landed}",
            remedy="if the landing was touched, restore it or ingest the date again; else report it",
            verdicts=[equal("conservation", what, found, landed)],
        )


def judge(
    run: Run, arrived: Sequence[ArrivedDate], figures: Mapping[date, StagedFigures]
) -> list[Verdict]:
    """Volume and quarantine share of each date with a new generation; a refusal is kept beside its manifest.

    `--accept-gate` lets through the dates that were asked for, and those alone.

    Raises:
        GateRefused: if a date is refused, now or by an earlier run, and nobody accepted it.
    """
    known = {day: (one.records, one.events) for day, one in figures.items()}
    gates = run.settings.gates
    kept = GateVerdicts(run.landing)
    verdicts = []
    for one in arrived:
        for verdict in (
            judge_volume(one, usual_volume(one.day, known), gates),
            judge_quarantine(one, gates),
        ):
            accepts = one.day in run.dates and verdict.gate in run.options.accept_gates
            verdicts.append(kept.settled(verdict, one, accepts=accepts, run_id=run.run_id))
    return refuse_unless_passed(verdicts, remedy=remedy(verdicts))


def remedy(verdicts: Iterable[Verdict]) -> str:
    """How to let the first refused date through."""
    first = next((v for v in verdicts if v.is_refusal), None)
    accept = (
        f"company-activity run --date {first.scope} --accept-gate {first.gate}" if first else ""
    )
    return f"check what has landed; if it is right: {accept}"


def earlier_figures(
    run: Run, arrived: Iterable[ArrivedDate], newest: Iterable[Manifest]
) -> dict[date, StagedFigures]:
    """Those of the staged complete dates that arriving ones are compared with, unless they arrive anew themselves.

    The state holds them; the rows are counted only of dates that an older version staged.
    """
    staging = run.lake.staging
    replaced = {manifest.date for manifest in newest}
    compared = {before for one in arrived for before in same_weekdays(one.day)}
    wanted = sorted(compared & staging.complete - replaced)
    uncounted = [day for day in wanted if day not in staging.figures]
    known = {day: staging.figures[day] for day in wanted if day in staging.figures}
    if uncounted:
        rows = run.lake.read(PRODUCT_USAGE).where(F.col("date").isin(uncounted))
        sums = F.count("*"), F.sum("active_users"), F.sum("events")
        known |= dict.fromkeys(uncounted, StagedFigures(0, 0, 0))
        for day, *figures in rows.groupBy("date").agg(*sums).collect():
            known[day] = StagedFigures(*figures)
    return known


def drift(found: Arrivals) -> list[str]:
    """A warning that names the most frequent fields beyond the contract, and says how many more there are."""
    if not found.fields:
        return []
    named = ", ".join(map(shown_field, found.most_frequent_fields))
    more = found.different_fields - len(found.fields)
    and_more = f", and {more:,} more" if more > 0 else ""
    return [f"usage items carry fields beyond the contract, kept in raw_json: {named}{and_more}"]


def shown_field(name: str) -> str:
    """A field's name as one word of a line: cut, and what does not print as an escape.

    >>> shown_field("x" * 80) == "x" * 64 + "…", shown_field("\\u202eplan\\0")
    (True, '\\\\u202eplan\\\\x00')
    """
    cut = name if len(name) <= FIELD_CHARACTERS else f"{name[:FIELD_CHARACTERS]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
