"""What is news to whom: each rule on both sides of its edge, and random histories before a judge in plain Python."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from company_activity.planning.news import (
    KINDS,
    Episode,
    Ledger,
    News,
    Recipients,
    Today,
    needed_from,
    news_for,
    told,
)
from company_activity.planning.news.piece import Key
from company_activity.records.crm.snoozed import Snooze

from oracle.model import Row
from oracle.news import Judge, Round
from oracle.news_histories import History

RECIPIENTS = Recipients({"Ann": "ann", "Ben": "ben"}, default="team")
WITH_LEAD = replace(RECIPIENTS, of_all=("lead",))
SEQUENCES = 36
ROUNDS = 36

Told = list[tuple[str, str, str, int]]


def march(day: int) -> date:
    return date(2025, 3, day)


def risk(start: int, flagged: int | None = None, **changed: object) -> Episode:
    """An open episode of Ann's company a."""
    return replace(Episode("a", march(start), march(flagged or start), owner="Ann"), **changed)  # type: ignore[arg-type]


def over(start: int, end: int, ended_as: str = "recovered", **changed: object) -> Episode:
    return risk(start, end - 7, ended_on=march(end), ended_as=ended_as, **changed)


class Team:
    """Recipients, and what they were told."""

    def __init__(self, recipients: Recipients = RECIPIENTS) -> None:
        self.recipients = recipients
        self.ledger = Ledger()
        self.snoozed: dict[str, Snooze] = {}

    def due(self, newest: int, *episodes: Episode) -> dict[str, tuple[News, ...]]:
        return news_for(episodes, self.ledger, Today(march(newest), 14, self.snoozed), self.recipients)

    def hears(self, newest: int, *episodes: Episode) -> Told:
        """What is due, all of it delivered: recipient, company, kind, day in March."""
        found = self.due(newest, *episodes)
        self.ledger = told(self.ledger, found)
        assert self.due(newest, *episodes) == {}, "told, and due again"
        return in_short(found)

    def snooze(self, until: int) -> None:
        self.snoozed["a"] = Snooze("a", march(until), "leave")


def in_short(found: Mapping[str, Iterable[News]]) -> Told:
    return [(name, one.company_id, one.kind, one.on.day) for name, pieces in found.items() for one in pieces]


def test_a_risk_is_told_once_and_so_is_its_end() -> None:
    team = Team()
    assert team.hears(5, risk(4)) == [("ann", "a", "entered", 4)]
    assert team.hears(6, risk(4, 6)) == []
    assert team.hears(13, over(4, 13)) == [("ann", "a", "recovered", 13)]
    assert team.hears(14, over(4, 13)) == []


def test_a_company_that_is_gone_has_left() -> None:
    team = Team()
    team.hears(5, risk(4))
    assert team.hears(13, over(4, 13, "gone")) == [("ann", "a", "left", 13)]


def test_a_new_episode_is_other_news_than_the_one_before() -> None:
    team = Team()
    team.hears(4, risk(4))
    assert team.hears(20, over(4, 13), risk(20)) == [("ann", "a", "entered", 20), ("ann", "a", "recovered", 13)]


@pytest.mark.parametrize(
    ("newest", "expected"),
    [(18, [("ann", "a", "entered", 4)]), (19, [])],
)
def test_what_began_more_than_14_days_ago_is_no_news(newest: int, expected: Told) -> None:
    assert Team().hears(newest, risk(4, newest)) == expected


@pytest.mark.parametrize(
    ("newest", "expected"),
    [(26, [("ann", "a", "recovered", 12)]), (27, [])],
)
def test_nor_is_what_ended_so_long_ago(newest: int, expected: Told) -> None:
    team = Team()
    team.hears(3, risk(3))
    assert team.hears(newest, over(3, 12)) == expected


def test_what_began_and_ended_between_two_messages_is_told_as_both() -> None:
    both = [("ann", "a", "entered", 5), ("ann", "a", "recovered", 14)]
    assert Team().hears(19, over(5, 14)) == both
    assert Team().hears(20, over(5, 14)) == []  # its beginning is too old, and its end alone is never told


@pytest.mark.parametrize(
    ("reasons", "peak", "expected"),
    [
        (("SILENT",), 19, []),
        (("SILENT",), 20, [("ann", "a", "worsened", 9)]),
        (("DECLINING", "SILENT"), 10, [("ann", "a", "worsened", 9)]),
        ((), 10, []),
        (("SILENT",), None, []),
    ],
)
def test_a_risk_worsens_by_a_new_reason_or_twice_what_it_lacked(
    reasons: tuple[str, ...], peak: int | None, expected: Told
) -> None:
    team = Team()
    team.hears(4, risk(4, churn_reasons=("SILENT",), peak_missing_user_days=10))
    assert team.hears(10, risk(4, 9, churn_reasons=reasons, peak_missing_user_days=peak)) == expected


