"""Over TLS, as in production: certificates are checked, and a slow drip is cut there too."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import trustme

from company_activity.errors import ApiError

from support.api.usage_api import Answer, Fetch, Script, Serve, UsageApi, in_turn, page


@pytest.fixture
def authority() -> trustme.CA:
    """A certificate authority that no one knows."""
    return trustme.CA()


@pytest.fixture
def serve_tls(authority: trustme.CA) -> Iterator[Callable[..., UsageApi]]:
    """Starts a server with a certificate for 127.0.0.1."""
    running: list[AbstractContextManager[UsageApi]] = []

    def serve_tls(script: Script, name: str = "127.0.0.1") -> UsageApi:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        running.append(UsageApi(script, context).running())
        return running[-1].__enter__()

    yield serve_tls
    for one in running:
        one.__exit__(None, None, None)


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is one of the machine's."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))


@pytest.mark.usefixtures("trusted")
def test_a_page_comes_over_tls(serve_tls: Callable[..., UsageApi], fetch: Fetch) -> None:
    server = serve_tls(in_turn(page(["x"], "/usage?page=2"), page(["y"])))
    assert [one.number for one in fetch(server)] == [1, 2]


@pytest.mark.parametrize("form", ["http://127.0.0.1:{port}/usage?page=2", "http://127.0.0.1:{other}/usage?page=2"])
@pytest.mark.usefixtures("trusted")
def test_the_next_page_cannot_lead_from_tls_into_the_clear(
    serve: Serve, serve_tls: Callable[..., UsageApi], fetch: Fetch, form: str
) -> None:
    clear = serve(in_turn(page(["x"])))
    server: UsageApi = serve_tls(lambda _: page(["x"], form.format(port=server.port, other=clear.port)))
    with pytest.raises(ApiError, match="next page is on another server"):
        fetch(server)
    assert (len(server.asked), clear.asked) == (1, [])


def test_an_unknown_authority_is_refused_at_once_and_without_the_key(
    serve_tls: Callable[..., UsageApi], fetch: Fetch, slept: list[float]
) -> None:
    server = serve_tls(in_turn(page(["x"])))
    with pytest.raises(ApiError, match="self.signed certificate|unable to get local issuer.*trust the certificate"):
        fetch(server)
    assert (server.asked, slept) == ([], [])


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_host_is_refused(serve_tls: Callable[..., UsageApi], fetch: Fetch) -> None:
    server = serve_tls(in_turn(page(["x"])), name="elsewhere.test")
    with pytest.raises(ApiError, match="IP address mismatch"):
        fetch(server)
    assert server.asked == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-More: "], ids=["body", "head"])
def test_a_slow_drip_is_cut(serve_tls: Callable[..., UsageApi], fetch: Fetch, head: bytes) -> None:
    def drip(handler: Any) -> None:
        handler.wfile.write(head)
        while True:
            handler.wfile.write(b" ")
            handler.server.pause()

    with pytest.raises(ApiError, match="time is up"):
        fetch(serve_tls(in_turn(Answer(raw=drip))), time_budget_seconds=0.5)
