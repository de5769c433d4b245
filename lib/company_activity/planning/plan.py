"""What a run would do and why, told before anything is written: plain Python over marks, as `dirty` decides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from company_activity.dates import BACKDATED_DAYS
from company_activity.gates.rewrite import Rewriting, judge_rewrite
from company_activity.gates.verdict import Verdict
from company_activity.planning.dirty import Span, changed_usage, dirty_dates
from company_activity.planning.state import (
    MISSING,
    ActivityState,
    GenerationMark,
    Marks,
    Sources,
    complete_dates,
)


@dataclass(frozen=True)
class CrmNews:
    """A CRM file that holds other bytes than those staged: `state` is new, refused (before) or unreadable.

    `told` says of a new one whether a run would refuse it.
    """

    path: str
    state: str
    told: str


@dataclass(frozen=True)
class PlannedDate:
    """A date to build: why, how many rows it has now (None: not known), and whether it may turn out untouched."""

    day: date
    reasons: tuple[str, ...]
    rows: int | None
    is_bound: bool


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    `fetch` are the dates that the API is asked for, of which `missing` have not landed completely; what they bring is
    not known before. `stage` says what each staged date is: new, superseded, gone, or staged again under other rules.
    `rewriting` is what of it nobody asked for, as the gate `rewrite` will judge it. `unreadable` are tables whose state
    cannot be read: what they have is not known here, and a run finds it out with Spark. Where a run `asks_ledger`, what
    the warehouse shows is not known here either, and `publish` is an upper bound. `held` are the contents that no fetch
    lands, by date. Which episodes and roll-ups change is known once dates are built: `publish_episodes` and
    `publish_rollups` are upper bounds then.
    """

    fetch: tuple[date, ...]
    missing: tuple[date, ...]
    stage: Mapping[date, str]
    crm: tuple[CrmNews, ...]
    build: tuple[PlannedDate, ...]
    drop: tuple[date, ...]
    publish: tuple[date, ...]
    publish_companies: bool
    rewriting: Rewriting
    most_not_asked: int
    unreadable: tuple[str, ...] = ()
    asks_ledger: bool = False
    held: Mapping[date, Sequence[str]] = field(default_factory=dict)
    publish_episodes: bool = False
    publish_rollups: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether a run would find nothing to do, unless a fetch brings something new."""
        to_read = [file for file in self.crm if file.state == "new"]
        return not (
            self.stage
            or to_read
            or self.build
            or self.drop
            or self.publish
            or self.publish_companies
            or self.publish_episodes
            or self.publish_rollups
        )

    @property
    def rows_to_rewrite(self) -> int:
        """Rows that the dates to build have now; those of dates never built are not known."""
        return sum(planned.rows or 0 for planned in self.build)

    @property
    def is_refused(self) -> bool:
        """Whether the gate `rewrite` may refuse the run."""
        return bool(self.unreadable) or not self._verdict.passed

    @property
    def refusal(self) -> str:
        """What the gate `rewrite` would find, and what it wants."""
        unread = f"the state of {', '.join(self.unreadable)} cannot be read, so its dates may be dropped; "
        return f"{unread if self.unreadable else ''}{self._verdict.found}; wanted: {self._verdict.wanted}"

    @property
    def _verdict(self) -> Verdict:
        return judge_rewrite("the plan", self.rewriting, self.most_not_asked)

    @property
    def not_asked(self) -> int:
        """How many built dates may be rewritten that nobody asked for."""
        return len(self.rewriting.rewritten) + len(self.rewriting.upgraded)

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON holds it; a `≤` is the word of a date whose `bound` is `at most`."""
        return {
            "nothing_to_do": self.is_nothing,
            "fetch": [str(day) for day in self.fetch],
            "missing": [str(day) for day in self.missing],
            "held": {str(day): list(digests) for day, digests in self.held.items()},
            "stage": {str(day): state for day, state in self.stage.items()},
            "crm": [
                {"path": file.path, "state": file.state, "told": file.told} for file in self.crm
            ],
            "build": [
                {
                    "date": str(planned.day),
                    "bound": "at most" if planned.is_bound else "exact",
                    "rows": planned.rows,
                    "reasons": list(planned.reasons),
                }
                for planned in self.build
            ],
            "drop": [str(day) for day in self.drop],
            "rows_to_rewrite_at_most": self.rows_to_rewrite,
            "publish": [str(day) for day in self.publish],
            "publish_bound": "at most" if self.asks_ledger else "exact",
            "publish_companies": self.publish_companies,
            "publish_episodes": self.publish_episodes,
            "publish_rollups": self.publish_rollups,
            "gate_rewrite": {
                "dates_not_asked_for": self.not_asked,
                "of_an_upgrade": len(self.rewriting.upgraded),
                "dates_dropped": len(self.rewriting.dropped),
                "dates_lost": [str(day) for day in self.rewriting.lost],
                "unreadable": list(self.unreadable),
                "most": self.most_not_asked,
                "may_refuse": self.is_refused,
            },
        }


