"""What a table was built from: the typed states that its commits carry.

Plain Python, no Spark. A state is read from the JSON of a commit by `from_json` and written to it by `as_json`; nobody
else knows its keys. States that older versions wrote are read here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from company_activity.planning.snapshots import by_snapshot_date, snapshots
from company_activity.records.fields import CRM_RULES_VERSION, RULES_VERSION

Json = Mapping[str, Any]
MISSING = "missing"
# Which formulas compute the activity table. Whoever changes what they give for the same input raises it: every date
# that an older version built is then built again.
FORMULA_VERSION = "2"
FIRST_VERSION = "1"  # of rules and formulas, where a state was written before it noted them
LIFECYCLE = ("returning", "new", "resurrected", "dormant", "inactive", "unknown")
# What a state notes of a date beside its rows, in this order: how many companies were in each state, at the end.
TOTALS = ("active_users", "events", "at_risk", "not_judged", *LIFECYCLE)
TOTALED_DAYS = 90  # of so many dates, the newest: a page shows no more, and a state stays small
MOST_HELD_PATHS = 2_000  # of CRM files with refused rows, which a state names
MOST_HELD_CHARACTERS = (
    150_000  # of these paths: a path may have 1,024, and a character takes 6 bytes at most
)


@dataclass(frozen=True)
class GenerationMark:
    """A date's newest generation: its number, its content, and the rules that staged its records.

    `digest` is `missing` where the generation has no content; `rules_version` is empty there, and in old states.
    """

    generation: int
    digest: str
    rules_version: str = ""

    @classmethod
    def of(
        cls, generation: int, content_digest: str | None, rules_version: str = RULES_VERSION
    ) -> GenerationMark:
        """The mark of a landed generation; without a digest it is missing.

        >>> str(GenerationMark.of(2, "0123456789abcdef0123", rules_version="7")), str(GenerationMark.of(3, None))
        ('2:0123456789abcdef:7', '3:missing')
        """
        if not content_digest:
            return cls(generation, MISSING)
        return cls(generation, content_digest[:16], rules_version)

    @classmethod
    def parse(cls, text: str) -> GenerationMark:
        """Read `<generation>:<digest>:<rules version>` or `<generation>:missing`.

        >>> GenerationMark.parse("12:0123456789abcdef:2").generation
        12
        """
        generation, _, rest = text.partition(":")
        digest, _, rules_version = rest.partition(":")
        return cls(int(generation), digest, rules_version)

    def __str__(self) -> str:
        text = f"{self.generation}:{self.digest}"
        return f"{text}:{self.rules_version}" if self.rules_version else text

    @property
    def is_missing(self) -> bool:
        """Whether the date's newest generation has no content."""
        return self.digest == MISSING

    def under_rules(self, rules_version: str = RULES_VERSION) -> GenerationMark:
        """The mark of the same content, staged by other rules; a missing date was staged by none.

        >>> [str(GenerationMark.parse(text).under_rules("2")) for text in ("1:0123456789abcdef", "1:missing")]
        ['1:0123456789abcdef:2', '1:missing']
        """
        return self if self.is_missing else replace(self, rules_version=rules_version)


Marks = Mapping[date, GenerationMark]


def marks_from_json(noted: Mapping[str, str]) -> dict[date, GenerationMark]:
    """The marks by date."""
    return {date.fromisoformat(day): GenerationMark.parse(text) for day, text in noted.items()}


def marks_as_json(marks: Marks) -> dict[str, str]:
    """The marks as a state holds them, in the order of their dates."""
    return {str(day): str(marks[day]) for day in sorted(marks)}


def complete_dates(marks: Marks) -> set[date]:
    """The dates whose newest generation has content, be it no record at all."""
    return {day for day, mark in marks.items() if not mark.is_missing}


