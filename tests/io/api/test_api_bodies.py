"""Bodies that are too long, too slow or something else: an error, and never more memory or time than allowed."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from company_activity.errors import ApiError
from company_activity.io.api.body import CHUNK_BYTES, decode_gzip
from company_activity.records.item import Item

from support.api.usage_api import Answer, Fetch, Serve, UsageApi, in_turn, ok, page, raw

WHOLE = page([{"company_id": "a"}])
MEGABYTE = 1024 * 1024


def refused(fetch: Fetch, server: UsageApi, match: str, **settings: Any) -> None:
    """The fetch fails for this reason, after one request: asking again would not help."""
    with pytest.raises(ApiError, match=match):
        fetch(server, **settings)
    assert len(server.asked) == 1


def test_html_is_refused_and_shown_in_short(serve: Serve, fetch: Fetch) -> None:
    body = "<!DOCTYPE html>\n<html><title>Please log in</title>" + "x" * 5000
    refused(fetch, serve(in_turn(ok(body, content_type="text/html"))), "page 1 is HTML: <!DOCTYPE html> <html>.*log in")
    refused(fetch, serve(in_turn(ok("\n " + body))), "page 1 is HTML")


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ('{"next_page": null}', "has no 'items'"),
        ('{"error": "maintenance"}', "has no 'items'"),
        ('{"items": null, "next_page": null}', "'items' is no list"),
        ('{"items": {"a": 1}, "next_page": null}', "'items' is no list"),
        ('{"items": []}', "has no 'next_page'"),
        ('{"items": [1], "items": [2], "next_page": null}', "has several 'items'"),
        ('{"items": [], "next_page": true}', "names no page number, token or URL: true"),
        ('{"items": [], "next_page": false}', "names no page number, token or URL: false"),
        ('{"items": [], "next_page": 0}', r"names no page number, token or URL: 0 \(asked"),
        ('{"items": [], "next_page": -0}', "names no page number, token or URL: -0"),
        ('{"items": [], "next_page": "null"}', 'names no page number, token or URL: "null"'),
        ('{"items": [], "next_page": 1e3}', "names no page number, token or URL: 1e3"),
        ('{"items": [], "next_page": NaN}', "names no page number, token or URL: NaN"),
        ('{"items": [], "next_page": {"page": "\u200b\\n2"}}', r'URL: {"page":"\\u200b\\n2"} \(asked'),
        ('{"items": [], "next_page": -1}', "names no page"),
        ('{"items": [], "next_page": 2.0}', "names no page"),
        ('{"items": [], "next_page": ""}', "names no page"),
        ('{"items": [], "next_page": [2]}', "names no page"),
    ],
)
def test_json_of_another_shape_is_refused(serve: Serve, fetch: Fetch, body: str, match: str) -> None:
    refused(fetch, serve(in_turn(ok(body))), match)


def test_a_value_of_any_length_is_shown_in_bounds(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(ApiError) as told:
        fetch(serve(in_turn(ok(f'{{"items": [], "next_page": {[7] * 100_000}}}'))))
    assert "names no page number, token or URL: [7,7,7" in str(told.value)
    assert len(str(told.value)) < 1300


NOT_WHOLE = {
    "errors": ('"errors": [{"shard": 3}]', 'page 1 says that it is not whole: its errors is [{"shard":3}] (asked'),
    "errors, an object": ('"errors": {"a": 1}', 'errors is {"a":1}'),
    "errors, counted": ('"errors": 2', "errors is 2"),
    "error": ('"error": "time out"', 'error is "time out"'),
    "error, a code": ('"error": 17', "error is 17"),
    "partial": ('"partial": true', "partial is true"),
    "is_partial": ('"is_partial": 1', "is_partial is 1"),
    "incomplete": ('"incomplete": "true"', 'incomplete is "true"'),
    "one that is said twice": ('"partial": true, "partial": false', "partial is true"),
}


@pytest.mark.parametrize(("says", "words"), NOT_WHOLE.values(), ids=NOT_WHOLE)
@pytest.mark.parametrize("order", ["{says}, {rest}", "{rest}, {says}"])
def test_an_envelope_that_says_it_is_not_whole_is_refused(
    serve: Serve, fetch: Fetch, says: Any, words: str, order: str
) -> None:
    with pytest.raises(ApiError) as told:
        fetch(serve(in_turn(ok("{" + order.format(says=says, rest='"items": [1], "next_page": null') + "}"))))
    assert words in str(told.value)


WHOLE_ENOUGH = [
    '"error": null', '"error": ""', '"error": false', '"error": 0', '"errors": []', '"errors": {}', '"errors": null',
    '"partial": false', '"partial": null', '"is_partial": 0', '"incomplete": "false"', '"meta": {"partial": true}',
    '"PARTIAL": true', '"total": 1', '"total": null', '"total": -1', '"total": {"value": 9}', '"total": "many"',
    '"total": 9.5', '"total": 0', '"total_pages": 9',
]  # fmt: skip


@pytest.mark.parametrize("says", WHOLE_ENOUGH)
def test_an_envelope_that_says_nothing_of_the_kind_lands(serve: Serve, fetch: Fetch, says: Any) -> None:
    assert len(fetch(serve(in_turn(ok(f'{{{says}, "items": [1], "next_page": null}}'))))) == 1


def test_why_there_are_no_items_is_told(serve: Serve, fetch: Fetch) -> None:
    refused(fetch, serve(in_turn(ok('{"error": "maintenance"}'))), "has no 'items'; its error is \"maintenance\"")


@pytest.mark.parametrize("status", [201, 204, 400, 404, 410])
def test_a_status_that_will_not_pass_is_refused(serve: Serve, fetch: Fetch, status: int) -> None:
    refused(fetch, serve(in_turn(Answer(status, b"" if status == 204 else b'{"error": "no such date"}'))), str(status))


def test_what_the_api_says_of_its_refusal_is_shown(serve: Serve, fetch: Fetch) -> None:
    refused(
        fetch, serve(in_turn(Answer(400, b'{"error": "no such date"}'))), '400 Bad Request: {"error": "no such date"}'
    )


def test_numbers_that_are_none_are_the_records_fault(serve: Serve, fetch: Fetch) -> None:
    items = '[{"a": NaN}, {"a": Infinity}, {"a": -Infinity}, {"a": 1e999}, {"a": 1%s}]' % ("0" * 5000)
    [got] = fetch(serve(in_turn(ok(f'{{"items": {items}, "next_page": null}}'))))
    assert [item.text for item in got.items] == items[1:-1].split(", ")


def test_gzip_is_decode_gzip(serve: Serve, fetch: Fetch) -> None:
    body = gzip.compress(WHOLE.body[:10]) + gzip.compress(WHOLE.body[10:])
    [got] = fetch(serve(in_turn(ok(body, content_encoding="gzip"))))
    assert got.items == (Item('{"company_id": "a"}', '{"company_id":"a"}'),)


PADDED = {
    "zero bytes": gzip.compress(WHOLE.body) + b"\0" * 512,
    "more zero bytes than a piece holds": gzip.compress(WHOLE.body) + b"\0" * 3 * CHUNK_BYTES,
    "zero bytes between two members": gzip.compress(WHOLE.body[:9]) + b"\0" * 7 + gzip.compress(WHOLE.body[9:]) + b"\0",
}


@pytest.mark.parametrize("body", PADDED.values(), ids=PADDED)
def test_padding_behind_gzip_is_nothing(serve: Serve, fetch: Fetch, body: Any) -> None:
    server = serve(in_turn(ok(body, content_encoding="gzip")))
    assert [item.text for page in fetch(server) for item in page.items] == ['{"company_id": "a"}']
    assert len(server.asked) == 1


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_padding_is_nothing_however_it_is_cut(pieces: int) -> None:
    packed = PADDED["zero bytes between two members"]
    assert b"".join(decode_gzip(packed[at : at + pieces] for at in range(0, len(packed), pieces))) == WHOLE.body


def test_what_else_is_behind_gzip_is_broken(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(ApiError, match="the gzip body is broken"):
        fetch(serve(in_turn(ok(gzip.compress(WHOLE.body) + b"\0\0and more", content_encoding="gzip"))))


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain", "application/xhtml+xml", "", "nonsense"])
def test_json_is_taken_whatever_it_is_called(serve: Serve, fetch: Fetch, kind: str) -> None:
    assert len(fetch(serve(in_turn(page([1], content_type=kind))))) == 1


def test_html_is_refused_whatever_it_is_called(serve: Serve, fetch: Fetch) -> None:
    refused(fetch, serve(in_turn(ok("\ufeff <html>Log in"))), "page 1 is HTML: .*<html>Log in")
    refused(fetch, serve(in_turn(ok("<p>caf\u00e9".encode("latin-1")))), "page 1 is HTML: <p>caf")


def test_a_text_that_is_no_json_is_shown(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(ApiError, match="page 1 is no JSON object: Please log in, in attempt 3"):
        fetch(serve(in_turn(ok("Please log in", content_type="text/html"))))


def whole(before: bytes) -> Answer:
    """An answer with something before its head."""
    return raw(before + b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(WHOLE.body) + WHOLE.body)


INTERIM = {
    "100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "102": b"HTTP/1.1 102 Processing\r\n\r\n",
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nContent-Length: 5\r\n\r\n",
    "several": b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 X\r\n\r\n",
}


@pytest.mark.parametrize("before", INTERIM.values(), ids=INTERIM)
def test_an_interim_answer_is_passed_by(serve: Serve, fetch: Fetch, before: Any) -> None:
    server = serve(in_turn(whole(before)))
    assert [item.text for item in fetch(server)[0].items] == ['{"company_id": "a"}']
    assert len(server.asked) == 1


def test_an_interim_answer_before_a_refusal_is_passed_by(serve: Serve, fetch: Fetch) -> None:
    refused(fetch, serve(in_turn(raw(INTERIM["103"] + b"HTTP/1.1 404 Not Found\r\n\r\n"))), "404 Not Found")


def test_a_connection_that_was_kept_is_gone_on_with_after_an_interim_answer(serve: Serve, fetch: Fetch) -> None:
    def hinting(handler: Any) -> None:
        handler.close_connection = False
        for body in (page([1], 2).body, page([2]).body):
            handler.wfile.write(INTERIM["103"] + b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            while handler.rfile.readline() not in (b"\r\n", b""):
                pass

    assert [item.text for page in fetch(serve(in_turn(Answer(raw=hinting)))) for item in page.items] == ["1", "2"]


def test_a_packing_that_was_not_asked_for_is_refused(serve: Serve, fetch: Fetch) -> None:
    refused(fetch, serve(in_turn(ok(zlib.compress(WHOLE.body), content_encoding="br"))), "packed as 'br'")


def test_a_gzip_bomb_does_not_go_off(serve: Serve, fetch: Fetch) -> None:
    bomb = gzip.compress(b" " * (16 * MEGABYTE))
    assert len(bomb) < MEGABYTE / 8
    refused(fetch, serve(in_turn(ok(bomb, content_encoding="gzip"))), "api.max_page_bytes", max_page_bytes=MEGABYTE)


def test_a_bomb_is_unpacked_in_small_pieces() -> None:
    """Else one piece could fill the memory before its size is looked at."""
    bomb = gzip.compress(b" " * (16 * MEGABYTE))
    assert {len(piece) for piece in decode_gzip(iter([bomb]))} <= set(range(CHUNK_BYTES + 1))


def test_a_body_is_bounded_packed_too(serve: Serve, fetch: Fetch) -> None:
    server = serve(in_turn(ok(gzip.compress(b"{}" * 5000, compresslevel=0), content_encoding="gzip")))
    refused(fetch, server, "api.max_page_bytes", max_page_bytes=9000)


def test_a_body_as_long_as_allowed_lands(serve: Serve, fetch: Fetch) -> None:
    assert fetch(serve(in_turn(WHOLE)), max_page_bytes=len(WHOLE.body))
    refused(fetch, serve(in_turn(WHOLE)), "api.max_page_bytes", max_page_bytes=len(WHOLE.body) - 1)


def endless(handler: Any) -> None:
    """A list that never ends."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"items": [')
    while True:
        handler.wfile.write(b"1, " * 20_000)


