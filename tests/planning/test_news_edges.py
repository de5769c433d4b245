"""News on the very dates where rules meet, and what a withdrawal says."""

from __future__ import annotations

from datetime import date

from company_activity.planning.news import Episode, Ledger, News, Recipients, Today
from company_activity.planning.news.changes import ending_of, next_news
from company_activity.planning.news.due import withdrawal
from company_activity.planning.news.matching import episode_meant, is_part, matches_of
from company_activity.records.crm.snoozed import Snooze


def march(day: int) -> date:
    return date(2025, 3, day)


def entered(on: int, start: int | None = None) -> News:
    return News("a", "entered", march(on), march(start or on))


def test_an_end_is_late_if_the_risk_was_told_on_its_date() -> None:
    over = Episode("a", march(2), march(9), march(9), "recovered")
    [(news, days)] = next_news(over, [entered(9, 2)], Today(march(30)))
    assert (news.kind, days) == ("recovered", [march(30)])


def test_a_risk_is_late_if_its_end_was_told_on_its_first_date() -> None:
    last = News("a", "recovered", march(5), march(1), march(5))
    [(news, days)] = next_news(Episode("a", march(5), march(6)), [last], Today(march(30)))
    assert (news.kind, news.follows, days) == ("entered", (("recovered", march(5)),), [march(30)])


def test_what_happened_while_its_company_was_set_aside_is_dated_by_today_as_well() -> None:
    today = Today(march(20), 14, {"a": Snooze("a", march(18), "leave")})
    back = next_news(Episode("a", march(10), march(12)), [News("a", "recovered", march(8), march(1), march(8))], today)
    worse = next_news(Episode("a", march(2), march(12), churn_reasons=("new",)), [entered(2)], today)
    assert [days[-1] for _, days in [*back, *worse]] == [march(20), march(20)]


def test_an_end_that_is_not_named_is_a_recovery() -> None:
    assert ending_of(Episode("a", march(2), march(2), march(9))) == "recovered"
    assert ending_of(Episode("a", march(2), march(2), march(9), "other")) == "recovered"


def test_a_withdrawal_says_nothing_of_a_week() -> None:
    told = News("a", "worsened", march(5), march(2), None, ("x",), 7, 9, new_reasons=("x",), missing_told=3)
    found = withdrawal([entered(2), told])
    assert (found.missing_user_days, found.new_reasons, found.missing_told) == (None, (), None)
    assert (found.kind, found.peak_missing_user_days) == ("withdrawn", 9)
    assert found.follows == (("entered", march(2)), ("worsened", march(5)))


def test_a_ledger_keeps_what_is_of_the_date_and_what_follows_it() -> None:
    risk = entered(10, 2)
    end = News("a", "recovered", march(4), march(2), march(4), follows=(risk.said,))
    ledger = Ledger({"ann": (risk, end)})
    assert ledger.without_older(march(10)) == ledger
    assert ledger.without_older(march(11)) == Ledger()


def test_a_recipient_who_was_told_nothing_has_no_match() -> None:
    found = matches_of(Ledger(), "ann", {"a": [Episode("a", march(2), march(2))]})
    assert (found.told, found.parts, found.vanished) == ({}, set(), [])


def test_one_shared_date_makes_a_part() -> None:
    assert is_part(Episode("a", march(9), march(9), march(16)), entered(9, 2))
    assert is_part(Episode("a", march(2), march(5), march(9)), entered(12, 9)) == (
        Episode("a", march(2), march(5), march(9)).last_day >= march(9)
    )


def test_the_episode_that_covers_the_date_of_the_news_is_meant() -> None:
    first = Episode("a", march(2), march(4), march(8))
    second = Episode("a", march(10), march(12), march(20))
    assert episode_meant(News("a", "worsened", march(10), march(1)), [second, first]) == second
    assert episode_meant(News("a", "worsened", second.last_day, march(1)), [first, second]) == second


def test_no_owner_is_none_of_the_owners() -> None:
    by_owner: dict[str, str] = {}
    by_owner[None] = "nobody"  # type: ignore[index]
    assert Recipients(by_owner, "team").of(None) == ["team"]