@dataclass(frozen=True)
class TableVersion:
    """The version of a table's newest commit of ours; without an id there is none."""

    table_id: str = ""
    version: int = -1

    @classmethod
    def parse(cls, text: str) -> TableVersion:
        """Read `<table id>@<version>`, or nothing.

        >>> TableVersion.parse("a1@7"), TableVersion.parse("") == NO_VERSION
        (TableVersion(table_id='a1', version=7), True)
        """
        table_id, _, version = text.partition("@")
        return cls(table_id, int(version or -1))

    def __str__(self) -> str:
        return f"{self.table_id}@{self.version}" if self.table_id else ""

    def is_shown_by(self, published: TableVersion) -> bool:
        """Whether a published version of the table has what this one has.

        A later version of the same table than our newest commit is a foreign one, which changes no row.

        >>> ours = TableVersion("a", 5)
        >>> [ours.is_shown_by(TableVersion.parse(text)) for text in ("a@7", "a@4", "b@7")]
        [True, False, False]
        """
        return self.table_id == published.table_id and published.version >= self.version


NO_VERSION = TableVersion()


@dataclass(frozen=True)
class BuiltDate:
    """What the activity table's state keeps of a date: its content, and what computed it.

    `totals` are sums over its rows, as `TOTALS` names them; empty where the state has none.
    """

    content_hash: str
    created_at: str
    rows: int | None = None
    metric_version: str = FIRST_VERSION
    formula_version: str = FIRST_VERSION
    totals: tuple[int, ...] = ()

    @property
    def entry(self) -> list[Any]:
        """The date as the state holds it, but its totals."""
        return [
            self.content_hash,
            self.created_at,
            self.rows,
            self.metric_version,
            self.formula_version,
        ]

    @property
    def total(self) -> dict[str, int]:
        """The totals by name, `rows` among them; none where the state does not have them all."""
        if self.rows is None or len(self.totals) != len(TOTALS):
            return {}
        return {"rows": self.rows, **dict(zip(TOTALS, self.totals, strict=True))}

    def is_computed_as_now(self, metric_version: str) -> bool:
        """Whether today's formulas and constants computed it."""
        return (self.metric_version, self.formula_version) == (metric_version, FORMULA_VERSION)


@dataclass(frozen=True)
class MetricsMark:
    """The constants of the metrics: their version, and a digest over them."""

    version: str
    digest: str

    @classmethod
    def from_json(cls, noted: Json) -> MetricsMark | None:
        """The mark; None where a state has none."""
        return cls(str(noted["version"]), str(noted["digest"])) if noted else None

    def as_json(self) -> dict[str, str]:
        return {"version": self.version, "digest": self.digest}


@dataclass(frozen=True)
class StagedFigures:
    """What is staged of a date: its records, and their sums."""

    records: int
    active_users: int
    events: int

    @property
    def entry(self) -> list[int]:
        """The figures as a state holds them."""
        return [self.records, self.active_users, self.events]


@dataclass(frozen=True)
class StagingState:
    """`stg.product_usage`: the mark of each date that was ever staged. `is_known`: a state could be read.

    `figures` are those of the rows that are staged under these marks. What an older version staged has none: whoever
    needs them counts the rows.
    """

    marks: Marks = field(default_factory=dict)
    is_known: bool = False
    figures: Mapping[date, StagedFigures] = field(default_factory=dict)

    @classmethod
    def from_json(cls, noted: Json) -> StagingState:
        figures = {
            date.fromisoformat(day): StagedFigures(*entry)
            for day, entry in noted.get("figures", {}).items()
        }
        return cls(marks_from_json(noted.get("dates", {})), bool(noted), figures)

    def as_json(self) -> dict[str, Any]:
        figures = {str(day): self.figures[day].entry for day in sorted(self.figures)}
        return {
            "dates": marks_as_json(self.marks),
            "figures": figures,
            "rules_version": RULES_VERSION,
        }

    def with_staged(self, marks: Marks, figures: Mapping[date, StagedFigures]) -> StagingState:
        """The state once these dates are staged; a date that became missing has a mark and no figures.

        >>> day = date(2025, 1, 1)
        >>> one = StagingState().with_staged({day: GenerationMark(1, "a")}, {day: StagedFigures(2, 3, 4)})
        >>> two = one.with_staged({day: GenerationMark.of(2, None)}, {})
        >>> one.as_json()["figures"], two.as_json()["figures"]
        ({'2025-01-01': [2, 3, 4]}, {})
        """
        kept = {day: known for day, known in self.figures.items() if day not in marks}
        return StagingState({**self.marks, **marks}, True, {**kept, **figures})

    def without_figures(self) -> StagingState:
        """The state where somebody else changed rows: whoever needs figures counts them."""
        return replace(self, figures={})

    @property
    def complete(self) -> set[date]:
        """The dates whose newest generation has content."""
        return complete_dates(self.marks)