def test_it_is_compared_with_what_was_told_last() -> None:
    team = Team()
    for day, peak, times in [(4, 10, 1), (5, 20, 1), (6, 39, 0), (7, 40, 1)]:
        assert len(team.hears(day, risk(4, day, peak_missing_user_days=peak))) == times
    (one,) = team.due(8, risk(4, 8, churn_reasons=("SILENT",), peak_missing_user_days=41))["ann"]
    assert (one.new_reasons, one.missing_told) == (("SILENT",), 40)


@pytest.mark.parametrize(("first_peak", "peak", "times"), [(None, 50, 0), (0, 0, 0), (0, 1, 1)])
def test_what_was_not_known_cannot_double(first_peak: int | None, peak: int, times: int) -> None:
    team = Team()
    team.hears(4, risk(4, peak_missing_user_days=first_peak))
    assert len(team.hears(5, risk(4, 5, peak_missing_user_days=peak))) == times


@pytest.mark.parametrize("moved", [risk(2, 6), risk(6), over(2, 10), over(5, 11)], ids=str)
def test_an_episode_that_moved_and_overlaps_is_no_other_one(moved: Episode) -> None:
    team = Team()
    team.hears(5, risk(4))
    assert [told[2] for told in team.hears(11, moved)] == ([] if moved.is_open else ["recovered"])


def test_an_end_that_moved_is_no_news() -> None:
    team = Team()
    team.hears(12, over(3, 12))
    assert team.hears(13, over(4, 13)) == []
    assert team.hears(13, over(4, 13, "gone")) == [("ann", "a", "left", 13)]


def test_episodes_that_join_are_no_news() -> None:
    team = Team()
    team.hears(14, over(3, 12), risk(14))
    assert team.hears(15, risk(3, 15)) == []
    assert team.hears(23, over(3, 23)) == [("ann", "a", "recovered", 23)]


def test_an_episode_that_splits_tells_its_end_and_the_new_beginning() -> None:
    team = Team()
    team.hears(4, risk(3))
    assert team.hears(16, over(3, 11), risk(14, 16)) == [("ann", "a", "entered", 14), ("ann", "a", "recovered", 11)]


def test_what_was_told_of_joined_episodes_holds_when_they_part_again() -> None:
    team = Team()
    team.hears(14, over(3, 12), risk(14))
    team.hears(15, risk(3, 15, churn_reasons=("SILENT",)))
    assert team.hears(16, over(3, 12), risk(14, 16, churn_reasons=("SILENT",))) == []


def test_an_episode_that_vanished_is_withdrawn_once() -> None:
    team = Team()
    team.hears(4, risk(4))
    assert team.hears(6) == [("ann", "a", "withdrawn", 6)]
    assert team.hears(7) == []


def test_one_that_shares_no_date_with_what_was_told_is_another_one() -> None:
    team = Team()
    team.hears(11, over(3, 11))
    assert team.hears(14, risk(12)) == [("ann", "a", "entered", 12), ("ann", "a", "withdrawn", 11)]
    team = Team()
    team.hears(11, over(3, 11))
    assert team.hears(14, risk(11)) == [("ann", "a", "entered", 11)]
    team = Team()
    team.hears(12, risk(11))
    assert team.hears(13, over(2, 11)) == [("ann", "a", "recovered", 11)]
    team = Team()
    team.hears(12, risk(12))
    assert team.hears(13, over(2, 11)) == [
        ("ann", "a", "entered", 2),
        ("ann", "a", "recovered", 11),
        ("ann", "a", "withdrawn", 13),
    ]


def test_what_follows_a_withdrawal_is_another_episode() -> None:
    team = Team()
    team.hears(4, risk(4))
    team.hears(7)
    assert team.hears(20, over(6, 17)) == []
    assert team.hears(20, over(8, 17)) == [("ann", "a", "entered", 8), ("ann", "a", "recovered", 17)]


def knows_two_risks() -> Team:
    """A team that was told of a risk on 1 and on 9 March, and not of the end of the first."""
    team = Team()
    team.hears(1, risk(1))
    due = team.due(9, over(1, 8), risk(9))
    team.ledger = told(team.ledger, {"ann": [one for one in due["ann"] if one.kind == "entered"]})
    return team