def staging_of(staged: Marks, landed: Marks) -> dict[date, str]:
    """What staging the `landed` marks over the `staged` ones makes of each date that differs.

    >>> from company_activity.planning.state import marks_from_json
    >>> staged = marks_from_json({"2025-01-01": "1:a", "2025-01-02": "1:b", "2025-01-03": "1:c"})
    >>> landed = marks_from_json({"2025-01-02": "2:x", "2025-01-03": "2:missing", "2025-01-04": "1:d"})
    >>> [f"{day}: {state}" for day, state in staging_of(staged, landed).items()]
    ['2025-01-02: superseded', '2025-01-03: gone', '2025-01-04: new']
    """
    changed = sorted(day for day, mark in landed.items() if staged.get(day) != mark)
    return {day: _staging_of(staged.get(day), landed[day]) for day in changed}


def _staging_of(staged: GenerationMark | None, landed: GenerationMark) -> str:
    if landed.is_missing:
        return "gone"
    if staged is None:
        return "new"
    return "staged by older rules" if staged.under_rules() == landed else "superseded"


def bounds(now: Sources, dimension: Sources | None) -> list[Span]:
    """Where the dates end that moved companies can touch, told without looking at one.

    A usage date may bring a company, or take the only record that a first day rests on: every later date may see it.
    A snapshot may be a company's first, which is read by the dates up to 60 days before it.
    """
    if dimension is None:
        return [Span(date.min, None)]
    spans = [Span(day, None) for day in changed_usage(now.usage, dimension.usage)]
    snapshots = now.crm.keys() | dimension.crm.keys()
    for snapshot in sorted(day for day in snapshots if now.crm.get(day) != dimension.crm.get(day)):
        first_reader = date.fromisoformat(snapshot) - timedelta(days=BACKDATED_DAYS)
        spans.append(Span(first_reader, None))
    return spans


def dates_to_build(
    usage: Marks, activity: ActivityState, metric_version: str, spans: Iterable[Span]
) -> tuple[list[PlannedDate], list[date]]:
    """The dates to build, those within `spans` alone as a bound; and the built ones to drop.

    >>> from company_activity.planning.state import marks_from_json
    >>> noted = {"2025-01-01": "1:a", "2025-01-02": "1:a", "2025-06-01": "1:a"}
    >>> activity = ActivityState.from_json({"usage": noted, "dates": dict.fromkeys(noted, ["1:x", "", 7, "1", "2"])})
    >>> usage = marks_from_json(noted | {"2025-01-01": "2:b"})
    >>> planned, dropped = dates_to_build(usage, activity, "1", [Span(date(2025, 1, 1), None)])
    >>> [(str(one.day), one.is_bound, one.rows) for one in planned]
    [('2025-01-01', False, 7), ('2025-01-02', False, 7), ('2025-06-01', True, 7)]
    """
    exact = dirty_dates(usage, activity, metric_version, [])
    bound = dirty_dates(usage, activity, metric_version, spans)
    planned = []
    for day in bound.dates:
        reasons = tuple(sorted(exact.reasons.get(day) or {"a company may have moved"}))
        rows = activity.dates[day].rows if day in activity.dates else None
        planned.append(PlannedDate(day, reasons, rows, is_bound=day not in exact.reasons))
    return planned, exact.dropped


def dates_to_publish(hashes: Mapping[date, str], published: Mapping[date, str]) -> list[date]:
    """The dates that the warehouse does not show as the lake has them, deletions included.

    >>> lake = {date(2025, 1, 1): "1:a", date(2025, 1, 2): "1:b"}
    >>> sent = {date(2025, 1, 1): "1:a", date(2025, 1, 3): "1:c", date(2025, 1, 4): "missing"}
    >>> [str(day) for day in dates_to_publish(lake, sent)]
    ['2025-01-02', '2025-01-03']
    """
    shown = {day: content for day, content in published.items() if content != MISSING}
    return sorted(day for day in hashes.keys() | shown.keys() if hashes.get(day) != shown.get(day))


def missing_of(asked: Iterable[date], usage: Marks) -> list[date]:
    """The dates asked for that have not landed completely."""
    complete = complete_dates(usage)
    return [day for day in asked if day not in complete]
