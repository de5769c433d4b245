"""The way from page to page: followed where the contract leads, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from company_activity.errors import ApiError, SettingsError
from company_activity.io.api.page import Page, PagingBroken

from support.api.usage_api import Answer, Asked, Fetch, Script, Serve, UsageApi, in_turn, numbered, ok, page

FIRST, SECOND = [{"a": 1}, {"a": 2}], [{"a": 3}, {"a": 4}]


TOKENS = [
    "/wEPDwUKLTE2Nj==", "//8AAA==", "/", "cur?sor", "a/b?c", "more?cursor=x", "../other?cursor=x", "./x?y", "0", "false",
    "Null", " ", "\\", "\t?x", "http", "http:/127.0.0.1/?page=2", "#?", "a\r\nX-Evil: 1", "\u2028", "%2e%2e/?x",
    10**18 - 1, 10**18, 1234567890123456789, 2**64, 10**300,
]  # fmt: skip


def texts(pages: Iterable[Page]) -> list[str]:
    return [item.text for page in pages for item in page.items]


def test_a_page_is_asked_for_as_the_contract_says(serve: Serve, fetch: Fetch) -> None:
    server = serve(numbered(FIRST, SECOND))
    assert len(texts(fetch(server, page_size=2))) == 4
    assert [(one.path, one.query) for one in server.asked] == [
        ("/usage", {"date": "2025-03-31", "page": "1", "per_page": "2"}),
        ("/usage", {"date": "2025-03-31", "page": "2", "per_page": "2"}),
    ]


def test_a_query_in_the_setting_is_kept(serve: Serve, fetch: Fetch) -> None:
    server = serve(numbered([]))
    fetch(f"{server.url}?tenant=7")
    assert server.asked[0].query == {"tenant": "7", "date": "2025-03-31", "page": "1", "per_page": "1000"}


def test_the_last_page_is_the_one_that_names_none(serve: Serve, fetch: Fetch) -> None:
    server = serve(numbered(FIRST))
    assert [page.number for page in fetch(server)] == [1]
    assert server.pages == ["1"]


def test_a_date_without_items_is_one_empty_page(serve: Serve, fetch: Fetch) -> None:
    [only] = fetch(serve(numbered([])))
    assert only.items == ()


@pytest.mark.parametrize("token", [2, "2", "eyJhIjoxfQ==", "a+b&c=d#e", "ünï", "cursor:12", *TOKENS])
def test_a_number_or_token_goes_into_the_query(serve: Serve, fetch: Fetch, token: Any) -> None:
    server = serve(in_turn(page(FIRST, token), page(SECOND)))
    assert len(fetch(server)) == 2
    assert server.asked[1].query == {"date": "2025-03-31", "page": str(token), "per_page": "1000"}


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("http://127.0.0.1:{port}/usage/next?cursor=x", "/usage/next"),
        ("HTTP://127.0.0.1:{port}/usage/next?cursor=x", "/usage/next"),
        ("//127.0.0.1:{port}/other?cursor=x", "/other"),
        ("/usage?cursor=x", "/usage"),
        ("?cursor=x", "/usage"),
        ("/?cursor=x", "/"),
        ("/usage?cursor=x#part", "/usage"),
    ],
)
def test_a_url_of_the_same_server_is_followed_as_it_is(serve: Serve, fetch: Fetch, form: str, path: str) -> None:
    answers = [page(SECOND)]

    def script(asked: Asked) -> Answer:
        return answers.pop() if "cursor" in asked.query else page(FIRST, form.format(port=server.port))

    server = serve(script)
    assert len(fetch(server)) == 2
    assert (server.asked[1].path, server.asked[1].query) == (path, {"cursor": "x"})


def test_a_url_without_a_query_is_followed_too(serve: Serve, fetch: Fetch) -> None:
    server = serve(lambda asked: page(SECOND if asked.path == "/usage/2" else FIRST, after(asked, server)))

    def after(asked: Asked, server: UsageApi) -> Any:
        return None if asked.path == "/usage/2" else server.url + "/2"

    assert len(fetch(server)) == 2
    assert (server.asked[1].path, server.asked[1].query) == ("/usage/2", {})


def test_a_number_and_the_text_of_it_are_one_page(serve: Serve, fetch: Fetch) -> None:
    """Of any length: both are asked for in the same words."""
    long = 10**25
    with pytest.raises(PagingBroken, match="page 2 names a page that was asked for before"):
        fetch(serve(in_turn(page(FIRST, long), page(SECOND, str(long)))))


def test_a_number_longer_than_python_reads_is_asked_for(serve: Serve, fetch: Fetch) -> None:
    long = "9" * 5000
    server = serve(in_turn(ok(f'{{"items": [], "next_page": {long}}}'), page(SECOND)))
    assert len(fetch(server)) == 2
    assert server.asked[1].query["page"] == long


def test_a_token_that_cannot_be_sent_ends_in_an_error(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(ApiError, match=r"holds half a character: '\\ud800'"):
        fetch(serve(in_turn(ok('{"items": [], "next_page": "\\ud800"}'))))


@pytest.mark.parametrize(
    "form",
    [
        "http://127.0.0.1:{other}/usage?page=2",
        "//127.0.0.1:{other}/usage?page=2",
        "https://127.0.0.1:{ours}/usage?page=2",
        "http://localhost:{ours}/usage?page=2",
        "http://127.0.0.1/usage?page=2",
        "http://127.0.0.1:{ours}@127.0.0.1:{other}/usage?page=2",
        "http://user:pw@127.0.0.1:{ours}/usage?page=2",
        "http://127.0.0.1:{other}\\@127.0.0.1:{ours}/usage?page=2",
        "\\\\127.0.0.1:{other}/usage?page=2",
        "/\\127.0.0.1:{other}/usage?page=2",
        "\\/127.0.0.1:{other}/usage?page=2",
        "//127.0.0.1:{other}?page=2",
        "HtTp://127.0.0.1:{other}/usage/2",
        "http:////127.0.0.1:{other}/usage?page=2",
        "http://",
        "/\t/127.0.0.1:{other}/usage?page=2",
        "http://127.0.0.1:{ours} .evil/?page=2",
        "http://[::1/?page=2",
        "ftp://127.0.0.1:{ours}/?page=2",
        "file:///etc/passwd",
    ],
)
def test_a_url_of_another_server_is_refused_before_any_request(serve: Serve, fetch: Fetch, form: str) -> None:
    elsewhere = serve(numbered([]))
    server = serve(lambda _: page(FIRST, form.format(ours=server.port, other=elsewhere.port)))
    with pytest.raises(ApiError, match="next page is on another server"):
        fetch(server)
    assert len(server.asked) == 1
    assert elsewhere.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve: Serve, fetch: Fetch, status: int) -> None:
    elsewhere = serve(numbered(FIRST))
    server = serve(in_turn(Answer(status, headers={"Location": f"{elsewhere.url}?code=s3cret"})))
    with pytest.raises(ApiError, match=f"{status} .* to {elsewhere.url} .*redirects are not followed") as told:
        fetch(server)
    assert elsewhere.asked == []
    assert "s3cret" not in str(told.value)


TARGETS = {
    "elsewhere": ("https://new.test/v2/usage", "to https://new.test/v2/usage (asked"),
    "a path": ("/v2/usage", "to http://127.0.0.1:{port}/v2/usage (asked"),
    "another host alone": ("//new.test/usage", "to http://new.test/usage (asked"),
    "with our query": (
        "https://new.test:8443/usage?date=2025-03-31&page=1&per_page=1000",
        "to https://new.test:8443/usage with the query date=2025-03-31&page=1&per_page=1000 (asked",
    ),
    "with a secret": ("/usage?page=1&code=s3cret#s3cret", "/usage with the query page=1&code=*** (asked"),
    "with a user": ("https://me:s3cret@new.test/usage", "to https://new.test/usage (asked"),
    "odd characters": ("/caf\xe9 \x01", "to http://127.0.0.1:{port}/caf%C3%A9%20%01 (asked"),
    "long": ("https://new.test/" + "x" * 500, "to https://new.test/" + "x" * 500 + " (asked"),
    "malformed": ("http://me:s3cret@[bad?code=s3cret", "to an invalid URL: '[bad' (asked"),
    "of no host": ("http:///usage", "to an invalid URL: 'http:///usage' (asked"),
    "of no port": ("http://new.test:99999/", "to an invalid URL: 'http://new.test:99999/' (asked"),
    "of no scheme we know": ("mailto:me", "to an invalid URL: 'mailto:me' (asked"),
    "empty": ("", "to an invalid URL: '' (asked"),
}


@pytest.mark.parametrize("status", [302, 308])
@pytest.mark.parametrize(("location", "words"), TARGETS.values(), ids=TARGETS)
def test_where_a_redirect_leads_is_shown_whole(
    serve: Serve, fetch: Fetch, location: str, words: str, status: int
) -> None:
    server = serve(in_turn(Answer(status, headers={"Location": location})))
    with pytest.raises(ApiError, match="redirects are not followed") as told:
        fetch(server)
    assert words.format(port=server.port) in str(told.value)
    assert "s3cret" not in str(told.value)
    assert len(server.asked) == 1


def counted(pages: Any, **totals: Any) -> Script:
    """Pages 1, 2, … of these items; each names what stands for it in the lists of `totals`."""

    def script(asked: Asked) -> Answer:
        number = int(asked.query["page"])
        named = {name: of_page[number - 1] for name, of_page in totals.items() if of_page[number - 1] is not None}
        next_page = number + 1 if number < len(pages) else None
        return ok(json.dumps({**named, "items": pages[number - 1], "next_page": next_page}))

    return script


UNREACHED = {
    "on every page": ({"total": [5, 5]}, "page 2 is the last, with 4 items in all; total says 5"),
    "on the first page alone": ({"total": [5, None]}, "total says 5"),
    "on the last page alone": ({"total_count": [None, 5]}, "total_count says 5"),
    "that shrank": ({"total": [5, 4]}, "total says 5"),
    "that grew": ({"total": [4, 5]}, "total says 5"),
    "in one member of two": ({"total": [4, 4], "total_count": [9, 9]}, "total_count says 9"),
    "as text": ({"total": ["5", None]}, "total says 5"),
    "with a zero behind the point": ({"total": [5.0, None]}, "total says 5"),
    "longer than Python reads": ({"total": ["9" * 5000, None]}, "total says 1,000,000,000,000,000,000"),
}


@pytest.mark.parametrize(("totals", "words"), UNREACHED.values(), ids=UNREACHED)
def test_a_total_that_is_not_reached_is_refused(serve: Serve, fetch: Fetch, totals: Any, words: str) -> None:
    with pytest.raises(PagingBroken) as told:
        fetch(serve(counted([FIRST, SECOND], **totals)))
    assert words in str(told.value)
    assert "api.total_member" in str(told.value)


REACHED = {
    "just": {"total": [4, 4]},
    "by more items than it says": {"total": [3, 3], "total_count": [0, 1]},
    "of the pages so far": {"total": [2, 4]},
    "of what is left": {"total": [4, 2]},
    "by what is no number": {"total": [None, {"value": 9}], "total_count": [-1, 9.5]},
}


@pytest.mark.parametrize("totals", REACHED.values(), ids=REACHED)
def test_a_total_that_is_reached_is_fine(serve: Serve, fetch: Fetch, totals: Any) -> None:
    assert len(fetch(serve(counted([FIRST, SECOND], **totals)))) == 2


@pytest.mark.parametrize(
    ("member", "is_refused"), [("both", True), ("total", True), ("total_count", False), ("none", False)]
)
def test_the_setting_names_the_total_that_is_compared(
    serve: Serve, fetch: Fetch, member: str, is_refused: bool
) -> None:
    server = serve(counted([FIRST, SECOND], total=[9, 9], total_count=[4, 4]))
    if is_refused:
        with pytest.raises(PagingBroken, match="total says 9"):
            fetch(server, total_member=member)
    else:
        assert len(fetch(server, total_member=member)) == 2


def test_a_page_that_names_itself_is_a_loop(serve: Serve, fetch: Fetch) -> None:
    server = serve(in_turn(page(FIRST, "A"), page(SECOND, "A")))
    with pytest.raises(PagingBroken, match="page 2 names a page that was asked for before: 'A'"):
        fetch(server)
    assert server.pages == ["1", "A"]


def test_a_way_back_to_an_earlier_page_is_a_loop(serve: Serve, fetch: Fetch) -> None:
    server = serve(in_turn(page(FIRST, "A"), page(SECOND, "B"), page([5, 6], "A")))
    with pytest.raises(PagingBroken, match="page 3 names a page that was asked for before"):
        fetch(server)
    assert server.pages == ["1", "A", "B"]


@pytest.mark.parametrize("first", [1, "1"])
def test_page_1_counts_as_asked_for(serve: Serve, fetch: Fetch, first: str | int) -> None:
    with pytest.raises(PagingBroken, match="page 1 names a page that was asked for before"):
        fetch(serve(in_turn(page(FIRST, first))))


def test_a_page_that_repeats_an_earlier_one_is_refused(serve: Serve, fetch: Fetch) -> None:
    """A server that overlooks `page` would otherwise give the first page again and again."""
    server = serve(in_turn(page(FIRST, 2), page(SECOND, 3), page(FIRST, 4)))
    with pytest.raises(PagingBroken, match="page 3 repeats the items of an earlier page"):
        fetch(server)


def test_a_single_item_may_repeat(serve: Serve, fetch: Fetch) -> None:
    assert texts(fetch(serve(numbered(["x"], ["x"], ["x"])))) == ['"x"'] * 3


def test_an_empty_page_with_a_next_one_is_passed(serve: Serve, fetch: Fetch) -> None:
    assert texts(fetch(serve(numbered([], ["x"], [], [], ["y"])))) == ['"x"', '"y"']


def test_pages_beyond_the_bound_are_not_asked_for(serve: Serve, fetch: Fetch) -> None:
    pages = numbered(["a"], ["b"], ["c"])
    assert len(fetch(serve(pages), max_pages=3)) == 3
    server = serve(pages)
    with pytest.raises(PagingBroken, match="api.max_pages"):
        fetch(server, max_pages=2)
    assert server.pages == ["1", "2"]


def test_a_refused_page_in_the_middle_calls_for_a_fresh_start(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(PagingBroken, match="page 2: 410 Gone: token expired"):
        fetch(serve(in_turn(page(FIRST, "t"), Answer(410, b"token expired"))))


def test_items_keep_their_characters_and_order(serve: Serve, fetch: Fetch) -> None:
    body = '\ufeff{"total": {"n": 1.0}, "items": [ {"b":1,\r\n "a": 2.50} ,7, "\\u00e9", [] ], "next_page" : null }\n'
    [only] = fetch(serve(in_turn(ok(body))))
    assert [item.text for item in only.items] == ['{"b":1,\r\n "a": 2.50}', "7", '"\\u00e9"', "[]"]


@pytest.mark.parametrize(
    "url", ["ftp://api.test/usage", "api.test/usage", "http:///usage", "http://a b/", "http://h:99999/"]
)
def test_an_address_that_is_none_is_a_setting_to_mend(fetch: Fetch, url: str) -> None:
    with pytest.raises(SettingsError, match=r"api\.url"):
        fetch(url)


@pytest.mark.parametrize(
    "url", ["http://api.test/usage", "http://10.0.0.1/", "http://127.0.0.1.evil.test/", "http://127.1@evil.test/"]
)
def test_the_key_does_not_travel_in_clear(fetch: Fetch, url: str) -> None:
    """No name is looked up, nothing is asked."""
    with pytest.raises(
        SettingsError, match=r"api\.url would send the key in clear, over http:// .*give it as https://"
    ):
        fetch(url, "a-key-that-is-never-asked-for")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_on_this_machine_the_key_may_travel_in_clear(serve: Serve, fetch: Fetch, host: str) -> None:
    server = serve(numbered(FIRST))
    assert len(fetch(server.url.replace("127.0.0.1", host))) == 1


def test_what_may_travel_in_clear_goes_by_no_proxy(serve: Serve, fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment may be another machine."""
    proxy, server = serve(numbered(["wrong"])), serve(numbered(["right"]))
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert texts(fetch(server)) == ['"right"']
    assert proxy.asked == []