@dataclass(frozen=True)
class QuarantineState:
    """`quarantine.records`: the usage dates and the CRM paths of which it holds records.

    `crm` is None where the paths are too many or too long to name (`MOST_HELD_PATHS`, `MOST_HELD_CHARACTERS`): it may
    hold records of any then.
    `is_known`: the state says so; one that an older version wrote does not.
    `cleared` has the dates whose last records were taken away to be judged by newer rules, each with the mark that
    staging had then: while staging still has it, the run was killed before it staged the date.
    """

    usage: frozenset[date] = frozenset()
    crm: frozenset[str] | None = frozenset()
    is_known: bool = False
    cleared: Marks = field(default_factory=dict)

    @classmethod
    def from_json(cls, noted: Json) -> QuarantineState:
        held = noted.get("held")
        cleared = marks_from_json(noted.get("cleared", {}))
        if held is None:
            return cls(cleared=cleared)
        usage = frozenset(map(date.fromisoformat, held["usage"]))
        crm = None if held["crm"] is None else frozenset(held["crm"])
        return cls(usage, crm, is_known=True, cleared=cleared)

    def as_json(self) -> dict[str, Any]:
        usage = [str(day) for day in sorted(self.usage)]
        crm = None if self.crm is None else sorted(self.crm)
        noted: dict[str, Any] = {"held": {"usage": usage, "crm": crm}}
        if self.cleared:
            noted["cleared"] = marks_as_json(self.cleared)
        return noted

    def unknown(self) -> QuarantineState:
        """The state where somebody else changed rows: what is held, only the rows can say."""
        return QuarantineState(cleared=self.cleared)

    def holds(self, places: Iterable[date | str]) -> bool:
        """Whether it holds records of one of these dates or paths.

        >>> state = QuarantineState(crm=frozenset(["raw/crm/a.csv"]))
        >>> state.holds(["raw/crm/a.csv", "raw/crm/b.csv"]), state.holds([date(2025, 1, 1)])
        (True, False)
        """
        return any(self._may_hold(place) for place in places)

    def _may_hold(self, place: date | str) -> bool:
        if isinstance(place, date):
            return place in self.usage
        return self.crm is None or place in self.crm

    def may_lack(self, day: date, staged: GenerationMark) -> bool:
        """Whether a date that staging has with this mark has quarantined records, or had when it was staged.

        >>> day = date(2025, 1, 1)
        >>> killed = QuarantineState(is_known=True, cleared={day: GenerationMark(1, "a", "1")})
        >>> [killed.may_lack(day, GenerationMark(1, "a", rules)) for rules in ("1", "2")]
        [True, False]
        """
        return not self.is_known or day in self.usage or self.cleared.get(day) == staged

    def with_places(
        self,
        replaced: Iterable[date | str],
        held: Iterable[date | str],
        staged: Marks | None = None,
    ) -> QuarantineState:
        """The state once the records of `replaced` have given way to those of `held`.

        `staged` are the marks that staging has before the same dates are staged; without them `cleared` stays.
        """
        named = self.usage | (self.crm or frozenset())
        places = named.difference(replaced).union(held)
        usage = frozenset(place for place in places if isinstance(place, date))
        paths = frozenset(place for place in places if isinstance(place, str))
        is_too_much = len(paths) > MOST_HELD_PATHS or sum(map(len, paths)) > MOST_HELD_CHARACTERS
        crm = None if self.crm is None or is_too_much else paths
        cleared = self.cleared if staged is None else self._cleared_after(usage, staged)
        return QuarantineState(usage, crm, is_known=True, cleared=cleared)

    def _cleared_after(self, usage: frozenset[date], staged: Marks) -> Marks:
        """The dates of older rules that hold no record any more, and that staging has as it had them."""
        emptied = {day: staged[day] for day in self.usage if day in staged}
        cleared = {}
        for day, mark in {**self.cleared, **emptied}.items():
            is_older = mark.under_rules() != mark
            if is_older and day not in usage and staged.get(day) == mark:
                cleared[day] = mark
        return cleared


@dataclass(frozen=True)
class NotedFile:
    """A CRM file as states of before 0.2 name it: its bytes, its snapshot date, the size and time it was seen with."""

    sha256: str
    file_date: str
    seen: str = ""


