"""Thirty canaries through every way to fail that needs no Spark: none stands anywhere but where it was sent.

Everything is kept that a run leaves: what it prints, every logger at DEBUG, those of other libraries too, every file
below its folders. Then each canary is looked for, in a dozen spellings.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from company_activity.cli.main import main

from reliability.harness.cases import Cases
from reliability.harness.plugin import UNTIL
from reliability.secrets.canaries import (
    CANARIES,
    WAYS,
    all_hits,
    api_url,
    environment,
    hits,
    storage,
    value,
)
from support.api.usage_api import Answer, Asked, Script, ok, page, serving
from support.cycle.place import Place
from support.cycle.place import environment as these_variables
from support.processes.holder import hold_elsewhere
from support.report.receivers import HttpReceiver, MailReceiver, http_receiver, mail_receiver

pytestmark = pytest.mark.fault

DAY = "2025-11-22"
RUN = ("run", "--date", DAY, "--steps", "ingest_usage,write_report,notify", "--debug")
INGEST = ("ingest", "--start", DAY, "--end", DAY, "--debug")


def echo(status: int, **headers: str) -> Script:
    """An answer that quotes the key, as a badly made server does."""

    def answer(asked: Asked) -> Answer:
        quoted = f"no rights for Bearer {asked.key} at {asked.path}?{asked.query}"
        return Answer(status, quoted.encode(), {name: text.format(key=asked.key) for name, text in headers.items()})

    return answer


@dataclass(frozen=True)
class Failure:
    """A command that fails: what the API answers, where it is asked, what the environment says besides."""

    arguments: tuple[str, ...] = RUN
    script: Script = field(default_factory=lambda: echo(500))
    url: Callable[[str], str] = lambda url: url
    environ: Callable[[str, int], Mapping[str, str]] = lambda way, port: {}
    hook: int = 500
    is_busy: bool = False
    crash: str = ""


FAILURES: dict[str, Failure] = {
    "401": Failure(script=echo(401)),
    "403": Failure(script=echo(403), hook=403),
    "500": Failure(script=echo(500), hook=503),
    "400": Failure(INGEST, echo(400)),
    "a redirect": Failure(INGEST, echo(302, Location="https://evil.example/?k={key}"), hook=302),
    "HTML": Failure(INGEST, lambda asked: ok(f"<html>{asked.key} {asked.query}")),
    "no JSON": Failure(INGEST, lambda asked: ok(f"[{asked.key}")),
    "an error that quotes": Failure(INGEST, lambda asked: ok(f'{{"error":"{asked.key[:5]}\\"","items":[],"next_page":null}}')),
    "a next page that quotes": Failure(INGEST, lambda asked: page([], f"https://evil.example/?k={asked.key}")),
    "no connection": Failure(url=lambda url: "http://127.0.0.1:9/usage"),
    "no such host": Failure(url=lambda url: "https://no-such-host.invalid/usage"),
    "no TLS": Failure(url=lambda url: url.replace("http:", "https:")),
    "no URL": Failure(url=lambda url: "http://[127.0.0.1/usage"),
    "in clear": Failure(url=lambda url: "http://example.com/usage"),
    "a port that is none": Failure(url=lambda url: "http://127.0.0.1:99999/usage"),
    "a busy lake": Failure(("run", "--date", DAY, "--debug"), is_busy=True, environ=lambda way, port: {"COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS": "0"}),
    "a crash": Failure(RUN, crash="company_activity.steps.ingest_usage.fetch_dates"),
    "plan": Failure(("plan", "--date", DAY, "--debug")),
    "a dry run": Failure(("run", "--date", DAY, "--dry-run", "--debug")),
    "explain": Failure(("explain", "c1", DAY, "--debug")),
    "runs": Failure(("runs", "--debug")),
    "doctor": Failure(("doctor", "--debug")),
    "notify": Failure(("notify", "--date", DAY, "--debug"), hook=404),
    "an unknown setting": Failure(environ=lambda way, port: {"COMPANY_ACTIVITY__API__KAY": value("API key", way)}),
    "a wrong type": Failure(environ=lambda way, port: {"COMPANY_ACTIVITY__ERASE__KEY": "", "COMPANY_ACTIVITY__NOTIFY": value("API key", way)}),
    "owners that do not fit": Failure(environ=lambda way, port: {"COMPANY_ACTIVITY__NOTIFY__OWNERS": f"{{Ana: {{webhook_key: ['{value('digest key', way)}']}}}}"}),
    "storage": Failure(INGEST, echo(403), environ=lambda way, port: storage(way, port)),
    "storage, planned": Failure(("plan", "--date", DAY, "--debug"), echo(403), environ=lambda way, port: storage(way, port)),
    "a torn connection": Failure(environ=lambda way, port: {"BLOB_CONN_STR": f"AccountName;AccountKey={value('storage key', way)}"}),
    "a root with a signature": Failure(environ=lambda way, port: {"COMPANY_ACTIVITY__LAKE__ROOT": f"https://acme.blob.core.windows.net/l?sig={value('storage key', way)}"}),
    "a root with a password": Failure(environ=lambda way, port: {"COMPANY_ACTIVITY__LAKE__ROOT": f"abfss://l:{value('storage key', way)}@acme.dfs.core.windows.net/l"}),
}  # fmt: skip


SHORT = ("400", "a crash")


@dataclass
class Told:
    """What all failures left, by where it was found; and what the servers were sent, where canaries belong."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)