def test_an_endless_body_is_cut(serve: Serve, fetch: Fetch) -> None:
    refused(fetch, serve(in_turn(Answer(raw=endless))), "api.max_page_bytes", max_page_bytes=MEGABYTE)


def drip(head: bytes, body: bytes) -> Answer:
    """The head at once, then a byte of the body now and then, for ever."""

    def dripping(handler: Any) -> None:
        handler.wfile.write(head)
        while True:
            for one in body:
                handler.wfile.write(bytes([one]))
                handler.server.pause()

    return Answer(raw=dripping)


OK = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "of a given length": drip(OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "without a length": drip(OK + b"\r\n", b" "),
    "in chunks": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "of one chunk's head": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "in the head": drip(OK, b"X-More: x\r\n"),
    "of one header": drip(OK + b"X-More: ", b"x"),
    "as HTTP/1.0": drip(b"HTTP/1.0 200 OK\r\n\r\n", b" "),
    "as interim answers": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "after a refusal": drip(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("dripping", DRIPS.values(), ids=DRIPS)
def test_a_slow_drip_ends_with_the_time_budget(serve: Serve, fetch: Fetch, dripping: Any) -> None:
    """Each byte comes in time, so no read timeout ever fires."""
    refused(fetch, serve(in_turn(dripping)), "time is up|400 Bad Request", time_budget_seconds=0.5)


def test_the_body_of_a_redirect_is_not_waited_for(serve: Serve, fetch: Fetch) -> None:
    moved = drip(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", b"x")
    refused(fetch, serve(in_turn(moved)), "302 Found to http", time_budget_seconds=0.5)


def test_a_refusal_whose_body_is_cut_short_stays_a_refusal(serve: Serve, fetch: Fetch) -> None:
    server = serve(in_turn(raw(b"HTTP/1.1 410 Gone\r\nContent-Length: 99\r\n\r\ntoken")))
    refused(fetch, server, "page 1: 410 Gone")


def test_a_date_after_a_slow_one_is_fetched_as_ever(serve: Serve, fetch: Fetch) -> None:
    slow = drip(OK + b"\r\n", b" ")
    server = serve(in_turn(slow, WHOLE))
    refused(fetch, server, "time is up", time_budget_seconds=0.5)
    assert len(fetch(server)) == 1
