"""Ingest from end to end: a real server, a real folder."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import SettingsError, UsageError
from company_activity.io.landing.fetch_dates import IngestReport, fetch_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings, Secret, Settings

from support.api.usage_api import KEY, Answer, Asked, Script, UsageApi, cut, numbered, ok, page, serving
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import newest
from support.storage.calls import first_arguments

DAY = date(2025, 3, 31)
DAYS = [date(2025, 3, 29), date(2025, 3, 30), DAY]
NOON = clock_at("2025-04-01T12:00")
ITEMS = [[{"company_id": "a"}, {"company_id": "b"}], [{"company_id": "c"}]]


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(LocalStorage(tmp_path), LandingSettings(""))


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., IngestReport]:
    """Ingests dates from a server; each call is a run of its own."""
    runs: list[str] = []

    def ingest(
        server: UsageApi,
        dates: Sequence[date] = (DAY,),
        clock: Callable[[], datetime] = NOON,
        settings: Settings | None = None,
        **more: Any,
    ) -> IngestReport:
        runs.append(f"run-{len(runs) + 1}")
        settings = settings or settings_for(server.url, tmp_path, **more.pop("with_settings", {}))
        return fetch_dates(settings, dates, clock=clock, run_id=runs[-1], sleep=lambda seconds: None, **more)

    return ingest


@pytest.fixture
def server() -> Iterator[UsageApi]:
    """Two pages for each date."""
    with serving(numbered(*ITEMS)) as server:
        yield server


def outcomes(report: IngestReport) -> dict[str, str]:
    return {str(one.day)[5:]: one.outcome for one in report.dates}


def dates_asked(server: UsageApi) -> list[str]:
    return sorted({one.query["date"][5:] for one in server.asked})


def test_a_date_lands_whole(ingest: Callable[..., IngestReport], server: UsageApi, landing: Landing) -> None:
    [one] = ingest(server).dates
    assert (one.day, one.outcome, one.generation, one.rows, one.pages) == (DAY, "landed", 1, 3, 2)
    assert (one.is_provisional, one.error) == (False, None)
    landing.check(newest(landing))


def test_the_same_answer_again_changes_nothing(
    ingest: Callable[..., IngestReport], server: UsageApi, landing: Landing
) -> None:
    first, again = ingest(server), ingest(server)
    assert (outcomes(first), outcomes(again)) == ({"03-31": "landed"}, {"03-31": "unchanged"})
    assert landing.generations() == {DAY: 1}
    assert server.pages == ["1", "2", "1", "2"]


def test_a_date_without_items_is_complete_with_zero_rows(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    with serving(numbered([])) as server:
        [one] = ingest(server).dates
    assert (one.outcome, one.rows, newest(landing).state) == ("landed", 0, "complete")


def test_progress_is_told_by_date_and_page(ingest: Callable[..., IngestReport], server: UsageApi) -> None:
    told = []
    ingest(server, on_page=lambda *what: told.append(what))
    assert told == [(DAY, 1, 2), (DAY, 2, 3)]


def failing_on(day: date, answer: Answer) -> Script:
    """A server that fails on one date."""
    pages = numbered(*ITEMS)
    return lambda asked: answer if asked.query["date"] == str(day) and asked.query["page"] == "2" else pages(asked)


def test_a_date_that_fails_does_not_stop_the_others(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    with serving(failing_on(DAYS[1], Answer(500))) as server:
        report = ingest(server, DAYS)
    assert outcomes(report) == {"03-29": "landed", "03-30": "failed", "03-31": "landed"}
    assert landing.generations() == {DAYS[0]: 1, DAYS[2]: 1}
    assert str(report.error).startswith("ApiError: 2025-03-30: page 2: 500 Internal Server Error, in attempt 2 of as")
    assert report.error
    assert report.error.exit_code == 3


def test_one_error_names_every_date_that_failed(ingest: Callable[..., IngestReport]) -> None:
    with serving(lambda asked: Answer(404)) as server:
        report = ingest(server, DAYS[:2])
    assert "2 of 2 dates are not fetched (2025-03-29, 2025-03-30); the first: 2025-03-29: page 1: 404" in str(
        report.error
    )


def test_a_date_whose_paging_did_not_end_is_never_seen(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    with serving(failing_on(DAY, Answer(200, b"{"))) as server:
        ingest(server)
    assert (landing.generations(), landing.newest(DAY)) == ({}, None)


def test_the_next_run_goes_on_where_this_one_failed(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    broken = [Answer(500), Answer(500)]
    pages = numbered(*ITEMS)
    with serving(lambda asked: broken.pop() if broken and asked.query["page"] == "2" else pages(asked)) as server:
        assert outcomes(ingest(server)) == {"03-31": "failed"}
        assert outcomes(ingest(server, clock=clock_at("2025-04-01T12:59"))) == {"03-31": "landed"}
    assert server.pages == ["1", "2", "2", "2"]
    assert newest(landing).rows == 3


@pytest.mark.parametrize(
    "broken", [Answer(507), Answer(520), Answer(529), Answer(530), cut(b'{"items": [', 99)],
    ids=["507", "520", "529", "530", "a body cut short"],
)  # fmt: skip
def test_what_may_pass_leaves_the_pages_to_go_on_with(
    ingest: Callable[..., IngestReport], landing: Landing, broken: Answer
) -> None:
    answers, pages = [broken, broken], numbered(*ITEMS)
    with serving(lambda asked: answers.pop() if answers and asked.query["page"] == "2" else pages(asked)) as server:
        assert outcomes(ingest(server)) == {"03-31": "failed"}
        assert outcomes(ingest(server)) == {"03-31": "landed"}
    assert server.pages == ["1", "2", "2", "2"]
    assert newest(landing).rows == 3


def with_total(total: int, *last: Answer) -> Script:
    """Two pages that name a total; then page 2 is each of these."""
    left = list(last)

    def script(asked: Asked) -> Answer:
        if asked.query["page"] == "1":
            return ok(json.dumps({"items": ITEMS[0], "next_page": 2, "total": total}))
        return left.pop(0) if left else page(ITEMS[1])

    return script


def test_a_total_named_before_a_resume_is_compared_after_it(
    ingest: Callable[..., IngestReport], landing: Landing
) -> None:
    with serving(with_total(4, Answer(500), Answer(500))) as server:
        assert outcomes(ingest(server)) == {"03-31": "failed"}
        report = ingest(server)
    assert "page 2 is the last, with 3 items in all; total says 4" in str(report.error)
    assert "api.total_member" in str(report.error)
    assert report.error
    assert report.error.exit_code == 3
    assert server.pages == ["1", "2", "2", "2", "1", "2"]  # what was resumed led nowhere: once more from page 1
    assert landing.generations() == {}


def test_a_total_that_a_resumed_date_reaches_is_fine(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    with serving(with_total(3, Answer(500), Answer(500))) as server:
        assert outcomes(ingest(server)) == {"03-31": "failed"}
        assert outcomes(ingest(server)) == {"03-31": "landed"}
    assert server.pages == ["1", "2", "2", "2"]


def test_items_that_come_at_the_second_try_land(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    with serving(with_total(3, page([]))) as server:
        assert outcomes(ingest(server)) == {"03-31": "failed"}
        assert outcomes(ingest(server)) == {"03-31": "landed"}
    assert server.pages == ["1", "2", "1", "2"]


def test_a_number_too_long_for_python_is_gone_on_with(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    answers = [Answer(500), Answer(500)]
    long = "7" * 5000

    def script(asked: Asked) -> Answer:
        if asked.query["page"] == "1":
            return ok(f'{{"items": {json.dumps(ITEMS[0])}, "next_page": {long}}}')
        return answers.pop() if answers else page(ITEMS[1])

    with serving(script) as server:
        assert outcomes(ingest(server)) == {"03-31": "failed"}
        assert outcomes(ingest(server)) == {"03-31": "landed"}
    assert server.pages == ["1", long, long, long]


@pytest.mark.parametrize("says", ['"errors": ["shard 3"]', '"partial": true', '"total": 4'])
def test_a_page_that_is_not_whole_lands_nothing(
    ingest: Callable[..., IngestReport], landing: Landing, says: str
) -> None:
    body = f'{{{says}, "items": {json.dumps(ITEMS[0])}, "next_page": null}}'
    with serving(lambda asked: ok(body)) as server:
        report = ingest(server)
    assert report.error
    assert (outcomes(report), report.error.exit_code, landing.generations()) == ({"03-31": "failed"}, 3, {})


@pytest.mark.parametrize("location", ["http://[bad", "http:///x", "//", "http://h:x/", "\xff://", "http://a b/", ""])
def test_a_malformed_redirect_stops_its_date_alone(
    ingest: Callable[..., IngestReport], landing: Landing, location: str
) -> None:
    with serving(failing_on(DAYS[1], Answer(302, headers={"Location": location}))) as server:
        report = ingest(server, DAYS)
    assert outcomes(report) == {"03-29": "landed", "03-30": "failed", "03-31": "landed"}
    assert report.error
    assert report.error.exit_code == 3
    assert server.pages == ["1", "2"] * 3


def test_an_api_in_clear_is_refused_before_any_request(ingest: Callable[..., IngestReport], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="would send the key in clear") as told:
        ingest(None, settings=settings_for("http://usage.example.test/usage", tmp_path))
    assert told.value.exit_code == 2


def test_pages_too_old_to_go_on_with_are_fetched_again(ingest: Callable[..., IngestReport]) -> None:
    broken = [Answer(500), Answer(500)]
    pages = numbered(*ITEMS)
    with serving(lambda asked: broken.pop() if broken and asked.query["page"] == "2" else pages(asked)) as server:
        ingest(server)
        ingest(server, clock=clock_at("2025-04-01T13:01"))
    assert server.pages == ["1", "2", "2", "1", "2"]


def test_a_token_that_expired_leads_back_to_page_1(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    """The pages of a run that failed are of no use when the API no longer knows their token."""
    answers = [Answer(500), Answer(500), Answer(410), page(ITEMS[1])]

    def script(asked: Asked) -> Answer:
        return page(ITEMS[0], "token") if asked.query["page"] == "1" else answers.pop(0)

    with serving(script) as server:
        assert outcomes(ingest(server)) == {"03-31": "failed"}
        assert outcomes(ingest(server)) == {"03-31": "landed"}
    assert server.pages == ["1", "token", "token", "token", "1", "token"]
    assert newest(landing).rows == 3


def test_a_loop_is_not_gone_on_with(ingest: Callable[..., IngestReport]) -> None:
    with serving(lambda asked: page(ITEMS[int(asked.query["page"]) - 1], 3 - int(asked.query["page"]))) as server:
        for _ in range(2):
            assert outcomes(ingest(server)) == {"03-31": "failed"}
    assert server.pages == ["1", "2", "1", "2"]


def test_earlier_dates_are_fetched_again_for_late_data(ingest: Callable[..., IngestReport], server: UsageApi) -> None:
    report = ingest(server, with_settings={"refetch_days": 2})
    assert outcomes(report) == {"03-29": "landed", "03-30": "landed", "03-31": "landed"}


def test_plain_ingest_fetches_the_dates_asked_for(ingest: Callable[..., IngestReport], server: UsageApi) -> None:
    ingest(server, clock=clock_at("2025-04-01T01:00"))
    ingest(server, DAYS[:1], refetch=False, with_settings={"refetch_days": 2})
    assert dates_asked(server) == ["03-29", "03-31"]


def test_a_date_fetched_before_it_settled_is_fetched_again_by_the_next_run(
    ingest: Callable[..., IngestReport], server: UsageApi
) -> None:
    early = ingest(server, clock=clock_at("2025-04-01T01:59"))
    assert early.provisional == [DAY]
    later = ingest(server, DAYS[:1], clock=clock_at("2025-04-01T02:00"))
    assert (outcomes(later), later.provisional) == ({"03-29": "landed", "03-31": "unchanged"}, [])
    assert outcomes(ingest(server, DAYS[:1])) == {"03-29": "unchanged"}


@pytest.mark.parametrize("now", ["2025-03-31T23:59:59", "2025-03-31T00:00", "2025-03-01T12:00"])
def test_a_date_that_is_not_over_is_refused_before_any_request(
    ingest: Callable[..., IngestReport], server: UsageApi, now: str
) -> None:
    with pytest.raises(UsageError, match="2025-03-31 is not over: it is 2025-03-.. in UTC"):
        ingest(server, DAYS, clock=clock_at(now))
    assert server.asked == []


def test_a_date_is_over_at_midnight_utc(ingest: Callable[..., IngestReport], server: UsageApi) -> None:
    assert outcomes(ingest(server, clock=lambda: datetime(2025, 4, 1, tzinfo=UTC))) == {"03-31": "landed"}


def test_two_runs_of_one_date_make_one_generation(ingest: Callable[..., IngestReport], landing: Landing) -> None:
    pages, gate = numbered(*ITEMS), threading.Barrier(2, timeout=30)
    with serving(pages) as server:
        reports = []

        def run() -> None:
            gate.wait()
            reports.append(ingest(server))

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(report.dates[0].outcome for report in reports) == ["landed", "unchanged"]
    assert landing.generations() == {DAY: 1}
    landing.check(newest(landing))


def test_a_date_that_another_run_holds_fails_and_the_others_land(
    ingest: Callable[..., IngestReport], server: UsageApi, landing: Landing
) -> None:
    with landing.lock(DAY):
        report = ingest(server, DAYS, with_settings={"landing": {"lock_timeout_seconds": 0}})
    assert outcomes(report) == {"03-29": "landed", "03-30": "landed", "03-31": "failed"}
    assert "another run holds product-api-raw/_locks/date=2025-03-31" in str(report.error)


def test_a_key_that_cannot_be_found_ends_the_run_before_any_request(
    ingest: Callable[..., IngestReport], server: UsageApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("API_KEY", raising=False)
    with pytest.raises(SettingsError, match="no secret 'api-key'"):
        ingest(server, settings=settings_for(server.url, tmp_path, api={"key": Secret("secret://api-key")}))
    assert server.asked == []


def test_a_key_is_looked_up_anew_when_it_was_rotated(
    ingest: Callable[..., IngestReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "old")
    pages = numbered(*ITEMS)

    def script(asked: Asked) -> Answer:
        monkeypatch.setenv("API_KEY", "new")
        return pages(asked) if asked.key == "new" else Answer(401)

    with serving(script) as server:
        settings = settings_for(server.url, tmp_path, api={"key": Secret("secret://api-key")})
        assert outcomes(ingest(server, settings=settings)) == {"03-31": "landed"}


def test_the_key_stands_in_nothing_that_is_left(
    ingest: Callable[..., IngestReport], landing: Landing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script = failing_on(DAYS[1], Answer(400, KEY.encode()))
    with serving(script) as server:
        settings = settings_for(f"{server.url}?code=s3cret", landing.storage.uri(""))
        report = ingest(server, DAYS, settings=settings)
    left = [landing.storage.read(entry.path) for entry in landing.storage.list("")]
    told = f"{report!r} {report.error!s} {settings!r} {[r for r in caplog.text.splitlines() if 'urllib3' not in r]}"
    assert len(left) > 4
    for secret in (KEY, "s3cret"):
        assert not [text for text in left if secret.encode() in text]
        assert secret not in told.replace(settings.api.url, "")
    assert KEY not in caplog.text


def test_thirty_dates_are_listed_once(
    ingest: Callable[..., IngestReport], server: UsageApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = [DAY - timedelta(days=n) for n in range(5)]
    ingest(server, dates)
    listed = first_arguments(monkeypatch, LocalStorage, "list")
    ingest(server, dates)
    assert listed.count("product-api-raw/date=") == 1
