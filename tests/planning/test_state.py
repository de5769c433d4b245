"""What a commit holds of a state: every key, and the state again from it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from company_activity.planning.episodes import EPISODES_VERSION, Began, EpisodesState
from company_activity.planning.rollups import (
    ROLLUPS_VERSION,
    MovedDates,
    MovedMonths,
    MovedRollups,
    RetentionState,
    RolledDate,
    SegmentsState,
    sources_of_dates,
    sources_of_months,
)
from company_activity.planning.state import (
    FORMULA_VERSION,
    TOTALED_DAYS,
    TOTALS,
    ActivityState,
    BuiltDate,
    BuiltFrom,
    CompanyCounts,
    CrmState,
    DimensionState,
    GenerationMark,
    MetricsMark,
    QuarantineState,
    Sources,
    StagedFigures,
    StagingState,
    TableVersion,
)
from company_activity.records.fields import CRM_RULES_VERSION, RULES_VERSION

ONE, TWO, THREE = (date(2025, 1, day) for day in (1, 2, 3))
MARKS = {TWO: GenerationMark(2, "b", "1"), ONE: GenerationMark.of(1, None)}
NOTED_MARKS = {"2025-01-01": "1:missing", "2025-01-02": "2:b:1"}
DIMENSION, HISTORY = TableVersion("d", 3), TableVersion("h", 4)


def test_staging_has_its_marks_figures_and_rules() -> None:
    state = StagingState(MARKS, True, {TWO: StagedFigures(1, 2, 3)})
    noted = {"dates": NOTED_MARKS, "figures": {"2025-01-02": [1, 2, 3]}, "rules_version": RULES_VERSION}
    assert state.as_json() == noted
    assert StagingState.from_json(noted) == state
    assert StagingState.from_json({}) == StagingState()


def test_staging_is_known_once_a_date_is_staged_and_may_forget_its_figures() -> None:
    state = StagingState().with_staged(MARKS, {TWO: StagedFigures(1, 2, 3)})
    assert state == StagingState(MARKS, True, {TWO: StagedFigures(1, 2, 3)})
    assert state.without_figures() == StagingState(MARKS, True, {})
    assert state.complete == {TWO}


@pytest.mark.parametrize("crm", [None, frozenset({"b.csv", "a.csv"}), frozenset[str]()])
def test_the_quarantine_says_what_it_holds_and_what_was_cleared(crm: frozenset[str] | None) -> None:
    state = QuarantineState(frozenset({TWO, ONE}), crm, is_known=True, cleared=MARKS)
    held = {"usage": ["2025-01-01", "2025-01-02"], "crm": None if crm is None else sorted(crm)}
    assert state.as_json() == {"held": held, "cleared": NOTED_MARKS}
    assert QuarantineState.from_json(state.as_json()) == state
    assert state.unknown() == QuarantineState(cleared=MARKS)
    assert state.holds(["a.csv"]) == (crm != frozenset())


def test_a_quarantine_that_does_not_say_what_it_holds_is_unknown() -> None:
    assert QuarantineState.from_json({"cleared": NOTED_MARKS}) == QuarantineState(cleared=MARKS)
    assert QuarantineState.from_json({}) == QuarantineState()
    assert QuarantineState().as_json() == {"held": {"usage": [], "crm": []}}


def test_crm_has_contents_companies_and_what_is_particular() -> None:
    state = CrmState({"2025-01-02": "b", "2025-01-01": "a"}, {"2025-01-01": 2}, frozenset({"x", "w"}), frozenset({"z"}))
    noted = state.as_json()
    assert list(noted["crm"]) == ["2025-01-01", "2025-01-02"]
    assert noted == {
        "crm": {"2025-01-01": "a", "2025-01-02": "b"},
        "companies": {"2025-01-01": 2},
        "rules_version": CRM_RULES_VERSION,
        "elsewhere": ["w", "x"],
        "older_rules": ["z"],
    }
    assert CrmState.from_json(noted) == state
    assert CrmState().as_json() == {"crm": {}, "companies": {}, "rules_version": CRM_RULES_VERSION}


def test_sources_are_what_both_staging_tables_hold() -> None:
    found = Sources.staged(StagingState(MARKS), CrmState({"2025-01-01": "a"}))
    assert found == Sources(MARKS, {"2025-01-01": "a"})
    assert found.as_json() == {"usage": NOTED_MARKS, "crm": {"2025-01-01": "a"}}


@pytest.mark.parametrize(
    ("companies", "counts", "more"),
    [
        (DIMENSION, None, {"companies": "d@3"}),
        (None, CompanyCounts(5, 2), {"counts": [5, 2]}),
        (None, None, {}),
    ],
)
def test_the_dimension_has_its_sources_and_version_or_counts(
    companies: TableVersion | None, counts: CompanyCounts | None, more: dict[str, Any]
) -> None:
    state = DimensionState(Sources(MARKS, {"2025-01-01": "a"}), companies, counts)
    noted = {"usage": NOTED_MARKS, "crm": {"2025-01-01": "a"}, **more}
    assert state.as_json() == noted
    assert DimensionState.from_json(noted) == state
    assert DimensionState.from_json({"crm": {}}) is None


@pytest.mark.parametrize(
    ("sources", "noted"),
    [
        (BuiltFrom(), {}),
        (BuiltFrom(usage=MARKS), {"usage": NOTED_MARKS}),
        (BuiltFrom(crm={"2025-01-01": "a"}), {"crm": {"2025-01-01": "a"}}),
        (
            BuiltFrom({}, {}, DIMENSION, HISTORY, True),
            {
                "usage": {},
                "crm": {},
                "dim.companies": "d@3",
                "dim.companies_history": "h@4",
                "dimension_looked_at": True,
            },
        ),
    ],
)
def test_the_sources_of_the_activity_table_are_noted_as_far_as_they_are_known(
    sources: BuiltFrom, noted: dict[str, Any]
) -> None:
    assert sources.as_json() == noted
    assert BuiltFrom.from_json(noted) == sources


def test_a_look_names_both_tables() -> None:
    look = BuiltFrom(MARKS, {"2025-01-01": "a"}, DIMENSION, HISTORY, True).look
    assert look is not None
    assert (look.sources, look.companies, look.history) == (Sources(MARKS, {"2025-01-01": "a"}), DIMENSION, HISTORY)
    assert BuiltFrom(MARKS, {}, DIMENSION, HISTORY).look is None
    assert BuiltFrom(MARKS, {}, None, HISTORY, True).look is None
    assert BuiltFrom(MARKS, {}, DIMENSION, None, True).look is None


def test_only_the_newest_dates_have_totals() -> None:
    days = [ONE + timedelta(days=number) for number in range(TOTALED_DAYS + 1)]
    built = BuiltDate("9:x", "now", 9, "m", FORMULA_VERSION, tuple(range(len(TOTALS))))
    state = ActivityState(dict.fromkeys(days, built), BuiltFrom(usage={}), MetricsMark("m", "d"), True)
    noted = state.as_json()
    entry = ["9:x", "now", 9, "m", FORMULA_VERSION]
    assert noted["metrics"] == {"version": "m", "digest": "d"}
    assert [noted["dates"][str(day)] for day in days] == [entry] + [[*entry, list(built.totals)]] * TOTALED_DAYS
    again = ActivityState.from_json(noted)
    assert again.dates[days[1]] == built
    assert (again.metrics, again.is_known, again.usage) == (MetricsMark("m", "d"), True, {})
    assert again.hashes == dict.fromkeys(days, "9:x")
    bare = BuiltDate("9:x", "now", 9, "m", FORMULA_VERSION)
    assert state.without_totals().dates == dict.fromkeys(days, bare)
    assert state.without_totals().metrics == state.metrics
    assert list(built.total) == ["rows", *TOTALS]


def test_a_date_is_as_now_if_both_versions_are() -> None:
    built = BuiltDate("", "", metric_version="m", formula_version=FORMULA_VERSION)
    assert built.is_computed_as_now("m")
    assert not built.is_computed_as_now("n")
    assert not BuiltDate("", "", metric_version="m", formula_version="0").is_computed_as_now("m")


def test_no_version_is_no_text() -> None:
    assert [str(TableVersion("a", 7)), str(TableVersion()), TableVersion.parse("").version] == ["a@7", "", -1]


def test_episodes_have_their_rows_and_who_began() -> None:
    state = EpisodesState.of({TWO: "1:b", ONE: "1:a"}, 3, {TWO: Began(1, 7)})
    noted = {
        "dates": {"2025-01-01": "1:a", "2025-01-02": "1:b"},
        "episodes": 3,
        "episodes_version": EPISODES_VERSION,
        "began": {"2025-01-02": [1, 7]},
    }
    assert state.as_json() == noted
    assert EpisodesState.from_json(noted) == state
    assert EpisodesState.from_json({}) == EpisodesState()
    assert EpisodesState.of({}, 0).began == {}


def test_the_states_of_the_roll_ups_are_read_as_written() -> None:
    segments = SegmentsState.of({TWO: RolledDate("2:b", "y"), ONE: RolledDate("1:a", "x")})
    noted = {
        "dates": {"2025-01-01": ["1:a", "x"], "2025-01-02": ["2:b", "y"]},
        "rollups_version": ROLLUPS_VERSION,
    }
    assert segments.as_json() == noted
    assert SegmentsState.from_json(noted) == segments
    assert SegmentsState.from_json({}) == SegmentsState()
    assert segments.built_from({ONE: "x"}) == SegmentsState({ONE: RolledDate("1:a", "x")}, ROLLUPS_VERSION)
    months = {date(2025, 2, 1): "b", ONE: "a"}
    retention = RetentionState(months, frozenset(months), "4:z", 4, ROLLUPS_VERSION)
    noted_months = {
        "months": {"2025-01-01": "a", "2025-02-01": "b"},
        "built": ["2025-01-01", "2025-02-01"],
        "content_hash": "4:z",
        "rows": 4,
        "rollups_version": ROLLUPS_VERSION,
    }
    assert retention.as_json() == noted_months
    assert RetentionState.from_json(noted_months) == retention
    assert RetentionState.from_json({}) == RetentionState()


def test_what_moved_is_true_where_there_is_work() -> None:
    assert not MovedDates(())
    assert MovedDates((ONE,))
    assert MovedDates((), (ONE,))
    still, dates = MovedMonths(), MovedDates((ONE,))
    assert not MovedRollups(MovedDates(()), still)
    assert MovedRollups(dates, still)
    assert MovedRollups(MovedDates(()), MovedMonths((ONE,)))


def test_the_sources_of_dates_and_months_are_the_digests_that_states_hold() -> None:
    # Fixed, since states of before hold them: another digest would build every date again.
    assert sources_of_dates({ONE: "1:a"}, {ONE: Began(1, 2)}) == {ONE: "049da1cee7e35fa3"}
    assert sources_of_months({TWO: "1:b", ONE: "1:a"}) == {ONE: "b76efbda0c3cc1b6"}
