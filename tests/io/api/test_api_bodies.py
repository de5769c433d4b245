"""Bodies that are too long, too slow or something else: an error, and never more memory or time than allowed."""

from __future__ import annotations

import gzip
import zlib

import pytest

from company_activity.errors import ApiError
from company_activity.io.api.wire import CHUNK_BYTES, unpacked
from company_activity.io.landing.canonical import Item

from support.usage_api import Answer, in_turn, ok, page

WHOLE = page([{"company_id": "a"}])
MEGABYTE = 1024 * 1024


def refused(fetch, server, match, **settings):
    """The fetch fails for this reason, after one request: asking again would not help."""
    with pytest.raises(ApiError, match=match):
        fetch(server, **settings)
    assert len(server.asked) == 1


def test_html_is_refused_and_shown_in_short(serve, fetch):
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
        ('{"items": [], "next_page": -1}', "names no page"),
        ('{"items": [], "next_page": 2.0}', "names no page"),
        ('{"items": [], "next_page": ""}', "names no page"),
        ('{"items": [], "next_page": [2]}', "names no page"),
    ],
)
def test_json_of_another_shape_is_refused(serve, fetch, body, match):
    refused(fetch, serve(in_turn(ok(body))), match)


@pytest.mark.parametrize("status", [201, 204, 400, 404, 410, 501])
def test_a_status_that_will_not_pass_is_refused(serve, fetch, status):
    refused(fetch, serve(in_turn(Answer(status, b"" if status == 204 else b'{"error": "no such date"}'))), str(status))


def test_what_the_api_says_of_its_refusal_is_shown(serve, fetch):
    refused(
        fetch, serve(in_turn(Answer(400, b'{"error": "no such date"}'))), '400 Bad Request: {"error": "no such date"}'
    )


def test_numbers_that_are_none_are_the_records_fault(serve, fetch):
    items = '[{"a": NaN}, {"a": Infinity}, {"a": -Infinity}, {"a": 1e999}, {"a": 1%s}]' % ("0" * 5000)
    [got] = fetch(serve(in_turn(ok(f'{{"items": {items}, "next_page": null}}'))))
    assert [item.text for item in got.items] == items[1:-1].split(", ")


def test_gzip_is_unpacked(serve, fetch):
    body = gzip.compress(WHOLE.body[:10]) + gzip.compress(WHOLE.body[10:])
    [got] = fetch(serve(in_turn(ok(body, content_encoding="gzip"))))
    assert got.items == (Item('{"company_id": "a"}', '{"company_id":"a"}'),)


def test_a_packing_that_was_not_asked_for_is_refused(serve, fetch):
    refused(fetch, serve(in_turn(ok(zlib.compress(WHOLE.body), content_encoding="br"))), "packed as 'br'")


def test_a_gzip_bomb_does_not_go_off(serve, fetch):
    bomb = gzip.compress(b" " * (16 * MEGABYTE))
    assert len(bomb) < MEGABYTE / 8
    refused(fetch, serve(in_turn(ok(bomb, content_encoding="gzip"))), "api.max_page_bytes", max_page_bytes=MEGABYTE)


def test_a_bomb_is_unpacked_in_small_pieces():
    """Else one piece could fill the memory before its size is looked at."""
    bomb = gzip.compress(b" " * (16 * MEGABYTE))
    assert {len(piece) for piece in unpacked(iter([bomb]))} <= set(range(CHUNK_BYTES + 1))


def test_a_body_is_bounded_packed_too(serve, fetch):
    server = serve(in_turn(ok(gzip.compress(b"{}" * 5000, compresslevel=0), content_encoding="gzip")))
    refused(fetch, server, "api.max_page_bytes", max_page_bytes=9000)


def test_a_body_as_long_as_allowed_lands(serve, fetch):
    assert fetch(serve(in_turn(WHOLE)), max_page_bytes=len(WHOLE.body))
    refused(fetch, serve(in_turn(WHOLE)), "api.max_page_bytes", max_page_bytes=len(WHOLE.body) - 1)


def endless(handler):
    """A list that never ends."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"items": [')
    while True:
        handler.wfile.write(b"1, " * 20_000)


def test_an_endless_body_is_cut(serve, fetch):
    refused(fetch, serve(in_turn(Answer(raw=endless))), "api.max_page_bytes", max_page_bytes=MEGABYTE)


def drip(head: bytes, body: bytes):
    """The head at once, then a byte of the body now and then, for ever."""

    def dripping(handler):
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
    "after a refusal": drip(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("dripping", DRIPS.values(), ids=DRIPS)
def test_a_slow_drip_ends_with_the_time_budget(serve, fetch, dripping):
    """Each byte comes in time, so no read timeout ever fires."""
    refused(fetch, serve(in_turn(dripping)), "time is up|400 Bad Request", time_budget_seconds=0.5)


def test_a_date_after_a_slow_one_is_fetched_as_ever(serve, fetch):
    slow = drip(OK + b"\r\n", b" ")
    server = serve(in_turn(slow, WHOLE))
    refused(fetch, server, "time is up", time_budget_seconds=0.5)
    assert len(fetch(server)) == 1