@contextmanager
def every_log(into: io.StringIO) -> Iterator[None]:
    """Every logger, at DEBUG, as a host's notebook may have set it."""
    handler = logging.StreamHandler(into)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(pathname)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def fail(name: str, way: str, folder: Path, told: Told, hook: HttpReceiver, mail: MailReceiver) -> None:
    """Let a command fail, and keep what it leaves."""
    failure = FAILURES[name]
    hook.answers = [failure.hook]
    (folder / "lake").mkdir(parents=True)
    output = io.StringIO()
    with ExitStack() as stack:
        api = stack.enter_context(serving(failure.script))
        place = Place(folder, api.url)
        environ = place.environ | environment(way, hook.base, mail.port) | dict(failure.environ(way, api.port))
        environ["COMPANY_ACTIVITY__API__URL"] = api_url(way, failure.url(api.url))
        if environ.get("SQL_CONN_STR"):
            del environ["COMPANY_ACTIVITY__SQL__URL"]
        stack.enter_context(these_variables(environ))
        if failure.is_busy:
            other = hold_elsewhere(folder / "lake")
            stack.callback(other.wait)
            stack.callback(other.kill)
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.setattr("company_activity.run.spark_session", no_spark)
        if failure.crash:
            patched.setattr(failure.crash, crash)
        stack.enter_context(contextlib.redirect_stdout(output))
        stack.enter_context(contextlib.redirect_stderr(output))
        stack.enter_context(every_log(output))
        told.codes[f"{name}, {way}"] = main(failure.arguments)
        told.sent += [f"{one.key} {one.query} {one.path}" for one in api.asked]
    told.texts.append((f"{name}, {way}, printed", output.getvalue()))
    for file in sorted(folder.rglob("*")):
        told.texts.append((f"{name}, {way}, names", str(file)))
        if file.is_file():
            told.texts.append((f"{name}, {way}, {file.name}", file.read_bytes().decode("utf-8", "replace")))


def no_spark(*_: object) -> None:
    raise RuntimeError("no Spark here")


def crash(*_: object, **__: object) -> None:
    """What no one foresaw, with an address in its words, as clients have it."""
    address = os.environ["COMPANY_ACTIVITY__API__URL"]
    raise RuntimeError(f"HTTPSConnectionPool: {address} is broken")


def failures() -> list[str]:
    """All of them in the long form, some in the short one."""
    return list(FAILURES) if UNTIL in os.environ else list(SHORT)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Told:
    """All failures, with the canaries of each way."""
    told = Told()
    authority = trustme.CA()
    folder = tmp_path_factory.mktemp("secrets")
    with ExitStack() as stack:
        certificate = stack.enter_context(authority.cert_pem.tempfile())
        stack.enter_context(these_variables({"SSL_CERT_FILE": certificate}))
        mail = stack.enter_context(mail_receiver(tls=authority, password="another"))
        hook = stack.enter_context(http_receiver())
        paths: list[str] = []
        take = hook.take

        def taking(handler: BaseHTTPRequestHandler) -> None:
            paths.append(handler.path)
            take(handler)

        hook.take = taking  # type: ignore[method-assign]
        for way in WAYS:
            for number, name in enumerate(failures()):
                fail(name, way, folder / f"{way}-{number}", told, hook, mail)
        told.sent += paths + [password for _, password in mail.logins]
    return told


@pytest.mark.row("C1")
def test_no_canary_is_told(told: Told, cases: Cases) -> None:
    found = all_hits(told.texts)
    for name in cases.left(CANARIES, short=len(CANARIES)):
        with cases.one(name):
            assert name not in found, found[name]


def test_every_failure_failed_in_a_sentence(told: Told) -> None:
    looked = {"plan", "a dry run", "explain", "runs", "notify", "doctor", "storage, planned"}
    assert {
        name: code for name, code in told.codes.items() if code in (0, None) and name.split(",")[0] not in looked
    } == {}


def test_the_canaries_were_sent_where_they_belong_and_are_found_there(told: Told) -> None:
    found = hits("\n".join(told.sent))
    sent = {
        f"{kind}, {way}"
        for kind in ("API key", "mail password", "webhook path", "webhook signature", "Teams signature")
        for way in WAYS
    }
    assert sent <= found.keys()
