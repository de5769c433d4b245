"""A name does not resolve: for a while it costs attempts, for good it is a clean failure; nothing is half done."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import CompanyActivityError, PublishError
from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.mail import Mail
from company_activity.io.notify.teams import Teams
from company_activity.io.notify.webhook import Webhook
from company_activity.io.storage.opening import LocalStorage, open_storage
from company_activity.settings.model import LandingSettings, NotifySettings, Secret, SecretSettings

from reliability.network.logged import logged
from reliability.network.messages import LONGEST, MESSAGE, in_a_hurry
from support.api.usage_api import KEY, numbered, serving
from support.landing.ingest import clock_at, settings_for
from support.report.receivers import PATH, http_receiver, mail_receiver
from support.warehouse.tables import prepared
from support.warehouse.tables import settings_for as warehouse_settings

pytestmark = [pytest.mark.fault, pytest.mark.row("N5")]

DAY = date(2025, 3, 31)
NOWHERE = "usage.invalid"  # a domain that never resolves (RFC 2606)
API = {"timeout_seconds": 1.0, "max_attempts": 3, "backoff_seconds": 0.01, "time_budget_seconds": 5.0}
DATABASE_PASSWORD = "hunter2-of-the-database"
DATABASE_LONGEST = 120.0  # its attempts, on a busy machine
ACCOUNT_KEY = "c2VjcmV0LW9mLXRoZS1hY2NvdW50"
CONNECTION = (
    f"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={ACCOUNT_KEY};BlobEndpoint=https://{NOWHERE}/acme"
)


@pytest.fixture
def unsure(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets so many lookups of this machine's name fail as they do while a resolver is away."""
    real = socket.getaddrinfo

    def fail(times: int) -> None:
        left = [times]

        def lookup(host: Any, *rest: Any, **more: Any) -> Any:
            if left[0] > 0:
                left[0] -= 1
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

    return fail


def fetched(url: str, root: Path) -> CompanyActivityError | None:
    """Why the date did not land."""
    return fetch_dates(settings_for(url, root, api=API), [DAY], clock=clock_at("2025-04-01T12:00"), run_id="run").error


def generations(root: Path) -> dict[date, int]:
    return dict(Landing(LocalStorage(root), LandingSettings("")).generations())


def test_the_api_s_name_for_good(tmp_path: Path) -> None:
    began = time.monotonic()
    error = fetched(f"https://{NOWHERE}/usage", tmp_path)
    assert error is not None
    assert error.exit_code == 3
    assert NOWHERE in str(error)
    assert KEY not in f"{error} {error.remedy}"
    assert time.monotonic() - began < 3 * API["time_budget_seconds"] + 5
    assert generations(tmp_path) == {}


def test_the_api_s_name_for_a_while(tmp_path: Path, unsure: Callable[[int], None]) -> None:
    with serving(numbered([{"company_id": "a", "events": 1}])) as api:
        unsure(2)
        assert fetched(api.url, tmp_path) is None
    assert generations(tmp_path) == {DAY: 1}


def test_the_api_s_name_for_longer_than_its_attempts(tmp_path: Path, unsure: Callable[[int], None]) -> None:
    with serving(numbered([{"company_id": "a", "events": 1}])) as api:
        unsure(3)
        assert fetched(api.url, tmp_path) is not None
        assert generations(tmp_path) == {}
        assert fetched(api.url, tmp_path) is None
    assert generations(tmp_path) == {DAY: 1}


URL = Secret(f"https://{NOWHERE}{PATH}")
MAIL = NotifySettings(smtp_host=NOWHERE, mail_from="e@x.example", mail_to=("a@x.example",))
CHANNELS: dict[str, Channel] = {
    "mail": Mail(in_a_hurry(MAIL), SecretSettings()),
    "teams": Teams(in_a_hurry(NotifySettings(teams_url=URL)), SecretSettings()),
    "webhook": Webhook(in_a_hurry(NotifySettings(webhook_url=URL)), SecretSettings()),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_s_name_for_good(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(NotSent) as refused:
        CHANNELS[name].send(MESSAGE)
    assert NOWHERE in str(refused.value)
    assert not refused.value.is_refused
    assert not [part for part in PATH.strip("/").split("?") if part in str(refused.value)]
    assert time.monotonic() - began < LONGEST


def test_a_mail_server_s_name_for_a_while(unsure: Callable[[int], None]) -> None:
    with mail_receiver() as server:
        settings = in_a_hurry(replace(MAIL, smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none"))
        unsure(1)
        with pytest.raises(NotSent):
            Mail(settings, SecretSettings()).send(MESSAGE)
        assert Mail(settings, SecretSettings()).send(MESSAGE) == "a@x.example"
        assert len(server.mails) == 1


def test_a_webhook_s_name_for_a_while(unsure: Callable[[int], None]) -> None:
    with http_receiver() as server:
        settings = in_a_hurry(NotifySettings(webhook_url=Secret(server.url)))
        unsure(1)
        assert Webhook(settings, SecretSettings()).send(MESSAGE) == "127.0.0.1"
        assert len(server.taken) == 1


def test_a_storage_account_s_name_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.core.pipeline.transport import HttpTransport

    monkeypatch.setattr(HttpTransport, "sleep", lambda *_: None)  # the client's waits between its attempts
    storage = open_storage(LandingSettings("", connection=Secret(CONNECTION)), SecretSettings())
    with pytest.raises(CompanyActivityError) as refused:
        storage.create("product-api-raw/a.json", [b"{}"])
    assert refused.value.exit_code == 3
    assert ACCOUNT_KEY not in f"{refused.value} {refused.value.remedy}"


@pytest.mark.long
@pytest.mark.full
def test_a_database_s_name_for_good(spark: SparkSession, tmp_path: Path) -> None:
    settings = warehouse_settings(tmp_path, f"jdbc:postgresql://{NOWHERE}/acme", "postgres", DATABASE_PASSWORD)
    began = time.monotonic()
    with logged() as lines, pytest.raises(PublishError) as refused:
        prepared(spark, settings)
    assert time.monotonic() - began < DATABASE_LONGEST
    assert refused.value.exit_code == 5
    assert NOWHERE in str(refused.value)
    assert DATABASE_PASSWORD not in f"{refused.value} {refused.value.remedy}{lines}"
