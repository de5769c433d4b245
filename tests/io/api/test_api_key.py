"""The key goes to the API, and shows nowhere else."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from company_activity.errors import ApiError, SettingsError

from support.api.usage_api import KEY, Answer, Fetch, Script, Serve, in_turn, numbered, ok, page, raw


def with_key(key: str, answer: Answer) -> Script:
    """Whoever brings this key gets the answer; anyone else 401."""
    return lambda asked: answer if asked.key == key else Answer(401)


def test_the_key_is_sent_as_bearer(serve: Serve, fetch: Fetch) -> None:
    server = serve(numbered([1]))
    fetch(server)
    assert server.asked[0].key == KEY


@pytest.mark.parametrize("status", [401, 403])
def test_a_rotated_key_is_looked_up_once(serve: Serve, fetch: Fetch, status: int) -> None:
    server = serve(lambda asked: page([1]) if asked.key == "new" else Answer(status))
    assert len(fetch(server, "old", "new")) == 1
    assert [one.key for one in server.asked] == ["old", "new"]


def test_a_key_rotated_between_two_pages_is_looked_up_too(serve: Serve, fetch: Fetch) -> None:
    server = serve(lambda asked: page([1], 2) if asked.query["page"] == "1" else with_key("new", page([2]))(asked))
    assert len(fetch(server, "old", "new")) == 2


def test_a_key_refused_twice_ends_in_an_error(serve: Serve, fetch: Fetch) -> None:
    server = serve(in_turn(Answer(403)))
    with pytest.raises(ApiError, match="403 Forbidden, also with the key read again"):
        fetch(server)
    assert len(server.asked) == 2


def test_a_netrc_does_not_replace_the_key(
    serve: Serve,
    fetch: Fetch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(numbered([1]))
    fetch(server)
    assert server.asked[0].key == KEY


def test_a_line_break_after_the_key_is_forgiven(serve: Serve, fetch: Fetch) -> None:
    server = serve(numbered([1]))
    fetch(server, f"{KEY}\n")
    assert server.asked[0].key == KEY


@pytest.mark.parametrize("key", ["", " ", "two words", "a\r\nX-Evil: 1", "schlüssel", "a\x00b"])
def test_a_key_that_cannot_be_sent_is_a_setting_to_mend(serve: Serve, fetch: Fetch, key: str) -> None:
    server = serve(numbered([1]))
    with pytest.raises(SettingsError, match=r"api\.key cannot be sent") as told:
        fetch(server, key)
    assert server.asked == []
    assert not key.strip() or key.strip() not in everything(told.value)


def everything(error: BaseException) -> str:
    """All that an error can show: its line, its form, its trace with what caused it."""
    chain = traceback.TracebackException.from_exception(error, capture_locals=False)
    return f"{error} {error!r} {error.__cause__!r} {error.__context__!r} {''.join(chain.format())}"


ECHOES = {
    "in a refusal": Answer(400, f"no rights for {KEY}".encode()),
    "at the end of a long refusal": Answer(400, b" " * 2040 + KEY.encode()),
    "in HTML": ok(f"<p>{KEY}</p>", content_type="text/html"),
    "as the next page": page([1], {"next": KEY}),
    "in a loop": page([1], KEY),
    "in a URL": page([1], f"http://elsewhere.test/?key={KEY}"),
    "in a redirect": Answer(302, headers={"Location": f"/{KEY}"}),
    "in a redirect's query": Answer(302, headers={"Location": f"/?page={KEY}"}),
    "in a redirect's query, as a name": Answer(302, headers={"Location": f"/?{KEY}=1"}),
    "in a redirect that is no URL": Answer(302, headers={"Location": f"http://[{KEY}"}),
    "as numbers": Answer(302, headers={"Location": f"/{KEY.replace('k', '%6B')}"}),
    "at the end of a long value": page([1], {"next": "x" * 970 + KEY}),
    "in an envelope": ok(f'{{"items": [], "next_page": null, "error": "no rights for {KEY}"}}'),
    "in no JSON": ok(f"no rights for {KEY}"),
    "at the end of a long reason": raw(b"HTTP/1.1 400 " + b"x" * 150 + KEY.encode() + b"\r\n\r\n"),
    "in an encoding": ok(b"{}", content_encoding=KEY),
    "in a reason": Answer(raw=lambda handler: handler.wfile.write(f"HTTP/1.1 500 {KEY}\r\n\r\n".encode())),
    "as a status line": Answer(raw=lambda handler: handler.wfile.write(f"{KEY}\r\n\r\n".encode())),
    "with a key refused": Answer(401, KEY.encode()),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_a_key_that_the_api_echoes_is_hidden(
    serve: Serve, fetch: Fetch, caplog: pytest.LogCaptureFixture, echo: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ApiError) as told:
        fetch(serve(in_turn(echo)))
    assert KEY not in everything(told.value)
    assert KEY[:9] not in everything(told.value)
    assert not [record for record in caplog.records if KEY in record.getMessage() and record.name.startswith("company")]


def test_a_key_is_hidden_however_it_is_written(serve: Serve, fetch: Fetch) -> None:
    key = 'a"b\\c/d+e='
    for echo in (
        page([1], {"next": key}),
        Answer(302, headers={"Location": "/" + quote(key, safe="+=")}),
        page([1], key),
    ):
        with pytest.raises(ApiError) as told:
            fetch(serve(in_turn(echo)), key)
        assert "***" in str(told.value)
        assert not [part for part in ("d+e", "b\\", "%22b") if part in everything(told.value)]


def test_no_log_holds_the_key(serve: Serve, fetch: Fetch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fetch(serve(in_turn(Answer(500), Answer(401), page([1]))))
    assert caplog.records
    assert KEY not in caplog.text
