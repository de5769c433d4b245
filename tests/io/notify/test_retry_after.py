"""What a busy server asks for: time, in seconds or until a date."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate

import pytest

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.http import post
from company_activity.settings.model import NotifySettings

from support.report.receivers import HttpReceiver

Settings = Callable[..., NotifySettings]
Receive = Callable[..., HttpReceiver]


def posted(receiver: HttpReceiver, settings: NotifySettings) -> list[float]:
    """How long it waited before each further attempt."""
    slept: list[float] = []
    assert post("notify.x", receiver.url, b"{}", {}, settings, sleep=slept.append) == "127.0.0.1"
    return slept


def why_not(receiver: HttpReceiver, settings: NotifySettings) -> NotSent:
    with pytest.raises(NotSent) as caught:
        post("notify.x", receiver.url, b"{}", {}, settings, sleep=lambda _: None)
    assert "s3cret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_it_is_waited_for(receive: Receive, settings: Settings, status: int) -> None:
    receiver = receive(status, status, 202)
    receiver.retry_after = "7"
    assert posted(receiver, settings(max_attempts=3)) == [7.0, 7.0]
    assert (receiver.asked, len(receiver.taken)) == (3, 1)


def test_a_date_is_waited_for(receive: Receive, settings: Settings) -> None:
    receiver = receive(429, 202)
    receiver.retry_after = formatdate(time.time() + 20, usegmt=True)
    [slept] = posted(receiver, settings(max_attempts=2))
    assert 15 < slept <= 20


@pytest.mark.parametrize("said", ["", "0", "-5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "1e9"])
def test_what_means_nothing_leaves_the_backoff(receive: Receive, settings: Settings, said: str) -> None:
    receiver = receive(503, 503, 503, 202)
    receiver.retry_after = said
    assert posted(receiver, settings(max_attempts=4)) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("said", ["31", "3600", "9" * 400, "tomorrow"])
def test_who_asks_for_more_than_the_cap_is_left_alone_until_the_next_run(
    receive: Receive, settings: Settings, said: str
) -> None:
    receiver = receive(429)
    # A date in a parameter would be another test in each of two workers.
    receiver.retry_after = formatdate(time.time() + 86_400, usegmt=True) if said == "tomorrow" else said
    why = why_not(receiver, settings(max_attempts=3))
    assert str(why).startswith("127.0.0.1 answers 429, and asks us to wait ")
    assert not why.is_refused
    assert receiver.asked == 1


def test_no_wait_goes_beyond_the_time_of_a_message(receive: Receive, settings: Settings) -> None:
    receiver = receive(429)
    receiver.retry_after = "20"
    why = why_not(receiver, settings(max_attempts=3, time_budget_seconds=10.0))
    assert str(why) == "127.0.0.1 answers 429, and asks us to wait 20 s"
    assert receiver.asked == 1


def test_waits_that_add_up_end_with_the_time_of_a_message(receive: Receive, settings: Settings) -> None:
    receiver = receive(503)
    receiver.retry_after = "4"
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    known = settings(max_attempts=9, time_budget_seconds=10.0)
    with pytest.raises(NotSent):
        post("notify.x", receiver.url, b"{}", {}, known, sleep=sleep, clock=lambda: now[0])
    assert now == [8.0]
    assert receiver.asked == 3


@pytest.mark.parametrize("status", [400, 413, 500])
def test_it_makes_nobody_ask_again_who_would_not(receive: Receive, settings: Settings, status: int) -> None:
    receiver = receive(status)
    receiver.retry_after = "1"
    assert str(why_not(receiver, settings(max_attempts=3))) == f"127.0.0.1 answers {status}"
    assert receiver.asked == 1