def test_two_risks_that_vanish_are_one_withdrawal() -> None:
    team = knows_two_risks()
    assert team.hears(10) == [("ann", "a", "withdrawn", 10)]
    assert team.hears(11) == []


def test_two_pieces_of_one_kind_have_two_dates() -> None:
    team = knows_two_risks()
    team.snooze(until=30)
    both = [over(1, 8), over(9, 15)]
    assert team.hears(30, *both) == [("ann", "a", "recovered", 30)]
    assert team.hears(31, *both) == [("ann", "a", "recovered", 31)]


@pytest.mark.parametrize(("newest", "expected"), [(26, [("ann", "a", "withdrawn", 12)]), (27, [])])
def test_a_withdrawal_is_as_old_as_the_end_that_was_told(newest: int, expected: Told) -> None:
    team = Team()
    team.hears(12, over(3, 12))
    assert team.hears(newest) == expected


def test_an_old_risk_that_vanishes_is_withdrawn_since_it_lasts_until_today() -> None:
    team = Team()
    team.hears(3, risk(3))
    assert team.hears(31) == [("ann", "a", "withdrawn", 31)]


def test_what_began_after_the_newest_complete_date_is_not_withdrawn() -> None:
    team = Team()
    team.hears(4, risk(4))
    assert team.hears(3) == []
    assert team.hears(4) == [("ann", "a", "withdrawn", 4)]


def test_a_risk_that_comes_back_is_told_again_by_another_date() -> None:
    team = Team()
    team.hears(4, risk(4))
    team.hears(5)
    assert team.hears(6, risk(4, 6)) == [("ann", "a", "entered", 6)]
    assert team.hears(7) == [("ann", "a", "withdrawn", 7)]
    assert team.hears(7, risk(4, 6)) == [("ann", "a", "entered", 7)]
    assert team.hears(7) == []  # withdrawn on this date, as was told
    assert team.hears(8) == [("ann", "a", "withdrawn", 8)]


def test_even_if_it_was_withdrawn_on_its_first_date() -> None:
    team = Team()
    team.hears(4, risk(4))
    assert team.hears(4) == [("ann", "a", "withdrawn", 4)]
    assert team.hears(5, risk(4)) == [("ann", "a", "entered", 5)]


def test_a_risk_that_was_told_as_over_is_told_again_however_old() -> None:
    team = Team()
    team.hears(12, over(3, 12))
    assert team.hears(30, risk(3, 30)) == [("ann", "a", "entered", 30)]
    assert team.hears(31, over(3, 12)) == [("ann", "a", "recovered", 31)]


def test_a_backfill_wakes_nobody() -> None:
    old = [over(1, 9), over(2, 11, company_id="b"), risk(3, 30, company_id="c")]
    assert Team().hears(31, *old) == []


def test_what_was_not_delivered_stays_due() -> None:
    team = Team()
    due = team.due(5, risk(4))
    assert due == team.due(5, risk(4))
    team.ledger = told(team.ledger, {"ben": due["ann"]})  # another message arrived
    assert in_short(team.due(6, risk(4, 6))) == [("ann", "a", "entered", 4)]


def test_owners_are_told_of_their_own_and_a_lead_of_all() -> None:
    theirs = [risk(4), risk(4, company_id="b", owner="Ben"), risk(4, company_id="c", owner="Carl")]
    found = Team(WITH_LEAD).due(5, *theirs, risk(4, company_id="d", owner=None))
    assert {name: [one.company_id for one in pieces] for name, pieces in found.items()} == {
        "ann": ["a"],
        "ben": ["b"],
        "lead": ["a", "b", "c", "d"],
        "team": ["c", "d"],
    }


def test_a_lead_who_owns_the_company_is_told_once() -> None:
    assert replace(RECIPIENTS, of_all=("ann",)).of("Ann") == ["ann"]
    assert Team(replace(RECIPIENTS, of_all=("ann",))).hears(5, risk(4)) == [("ann", "a", "entered", 4)]


def test_a_new_owner_learns_of_an_open_risk_once_and_the_former_one_hears_no_more() -> None:
    team = Team()
    team.hears(4, risk(4))
    assert team.hears(10, risk(4, 10, owner="Ben")) == [("ben", "a", "entered", 4)]
    assert team.hears(19, over(4, 19, owner="Ben")) == [("ben", "a", "recovered", 19)]


def test_however_old_it_is_if_anybody_was_told() -> None:
    team = Team()
    team.hears(3, risk(3))
    assert team.hears(30, risk(3, 30, owner="Ben")) == [("ben", "a", "entered", 30)]
    assert Team().hears(30, risk(3, 30, owner="Ben")) == []