@dataclass(frozen=True)
class CrmState:
    """`stg.crm_companies`: the content of each snapshot date, and how many companies it has.

    `elsewhere` are the dates with files whose names do not tell them, `older` those with files that older rules read.
    `files` are by path, in states of before 0.2.
    """

    contents: Mapping[str, str] = field(default_factory=dict)
    companies: Mapping[str, int] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    older: frozenset[str] = frozenset()
    rules_version: str = CRM_RULES_VERSION
    files: Mapping[str, NotedFile] = field(default_factory=dict)

    @classmethod
    def from_json(cls, noted: Json) -> CrmState:
        rules_version = noted.get("rules_version", FIRST_VERSION)
        contents = snapshots(noted)
        older = noted.get("older_rules", ()) if rules_version == CRM_RULES_VERSION else contents
        files = {}
        for path, file in noted.get("files", {}).items():
            files[path] = NotedFile(file["sha256"], file["file_date"], file.get("seen", ""))
        return cls(
            contents=contents,
            companies=noted.get("companies", {}),
            elsewhere=frozenset(noted.get("elsewhere", ())),
            older=frozenset(older),
            rules_version=rules_version,
            files=files,
        )

    def as_json(self) -> dict[str, Any]:
        noted: dict[str, Any] = {
            "crm": dict(sorted(self.contents.items())),
            "companies": dict(sorted(self.companies.items())),
            "rules_version": CRM_RULES_VERSION,
        }
        if self.elsewhere:
            noted["elsewhere"] = sorted(self.elsewhere)
        if self.older:
            noted["older_rules"] = sorted(self.older)
        return noted


@dataclass(frozen=True)
class Sources:
    """What staging holds: the mark of each usage date, and the content of each CRM snapshot date."""

    usage: Marks = field(default_factory=dict)
    crm: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def staged(cls, usage: StagingState, crm: CrmState) -> Sources:
        """Of the states of the two staging tables."""
        return cls(usage.marks, crm.contents)

    def as_json(self) -> dict[str, Any]:
        return {"usage": marks_as_json(self.usage), "crm": dict(self.crm)}


@dataclass(frozen=True)
class CompanyCounts:
    """How many companies there are, and how many of them only usage knows."""

    rows: int = 0
    inferred: int = 0


@dataclass(frozen=True)
class DimensionState:
    """What `dim.companies`, or its history, was last brought to.

    A history's commit names the dimension's version, the dimension's own its `counts`; what an older version wrote
    does not have them.
    """

    sources: Sources
    companies: TableVersion | None = None
    counts: CompanyCounts | None = None

    @classmethod
    def from_json(cls, noted: Json) -> DimensionState | None:
        """The state; None where none could be read."""
        if "usage" not in noted:
            return None
        sources = Sources(marks_from_json(noted["usage"]), by_snapshot_date(noted.get("crm", {})))
        companies = noted.get("companies")
        counts = noted.get("counts")
        return cls(
            sources,
            companies=None if companies is None else TableVersion.parse(companies),
            counts=None if counts is None else CompanyCounts(*counts),
        )

    def as_json(self) -> dict[str, Any]:
        noted = self.sources.as_json()
        if self.companies is not None:
            noted["companies"] = str(self.companies)
        if self.counts is not None:
            noted["counts"] = [self.counts.rows, self.counts.inferred]
        return noted


def sources_of_dimension(
    own: DimensionState | None, history: DimensionState | None, standing: TableVersion
) -> Sources | None:
    """What dimension and history were last brought to; None where that is not known, or not the same of both.

    A commit of `dim.companies` says it of that table. Where only the history changed, its commit says so and names the
    version that it speaks of (`standing`): a new version of the dimension would be published for nothing. Where neither
    changed, see `BuiltFrom.is_looked_at`.
    """
    crm_of_history = history.sources.crm if history else {}
    if history is not None and history.companies == standing:
        own = history
    if own is None or own.sources.crm != crm_of_history:
        return None
    return own.sources


