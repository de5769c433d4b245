"""The connection to the usage API fails anywhere: a date lands exactly, or not at all and in time; the next run lands it."""

from __future__ import annotations

import ssl
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme

from company_activity.errors import SourceError
from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from reliability.harness.cases import Cases
from reliability.network.broken_wire import BrokenWire, Fault, broken_wire, faults_of, unheard_port
from reliability.network.logged import logged
from support.api.usage_api import KEY, UsageApi, numbered, serving
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import newest

pytestmark = pytest.mark.fault

DAY, PAGES = date(2025, 3, 31), 3
SAID, ANSWERED = 800, 1200  # a little more than a conversation has
TLS_SAID, TLS_ANSWERED = 1400, 2700
PAGE_BUDGET = 1.5
LIMITS = {"timeout_seconds": 0.4, "max_attempts": 3, "backoff_seconds": 0.01, "time_budget_seconds": PAGE_BUDGET}
LONGEST = PAGES * PAGE_BUDGET * 3 + 5


def items() -> list[list[dict[str, object]]]:
    """Three pages of five items."""
    return [[{"company_id": f"c{page}-{item}", "events": item} for item in range(5)] for page in range(PAGES)]


def landed(wire: BrokenWire, root: Path, run_id: str, scheme: str = "http") -> SourceError | None:
    """Fetch the date; why it did not land."""
    settings = settings_for(f"{scheme}://127.0.0.1:{wire.port}/usage", root, api=LIMITS)
    clock = clock_at("2025-04-01T12:00")
    return fetch_dates(settings, [DAY], clock=clock, run_id=run_id).error


def judge(wire: BrokenWire, root: Path, fault: Fault, digest: str, scheme: str = "http") -> str:
    """One fault, then a healed network."""
    landing = Landing(LocalStorage(root), LandingSettings(""))
    wire.break_by(fault)
    began = time.monotonic()
    with logged() as lines:
        error = landed(wire, root, "broken", scheme)
    seconds = time.monotonic() - began
    assert KEY not in str(lines)
    assert seconds < LONGEST, f"{seconds:.1f} s"
    if error is None:
        assert newest(landing).content_digest == digest
    else:
        assert error.exit_code == 3
        assert error.remedy
        assert KEY not in f"{error} {error.remedy}"
        assert landing.generations() == {}
    was_reached = wire.is_struck
    wire.break_by(None)
    assert landed(wire, root, "healed", scheme) is None
    assert (newest(landing).content_digest, newest(landing).generation) == (digest, 1)
    landing.check(newest(landing))
    if not was_reached:
        return "not reached"
    return "exact" if error is None else "refused"


@pytest.mark.row("N1")
def test_a_date_lands_exactly_or_not_at_all(tmp_path: Path, cases: Cases) -> None:
    with serving(numbered(*items())) as api, broken_wire(api.port) as wire:
        assert landed(wire, tmp_path / "undisturbed", "whole") is None
        digest = newest(Landing(LocalStorage(tmp_path / "undisturbed"), LandingSettings(""))).content_digest
        assert SAID - 200 < wire.passed["said"] < SAID, wire.passed
        assert ANSWERED - 200 < wire.passed["answered"] < ANSWERED, wire.passed
        for fault in cases.left(faults_of(SAID, ANSWERED), short=6):
            with cases.one(fault) as notes, TemporaryDirectory(dir=tmp_path) as folder:
                notes.append(judge(wire, Path(folder), fault, digest))


@pytest.mark.row("N1")
def test_a_date_lands_exactly_or_not_at_all_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cases: Cases
) -> None:
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with UsageApi(numbered(*items()), context).running() as api, broken_wire(api.port) as wire:
        assert landed(wire, tmp_path / "undisturbed", "whole", "https") is None
        digest = newest(Landing(LocalStorage(tmp_path / "undisturbed"), LandingSettings(""))).content_digest
        assert TLS_SAID - 200 < wire.passed["said"] < TLS_SAID + 200, wire.passed
        assert TLS_ANSWERED - 300 < wire.passed["answered"] < TLS_ANSWERED + 300, wire.passed
        keys = {f"tls {fault}": fault for fault in faults_of(TLS_SAID, TLS_ANSWERED)}
        for key in cases.left(keys, short=2):
            with cases.one(key) as notes, TemporaryDirectory(dir=tmp_path) as folder:
                notes.append(judge(wire, Path(folder), keys[key], digest, "https"))


@pytest.mark.row("N1")
def test_nobody_listens(tmp_path: Path) -> None:
    with unheard_port() as port:
        began = time.monotonic()
        error = landed(BrokenWire(0, port), tmp_path, "refused")
        assert time.monotonic() - began < LONGEST
    assert error is not None
    assert "Connection refused" in str(error)
    assert error.exit_code == 3
    assert Landing(LocalStorage(tmp_path), LandingSettings("")).generations() == {}
