"""The way from page to page: followed where the contract leads, and nowhere else."""

from __future__ import annotations

import pytest

from company_activity.errors import ApiError, SettingsError
from company_activity.io.api.page import PagingBroken

from support.usage_api import Answer, in_turn, numbered, ok, page

FIRST, SECOND = [{"a": 1}, {"a": 2}], [{"a": 3}, {"a": 4}]


def texts(pages):
    return [item.text for page in pages for item in page.items]


def test_a_page_is_asked_for_as_the_contract_says(serve, fetch):
    server = serve(numbered(FIRST, SECOND))
    assert len(texts(fetch(server, page_size=2))) == 4
    assert [(one.path, one.query) for one in server.asked] == [
        ("/usage", {"date": "2025-03-31", "page": "1", "per_page": "2"}),
        ("/usage", {"date": "2025-03-31", "page": "2", "per_page": "2"}),
    ]


def test_a_query_in_the_setting_is_kept(serve, fetch):
    server = serve(numbered([]))
    fetch(f"{server.url}?tenant=7")
    assert server.asked[0].query == {"tenant": "7", "date": "2025-03-31", "page": "1", "per_page": "1000"}


def test_the_last_page_is_the_one_that_names_none(serve, fetch):
    server = serve(numbered(FIRST))
    assert [page.number for page in fetch(server)] == [1]
    assert server.pages == ["1"]


def test_a_date_without_items_is_one_empty_page(serve, fetch):
    [only] = fetch(serve(numbered([])))
    assert only.items == ()


@pytest.mark.parametrize("token", [2, "2", "eyJhIjoxfQ==", "a+b&c=d#e", "ünï", "cursor:12"])
def test_a_number_or_token_goes_into_the_query(serve, fetch, token):
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
        ("../other?cursor=x", "/other"),
        ("more?cursor=x", "/more"),
        ("/usage?cursor=x#part", "/usage"),
    ],
)
def test_a_url_of_the_same_server_is_followed_as_it_is(serve, fetch, form, path):
    answers = [page(SECOND)]

    def script(asked):
        return answers.pop() if "cursor" in asked.query else page(FIRST, form.format(port=server.port))

    server = serve(script)
    assert len(fetch(server)) == 2
    assert (server.asked[1].path, server.asked[1].query) == (path, {"cursor": "x"})


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
        "/\t/127.0.0.1:{other}/usage?page=2",
        "http://127.0.0.1:{ours} .evil/?page=2",
        "http://[::1/?page=2",
        "ftp://127.0.0.1:{ours}/?page=2",
        "file:///etc/passwd",
    ],
)
def test_a_url_of_another_server_is_refused_before_any_request(serve, fetch, form):
    elsewhere = serve(numbered([]))
    server = serve(lambda _: page(FIRST, form.format(ours=server.port, other=elsewhere.port)))
    with pytest.raises(ApiError, match="next page is on another server"):
        fetch(server)
    assert len(server.asked) == 1
    assert elsewhere.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve, fetch, status):
    elsewhere = serve(numbered(FIRST))
    server = serve(in_turn(Answer(status, headers={"Location": f"{elsewhere.url}?code=s3cret"})))
    with pytest.raises(ApiError, match=f"{status} .* to {elsewhere.url} .*redirects are not followed") as told:
        fetch(server)
    assert elsewhere.asked == []
    assert "s3cret" not in str(told.value)


def test_a_page_that_names_itself_is_a_loop(serve, fetch):
    server = serve(in_turn(page(FIRST, "A"), page(SECOND, "A")))
    with pytest.raises(PagingBroken, match="page 2 names a page that was asked for before: 'A'"):
        fetch(server)
    assert server.pages == ["1", "A"]


def test_a_way_back_to_an_earlier_page_is_a_loop(serve, fetch):
    server = serve(in_turn(page(FIRST, "A"), page(SECOND, "B"), page([5, 6], "A")))
    with pytest.raises(PagingBroken, match="page 3 names a page that was asked for before"):
        fetch(server)
    assert server.pages == ["1", "A", "B"]


@pytest.mark.parametrize("first", [1, "1"])
def test_page_1_counts_as_asked_for(serve, fetch, first):
    with pytest.raises(PagingBroken, match="page 1 names a page that was asked for before"):
        fetch(serve(in_turn(page(FIRST, first))))


def test_a_page_that_repeats_an_earlier_one_is_refused(serve, fetch):
    """A server that overlooks `page` would otherwise give the first page again and again."""
    server = serve(in_turn(page(FIRST, 2), page(SECOND, 3), page(FIRST, 4)))
    with pytest.raises(PagingBroken, match="page 3 repeats the items of an earlier page"):
        fetch(server)


def test_a_single_item_may_repeat(serve, fetch):
    assert texts(fetch(serve(numbered(["x"], ["x"], ["x"])))) == ['"x"'] * 3


def test_an_empty_page_with_a_next_one_is_passed(serve, fetch):
    assert texts(fetch(serve(numbered([], ["x"], [], [], ["y"])))) == ['"x"', '"y"']


def test_pages_beyond_the_bound_are_not_asked_for(serve, fetch):
    pages = numbered(["a"], ["b"], ["c"])
    assert len(fetch(serve(pages), max_pages=3)) == 3
    server = serve(pages)
    with pytest.raises(PagingBroken, match="api.max_pages"):
        fetch(server, max_pages=2)
    assert server.pages == ["1", "2"]


def test_a_refused_page_in_the_middle_calls_for_a_fresh_start(serve, fetch):
    with pytest.raises(PagingBroken, match="page 2: 410 Gone: token expired"):
        fetch(serve(in_turn(page(FIRST, "t"), Answer(410, b"token expired"))))


def test_items_keep_their_characters_and_order(serve, fetch):
    body = '\ufeff{"total": {"n": 1.0}, "items": [ {"b":1,\r\n "a": 2.50} ,7, "\\u00e9", [] ], "next_page" : null }\n'
    [only] = fetch(serve(in_turn(ok(body))))
    assert [item.text for item in only.items] == ['{"b":1,\r\n "a": 2.50}', "7", '"\\u00e9"', "[]"]


@pytest.mark.parametrize(
    "url", ["ftp://api.test/usage", "api.test/usage", "http:///usage", "http://a b/", "http://h:99999/"]
)
def test_an_address_that_is_none_is_a_setting_to_mend(fetch, url):
    with pytest.raises(SettingsError, match=r"api\.url"):
        fetch(url)