@dataclass(frozen=True)
class BuiltFrom:
    """What the activity table was built from; what a state does not say is None.

    `is_looked_at`: these versions of dimension and history were compared with this usage and these snapshots, and no
    row changed. Neither table has a commit that says so.
    """

    usage: Marks | None = None
    crm: Mapping[str, str] | None = None
    companies: TableVersion | None = None
    history: TableVersion | None = None
    is_looked_at: bool = False

    @classmethod
    def from_json(cls, noted: Json) -> BuiltFrom:
        companies = noted.get(COMPANIES_KEY)
        history = noted.get(HISTORY_KEY)
        return cls(
            usage=marks_from_json(noted["usage"]) if "usage" in noted else None,
            crm=noted.get("crm"),
            companies=None if companies is None else TableVersion.parse(companies),
            history=None if history is None else TableVersion.parse(history),
            is_looked_at=bool(noted.get(LOOKED_AT_KEY)),
        )

    def as_json(self) -> dict[str, Any]:
        noted: dict[str, Any] = {}
        if self.usage is not None:
            noted["usage"] = marks_as_json(self.usage)
        if self.crm is not None:
            noted["crm"] = dict(self.crm)
        if self.companies is not None:
            noted[COMPANIES_KEY] = str(self.companies)
        if self.history is not None:
            noted[HISTORY_KEY] = str(self.history)
        if self.is_looked_at:
            noted[LOOKED_AT_KEY] = True
        return noted

    @property
    def look(self) -> Look | None:
        """The look at the dimension that this speaks of; None where there was none."""
        if not self.is_looked_at or self.companies is None or self.history is None:
            return None
        return Look(Sources(self.usage or {}, self.crm or {}), self.companies, self.history)


@dataclass(frozen=True)
class Look:
    """Dimension and history, in these versions, were compared with these sources, and no row of them changed."""

    sources: Sources
    companies: TableVersion
    history: TableVersion


COMPANIES_KEY = "dim.companies"
HISTORY_KEY = "dim.companies_history"
LOOKED_AT_KEY = "dimension_looked_at"


@dataclass(frozen=True)
class ActivityState:
    """`analytics.company_activity_daily`: its dates, what they were built from, and the constants of its metrics.

    `is_known`: a state could be read.
    """

    dates: Mapping[date, BuiltDate] = field(default_factory=dict)
    sources: BuiltFrom = field(default_factory=BuiltFrom)
    metrics: MetricsMark | None = None
    is_known: bool = False

    @classmethod
    def from_json(cls, noted: Json) -> ActivityState:
        metrics = MetricsMark.from_json(noted.get("metrics", {}))
        dates = built_dates(noted.get("dates", {}), metrics.version if metrics else FIRST_VERSION)
        return cls(dates, BuiltFrom.from_json(noted), metrics, bool(noted))

    def as_json(self) -> dict[str, Any]:
        noted = self.sources.as_json()
        days = sorted(self.dates)
        noted["dates"] = {str(day): self.dates[day].entry for day in days}
        for day in days[-TOTALED_DAYS:]:
            totals = self.dates[day].totals
            if totals:
                noted["dates"][str(day)].append(list(totals))
        if self.metrics is not None:
            noted["metrics"] = self.metrics.as_json()
        return noted

    def without_totals(self) -> ActivityState:
        """The state where somebody else changed rows: whoever needs totals counts them."""
        dates = {day: replace(built, totals=()) for day, built in self.dates.items()}
        return replace(self, dates=dates)

    @property
    def usage(self) -> Marks:
        """The usage marks that the table was built from; none where the state does not say."""
        return self.sources.usage or {}

    @property
    def hashes(self) -> dict[date, str]:
        """The content hash of each built date."""
        return {day: built.content_hash for day, built in self.dates.items()}


def built_dates(noted: Mapping[str, Any], metric_version: str) -> dict[date, BuiltDate]:
    """The built dates by day; where an older state is silent, what its version computed with.

    >>> built_dates({"2025-01-01": ["9:x", "", 9]}, "3")[date(2025, 1, 1)].entry
    ['9:x', '', 9, '3', '1']
    """
    unsaid = ["", "", None, metric_version, FIRST_VERSION, ()]
    found = {}
    for day, entry in noted.items():
        said = list(entry or ())
        whole = said + unsaid[len(said) :]
        built = BuiltDate(*whole[:-1])
        found[date.fromisoformat(day)] = replace(built, totals=tuple(whole[-1]))
    return found
