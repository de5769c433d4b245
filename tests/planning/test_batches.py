"""A build in batches: how it is cut, and what each commit says of its sources."""

from __future__ import annotations

from datetime import date, timedelta

from company_activity.dates import HORIZON_DAYS
from company_activity.planning.batches import in_batches, is_read_by, sources_noted, usage_noted
from company_activity.planning.dirty import NEVER_BUILT, Dirty, is_of_the_date
from company_activity.planning.staging import dates_set_back
from company_activity.planning.state import BuiltFrom, GenerationMark, TableVersion

ONE = date(2025, 1, 1)
DAYS = [ONE + timedelta(days=number) for number in range(4)]
OLD, NEW = GenerationMark(1, "a"), GenerationMark(2, "b")


def test_a_batch_may_be_just_full() -> None:
    assert [len(batch) for batch in in_batches(dict.fromkeys(DAYS, 50), most=100)] == [2, 2]
    assert in_batches({ONE: 101}, most=100) == [[ONE]]
    assert in_batches({}, most=100) == [[]]


def test_a_date_reads_its_own_usage_and_that_of_59_days_before() -> None:
    last = ONE + timedelta(days=HORIZON_DAYS - 1)
    assert [is_read_by([day], ONE) for day in (ONE, last, last + timedelta(days=1))] == [True, True, False]
    assert not is_read_by([ONE], DAYS[1])
    assert not is_read_by([], ONE)


def test_usage_is_noted_as_before_where_a_date_to_come_reads_it() -> None:
    then, now = {DAYS[0]: OLD, DAYS[3]: OLD}, {DAYS[0]: NEW, DAYS[1]: NEW, DAYS[2]: NEW, DAYS[3]: NEW}
    assert usage_noted(then, now, [DAYS[1]]) == {DAYS[0]: OLD, DAYS[2]: NEW, DAYS[3]: NEW}


def test_until_the_rest_says_so_itself_the_sources_are_those_of_before() -> None:
    then = BuiltFrom({ONE: OLD}, {"x": "1"}, TableVersion("d", 1), TableVersion("h", 1))
    now = BuiltFrom({ONE: NEW}, {"x": "2"}, TableVersion("d", 2), TableVersion("h", 2))
    dirty = Dirty({ONE: {"usage of 2025-01-01"}, DAYS[1]: {NEVER_BUILT}})
    assert sources_noted(then, now, dirty, [ONE, DAYS[1]]) == then
    assert sources_noted(then, now, dirty, [DAYS[1]]) == now
    assert sources_noted(BuiltFrom(), now, dirty, [ONE]) == BuiltFrom()


def test_there_is_work_where_dates_are_dirty_or_dropped() -> None:
    assert not Dirty()
    assert Dirty({ONE: {"x"}})
    assert Dirty({}, [ONE])
    assert Dirty({ONE: {"formula version 2"}}, [ONE]).without_older_formulas() == Dirty({}, [ONE])
    assert [is_of_the_date(why) for why in (NEVER_BUILT, "metric version 2", "rules version 2")] == [True, True, False]


def test_a_restored_landing_is_set_back() -> None:
    staged = {DAYS[0]: NEW, DAYS[1]: NEW, DAYS[2]: OLD}
    assert dates_set_back({DAYS[1]: 1, DAYS[0]: 1, DAYS[2]: 1, DAYS[3]: 1}, staged) == [DAYS[0], DAYS[1]]
