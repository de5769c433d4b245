"""What may pass is asked for again, in bounds; what will not pass is not."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from company_activity.errors import ApiError

from support.api.usage_api import Answer, Asked, Fetch, Serve, cut, in_turn, numbered, ok, page, raw

WHOLE = page([{"company_id": "a"}])


@pytest.mark.parametrize(
    "status", [408, 425, 429, 500, 501, 502, 503, 504, 505, 507, 508, 511, *range(520, 528), 529, 530, 561, 598, 599]
)
def test_a_passing_status_is_asked_again(serve: Serve, fetch: Fetch, status: Any) -> None:
    server = serve(in_turn(Answer(status), Answer(status), WHOLE))
    assert len(fetch(server)) == 1
    assert len(server.asked) == 3


def test_attempts_are_bounded(serve: Serve, fetch: Fetch) -> None:
    server = serve(in_turn(Answer(500)))
    with pytest.raises(ApiError, match="500 Internal Server Error, in attempt 3 of as many"):
        fetch(server)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ("7", 7.0),
        ("86400", 60.0),
        ("9" * 400, 60.0),
        (format_datetime(datetime.now(UTC) + timedelta(days=300)), 60.0),
    ],
    ids=["seconds", "a day", "huge", "a date"],
)
def test_retry_after_is_honoured_up_to_the_cap(
    serve: Serve, fetch: Fetch, slept: list[float], said: Any, waited: float
) -> None:
    fetch(serve(in_turn(Answer(429, headers={"Retry-After": said}), WHOLE)), retry_after_cap_seconds=60.0)
    assert slept == [waited]


@pytest.mark.parametrize(
    "said", ["-5", "0", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 99 Foo 99999 99:99:99 GMT", "1e9", "NaN"]
)
def test_a_retry_after_that_means_nothing_leaves_the_backoff(
    serve: Serve, fetch: Fetch, slept: list[float], said: str
) -> None:
    fetch(serve(in_turn(Answer(503, headers={"Retry-After": said}), WHOLE)))
    assert slept == [0.0]


def test_a_date_in_retry_after_is_waited_for(serve: Serve, fetch: Fetch, slept: list[float]) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    fetch(serve(in_turn(Answer(429, headers={"Retry-After": soon}), WHOLE)))
    assert 0 < slept[0] <= 40


def test_the_backoff_doubles_with_jitter_up_to_the_cap(serve: Serve, fetch: Fetch, slept: list[float]) -> None:
    with pytest.raises(ApiError):
        fetch(serve(in_turn(Answer(500))), max_attempts=7, backoff_seconds=1.0, retry_after_cap_seconds=10.0)
    assert slept[0] == 0
    assert all(low <= wait <= low + 1 for low, wait in zip((2, 4, 8), slept[1:4], strict=True))
    assert slept[4:] == [10, 10]


def test_a_wait_beyond_the_time_budget_is_not_begun(serve: Serve, fetch: Fetch, slept: list[float]) -> None:
    with pytest.raises(ApiError, match="would exceed api.time_budget_seconds"):
        fetch(serve(in_turn(Answer(429, headers={"Retry-After": "50"}))), time_budget_seconds=20.0)
    assert slept == []


def test_no_answer_in_time_is_asked_again(serve: Serve, fetch: Fetch) -> None:
    server = serve(in_turn(Answer(raw=lambda handler: handler.rfile.read(1)), WHOLE))
    assert len(fetch(server, timeout_seconds=0.2)) == 1


def test_no_connection_in_time_ends_in_an_error(fetch: Fetch) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        url = f"http://127.0.0.1:{full.getsockname()[1]}/usage"
        waiting = [socket.socket() for _ in range(4)]  # the queue is full: further ones get no answer
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(ApiError, match="timed out"):
            fetch(url, timeout_seconds=0.2, max_attempts=2)
        for one in waiting:
            one.close()


def test_a_refused_connection_ends_in_an_error(fetch: Fetch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ApiError, match="Connection refused"):
        fetch(f"http://127.0.0.1:{port}/usage")


def reset(handler: Any) -> None:
    """Half a body, then a reset instead of an end."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"items": [')
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    handler.connection.close()