def test_an_owner_who_was_told_before_compares_with_that() -> None:
    team = Team()
    team.hears(4, risk(4, peak_missing_user_days=10))
    team.hears(6, risk(4, 6, owner="Ben", peak_missing_user_days=15))
    assert team.hears(7, risk(4, 7, peak_missing_user_days=19)) == []
    assert team.hears(8, risk(4, 8, peak_missing_user_days=20)) == [("ann", "a", "worsened", 8)]


def test_nobody_hears_the_end_of_what_they_were_not_told_of() -> None:
    team = Team()
    team.hears(3, risk(3))
    assert team.hears(25, over(3, 25, owner="Ben")) == []


def test_a_withdrawal_reaches_all_who_were_told() -> None:
    team = Team()
    team.hears(4, risk(4))
    team.hears(6, risk(4, 6, owner="Ben"))
    assert team.hears(7) == [("ann", "a", "withdrawn", 7), ("ben", "a", "withdrawn", 7)]


def test_a_company_set_aside_is_told_of_from_its_date_on() -> None:
    team = Team()
    team.snooze(until=10)
    assert team.hears(9, risk(4, 9)) == []
    assert team.hears(10, risk(4, 10)) == [("ann", "a", "entered", 4)]


@pytest.mark.parametrize(("newest", "expected"), [(24, [("ann", "a", "entered", 24)]), (25, [])])
def test_its_risk_is_news_for_14_days_then_however_old(newest: int, expected: Told) -> None:
    team = Team()
    team.snooze(until=10)
    assert team.hears(newest, risk(2, newest)) == expected


def test_what_was_told_before_and_has_not_changed_is_not_told_after() -> None:
    team = Team()
    team.hears(4, risk(4))
    team.snooze(until=10)
    assert team.hears(9, risk(4, 9, churn_reasons=("SILENT",))) == []
    assert team.hears(10, risk(4, 10)) == []


def test_an_end_is_told_after_it() -> None:
    team = Team()
    team.hears(3, risk(3))
    team.snooze(until=24)
    assert team.hears(23, over(3, 12)) == []
    assert team.hears(28, over(3, 12)) == [("ann", "a", "recovered", 28)]
    late = [over(3, 12), over(18, 26)]  # found by a correction: what was told ended before it
    assert team.hears(28, *late) == [("ann", "a", "entered", 18), ("ann", "a", "recovered", 26)]


def test_what_was_told_before_and_taken_back_is_told_again_with_the_newest_date() -> None:
    team = Team()
    team.hears(15, risk(7, 15))
    assert team.hears(16, over(7, 16)) == [("ann", "a", "recovered", 16)]
    assert team.hears(17, risk(8, 17)) == [("ann", "a", "entered", 8)]
    assert team.hears(18, over(8, 16)) == [("ann", "a", "recovered", 18)]


def test_so_is_a_withdrawal() -> None:
    team = Team()
    team.hears(3, risk(3))
    team.snooze(until=10)
    assert team.hears(9) == []
    assert team.hears(10) == [("ann", "a", "withdrawn", 10)]


def test_what_came_and_went_meanwhile_is_not_told() -> None:
    team = Team()
    team.snooze(until=14)
    assert team.hears(14, over(4, 13)) == []
    team.snooze(until=13)
    assert len(team.hears(14, over(4, 13))) == 2


def test_others_are_told_while_a_company_is_set_aside() -> None:
    team = Team()
    team.snooze(until=30)
    assert team.hears(5, risk(4), risk(4, company_id="b")) == [("ann", "b", "entered", 4)]
    assert team.hears(6) == [("ann", "b", "withdrawn", 6)]


def test_a_message_is_in_the_order_of_the_lists() -> None:
    lacks = {"b": 5, "c": None, "d": 9, "e": 5, "f": 0}
    (pieces,) = Team().due(5, *[risk(4, company_id=c, missing_user_days=n) for c, n in lacks.items()]).values()
    assert [one.company_id for one in pieces] == ["d", "b", "e", "f", "c"]


def test_a_ledger_outlives_its_file() -> None:
    team = Team(WITH_LEAD)
    team.hears(12, over(3, 12), risk(4, company_id="b", churn_reasons=("SILENT",), company_name="Müller"))
    team.hears(13, risk(5, 13, company_id="b", churn_reasons=("DECLINING", "SILENT")))
    assert Ledger.from_json(json.loads(json.dumps(team.ledger.as_json()))) == team.ledger


def test_a_company_is_taken_out_of_a_ledger() -> None:
    team = Team(WITH_LEAD)
    team.hears(5, risk(4), risk(4, company_id="b", owner="Ben"))
    left = team.ledger.without({"a"})
    assert sorted(left.delivered) == ["ben", "lead"]
    assert "'a'" not in str(left.as_json())


def test_episodes_that_ended_before_all_that_was_told_need_not_be_read() -> None:
    team = Team()
    assert needed_from(team.ledger, Today(march(20))) == march(6)
    team.hears(5, risk(4))
    assert needed_from(team.ledger, Today(march(20))) == march(4)


def test_old_pieces_are_dropped_but_for_the_last_word_of_a_risk() -> None:
    team = Team()
    team.hears(12, over(3, 12), risk(4, company_id="b", peak_missing_user_days=5))
    team.hears(13, over(3, 12), risk(4, 13, company_id="b", peak_missing_user_days=50))
    team.ledger = team.ledger.without_older(march(14))
    assert in_short(team.ledger.delivered) == [("ann", "b", "worsened", 13)]
    assert team.hears(29, over(3, 12), risk(4, 29, company_id="b", peak_missing_user_days=50)) == []


def test_an_episode_within_what_was_told_is_no_news() -> None:
    team = Team()
    team.hears(5, risk(5))
    team.hears(17, risk(5, 17, churn_reasons=("SILENT",)))
    assert team.hears(18, over(6, 13), risk(15, 18, churn_reasons=("SILENT",))) == []


def test_an_open_one_is() -> None:
    team = Team()
    team.hears(3, risk(3))
    team.hears(20, risk(3, 20, churn_reasons=("SILENT",)))
    team.hears(20, over(3, 12))
    assert team.hears(20, over(3, 12), risk(18, 20)) == [("ann", "a", "entered", 18)]


def episode_of(row: Row) -> Episode:
    return Episode(
        row["company_id"],
        row["started_on"],
        row["last_flagged_on"],
        row["ended_on"],
        row["ended_as"],
        tuple(row["churn_reasons"]),
        None,
        row["peak_missing_user_days"],
        row["owner"],
    )


def today_of(now: Round) -> Today:
    return Today(now.newest, 14, {company: Snooze(company, until) for company, until in now.snoozed.items()})


def keys_of(found: Mapping[str, Sequence[News]]) -> set[tuple[str, Key]]:
    return {(name, one.key) for name, pieces in found.items() for one in pieces}


def play(number: int) -> Counter[str]:
    """A random history with lost messages, each round before the judge; how often each kind was told."""
    random = Random(number)
    history = History(random)
    judge = Judge(WITH_LEAD.of)
    ledger = Ledger()
    heard = Counter[str]()
    reach = 1.0
    for count in range(ROUNDS):
        now = history.go_on()
        today = today_of(now)
        reach = random.choice((0.0, 0.5, 1.0, 1.0)) if random.random() < 0.2 else reach
        needed = needed_from(ledger, today)
        episodes = [one for one in map(episode_of, now.episodes) if one.is_open or one.last_day >= needed]
        found = news_for(episodes, ledger, today, WITH_LEAD)
        assert found == news_for(map(episode_of, now.episodes), ledger, today, WITH_LEAD)
        short = news_for(episodes, ledger.without_older(today.oldest - timedelta(days=1)), today, WITH_LEAD)
        assert keys_of(short) <= keys_of(found), "what was cut out of the ledger is told again"
        due = {name: judge.due(now, name) for name in WITH_LEAD.names}
        said = {name: {line.said for line in lines} for name, lines in due.items() if lines}
        assert {name: {one.key for one in pieces} for name, pieces in found.items()} == said, (
            f"history {number}: {count}"
        )
        delivered = {}
        for name, lines in due.items():
            judge.check(now, name, lines)
            if random.random() < reach:
                judge.deliver(name, lines)
                delivered[name] = found.get(name, ())
                heard.update(one.kind for one in delivered[name])
                heard["late"] += sum(
                    one.kind != "worsened" and one.on == now.newest > one.started_on for one in delivered[name]
                )
        ledger = Ledger.from_json(told(ledger, delivered).as_json())
        if len(delivered) == len(WITH_LEAD.names):
            judge.check_nobody_is_in_the_dark(now)
            assert news_for(map(episode_of, now.episodes), ledger, today, WITH_LEAD) == {}
    return heard | Counter(history.happened)


def test_random_histories_tell_each_change_once_to_its_owner() -> None:
    heard = sum(map(play, range(SEQUENCES)), Counter[str]())
    assert all(heard[kind] > 40 for kind in (*KINDS, "late")), heard
    assert all(heard[event] > 10 for event in ("correct", "restore", "backfill", "lose_a_date", "rebuild")), heard