BROKEN = {
    "reset in mid-body": Answer(raw=reset),
    "closed before the head": raw(b""),
    "no status line": raw(b"hello\r\n\r\n"),
    "a length too large": cut(WHOLE.body, len(WHOLE.body) + 10),
    "a length too small": cut(WHOLE.body, len(WHOLE.body) - 10),
    "no length and half a body": cut(WHOLE.body[:-20]),
    "a chunk cut short": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "chunks without an end": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"),
    "a chunk of no length": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\r\n"),
    "empty": ok(b""),
    "blank": ok(b" \n"),
    "truncated JSON": ok(WHOLE.body[:-1]),
    "JSON and more": ok(WHOLE.body + b"]"),
    "no JSON": ok(b"oops"),
    "no UTF-8": ok(b'{"items": ["\xff"], "next_page": null}'),
    "half a character": ok('{"items": ["é'.encode()[:-1]),
    "a raw line break in a string": ok(b'{"items": ["a\nb"], "next_page": null}'),
    "broken gzip": ok(b"not gzip", content_encoding="gzip"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_body_that_breaks_is_asked_for_again(serve: Serve, fetch: Fetch, broken: Answer) -> None:
    server = serve(in_turn(broken, WHOLE))
    assert [item.text for item in fetch(server)[0].items] == ['{"company_id": "a"}']
    assert len(server.asked) == 2


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_body_that_stays_broken_ends_in_an_error(serve: Serve, fetch: Fetch, broken: Answer) -> None:
    with pytest.raises(ApiError, match="in attempt 2 of as many"):
        fetch(serve(in_turn(broken)), max_attempts=2)


WORDS = {
    "reset in mid-body": "page 1: the answer broke off after 0 bytes: Connection reset by peer, in",
    "closed before the head": "page 1: the connection was closed before an answer came, in",
    "no status line": "page 1: the answer is not HTTP: hello, in",
    "a length too large": "page 1: the answer broke off after 51 of 61 bytes, in",
    "a chunk cut short": "page 1: the answer broke off in a chunk, after 0 bytes, in",
    "chunks without an end": "page 1: the answer broke off in a chunk, after 1 bytes, in",
    "a chunk of no length": "page 1: the answer broke off in a chunk, after 0 bytes, in",
    "no JSON": "page 1 is no JSON object: oops, in",
}


@pytest.mark.parametrize(("broken", "words"), WORDS.items(), ids=WORDS)
def test_what_broke_is_told_in_plain_words(serve: Serve, fetch: Fetch, broken: str, words: str) -> None:
    with pytest.raises(ApiError) as told:
        fetch(serve(in_turn(BROKEN[broken])), max_attempts=2)
    assert words in str(told.value)


def test_an_answer_that_breaks_off_after_many_bytes_says_how_many(serve: Serve, fetch: Fetch) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{ \r\n"
    with pytest.raises(ApiError, match="the answer broke off in a chunk, after 196,610 bytes, in attempt 1"):
        fetch(serve(in_turn(raw(start + chunk * 3 + b"7\r\nabc"))), max_attempts=1)


def test_a_body_that_stalls_is_told_to_have_broken_off(serve: Serve, fetch: Fetch) -> None:
    def stalls(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        handler.rfile.read(1)

    with pytest.raises(ApiError, match="broke off after 0 bytes: .*timed out"):
        fetch(serve(in_turn(Answer(raw=stalls))), timeout_seconds=0.2, max_attempts=1)


def test_a_page_in_the_middle_is_asked_again_and_none_is_lost(serve: Serve, fetch: Fetch) -> None:
    pages = numbered([1, 2], [3, 4], [5])
    failed: list[Asked] = []

    def script(asked: Asked) -> Answer:
        if asked.query["page"] == "2" and not failed:
            failed.append(asked)
            return Answer(502)
        return pages(asked)

    assert [item.text for page in fetch(serve(script)) for item in page.items] == ["1", "2", "3", "4", "5"]
